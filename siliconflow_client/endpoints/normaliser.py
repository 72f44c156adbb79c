"""No I/O: wire chunks of chat and completion streams in, normalised deltas out.

Two back ends answer behind the one API and their chunks differ (docs/wire.md#chat-stream): usage
as a running total in every chunk or once at the end, absent keys or `null` or `""`, ids repeated
or not. Here they become the same deltas.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import cast

from siliconflow_client._json import JsonObject, JsonValue
from siliconflow_client.endpoints.answer_reader import NO_RULES, AnswerReader, AnswerRules
from siliconflow_client.endpoints.deltas import (
    ChatChunkDict,
    Delta,
    ToolCall,
    ToolCallDelta,
    arguments_from_wire,
    finish_reason_from_wire,
    invented_id,
)
from siliconflow_client.endpoints.usage import UsageDict, usage_from_wire
from siliconflow_client.errors.mapping import UndocumentedShapeError


class _Choice:
    """What is known so far of one choice."""

    __slots__ = (
        "by_id", "by_wire_index", "calls", "finish_chunk", "finish_reason", "logprobs", "number",
        "reader",
    )  # fmt: skip

    def __init__(self, number: int, reader: AnswerReader | None) -> None:
        self.number = number
        self.reader = reader
        self.logprobs: JsonObject | None = None
        self.finish_reason: str | None = None
        self.finish_chunk: ChatChunkDict | None = None
        self.calls: list[ToolCall] = []
        self.by_wire_index: dict[int, ToolCall] = {}
        self.by_id: dict[str, ToolCall] = {}

    def place(self, fragment: JsonObject, position: int, alone: bool) -> ToolCall:
        """Find or open the call that a fragment belongs to: by index, else id, else position."""
        wire_index = fragment.get("index")
        given = fragment.get("id")
        call_id = given if isinstance(given, str) else ""
        function = fragment.get("function")
        name = function.get("name") if isinstance(function, dict) else None
        if isinstance(wire_index, int):
            call = self.by_wire_index.get(wire_index)
            # A second call under an index in use has an id and a name of its own.
            if call is None or (call_id and name and call.id and call_id != call.id):
                call = self._open()
                self.by_wire_index[wire_index] = call
        elif call_id:
            call = self.by_id.get(call_id) or self._open()
        elif name or not self.calls:
            call = self._open()
        elif alone or position >= len(self.calls):
            call = self.calls[-1]
        else:
            call = self.calls[position]
        if call_id and not call.id:
            call.id = call_id
            self.by_id[call_id] = call
        return call

    def read(
        self,
        reader: AnswerReader,
        text: str,
        reasoning: str,
        calls: Sequence[ToolCallDelta],
        logprobs: JsonObject | None,
    ) -> tuple[str, str, JsonObject | None]:
        """Text, thinking and log probabilities that are settled; the latter go with their text."""
        came = bool(text or reasoning)
        text, reasoning = reader.take(text, reasoning, native=bool(calls))
        logprobs = self._with_held(logprobs)
        if came and logprobs and not (text or reasoning or calls):
            self.logprobs, logprobs = logprobs, None
            reader.text_is_quiet = reader.reasoning_is_quiet = False
        return text, reasoning, logprobs

    def _with_held(self, logprobs: JsonObject | None) -> JsonObject | None:
        """Log probabilities with those before them whose text was held back."""
        held, self.logprobs = self.logprobs, None
        if held is None or logprobs is None:
            return logprobs or held
        joined = {**held, **logprobs}
        for key, value in held.items():
            later = logprobs.get(key)
            if isinstance(value, list) and isinstance(later, list):
                joined[key] = [*value, *later]
        return joined

    def _open(self) -> ToolCall:
        call = ToolCall(len(self.calls), "", "", "")
        self.calls.append(call)
        return call


class DeltaNormaliser:
    """Read the chunks of one stream; see `Delta` for what comes out.

    Args:
        rules: What the request says about how the answer is to be read.

    Attributes:
        id: The completion's id, "" until known.
        model: The model that answers, "" until known.
        system_fingerprint: As received.
        usage: The last usage object seen; totals, not increments.
        text: All answer text of the first choice so far, in pieces.
        reasoning: All thinking text of the first choice so far, in pieces.
    """

    __slots__ = (
        "_choices",
        "_rules",
        "_something",
        "id",
        "model",
        "reasoning",
        "system_fingerprint",
        "text",
        "usage",
    )

    def __init__(self, rules: AnswerRules = NO_RULES) -> None:
        self._rules = rules
        self.id = ""
        self.model = ""
        self.system_fingerprint = ""
        self.usage: UsageDict | None = None
        self.text: list[str] = []
        self.reasoning: list[str] = []
        self._choices: dict[int, _Choice] = {}
        self._something = False

    @property
    def is_complete(self) -> bool:
        """Whether every choice that began has said why it ended."""
        choices = self._choices.values()
        return bool(choices) and all(choice.finish_reason is not None for choice in choices)

    @property
    def is_empty(self) -> bool:
        """Whether nothing at all was said: no text, no thinking, no tool call."""
        return not self._something

    @property
    def partial(self) -> tuple[str, str]:
        """All text and thinking of the first choice, with what is held back."""
        reader = self._choices[0].reader if 0 in self._choices else None
        held = ("", "") if reader is None else reader.held
        return "".join(self.text) + held[0], "".join(self.reasoning) + held[1]

    @property
    def ran_out(self) -> bool:
        """Whether an answer ended for want of tokens, which explains that it is empty."""
        return any(choice.finish_reason == "length" for choice in self._choices.values())

    def feed(self, chunk: JsonObject, out: list[Delta]) -> None:
        """Append what `chunk` adds to `out`; usually one delta, none for an empty chunk.

        Raises:
            UndocumentedShapeError: The chunk is not the documented shape.
        """
        if not self.id:
            self._identify(chunk)
        usage = chunk.get("usage")
        if usage:
            if not isinstance(usage, dict):
                raise UndocumentedShapeError("`usage` is not an object")
            self.usage = usage  # type: ignore[assignment]  # what a cast says, without its time
        wire_choices = chunk.get("choices")
        if not wire_choices:
            return
        if not isinstance(wire_choices, list):
            raise UndocumentedShapeError("`choices` is not a list")
        for wire in wire_choices:
            if not isinstance(wire, dict):
                raise UndocumentedShapeError("a choice is not an object")
            number = wire.get("index")
            number = number if isinstance(number, int) else 0
            choice = self._choices.get(number)
            if choice is None:
                choice = self._choices[number] = _Choice(number, self._rules.reader())
            delta = wire.get("delta")
            if delta is not None and not isinstance(delta, dict):
                raise UndocumentedShapeError("`delta` is not an object")
            self._take(choice, wire, delta, chunk, out)
            reason = wire.get("finish_reason")
            if reason:
                choice.finish_reason = finish_reason_from_wire(str(reason))
                choice.finish_chunk = cast("ChatChunkDict", chunk)

    def _take(
        self,
        choice: _Choice,
        wire: JsonObject,
        delta: JsonObject | None,
        chunk: JsonObject,
        out: list[Delta],
    ) -> None:
        """Append what one choice of a chunk adds; nothing for empty pieces."""
        source = wire if delta is None else delta  # /completions has `text` in the choice itself
        text = source.get("text" if delta is None else "content") or ""
        reasoning = source.get("reasoning_content") or source.get("reasoning") or ""
        fragments = source.get("tool_calls")
        logprobs = wire.get("logprobs")
        if not (text or reasoning or fragments or logprobs):
            return
        if not isinstance(text, str) or not isinstance(reasoning, str):
            raise UndocumentedShapeError("`content` is not a string")
        if logprobs is not None and not isinstance(logprobs, dict):
            logprobs = None
        calls = self._pieces(choice, fragments) if fragments else ()
        reader = choice.reader
        if reader is not None:
            if calls or (text and (reasoning or "<" in text or not reader.text_is_quiet)):
                text, reasoning, logprobs = choice.read(reader, text, reasoning, calls, logprobs)
            elif text:
                if reader.passed is not None:
                    reader.passed.append(text)
            elif "<" in reasoning or not reader.reasoning_is_quiet:
                text, reasoning, logprobs = choice.read(reader, text, reasoning, calls, logprobs)
            elif reader.thoughts is not None:
                reader.thoughts.append(reasoning)
        if not (text or reasoning or calls or logprobs):
            return
        self._something = True
        if choice.number == 0:
            if text:
                self.text.append(text)
            if reasoning:
                self.reasoning.append(reasoning)
        out.append(
            Delta(
                choice.number, text, reasoning, calls, None, None, logprobs, self.id, self.model,
                chunk,  # type: ignore[arg-type]  # what a cast says, without its time
            )
        )  # fmt: skip

    def finish(self) -> list[Delta]:
        """Close the stream: one last delta per choice, the very last one with the usage.

        Before them comes what was held back, and the calls that were written as text.

        A stream closed by `[DONE]` without any `finish_reason` (fixture
        stream/text_deepseek_v3.sse) counts as `stop`, or `tool_calls` when there are calls.
        """
        choices = [self._choices[number] for number in sorted(self._choices)] or [_Choice(0, None)]
        usage = usage_from_wire(self.usage) if self.usage else None
        out: list[Delta] = []
        for choice in choices:
            self._settle(choice, out)
        for choice in choices:
            reason = choice.finish_reason or ("tool_calls" if choice.calls else "stop")
            raw: ChatChunkDict = {**(choice.finish_chunk or {"id": self.id, "model": self.model})}
            is_last = choice is choices[-1]
            if is_last and self.usage:
                raw["usage"] = self.usage
            raw.setdefault(
                "choices", [{"index": choice.number, "delta": {}, "finish_reason": reason}]
            )
            out.append(
                Delta(
                    choice.number, "", "", (), reason, usage if is_last else None,
                    None, self.id, self.model, raw,
                )
            )  # fmt: skip
        return out

    def _settle(self, choice: _Choice, out: list[Delta]) -> None:
        """Append what was held back of a choice, and its calls that were written as text."""
        if choice.reader is None:
            return
        ending = choice.reader.finish(choice.finish_reason)
        text, logprobs = ending.text + ending.answer, choice.logprobs
        calls = [
            ToolCallDelta(place, invented_id(self.id, choice.number, place), *call)
            for place, call in enumerate(ending.calls)
        ]
        if not (text or ending.reasoning or calls or logprobs):
            return
        if calls and choice.finish_reason in {None, "stop"}:
            choice.finish_reason = "tool_calls"
        raw: ChatChunkDict = {"id": self.id, "model": self.model, "choices": []}
        self._something = True
        out.append(
            Delta(
                choice.number, text, ending.reasoning, calls, None, None, logprobs,
                self.id, self.model, raw,
            )
        )  # fmt: skip

    def _identify(self, chunk: JsonObject) -> None:
        self.id = str(chunk.get("id") or "")
        self.model = str(chunk.get("model") or self.model)
        self.system_fingerprint = str(chunk.get("system_fingerprint") or "")

    def _pieces(self, choice: _Choice, fragments: JsonValue) -> Sequence[ToolCallDelta]:
        if not isinstance(fragments, list):
            raise UndocumentedShapeError("`tool_calls` is not a list")
        pieces: list[ToolCallDelta] = []
        for position, fragment in enumerate(fragments):
            if not isinstance(fragment, dict):
                raise UndocumentedShapeError("a tool call is not an object")
            call = choice.place(fragment, position, alone=len(fragments) == 1)
            function = fragment.get("function") or {}
            if not isinstance(function, dict):
                raise UndocumentedShapeError("`function` of a tool call is not an object")
            arguments = arguments_from_wire(function.get("arguments"))
            name = function.get("name")
            if name and not call.name:
                call.name = str(name)
                if not call.id:
                    call.id = invented_id(self.id, choice.number, call.index)
                pieces.append(ToolCallDelta(call.index, call.id, call.name, arguments))
            elif arguments:
                pieces.append(ToolCallDelta(call.index, None, None, arguments))
        return pieces
