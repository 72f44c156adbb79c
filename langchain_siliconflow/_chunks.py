"""What the client hands over, as LangChain messages: whole answers and stream pieces.

Two rules of LangChain's merging decide how pieces look: strings in the metadata are concatenated,
and usage is added up. So model name, finish reason, ids and usage are on the last piece only,
and every piece before it carries nothing but `model_provider`.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final, Protocol, TypeAlias, cast

from langchain_core.messages import AIMessage, AIMessageChunk
from langchain_core.messages.tool import ToolCallChunk, tool_call_chunk
from langchain_core.outputs import ChatGenerationChunk
from pydantic import BaseModel

from langchain_siliconflow._calls import CUT_OFF, is_empty, parse_calls, read_strictly
from langchain_siliconflow._usage import to_usage_metadata

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from typing import Self

    from siliconflow_client import (
        ChatChoice,
        ChatChunkDict,
        ChatCompletion,
        ChatCompletionDict,
        Delta,
        ToolCallDelta,
    )

PROVIDER: Final = "siliconflow"
_Setter: TypeAlias = "Callable[[BaseModel, object], None]"

# A validated constructor costs 4.3 µs for a message and 2.4 µs for its generation; filling the
# instance by hand, 0.9 µs and 0.5 µs (pydantic 2.11, python 3.11). Per token, that is the
# difference between 1.1 and 1.3 times LangChain's own floor. Fields that a later LangChain adds
# come in through the templates, and a test compares both ways of making a chunk.
_set_dict: Final[_Setter] = BaseModel.__dict__["__dict__"].__set__
_set_fields: Final[_Setter] = BaseModel.__dict__["__pydantic_fields_set__"].__set__
_set_extra: Final[_Setter] = BaseModel.__dict__["__pydantic_extra__"].__set__
_set_private: Final[_Setter] = BaseModel.__dict__["__pydantic_private__"].__set__
_LONGEST_NOTHING: Final = 64  # of arguments that are white space and braces, to look at
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
            read_strictly(total.message)
        return cast("Self", total)

    @classmethod
    def lc_id(cls) -> list[str]:
        """Be written down as what it is for everyone else."""
        return ChatGenerationChunk.lc_id()


def text_chunk(text: str, reasoning: str = "") -> ChatGenerationChunk:
    """Make a stream piece that holds text, thinking, or both."""
    message = AIMessageChunk.__new__(AIMessageChunk)
    fields = _MESSAGE.copy()
    fields["content"] = text
    fields["additional_kwargs"] = {"reasoning_content": reasoning} if reasoning else {}
    fields["response_metadata"] = {"model_provider": PROVIDER}
    fields["tool_calls"] = []
    fields["invalid_tool_calls"] = []
    fields["tool_call_chunks"] = []
    _set_dict(message, fields)
    _set_fields(message, {"content", "additional_kwargs", "response_metadata"})
    _set_extra(message, {})
    _set_private(message, None)
    return _wrap(message, text)


def _wrap(message: AIMessageChunk, text: str) -> StreamedGeneration:
    generation = StreamedGeneration.__new__(StreamedGeneration)
    fields = _GENERATION.copy()
    fields["text"] = text
    fields["message"] = message
    _set_dict(generation, fields)
    _set_fields(generation, {"text", "message"})
    _set_extra(generation, None)
    _set_private(generation, None)
    return generation


class HasTraceId(Protocol):
    """A stream, sync or async."""

    @property
    def fallback_from(self) -> str | None:
        """The model that was asked for, where another one answers."""

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

    def has_begun(self) -> bool:
        """Whether the arguments are an object that holds something."""
        head = self.arguments[:_LONGEST_NOTHING].strip()
        if not head.startswith("{"):
            return False
        return len(self.arguments) > _LONGEST_NOTHING or not (head == "{" or is_empty(head))

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

    A tool call is held back until it has a name and its arguments are more than a brace. Arguments
    that are the word `null` mean "none", and ones that are no JSON object make an invalid call;
    LangChain's v3 stream fails with a validation error on both if it gets them in pieces. Whether
    `{}` is a call without arguments or one that was cut off, only the finish reason tells.
    """

    __slots__ = ("_answer_class", "_begun", "_include_usage", "_newest", "_openings", "_texts")

    def __init__(self, *, include_usage: bool = True, answer_class: type | None = None) -> None:
        self._begun: set[int] = set()
        self._openings: dict[int, _Opening] = {}
        self._include_usage = include_usage
        self._answer_class = answer_class
        self._newest: int | None = None
        self._texts: list[str] = []

    def chunk(self, delta: Delta, source: HasTraceId) -> ChatGenerationChunk | None:
        """Make the chunk for one delta of `source`, which is asked for its trace id at the end.

        Returns:
            The chunk, or `None` while all that came is held back.
        """
        if self._answer_class is not None:
            self._texts.append(delta.text)
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
                _final_metadata(delta.model, delta.finish_reason, delta.id, source, delta.raw)
            )
        return self._full(delta, metadata, last=last)

    def _full(
        self, delta: Delta, metadata: dict[str, Any], *, last: bool
    ) -> ChatGenerationChunk | None:
        usage = delta.usage if self._include_usage else None
        pieces = self._pieces(delta.tool_calls)
        if last:
            pieces += self._rest(cut_off=delta.finish_reason == "length")
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
            read_strictly(message)
            if self._answer_class is not None and not self._begun:
                whole = message.model_copy(update={"content": "".join(self._texts)})
                _add_parsed(message, whole, self._answer_class)
        # Some tracers look for the reason here, as on a whole answer.
        reason = delta.finish_reason
        info = None if reason is None else {"finish_reason": reason}
        return StreamedGeneration(message=message, generation_info=info)

    def _pieces(self, deltas: Sequence[ToolCallDelta]) -> list[ToolCallChunk]:
        pieces: list[ToolCallChunk] = []
        for delta in deltas:
            if delta.index in self._begun:
                pieces.append(tool_call_chunk(args=delta.arguments, index=delta.index))
                continue
            if delta.index not in self._openings:
                pieces += self._earlier()
                self._openings[delta.index] = _Opening()
                self._newest = delta.index
            opening = self._openings[delta.index]
            opening.name = opening.name or delta.name or None
            opening.id = opening.id or delta.id or None
            opening.arguments += delta.arguments
            if opening.name and opening.has_begun():
                pieces.append(opening.release(delta.index, opening.arguments))
                del self._openings[delta.index]
                self._begun.add(delta.index)
        return pieces

    def _earlier(self) -> list[ToolCallChunk]:
        """Calls without arguments so far: they keep their place before one that opens now."""
        pieces: list[ToolCallChunk] = []
        for index, opening in list(self._openings.items()):
            if not opening.name or opening.announced:
                continue
            if opening.arguments.lstrip().startswith("{"):
                pieces.append(opening.release(index, opening.arguments))
                del self._openings[index]
                self._begun.add(index)
            elif not opening.arguments:
                pieces.append(opening.release(index, ""))
        return pieces

    def _rest(self, *, cut_off: bool) -> list[ToolCallChunk]:
        """What is still held back at the end: calls without arguments, and those with bad ones."""
        rest: list[ToolCallChunk] = []
        for index, opening in self._openings.items():
            arguments = opening.arguments
            if cut_off and index == self._newest and is_empty(arguments):
                arguments = CUT_OFF
            elif arguments.strip() in ("", "null"):
                if opening.announced:
                    continue
                arguments = ""
            rest.append(opening.release(index, arguments))
        self._openings.clear()
        return rest


