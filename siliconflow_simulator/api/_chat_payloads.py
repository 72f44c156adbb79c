"""Chat answers in wire form, and what identifies them."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal, TypeAlias, assert_never

from siliconflow_simulator._wire import CREATED
from siliconflow_simulator.api._logprobs import chat_logprobs

if TYPE_CHECKING:
    from collections.abc import Sequence

    from siliconflow_client import JsonObject, JsonValue
    from siliconflow_simulator.answers.answer import Answer
    from siliconflow_simulator.answers.call import ChatCall

WireStyle: TypeAlias = Literal["inhouse", "vllm", "mixed", "vllm-native"]
"""Which back end a model runs on; they differ in ids, streams and usage (see `_chat_stream`)."""


def style_of(model: str) -> WireStyle:
    """Tell a model's back end, as far as captures and reports go.

    Qwen3.5 and later answer as vLLM does (probe of 13 September 2026), DeepSeek-V4 sends chunks
    without choices and its usage last (nexent#3009), all others the in-house form.
    """
    name = model.rsplit("/", 1)[-1]
    if name.startswith("Qwen3."):
        return "vllm"
    return "mixed" if name.startswith("DeepSeek-V4") else "inhouse"


@dataclass(frozen=True, slots=True)
class Identity:
    """Ids of one answer, made from the request's digest: the same request, the same ids."""

    digest: str
    model: str
    style: WireStyle

    @property
    def completion(self) -> str:
        """The completion's id: 32 hex digits, or `chatcmpl-…`."""
        vllm = self.style in ("vllm", "vllm-native")
        return f"chatcmpl-{self.digest[:32]}" if vllm else self.digest[:32]

    def tool_call(self, choice: int, index: int) -> str:
        """A tool call's id: 32 hex digits, `call_…` or `chatcmpl-tool-…`."""
        made = hashlib.sha256(f"{self.digest}/{choice}/{index}".encode()).hexdigest()
        match self.style:
            case "vllm":
                return f"call_{made[:16]}"
            case "vllm-native":
                return f"chatcmpl-tool-{made[:32]}"
            case "inhouse" | "mixed":
                return made[:32]
            case _:
                assert_never(self.style)


def usage_of(
    call: ChatCall, answers: Sequence[Answer], style: WireStyle, cached_tokens: int
) -> JsonObject:
    """Return the usage object; where it is whole, the prompt is cache hits and misses together."""
    said = next((answer.usage for answer in answers if answer.usage is not None), None)
    if said is not None:
        return said
    prompt_tokens = call.prompt_tokens
    completion_tokens = sum(answer.tokens for answer in answers)
    reasoning_tokens = sum(answer.reasoning_tokens for answer in answers)
    usage: JsonObject = {
        "prompt_tokens": prompt_tokens,
        "completion_tokens": completion_tokens,
        "total_tokens": prompt_tokens + completion_tokens,
    }
    if style == "vllm-native":
        return usage
    return {
        **usage,
        "completion_tokens_details": {"reasoning_tokens": reasoning_tokens},
        "prompt_tokens_details": {"cached_tokens": cached_tokens},
        "prompt_cache_hit_tokens": cached_tokens,
        "prompt_cache_miss_tokens": prompt_tokens - cached_tokens,
    }


def completion_payload(
    identity: Identity,
    answers: Sequence[Answer],
    usage: JsonObject,
    top_logprobs: int | None = None,
) -> JsonObject:
    """Return the body of a plain answer; its tool calls have no `index`, as documented."""
    native = identity.style == "vllm-native"
    choices: list[JsonValue] = []
    for number, answer in enumerate(answers):
        message: JsonObject = {"role": "assistant", "content": answer.text}
        if native and answer.calls and not answer.text:
            message["content"] = None
        if answer.reasoning:
            message["reasoning" if native else "reasoning_content"] = answer.reasoning
        if answer.calls:
            message["tool_calls"] = [
                {
                    "id": call.id or identity.tool_call(number, index),
                    "type": "function",
                    "function": {"name": call.name, "arguments": call.arguments},
                }
                for index, call in enumerate(answer.calls)
            ]
        choice: JsonObject = {
            "index": number,
            "message": message,
            "finish_reason": answer.ending,
        }
        if native:
            asked = top_logprobs is not None and bool(answer.text)
            choice["logprobs"] = chat_logprobs(answer.text, top_logprobs or 0) if asked else None
        choices.append(choice)
    payload: JsonObject = {
        "id": identity.completion,
        "object": "chat.completion",
        "created": CREATED,
        "model": identity.model,
        "choices": choices,
        "usage": usage,
    }
    if not native:
        payload["system_fingerprint"] = ""
    return payload
