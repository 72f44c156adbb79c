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
    results: dict[int, R] = {}
    waiting = iter(enumerate(items))

    async def work() -> None:
        for position, item in waiting:
            results[position] = await job(item)

    workers = [asyncio.ensure_future(work()) for _ in range(min(limit, len(items)))]
    try:
        await asyncio.gather(*workers)
    except BaseException:
        for worker in workers:
            worker.cancel()
        await asyncio.gather(*workers, return_exceptions=True)
        raise
    return [results[position] for position in range(len(items))]
