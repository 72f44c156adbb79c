"""No I/O: the life of one request, as a generator.

It yields what it wants done and is sent the outcome, so retrying, decoding and normalising are
written once and run the same under the synchronous and the asynchronous driver:

    Send()      -> Head                send the request, return status and headers
    Read()      -> bytes | None        the next piece of the body; None at its end
    Finish()    -> None                the answer is whole: read what is left, free the connection
    Drop()      -> None                close the connection
    Elapsed()   -> float               seconds since the call began
    Wait(s, e)  -> None                wait before the next try; e is why
    Emit(list)  -> None                hand these deltas to the caller

A driver throws transport failures into the generator as `APIConnectionError`s.
"""

from __future__ import annotations

from collections.abc import Callable, Generator, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Generic, TypeAlias, TypeVar

import pydantic_core

from siliconflow_client._deltas import DeltaNormaliser, UndocumentedShapeError
from siliconflow_client._diagnosis import (
    TRACE_HEADER,
    Asked,
    error_from_event,
    error_from_response,
    unexpected_answer,
)
from siliconflow_client._errors import (
    APIConnectionError,
    APIResponseError,
    EmptyAnswerError,
    SiliconFlowError,
    StreamInterruptedError,
)
from siliconflow_client._sse import DONE, SSEDecoder

if TYPE_CHECKING:
    from siliconflow_client._results import Delta
    from siliconflow_client._retry import RetryPolicy
    from siliconflow_client._types import JsonValue

T = TypeVar("T")

_PARTIAL_HINT = "what came is in .partial; ask again, or ask the model to go on from there."


@dataclass(frozen=True, slots=True)
class Send:
    """Send the request. Sent back: a `Head`."""


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
    """Wait `seconds` before the next try, because of `error`."""

    seconds: float
    error: SiliconFlowError


@dataclass(frozen=True, slots=True)
class Emit:
    """Hand out `deltas`; never an empty list."""

    deltas: list[Delta]


@dataclass(frozen=True, slots=True)
class Head:
    """Status and headers (names in lower case) of an answer; `now` is Unix time."""

    status: int
    headers: Mapping[str, str]
    now: float

    @property
    def trace_id(self) -> str | None:
        """The trace header."""
        return self.headers.get(TRACE_HEADER)


Action: TypeAlias = Send | Read | Finish | Drop | Elapsed | Wait | Emit
Outcome: TypeAlias = Head | bytes | float | None
Flow: TypeAlias = Generator[Action, Outcome, T]


@dataclass(frozen=True, slots=True)
class PlainCall(Generic[T]):
    """A request with one answer.

    Attributes:
        asked: What was asked, for errors.
        parse: Makes the result of the body and the trace id. Raises `UndocumentedShapeError`
            for a body of another shape, any other `ValueError` for one that is not JSON.
    """

    asked: Asked
    parse: Callable[[bytes, str | None], T]


@dataclass(frozen=True, slots=True)
class StreamCall:
    """A request answered by a stream of deltas.

    Attributes:
        asked: What was asked, for errors.
        may_be_empty: An answer of nothing is right when a stop word or an infill allows it.
    """

    asked: Asked
    may_be_empty: bool = False


class Progress:
    """What a stream has told so far; shared with the `Stream` that the caller holds."""

    __slots__ = ("handed_out", "normaliser", "trace_id")

    def __init__(self) -> None:
        self.normaliser = DeltaNormaliser()
        self.trace_id: str | None = None
        self.handed_out = False


def plain_flow(call: PlainCall[T], policy: RetryPolicy, jitter: Callable[[], float]) -> Flow[T]:
    """Send, and again as the policy says, until there is a result or nothing more to try."""
    return _with_retries(lambda: _plain_try(call), policy, jitter, may_retry=lambda: True)


def stream_flow(
    call: StreamCall, policy: RetryPolicy, jitter: Callable[[], float], progress: Progress
) -> Flow[None]:
    """The same for a stream: tried again until its first delta was handed out, never after."""
    return _with_retries(
        lambda: _stream_try(call, progress),
        policy,
        jitter,
        may_retry=lambda: not progress.handed_out,
    )


def _with_retries(
    attempt: Callable[[], Flow[T]],
    policy: RetryPolicy,
    jitter: Callable[[], float],
    may_retry: Callable[[], bool],
) -> Flow[T]:
    tries = 0
    while True:
        tries += 1
        try:
            return (yield from attempt())
        except SiliconFlowError as error:
            delay = policy.delay(error, tries, jitter()) if may_retry() else None
            if delay is None:
                if tries > 1:
                    error.add_note(f"This was try {tries}.")
                raise
            if policy.deadline is not None:
                elapsed = yield Elapsed()
                assert isinstance(elapsed, float)
                if elapsed + delay >= policy.deadline:
                    error.add_note(
                        f"This was try {tries}; the wait before the next one ({delay:.1f} s) would "
                        f"outlast the deadline of {policy.deadline:g} s."
                    )
                    raise
            failure = error
        yield Drop()
        yield Wait(delay, failure)
        del failure


