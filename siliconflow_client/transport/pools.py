"""Pools of connections: one for each process, or for each event loop.

httpx is imported here and below, by the first request, so that importing the package or
constructing a client costs neither its import nor an SSL context.
"""

from __future__ import annotations

import asyncio
import functools
import os
import threading
import weakref
from typing import TYPE_CHECKING, Any, TypeVar

import httpx

from siliconflow_client.errors.tree import ConfigurationError
from siliconflow_client.transport import forks
from siliconflow_client.transport.choice import takes_aiohttp
from siliconflow_client.transport.left_open import abandon, is_watched, left_open
from siliconflow_client.transport.proxies import names_socks, socks_on_aiohttp, usable_proxies
from siliconflow_client.transport.small_pools import (
    KEEPALIVE_SECONDS,
    LIMITS,
    AsyncSmallPools,
    SmallPools,
)

if TYPE_CHECKING:
    import ssl
    from collections.abc import AsyncGenerator

    from siliconflow_client.protocol.options import AsyncTransport

# 0 is aiohttp's word for no limit; of `None` httpx-aiohttp makes aiohttp's default, 100.
_AIOHTTP_LIMITS = httpx.Limits(
    max_connections=0, max_keepalive_connections=None, keepalive_expiry=KEEPALIVE_SECONDS
)


@functools.cache
def _ssl_context() -> ssl.SSLContext:
    """One for all clients: making it takes 18 ms, sharing it nothing.

    Raises:
        ConfigurationError: What the environment names for it cannot be read.
    """
    try:
        return httpx.create_ssl_context()
    except OSError as error:  # ssl's own errors are some too
        raise _unreadable_certificates(error) from error


def _unreadable_certificates(error: OSError) -> ConfigurationError:
    variable: str | None
    log = os.environ.get("SSLKEYLOGFILE")
    if log and error.filename == log:
        variable = "SSLKEYLOGFILE"
    else:
        # In httpx's order; without either of them it takes those that come with it.
        named = (name for name in ("SSL_CERT_FILE", "SSL_CERT_DIR") if os.environ.get(name))
        variable = next(named, None)
    reason = f"{type(error).__name__}: {error.strerror or error}"
    return ConfigurationError(
        f"The certificates for https cannot be loaded ({reason}).",
        argument=variable,
        hint=f"correct {variable}, or unset it."
        if variable
        else "they come with the package certifi; install it anew.",
    )


_names_socks = functools.cache(names_socks)
"""Asked at each asynchronous request."""


class _Client(httpx.Client):
    """Small pools in the place of one, for direct connections and for proxies alike.

    httpx hands its own keywords on; what they are is its business.
    """

    def _init_transport(self, *args: Any, **kwargs: Any) -> httpx.BaseTransport:  # noqa: ANN401
        return SmallPools(functools.partial(super()._init_transport, *args, **kwargs))

    def _init_proxy_transport(
        self,
        *args: Any,  # noqa: ANN401
        **kwargs: Any,  # noqa: ANN401
    ) -> httpx.BaseTransport:
        return SmallPools(functools.partial(super()._init_proxy_transport, *args, **kwargs))


class _AsyncClient(httpx.AsyncClient):
    """The asynchronous twin of `_Client`."""

    def _init_transport(
        self,
        *args: Any,  # noqa: ANN401
        **kwargs: Any,  # noqa: ANN401
    ) -> httpx.AsyncBaseTransport:
        return AsyncSmallPools(functools.partial(super()._init_transport, *args, **kwargs))

    def _init_proxy_transport(
        self,
        *args: Any,  # noqa: ANN401
        **kwargs: Any,  # noqa: ANN401
    ) -> httpx.AsyncBaseTransport:
        return AsyncSmallPools(functools.partial(super()._init_proxy_transport, *args, **kwargs))


class _NoCookies(httpx.Cookies):
    """Keeps none: requests of ours send none, and looking for them takes a tenth of a call."""

    def extract_cookies(self, response: httpx.Response) -> None:
        pass


Client = TypeVar("Client", httpx.Client, httpx.AsyncClient)


def _without_cookies(client: Client) -> Client:
    # By hand, since httpx copies every jar that it is given into one of its own.
    vars(client)["_cookies"] = _NoCookies()
    return client


def new_client() -> httpx.Client:
    """Make a synchronous client of ours."""
    with usable_proxies():
        client = _Client(verify=_ssl_context(), limits=LIMITS, follow_redirects=False)
    return _without_cookies(client)


def new_async_client(*, aiohttp: bool) -> httpx.AsyncClient:
    """Make an asynchronous client of ours, on aiohttp or on httpx's own pools."""
    with usable_proxies():
        if not aiohttp:
            return _without_cookies(
                _AsyncClient(verify=_ssl_context(), limits=LIMITS, follow_redirects=False)
            )
        from httpx_aiohttp import HttpxAiohttpClient

        if _names_socks():
            raise socks_on_aiohttp()
        return _without_cookies(
            HttpxAiohttpClient(
                verify=_ssl_context(), limits=_AIOHTTP_LIMITS, follow_redirects=False
            )
        )


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
    """One asynchronous pool per running event loop, closed with its loop.

    Two where someone patches httpx's transports now and then; see `transport.choice`.
    """

    __slots__ = ("__weakref__", "_pools", "_setting")

    def __init__(self, setting: AsyncTransport = "auto") -> None:
        self._setting: AsyncTransport = setting
        self._pools: dict[
            tuple[asyncio.AbstractEventLoop, bool],
            tuple[httpx.AsyncClient, AsyncGenerator[None, None] | None],
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
        aiohttp = takes_aiohttp(self._setting)
        if aiohttp and self._setting == "auto" and _names_socks():
            aiohttp = False
        found = self._pools.get((loop, aiohttp))
        if found is not None and not found[0].is_closed:
            return found[0]
        self._abandon_closed()
        client = new_async_client(aiohttp=aiohttp)
        # Held apart from this object: a collector that finds both finalises what is inside first.
        left_open.hold(loop, client)
        if is_watched(loop):
            closer = _close_with_loop(loop, client)
            self._pools[loop, aiohttp] = client, closer
            await anext(closer)
        else:
            self._pools[loop, aiohttp] = client, None
        return client

    async def aclose(self) -> None:
        """Close the running loop's pool; the others close with their loops."""
        loop = asyncio.get_running_loop()
        await left_open.close(loop)
        for aiohttp in (True, False):
            found = self._pools.pop((loop, aiohttp), None)
            if found is not None:
                client, closer = found
                await (client if closer is None else closer).aclose()
                left_open.release(loop, client)

    def _abandon_closed(self) -> None:
        # A copy first: other threads may be running loops of their own.
        for key in [key for key in list(self._pools) if key[0].is_closed()]:
            client = self._pools.pop(key)[0]
            left_open.release(key[0], client)
            abandon(client)

    def __del__(self) -> None:
        self._abandon_closed()
        for (loop, _), (client, closer) in self._pools.items():
            if closer is None:
                left_open.leave(loop, client)
            else:  # its loop closes it, now that nothing refers to the generator
                left_open.release(loop, client)


async def _close_with_loop(
    loop: asyncio.AbstractEventLoop, client: httpx.AsyncClient
) -> AsyncGenerator[None, None]:
    """Wait, suspended, for `loop.shutdown_asyncgens()`, which `asyncio.run` calls at its end."""
    born = forks.generation()
    try:
        yield
    finally:
        if born == forks.generation():
            await client.aclose()
            left_open.release(loop, client)
