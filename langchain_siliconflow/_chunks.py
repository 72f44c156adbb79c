"""What the client hands over, as LangChain messages: whole answers and stream pieces.

Two rules of LangChain's merging decide how pieces look: strings in the metadata are concatenated,
and usage is added up. So model name, finish reason, ids and usage are on the last piece only,
and every piece before it carries nothing but `model_provider`.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final, Protocol, cast

from langchain_core.messages import AIMessage, AIMessageChunk, InvalidToolCall
from langchain_core.messages.tool import (
    ToolCall,
    ToolCallChunk,
    invalid_tool_call,
    tool_call,
    tool_call_chunk,
)
from langchain_core.outputs import ChatGenerationChunk

from langchain_siliconflow._usage import to_usage_metadata

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from typing import Self

    from siliconflow_client import (
        ChatChoice,
        ChatChunkDict,
        ChatCompletion,
        ChatCompletionDict,
        Delta,
        ToolCallDelta,
    )
    from siliconflow_client import ToolCall as ClientToolCall

PROVIDER: Final = "siliconflow"

# A validated constructor costs 4.3 µs for a message and 2.4 µs for its generation; filling the
# instance by hand, 1.1 µs and 0.6 µs (pydantic 2.11, python 3.11). Per token, that is the
# difference between 1.1 and 1.3 times LangChain's own floor. Fields that a later LangChain adds
# come in through the templates, and a test compares both ways of making a chunk.
_set: Final = object.__setattr__
_MESSAGE: Final = dict(AIMessageChunk(content="").__dict__)
_GENERATION: Final = dict(ChatGenerationChunk(message=AIMessageChunk(content="")).__dict__)


class StreamedGeneration(ChatGenerationChunk):
    """A stream piece whose sum never makes a whole tool call out of one that was cut off.

    LangChain completes broken JSON when it adds messages up (langchain#39275), and an agent would
    then execute half a call. When it adds up *generations*, as it does for `invoke` with a
    streaming handler and so for agents that stream, the calls are read again, strictly.
    """

    def __add__(self, other: ChatGenerationChunk | list[ChatGenerationChunk]) -> Self:
        """Add pieces, and read the tool calls once the last one is in."""
        total = super().__add__(other)
        if isinstance(total.message, AIMessageChunk) and total.message.chunk_position == "last":
            _read_strictly(total.message)
        return cast("Self", total)

    @classmethod
    def lc_id(cls) -> list[str]:
        """Be written down as what it is for everyone else."""
        return ChatGenerationChunk.lc_id()


def text_chunk(text: str, reasoning: str = "") -> ChatGenerationChunk:
    """Make a stream piece that holds text, thinking, or both."""
    message = AIMessageChunk.__new__(AIMessageChunk)
    _set(
        message,
        "__dict__",
        {
            **_MESSAGE,
            "content": text,
            "additional_kwargs": {"reasoning_content": reasoning} if reasoning else {},
            "response_metadata": {"model_provider": PROVIDER},
            "tool_calls": [],
            "invalid_tool_calls": [],
            "tool_call_chunks": [],
        },
    )
    _set(message, "__pydantic_fields_set__", {"content", "additional_kwargs", "response_metadata"})
    _set(message, "__pydantic_extra__", {})
    _set(message, "__pydantic_private__", None)
    return _wrap(message, text)


def _wrap(message: AIMessageChunk, text: str) -> StreamedGeneration:
    generation = StreamedGeneration.__new__(StreamedGeneration)
    _set(generation, "__dict__", {**_GENERATION, "text": text, "message": message})
    _set(generation, "__pydantic_fields_set__", {"text", "message"})
    _set(generation, "__pydantic_extra__", None)
    _set(generation, "__pydantic_private__", None)
    return generation


class HasTraceId(Protocol):
    """A stream, sync or async."""

    @property
    def trace_id(self) -> str | None:
        """The `x-siliconcloud-trace-id` header."""


@dataclass(slots=True)
class _Opening:
    """A tool call whose arguments have not begun."""

    name: str | None = None
    id: str | None = None
    arguments: str = ""
    announced: bool = False

    def release(self, index: int, arguments: str) -> ToolCallChunk:
        """Make the chunk for what was held back; name and id go out once."""
        told, self.announced = self.announced, True
        return tool_call_chunk(
            name=None if told else self.name,
            args=arguments,
            id=None if told else self.id,
            index=index,
        )


class ChunkBuilder:
    """Turns the deltas of one stream (one choice) into chunks.

    A tool call is held back until it has a name and its arguments begin with a brace. Arguments
    that are the word `null` mean "none", and ones that are no JSON object make an invalid call;
    LangChain's v3 stream fails with a validation error on both if it gets them in pieces.
    """

    __slots__ = ("_begun", "_include_usage", "_openings")

    def __init__(self, *, include_usage: bool = True) -> None:
        self._begun: set[int] = set()
        self._openings: dict[int, _Opening] = {}
        self._include_usage = include_usage

    def chunk(self, delta: Delta, source: HasTraceId) -> ChatGenerationChunk | None:
        """Make the chunk for one delta of `source`, which is asked for its trace id at the end.

        Returns:
            The chunk, or `None` while all that came is held back.
        """
        if delta.finish_reason is None and delta.usage is None and delta.logprobs is None:
            if not delta.tool_calls:
                return text_chunk(delta.text, delta.reasoning)
            return self._full(delta, {"model_provider": PROVIDER}, last=False)
        metadata: dict[str, Any] = {"model_provider": PROVIDER}
        if delta.logprobs is not None:
            metadata["logprobs"] = delta.logprobs
        last = delta.finish_reason is not None or delta.usage is not None
        if last:
            metadata.update(
                _final_metadata(
                    delta.model, delta.finish_reason, delta.id, source.trace_id, delta.raw
                )
            )
        return self._full(delta, metadata, last=last)

    def _full(
        self, delta: Delta, metadata: dict[str, Any], *, last: bool
    ) -> ChatGenerationChunk | None:
        usage = delta.usage if self._include_usage else None
        pieces = self._pieces(delta.tool_calls)
        if last:
            pieces += self._rest()
        elif not (pieces or delta.text or delta.reasoning or delta.logprobs):
            return None
        message = AIMessageChunk(
            content=delta.text,
            additional_kwargs={"reasoning_content": delta.reasoning} if delta.reasoning else {},
            response_metadata=metadata,
            tool_call_chunks=pieces,
            usage_metadata=None if usage is None else to_usage_metadata(usage),
            chunk_position="last" if last else None,
        )
        if last:
            _read_strictly(message)
        return StreamedGeneration(message=message)

    def _pieces(self, deltas: Sequence[ToolCallDelta]) -> list[ToolCallChunk]:
        pieces: list[ToolCallChunk] = []
        for delta in deltas:
            if delta.index in self._begun:
                pieces.append(tool_call_chunk(args=delta.arguments, index=delta.index))
                continue
            if delta.index not in self._openings:
                # An earlier call without arguments so far keeps its place in the order.
                pieces += [
                    opening.release(index, "")
                    for index, opening in self._openings.items()
                    if opening.name and not opening.announced and not opening.arguments
                ]
                self._openings[delta.index] = _Opening()
            opening = self._openings[delta.index]
            opening.name = opening.name or delta.name or None
            opening.id = opening.id or delta.id or None
            opening.arguments += delta.arguments
            if opening.name and opening.arguments.lstrip().startswith("{"):
                pieces.append(opening.release(delta.index, opening.arguments))
                del self._openings[delta.index]
                self._begun.add(delta.index)
        return pieces

    def _rest(self) -> list[ToolCallChunk]:
        """What is still held back at the end: calls without arguments, and those with bad ones."""
        rest: list[ToolCallChunk] = []
        for index, opening in self._openings.items():
            none = opening.arguments.strip() in ("", "null")
            if not (none and opening.announced):
                rest.append(opening.release(index, "" if none else opening.arguments))
        self._openings.clear()
        return rest


def _final_metadata(
    model: str,
    finish_reason: str | None,
    completion_id: str,
    trace_id: str | None,
    raw: ChatChunkDict | ChatCompletionDict,
) -> dict[str, Any]:
    metadata: dict[str, Any] = {
        "model_name": model,
        "finish_reason": finish_reason,
        "id": completion_id,
        "trace_id": trace_id,
        "system_fingerprint": raw.get("system_fingerprint") or None,
    }
    return {name: value for name, value in metadata.items() if value is not None}


def to_message(completion: ChatCompletion, choice: ChatChoice) -> AIMessage:
    """Make the message for one choice of a whole answer.

    With `n > 1` the tokens of all choices are on the first message, so that adding up is right.
    """
    usage = completion.usage if choice is completion.choices[0] else None
    extra: dict[str, Any] = {}
    if choice.reasoning:
        extra["reasoning_content"] = choice.reasoning
    refusal = _refusal(completion, choice.index)
    if refusal:
        extra["refusal"] = refusal
    metadata = _final_metadata(
        completion.model, choice.finish_reason, completion.id, completion.trace_id, completion.raw
    )
    metadata["model_provider"] = PROVIDER
    if choice.logprobs is not None:
        metadata["logprobs"] = choice.logprobs
    calls, invalid = parse_calls(choice.tool_calls)
    return AIMessage(
        content=choice.text,
        additional_kwargs=extra,
        response_metadata=metadata,
        tool_calls=calls,
        invalid_tool_calls=invalid,
        usage_metadata=None if usage is None else to_usage_metadata(usage),
    )


def _refusal(completion: ChatCompletion, index: int) -> str | None:
    for choice in completion.raw.get("choices") or []:
        if choice.get("index", 0) == index:
            refusal: object = dict(choice.get("message") or {}).get("refusal")
            return refusal if isinstance(refusal, str) else None
    return None


def _read_strictly(message: AIMessageChunk) -> None:
    """Read the calls of a finished sum as those of a whole answer are read."""
    if not message.tool_call_chunks:
        return
    from siliconflow_client import ToolCall as ClientToolCall

    message.tool_calls, message.invalid_tool_calls = parse_calls(
        ClientToolCall(
            index=position,
            id=cast("str", piece["id"]),
            name=piece["name"] or "",
            arguments=piece["args"] or "",
        )
        for position, piece in enumerate(message.tool_call_chunks)
    )
    bad = {call["id"]: call for call in message.invalid_tool_calls}
    if bad and isinstance(message.content, list):
        message.content = [
            {**bad[block["id"]], "type": "invalid_tool_call"}
            if isinstance(block, dict) and block.get("type") == "tool_call" and block["id"] in bad
            else block
            for block in message.content
        ]


def parse_calls(
    calls: Iterable[ClientToolCall],
) -> tuple[list[ToolCall], list[InvalidToolCall]]:
    """Sort tool calls into those that can be executed and those that cannot.

    A call counts only if it has a name and its arguments are a whole JSON object: nothing is
    repaired, because a repaired call may do something else than the model meant.
    """
    valid: list[ToolCall] = []
    invalid: list[InvalidToolCall] = []
    for call in calls:
        arguments: object = None
        error: str | None = None
        text = call.arguments.strip()
        try:
            arguments = {} if text in ("", "null") else json.loads(text)
        except json.JSONDecodeError as cause:
            error = f"arguments are not JSON: {cause}"
        if error is None and not isinstance(arguments, dict):
            error = "arguments are not a JSON object"
        if error is None and not call.name:
            error = "the call has no function name"
        if error is None:
            whole = cast("dict[str, Any]", arguments)
            valid.append(tool_call(name=call.name, args=whole, id=call.id))
        else:
            invalid.append(
                invalid_tool_call(
                    name=call.name or None, args=call.arguments, id=call.id, error=error
                )
            )
    return valid, invalid
