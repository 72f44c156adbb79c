"""`POST /messages`: the chat engine's answers in Anthropic's form, plain and streamed."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from siliconflow_simulator._refusals import Refusal
from siliconflow_simulator._wire import SimResponse, TimedChunk, decode, encode, json_response
from siliconflow_simulator.answers.tokens import split_tokens
from siliconflow_simulator.api._chat_payloads import Identity, style_of, usage_of
from siliconflow_simulator.api._chat_request import check_chat
from siliconflow_simulator.api._delivery import choices_of, deliver
from siliconflow_simulator.api._messages_request import chat_body
from siliconflow_simulator.api._routes import Route

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from siliconflow_client import JsonObject, JsonValue
    from siliconflow_simulator.answers.answer import Answer
    from siliconflow_simulator.answers.call import ChatCall
    from siliconflow_simulator.api._exchange import Exchange

_REASONS: Final = {
    "length": "max_tokens",
    "tool_calls": "tool_use",
    "content_filter": "refusal",
}
_ERROR_WORDS: Final = {
    400: "invalid_request_error",
    401: "authentication_error",
    402: "billing_error",
    403: "permission_error",
    404: "not_found_error",
    413: "request_too_large",
    429: "rate_limit_error",
    503: "overloaded_error",
    504: "timeout_error",
}


def messages(exchange: Exchange) -> SimResponse:
    """Answer a request, whole or as a stream."""
    body = exchange.json()
    facts = exchange.model(body, "chat")
    call = check_chat(chat_body(body, facts), exchange.service)
    answers = choices_of(exchange.service.chat, call)[:1]
    return deliver(answers, lambda: _respond(exchange, call, answers))


def _respond(exchange: Exchange, call: ChatCall, answers: Sequence[Answer]) -> SimResponse:
    answer = answers[0]
    style = style_of(call.model)
    identity = Identity(exchange.digest, call.model, style)
    cached = int(call.prompt_tokens * exchange.service.settings.cached_share)
    told = usage_of(call, answers, style, cached)
    usage: JsonObject = {
        "input_tokens": told.get("prompt_tokens"),
        "output_tokens": told.get("completion_tokens"),
    }
    if cached:
        usage["cache_read_input_tokens"] = cached
    payload: JsonObject = {
        "id": f"msg_{exchange.digest[:24]}",
        "type": "message",
        "role": "assistant",
        "model": call.model,
        "content": [*_blocks(answer, identity)],
        "stop_reason": _REASONS.get(answer.ending, "end_turn"),
        "stop_sequence": None,
        "usage": usage,
    }
    if not call.stream:
        return json_response(payload)
    events = list(_events(payload, answer, usage))
    chunks = [
        TimedChunk(b"event: " + str(event["type"]).encode() + b"\ndata: " + encode(event) + b"\n\n")
        for event in events
    ]
    if exchange.service.settings.messages_end == "done":
        chunks[-1] = TimedChunk(b"data: [DONE]\n\n")
    headers = {"content-type": "text/event-stream; charset=utf-8", "cache-control": "no-cache"}
    return SimResponse(200, headers, chunks=chunks)


def _blocks(answer: Answer, identity: Identity) -> Iterator[JsonObject]:
    if answer.reasoning:
        yield {
            "type": "thinking",
            "thinking": answer.reasoning,
            "signature": identity.digest[:10],
        }
    if answer.text or not answer.calls:
        yield {"type": "text", "text": answer.text}
    for index, call in enumerate(answer.calls):
        id = call.id or identity.tool_call(0, index)
        yield {"type": "tool_use", "id": id, "name": call.name, "input": _object(call.arguments)}


def _object(written: str) -> JsonValue:
    """The arguments as an object, which is all that this form has room for."""
    try:
        value = decode(written)
    except ValueError:
        return {}
    return value if isinstance(value, dict) else {}


def _events(payload: JsonObject, answer: Answer, usage: JsonObject) -> Iterator[JsonObject]:
    begun: JsonObject = {**usage, "output_tokens": 0}
    start: JsonObject = {**payload, "content": [], "stop_reason": None, "usage": begun}
    yield {"type": "message_start", "message": start}
    yield {"type": "ping"}
    blocks = payload["content"]
    assert isinstance(blocks, list)
    calls = iter(answer.calls)
    for index, block in enumerate(blocks):
        assert isinstance(block, dict)
        empty: JsonObject
        deltas: list[JsonObject]
        match block["type"]:
            case "thinking":
                empty = {"type": "thinking", "thinking": "", "signature": ""}
                deltas = [
                    {"type": "thinking_delta", "thinking": piece}
                    for piece in answer.streamed_reasoning()
                ]
                deltas.append({"type": "signature_delta", "signature": block["signature"]})
            case "text":
                empty = {"type": "text", "text": ""}
                deltas = [{"type": "text_delta", "text": piece} for piece in answer.streamed_text()]
            case _:
                empty = {**block, "input": {}}
                deltas = [
                    {"type": "input_json_delta", "partial_json": piece}
                    for piece in split_tokens(next(calls).arguments)
                ]
        yield {"type": "content_block_start", "index": index, "content_block": empty}
        for delta in deltas:
            yield {"type": "content_block_delta", "index": index, "delta": delta}
        yield {"type": "content_block_stop", "index": index}
    ending: JsonObject = {
        "stop_reason": payload["stop_reason"],
        "stop_sequence": payload["stop_sequence"],
    }
    yield {"type": "message_delta", "delta": ending, "usage": usage}
    yield {"type": "message_stop"}


def own_refusal(refused: Refusal) -> Refusal:
    """A refusal in this endpoint's own shape (docs/wire.md#messages)."""
    said = refused.payload
    message: JsonValue = said
    error: JsonObject = {"type": _ERROR_WORDS.get(refused.status, "api_error")}
    if isinstance(said, dict):
        inner = said.get("error")
        told = inner if isinstance(inner, dict) else said  # vLLM's own has the object inside
        message = told.get("message")
        if told.get("code") is not None:
            error["code"] = told["code"]
    error["message"] = message
    return Refusal(refused.status, {"type": "error", "error": error}, refused.headers)


ROUTES: Final = (Route("POST", "/v1/messages", messages, takes_x_api_key=True, refuse=own_refusal),)
