"""How the groups of a client (`client.user`, …) reach the client that runs their plans."""

from __future__ import annotations

from typing import Protocol, TypeVar

from siliconflow_client.protocol.flow import Plan
from siliconflow_client.protocol.options import CallOptions

T = TypeVar("T")


class Run(Protocol):
    """Runs plans to their results."""

    def __call__(self, plan: Plan[T], options: CallOptions | None, /) -> T:
        """Run one."""
        ...


class AsyncRun(Protocol):
    """The asynchronous twin of `Run`."""

    async def __call__(self, plan: Plan[T], options: CallOptions | None, /) -> T:
        """Run one."""
        ...
