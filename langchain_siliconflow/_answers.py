"""An assistant's earlier turn as a wire message, whoever wrote it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from langchain_siliconflow._content import as_block, to_part
from langchain_siliconflow._history import in_words, json_text, kind_of, readable
from siliconflow_client import ConfigurationError

if TYPE_CHECKING:
    from langchain_core.messages import AIMessage

    from siliconflow_client import Message, ToolCallParam

# Their data is in `tool_calls` and `invalid_tool_calls`, which LangChain fills from them.
_CALLS: Final = frozenset(
    "custom_tool_call function_call invalid_tool_call tool_call tool_call_chunk tool_use".split()
)
_THOUGHTS: Final = frozenset({"reasoning", "thinking"})
_SILENT: Final = _CALLS | {"redacted_thinking"}
NO_NAME: Final = "unnamed"
"""Stands for the function of an invalid call that came without a name."""


def from_ai(message: AIMessage) -> Message:
    """Convert a turn: its text, its thinking, its calls; nothing in it raises."""
    text, reasoning = _split(message)
    wire: Message = {"role": "assistant", "content": readable(text)}
    kept = message.additional_kwargs.get("reasoning_content")
    if isinstance(kept, str) and kept:
        reasoning = kept
    if reasoning:
        wire["reasoning_content"] = readable(reasoning)
    calls = _calls_of(message)
    if calls:
        wire["tool_calls"] = calls
    elif not text and isinstance(message.content, list):
        gone = _left_out(message.content)
        if gone:
            wire["content"] = f"[{', '.join(gone)} omitted]"
    if message.additional_kwargs.get("prefix"):
        wire["prefix"] = True
    return wire


def _split(message: AIMessage) -> tuple[str, str]:
    """Separate an answer's text from its thinking; its pieces are joined as they came."""
    if isinstance(message.content, str):
        return message.content, ""
    text = _Text()
    thoughts: list[str] = []
    for item in message.content:
        if isinstance(item, str):
            text.add(item)
            continue
        block = _opened(item)
        kind = block.get("type")
        if kind in ("reasoning", "thinking"):
            thoughts.append(str(block.get(str(kind)) or ""))
        elif kind == "refusal":
            text.add(str(block.get("refusal", "")))
        elif not isinstance(kind, str) or kind not in _SILENT:
            _add_block(text, block)
    return str(text), "".join(thoughts)


def _opened(block: dict[Any, Any]) -> dict[str, Any]:
    inner = as_block(block.get("value")) if block.get("type") == "non_standard" else {}
    return inner or block


class _Text:
    """Pieces of an answer as they came, and descriptions on lines of their own."""

    def __init__(self) -> None:
        self._pieces: list[str] = []
        self._line_ended = False

    def add(self, piece: str, *, own_line: bool = False) -> None:
        """Add a piece; one of nothing changes nothing."""
        if not piece:
            return
        before = self._pieces[-1] if self._pieces else "\n"
        if (own_line or self._line_ended) and not before.endswith("\n"):
            self._pieces.append("\n")
        self._pieces.append(piece)
        self._line_ended = own_line

    def __str__(self) -> str:
        return "".join(self._pieces)


def _add_block(text: _Text, block: dict[str, Any]) -> None:
    try:
        part = to_part(block, "assistant")
    except ConfigurationError:
        text.add(in_words(block), own_line=True)
        return
    if part["type"] == "text":
        text.add(part["text"])
    else:
        text.add(in_words(block, "an assistant's media cannot be sent back"), own_line=True)


def _left_out(content: list[str | dict[Any, Any]]) -> list[str]:
    kinds = [kind_of(_opened(item)) for item in content if not isinstance(item, str)]
    return list(dict.fromkeys(kind for kind in kinds if kind not in _SILENT | _THOUGHTS))


def _calls_of(message: AIMessage) -> list[ToolCallParam]:
    calls = [
        called(call["id"], call["name"], json_text(call["args"])) for call in message.tool_calls
    ]
    calls += [
        called(call["id"], call["name"], call["args"] or "") for call in message.invalid_tool_calls
    ]
    if not calls and isinstance(message.content, list):
        # Written by hand in Anthropic's form: LangChain fills `tool_calls` for answers only.
        calls = [
            called(block.get("id"), block.get("name"), json_text(block.get("input") or {}))
            for block in map(as_block, message.content)
            if block.get("type") == "tool_use"
        ]
    return calls


def called(call_id: object, name: object, arguments: str) -> ToolCallParam:
    """Make a call for the wire, which has an id and a name in any case."""
    return {
        "id": str(call_id or ""),
        "type": "function",
        "function": {"name": str(name or NO_NAME), "arguments": readable(arguments)},
    }
