"""The requests of one call, for each kind of client: does what the flow asks for, and no more."""

from __future__ import annotations

import asyncio
import contextlib
import inspect
import logging
import time
from typing import TYPE_CHECKING, cast

from siliconflow_client.errors.redaction import printable
from siliconflow_client.errors.tree import (
    ConfigurationError,
    SiliconFlowError,
)
from siliconflow_client.protocol.actions import (
    Answer,
    Drop,
    Elapsed,
    Fetch,
    Finish,
    Read,
    Reserve,
    Send,
    Settle,
    Wait,
)
from siliconflow_client.protocol.gathering import Gathered
from siliconflow_client.protocol.options import checked_key
from siliconflow_client.transport import direct, forks
from siliconflow_client.transport.exchange_state import ExchangeState
from siliconflow_client.transport.failures import failures
from siliconflow_client.transport.left_open import HeldResponse, is_watched, left_open
from siliconflow_client.transport.read_bounds import (
    bounded,
    is_taught,
    teach,
    teach_async,
    trace,
)

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator, Awaitable, Callable, Iterator

    import httpx

    from siliconflow_client.errors.response import Head
    from siliconflow_client.protocol.actions import IOAction, Outcome
    from siliconflow_client.protocol.requests import Request
    from siliconflow_client.transport.settings import CallSettings

logger = logging.getLogger("siliconflow")

DRAIN_SECONDS = 0.5
"""How long to wait for the few bytes after `[DONE]` that let the connection be used again."""

READ_MARGIN = 0.5
"""Seconds that the transport's own read limit is given to speak first."""

LATE_ATTEMPT = 2
"""From this attempt on, one that fails and is followed by another is worth a warning."""

_NETWORK = "network_stream"


def _is_raw(response: httpx.Response) -> bool:
    """Whether the body can be taken as it comes from the wire, without decoding."""
    return not response.is_stream_consumed and "content-encoding" not in response.headers


