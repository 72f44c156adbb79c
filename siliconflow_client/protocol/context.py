"""What a flow has to know, and what a thing to ask for looks like."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Generic, Protocol, TypeVar

from siliconflow_client.errors.response import Head, Target
from siliconflow_client.protocol.actions import Flow
from siliconflow_client.protocol.decoders import StreamDecoder
from siliconflow_client.protocol.options import (
    DEFAULT_MAX_ANSWER_BYTES,
    EmptyAnswers,
    LongAnswers,
)
from siliconflow_client.protocol.requests import Request
from siliconflow_client.protocol.retry import RetryPolicy

T_co = TypeVar("T_co", covariant=True)
D = TypeVar("D")


class Observer(Protocol):
    """Is told about one call, by the flow and by the exchange; nothing that it does may raise."""

    def sent(self, request: Request) -> None:
        """A request goes out."""
        ...

    def began(self, head: Head) -> None:
        """An answer has begun."""
        ...

    def answered(self, request: Request, told: object) -> None:
        """An attempt is over.

        Args:
            request: What was asked.
            told: What came: a result, or the decoder of a stream, also of one that broke off.
        """
        ...

    def ended(self, seconds: float) -> None:
        """The call is over, however it ended, after so many seconds."""
        ...


@dataclass(frozen=True, slots=True)
class RequestContext:
    """What a flow has to know of the client that runs it.

    Attributes:
        host: The host that is asked, for errors.
        policy: How often to try, and how long.
        jitter: A number from 0 to 1, new at each call.
        empty_answers: What becomes of an answer of nothing that came twice.
        long_answers: When a plain chat call or completion is asked for as a stream inside.
        fallback_models: Models to go on with, in their order, when one cannot answer.
        mend_reasoning: Whether a history without the thinking that a model asks for is sent once
            more in another form.
        tool_markup: Whether tool calls that a model wrote as text become tool calls.
        is_limited: Whether requests wait for a place among those of their account.
        max_answer_bytes: The longest plain answer that is read.
        observer: Is told of the answers of this call.
    """

    host: str
    policy: RetryPolicy
    jitter: Callable[[], float]
    empty_answers: EmptyAnswers = "return"
    long_answers: LongAnswers = "after_504"
    fallback_models: tuple[str, ...] = ()
    mend_reasoning: bool = True
    tool_markup: bool = True
    max_answer_bytes: int = DEFAULT_MAX_ANSWER_BYTES
    is_limited: bool = False
    observer: Observer | None = None

    def after_one_attempt(self) -> RequestContext:
        """The same with one attempt less, for a request that goes on where another one failed."""
        return replace(self, policy=replace(self.policy, max_retries=self.policy.max_retries - 1))

    def target(self, request: Request) -> Target:
        """The part of a request that errors may show."""
        return request.target(self.host)


class StreamState(Generic[D]):
    """What a stream knows so far; shared with the object that the caller holds."""

    __slots__ = ("decoder", "fallback_from", "handed_out", "head")

    def __init__(self) -> None:
        self.head: Head | None = None
        self.decoder: StreamDecoder[D] | None = None
        self.handed_out = False
        self.fallback_from: str | None = None


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
