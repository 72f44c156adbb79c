"""What a flow can ask a driver to do, and what it is sent back.

    Fetch(r, most) -> Answer          send it, read the whole answer, be done with the connection
    Send(request) -> Head             send it, return status and headers
    Read()        -> bytes | None     the next piece of the body; None at its end
    Finish()      -> None             the answer is whole: read what is left, free the connection
    Drop()        -> None             close the connection
    Elapsed()     -> float            seconds since the call began
    Wait(s, e, n) -> None             wait before the next attempt; e is why, n the attempts
    Emit(list)    -> None             hand these items to the caller
    Warn(text)    -> None             log a warning
    Reserve(d)    -> None             wait until the account's limits have room
    Settle(t, e)  -> None             tell what the request took, or that it was refused

A driver throws transport failures into the flow as `APIConnectionError`s.
"""

from __future__ import annotations

from collections.abc import Generator, Sequence
from dataclasses import dataclass
from typing import TypeAlias, TypeVar

from siliconflow_client.errors.response import Head
from siliconflow_client.errors.tree import RateLimitError, SiliconFlowError
from siliconflow_client.protocol.requests import Request

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Send:
    """Send `request`. Sent back: a `Head`."""

    request: Request


@dataclass(frozen=True, slots=True)
class Fetch:
    """Send `request` and read what comes, and be done with the connection.

    Sent back: an `Answer`, with up to `most` bytes of one that succeeds and up to `most_of_error`
    of any other.
    """

    request: Request
    most: int | None
    most_of_error: int

    def wanted(self, head: Head) -> int | None:
        """How many bytes are wanted of an answer that begins like this; `None` for all."""
        return self.most if head.is_success else self.most_of_error


@dataclass(frozen=True, slots=True)
class Answer:
    """What `Fetch` read; `is_whole` tells whether that was all."""

    head: Head
    content: bytes
    is_whole: bool


@dataclass(frozen=True, slots=True)
class Read:
    """Read on. Sent back: `bytes`, or `None` at the end of the body."""


@dataclass(frozen=True, slots=True)
class Finish:
    """The answer is whole; make the connection fit for the next request."""


@dataclass(frozen=True, slots=True)
class Drop:
    """Close the connection; the rest of the answer is of no use."""


@dataclass(frozen=True, slots=True)
class Elapsed:
    """Tell the time. Sent back: seconds since the call began."""


@dataclass(frozen=True, slots=True)
class Wait:
    """Wait `seconds` before the next attempt, or the next look at a job.

    `error` is why, if something failed; `attempts` how many there were.
    """

    seconds: float
    error: SiliconFlowError | None = None
    attempts: int = 1


@dataclass(frozen=True, slots=True)
class Emit:
    """Hand out `items`; never an empty list."""

    items: Sequence[object]


@dataclass(frozen=True, slots=True)
class Warn:
    """Log a warning."""

    text: str


@dataclass(frozen=True, slots=True)
class Demand:
    """What a request will take of its account's limits.

    Attributes:
        model: Limits are the model's.
        prompt_tokens: By estimate.
        most: Longest answer, in tokens; `None` when the request does not say.
    """

    model: str
    prompt_tokens: float
    most: int | None = None


@dataclass(frozen=True, slots=True)
class Reserve:
    """Wait for a place among the account's requests; returns at once without limits."""

    demand: Demand


@dataclass(frozen=True, slots=True)
class Settle:
    """Tell the tokens that the request took, or the refusal."""

    tokens: float | None = None
    refusal: RateLimitError | None = None


IOAction: TypeAlias = Fetch | Send | Read | Finish | Drop | Elapsed | Wait | Warn | Reserve | Settle
Action: TypeAlias = IOAction | Emit
Outcome: TypeAlias = Answer | Head | bytes | float | None
Flow: TypeAlias = Generator[Action, Outcome, T]
