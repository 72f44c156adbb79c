"""Where httpx is: pools, time limits and the mapping of its failures.

This module alone imports httpx when it is loaded, and it is loaded by the first request, so that
importing the package or constructing a client costs neither its import nor an SSL context.
"""

from __future__ import annotations

import asyncio
import contextlib
import functools
import socket
import ssl
import sys
import threading
import weakref
from typing import TYPE_CHECKING

import httpx

from siliconflow_client import _forks
from siliconflow_client._errors import (
    APIConnectionError,
    APITimeoutError,
    ConfigurationError,
    SiliconFlowError,
)

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator, Iterator, Mapping

    from siliconflow_client._diagnosis import Asked
    from siliconflow_client._errors import Phase

_FAILURES: tuple[type[Exception], ...] = (
    httpx.HTTPError,
    httpx.StreamError,
    httpx.InvalidURL,
    httpx.CookieConflict,
    OSError,
)

CONNECT_TIMEOUT = 10.0
"""Seconds to reach the host; an answer may take long, a handshake does not."""

_LIMITS = httpx.Limits(max_connections=1000, max_keepalive_connections=100, keepalive_expiry=30.0)
_PHASES: tuple[tuple[type[httpx.TimeoutException], Phase], ...] = (
    (httpx.ConnectTimeout, "connect"),
    (httpx.ReadTimeout, "read"),
    (httpx.WriteTimeout, "write"),
    (httpx.PoolTimeout, "pool"),
)
_CONNECT_HINT = "check the network, a proxy, and base_url."
_CERTIFICATE_HINT = (
    "a proxy or virus scanner may have put its own in: set SSL_CERT_FILE to its authority's file."
)
_TIMEOUT_HINTS: dict[Phase, str] = {
    "connect": _CONNECT_HINT,
    "read": "raise timeout (seconds without a byte), or stream long answers.",
    "write": "check the network; large images are sent faster as URLs.",
    "pool": "all connections of the http client are busy: make fewer calls at once, close streams "
    "that were left early, or raise its limits.",
}
_WORDS: tuple[tuple[type[Exception], str], ...] = (
    (httpx.ConnectError, "could not connect"),
    (httpx.ReadError, "the connection broke while reading"),
    (httpx.WriteError, "the connection broke while sending"),
    (httpx.CloseError, "the connection could not be closed"),
    (httpx.RemoteProtocolError, "the answer was cut short or was not HTTP"),
    (httpx.ProxyError, "the proxy refused"),
    (httpx.DecodingError, "the answer could not be decompressed"),
    (httpx.TooManyRedirects, "too many redirects"),
    (httpx.StreamError, "the connection was used after it was closed"),
)


def failures() -> tuple[type[Exception], ...]:
    """What a transport may raise; httpx-aiohttp lets some of aiohttp's own errors through."""
    return _failures_with_aiohttp() if "aiohttp" in sys.modules else _FAILURES


@functools.cache
def _failures_with_aiohttp() -> tuple[type[Exception], ...]:
    from aiohttp import ClientError

    return (*_FAILURES, ClientError)


