"""Runs an ordered flow on tasks of the running event loop: for asynchronous calls."""

from __future__ import annotations

import asyncio
from collections.abc import (
    AsyncGenerator,
    AsyncIterable,
    AsyncIterator,
    Callable,
    Coroutine,
    Iterable,
    Iterator,
)
from typing import TypeVar

from siliconflow_client.bulk.ordered import (
    Answer,
    Done,
    Failed,
    Hand,
    OrderedFlow,
    Outcome,
    Start,
    Take,
    Taken,
    ordered_flow,
)
from siliconflow_client.bulk.progress import ProgressTeller
from siliconflow_client.errors.tree import SiliconFlowError

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
    items: Iterable[Item] | AsyncIterable[Item],
    width: int,
    slots: asyncio.Semaphore | None = None,
    progress: ProgressTeller[Result] | None = None,
) -> AsyncGenerator[Result, None]:
    """Run `work` on every item, at most `width` at a time; results keep the items' order.

    Args:
        work: Makes one result.
        items: Taken one by one, as there is room.
        width: Most at once.
        slots: Shared with other calls; each piece of work takes one.
        progress: Told of each result.
    """
    source = aiter(items) if isinstance(items, AsyncIterable) else iter(items)
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

    flow: OrderedFlow[Item, Result] = ordered_flow(width)
    answer: Answer[Item, Result] = None
    try:
        with progress or ProgressTeller[object](False, "", None) as told:
            while True:
                try:
                    action = flow.send(answer)
                except StopIteration:
                    return
                answer = None
                if isinstance(action, Take):
                    answer = await _take(source, action.number)
                elif isinstance(action, Start):
                    start(action)
                elif isinstance(action, Hand):
                    told.tell(action.result)
                    yield action.result
                else:
                    answer = await outcomes.get()
    finally:
        rest = list(tasks)
        for task in rest:
            task.cancel()
        await asyncio.gather(*rest, return_exceptions=True)


async def _take(
    items: Iterator[Item] | AsyncIterator[Item], number: int
) -> Taken[Item] | Failed | None:
    try:
        return Taken(await anext(items) if isinstance(items, AsyncIterator) else next(items))
    except (StopIteration, StopAsyncIteration):
        return None
    except SiliconFlowError as error:  # one that cannot be sent, found on the way
        return Failed(number, error)
