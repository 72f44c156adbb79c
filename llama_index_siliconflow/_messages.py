"""`ChatMessage`s to wire messages. Pure; the client's `normalise_messages` has the last word.

What each role may hold is decided here, and everything else raises a `ValueError` that names the
block. The rules that every adapter shares (merged neighbours, no `developer` role, which turns
carry `reasoning_content` back) are the client's.
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Final, NoReturn, assert_never, cast

from llama_index.core.base.llms.types import (
    AudioBlock,
    CachePoint,
    ChatMessage,
    CitableBlock,
    CitationBlock,
    DocumentBlock,
    ImageBlock,
    MessageRole,
    TextBlock,
    ThinkingBlock,
    ToolCallBlock,
    VideoBlock,
)

from llama_index_siliconflow._media import audio_part, image_part, pdf_part, video_part
from llama_index_siliconflow._tool_calls import legacy_block
from siliconflow_client import ConfigurationError, lookup_model, normalise_messages

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from llama_index.core.base.llms.types import ContentBlock

    from siliconflow_client import ContentPart, Message, ReasoningReplay, ToolCallParam

_ROLES: Final[Mapping[MessageRole, str]] = {
    MessageRole.SYSTEM: "system",
    MessageRole.DEVELOPER: "developer",
    MessageRole.USER: "user",
    MessageRole.ASSISTANT: "assistant",
    MessageRole.MODEL: "assistant",
    MessageRole.CHATBOT: "assistant",
    MessageRole.TOOL: "tool",
    MessageRole.FUNCTION: "tool",
}


def wire_messages(
    messages: Sequence[ChatMessage], *, model: str, replay: ReasoningReplay = "tool_loop"
) -> list[Message]:
    """Turn a conversation into the API's messages.

    Args:
        messages: The conversation; it is not changed.
        model: Decides whether PDF documents can be sent.
        replay: Which assistant turns carry their thinking back.

    Raises:
        ValueError: A block that cannot be sent in its place, named.
    """
    wire: list[Message] = []
    open_calls: list[str] = []
    for position, message in enumerate(messages):
        match _ROLES[message.role]:
            case "assistant":
                turn, open_calls = _assistant(message, position)
            case "tool":
                turn = _tool_result(message, open_calls)
            case role:
                turn = _spoken(message, role, model)
        wire.append(turn)
    return normalise_messages(wire, replay=replay)


def _spoken(message: ChatMessage, role: str, model: str) -> Message:
    """A system or user turn: a plain string as long as there is only text."""
    parts: list[ContentPart] = []
    plain = True
    for block in message.blocks:
        match block:
            case TextBlock():
                parts.append({"type": "text", "text": block.text})
            case CachePoint():  # SiliconFlow caches prompts by itself
                pass
            case ImageBlock() if role == "user":
                parts.append(image_part(block))
                plain = False
            case VideoBlock() if role == "user":
                frames = message.additional_kwargs.get("max_frames")
                parts.append(video_part(block, max_frames=frames))
                plain = False
            case AudioBlock() if role == "user":
                parts.append(audio_part(block))
                plain = False
            case DocumentBlock() if role == "user" and "pdf" in lookup_model(model).inputs:
                parts.append(pdf_part(block))
                plain = False
            case (
                ImageBlock()
                | VideoBlock()
                | AudioBlock()
                | DocumentBlock()
                | CitableBlock()
                | CitationBlock()
                | ThinkingBlock()
                | ToolCallBlock()
            ):
                _refuse(block, f"in a {role} message to {model}")
            case _:
                assert_never(block)
    turn: Message = {"role": role, "content": _text(message) if plain else parts}
    return _named(turn, message)


def _assistant(message: ChatMessage, position: int) -> tuple[Message, list[str]]:
    """An assistant turn, and the ids of the calls that it makes."""
    thinking: list[str] = []
    made: list[ToolCallBlock] = []
    for block in message.blocks:
        match block:
            case TextBlock() | CachePoint():
                pass
            case ThinkingBlock():
                thinking.append(block.content or "")
            case ToolCallBlock():
                made.append(block)
            case (
                ImageBlock()
                | VideoBlock()
                | AudioBlock()
                | DocumentBlock()
                | CitableBlock()
                | CitationBlock()
            ):
                _refuse(block, "in an assistant message")
            case _:
                assert_never(block)
    kwargs = message.additional_kwargs
    if not made:
        made = _legacy_calls(kwargs)
    calls = [_call(block, f"call_{position}_{number}") for number, block in enumerate(made)]
    turn: Message = {"role": "assistant", "content": _text(message)}
    reasoning = "".join(thinking) or kwargs.get("reasoning_content")
    if isinstance(reasoning, str) and reasoning:
        turn["reasoning_content"] = reasoning
    if calls:
        turn["tool_calls"] = calls
    if kwargs.get("prefix") is True:
        turn["prefix"] = True
    return _named(turn, message), [call["id"] for call in calls]


def _tool_result(message: ChatMessage, open_calls: list[str]) -> Message:
    for block in message.blocks:
        match block:
            case TextBlock() | CachePoint():
                pass
            case (
                ImageBlock()
                | VideoBlock()
                | AudioBlock()
                | DocumentBlock()
                | CitableBlock()
                | CitationBlock()
                | ThinkingBlock()
                | ToolCallBlock()
            ):
                _refuse(block, "in a tool result, which is text")
            case _:
                assert_never(block)
    call_id = message.additional_kwargs.get("tool_call_id")
    if not isinstance(call_id, str) or not call_id:
        if not open_calls:
            raise ValueError(
                "tool message without additional_kwargs['tool_call_id'], and no call is open"
            )
        call_id = open_calls[0]
    if call_id in open_calls:
        open_calls.remove(call_id)
    return {"role": "tool", "tool_call_id": call_id, "content": _text(message)}


def _text(message: ChatMessage) -> str:
    return "\n".join(block.text for block in message.blocks if isinstance(block, TextBlock))


def _named(turn: Message, message: ChatMessage) -> Message:
    name = message.additional_kwargs.get("name")
    if isinstance(name, str) and name:
        turn["name"] = name
    return turn


def _legacy_calls(kwargs: Mapping[str, object]) -> list[ToolCallBlock]:
    """Calls of messages that older releases and other integrations made."""
    entries = cast("Sequence[object]", kwargs.get("tool_calls") or ())
    blocks: list[ToolCallBlock] = []
    for entry in entries:
        block = legacy_block(entry)
        if block is None:
            raise ValueError("additional_kwargs['tool_calls'] holds a call without a name")
        blocks.append(block)
    return blocks


def _call(block: ToolCallBlock, fallback_id: str) -> ToolCallParam:
    kwargs = block.tool_kwargs
    return {
        "id": block.tool_call_id or fallback_id,
        "type": "function",
        "function": {
            "name": block.tool_name,
            "arguments": kwargs if isinstance(kwargs, str) else _dump(kwargs),
        },
    }


def _dump(arguments: object) -> str:
    return json.dumps(arguments, ensure_ascii=False)


def _refuse(block: ContentBlock, where: str) -> NoReturn:
    raise ConfigurationError(f"{type(block).__name__} cannot be sent {where}", argument="messages")
