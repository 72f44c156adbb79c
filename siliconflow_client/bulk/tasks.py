"""Runs an ordered flow on tasks of the running event loop: for asynchronous calls."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Callable, Coroutine, Iterable
from typing import TypeVar

from siliconflow_client.bulk.ordered import (
    Done,
    Failed,
    Hand,
    OrderedFlow,
    Outcome,
    Start,
    ordered_flow,
)

Item = TypeVar("Item")
Result = TypeVar("Result")


class ConcurrencyLimiter:
    """Bounds how many requests of one client are in flight, in every event loop for itself.

    Frameworks start all parts of a long list together; without a bound, ten thousand texts are
    three hundred requests in the same moment, and a rate limit error.
    """

    __slots__ = ("_limits",)

    def __init__(self) -> None:
        self._limits: dict[asyncio.AbstractEventLoop, tuple[int, asyncio.Semaphore]] = {}

    def slots(self, width: int) -> asyncio.Semaphore:
        """The running loop's semaphore of this width."""
        loop = asyncio.get_running_loop()
        known = self._limits.get(loop)
        if known is None or known[0] != width:
            for other in [other for other in list(self._limits) if other.is_closed()]:
                del self._limits[other]
            known = self._limits[loop] = (width, asyncio.Semaphore(width))
        return known[1]


async def amap_ordered(
    work: Callable[[Item], Coroutine[None, None, Result]],
    items: Iterable[Item],
    width: int,
    slots: asyncio.Semaphore | None = None,
) -> AsyncGenerator[Result, None]:
    """Run `work` on every item, at most `width` at a time; results keep the items' order.

    Args:
        work: Makes one result.
        items: Taken one by one, as there is room.
        width: Most at once.
        slots: Shared with other calls; each piece of work takes one.
    """
    outcomes: asyncio.Queue[Outcome[Result]] = asyncio.Queue()
    tasks: set[asyncio.Task[Result]] = set()

    async def run(item: Item) -> Result:
        if slots is None:
            return await work(item)
        async with slots:
            return await work(item)

    def start(action: Start[Item]) -> None:
        def ended(task: asyncio.Task[Result]) -> None:
            tasks.discard(task)
            if not task.cancelled():
                error = task.exception()
                outcomes.put_nowait(
                    Done(action.number, task.result())
                    if error is None
                    else Failed(action.number, error)
                )

        task = asyncio.create_task(run(action.item))
        tasks.add(task)
        task.add_done_callback(ended)

    flow: OrderedFlow[Item, Result] = ordered_flow(iter(items), width)
    outcome: Outcome[Result] | None = None
    try:
        while True:
            try:
                action = flow.send(outcome)
            except StopIteration:
                return
            outcome = None
            if isinstance(action, Start):
                start(action)
            elif isinstance(action, Hand):
                yield action.result
            else:
                outcome = await outcomes.get()
    finally:
        rest = list(tasks)
        for task in rest:
            task.cancel()
        await asyncio.gather(*rest, return_exceptions=True)
