"""What the chunks of a stream look like on the wire, and the deltas that they become."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TypeAlias, TypedDict
from uuid import uuid4

import pydantic_core

from siliconflow_client._json import JsonObject
from siliconflow_client.endpoints.usage import Usage, UsageDict

FinishReason: TypeAlias = str
"""`stop`, `length`, `tool_calls` or another word of the server; `eos` arrives as `stop`."""


class FunctionFragment(TypedDict, total=False):
    name: str | None
    arguments: str | None


class ToolCallFragment(TypedDict, total=False):
    index: int | None
    id: str | None
    type: str | None
    function: FunctionFragment | None


class DeltaDict(TypedDict, total=False):
    role: str | None
    content: str | None
    reasoning_content: str | None
    tool_calls: list[ToolCallFragment] | None


class ChunkChoice(TypedDict, total=False):
    index: int
    delta: DeltaDict | None
    finish_reason: str | None
    logprobs: JsonObject | None


class ChatChunkDict(TypedDict, total=False):
    """One `data:` line of a chat stream."""

    id: str
    object: str
    created: int
    model: str
    choices: list[ChunkChoice]
    usage: UsageDict | None
    system_fingerprint: str | None


@dataclass(slots=True)
class ToolCall:
    """A whole tool call. `arguments` is the model's JSON text, not yet parsed.

    `name` is "" where the model sent none (THUDM/GLM-4-9B-0414 does so in streams), `id` is
    made up (`call_…`) where the server sent none.
    """

    index: int
    id: str
    name: str
    arguments: str


@dataclass(slots=True)
class ToolCallDelta:
    """A piece of a tool call.

    `index` is the call's place in the answer and never changes; `id` and `name` come once, in
    the call's first piece (`None` afterwards); `arguments` pieces are to be joined.
    """

    index: int
    id: str | None
    name: str | None
    arguments: str


@dataclass(slots=True)
class Delta:
    """What one wire chunk adds to one choice.

    Attributes:
        index: The choice it belongs to; 0 unless `n > 1`.
        text: New answer text, or "".
        reasoning: New thinking text, or "".
        tool_calls: New tool-call pieces, or an empty tuple.
        finish_reason: Set on the choice's last delta only, which carries nothing else new.
        usage: Final totals; on the last delta of the whole stream only.
        logprobs: Passed on as received.
        id: The completion's id.
        model: The model that answered.
        raw: The wire chunk; on the last delta it holds `choices` and the final `usage`.
    """

    index: int
    text: str
    reasoning: str
    tool_calls: Sequence[ToolCallDelta]
    finish_reason: FinishReason | None
    usage: Usage | None
    logprobs: JsonObject | None
    id: str
    model: str
    raw: ChatChunkDict


def finish_reason_from_wire(reason: str) -> str:
    """`eos` is in the documented enum and means `stop`."""
    return "stop" if reason == "eos" else reason


def arguments_from_wire(arguments: object) -> str:
    """Tool arguments are JSON text; `null` was seen for none, an object is written out."""
    if isinstance(arguments, str):
        return arguments
    if arguments is None:
        return ""
    return pydantic_core.to_json(arguments).decode()


def invented_id(completion_id: str, choice: int, index: int) -> str:
    """Name a tool call that came without id: unique in a conversation, same on replay."""
    return f"call_{completion_id or uuid4().hex}_{choice}_{index}"