class SyncExchange(ExchangeState):
    """Does a flow's actions with an `httpx.Client`."""

    __slots__ = ("_client", "_pieces", "_sleep", "_until")

    def __init__(
        self,
        client: httpx.Client,
        settings: CallSettings,
        sleep: Callable[[float], None],
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        super().__init__(settings, clock)
        self._client = client
        self._sleep = sleep
        self._pieces: Iterator[bytes] = iter(())
        self._until = None if self._deadline is None else self._started + self._deadline

    def perform(self, action: IOAction) -> Outcome:
        """Do one action.

        Raises:
            SiliconFlowError: The transport failed, or the deadline passed.
        """
        self._check_process()
        try:
            if self._until is None:
                return self._do(action)
            with bounded(self._until):
                outcome = self._do(action)
            if isinstance(action, Fetch | Read | Send):
                self._remaining()
        except failures() as error:
            failure = self._failed(error, is_closed=self._client.is_closed)
        except SiliconFlowError as error:
            failure = error.with_traceback(None)
        else:
            return outcome
        # Here, since what was being handled would be the context, and its words are a peer's.
        raise failure

    def _do(self, action: IOAction) -> Outcome:
        if isinstance(action, Fetch):
            return self._fetch(action)
        if isinstance(action, Read):
            piece = next(self._pieces, None)
            self._ended = piece is None
            return piece
        if isinstance(action, Send):
            return self._send(action.request)
        if isinstance(action, Elapsed):
            return self._elapsed()
        if isinstance(action, Finish):
            self._finish()
        elif isinstance(action, Drop):
            self.close()
        elif isinstance(action, Wait):
            _log_wait(action)
            self._sleep(action.seconds)
        elif isinstance(action, Reserve):
            self._book(action)
            while (wait := self._place_in()) > 0:
                self._sleep(wait)
        elif isinstance(action, Settle):
            self._settle(action)
        else:
            logger.warning("%s", printable(action.text))
        return None

    def _send(self, request: Request) -> Head:
        source = self._settings.key
        key = None
        if request.url is None and not isinstance(source, str):
            told = source()
            if inspect.isawaitable(told):
                if inspect.iscoroutine(told):
                    told.close()
                raise ConfigurationError(
                    "api_key is an asynchronous function; synchronous calls need one that is not.",
                    argument="api_key",
                )
            key = checked_key(told)
        extensions: dict[str, object] = {} if self._until is None else {"trace": trace}
        outgoing = self._build(self._client, request, extensions, key)
        response = direct.send(
            self._client, outgoing, ours=not self._settings.is_injected, api=request.url is None
        )
        self._pieces = response.iter_raw() if _is_raw(response) else response.iter_bytes()
        teach(response.extensions.get(_NETWORK))
        return self._opened(response)

    def _fetch(self, action: Fetch) -> Answer:
        head = self._send(action.request)
        gathered = Gathered(action.wanted(head))
        for piece in self._pieces:
            gathered.add(piece)
            if not gathered.is_whole:
                break
            self._remaining()  # for transports that know no limit of a thread
        self.close()
        return Answer(head, gathered.content(), gathered.is_whole)

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
        self._leave_queue()
        if self._generation != forks.generation():
            self._leave_to_parent()
        response, self._response = self._response, None
        if response is not None:
            with contextlib.suppress(*failures()):
                response.close()
        self._close_files()


class AsyncExchange(ExchangeState):
    """Does a flow's actions with an `httpx.AsyncClient`."""

    is_async = True

    __slots__ = ("_client", "_held", "_pieces", "_sleep", "_unwatched")

    def __init__(
        self,
        client: httpx.AsyncClient,
        settings: CallSettings,
        sleep: Callable[[float], Awaitable[None]],
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        super().__init__(settings, clock)
        self._client = client
        self._sleep = sleep
        self._pieces: AsyncGenerator[bytes, None] | None = None
        loop = asyncio.get_running_loop()
        self._unwatched = None if is_watched(loop) else loop
        self._held: HeldResponse | None = None

    async def perform(self, action: IOAction) -> Outcome:
        """Do one action.

        Raises:
            SiliconFlowError: The transport failed, or the deadline passed.
        """
        self._check_process()
        try:
            left = self._remaining()
            if left is None:
                return await self._do(action)
            async with asyncio.timeout(left):
                return await self._do(action)
        except failures() as error:
            failure = self._failed(error, is_closed=self._client.is_closed)
        except SiliconFlowError as error:
            failure = error.with_traceback(None)
        # Here, since what was being handled would be the context, and its words are a peer's.
        raise failure

    async def _do(self, action: IOAction) -> Outcome:
        if isinstance(action, Fetch):
            return await self._fetch(action)
        if isinstance(action, Read):
            return await self._read()
        if isinstance(action, Send):
            return await self._send(action.request)
        if isinstance(action, Elapsed):
            return self._elapsed()
        if isinstance(action, Finish):
            await self._finish()
        elif isinstance(action, Drop):
            await self.aclose()
        elif isinstance(action, Wait):
            _log_wait(action)
            await self._sleep(action.seconds)
        elif isinstance(action, Reserve):
            self._book(action)
            while (wait := self._place_in()) > 0:
                await self._sleep(wait)
        elif isinstance(action, Settle):
            self._settle(action)
        else:
            logger.warning("%s", printable(action.text))
        return None

    async def _send(self, request: Request) -> Head:
        source = self._settings.key
        key = None
        if request.url is None and not isinstance(source, str):
            told = source()
            key = checked_key(await told if inspect.isawaitable(told) else told)
        outgoing = self._build(self._client, request, {}, key)
        response = await direct.asend(
            self._client, outgoing, ours=not self._settings.is_injected, api=request.url is None
        )
        teach_async(response.extensions.get(_NETWORK))
        pieces = response.aiter_raw() if _is_raw(response) else response.aiter_bytes()
        self._pieces = cast("AsyncGenerator[bytes, None]", pieces)  # httpx says less than it gives
        if self._unwatched is not None:
            self._held = HeldResponse(response, self._pieces)
            left_open.hold(self._unwatched, self._held)
        return self._opened(response)

    async def _fetch(self, action: Fetch) -> Answer:
        head = await self._send(action.request)
        gathered = Gathered(action.wanted(head))
        while gathered.is_whole and (piece := await self._read()) is not None:
            gathered.add(piece)
        await self.aclose()
        return Answer(head, gathered.content(), gathered.is_whole)

    async def _read(self) -> bytes | None:
        if self._pieces is None:
            return None
        limit = self._timeouts.get("read")
        # httpx's own pool, which tells its stream, keeps to its limit.
        if limit is None or (self._response is not None and _NETWORK in self._response.extensions):
            piece = await anext(self._pieces, None)
        else:
            # Once more, a little later: aiohttp forgets its own on a broken chunk.
            async with asyncio.timeout(limit + READ_MARGIN):
                piece = await anext(self._pieces, None)
        self._ended = piece is None
        return piece

    async def _finish(self) -> None:
        if self._response is not None and not self._ended and self._pieces is not None:
            with contextlib.suppress(*failures()):
                async with asyncio.timeout(DRAIN_SECONDS):
                    async for _ in self._pieces:
                        pass
        await self.aclose()

    async def aclose(self) -> None:
        """Free or close the connection, if there is one."""
        self._leave_queue()
        if self._generation != forks.generation():
            self._leave_to_parent()
        response, self._response = self._response, None
        if response is not None:
            with contextlib.suppress(*failures()):
                await response.aclose()
        held, self._held = self._held, None
        if held is not None and self._unwatched is not None:
            left_open.release(self._unwatched, held)
        self._close_files()

    def leave_open(self) -> None:
        """Where nothing can be awaited, leave the response to be closed where something can."""
        held, self._held = self._held, None
        if held is not None and self._unwatched is not None:
            self._response = self._pieces = None
            left_open.leave(self._unwatched, held)


def _log_wait(action: Wait) -> None:
    if action.error is None:
        return
    level = logging.INFO if action.attempts < LATE_ATTEMPT else logging.WARNING
    logger.log(
        level,
        "attempt %d failed; trying again in %.1f s after: %s",
        action.attempts,
        action.seconds,
        action.error,
    )
