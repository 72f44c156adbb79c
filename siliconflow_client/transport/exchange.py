"""The requests of one call, for each kind of client: does what the flow asks for, and no more."""

from __future__ import annotations

import asyncio
import contextlib
import inspect
import logging
import time
from typing import TYPE_CHECKING, TypeAlias

from siliconflow_client.errors.redaction import printable, secrets_of
from siliconflow_client.errors.response import Head, Target
from siliconflow_client.errors.tree import (
    APIConnectionError,
    ConfigurationError,
    SiliconFlowError,
)
from siliconflow_client.protocol.actions import Drop, Elapsed, Finish, Read, Send, Wait, Warn
from siliconflow_client.protocol.options import checked_key
from siliconflow_client.transport import forks
from siliconflow_client.transport.failures import (
    deadline_error,
    failures,
    transport_error,
    unasked_answer,
    without_words,
)
from siliconflow_client.transport.outgoing import build_request
from siliconflow_client.transport.proxies import proxy_for
from siliconflow_client.transport.read_bounds import (
    bounded,
    came_unasked,
    is_taught,
    teach,
    teach_async,
    trace,
)
from siliconflow_client.transport.settings import timeouts_for

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Awaitable, Callable, Iterator

    import httpx

    from siliconflow_client.protocol.requests import Request
    from siliconflow_client.transport.settings import CallSettings

logger = logging.getLogger("siliconflow")

DRAIN_SECONDS = 0.5
"""How long to wait for the few bytes after `[DONE]` that let the connection be used again."""

READ_MARGIN = 0.5
"""Seconds that the transport's own read limit is given to speak first."""

_NETWORK = "network_stream"

IOAction: TypeAlias = Send | Read | Finish | Drop | Elapsed | Wait | Warn
Outcome: TypeAlias = Head | bytes | float | None


class _Exchange:
    """What both kinds share: the settings, the clock, and how failures are mapped."""

    __slots__ = (
        "_deadline",
        "_ended",
        "_files",
        "_generation",
        "_response",
        "_secrets",
        "_settings",
        "_started",
        "_target",
        "_timeouts",
    )

    def __init__(self, settings: CallSettings) -> None:
        self._settings = settings
        self._deadline = settings.deadline
        self._started = time.monotonic()
        self._generation = forks.generation()
        self._response: httpx.Response | None = None
        self._ended = True
        self._timeouts: dict[str, float | None] = {}
        self._target = Target(settings.host, "")
        self._secrets: tuple[str, ...] = ()
        self._files = contextlib.ExitStack()

    def _remaining(self) -> float | None:
        """Seconds left of the deadline, `None` without one; raises when none are left."""
        if self._deadline is None:
            return None
        left = self._deadline - (time.monotonic() - self._started)
        if left <= 0:
            raise deadline_error(self._deadline, self._target)
        return left

    def _failed(self, error: Exception) -> SiliconFlowError:
        """Our error for a transport's, with the latter as its cause where that can be shown."""
        passed = self._deadline is not None and time.monotonic() - self._started >= self._deadline
        proxy = None if self._settings.is_injected else proxy_for(self._settings.base_url)
        mapped = transport_error(error, self._target, self._timeouts, proxy)
        cause = without_words(error)
        if passed and self._deadline is not None:
            mapped = deadline_error(self._deadline, self._target)
        mapped.__cause__ = cause
        return mapped

    def _build(
        self,
        client: httpx.Client | httpx.AsyncClient,
        request: Request,
        extensions: dict[str, object],
        key: str | None,
    ) -> httpx.Request:
        settings = self._settings
        self._target = Target(settings.host, request.path, request.model)
        if client.is_closed:
            raise ConfigurationError(
                "The httpx client that was passed in is closed.",
                argument="async_http_client" if isinstance(self, AsyncExchange) else "http_client",
            )
        self._files.close()
        self._timeouts = timeouts_for(settings.timeout, self._remaining())
        extensions["timeout"] = self._timeouts
        headers = dict(settings.headers)
        if key is not None:
            headers.setdefault("authorization", f"Bearer {key}")
        self._secrets = secrets_of(headers)
        return build_request(client, settings, request, headers, extensions, self._files)

    def _opened(self, response: httpx.Response) -> Head:
        self._response = response
        self._ended = False
        if came_unasked(response):
            raise unasked_answer(self._target)
        headers = dict(response.headers.multi_items())
        return Head(response.status_code, headers, time.time(), self._secrets)

    def _elapsed(self) -> float:
        return time.monotonic() - self._started

    def _check_process(self) -> None:
        """The socket of a forked child's stream is its parent's, who reads from it too."""
        if self._generation != forks.generation():
            self._leave_to_parent()
            self._generation = forks.generation()
            raise APIConnectionError(
                "Connection error: the answer belongs to the process that asked for it.",
                host=self._target.host,
                model=self._target.model,
                hint="ask again in this process, which opens connections of its own.",
            )

    def _leave_to_parent(self) -> None:
        forks.leave_alone(self._response)
        self._response = None


