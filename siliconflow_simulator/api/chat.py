"""`POST /chat/completions`."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from siliconflow_simulator._wire import event_stream, json_response
from siliconflow_simulator.answers.from_text.chat import answer_chat
from siliconflow_simulator.api._chat_payloads import (
    Identity,
    completion_payload,
    style_of,
    usage_of,
)
from siliconflow_simulator.api._chat_request import check_chat
from siliconflow_simulator.api._chat_stream import ChatStream
from siliconflow_simulator.api._routes import Route

if TYPE_CHECKING:
    from siliconflow_simulator._wire import SimResponse
    from siliconflow_simulator.api._exchange import Exchange


def chat(exchange: Exchange) -> SimResponse:
    """Answer a chat request, whole or as a stream."""
    settings = exchange.service.settings
    call = check_chat(exchange.json(), exchange.service.facts)
    style = style_of(call.model) if settings.stream_style == "auto" else settings.stream_style
    answer = answer_chat(
        call,
        text_before_tools=settings.text_before_tools,
        # Measured on Qwen3.5-4B only; elsewhere the documents exempt the thinking.
        budget_covers_thinking=style_of(call.model) == "vllm",
    )
    if style == "vllm" and call.forced and answer.finish_reason == "tool_calls":
        # Qwen3.5-4B says "stop" after a forced call (probe of 13 September 2026).
        answer = answer.finished("stop")
    answers = [answer] * call.n
    identity = Identity(exchange.digest, call.model, style)
    cached = int(call.prompt_tokens * settings.cached_share)
    if call.stream:
        stream = ChatStream(
            identity,
            prompt_tokens=call.prompt_tokens,
            cached_tokens=cached,
            empty_follow_up_ids=settings.empty_follow_up_ids,
            broken_calls=not call.facts.streaming_tools,
        )
        return event_stream(list(stream.chunks(answers)))
    usage = usage_of(
        call.prompt_tokens,
        answer.tokens * call.n,
        answer.reasoning_tokens * call.n,
        cached,
    )
    return json_response(completion_payload(identity, answers, usage))


ROUTES: Final = (Route("POST", "/v1/chat/completions", chat),)
