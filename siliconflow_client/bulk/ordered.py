"""No I/O: many pieces of work at once, their results in order, as a generator of actions.

    Take(n)         -> Taken | Failed | None    the next item; None when there is none
    Start(n, item)  -> None           begin item number n
    Await()         -> Outcome        wait until any that was begun has ended
    Hand(result)    -> None           give the next result, in order, to the caller

When one fails nothing further is begun; those that run are waited for, since they are paid for,
and the error carries the results that were not handed out.
"""

from __future__ import annotations

from collections.abc import Generator
from dataclasses import dataclass
from typing import Generic, TypeAlias, TypeVar

from siliconflow_client.errors.tree import SiliconFlowError

Item = TypeVar("Item")
Result = TypeVar("Result")

_AHEAD = 2
"""Results that may wait for a slow one before them, as a multiple of the width."""


@dataclass(frozen=True, slots=True)
class Take:
    """Give the next item. Sent back: `Taken`, `Failed` if it cannot be sent, `None` at the end."""

    number: int


@dataclass(frozen=True, slots=True)
class Taken(Generic[Item]):
    """The next item."""

    item: Item


@dataclass(frozen=True, slots=True)
class Start(Generic[Item]):
    """Begin to work on an item."""

    number: int
    item: Item


@dataclass(frozen=True, slots=True)
class Await:
    """Wait for the end of any. Sent back: an `Outcome`."""


@dataclass(frozen=True, slots=True)
class Hand(Generic[Result]):
    """Give this to the caller."""

    result: Result


@dataclass(frozen=True, slots=True)
class Done(Generic[Result]):
    """A piece of work that succeeded."""

    number: int
    result: Result


@dataclass(frozen=True, slots=True)
class Failed:
    """A piece of work that did not."""

    number: int
    error: BaseException


Outcome: TypeAlias = Done[Result] | Failed
Action: TypeAlias = Take | Start[Item] | Await | Hand[Result]
Answer: TypeAlias = Taken[Item] | Outcome[Result] | None
OrderedFlow: TypeAlias = Generator["Action[Item, Result]", "Answer[Item, Result]", None]


def ordered_flow(width: int) -> OrderedFlow[Item, Result]:
    """Work on all items, at most `width` at once; memory does not grow with their number."""
    finished: dict[int, Result] = {}
    failures: dict[int, BaseException] = {}
    started = handed = running = 0
    exhausted = False
    while True:
        while not (exhausted or failures) and running < width and started - handed < _AHEAD * width:
            taken = yield Take(started)
            if isinstance(taken, Taken):
                yield Start(started, taken.item)
                started += 1
                running += 1
            elif isinstance(taken, Failed):
                failures[started] = taken.error
            else:
                exhausted = True
        if handed in finished:
            yield Hand(finished.pop(handed))
            handed += 1
        elif running:
            outcome = yield Await()
            running -= 1
            if isinstance(outcome, Done):
                finished[outcome.number] = outcome.result
            elif isinstance(outcome, Failed):
                failures[outcome.number] = outcome.error
        elif failures:
            first = failures[min(failures)]
            if isinstance(first, SiliconFlowError):
                first.partial = [finished[number] for number in sorted(finished)]
            raise first
        else:
            return
