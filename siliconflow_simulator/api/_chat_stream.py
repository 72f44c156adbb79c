"""Chat streams, in the forms of the back ends behind the one API.

- "inhouse" (captures of DeepSeek R1 and V3, Qwen3-8B, GLM-4-9B): `content` and
  `reasoning_content` in every delta, one of them null; usage in every chunk, as running totals.
- "vllm" (reports on Qwen3.5): a delta holds what changed; usage once, in a last chunk without
  choices, whether asked for or not.
- "mixed" (reports on DeepSeek-V4): deltas as in-house, a chunk without choices in the middle,
  usage as vLLM.
- "vllm-native" (measured on vLLM 0.32 itself): `reasoning`, usage only when it is asked for, the
  first piece of a call without arguments, later ones with nothing but arguments.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal, TypeAlias

from siliconflow_simulator._wire import CREATED
from siliconflow_simulator.answers.tokens import count_tokens, split_tokens
from siliconflow_simulator.api._logprobs import chat_logprobs

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from siliconflow_client import JsonObject, JsonValue
    from siliconflow_simulator.answers.answer import Answer, NewCall
    from siliconflow_simulator.api._chat_payloads import Identity, WireStyle


FollowUp: TypeAlias = Literal["null", "empty", "absent"]
"""What later pieces of a tool call have for id and type: null, "", or no such keys and no name."""


@dataclass(frozen=True, slots=True)
class StreamForm:
    """How a stream is written.

    Attributes:
        style: The back end's style.
        follow_up: What later pieces of a call write beside their arguments.
        broken_calls: Send the name inside the arguments, without an id, as
            THUDM/GLM-4-9B-0414 does.
        include_usage: Whether the request asks for usage.
        top_logprobs: How many alternatives each token's probability comes with; `None` for none
            at all.
    """

    style: WireStyle
    follow_up: FollowUp = "null"
    broken_calls: bool = False
    include_usage: bool = False
    top_logprobs: int | None = None

    @property
    def whole_deltas(self) -> bool:
        """Whether a delta has all keys, and not only what changed."""
        return self.style in ("inhouse", "mixed")

    @property
    def usage_at_the_end(self) -> bool:
        """Whether a last chunk without choices holds the usage."""
        if self.style == "vllm-native":
            return self.include_usage
        return self.style != "inhouse"

    def first(self, answer: Answer) -> JsonObject:
        """Return the delta that begins an answer."""
        if not self.whole_deltas:
            return {"role": "assistant", "content": ""}
        if answer.reasoning:
            return {"content": None, "reasoning_content": "", "role": "assistant"}
        return {"content": "", "reasoning_content": None, "role": "assistant"}

    def reasoning(self, piece: str) -> JsonObject:
        """Return the delta of a piece of thinking."""
        if self.whole_deltas:
            return {"content": None, "reasoning_content": piece, "role": "assistant"}
        return {"reasoning" if self.style == "vllm-native" else "reasoning_content": piece}

    def text(self, piece: str) -> JsonObject:
        """Return the delta of a piece of text."""
        if self.whole_deltas:
            return {"content": piece, "reasoning_content": None}
        return {"content": piece}

    def call(self, fragment: JsonObject) -> JsonObject:
        """Return the delta of a piece of a tool call."""
        if self.whole_deltas:
            return {"content": None, "reasoning_content": None, "tool_calls": [fragment]}
        return {"tool_calls": [fragment]}

    def last(self) -> JsonObject:
        """Return the delta that comes with the finish_reason."""
        return {"content": "", "reasoning_content": None} if self.whole_deltas else {}

    def fragments(self, index: int, id: str, call: NewCall) -> Iterator[JsonObject]:
        """Yield the pieces of a tool call."""
        if self.broken_calls:
            for piece in split_tokens(f"{call.name}\n{call.arguments}"):
                yield _later_piece(index, piece, "null")
            return
        function: JsonObject = {"name": call.name}
        if self.style != "vllm-native":
            function["arguments"] = ""
        yield {"index": index, "id": id, "type": "function", "function": function}
        follow_up = "absent" if self.style == "vllm-native" else self.follow_up
        for piece in split_tokens(call.arguments):
            yield _later_piece(index, piece, follow_up)


class ChatStream:
    """Makes the chunks of one streamed answer.

    Args:
        identity: Ids and model.
        form: How they are written.
        usage: What the whole answer costs.
    """

    def __init__(self, identity: Identity, form: StreamForm, usage: JsonObject) -> None:
        self._identity = identity
        self._form = form
        self._usage = usage
        self._tokens = 0
        self._reasoning_tokens = 0

    def chunks(self, answers: Sequence[Answer]) -> Iterator[JsonObject]:
        """Yield the chunks of all answers, one answer after the other."""
        for number, answer in enumerate(answers):
            yield from self._choice(number, answer)
        if self._form.usage_at_the_end:
            chunk = self._frame([])
            chunk["usage"] = self._usage
            yield chunk

    def _choice(self, number: int, answer: Answer) -> Iterator[JsonObject]:
        form = self._form
        yield self._chunk(number, form.first(answer))
        if form.style == "mixed":
            yield self._frame([])
        for piece in answer.streamed_reasoning():
            self._tokens += 1
            self._reasoning_tokens += 1
            yield self._chunk(number, form.reasoning(piece))
        for piece in answer.streamed_text():
            self._tokens += 1
            yield self._chunk(number, form.text(piece), written=piece)
        for index, call in enumerate(answer.calls):
            id = call.id or self._identity.tool_call(number, index)
            # The piece that begins a call brings its name.
            cost = 1 if form.broken_calls else count_tokens(call.name)
            for fragment in form.fragments(index, id, call):
                self._tokens += cost
                cost = 1
                yield self._chunk(number, form.call(fragment))
        yield self._chunk(number, form.last(), answer.ending)

    def _frame(self, choices: list[JsonValue]) -> JsonObject:
        return {
            "id": self._identity.completion,
            "object": "chat.completion.chunk",
            "created": CREATED,
            "model": self._identity.model,
            "choices": choices,
        }

    def _chunk(
        self, number: int, delta: JsonObject, finish: str | None = None, *, written: str = ""
    ) -> JsonObject:
        choice: JsonObject = {"index": number, "delta": delta, "finish_reason": finish}
        form = self._form
        if form.style == "vllm-native":
            most = form.top_logprobs
            choice["logprobs"] = (
                chat_logprobs(written, most) if most is not None and written else None
            )
        chunk = self._frame([choice])
        if not form.whole_deltas:
            return chunk
        chunk["system_fingerprint"] = ""
        if form.style == "inhouse":
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