def transport_error(
    error: Exception, asked: Asked, timeouts: Mapping[str, float | None]
) -> SiliconFlowError:
    """Map what a transport raised; its words are shown unless they might hold a header."""
    if isinstance(error, httpx.UnsupportedProtocol | httpx.InvalidURL):
        return ConfigurationError(
            f"httpx cannot use this URL ({type(error).__name__}).", argument="base_url"
        )
    cause = error.__cause__
    # httpx-aiohttp calls every lost connection a ConnectTimeout; its cause tells.
    lost = type(cause).__module__.startswith("aiohttp") and not isinstance(cause, TimeoutError)
    if isinstance(error, httpx.TimeoutException | TimeoutError) and not lost:
        phase = _phase_of(error)
        limit = timeouts.get(phase)
        after = f" within {limit:g} s" if limit is not None else ""
        what = {
            "connect": f"could not connect{after}",
            "read": f"no byte came{after}",
            "write": f"the request could not be sent{after}",
            "pool": f"no connection became free{after}",
            "deadline": "",
        }[phase]
        return APITimeoutError(
            f"Timed out: {what}.",
            phase=phase,
            limit=limit,
            host=asked.host,
            model=asked.model,
            hint=_TIMEOUT_HINTS.get(phase),
        )
    words = next((text for cls, text in _WORDS if isinstance(error, cls)), "the connection broke")
    if lost and type(cause).__name__.startswith("ClientConnector"):
        words = "could not connect"
    hint = _CONNECT_HINT if words == "could not connect" else None
    for link in _chain(error):
        if isinstance(link, socket.gaierror):
            words, hint = f"the host name {asked.host} was not found", _CONNECT_HINT
        elif isinstance(link, ssl.SSLCertVerificationError):
            words, hint = f"the certificate of {asked.host} was not accepted", _CERTIFICATE_HINT
    detail = "" if isinstance(error, httpx.LocalProtocolError) else str(error)
    reason = f"{type(cause if lost and cause else error).__name__}{f': {detail}' if detail else ''}"
    return APIConnectionError(
        f"Connection error: {words} ({reason}).",
        host=asked.host,
        model=asked.model,
        hint=hint,
    )


def _chain(error: BaseException | None) -> Iterator[BaseException]:
    """An error and what it came from: httpx wraps the system's errors, two or three deep."""
    while error is not None:
        yield error
        # httpcore hands the system's error on as an argument, without `from`.
        wrapped = (item for item in error.args if isinstance(item, BaseException))
        error = error.__cause__ or next(wrapped, None)


def _phase_of(error: httpx.TimeoutException | TimeoutError) -> Phase:
    for cls, phase in _PHASES:
        if isinstance(error, cls):
            return phase
    return "read"


def deadline_error(limit: float, asked: Asked) -> APITimeoutError:
    """Say that a whole call took longer than its deadline."""
    return APITimeoutError(
        f"Timed out: the call was not done within its deadline of {limit:g} s.",
        phase="deadline",
        limit=limit,
        host=asked.host,
        model=asked.model,
        hint="the deadline covers all tries and waits; raise it, or lower timeout or max_retries.",
    )


def timeouts_for(
    timeout: float | httpx.Timeout, remaining: float | None
) -> dict[str, float | None]:
    """Limits of each phase, in seconds, none longer than what remains of the deadline."""
    if isinstance(timeout, int | float):
        limits: dict[str, float | None] = {
            "connect": min(CONNECT_TIMEOUT, timeout),
            "read": timeout,
            "write": timeout,
            "pool": timeout,
        }
    else:
        limits = timeout.as_dict()
    if remaining is None:
        return limits
    return {
        phase: remaining if limit is None else min(limit, remaining)
        for phase, limit in limits.items()
    }


@functools.cache
def _ssl_context() -> ssl.SSLContext:
    """One for all clients: making it takes 18 ms, sharing it nothing."""
    return httpx.create_ssl_context()


@functools.lru_cache(maxsize=64)
def _url(text: str) -> httpx.URL:
    return httpx.URL(text)


def new_request(
    method: str,
    url: str,
    *,
    content: bytes | None,
    params: Mapping[str, str] | None,
    headers: dict[str, str],
    extensions: dict[str, object],
) -> httpx.Request:
    """As `httpx.Client.build_request` for a client of ours, which has nothing to merge in."""
    headers.setdefault("accept-encoding", "gzip, deflate")
    return httpx.Request(
        method, _url(url), content=content, params=params, headers=headers, extensions=extensions
    )


def new_client() -> httpx.Client:
    """Make a synchronous pool."""
    return httpx.Client(verify=_ssl_context(), limits=_LIMITS, follow_redirects=False)


