"""What `/messages` takes and gives: Anthropic's form of a chat (docs/wire.md#messages)."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Required, TypeAlias, TypedDict

import pydantic_core

from siliconflow_client._json import JsonObject, JsonValue
from siliconflow_client.endpoints.shapes import as_object, count, optional_count, text
from siliconflow_client.errors.mapping import UndocumentedShapeError


class MessagesTurn(TypedDict):
    """One turn: `user` or `assistant`; content is text, or a list of blocks."""

    role: str
    content: str | list[JsonObject]


class MessagesTool(TypedDict, total=False):
    """A function that the model may call."""

    name: Required[str]
    description: str
    input_schema: Required[JsonObject]


class MessagesRequest(TypedDict, total=False):
    """Body of `POST /messages`; `stream` is set by the method that is called."""

    model: Required[str]
    messages: Required[list[MessagesTurn]]
    max_tokens: int
    system: str | list[JsonObject]
    stop_sequences: list[str]
    temperature: float
    top_p: float
    top_k: int
    tools: list[MessagesTool]
    tool_choice: JsonObject
    thinking: JsonObject


@dataclass(slots=True)
class TextBlock:
    """Text of an answer."""

    text: str


@dataclass(slots=True)
class ThinkingBlock:
    """What the model thought; to be sent back unchanged before the tool call that it led to."""

    thinking: str
    signature: str


@dataclass(slots=True)
class ToolUseBlock:
    """A tool call.

    Attributes:
        id: To name in the `tool_result`.
        name: The tool's.
        input: Its arguments; empty where they were cut off and are no JSON object.
        input_json: The arguments as text.
    """

    id: str
    name: str
    input: JsonObject
    input_json: str


@dataclass(slots=True)
class OtherBlock:
    """A block of a kind that is not documented; `raw` is all of it."""

    type: str
    raw: JsonObject = field(repr=False)


MessagesBlock: TypeAlias = TextBlock | ThinkingBlock | ToolUseBlock | OtherBlock


@dataclass(slots=True)
class MessagesUsage:
    """Tokens of one request.

    Attributes:
        input_tokens: Tokens read.
        output_tokens: Tokens written, thinking included.
        cache_read_input_tokens: As reported, or `None`.
        cache_creation_input_tokens: As reported, or `None`.
    """

    input_tokens: int
    output_tokens: int
    cache_read_input_tokens: int | None = None
    cache_creation_input_tokens: int | None = None


@dataclass(slots=True)
class MessagesAnswer:
    """An answer in Anthropic's form.

    Attributes:
        id: Such as `msg_…`.
        model: The model that answered.
        content: Blocks, in order.
        stop_reason: `end_turn`, `max_tokens`, `tool_use`, `refusal` or another word of the
            server; `None` where it told none.
        stop_sequence: The one that ended it, or `None`.
        usage: Token counts, or `None` when the server sent none.
        trace_id: The `x-siliconcloud-trace-id` header.
        raw: The body as it came, or what a stream's first event told.
    """

    id: str
    model: str
    content: list[MessagesBlock]
    stop_reason: str | None
    stop_sequence: str | None
    usage: MessagesUsage | None
    trace_id: str | None
    raw: JsonObject = field(repr=False)

    @property
    def text(self) -> str:
        """All text."""
        return "".join(block.text for block in self.content if isinstance(block, TextBlock))

    @property
    def reasoning(self) -> str:
        """All thinking."""
        return "".join(block.thinking for block in self.content if isinstance(block, ThinkingBlock))

    @property
    def tool_uses(self) -> list[ToolUseBlock]:
        """The tool calls."""
        return [block for block in self.content if isinstance(block, ToolUseBlock)]


@dataclass(slots=True)
class MessagesEvent:
    """One event of a stream.

    Attributes:
        type: `message_start`, `content_block_start`, `content_block_delta`,
            `content_block_stop`, `message_delta`, `message_stop`, `ping` or another word.
        index: The block that it belongs to; 0 for events of the whole message.
        text: New text, or "".
        reasoning: New thinking, or "".
        input_json: A new piece of a tool call's arguments, or "".
        answer: The whole answer, on the last event only, which is always a `message_stop`.
        raw: The event as it came; empty where the stream ended with `[DONE]`.
    """

    type: str
    index: int
    text: str
    reasoning: str
    input_json: str
    answer: MessagesAnswer | None
    raw: JsonObject = field(repr=False)


def answer_from_wire(wire: JsonObject, trace_id: str | None) -> MessagesAnswer:
    """Read a message; every field may be absent or null, but not the list of blocks."""
    blocks = wire.get("content")
    if not isinstance(blocks, list):
        raise UndocumentedShapeError("`content` is not a list")
    return MessagesAnswer(
        id=text(wire, "id"),
        model=text(wire, "model"),
        content=[block_from_wire(as_object(block, "a block")) for block in blocks],
        stop_reason=text(wire, "stop_reason") or None,
        stop_sequence=text(wire, "stop_sequence") or None,
        usage=usage_from_wire(wire.get("usage")),
        trace_id=trace_id,
        raw=wire,
    )


def block_from_wire(wire: JsonObject) -> MessagesBlock:
    """Read a block."""
    kind = text(wire, "type")
    match kind:
        case "text":
            return TextBlock(text(wire, "text"))
        case "thinking":
            return ThinkingBlock(text(wire, "thinking"), text(wire, "signature"))
        case "tool_use":
            given = wire.get("input")
            written = given if isinstance(given, str) else pydantic_core.to_json(given or {})
            return tool_use(text(wire, "id"), text(wire, "name"), written)
        case _:
            return OtherBlock(kind, wire)


def tool_use(id: str, name: str, written: str | bytes) -> ToolUseBlock:
    """A tool call whose arguments came as text."""
    shown = written if isinstance(written, str) else written.decode()
    try:
        given: JsonValue = pydantic_core.from_json(written) if written else {}
    except ValueError:
        given = None
    return ToolUseBlock(id, name, given if isinstance(given, dict) else {}, shown)


def usage_from_wire(value: JsonValue) -> MessagesUsage | None:
    """Read a usage object; `None` for anything else."""
    if not isinstance(value, dict):
        return None
    return MessagesUsage(
        input_tokens=count(value.get("input_tokens")),
        output_tokens=count(value.get("output_tokens")),
        cache_read_input_tokens=optional_count(value.get("cache_read_input_tokens")),
        cache_creation_input_tokens=optional_count(value.get("cache_creation_input_tokens")),
    )
