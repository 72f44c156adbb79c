"""A moment after which a thread's network reads end, whatever trickles in.

httpx limits one read at a time, so a server that sends a byte now and then outlasts every limit.
Here the streams below httpx's pool learn to look at a limit of the calling thread, which costs
no thread and no timer: a read runs in the thread that asked for it, and a connection is one
thread's at a time. A stream is taught when its connection is opened (`trace` tells), or at the
latest when its first response has come; so connections of injected clients, behind TLS and
behind proxies are covered as well.

A taught stream also notes whether anything was read since the last write. An answer that needed no
read had come together with the one before, so it belongs to no request.
"""

from __future__ import annotations

import contextlib
import functools
import threading
import time
from typing import TYPE_CHECKING, Protocol, cast

import httpx

if TYPE_CHECKING:
    from collections.abc import MutableMapping
    from types import TracebackType

_OPENED = ("connect_tcp.complete", "connect_unix_socket.complete", "start_tls.complete")


class _NetworkStream(Protocol):
    """What httpcore reads from and writes to."""

    def read(self, max_bytes: int, timeout: float | None = None) -> bytes: ...

    def write(self, buffer: bytes, timeout: float | None = None) -> None: ...


class _AsyncNetworkStream(Protocol):
    """The same for asynchronous pools."""

    async def read(self, max_bytes: int, timeout: float | None = None) -> bytes: ...  # noqa: ASYNC109 - httpcore's

    async def write(self, buffer: bytes, timeout: float | None = None) -> None: ...  # noqa: ASYNC109 - httpcore's


class _Limit(threading.local):
    """When reads of this thread end, on the monotonic clock; `None` for no limit."""

    until: float | None = None


_limit = _Limit()


class bounded:  # noqa: N801 - used like a function, as contextlib's are
    """Let no network read or write inside the block last beyond `until`."""

    __slots__ = ("_before", "_until")

    def __init__(self, until: float | None) -> None:
        self._until = until

    def __enter__(self) -> None:
        self._before, _limit.until = _limit.until, self._until

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        _limit.until = self._before


def trace(event: str, info: MutableMapping[str, object]) -> None:
    """Teach every stream that a request opens; httpx's `trace` extension calls it."""
    if event.endswith(_OPENED):
        teach(info["return_value"])
    elif event.endswith("start_tls.started"):  # behind a proxy, long after the request began
        info["timeout"] = _left(cast("float | None", info.get("timeout")), httpx.ConnectTimeout)


def teach(stream: object) -> None:
    """Make a network stream look at the thread's limit; harmless when it does already."""
    cls = type(stream)
    if issubclass(cls, _Taught) or not (hasattr(cls, "read") and hasattr(cls, "write")):
        return
    with contextlib.suppress(TypeError):  # a class written in C keeps to httpx's own limits
        stream.__class__ = _taught(cast("type[_NetworkStream]", cls))


def teach_async(stream: object) -> None:
    """Make an asynchronous network stream note its reads and writes; time is asyncio's there."""
    cls = type(stream)
    if issubclass(cls, _Taught) or not (hasattr(cls, "read") and hasattr(cls, "write")):
        return
    with contextlib.suppress(TypeError):
        stream.__class__ = _taught_async(cast("type[_AsyncNetworkStream]", cls))


def came_unasked(response: httpx.Response) -> bool:
    """Whether an answer had come before its request was sent; streams of HTTP/2 are shared."""
    stream = response.extensions.get("network_stream")
    return (
        isinstance(stream, _Taught)
        and getattr(stream, _HAS_READ, True) is False
        and response.http_version.startswith("HTTP/1")
    )


def is_taught(stream: object) -> bool:
    """Whether reads from a network stream look at the thread's limit."""
    return isinstance(stream, _Taught)


_HAS_READ = "_siliconflow_has_read"


class _Taught:
    """Marks the classes made here."""

    __slots__ = ()


@functools.cache
def _taught(cls: type[_NetworkStream]) -> type[_NetworkStream]:
    read, write = cls.read, cls.write

    class Bounded(cls, _Taught):  # type: ignore[misc, valid-type]  # a class is made of a value
        __slots__ = ()

        def read(self, max_bytes: int, timeout: float | None = None) -> bytes:
            data = read(self, max_bytes, _left(timeout, httpx.ReadTimeout))
            setattr(self, _HAS_READ, True)
            return data

        def write(self, buffer: bytes, timeout: float | None = None) -> None:
            setattr(self, _HAS_READ, False)
            write(self, buffer, _left(timeout, httpx.WriteTimeout))

    Bounded.__name__ = Bounded.__qualname__ = cls.__name__
    return Bounded


@functools.cache
def _taught_async(cls: type[_AsyncNetworkStream]) -> type[_AsyncNetworkStream]:
    read, write = cls.read, cls.write

    class Noting(cls, _Taught):  # type: ignore[misc, valid-type]  # a class is made of a value
        __slots__ = ()

        async def read(self, max_bytes: int, timeout: float | None = None) -> bytes:  # noqa: ASYNC109 - httpcore's
            data = await read(self, max_bytes, timeout)
            setattr(self, _HAS_READ, True)
            return data

        async def write(self, buffer: bytes, timeout: float | None = None) -> None:  # noqa: ASYNC109 - httpcore's
            setattr(self, _HAS_READ, False)
            await write(self, buffer, timeout)

    Noting.__name__ = Noting.__qualname__ = cls.__name__
    return Noting


def _left(timeout: float | None, error: type[httpx.TimeoutException]) -> float | None:
    """The shorter of a limit and what is left of the thread's."""
    until = _limit.until
    if until is None:
        return timeout
    left = until - time.monotonic()
    if left <= 0:
        raise error("the call's time is over")
    return left if timeout is None else min(timeout, left)
