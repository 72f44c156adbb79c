"""What a test holds in its hand: a local SiliconFlow, its rules, and what came in."""

from __future__ import annotations

import sys
import threading
import traceback
from dataclasses import replace
from typing import TYPE_CHECKING, Final

from siliconflow_simulator._received import Log
from siliconflow_simulator._wire import SimResponse, TimedChunk

if TYPE_CHECKING:
    import re
    from collections.abc import Callable

    from siliconflow_simulator._received import Received
    from siliconflow_simulator._simulator import LocalSettings, Simulator
    from siliconflow_simulator._wire import SimRequest
    from siliconflow_simulator.answers.call import ChatCall
    from siliconflow_simulator.answers.rules import Rule
    from siliconflow_simulator.faces.loopback import LoopbackServer
    from siliconflow_simulator.faces.transport import VirtualTransport
    from siliconflow_simulator.pytest_plugin.cassettes import Tape

API_KEY: Final = "sk-simulator"
_KEPT: Final = 10_000
_NOWHERE: Final = "https://siliconflow.invalid/v1"
"""Where sockets are forbidden: a URL that leads nowhere, so that nothing reaches the network."""


class SiliconFlowServer:
    """A local SiliconFlow for one test; the fixture `siliconflow` makes it.

    Attributes:
        api_key: The key that the environment holds during the test.
        base_url: The URL that it holds: a port of this machine.
        latency: Seconds before each answer begins. Nothing sleeps: in process a read timeout that
            is shorter ends the call; elsewhere the seconds are only counted, in `elapsed`.
        simulator: What answers.
        passed: Whether the test's body has run to its end.
    """

    def __init__(
        self, simulator: Simulator, *, tape: Tape | None = None, strict: bool = True
    ) -> None:
        self.api_key = API_KEY
        self.latency = 0.0
        self.simulator = simulator
        self.passed = False
        self._tape = tape
        self._strict = strict
        self._log = Log(_KEPT)
        self._told = 0
        self._looked = False
        self._elapsed = 0.0
        self._lock = threading.Lock()
        self._face = self._listen()

    # --- what it answers ----------------------------------------------------------------------

    def when(
        self,
        message: str | re.Pattern[str] | Callable[[ChatCall], bool] | None = None,
        /,
        *,
        system: str | re.Pattern[str] | None = None,
        model: str | None = None,
        tool: str | None = None,
        result: str | re.Pattern[str] | None = None,
    ) -> Rule:
        """Begin a rule for chat and completions; the arguments are those of `when`.

        Returns:
            The rule; `.says(…)`, `.calls(…)`, `.thinks(…)`, `.fails(…)`, `.answers(…)` and `.then`
            write its answers.
        """
        return self.simulator.when(message, system=system, model=model, tool=tool, result=result)

    def order(self, *faults: str | int) -> None:
        """Let the next requests go wrong, one order each ("" for none): "503", "cut-stream=2".

        The words are those of the header `x-simulate`. "429-retry-after=0" is retried at once.

        Raises:
            ConfigurationError: No such order.
        """
        self.simulator.order(*faults)

    # --- how it is reached --------------------------------------------------------------------

    @property
    def base_url(self) -> str:
        """The URL at which it answers over a socket."""
        return _NOWHERE if self._face is None else f"{self._face.url}/v1"

    def settings(self) -> LocalSettings:
        """Return constructor keywords for any model class of ours: both clients, in process."""
        import httpx

        transport = self.transport()
        return {
            "api_key": self.api_key,
            "http_client": httpx.Client(transport=transport),
            "async_http_client": httpx.AsyncClient(transport=transport),
        }

    def transport(self) -> VirtualTransport:
        """Return an httpx transport, for sync and async clients, that answers in process."""
        from siliconflow_simulator.faces.transport import VirtualTransport

        return VirtualTransport(self.handle, self._spend)

    # --- what came in -------------------------------------------------------------------------

    @property
    def requests(self) -> list[Received]:
        """The requests, the oldest first, without their keys."""
        return self._log.requests()

    @property
    def unmatched(self) -> list[str]:
        """Why some of them were not answered, the oldest first."""
        return [*self.simulator.unmatched, *self._log.unmatched()]

    @property
    def elapsed(self) -> float:
        """Seconds that all answers together would have taken."""
        return self._elapsed

    # --- what the plugin calls ----------------------------------------------------------------

    def handle(self, request: SimRequest) -> SimResponse:
        """Answer one request."""
        self._log.note(request)
        answered = False
        try:
            response = self._answer(request)
            answered = True
        finally:
            # The app that asked may swallow it, and over a socket meets a broken connection.
            if not answered:
                self._log.note_unmatched(_raised())
        return _later(response, self.latency)

    def next_problem(self) -> str:
        """Return why the test cannot count as passed; "" when it can, or when that was told."""
        unmatched = self.unmatched
        new, self._told = unmatched[self._told :], len(unmatched)
        if not new and self._tape is not None and self.passed and not self._looked:
            self._looked = True
            new = self._tape.left_over()
        if not new or not self._strict:
            return ""
        return "\n".join(["siliconflow: a request was not answered as the test says.", *new])

    def close(self) -> None:
        """Stop answering over the socket, and keep what was recorded."""
        if self._face is not None:
            self._face.close()
        if self._tape is not None and self.passed:
            self._tape.keep()

    def _answer(self, request: SimRequest) -> SimResponse:
        if self._tape is None:
            return self.simulator.handle(request)
        response, problem = self._tape.handle(request)
        if problem:
            self._log.note_unmatched(problem)
        return response

    def _spend(self, seconds: float) -> None:
        with self._lock:
            self._elapsed += seconds

    def _listen(self) -> LoopbackServer | None:
        from siliconflow_simulator.faces.loopback import LoopbackServer

        try:
            return LoopbackServer(self.handle, self._spend)
        except (OSError, RuntimeError):  # what forbids sockets in tests raises a RuntimeError
            return None


def _raised() -> str:
    """Name what is being raised and the line that did it, without its text: it may quote."""
    error = sys.exception()
    if error is None:
        return "Answering was given up."
    *_, last = traceback.extract_tb(error.__traceback__)
    return f"Answering raised {type(error).__name__} at {last.filename}:{last.lineno}."


def _later(response: SimResponse, seconds: float) -> SimResponse:
    if not seconds:
        return response
    if response.chunks is None:
        return replace(response, delay=response.delay + seconds)
    # A stream that breaks off at once has no piece that could be late.
    first, *others = response.chunks or [TimedChunk(b"")]
    return replace(response, chunks=[replace(first, delay=first.delay + seconds), *others])
