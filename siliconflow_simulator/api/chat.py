"""`POST /chat/completions`."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Final

from siliconflow_simulator._wire import event_stream, json_response
from siliconflow_simulator.answers.call import NamedTool
from siliconflow_simulator.api._chat_payloads import (
    Identity,
    completion_payload,
    style_of,
    usage_of,
)
from siliconflow_simulator.api._chat_request import check_chat, top_logprobs
from siliconflow_simulator.api._chat_stream import ChatStream, StreamForm
from siliconflow_simulator.api._delivery import choices_of, deliver
from siliconflow_simulator.api._fields import include_usage
from siliconflow_simulator.api._routes import Route

if TYPE_CHECKING:
    from collections.abc import Sequence

    from siliconflow_simulator._wire import SimResponse
    from siliconflow_simulator.answers.answer import Answer
    from siliconflow_simulator.answers.call import ChatCall
    from siliconflow_simulator.api._exchange import Exchange


def chat(exchange: Exchange) -> SimResponse:
    """Answer a chat request, whole or as a stream."""
    body = exchange.json()
    call = check_chat(body, exchange.service)
    chosen = exchange.service.settings.stream_style
    style = style_of(call.model) if chosen == "auto" else chosen
    native = style == "vllm-native"
    form = StreamForm(
        style,
        exchange.service.settings.follow_up,
        broken_calls=not call.facts.streaming_tools,
        include_usage=native and include_usage(body),
        top_logprobs=top_logprobs(body) if native else None,
    )
    answers = choices_of(exchange.service.chat, call)
    return deliver(answers, lambda: _respond(exchange, call, form, answers))


def _respond(
    exchange: Exchange, call: ChatCall, form: StreamForm, answers: Sequence[Answer]
) -> SimResponse:
    named = isinstance(call.choice, NamedTool)
    if (form.style == "vllm" and call.forced) or (form.style == "vllm-native" and named):
        # Qwen3.5-4B says so after a forced call (probe of 13 September 2026), vLLM 0.32 itself
        # after a named one.
        answers = [replace(a, finish_reason=a.finish_reason or "stop") for a in answers]
    identity = Identity(exchange.digest, call.model, form.style)
    cached = int(call.prompt_tokens * exchange.service.settings.cached_share)
    usage = usage_of(call, answers, form.style, cached)
    if call.stream:
        return event_stream(list(ChatStream(identity, form, usage).chunks(answers)))
    return json_response(completion_payload(identity, answers, usage, form.top_logprobs))


ROUTES: Final = (Route("POST", "/v1/chat/completions", chat),)
