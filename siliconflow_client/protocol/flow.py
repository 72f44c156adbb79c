"""No I/O: the life of one request, as a generator of actions.

It yields what it wants done and is sent the outcome (see `protocol.actions`), so retrying,
decoding and everything that takes several requests is written once, and runs the same under the
synchronous and the asynchronous driver. Flows are composed with `yield from`: another model, a
poll, a next page, an upload before a job are flows too.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Generic, Protocol, TypeVar, cast

from siliconflow_client.errors.mapping import (
    UndocumentedShapeError,
    error_from_response,
    unexpected_answer,
)
from siliconflow_client.errors.response import Head, Target
from siliconflow_client.errors.tree import (
    APIConnectionError,
    SiliconFlowError,
    StreamInterruptedError,
)
from siliconflow_client.protocol.actions import (
    Drop,
    Elapsed,
    Emit,
    Finish,
    Flow,
    Read,
    Send,
    Wait,
)
from siliconflow_client.protocol.decoders import Partial, StreamDecoder
from siliconflow_client.protocol.options import EmptyAnswers
from siliconflow_client.protocol.requests import EVENT_STREAM, Request
from siliconflow_client.protocol.retry import RetryPolicy

T = TypeVar("T")
T_co = TypeVar("T_co", covariant=True)
D = TypeVar("D")

PARTIAL_HINT = "what came is in .partial; ask again, or ask the model to go on from there."


@dataclass(frozen=True, slots=True)
class RequestContext:
    """What a flow has to know of the client that runs it.

    Attributes:
        host: The host that is asked, for errors.
        policy: How often to try, and how long.
        jitter: A number from 0 to 1, new at each call.
        empty_answers: What becomes of an answer of nothing that came twice.
        mend_reasoning: Whether a history without the thinking that a model asks for is sent once
            more in another form.
        tool_markup: Whether tool calls that a model wrote as text become tool calls.
    """

    host: str
    policy: RetryPolicy
    jitter: Callable[[], float]
    empty_answers: EmptyAnswers = "return"
    mend_reasoning: bool = True
    tool_markup: bool = True

    def target(self, request: Request) -> Target:
        """The part of a request that errors may show."""
        return Target(self.host, request.path, request.model)


class StreamState(Generic[D]):
    """What a stream knows so far; shared with the object that the caller holds."""

    __slots__ = ("decoder", "handed_out", "head")

    def __init__(self) -> None:
        self.head: Head | None = None
        self.decoder: StreamDecoder[D] | None = None
        self.handed_out = False


class Plan(Protocol[T_co]):
    """Something to ask for: a request with one answer, or several requests in a row."""

    def flow(self, context: RequestContext) -> Flow[T_co]:
        """The actions that it takes; the result is what the flow returns."""
        ...


class StreamPlan(Protocol[D]):
    """Something to ask for that is answered piece by piece."""

    def flow(self, context: RequestContext, state: StreamState[D]) -> Flow[None]:
        """The actions that it takes; the items are emitted."""
        ...


@dataclass(frozen=True, slots=True)
class Call(Generic[T]):
    """A request with one answer.

    Attributes:
        request: What is sent.
        parse: Makes the result of body and head. Raises `UndocumentedShapeError` for a body of
            another shape, any other `ValueError` for one that is not JSON.
    """

    request: Request
    parse: Callable[[bytes, Head], T]

    def flow(self, context: RequestContext) -> Flow[T]:
        """Send, and again as the policy says, until there is a result or nothing more to try."""
        return with_retries(lambda: _attempt(self, context), context, self.request)


@dataclass(frozen=True, slots=True)
class StreamCall(Generic[D]):
    """A request that is answered by a stream.

    Attributes:
        request: What is sent.
        decoder: Makes a decoder for one attempt's answer.
        content_types: What a stream's `content-type` may hold; an answer without one passes.
    """

    request: Request
    decoder: Callable[[Target, Head], StreamDecoder[D]]
    content_types: tuple[str, ...] = (EVENT_STREAM,)

    def flow(self, context: RequestContext, state: StreamState[D]) -> Flow[None]:
        """As for one answer, but never again once an item has been handed out."""
        return with_retries(
            lambda: _stream_attempt(self, context, state),
            context,
            self.request,
            may_retry=lambda: not state.handed_out,
        )

    def collected(self, context: RequestContext) -> Flow[list[D]]:
        """The same with all items as the result; tried again also after a stream that broke."""
        return with_retries(
            lambda: _collected(self, context),
            context,
            self.request,
        )


def with_retries(
    attempt: Callable[[], Flow[T]],
    context: RequestContext,
    request: Request,
    *,
    may_retry: Callable[[], bool] = lambda: True,
) -> Flow[T]:
    """Run `attempt` until it succeeds, or until the policy has no more attempts for its error."""
    policy = context.policy
    attempts = 0
    while True:
        attempts += 1
        try:
            return (yield from attempt())
        except SiliconFlowError as error:
            delay = None
            if may_retry():
                delay = policy.delay(error, attempts, context.jitter(), request.resend)
            if delay is None:
                if attempts > 1:
                    error.add_note(f"This was attempt {attempts}.")
                raise
            if policy.deadline is not None:
                elapsed = yield Elapsed()
                assert isinstance(elapsed, float)
                if elapsed + delay >= policy.deadline:
                    error.add_note(
                        f"This was attempt {attempts}; the wait before the next one "
                        f"({delay:.1f} s) would outlast the deadline of {policy.deadline:g} s."
                    )
                    raise
            failure = error
        yield Drop()
        yield Wait(delay, failure)
        del failure


def _attempt(call: Call[T], context: RequestContext) -> Flow[T]:
    target = context.target(call.request)
    head = yield Send(call.request)
    assert isinstance(head, Head)
    content = yield from _whole_body()
    yield Finish()
    if not head.is_success:
        raise error_from_response(head, content, target)
    try:
        return call.parse(content, head)
    except UndocumentedShapeError as error:
        raise unexpected_answer(content, head, target, str(error)) from error
    except SiliconFlowError as error:
        error.host, error.model = target.host, target.model
        error.trace_id = head.trace_id
        raise
    except ValueError as error:
        what = "not JSON" if content.strip() else "an empty body"
        raise unexpected_answer(content, head, target, what) from error


def _whole_body() -> Flow[bytes]:
    pieces: list[bytes] = []
    while (piece := (yield Read())) is not None:
        assert isinstance(piece, bytes)
        pieces.append(piece)
    return b"".join(pieces)


def _stream_attempt(
    call: StreamCall[D], context: RequestContext, state: StreamState[D]
) -> Flow[None]:
    target = context.target(call.request)
    head = yield Send(call.request)
    assert isinstance(head, Head)
    decoder = call.decoder(target, head)
    state.head, state.decoder = head, decoder
    kind = head.content_type
    is_stream = not kind or any(known in kind for known in call.content_types)
    if not (head.is_success and is_stream):
        content = yield from _whole_body()
        yield Finish()
        if not head.is_success:
            raise error_from_response(head, content, target)
        raise unexpected_answer(content, head, target, "a plain body where a stream was asked for")
    at_end = False
    while not at_end:
        try:
            piece = yield Read()
        except APIConnectionError as error:
            failure = _interrupted(error, head, decoder.partial)
            raise failure from (error if failure is not error else error.__cause__)
        assert piece is None or isinstance(piece, bytes)
        items: list[D] = []
        broken: SiliconFlowError | None = None
        try:
            if piece is not None:
                decoder.feed(piece, items)
            at_end = piece is None or decoder.is_complete
            if at_end:
                decoder.finish(items)
        except SiliconFlowError as error:
            broken = error
        if items:  # also those that came before an error: they are the caller's
            state.handed_out = True
            yield Emit(items)
        if broken is not None:
            raise broken
    yield Finish()


def _collected(call: StreamCall[D], context: RequestContext) -> Flow[list[D]]:
    """Keep what an attempt emits, and pass on everything else that it asks for."""
    items: list[D] = []
    flow = _stream_attempt(call, context, StreamState())
    try:
        action = next(flow)
        while True:
            if isinstance(action, Emit):
                items.extend(cast("Sequence[D]", action.items))
                action = flow.send(None)
                continue
            try:
                outcome = yield action
            except SiliconFlowError as error:
                action = flow.throw(error)
            else:
                action = flow.send(outcome)
    except StopIteration:
        return items


def _interrupted(error: APIConnectionError, head: Head, partial: Partial) -> APIConnectionError:
    """The same failure, with what had come; time-outs stay time-outs."""
    if type(error) is APIConnectionError:
        error = StreamInterruptedError(
            f"The stream broke off: {error.message}",
            hint=error.hint or PARTIAL_HINT,
            host=error.host,
            model=error.model,
        )
    error.partial, error.partial_reasoning = partial.text, partial.reasoning
    error.trace_id = head.trace_id
    return error
