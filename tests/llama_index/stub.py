"""The double of these tests: over a socket, with a trace id that they know."""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeAlias, cast

from tests.double import Asked as Request
from tests.double import Double, Reply

__all__ = ["Reply", "Request", "Script", "Stub"]

Script: TypeAlias = Callable[[Request], Reply]


class Stub(Double):
    """Answers by a script, which may be exchanged at any time."""

    def __init__(self, script: Script) -> None:
        super().__init__(script, trace="ti_stub0001")

    @property
    def script(self) -> Script:
        return cast("Script", self.answer)

    @script.setter
    def script(self, script: Script) -> None:
        self.answer = script
