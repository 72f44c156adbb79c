"""`POST /chat/completions`."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Final

from siliconflow_simulator._wire import event_stream, json_response
from siliconflow_simulator.api._chat_payloads import (
    Identity,
    completion_payload,
    style_of,
    usage_of,
)
from siliconflow_simulator.api._chat_request import check_chat
from siliconflow_simulator.api._chat_stream import ChatStream
from siliconflow_simulator.api._delivery import choices_of, deliver
from siliconflow_simulator.api._routes import Route

if TYPE_CHECKING:
    from collections.abc import Sequence

    from siliconflow_simulator._wire import SimResponse
    from siliconflow_simulator.answers.answer import Answer
    from siliconflow_simulator.answers.call import ChatCall
    from siliconflow_simulator.api._exchange import Exchange


def chat(exchange: Exchange) -> SimResponse:
    """Answer a chat request, whole or as a stream."""
    call = check_chat(exchange.json(), exchange.service)
    answers = choices_of(exchange.service.chat, call)
    return deliver(answers, lambda: _respond(exchange, call, answers))


def _respond(exchange: Exchange, call: ChatCall, answers: Sequence[Answer]) -> SimResponse:
    settings = exchange.service.settings
    style = style_of(call.model) if settings.stream_style == "auto" else settings.stream_style
    if style == "vllm" and call.forced:
        # Qwen3.5-4B says so after a forced call (probe of 13 September 2026).
        answers = [replace(a, finish_reason=a.finish_reason or "stop") for a in answers]
    identity = Identity(exchange.digest, call.model, style)
    usage = usage_of(call, answers, int(call.prompt_tokens * settings.cached_share))
    if call.stream:
        stream = ChatStream(
            identity,
            usage,
            follow_up=settings.follow_up,
            broken_calls=not call.facts.streaming_tools,
        )
        return event_stream(list(stream.chunks(answers)))
    return json_response(completion_payload(identity, answers, usage))


ROUTES: Final = (Route("POST", "/v1/chat/completions", chat),)
