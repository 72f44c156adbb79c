"""Chat streams, in the forms of the back ends behind the one API.

- "inhouse" (captures of DeepSeek R1 and V3, Qwen3-8B, GLM-4-9B): `content` and
  `reasoning_content` in every delta, one of them null; usage in every chunk, as running totals.
- "vllm" (reports on Qwen3.5): a delta holds what changed; usage once, in a last chunk without
  choices, whether asked for or not.
- "mixed" (reports on DeepSeek-V4): deltas as in-house, a chunk without choices in the middle,
  usage as vLLM.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal, TypeAlias

from siliconflow_simulator._wire import CREATED
from siliconflow_simulator.answers.tokens import count_tokens, split_tokens

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from siliconflow_client import JsonObject, JsonValue
    from siliconflow_simulator.answers.answer import Answer, NewCall
    from siliconflow_simulator.api._chat_payloads import Identity


FollowUp: TypeAlias = Literal["null", "empty", "absent"]
"""What later pieces of a tool call have for id and type: null, "", or no such keys and no name."""


class ChatStream:
    """Makes the chunks of one streamed answer.

    Args:
        identity: Ids, model and wire style.
        usage: What the whole answer costs.
        follow_up: What later pieces of a call write beside their arguments.
        broken_calls: Send the name inside the arguments, without an id, as
            THUDM/GLM-4-9B-0414 does.
    """

    def __init__(
        self,
        identity: Identity,
        usage: JsonObject,
        *,
        follow_up: FollowUp,
        broken_calls: bool,
    ) -> None:
        self._identity = identity
        self._usage = usage
        self._follow_up = follow_up
        self._broken_calls = broken_calls
        self._tokens = 0
        self._reasoning_tokens = 0

    def chunks(self, answers: Sequence[Answer]) -> Iterator[JsonObject]:
        """Yield the chunks of all answers, one answer after the other."""
        for number, answer in enumerate(answers):
            yield from self._choice(number, answer)
        if self._identity.style != "inhouse":
            chunk = self._frame([])
            chunk["usage"] = self._usage
            yield chunk

    def _choice(self, number: int, answer: Answer) -> Iterator[JsonObject]:
        vllm = self._identity.style == "vllm"
        if vllm:
            yield self._chunk(number, {"role": "assistant", "content": ""})
        elif answer.reasoning:
            first: JsonObject = {"content": None, "reasoning_content": "", "role": "assistant"}
            yield self._chunk(number, first)
        else:
            first = {"content": "", "reasoning_content": None, "role": "assistant"}
            yield self._chunk(number, first)
        if self._identity.style == "mixed":
            yield self._frame([])
        for piece in answer.streamed_reasoning():
            self._tokens += 1
            self._reasoning_tokens += 1
            delta: JsonObject = {"content": None, "reasoning_content": piece, "role": "assistant"}
            yield self._chunk(number, {"reasoning_content": piece} if vllm else delta)
        for piece in answer.streamed_text():
            self._tokens += 1
            delta = {"content": piece, "reasoning_content": None}
            yield self._chunk(number, {"content": piece} if vllm else delta)
        for index, call in enumerate(answer.calls):
            for fragment in self._fragments(number, index, call):
                delta = {"content": None, "reasoning_content": None, "tool_calls": [fragment]}
                yield self._chunk(number, {"tool_calls": [fragment]} if vllm else delta)
        last: JsonObject = {} if vllm else {"content": "", "reasoning_content": None}
        yield self._chunk(number, last, answer.ending)

    def _fragments(self, number: int, index: int, call: NewCall) -> Iterator[JsonObject]:
        if self._broken_calls:
            for piece in split_tokens(f"{call.name}\n{call.arguments}"):
                self._tokens += 1
                yield {
                    "index": index,
                    "id": None,
                    "type": None,
                    "function": {"name": "", "arguments": piece},
                }
            return
        self._tokens += count_tokens(call.name)
        yield {
            "index": index,
            "id": call.id or self._identity.tool_call(number, index),
            "type": "function",
            "function": {"name": call.name, "arguments": ""},
        }
        for piece in split_tokens(call.arguments):
            self._tokens += 1
            yield _later_piece(index, piece, self._follow_up)

    def _frame(self, choices: list[JsonValue]) -> JsonObject:
        return {
            "id": self._identity.completion,
            "object": "chat.completion.chunk",
            "created": CREATED,
            "model": self._identity.model,
            "choices": choices,
        }

    def _chunk(self, number: int, delta: JsonObject, finish: str | None = None) -> JsonObject:
        chunk = self._frame([{"index": number, "delta": delta, "finish_reason": finish}])
        if self._identity.style == "vllm":
            return chunk
        chunk["system_fingerprint"] = ""
        if self._identity.style == "inhouse":
            chunk["usage"] = self._usage if finish else self._running_usage()
        return chunk

    def _running_usage(self) -> JsonObject:
        prompt = _count(self._usage, "prompt_tokens")
        # A text cut by hand may have more pieces than tokens.
        tokens = min(self._tokens, _count(self._usage, "completion_tokens"))
        usage: JsonObject = {
            "prompt_tokens": prompt,
            "completion_tokens": tokens,
            "total_tokens": prompt + tokens,
        }
        if self._reasoning_tokens:
            usage["completion_tokens_details"] = {"reasoning_tokens": self._reasoning_tokens}
        return usage


def _later_piece(index: int, piece: str, follow_up: FollowUp) -> JsonObject:
    if follow_up == "absent":
        return {"index": index, "function": {"arguments": piece}}
    blank = "" if follow_up == "empty" else None
    function: JsonObject = {"name": "", "arguments": piece}
    return {"index": index, "id": blank, "type": blank, "function": function}


def _count(usage: JsonObject, name: str) -> int:
    value = usage.get(name)
    return value if isinstance(value, int) else 0