def new_async_client() -> httpx.AsyncClient:
    """Make an asynchronous pool, on aiohttp where httpx-aiohttp is installed.

    With 256 calls in flight httpx's own pool spends 15-24 ms of CPU on a call, aiohttp's 0.5 ms.
    """
    try:
        from httpx_aiohttp import HttpxAiohttpClient
    except ModuleNotFoundError as error:
        if error.name not in ("httpx_aiohttp", "aiohttp"):
            raise
        return httpx.AsyncClient(verify=_ssl_context(), limits=_LIMITS, follow_redirects=False)
    return HttpxAiohttpClient(verify=_ssl_context(), limits=_LIMITS, follow_redirects=False)


class ProcessClient:
    """One synchronous pool per process, made on first use."""

    __slots__ = ("__weakref__", "_client", "_lock")

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._client: httpx.Client | None = None
        _forks.register(self)

    def get(self) -> httpx.Client:
        """The process's pool."""
        client = self._client
        if client is not None:
            return client
        with self._lock:
            if self._client is None:
                self._client = new_client()
                # For clients that no one closes.
                weakref.finalize(self, _close_in_own_process, self._client, _forks.generation())
            return self._client

    def close(self) -> None:
        """Close the connections; the next `get` makes a new pool."""
        with self._lock:
            client, self._client = self._client, None
        if client is not None:
            client.close()

    def renew_after_fork(self) -> None:
        """Begin anew, with a lock that no thread of the parent holds."""
        self._lock = threading.Lock()
        _forks.leave_alone(self._client)
        self._client = None


def _close_in_own_process(client: httpx.Client, generation: int) -> None:
    if generation == _forks.generation():
        client.close()


class LoopClients:
    """One asynchronous pool per running event loop, closed with its loop."""

    __slots__ = ("__weakref__", "_pools")

    def __init__(self) -> None:
        self._pools: dict[
            asyncio.AbstractEventLoop, tuple[httpx.AsyncClient, AsyncGenerator[None, None]]
        ] = {}
        _forks.register(self)

    def renew_after_fork(self) -> None:
        """Begin anew; the parent's loops and their selectors stay as they are."""
        _forks.leave_alone(self._pools)
        self._pools = {}

    async def get(self) -> httpx.AsyncClient:
        """The running loop's pool, made on first use."""
        loop = asyncio.get_running_loop()
        found = self._pools.get(loop)
        if found is not None and not found[0].is_closed:
            return found[0]
        self._abandon_closed()
        client = new_async_client()
        closer = _close_with_loop(client)
        self._pools[loop] = client, closer
        await anext(closer)
        return client

    async def aclose(self) -> None:
        """Close the running loop's pool; the others close with their loops."""
        found = self._pools.pop(asyncio.get_running_loop(), None)
        if found is not None:
            await found[1].aclose()

    def _abandon_closed(self) -> None:
        # A copy first: other threads may be running loops of their own.
        for other in [other for other in list(self._pools) if other.is_closed()]:
            _abandon(self._pools.pop(other)[0])

    def __del__(self) -> None:
        self._abandon_closed()


def _abandon(client: httpx.AsyncClient) -> None:
    """Close a pool whose loop was closed without `shutdown_asyncgens()`.

    Nothing can be awaited there any more, but closing sockets needs no waiting: one step does
    it, and spares the user aiohttp's "Unclosed client session" on standard error.
    """
    closing = client.aclose()
    with contextlib.suppress(StopIteration, RuntimeError, *failures()):  # RuntimeError: the loop's
        closing.send(None)
    closing.close()


async def _close_with_loop(client: httpx.AsyncClient) -> AsyncGenerator[None, None]:
    """Wait, suspended, for `loop.shutdown_asyncgens()`, which `asyncio.run` calls at its end."""
    born = _forks.generation()
    try:
        yield
    finally:
        if born == _forks.generation():
            await client.aclose()