def _final_metadata(
    model: str,
    finish_reason: str | None,
    completion_id: str,
    source: HasTraceId | ChatCompletion,
    raw: ChatChunkDict | ChatCompletionDict,
) -> dict[str, Any]:
    metadata: dict[str, Any] = {
        "model_name": model,
        "finish_reason": finish_reason,
        "id": completion_id,
        "trace_id": source.trace_id,
        "fallback_from": source.fallback_from,
        "system_fingerprint": raw.get("system_fingerprint") or None,
    }
    return {name: value for name, value in metadata.items() if value is not None}


def _add_parsed(message: AIMessage, whole: AIMessage, answer_class: type) -> None:
    """Put the instance where `ChatOpenAI` puts it, if the answer is one of this class."""
    from langchain_siliconflow._structured import parsed_answer

    parsed = parsed_answer(answer_class, whole)
    if parsed is not None:
        message.additional_kwargs["parsed"] = parsed


def to_message(
    completion: ChatCompletion, choice: ChatChoice, answer_class: type | None = None
) -> AIMessage:
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
        completion.model, choice.finish_reason, completion.id, completion, completion.raw
    )
    metadata["model_provider"] = PROVIDER
    if choice.logprobs is not None:
        metadata["logprobs"] = choice.logprobs
    calls, invalid = parse_calls(choice.tool_calls, cut_off=choice.finish_reason == "length")
    message = AIMessage(
        content=choice.text,
        additional_kwargs=extra,
        response_metadata=metadata,
        tool_calls=calls,
        invalid_tool_calls=invalid,
        usage_metadata=None if usage is None else to_usage_metadata(usage),
    )
    if answer_class is not None:
        _add_parsed(message, message, answer_class)
    return message


def _refusal(completion: ChatCompletion, index: int) -> str | None:
    for choice in completion.raw.get("choices") or []:
        if choice.get("index", 0) == index:
            refusal: object = dict(choice.get("message") or {}).get("refusal")
            return refusal if isinstance(refusal, str) else None
    return None
