"""LangChain messages as wire messages: pure functions, one per kind of message.

The rules that the API has for a whole conversation (merging neighbours, moving system text to
the front, which turns carry their reasoning back) are the client's `normalise_messages`, which
both adapters call last.
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any, Final

from langchain_core.messages import (
    AIMessage,
    BaseMessage,
    ChatMessage,
    HumanMessage,
    SystemMessage,
    ToolMessage,
)

from langchain_siliconflow._content import (
    is_media,
    plain_text,
    to_part,
    to_parts,
    unsupported,
)
from siliconflow_client import ConfigurationError, normalise_messages

if TYPE_CHECKING:
    from collections.abc import Sequence

    from siliconflow_client import ContentPart, Message, ReasoningReplay, ToolCallParam

_ROLES: Final = frozenset({"system", "developer", "user", "assistant", "tool"})
# Their data is in `tool_calls` and `invalid_tool_calls`, which LangChain fills from them.
_CALL_BLOCKS: Final = frozenset(
    {"tool_use", "tool_call", "tool_call_chunk", "invalid_tool_call", "function_call"}
)


def to_wire(
    messages: Sequence[BaseMessage], *, replay: ReasoningReplay = "tool_loop"
) -> list[Message]:
    """Turn a conversation into what `/chat/completions` takes.

    Args:
        messages: The conversation, in order.
        replay: Which assistant turns carry `reasoning_content` back.

    Raises:
        ConfigurationError: A message or a block has no form on the wire; the text names it.
    """
    wire: list[Message] = []
    for message in messages:
        wire.extend(_convert(message))
    return normalise_messages(wire, replay=replay)


def _convert(message: BaseMessage) -> list[Message]:
    if isinstance(message, HumanMessage):
        return _from_human(message)
    if isinstance(message, AIMessage):
        return [_from_ai(message)]
    if isinstance(message, ToolMessage):
        return [_tool_result(message.tool_call_id, message.content)]
    if isinstance(message, SystemMessage):
        return [_named({"role": "system", "content": _text_only(message, "system")}, message)]
    if isinstance(message, ChatMessage):
        return [_from_chat(message)]
    raise ConfigurationError(
        f"messages of type {type(message).__name__} cannot be sent", argument="messages"
    )


def _named(wire: Message, message: BaseMessage) -> Message:
    if message.name:
        wire["name"] = message.name
    return wire


def _text_only(message: BaseMessage, role: str) -> str:
    content = message.content
    if isinstance(content, str):
        return content
    text = plain_text(content)
    if text is None:
        odd = next(block for block in content if plain_text([block]) is None)
        raise unsupported(odd, role)
    return text


def _from_human(message: HumanMessage) -> list[Message]:
    content = message.content
    if isinstance(content, str):
        return [_named({"role": "user", "content": content}, message)]
    # Anthropic puts tool results into the user's message; here they are messages of their own.
    results = [
        _tool_result(str(block.get("tool_use_id", "")), block.get("content") or "")
        for block in content
        if isinstance(block, dict) and block.get("type") == "tool_result"
    ]
    rest = [
        block
        for block in content
        if not (isinstance(block, dict) and block.get("type") == "tool_result")
    ]
    if not rest and results:
        return results
    text = plain_text(rest)
    wire: Message = {"role": "user", "content": to_parts(rest) if text is None else text}
    return [*results, _named(wire, message)]


def _from_ai(message: AIMessage) -> Message:
    text, reasoning = _split_answer(message)
    wire: Message = {"role": "assistant", "content": text}
    kept = message.additional_kwargs.get("reasoning_content")
    if isinstance(kept, str) and kept:
        reasoning = kept
    if reasoning:
        wire["reasoning_content"] = reasoning
    calls = _calls_of(message)
    if calls:
        wire["tool_calls"] = calls
    if message.additional_kwargs.get("prefix"):
        wire["prefix"] = True
    return _named(wire, message)


def _split_answer(message: AIMessage) -> tuple[str, str]:
    """Separate an answer's text from its thinking; its pieces are joined as they came."""
    if isinstance(message.content, str):
        return message.content, ""
    texts: list[str] = []
    thoughts: list[str] = []
    for block in message.content:
        kind = block.get("type") if isinstance(block, dict) else "text"
        if isinstance(block, str):
            texts.append(block)
        elif kind in ("reasoning", "thinking"):
            thoughts.append(str(block.get(kind) or ""))
        elif kind == "redacted_thinking" or kind in _CALL_BLOCKS:
            continue
        elif kind == "refusal":
            texts.append(str(block.get("refusal", "")))
        else:
            part = to_part(block, "assistant")
            if part["type"] != "text":
                raise unsupported(block, "assistant")
            texts.append(part["text"])
    return "".join(texts), "".join(thoughts)


def _calls_of(message: AIMessage) -> list[ToolCallParam]:
    calls = [
        _call(call["id"], call["name"], json.dumps(call["args"], ensure_ascii=False))
        for call in message.tool_calls
    ]
    calls += [
        _call(call["id"], call["name"], call["args"] or "") for call in message.invalid_tool_calls
    ]
    return calls


def _call(call_id: str | None, name: str | None, arguments: str) -> ToolCallParam:
    return {
        "id": call_id or "",
        "type": "function",
        "function": {"name": name or "", "arguments": arguments},
    }


def _from_chat(message: ChatMessage) -> Message:
    if message.role not in _ROLES:
        known = ", ".join(sorted(_ROLES))
        raise ConfigurationError(
            f"ChatMessage role {message.role!r} is unknown; known are {known}",
            argument="messages",
        )
    content: str | list[ContentPart]
    if message.role == "user" and not isinstance(message.content, str):
        content = to_parts(message.content)
    else:
        content = _text_only(message, message.role)
    return _named({"role": message.role, "content": content}, message)


def _tool_result(call_id: str, content: str | Sequence[str | dict[Any, Any]]) -> Message:
    return {"role": "tool", "tool_call_id": call_id, "content": _result_text(content)}


def _result_text(content: str | Sequence[str | dict[Any, Any]]) -> str:
    """Write a tool's result as text: as it is, its text blocks by line, or as JSON."""
    if isinstance(content, str):
        return content
    text = plain_text(content)
    if text is not None:
        return text
    for block in content:
        if is_media(block):
            raise unsupported(block, "tool", "tool results are text")
    return json.dumps(content, ensure_ascii=False)
