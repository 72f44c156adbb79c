"""What is open on event loops, and what is left open on one that does not watch generators.

asyncio's own runners close generators that are left suspended, and have those that are collected
closed by a task. The loops of nest_asyncio (LlamaIndex's advice for notebooks) do neither: a
generator that is collected there and wants to wait is "async generator ignored GeneratorExit" on
standard error. So nothing waits there: connections are closed by the loop's next call, or at exit.
Pools of other loops are held here too, so that what the collector finds with their owner is never
the pool itself: their generator closes it.
"""

from __future__ import annotations

import atexit
import contextlib
import sys
from typing import TYPE_CHECKING, Final, Protocol

from siliconflow_client.transport import forks
from siliconflow_client.transport.failures import failures

if TYPE_CHECKING:
    import asyncio
    from collections.abc import AsyncGenerator

    import httpx


class Closeable(Protocol):
    """Something that holds connections of an event loop."""

    async def aclose(self) -> None:
        """Close them."""
        ...


def is_watched(loop: asyncio.AbstractEventLoop) -> bool:
    """Tell whether the running loop closes the generators that begin in it now."""
    return getattr(sys.get_asyncgen_hooks().finalizer, "__self__", None) is loop


def abandon(thing: Closeable) -> None:
    """Close something whose loop was closed before it.

    Nothing can be awaited there any more, but closing sockets needs no waiting: one step does
    it, and spares the user aiohttp's "Unclosed client session" on standard error.
    """
    closing = thing.aclose()
    with contextlib.suppress(StopIteration, RuntimeError, *failures()):  # RuntimeError: the loop's
        closing.send(None)
    with contextlib.suppress(RuntimeError, *failures()):
        closing.close()


class HeldResponse:
    """A response in the middle, and the generator that reads it."""

    __slots__ = ("_pieces", "_response")

    def __init__(self, response: httpx.Response, pieces: AsyncGenerator[bytes, None]) -> None:
        self._response = response
        self._pieces = pieces

    async def aclose(self) -> None:
        """Close both; what the generator itself would close must be closed before."""
        await self._response.aclose()
        await self._pieces.aclose()


class LeftOpen:
    """What is open on unwatched loops, and what of it nobody uses any more.

    All of it is held here: what the collector found would be finalised in any order, the inner
    generators of a connection before the object that knows how to close it.
    """

    __slots__ = ("__weakref__", "_in_use", "_left")

    def __init__(self) -> None:
        self._in_use: dict[asyncio.AbstractEventLoop, set[Closeable]] = {}
        self._left: dict[asyncio.AbstractEventLoop, list[Closeable]] = {}
        forks.register(self)
        atexit.register(self._close_all)

    def hold(self, loop: asyncio.AbstractEventLoop, thing: Closeable) -> None:
        """Hold something that was opened."""
        self._in_use.setdefault(loop, set()).add(thing)

    def release(self, loop: asyncio.AbstractEventLoop, thing: Closeable) -> None:
        """Let go of something that was closed."""
        held = self._in_use.get(loop, set())
        held.discard(thing)
        if not held:
            self._in_use.pop(loop, None)

    def leave(self, loop: asyncio.AbstractEventLoop, thing: Closeable) -> None:
        """Have something closed by the loop's next call, or at exit; may be called anywhere."""
        self._left.setdefault(loop, []).append(thing)
        self.release(loop, thing)

    async def close(self, loop: asyncio.AbstractEventLoop) -> None:
        """Close what was left on the running loop, and on loops that are closed by now."""
        if not self._left:
            return
        for other in [other for other in list(self._left) if other.is_closed()]:
            for thing in self._left.pop(other, ()):
                abandon(thing)
        for thing in self._left.pop(loop, ()):
            with contextlib.suppress(*failures()):
                await thing.aclose()

    def _close_all(self) -> None:
        for loop, held in list(self._in_use.items()):
            for thing in list(held):
                self.leave(loop, thing)
        for loop in list(self._left):
            if loop.is_closed():
                for thing in self._left.pop(loop):
                    abandon(thing)
            elif not loop.is_running():
                with contextlib.suppress(RuntimeError):  # a loop may run in one thread only
                    loop.run_until_complete(self.close(loop))

    def renew_after_fork(self) -> None:
        """Leave the parent's connections to it."""
        forks.leave_alone((self._in_use, self._left))
        self._in_use, self._left = {}, {}


left_open: Final = LeftOpen()
