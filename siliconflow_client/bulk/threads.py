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


def map_ordered(
    work: Callable[[Item], Result], items: Iterable[Item], width: int
) -> Iterator[Result]:
    """Run `work` on every item, at most `width` at a time; results keep the items' order.

    The items are taken in the caller's thread, whose context variables each piece of work sees.
    A single item is worked on in the caller's thread. Threads are daemons: an interrupt is not
    held up by requests that are under way.
    """
    iterator = iter(items)
    head = list(itertools.islice(iterator, 2))
    if len(head) < 2 or width == 1:
        yield from (work(item) for item in itertools.chain(head, iterator))
        return
    crew = _Crew[Item, Result](work, width)
    flow: OrderedFlow[Item, Result] = ordered_flow(itertools.chain(head, iterator), width)
    outcome: Outcome[Result] | None = None
    try:
        while True:
            try:
                action = flow.send(outcome)
            except StopIteration:
                return
            outcome = None
            if isinstance(action, Start):
                crew.start(action)
            elif isinstance(action, Hand):
                yield action.result
            else:
                outcome = crew.outcomes.get()
    finally:
        crew.dismiss()


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
