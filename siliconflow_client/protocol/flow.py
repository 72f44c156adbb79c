"""No I/O: the life of one request, as a generator of actions.

It yields what it wants done and is sent the outcome (see `protocol.actions`), so retrying,
decoding and everything that takes several requests is written once, and runs the same under the
synchronous and the asynchronous driver. Flows are composed with `yield from`: another model, a
poll, a next page, an upload before a job are flows too.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Generic, TypeVar, cast

from siliconflow_client.errors.mapping import (
    UndocumentedShapeError,
    error_from_response,
    too_long,
    unexpected_answer,
)
from siliconflow_client.errors.response import Head, Target
from siliconflow_client.errors.tree import (
    APIConnectionError,
    EmptyAnswerError,
    RateLimitError,
    SiliconFlowError,
    StreamInterruptedError,
)
from siliconflow_client.protocol.actions import (
    Answer,
    Drop,
    Elapsed,
    Emit,
    Fetch,
    Finish,
    Flow,
    Read,
    Reserve,
    Send,
    Settle,
    Wait,
)
from siliconflow_client.protocol.context import Observer, RequestContext, StreamState
from siliconflow_client.protocol.decoders import PARTIAL_HINT, Partial, StreamDecoder
from siliconflow_client.protocol.demands import MOST_PLACES, demand_of, tokens_of
from siliconflow_client.protocol.gathering import Gathered
from siliconflow_client.protocol.requests import EVENT_STREAM, Request
from siliconflow_client.protocol.sse import LONGEST_EVENT, EventTooLongError

T = TypeVar("T")
T_co = TypeVar("T_co", covariant=True)
D = TypeVar("D")

MAX_ERROR_BYTES = 2**20
"""What is read of an answer that is none; the errors of the API are a few hundred bytes."""

_ANSWER_HINT = "if such an answer is meant, raise max_answer_bytes (of ClientConfig)."
_EVENT_HINT = (
    "no event of the API is that long, so something else may have answered; without streaming, "
    "an answer may have max_answer_bytes (of ClientConfig)."
)


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

    def flow(
        self, context: RequestContext, *, until: Callable[[SiliconFlowError], bool] | None = None
    ) -> Flow[T]:
        """Send, and again as the policy says, until there is a result or nothing more to try.

        Args:
            context: The client's settings.
            until: Tells failures that are raised at once, since the caller goes another way.
        """
        return with_retries(lambda: _attempt(self, context), context, self.request, until=until)


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
            told=lambda: state.decoder,
        )

    def collected(self, context: RequestContext, state: StreamState[D]) -> Flow[list[D]]:
        """The same with all items as the result; tried again also after a stream that broke."""

        def attempt() -> Flow[list[D]]:
            items: list[D] = []
            yield from _received(self, context, state, items.extend)
            return items

        return with_retries(attempt, context, self.request, told=lambda: state.decoder)

    def received(
        self, context: RequestContext, begin: Callable[[], Callable[[Sequence[D]], object]]
    ) -> Flow[None]:
        """The same with the items given to a receiver, and tried again like `collected`.

        Args:
            context: Of the client that runs it.
            begin: Makes the receiver of an attempt, which forgets what an earlier one was given.
        """
        state: StreamState[D] = StreamState()
        return with_retries(lambda: _received(self, context, state, begin()), context, self.request)


def with_retries(
    attempt: Callable[[], Flow[T]],
    context: RequestContext,
    request: Request,
    *,
    may_retry: Callable[[], bool] = lambda: True,
    until: Callable[[SiliconFlowError], bool] | None = None,
    told: Callable[[], object] | None = None,
) -> Flow[T]:
    """Run `attempt` until it succeeds, or until the policy has no more attempts for its error."""
    policy = context.policy
    demand = demand_of(request) if context.is_limited else None
    attempts = 0
    while True:
        attempts += 1
        if demand is not None:
            yield Reserve(demand)
        try:
            if context.observer is None:
                result = yield from attempt()
            else:
                result = yield from _observed(attempt, context.observer, request, told)
            if demand is not None:
                yield Settle(tokens_of(result if told is None else told()))
            return result
        except SiliconFlowError as error:
            delay = None
            if may_retry() and not (until and until(error)):
                delay = policy.delay(error, attempts, context.jitter(), request.resend)
            if demand is not None:
                refusal = error if isinstance(error, RateLimitError) else None
                yield Settle(refusal=refusal)
                if refusal is not None and may_retry() and attempts < MOST_PLACES:
                    delay = 0.0  # the next place says how long to wait
            if delay is None:
                error.attempts = attempts
                raise
            if policy.deadline is not None:
                elapsed = yield Elapsed()
                assert isinstance(elapsed, float)
                if elapsed + delay >= policy.deadline:
                    error.attempts = attempts
                    error.add_note(
                        f"The wait before the next attempt ({delay:.1f} s) would outlast the "
                        f"deadline of {policy.deadline:g} s."
                    )
                    raise
            failure = error
        yield Drop()
        yield Wait(delay, failure, attempts)
        del failure


def _observed(
    attempt: Callable[[], Flow[T]],
    observer: Observer,
    request: Request,
    told: Callable[[], object] | None,
) -> Flow[T]:
    """Run an attempt, and tell what came of it, also when it broke off or was left early."""
    answer: object = None
    try:
        answer = result = yield from attempt()
        return result
    except EmptyAnswerError as error:
        answer = error.answer
        raise
    finally:
        observer.answered(request, answer if told is None else told())


def _attempt(call: Call[T], context: RequestContext) -> Flow[T]:
    target = context.target(call.request)
    limit = context.max_answer_bytes if call.request.is_bounded else None
    answer = yield Fetch(call.request, limit, MAX_ERROR_BYTES)
    assert isinstance(answer, Answer)
    head, content, is_whole = answer.head, answer.content, answer.is_whole
    del answer
    failure: SiliconFlowError
    cause: BaseException | None = None
    if not head.is_success:
        failure = error_from_response(head, content, target)
    elif not is_whole:
        assert limit is not None
        failure = too_long("The answer", limit, head, target, _ANSWER_HINT)
    else:
        try:
            return call.parse(content, head)
        except SiliconFlowError as error:
            error.host, error.model = target.host, target.model
            error.trace_id = head.trace_id
            failure, cause = error, error.__cause__
        except ValueError as error:
            what = "not JSON" if content.strip() else "an empty body"
            if isinstance(error, UndocumentedShapeError):
                what = str(error)
            failure, cause = unexpected_answer(content, head, target, what), error
    # Tracebacks may be shown with their local variables, which hold what came.
    del content
    raise failure.with_traceback(None) from (cause and cause.with_traceback(None))


def read_body(limit: int | None) -> Flow[tuple[bytes, bool]]:
    """Read up to `limit` bytes, be done with the connection, and tell whether that was all."""
    gathered = Gathered(limit)
    while gathered.is_whole and (piece := (yield Read())) is not None:
        assert isinstance(piece, bytes)
        gathered.add(piece)
    yield Finish() if gathered.is_whole else Drop()
    return gathered.content(), gathered.is_whole


def _diagnosed() -> Flow[bytes]:
    """As much of a body as an error needs."""
    content, _ = yield from read_body(MAX_ERROR_BYTES)
    return content


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
        if not head.is_success:
            raise error_from_response(head, (yield from _diagnosed()), target)
        raise unexpected_answer(
            (yield from _diagnosed()), head, target, "a plain body where a stream was asked for"
        )
    at_end = False
    while not at_end:
        try:
            piece = yield Read()
        except APIConnectionError as error:
            failure = _interrupted(error, head, decoder.partial)
            raise failure from (error if failure is not error else error.__cause__)
        assert piece is None or isinstance(piece, bytes)
        at_end = piece is None
        items: list[D] = []
        broken: SiliconFlowError | None = None
        try:
            if piece is not None:
                decoder.feed(piece, items)
            at_end = at_end or decoder.is_complete
            if at_end:
                decoder.finish(items)
        except SiliconFlowError as error:
            broken = error.with_traceback(None)  # its frames hold what came
            if broken.__cause__ is not None:
                broken.__cause__.__traceback__ = None
        except EventTooLongError:
            broken = too_long("An event", LONGEST_EVENT, head, target, _EVENT_HINT)
        if items:  # also those that came before an error: they are the caller's
            state.handed_out = True
            yield Emit(items)
        if broken is not None:
            del piece, items
            raise broken
    yield Finish()


def _received(
    call: StreamCall[D],
    context: RequestContext,
    state: StreamState[D],
    receive: Callable[[Sequence[D]], object],
) -> Flow[None]:
    """Give what an attempt emits to `receive`, and pass on everything else that it asks for."""
    flow = _stream_attempt(call, context, state)
    try:
        action = next(flow)
        while True:
            if isinstance(action, Emit):
                receive(cast("Sequence[D]", action.items))
                action = flow.send(None)
                continue
            try:
                outcome = yield action
            except SiliconFlowError as error:
                action = flow.throw(error)
            else:
                action = flow.send(outcome)
    except StopIteration:
        return
    finally:
        outcome = None  # tracebacks may show it, and it is what came


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
