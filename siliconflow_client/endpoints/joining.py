"""No I/O: the deltas of a stream, joined to the answer that a plain call would have given."""

from __future__ import annotations

from collections.abc import Sequence
from typing import cast

from siliconflow_client._json import JsonObject, JsonValue
from siliconflow_client.endpoints.chat import ChatChoice, ChatCompletion, ChatCompletionDict
from siliconflow_client.endpoints.deltas import Delta, ToolCall
from siliconflow_client.endpoints.shapes import count
from siliconflow_client.endpoints.usage import Usage


def join_deltas(deltas: Sequence[Delta], trace_id: str | None) -> ChatCompletion:
    """Put a whole answer together; `deltas` end with the last of every choice.

    Args:
        deltas: All that a finished stream gave.
        trace_id: The `x-siliconcloud-trace-id` header.
    """
    by_choice, usage, created = sorted_deltas(deltas)
    choices = [_choice(index, of_one) for index, of_one in by_choice]
    last = deltas[-1]
    fingerprint = next((text for d in deltas if (text := d.raw.get("system_fingerprint"))), "")
    raw: dict[str, object] = {
        "id": last.id,
        "object": "chat.completion",
        "created": created,
        "model": last.model,
        "choices": [_raw_choice(choice) for choice in choices],
        "usage": None if usage is None else usage.raw,
        "system_fingerprint": fingerprint,
    }
    return ChatCompletion(
        id=last.id,
        model=last.model,
        created=created,
        choices=choices,
        usage=usage,
        trace_id=trace_id,
        system_fingerprint=fingerprint,
        raw=cast("ChatCompletionDict", raw),
    )


def sorted_deltas(
    deltas: Sequence[Delta],
) -> tuple[list[tuple[int, list[Delta]]], Usage | None, int]:
    """The deltas of each choice, in the order of their indexes; the usage; when it was made."""
    by_choice: dict[int, list[Delta]] = {}
    usage: Usage | None = None
    for delta in deltas:
        by_choice.setdefault(delta.index, []).append(delta)
        usage = delta.usage or usage
    created = next((made for delta in deltas if (made := count(delta.raw.get("created")))), 0)
    return sorted(by_choice.items()), usage, created


def _choice(index: int, deltas: Sequence[Delta]) -> ChatChoice:
    calls: dict[int, ToolCall] = {}
    for delta in deltas:
        for piece in delta.tool_calls:
            call = calls.setdefault(piece.index, ToolCall(piece.index, "", "", ""))
            call.id = piece.id or call.id
            call.name = piece.name or call.name
            call.arguments += piece.arguments
    return ChatChoice(
        index=index,
        text="".join(delta.text for delta in deltas),
        reasoning="".join(delta.reasoning for delta in deltas),
        tool_calls=[calls[number] for number in sorted(calls)],
        finish_reason=deltas[-1].finish_reason,
        logprobs=_joined_logprobs(deltas),
    )


def _joined_logprobs(deltas: Sequence[Delta]) -> JsonObject | None:
    tokens: list[JsonValue] = []
    found = False
    for delta in deltas:
        if delta.logprobs is not None:
            found = True
            content = delta.logprobs.get("content")
            tokens += content if isinstance(content, list) else []
    return {"content": tokens} if found else None


def _raw_choice(choice: ChatChoice) -> dict[str, object]:
    message: dict[str, object] = {"role": "assistant", "content": choice.text}
    if choice.reasoning:
        message["reasoning_content"] = choice.reasoning
    if choice.tool_calls:
        message["tool_calls"] = [
            {
                "id": call.id,
                "type": "function",
                "function": {"name": call.name, "arguments": call.arguments},
            }
            for call in choice.tool_calls
        ]
    return {
        "index": choice.index,
        "message": message,
        "finish_reason": choice.finish_reason,
        "logprobs": choice.logprobs,
    }
