"""Batches for endpoints that take a bounded number of inputs, and how many run at once."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Self, TypeVar

if TYPE_CHECKING:
    from collections.abc import Callable, Coroutine, Sequence

Item = TypeVar("Item")
Answer = TypeVar("Answer")


def batches(items: Sequence[Item], size: int) -> list[list[Item]]:
    """Cut a sequence into lists of at most `size` items, in order."""
    return [list(items[start : start + size]) for start in range(0, len(items), size)]


class Gate:
    """Lets a bounded number of requests through at once, in every event loop for itself.

    LlamaIndex starts all batches of a long list together; without a bound, ten thousand texts are
    three hundred requests in the same moment, and a rate limit error. Copies and pickles start
    empty.
    """

    __slots__ = ("_limits",)

    def __init__(self) -> None:
        self._limits: dict[asyncio.AbstractEventLoop, tuple[int, asyncio.Semaphore]] = {}

    async def map(
        self,
        work: Callable[[list[Item]], Coroutine[None, None, Answer]],
        groups: Sequence[list[Item]],
        *,
        width: int,
    ) -> list[Answer]:
        """Run `work` on every group, at most `width` at a time; answers keep the order.

        When one fails, the others are cancelled and its error is raised.
        """
        limit = self._limit(width)

        async def run(group: list[Item]) -> Answer:
            async with limit:
                return await work(group)

        if len(groups) == 1:
            return [await run(groups[0])]
        tasks = [asyncio.create_task(run(group)) for group in groups]
        try:
            return await asyncio.gather(*tasks)
        finally:
            for task in tasks:
                task.cancel()

    def _limit(self, width: int) -> asyncio.Semaphore:
        loop = asyncio.get_running_loop()
        known = self._limits.get(loop)
        if known is None or known[0] != width:
            for other in [other for other in self._limits if other.is_closed()]:
                del self._limits[other]
            known = self._limits[loop] = (width, asyncio.Semaphore(width))
        return known[1]

    def __deepcopy__(self, memo: dict[int, object]) -> Self:
        return type(self)()

    def __reduce__(self) -> tuple[type[Self], tuple[()]]:
        return type(self), ()
