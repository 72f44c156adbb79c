"""Pools of connections: one for each process, or for each event loop.

httpx is imported here and below, by the first request, so that importing the package or
constructing a client costs neither its import nor an SSL context.
"""

from __future__ import annotations

import asyncio
import functools
import threading
import weakref
from typing import TYPE_CHECKING

import httpx

from siliconflow_client.transport import forks
from siliconflow_client.transport.left_open import abandon, is_watched, left_open

if TYPE_CHECKING:
    import ssl
    from collections.abc import AsyncGenerator

_LIMITS = httpx.Limits(max_connections=1000, max_keepalive_connections=100, keepalive_expiry=30.0)


@functools.cache
def _ssl_context() -> ssl.SSLContext:
    """One for all clients: making it takes 18 ms, sharing it nothing."""
    return httpx.create_ssl_context()


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
        forks.register(self)

    def get(self) -> httpx.Client:
        """The process's pool."""
        client = self._client
        if client is not None:
            return client
        with self._lock:
            if self._client is None:
                self._client = new_client()
                # For clients that no one closes.
                weakref.finalize(self, _close_in_own_process, self._client, forks.generation())
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
        forks.leave_alone(self._client)
        self._client = None


def _close_in_own_process(client: httpx.Client, generation: int) -> None:
    if generation == forks.generation():
        client.close()


class LoopClients:
    """One asynchronous pool per running event loop, closed with its loop."""

    __slots__ = ("__weakref__", "_pools")

    def __init__(self) -> None:
        self._pools: dict[
            asyncio.AbstractEventLoop, tuple[httpx.AsyncClient, AsyncGenerator[None, None] | None]
        ] = {}
        forks.register(self)

    def renew_after_fork(self) -> None:
        """Begin anew; the parent's loops and their selectors stay as they are."""
        forks.leave_alone(self._pools)
        self._pools = {}

    async def get(self) -> httpx.AsyncClient:
        """The running loop's pool, made on first use."""
        loop = asyncio.get_running_loop()
        await left_open.close(loop)
        found = self._pools.get(loop)
        if found is not None and not found[0].is_closed:
            return found[0]
        self._abandon_closed()
        client = new_async_client()
        if is_watched(loop):
            closer = _close_with_loop(client)
            self._pools[loop] = client, closer
            await anext(closer)
        else:
            self._pools[loop] = client, None
            left_open.hold(loop, client)
        return client

    async def aclose(self) -> None:
        """Close the running loop's pool; the others close with their loops."""
        loop = asyncio.get_running_loop()
        await left_open.close(loop)
        found = self._pools.pop(loop, None)
        if found is not None:
            client, closer = found
            await (client if closer is None else closer).aclose()
            left_open.release(loop, client)

    def _abandon_closed(self) -> None:
        # A copy first: other threads may be running loops of their own.
        for other in [other for other in list(self._pools) if other.is_closed()]:
            client = self._pools.pop(other)[0]
            left_open.release(other, client)
            abandon(client)

    def __del__(self) -> None:
        self._abandon_closed()
        for loop, (client, closer) in self._pools.items():
            if closer is None:
                left_open.leave(loop, client)


async def _close_with_loop(client: httpx.AsyncClient) -> AsyncGenerator[None, None]:
    """Wait, suspended, for `loop.shutdown_asyncgens()`, which `asyncio.run` calls at its end."""
    born = forks.generation()
    try:
        yield
    finally:
        if born == forks.generation():
            await client.aclose()
