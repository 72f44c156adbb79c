"""What a completion does beyond one request: a stream inside after a 504, another model."""

from __future__ import annotations

import functools
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import cast

from siliconflow_client._json import JsonObject, JsonValue
from siliconflow_client.endpoints.chat_detours import as_stream, unless_too_slow, with_fallbacks
from siliconflow_client.endpoints.chat_stream import ChatDecoder
from siliconflow_client.endpoints.completions import (
    CompletionRequest,
    TextChoice,
    TextCompletion,
    completion_request,
    read_completion,
)
from siliconflow_client.endpoints.deltas import Delta
from siliconflow_client.endpoints.usage import Usage
from siliconflow_client.protocol.actions import Flow
from siliconflow_client.protocol.context import RequestContext, StreamState
from siliconflow_client.protocol.flow import Call, StreamCall
from siliconflow_client.protocol.requests import Request

_DECODER = functools.partial(ChatDecoder, may_be_empty=True)
"""An empty completion is an answer too."""


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
    return CompletionPlan(completion_request(request, extra_body, stream=False))


def completion_stream_call(
    request: CompletionRequest, extra_body: Mapping[str, JsonValue] | None
) -> CompletionStreamPlan:
    """Ask for a completion in pieces; as `completion_call`."""
    return CompletionStreamPlan(completion_request(request, extra_body, stream=True))


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
    by_choice: dict[int, list[Delta]] = {}
    usage: Usage | None = None
    for delta in deltas:
        by_choice.setdefault(delta.index, []).append(delta)
        usage = delta.usage or usage
    choices = [_choice(index, by_choice[index]) for index in sorted(by_choice)]
    last = deltas[-1]
    created = next((made for delta in deltas if (made := delta.raw.get("created"))), 0)
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
