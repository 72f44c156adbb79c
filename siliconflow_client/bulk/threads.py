"""Runs an ordered flow on threads of its own: for synchronous calls."""

from __future__ import annotations

import contextvars
import itertools
import queue
import threading
from collections.abc import Callable, Iterable, Iterator
from types import TracebackType
from typing import Generic, TypeVar

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


def map_ordered(
    work: Callable[[Item], Result],
    items: Iterable[Item],
    width: int,
    progress: ProgressTeller[Result] | None = None,
) -> Iterator[Result]:
    """Run `work` on every item, at most `width` at a time; results keep the items' order.

    The items are taken in the caller's thread, whose context variables each piece of work sees.
    A single item is worked on in the caller's thread. Threads are daemons: an interrupt is not
    held up by requests that are under way.
    """
    with progress or _untold() as told:
        iterator = iter(items)
        head = list(itertools.islice(iterator, 2))
        everything = itertools.chain(head, iterator)
        if len(head) < 2 or width == 1:
            for item in everything:
                result = work(item)
                told.tell(result)
                yield result
            return
        crew = _Crew[Item, Result](work, width)
        flow: OrderedFlow[Item, Result] = ordered_flow(width)
        answer: Answer[Item, Result] = None
        try:
            while True:
                try:
                    action = flow.send(answer)
                except StopIteration:
                    return
                answer = None
                if isinstance(action, Take):
                    answer = _take(everything, action.number)
                elif isinstance(action, Start):
                    crew.start(action)
                elif isinstance(action, Hand):
                    told.tell(action.result)
                    yield action.result
                else:
                    answer = crew.outcomes.get()
        finally:
            crew.dismiss()


def _untold() -> ProgressTeller[object]:
    return ProgressTeller(False, "", None)


def _take(items: Iterator[Item], number: int) -> Taken[Item] | Failed | None:
    try:
        return Taken(next(items))
    except StopIteration:
        return None
    except SiliconFlowError as error:  # one that cannot be sent, found on the way
        return Failed(number, error)


class _Crew(Generic[Item, Result]):
    """Up to `width` threads, each begun when there is work for it."""

    def __init__(self, work: Callable[[Item], Result], width: int) -> None:
        self.outcomes: queue.SimpleQueue[Outcome[Result]] = queue.SimpleQueue()
        self._tasks: queue.SimpleQueue[tuple[Start[Item], contextvars.Context] | None] = (
            queue.SimpleQueue()
        )
        self._work = work
        self._width = width
        self._threads = 0

    def start(self, action: Start[Item]) -> None:
        self._tasks.put((action, contextvars.copy_context()))
        if self._threads < self._width:
            self._threads += 1
            threading.Thread(target=self._run, name="siliconflow-bulk", daemon=True).start()

    def dismiss(self) -> None:
        for _ in range(self._threads):
            self._tasks.put(None)

    def _run(self) -> None:
        while (task := self._tasks.get()) is not None:
            action, context = task
            with _Failures(action.number, self.outcomes):
                result = context.run(self._work, action.item)
                self.outcomes.put(Done(action.number, result))


class _Failures:
    """Hands whatever a piece of work raises to the caller, who raises it again."""

    __slots__ = ("_number", "_outcomes")

    def __init__(self, number: int, outcomes: queue.SimpleQueue[Outcome[Result]]) -> None:
        self._number = number
        self._outcomes = outcomes

    def __enter__(self) -> None:
        return None

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> bool:
        if error is not None:
            self._outcomes.put(Failed(self._number, error))
        return True
