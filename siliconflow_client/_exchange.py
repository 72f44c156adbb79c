"""One try at a request, for each world: does what the flow asks for, and nothing else."""

from __future__ import annotations

import asyncio
import contextlib
import logging
import time
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, TypeAlias

from siliconflow_client import _forks
from siliconflow_client._errors import APIConnectionError, ConfigurationError, SiliconFlowError
from siliconflow_client._flow import Drop, Elapsed, Finish, Head, Read, Send, Wait
from siliconflow_client._read_bounds import bounded, is_taught, teach, trace
from siliconflow_client._transport import (
    deadline_error,
    failures,
    new_request,
    timeouts_for,
    transport_error,
)

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Awaitable, Callable, Iterator, Mapping

    import httpx

    from siliconflow_client._diagnosis import Asked
    from siliconflow_client._requests import HttpRequest
    from siliconflow_client._retry import RetryPolicy

logger = logging.getLogger("siliconflow")

DRAIN_SECONDS = 0.5
"""How long to wait for the few bytes after `[DONE]` that let the connection be used again."""
_NETWORK = "network_stream"

READ_MARGIN = 0.5
"""Seconds that the transport's own read limit is given to speak first."""

Errand: TypeAlias = Send | Read | Finish | Drop | Elapsed | Wait
Outcome: TypeAlias = Head | bytes | float | None


@dataclass(frozen=True, slots=True)
class Order:
    """A request with everything that is needed to send it."""

    request: HttpRequest
    url: str
    headers: Mapping[str, str] = field(repr=False)
    timeout: float | httpx.Timeout
    policy: RetryPolicy
    asked: Asked
    is_injected: bool


class _Exchange:
    """What both worlds share: the order, the clock, and how failures are told."""

    __slots__ = (
        "_deadline",
        "_ended",
        "_generation",
        "_order",
        "_response",
        "_started",
        "_timeouts",
    )

    def __init__(self, order: Order) -> None:
        self._order = order
        self._deadline = order.policy.deadline
        self._started = time.monotonic()
        self._generation = _forks.generation()
        self._response: httpx.Response | None = None
        self._ended = True
        self._timeouts: dict[str, float | None] = {}

    def _remaining(self) -> float | None:
        """Seconds left of the deadline, `None` without one; raises when none are left."""
        if self._deadline is None:
            return None
        left = self._deadline - (time.monotonic() - self._started)
        if left <= 0:
            raise deadline_error(self._deadline, self._order.asked)
        return left

    def _failed(self, error: Exception) -> SiliconFlowError:
        passed = self._deadline is not None and time.monotonic() - self._started >= self._deadline
        if passed and self._deadline is not None:
            return deadline_error(self._deadline, self._order.asked)
        return transport_error(error, self._order.asked, self._timeouts)

    def _build(self, client: httpx.Client | httpx.AsyncClient) -> httpx.Request:
        order = self._order
        if client.is_closed:
            raise ConfigurationError(
                "The httpx client that was passed in is closed.",
                argument="async_http_client" if isinstance(self, AsyncExchange) else "http_client",
            )
        request = order.request
        self._timeouts = timeouts_for(order.timeout, self._remaining())
        headers = dict(order.headers)
        if request.content is not None:
            headers["content-type"] = "application/json"
        if request.stream:
            headers["accept"] = "text/event-stream"
            headers["accept-encoding"] = "identity"  # compressing proxies hold back small pieces
        extensions: dict[str, object] = {"timeout": self._timeouts}
        if self._deadline is not None and isinstance(self, SyncExchange):
            extensions["trace"] = trace
        make = client.build_request if order.is_injected else new_request
        return make(
            request.method,
            order.url,
            content=request.content,
            params=request.query,
            headers=headers,
            extensions=extensions,
        )

    def _opened(self, response: httpx.Response) -> Head:
        self._response = response
        self._ended = False
        return Head(response.status_code, dict(response.headers.multi_items()), time.time())

    def _elapsed(self) -> float:
        return time.monotonic() - self._started

    def _check_process(self) -> None:
        """The socket of a forked child's stream is its parent's, who reads from it too."""
        if self._generation != _forks.generation():
            self._leave_to_parent()
            self._generation = _forks.generation()
            raise APIConnectionError(
                "Connection error: the answer belongs to the process that asked for it.",
                host=self._order.asked.host,
                model=self._order.asked.model,
                hint="ask again in this process, which opens connections of its own.",
            )

    def _leave_to_parent(self) -> None:
        _forks.leave_alone(self._response)
        self._response = None


def _is_raw(response: httpx.Response) -> bool:
    """Whether the body can be taken as it comes from the wire, without decoding."""
    return not response.is_stream_consumed and "content-encoding" not in response.headers


