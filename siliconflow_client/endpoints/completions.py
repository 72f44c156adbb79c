"""`POST /completions`: continue a text, or fill in the middle.

As a chat, it goes on as a stream inside after a 504, and with another model when one is busy.
"""

from __future__ import annotations

import functools
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Required, TypedDict, cast

from siliconflow_client._json import JsonObject, JsonValue
from siliconflow_client.endpoints.chat_detours import as_stream, unless_too_slow, with_fallbacks
from siliconflow_client.endpoints.chat_stream import ChatDecoder
from siliconflow_client.endpoints.checks import check_string, checked_body, model_of
from siliconflow_client.endpoints.deltas import Delta, FinishReason, finish_reason_from_wire
from siliconflow_client.endpoints.joining import sorted_deltas
from siliconflow_client.endpoints.shapes import as_object, count, filled_list, read_object, text
from siliconflow_client.endpoints.usage import Usage, read_usage
from siliconflow_client.errors.response import Head
from siliconflow_client.protocol.actions import Flow
from siliconflow_client.protocol.context import RequestContext, StreamState
from siliconflow_client.protocol.flow import Call, StreamCall
from siliconflow_client.protocol.requests import EVENT_STREAM, Request, json_content

_DECODER = functools.partial(ChatDecoder, may_be_empty=True)
"""An empty completion is an answer too."""


class CompletionRequest(TypedDict, total=False):
    """Body of `POST /completions`."""

    model: Required[str]
    prompt: Required[str]
    suffix: str
    max_tokens: int
    temperature: float
    top_p: float
    top_k: int
    min_p: float
    frequency_penalty: float
    presence_penalty: float
    repetition_penalty: float
    seed: int
    n: int
    stop: str | list[str]
    logit_bias: dict[str, float]


@dataclass(slots=True)
class TextChoice:
    """One text completion."""

    index: int
    text: str
    finish_reason: FinishReason | None
    logprobs: JsonObject | None = None


@dataclass(slots=True)
class TextCompletion:
    """Answer of `POST /completions`; `choices` holds at least one.

    `fallback_from` is the model that was asked for, where another one answered.
    """

    id: str
    model: str
    created: int
    choices: list[TextChoice]
    usage: Usage | None
    trace_id: str | None
    raw: JsonObject
    fallback_from: str | None = None

    @property
    def text(self) -> str:
        """Text of the first choice."""
        return self.choices[0].text


def read_completion(content: bytes, head: Head) -> TextCompletion:
    """Read the answer of `POST /completions`."""
    answer = read_object(content)
    choices: list[TextChoice] = []
    for position, item in enumerate(filled_list(answer, "choices")):
        wire = as_object(item, "a choice")
        reason = wire.get("finish_reason")
        choices.append(
            TextChoice(
                index=count(wire.get("index", position)),
                text=text(wire, "text"),
                finish_reason=finish_reason_from_wire(str(reason)) if reason else None,
                logprobs=cast("JsonObject | None", wire.get("logprobs")),
            )
        )
    choices.sort(key=lambda choice: choice.index)
    return TextCompletion(
        id=text(answer, "id"),
        model=text(answer, "model"),
        created=count(answer.get("created")),
        choices=choices,
        usage=read_usage(answer),
        trace_id=head.trace_id,
        raw=answer,
    )


@dataclass(frozen=True, slots=True)
class CompletionPlan:
    """A completion with one answer."""

    request: Request

    def flow(self, context: RequestContext) -> Flow[TextCompletion]:
        """Ask, in another way or another model where that helps."""
        asked_for: list[str] = []
        answer = yield from with_fallbacks(
            self.request,
            context,
            lambda request: unless_too_slow(
                Call(request, read_completion), context, functools.partial(_joined, request)
            ),
            asked_for.append,
        )
        answer.fallback_from = asked_for[0] if asked_for else None
        return answer


@dataclass(frozen=True, slots=True)
class CompletionStreamPlan:
    """A completion that is answered by a stream."""

    request: Request

    def flow(self, context: RequestContext, state: StreamState[Delta]) -> Flow[None]:
        """Ask, and another model where that helps, before the first delta."""

        def went_on(asked_for: str) -> None:
            state.fallback_from = asked_for

        yield from with_fallbacks(
            self.request,
            context,
            lambda request: StreamCall(request, _DECODER).flow(context, state),
            went_on,
            may_go_on=lambda: not state.handed_out,
        )


def completion_call(
    request: CompletionRequest, extra_body: Mapping[str, JsonValue] | None
) -> CompletionPlan:
    """Ask for a whole completion.

    Raises:
        ConfigurationError: An argument of the wrong kind; `.argument` names it.
    """
    return CompletionPlan(_request(request, extra_body, stream=False))


def completion_stream_call(
    request: CompletionRequest, extra_body: Mapping[str, JsonValue] | None
) -> CompletionStreamPlan:
    """Ask for a completion in pieces; as `completion_call`."""
    return CompletionStreamPlan(_request(request, extra_body, stream=True))


def _joined(request: Request, context: RequestContext) -> Flow[TextCompletion]:
    """Ask for a stream and join it; nothing was handed out, so a break is tried again."""
    state = StreamState[Delta]()
    deltas = yield from StreamCall(as_stream(request), _DECODER).collected(context, state)
    return join_pieces(deltas, None if state.head is None else state.head.trace_id)


def join_pieces(deltas: Sequence[Delta], trace_id: str | None) -> TextCompletion:
    """Put a whole completion together.

    Args:
        deltas: All that a finished stream gave; the last one of every choice ends it.
        trace_id: The `x-siliconcloud-trace-id` header.
    """
    by_choice, usage, created = sorted_deltas(deltas)
    choices = [_choice(index, of_one) for index, of_one in by_choice]
    last = deltas[-1]
    raw: dict[str, object] = {
        "id": last.id,
        "object": "text_completion",
        "created": created,
        "model": last.model,
        "choices": [
            {
                "index": choice.index,
                "text": choice.text,
                "finish_reason": choice.finish_reason,
                "logprobs": choice.logprobs,
            }
            for choice in choices
        ],
        "usage": None if usage is None else usage.raw,
    }
    return TextCompletion(
        id=last.id,
        model=last.model,
        created=created,
        choices=choices,
        usage=usage,
        trace_id=trace_id,
        raw=cast("JsonObject", raw),
    )


def _choice(index: int, deltas: Sequence[Delta]) -> TextChoice:
    return TextChoice(
        index=index,
        text="".join(delta.text for delta in deltas),
        finish_reason=deltas[-1].finish_reason,
        logprobs=_joined_logprobs(deltas),
    )


def _joined_logprobs(deltas: Sequence[Delta]) -> JsonObject | None:
    """Lists beside one another (`tokens`, `token_logprobs`, …), each piece's behind the last."""
    joined: dict[str, list[JsonValue]] = {}
    found = False
    for delta in deltas:
        if delta.logprobs is not None:
            found = True
            for name, values in delta.logprobs.items():
                if isinstance(values, list):
                    joined.setdefault(name, []).extend(values)
    return {**joined} if found else None


def _request(
    request: CompletionRequest, extra_body: Mapping[str, JsonValue] | None, *, stream: bool
) -> Request:
    body = checked_body("completions", cast("Mapping[str, object]", request), extra_body)
    prompt = body.get("prompt")
    if not (prompt == "" and body.get("suffix")):  # at the start of a file, nothing comes before
        check_string(prompt, "prompt")
    body["stream"] = stream
    return Request(
        "POST",
        "/completions",
        json_content(body),
        model=model_of(body),
        accept=EVENT_STREAM if stream else "application/json",
    )
