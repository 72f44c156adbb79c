"""Many requests of one kind: bounded concurrency, results in order, first failure ends all."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, TypeVar

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Sequence

T = TypeVar("T")
R = TypeVar("R")


def split(items: Sequence[T], size: int) -> list[Sequence[T]]:
    """Cut a sequence into runs of at most `size`."""
    return [items[start : start + size] for start in range(0, len(items), size)]


async def run_bounded(
    job: Callable[[T], Awaitable[R]], items: Sequence[T], *, limit: int
) -> list[R]:
    """Run `job` on every item, at most `limit` at a time; the results keep the items' order.

    When one fails, the others are cancelled and its error is raised.
    """
    if len(items) == 1:
        return [await job(items[0])]
    gate = asyncio.Semaphore(limit)

    async def gated(item: T) -> R:
        async with gate:
            return await job(item)

    tasks = [asyncio.ensure_future(gated(item)) for item in items]
    try:
        return await asyncio.gather(*tasks)
    except BaseException:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        raise
