"""Many small pools of connections below one httpx client.

httpx's pool looks at all its connections and all waiting requests whenever one begins or ends, so a
call's cost grows with the number in flight: with 256 of them, 9-30 ms of CPU each. Pools of four
connections keep it flat. A request goes to the first pool with room, so that few are in use when
few requests are; the last pool is closed when it has been idle for a while.
"""

from __future__ import annotations

import threading
import time
from typing import TYPE_CHECKING, Generic, TypeVar

import httpx

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable, Iterator

POOL_SIZE = 4
KEEPALIVE_SECONDS = 30.0
LIMITS = httpx.Limits(
    max_connections=POOL_SIZE,
    max_keepalive_connections=POOL_SIZE,
    keepalive_expiry=KEEPALIVE_SECONDS,
)

Transport = TypeVar("Transport")


class _Slot(Generic[Transport]):
    """One small pool, and how many requests it carries."""

    __slots__ = ("idle_since", "transport", "used")

    def __init__(self, transport: Transport) -> None:
        self.transport = transport
        self.used = 0
        self.idle_since = 0.0


class _Slots(Generic[Transport]):
    """Which pool a request goes to; knows nothing of requests."""

    def __init__(self, make: Callable[[], Transport]) -> None:
        self._make = make
        self._slots: list[_Slot[Transport]] = []
        self._lock = threading.Lock()

    def take(self) -> tuple[_Slot[Transport], Transport | None]:
        """Return a pool with room, and one to close that has been idle too long."""
        with self._lock:
            idle = self._expired()
            for slot in self._slots:
                if slot.used < POOL_SIZE:
                    slot.used += 1
                    return slot, idle
            made = _Slot(self._make())
            made.used = 1
            self._slots.append(made)
            return made, idle

    def give_back(self, slot: _Slot[Transport]) -> None:
        with self._lock:
            slot.used -= 1
            if not slot.used:
                slot.idle_since = time.monotonic()

    def all(self) -> list[Transport]:
        with self._lock:
            slots, self._slots = self._slots, []
        return [slot.transport for slot in slots]

    def _expired(self) -> Transport | None:
        if len(self._slots) < 2:
            return None
        last = self._slots[-1]
        if last.used or time.monotonic() - last.idle_since < KEEPALIVE_SECONDS:
            return None
        return self._slots.pop().transport


class _Held(Generic[Transport]):
    """A place in a pool, given back once."""

    __slots__ = ("_slot", "_slots")

    def __init__(self, slots: _Slots[Transport], slot: _Slot[Transport]) -> None:
        self._slots = slots
        self._slot: _Slot[Transport] | None = slot

    def give_back(self) -> None:
        slot, self._slot = self._slot, None
        if slot is not None:
            self._slots.give_back(slot)


class SmallPools(httpx.BaseTransport):
    """Hands synchronous requests to small pools.

    Args:
        make: Makes one of them.
    """

    def __init__(self, make: Callable[[], httpx.BaseTransport]) -> None:
        self._slots = _Slots(make)

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        """Send with the first pool that has room."""
        slot, idle = self._slots.take()
        held = _Held(self._slots, slot)
        answered = False
        try:
            if idle is not None:
                idle.close()
            response = slot.transport.handle_request(request)
            answered = True
        finally:
            if not answered:
                held.give_back()
        response.stream = _Body(response.stream, held)
        return response

    def close(self) -> None:
        """Close all pools."""
        for transport in self._slots.all():
            transport.close()


class _Body(httpx.SyncByteStream):
    """A body whose end frees its place."""

    def __init__(
        self,
        stream: httpx.SyncByteStream | httpx.AsyncByteStream,
        held: _Held[httpx.BaseTransport],
    ) -> None:
        assert isinstance(stream, httpx.SyncByteStream)
        self._stream = stream
        self._held = held

    def __iter__(self) -> Iterator[bytes]:
        return iter(self._stream)

    def close(self) -> None:
        try:
            self._stream.close()
        finally:
            self._held.give_back()


class AsyncSmallPools(httpx.AsyncBaseTransport):
    """Hands asynchronous requests to small pools; see `SmallPools`."""

    def __init__(self, make: Callable[[], httpx.AsyncBaseTransport]) -> None:
        self._slots = _Slots(make)

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        """Send with the first pool that has room."""
        slot, idle = self._slots.take()
        held = _Held(self._slots, slot)
        answered = False
        try:
            if idle is not None:
                await idle.aclose()
            response = await slot.transport.handle_async_request(request)
            answered = True
        finally:
            if not answered:
                held.give_back()
        response.stream = _AsyncBody(response.stream, held)
        return response

    async def aclose(self) -> None:
        """Close all pools."""
        for transport in self._slots.all():
            await transport.aclose()


class _AsyncBody(httpx.AsyncByteStream):
    """A body whose end frees its place."""

    def __init__(
        self,
        stream: httpx.SyncByteStream | httpx.AsyncByteStream,
        held: _Held[httpx.AsyncBaseTransport],
    ) -> None:
        assert isinstance(stream, httpx.AsyncByteStream)
        self._stream = stream
        self._held = held

    def __aiter__(self) -> AsyncIterator[bytes]:
        return aiter(self._stream)

    async def aclose(self) -> None:
        try:
            await self._stream.aclose()
        finally:
            self._held.give_back()