class SyncExchange(_Exchange):
    """Does errands with an `httpx.Client`."""

    __slots__ = ("_client", "_pieces", "_sleep", "_until")

    def __init__(self, client: httpx.Client, order: Order, sleep: Callable[[float], None]) -> None:
        super().__init__(order)
        self._client = client
        self._sleep = sleep
        self._pieces: Iterator[bytes] = iter(())
        self._until = None if self._deadline is None else self._started + self._deadline

    def perform(self, action: Errand) -> Outcome:
        """Do one errand.

        Raises:
            SiliconFlowError: The transport failed, or the deadline passed.
        """
        self._check_process()
        try:
            if self._until is None:
                return self._do(action)
            with bounded(self._until):
                outcome = self._do(action)
            if isinstance(action, Read | Send):
                self._remaining()
        except failures() as error:
            raise self._failed(error) from error
        return outcome

    def _do(self, action: Errand) -> Outcome:
        if isinstance(action, Read):
            piece = next(self._pieces, None)
            self._ended = piece is None
            return piece
        if isinstance(action, Send):
            return self._send()
        if isinstance(action, Elapsed):
            return self._elapsed()
        if isinstance(action, Finish):
            self._finish()
        elif isinstance(action, Drop):
            self.close()
        else:
            _log_wait(action)
            self._sleep(action.seconds)
        return None

    def _send(self) -> Head:
        response = self._client.send(self._build(self._client), stream=True)
        self._pieces = response.iter_raw() if _is_raw(response) else response.iter_bytes()
        teach(response.extensions.get(_NETWORK))
        return self._opened(response)

    def _finish(self) -> None:
        # Only where reading on cannot last: elsewhere the connection is closed.
        if (
            self._response is not None
            and not self._ended
            and is_taught(self._response.extensions.get(_NETWORK))
        ):
            with (
                bounded(time.monotonic() + DRAIN_SECONDS),
                contextlib.suppress(*failures()),
            ):
                for _ in self._pieces:
                    pass
        self.close()

    def close(self) -> None:
        """Free or close the connection, if there is one."""
        if self._generation != _forks.generation():
            self._leave_to_parent()
        response, self._response = self._response, None
        if response is not None:
            with contextlib.suppress(*failures()):
                response.close()


class AsyncExchange(_Exchange):
    """Does errands with an `httpx.AsyncClient`."""

    __slots__ = ("_client", "_pieces", "_sleep")

    def __init__(
        self, client: httpx.AsyncClient, order: Order, sleep: Callable[[float], Awaitable[None]]
    ) -> None:
        super().__init__(order)
        self._client = client
        self._sleep = sleep
        self._pieces: AsyncIterator[bytes] | None = None

    async def perform(self, action: Errand) -> Outcome:
        """Do one errand.

        Raises:
            SiliconFlowError: The transport failed, or the deadline passed.
        """
        self._check_process()
        try:
            left = self._remaining()
            if isinstance(action, Read):
                left = self._guarded(left)
            if left is None:
                return await self._do(action)
            async with asyncio.timeout(left):
                return await self._do(action)
        except failures() as error:
            raise self._failed(error) from error

    def _guarded(self, left: float | None) -> float | None:
        """The read limit once more, a little later: aiohttp forgets its own on a broken chunk."""
        limit = self._timeouts.get("read")
        if limit is None:
            return left
        return limit + READ_MARGIN if left is None else min(left, limit + READ_MARGIN)

    async def _do(self, action: Errand) -> Outcome:
        if isinstance(action, Read):
            piece = await anext(self._pieces, None) if self._pieces is not None else None
            self._ended = piece is None
            return piece
        if isinstance(action, Send):
            return await self._send()
        if isinstance(action, Elapsed):
            return self._elapsed()
        if isinstance(action, Finish):
            await self._finish()
        elif isinstance(action, Drop):
            await self.aclose()
        else:
            _log_wait(action)
            await self._sleep(action.seconds)
        return None

    async def _send(self) -> Head:
        response = await self._client.send(self._build(self._client), stream=True)
        self._pieces = response.aiter_raw() if _is_raw(response) else response.aiter_bytes()
        return self._opened(response)

    async def _finish(self) -> None:
        if self._response is not None and not self._ended and self._pieces is not None:
            with contextlib.suppress(*failures()):
                async with asyncio.timeout(DRAIN_SECONDS):
                    async for _ in self._pieces:
                        pass
        await self.aclose()

    async def aclose(self) -> None:
        """Free or close the connection, if there is one."""
        if self._generation != _forks.generation():
            self._leave_to_parent()
        response, self._response = self._response, None
        if response is not None:
            with contextlib.suppress(*failures()):
                await response.aclose()


def _log_wait(action: Wait) -> None:
    logger.info("trying again in %.1f s after: %s", action.seconds, action.error)
