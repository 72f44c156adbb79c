"""Batches for endpoints that take a bounded number of inputs, and how many run at once.

Both adapters cut long lists the same way, bound what is in flight the same way, and put the
answers together the same way.
"""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Self, TypeVar

from siliconflow_client.endpoints.rerank import RerankHit

if TYPE_CHECKING:
    from collections.abc import Callable, Coroutine, Iterable, Sequence

    from siliconflow_client.endpoints.rerank import RerankResult

Item = TypeVar("Item")
Answer = TypeVar("Answer")


def split_batches(items: Sequence[Item], size: int) -> list[list[Item]]:
    """Cut a sequence into lists of at most `size` items, in order."""
    return [list(items[start : start + size]) for start in range(0, len(items), size)]


def merge_rankings(
    results: Iterable[RerankResult], size: int, top_n: int | None = None
) -> list[RerankHit]:
    """Put the rankings of consecutive batches into one, best score first.

    A model scores each document by itself, so scores of different requests compare.

    Args:
        results: One for each batch, in the order of the batches.
        size: Documents in a batch; `index` of the hits then counts in the whole list.
        top_n: How many hits to keep; `None` for all.
    """
    hits = [
        RerankHit(number * size + hit.index, hit.relevance_score, hit.document)
        for number, result in enumerate(results)
        for hit in result.results
    ]
    hits.sort(key=lambda hit: (-hit.relevance_score, hit.index))
    return hits[:top_n]


class Gate:
    """Lets a bounded number of requests through at once, in every event loop for itself.

    Frameworks start all batches of a long list together; without a bound, ten thousand texts are
    three hundred requests in the same moment, and a rate limit error. Copies and pickles start
    empty.
    """

    __slots__ = ("_limits",)

    def __init__(self) -> None:
        self._limits: dict[asyncio.AbstractEventLoop, tuple[int, asyncio.Semaphore]] = {}

    async def map(
        self,
        work: Callable[[Item], Coroutine[None, None, Answer]],
        items: Sequence[Item],
        *,
        width: int,
    ) -> list[Answer]:
        """Run `work` on every item, at most `width` at a time; answers keep the items' order.

        When one fails, the others are cancelled, those in the queue are not begun, and its error
        is raised.
        """
        limit = self._limit(width)
        failed = False

        async def run(item: Item) -> Answer:
            nonlocal failed
            async with limit:
                if failed:
                    raise asyncio.CancelledError
                well = False
                try:
                    answer = await work(item)
                    well = True
                    return answer
                finally:
                    if not well:
                        failed = True

        if len(items) == 1:
            return [await run(items[0])]
        tasks = [asyncio.create_task(run(item)) for item in items]
        try:
            return await asyncio.gather(*tasks)
        finally:
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)

    def _limit(self, width: int) -> asyncio.Semaphore:
        loop = asyncio.get_running_loop()
        known = self._limits.get(loop)
        if known is None or known[0] != width:
            for other in [other for other in list(self._limits) if other.is_closed()]:
                del self._limits[other]
            known = self._limits[loop] = (width, asyncio.Semaphore(width))
        return known[1]

    def __deepcopy__(self, memo: dict[int, object]) -> Self:
        return type(self)()

    def __reduce__(self) -> tuple[type[Self], tuple[()]]:
        return type(self), ()
