"""The httpx face: a transport that hands requests to the core and waits as its chunks say."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, cast

import anyio
import httpx

from siliconflow_simulator._wire import NEVER, SimRequest

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable, Iterator

    from siliconflow_simulator._wire import SimResponse, TimedChunk


def make_transport(handle: Callable[[SimRequest], SimResponse]) -> httpx.MockTransport:
    """Make a transport for sync and async clients."""
    return httpx.MockTransport(lambda request: _answer(handle, request, None))


class VirtualTransport(httpx.BaseTransport, httpx.AsyncBaseTransport):
    """A transport for sync and async clients that never waits: time is only counted.

    A read timeout that is shorter than a delay still ends the answer. Being a class of its own,
    it is passed over by what patches httpx's transports, such as respx and vcrpy.

    Args:
        handle: Answers a request.
        spend: Takes the seconds that would have passed before a piece.
    """

    def __init__(
        self, handle: Callable[[SimRequest], SimResponse], spend: Callable[[float], None]
    ) -> None:
        self._handle = handle
        self._spend = spend

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        """Answer a request of an `httpx.Client`."""
        request.read()
        return _answer(self._handle, request, self._spend)

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        """Answer a request of an `httpx.AsyncClient`."""
        await request.aread()
        return _answer(self._handle, request, self._spend)


def _answer(
    handle: Callable[[SimRequest], SimResponse],
    request: httpx.Request,
    spend: Callable[[float], None] | None,
) -> httpx.Response:
    response = handle(
        SimRequest(
            method=request.method,
            path=request.url.path,
            headers=request.headers,
            body=request.content,
            query=dict(request.url.params),
            scheme=request.url.scheme,
        )
    )
    headers = dict(response.headers)
    if response.body is not None:
        headers["content-length"] = str(len(response.body))
    return httpx.Response(response.status, headers=headers, stream=_Body(request, response, spend))


class _Body(httpx.SyncByteStream, httpx.AsyncByteStream):
    """A body that comes in pieces, with waits between them, or with time that is only counted."""

    def __init__(
        self,
        request: httpx.Request,
        response: SimResponse,
        spend: Callable[[float], None] | None,
    ) -> None:
        self._request = request
        self._response = response
        self._spend = spend

    def __iter__(self) -> Iterator[bytes]:
        for chunk in self._response.pieces():
            wait, late = self._wait(chunk)
            if self._spend is not None:
                self._spend(wait)
            elif wait:
                time.sleep(wait)
            if late:
                raise self._timeout()
            yield chunk.data
        self._end()

    async def __aiter__(self) -> AsyncIterator[bytes]:
        for chunk in self._response.pieces():
            wait, late = self._wait(chunk)
            if self._spend is not None:
                self._spend(wait)
            else:
                await anyio.sleep(wait)
            if late:
                raise self._timeout()
            yield chunk.data
        self._end()

    def _wait(self, chunk: TimedChunk) -> tuple[float, bool]:
        """Return the seconds to wait, and whether the read timeout ends the wait."""
        timeouts = cast("dict[str, float | None]", self._request.extensions.get("timeout", {}))
        limit = timeouts.get("read")
        if limit is not None and chunk.delay > limit:
            return limit, True
        if chunk.delay == NEVER:
            raise httpx.ReadTimeout(
                "the stream has stalled, and no read timeout is set", request=self._request
            )
        return chunk.delay, False

    def _timeout(self) -> httpx.ReadTimeout:
        return httpx.ReadTimeout("The read operation timed out", request=self._request)

    def _end(self) -> None:
        if self._response.ending == "dropped":
            raise httpx.RemoteProtocolError(
                "peer closed connection without sending complete message body "
                "(incomplete chunked read)",
                request=self._request,
            )