def _is_raw(response: httpx.Response) -> bool:
    """Whether the body can be taken as it comes from the wire, without decoding."""
    return not response.is_stream_consumed and "content-encoding" not in response.headers


class SyncExchange(_Exchange):
    """Does a flow's actions with an `httpx.Client`."""

    __slots__ = ("_client", "_pieces", "_sleep", "_until")

    def __init__(
        self, client: httpx.Client, settings: CallSettings, sleep: Callable[[float], None]
    ) -> None:
        super().__init__(settings)
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
            if isinstance(action, Read | Send):
                self._remaining()
        except failures() as error:
            failure = self._failed(error)
        except SiliconFlowError as error:
            failure = error.with_traceback(None)
        else:
            return outcome
        # Here, since what was being handled would be the context, and its words are a peer's.
        raise failure

    def _do(self, action: IOAction) -> Outcome:
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
        else:
            logger.warning("%s", printable(action.text))
        return None

    def _send(self, request: Request) -> Head:
        source = self._settings.key
        key = None
        if not isinstance(source, str):
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
        response = self._client.send(outgoing, stream=True)
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
        if self._generation != forks.generation():
            self._leave_to_parent()
        response, self._response = self._response, None
        if response is not None:
            with contextlib.suppress(*failures()):
                response.close()
        self._files.close()


class AsyncExchange(_Exchange):
    """Does a flow's actions with an `httpx.AsyncClient`."""

    __slots__ = ("_client", "_pieces", "_sleep")

    def __init__(
        self,
        client: httpx.AsyncClient,
        settings: CallSettings,
        sleep: Callable[[float], Awaitable[None]],
    ) -> None:
        super().__init__(settings)
        self._client = client
        self._sleep = sleep
        self._pieces: AsyncIterator[bytes] | None = None

    async def perform(self, action: IOAction) -> Outcome:
        """Do one action.

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
            failure = self._failed(error)
        except SiliconFlowError as error:
            failure = error.with_traceback(None)
        # Here, since what was being handled would be the context, and its words are a peer's.
        raise failure

    def _guarded(self, left: float | None) -> float | None:
        """The read limit once more, a little later: aiohttp forgets its own on a broken chunk."""
        limit = self._timeouts.get("read")
        # httpx's own pool, which tells its stream, keeps to its limit.
        if limit is None or (self._response is not None and _NETWORK in self._response.extensions):
            return left
        return limit + READ_MARGIN if left is None else min(left, limit + READ_MARGIN)

    async def _do(self, action: IOAction) -> Outcome:
        if isinstance(action, Read):
            piece = await anext(self._pieces, None) if self._pieces is not None else None
            self._ended = piece is None
            return piece
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
        else:
            logger.warning("%s", printable(action.text))
        return None

    async def _send(self, request: Request) -> Head:
        source = self._settings.key
        key = None
        if not isinstance(source, str):
            told = source()
            key = checked_key(await told if inspect.isawaitable(told) else told)
        outgoing = self._build(self._client, request, {}, key)
        response = await self._client.send(outgoing, stream=True)
        teach_async(response.extensions.get(_NETWORK))
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
        if self._generation != forks.generation():
            self._leave_to_parent()
        response, self._response = self._response, None
        if response is not None:
            with contextlib.suppress(*failures()):
                await response.aclose()
        self._files.close()


def _log_wait(action: Wait) -> None:
    if action.error is not None:
        logger.info("trying again in %.1f s after: %s", action.seconds, action.error)
