"""What a chat call does beyond one request: answers of nothing, and thinking that was lost.

An answer of nothing is asked for once more; then it is returned as it is, since agents end
silently after a tool, and a batch must not lose what was paid for. A history whose tool turns have
no `reasoning_content` (another provider wrote them, or thinking was off) is refused by some models;
that must not end the conversation, so one more request is made.
"""

from __future__ import annotations

import functools
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import TypeVar, cast

from siliconflow_client._json import JsonObject, JsonValue
from siliconflow_client.catalogue.facts import lookup_model
from siliconflow_client.endpoints.answer_reader import AnswerRules
from siliconflow_client.endpoints.chat import (
    ChatCompletion,
    ChatRequest,
    chat_request,
    may_be_empty,
    read_chat,
)
from siliconflow_client.endpoints.chat_detours import (
    as_stream,
    body_of,
    unless_too_slow,
    with_body,
    with_fallbacks,
)
from siliconflow_client.endpoints.chat_stream import ChatDecoder
from siliconflow_client.endpoints.deltas import Delta
from siliconflow_client.endpoints.joining import join_deltas
from siliconflow_client.errors.tree import (
    BadRequestError,
    EmptyAnswerError,
)
from siliconflow_client.protocol.actions import Drop, Emit, Finish, Flow, Warn
from siliconflow_client.protocol.context import RequestContext, StreamState
from siliconflow_client.protocol.flow import Call, StreamCall
from siliconflow_client.protocol.requests import Request

T = TypeVar("T")

_LOST_REASONING = re.compile(
    r"reasoning_content.{0,80}(?:is missing|must be passed back)", re.IGNORECASE | re.DOTALL
)


@dataclass(frozen=True, slots=True)
class ChatPlan:
    """A chat request with one answer.

    Attributes:
        request: What is sent.
        rules: How the answer is to be read.
        may_be_empty: Whether an answer of nothing can be right.
    """

    request: Request
    rules: AnswerRules
    may_be_empty: bool

    def flow(self, context: RequestContext) -> Flow[ChatCompletion]:
        """Ask, and mend what can be mended."""
        asked_for: list[str] = []
        try:
            answer = yield from with_fallbacks(
                self.request,
                context,
                lambda request: _with_reasoning(
                    request,
                    self.rules.of_model(request.model),
                    context,
                    lambda mended, rules: self._ask(mended, rules, context),
                ),
                asked_for.append,
            )
            answer.fallback_from = asked_for[0] if asked_for else None
            return answer
        except EmptyAnswerError as error:
            if context.empty_answers == "raise" or not isinstance(error.answer, ChatCompletion):
                raise
            yield Warn(_returned(error, context))
            return error.answer

    def _ask(
        self, request: Request, rules: AnswerRules, context: RequestContext
    ) -> Flow[ChatCompletion]:
        parse = functools.partial(read_chat, may_be_empty=self.may_be_empty, rules=rules)
        return unless_too_slow(
            Call(request, parse),
            context,
            lambda left: self._streamed_inside(request, rules, left),
        )

    def _streamed_inside(
        self, request: Request, rules: AnswerRules, context: RequestContext
    ) -> Flow[ChatCompletion]:
        """Ask for a stream and join it; nothing was handed out, so a break is tried again."""
        decoder = functools.partial(ChatDecoder, may_be_empty=self.may_be_empty, rules=rules)
        state = StreamState[Delta]()
        trace_id = None
        try:
            deltas = yield from StreamCall(as_stream(request), decoder).collected(context, state)
        except EmptyAnswerError as error:
            last = cast("Sequence[Delta]", error.answer)
            error.answer = join_deltas(last, error.trace_id)
            raise
        if state.head is not None:
            trace_id = state.head.trace_id
        return join_deltas(deltas, trace_id)


@dataclass(frozen=True, slots=True)
class ChatStreamPlan:
    """A chat request that is answered by a stream; see `ChatPlan`."""

    request: Request
    rules: AnswerRules
    may_be_empty: bool

    def flow(self, context: RequestContext, state: StreamState[Delta]) -> Flow[None]:
        """Ask, and mend what can be mended, before the first delta."""

        def ask(request: Request, rules: AnswerRules) -> Flow[None]:
            decoder = functools.partial(ChatDecoder, may_be_empty=self.may_be_empty, rules=rules)
            return StreamCall(request, decoder).flow(context, state)

        def went_on(asked_for: str) -> None:
            state.fallback_from = asked_for

        try:
            yield from with_fallbacks(
                self.request,
                context,
                lambda request: _with_reasoning(
                    request, self.rules.of_model(request.model), context, ask
                ),
                went_on,
                may_go_on=lambda: not state.handed_out,
            )
        except EmptyAnswerError as error:
            if context.empty_answers == "raise":
                raise
            yield Warn(_returned(error, context))
            state.handed_out = True
            yield Emit(cast("Sequence[Delta]", error.answer))
            yield Finish()


def chat_call(request: ChatRequest, extra_body: Mapping[str, JsonValue] | None) -> ChatPlan:
    """Ask for a whole answer.

    Raises:
        ConfigurationError: An argument of the wrong kind; `.argument` names it.
    """
    return ChatPlan(*chat_request(request, extra_body, stream=False), may_be_empty(request))


def chat_stream_call(
    request: ChatRequest, extra_body: Mapping[str, JsonValue] | None
) -> ChatStreamPlan:
    """Ask for an answer in pieces; as `chat_call`."""
    return ChatStreamPlan(*chat_request(request, extra_body, stream=True), may_be_empty(request))


def _returned(error: EmptyAnswerError, context: RequestContext) -> str:
    tries = ", after one more try" if context.policy.max_retries else ""
    return (
        f"An answer of nothing is returned as it is{tries} (model {error.model}, "
        f'trace id {error.trace_id}); empty_answers="raise" makes it an error.'
    )


def _with_reasoning(
    request: Request,
    rules: AnswerRules,
    context: RequestContext,
    ask: Callable[[Request, AnswerRules], Flow[T]],
) -> Flow[T]:
    """Ask once more where the refusal says that thinking in the history is missing."""
    rules = rules.of_call(tool_markup=context.tool_markup)
    try:
        return (yield from ask(request, rules))
    except BadRequestError as error:
        mended = _mended(request, rules) if context.mend_reasoning else None
        if mended is None or not _LOST_REASONING.search(error.message):
            raise
        how, request, rules = mended
        yield Drop()  # a stream that told it goes on
        yield Warn(
            f"{error.model} asked for thinking that the history does not hold (trace id "
            f"{error.trace_id}); asking once more {how}."
        )
    return (yield from ask(request, rules))


def _mended(request: Request, rules: AnswerRules) -> tuple[str, Request, AnswerRules] | None:
    """The request with thinking off, where the model has a switch, else with empty thinking.

    `None` where neither would change anything.
    """
    body = body_of(request)
    has_switch = lookup_model(request.model or "").thinking == "switch"
    if has_switch and body.get("enable_thinking") is not False:
        body["enable_thinking"] = False
        return "with thinking off", with_body(request, body), rules.without_thinking()
    turns = cast("list[JsonObject]", body.get("messages") or [])
    lacking = [
        turn for turn in turns if turn.get("tool_calls") and turn.get("reasoning_content") is None
    ]
    if not lacking:
        return None
    for turn in lacking:
        turn["reasoning_content"] = ""
    return "with empty thinking", with_body(request, body), rules
