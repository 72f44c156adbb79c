"""Whoever wants to know how a call goes: a log, a meter."""

from __future__ import annotations

from typing import Protocol

from siliconflow_client.errors.response import Head
from siliconflow_client.protocol.requests import Request


class Observer(Protocol):
    """Is told about one call, by the flow and by the exchange; nothing that it does may raise."""

    def sent(self, request: Request) -> None:
        """A request goes out."""
        ...

    def began(self, head: Head) -> None:
        """An answer has begun."""
        ...

    def answered(self, request: Request, told: object) -> None:
        """An attempt is over.

        Args:
            request: What was asked.
            told: What came: a result, or the decoder of a stream, also of one that broke off.
        """
        ...

    def ended(self, seconds: float) -> None:
        """The call is over, however it ended, after so many seconds."""
        ...
