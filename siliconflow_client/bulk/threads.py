"""Runs an ordered flow on threads of its own: for synchronous calls."""

from __future__ import annotations

import contextlib
import contextvars
import functools
import itertools
import queue
import threading
from collections.abc import Callable, Iterable, Iterator
from types import TracebackType
from typing import TYPE_CHECKING, Generic, Protocol, TypeVar

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

if TYPE_CHECKING:
    from siliconflow_client.protocol.actions import Outcome as Performed
    from siliconflow_client.transport.drivers import Asked

Item = TypeVar("Item")
Result = TypeVar("Result")
Made = TypeVar("Made")


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
    return _ordered(work, lambda: _Works(work, width), items, width, progress)


def ask_ordered(
    ask: Callable[[Item], Asked[Result]],
    items: Iterable[Item],
    width: int,
    progress: ProgressTeller[Result] | None = None,
) -> Iterator[Result]:
    """The same for calls, of which only the I/O runs in the threads.

    What a call makes of its answer is made in the caller's thread: a thread's memory is its own,
    and that of long answers would go back to the system and be asked for anew with each (a list
    of vectors takes a third more CPU so).
    """
    return _ordered(
        lambda item: ask(item).result(), lambda: _Calls(ask, width), items, width, progress
    )


class _Crew(Protocol[Item, Result]):
    """Works on several items at a time."""

    def start(self, action: Start[Item]) -> None: ...

    def wait(self) -> Outcome[Result]:
        """The next that has ended."""
        ...

    def dismiss(self) -> None:
        """Begin nothing more, and wait for nothing."""
        ...


def _ordered(
    alone: Callable[[Item], Result],
    together: Callable[[], _Crew[Item, Result]],
    items: Iterable[Item],
    width: int,
    progress: ProgressTeller[Result] | None,
) -> Iterator[Result]:
    with progress or _untold() as told:
        iterator = iter(items)
        head = list(itertools.islice(iterator, 2))
        everything = itertools.chain(head, iterator)
        if len(head) < 2 or width == 1:
            for item in everything:
                result = alone(item)
                told.tell(result)
                yield result
            return
        crew = together()
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
                    answer = crew.wait()
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


class _Works(Generic[Item, Result]):
    """All of the work is done in threads."""

    def __init__(self, work: Callable[[Item], Result], width: int) -> None:
        self._work = work
        self._threads = _Threads[Result](width)

    def start(self, action: Start[Item]) -> None:
        context = contextvars.copy_context()
        self._threads.put(action.number, functools.partial(context.run, self._work, action.item))

    def wait(self) -> Outcome[Result]:
        return self._threads.outcomes.get()

    def dismiss(self) -> None:
        self._threads.dismiss()


class _Calls(Generic[Item, Result]):
    """The calls' actions are done in threads, their flows go on in the caller's."""

    def __init__(self, ask: Callable[[Item], Asked[Result]], width: int) -> None:
        self._ask = ask
        self._threads = _Threads["Performed"](width, self._tidy_up)
        self._asked: dict[int, tuple[Asked[Result], contextvars.Context]] = {}
        self._ended: list[Outcome[Result]] = []
        self._is_dismissed = False

    def start(self, action: Start[Item]) -> None:
        try:
            asked = self._ask(action.item)
        except SiliconFlowError as error:  # one that cannot be sent
            self._ended.append(Failed(action.number, error))
            return
        self._asked[action.number] = asked, contextvars.copy_context()
        self._go_on(Done(action.number, None))

    def wait(self) -> Outcome[Result]:
        while not self._ended:
            self._go_on(self._threads.outcomes.get())
        return self._ended.pop()

    def dismiss(self) -> None:
        self._is_dismissed = True
        for number in self._threads.dismiss():
            self._asked.pop(number)[0].close()
        self._tidy_up()

    def _go_on(self, come: Outcome[Performed]) -> None:
        """Let a call go on with what came of its action."""
        asked, context = self._asked[come.number]
        try:
            if isinstance(come, Done):
                action = asked.flow.send(come.result)
            elif isinstance(come.error, SiliconFlowError):
                action = asked.flow.throw(come.error)
            else:  # of the caller's own functions; drivers let it pass by the flow too
                self._end(come)
                return
        except StopIteration as stop:
            self._end(Done(come.number, stop.value))
        except SiliconFlowError as error:
            self._end(Failed(come.number, error))
        else:
            if self._is_dismissed:
                self._asked.pop(come.number)[0].close()
            else:
                perform = functools.partial(context.run, asked.perform, action)
                self._threads.put(come.number, perform)

    def _end(self, outcome: Outcome[Result]) -> None:
        self._asked.pop(outcome.number)[0].close()
        self._ended.append(outcome)

    def _tidy_up(self) -> None:
        """Once no one waits: answers that still come are taken, since they are paid for."""
        while self._is_dismissed:
            try:
                come = self._threads.outcomes.get_nowait()
            except queue.Empty:
                return
            self._go_on(come)


class _Threads(Generic[Made]):
    """Up to `width` threads, each begun when there is work for it.

    Args:
        width: Most at once.
        after: Called by a thread when it has handed over what came of a piece of work.
    """

    def __init__(self, width: int, after: Callable[[], None] = lambda: None) -> None:
        self.outcomes: queue.SimpleQueue[Outcome[Made]] = queue.SimpleQueue()
        self._tasks: queue.SimpleQueue[tuple[int, Callable[[], Made]] | None] = queue.SimpleQueue()
        self._width = width
        self._after = after
        self._begun = 0

    def put(self, number: int, work: Callable[[], Made]) -> None:
        """Have a piece of work done; its outcome comes with its number."""
        self._tasks.put((number, work))
        if self._begun < self._width:
            self._begun += 1
            threading.Thread(target=self._run, name="siliconflow-bulk", daemon=True).start()

    def dismiss(self) -> list[int]:
        """End the threads; the numbers of what was not begun."""
        left: list[int] = []
        with contextlib.suppress(queue.Empty):
            while (task := self._tasks.get_nowait()) is not None:
                left.append(task[0])
        for _ in range(self._begun):
            self._tasks.put(None)
        return left

    def _run(self) -> None:
        while (task := self._tasks.get()) is not None:
            number, work = task
            with _Failures(number, self.outcomes):
                self.outcomes.put(Done(number, work()))
            del task, work
            self._after()


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