def _plain_try(call: PlainCall[T]) -> Flow[T]:
    head = yield Send()
    assert isinstance(head, Head)
    content = yield from _whole_body()
    yield Finish()
    if not 200 <= head.status < 300:
        raise error_from_response(head.status, head.headers, content, call.asked, now=head.now)
    try:
        return call.parse(content, head.trace_id)
    except UndocumentedShapeError as error:
        raise unexpected_answer(content, head.headers, call.asked, str(error)) from error
    except ValueError as error:
        what = "not JSON" if content.strip() else "an empty body"
        raise unexpected_answer(content, head.headers, call.asked, what) from error
    except EmptyAnswerError as error:
        error.trace_id, error.host, error.model = head.trace_id, call.asked.host, call.asked.model
        raise


def _whole_body() -> Flow[bytes]:
    pieces: list[bytes] = []
    while (piece := (yield Read())) is not None:
        assert isinstance(piece, bytes)
        pieces.append(piece)
    return b"".join(pieces)


def _stream_try(call: StreamCall, progress: Progress) -> Flow[None]:
    asked = call.asked
    head = yield Send()
    assert isinstance(head, Head)
    progress.trace_id = head.trace_id
    progress.normaliser = normaliser = DeltaNormaliser()
    if not 200 <= head.status < 300:
        content = yield from _whole_body()
        yield Finish()
        raise error_from_response(head.status, head.headers, content, asked, now=head.now)
    if "text/event-stream" not in head.headers.get("content-type", "text/event-stream").lower():
        content = yield from _whole_body()
        yield Finish()
        raise unexpected_answer(
            content, head.headers, asked, "a plain body where a stream was asked for"
        )
    decoder = SSEDecoder()
    done = False
    while not done:
        try:
            piece = yield Read()
        except APIConnectionError as error:
            failure = _interrupted(error, head, normaliser)
            raise failure from (error if failure is not error else error.__cause__)
        assert piece is None or isinstance(piece, bytes)
        events = decoder.flush() if piece is None else decoder.feed(piece)
        deltas: list[Delta] = []
        broken: SiliconFlowError | None = None
        try:
            done = _take_events(events, normaliser, deltas, head, asked, at_end=piece is None)
        except SiliconFlowError as error:
            broken = error
        if deltas:  # also those that came before an error: they are the caller's
            progress.handed_out = True
            yield Emit(deltas)
        if broken is not None:
            raise broken
        if piece is None and not done:
            if not normaliser.is_complete:
                raise _ended_early(call, head, normaliser, decoder)
            done = True
        if done and normaliser.is_empty and not (call.may_be_empty or normaliser.ran_out):
            raise EmptyAnswerError(
                trace_id=head.trace_id, host=asked.host, model=normaliser.model or asked.model
            )
    progress.handed_out = True
    yield Emit(normaliser.finish())
    yield Finish()


def _take_events(
    events: list[bytes],
    normaliser: DeltaNormaliser,
    deltas: list[Delta],
    head: Head,
    asked: Asked,
    *,
    at_end: bool,
) -> bool:
    """Append the deltas of `events`; tell whether `[DONE]` was among them."""
    for event in events:
        if event == DONE or event.strip() == DONE:
            return True
        try:
            chunk: JsonValue = pydantic_core.from_json(event, cache_strings="keys")
        except ValueError as error:
            if at_end:  # cut in the middle of a line: the end is early, not the JSON broken
                return False
            raise unexpected_answer(event, head.headers, asked, "an event is not JSON") from error
        if not isinstance(chunk, dict):
            raise unexpected_answer(event, head.headers, asked, "an event is not an object")
        if "choices" not in chunk or chunk.get("error"):
            said = error_from_event(chunk, head.headers, asked)
            if said is not None:
                raise said
        try:
            normaliser.feed(chunk, deltas)
        except UndocumentedShapeError as error:
            raise unexpected_answer(event, head.headers, asked, str(error)) from error
    return False


def _interrupted(
    error: APIConnectionError, head: Head, normaliser: DeltaNormaliser
) -> APIConnectionError:
    """The same failure, with what had come; time-outs stay time-outs."""
    if type(error) is APIConnectionError:
        error = StreamInterruptedError(
            f"The stream broke off: {error.message}",
            hint=error.hint or _PARTIAL_HINT,
            host=error.host,
            model=error.model,
        )
    error.partial = "".join(normaliser.text)
    error.partial_reasoning = "".join(normaliser.reasoning)
    error.trace_id = head.trace_id
    return error


def _ended_early(
    call: StreamCall, head: Head, normaliser: DeltaNormaliser, decoder: SSEDecoder
) -> APIResponseError | SiliconFlowError:
    # A body of its own, and not the first bytes of an event that was cut off.
    if decoder.stray.lstrip().startswith((b"{", b"[", b'"', b"<")) and normaliser.is_empty:
        return unexpected_answer(decoder.stray, head.headers, call.asked, "not a stream of events")
    return StreamInterruptedError(
        "The stream ended before a finish_reason or [DONE].",
        host=call.asked.host,
        model=call.asked.model,
        partial="".join(normaliser.text),
        partial_reasoning="".join(normaliser.reasoning),
        trace_id=head.trace_id,
        hint=_PARTIAL_HINT,
    )
