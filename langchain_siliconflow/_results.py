"""Tool results: text on the wire, so that what else a tool gave moves behind them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from langchain_siliconflow._content import as_block, plain_text, to_part
from langchain_siliconflow._history import (
    json_text,
    medium_of,
    medium_of_part,
    omitted,
    readable,
    warn_once,
)
from siliconflow_client import ConfigurationError, lookup_model

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from siliconflow_client import ContentPart, Message

_TEXT_ONLY: Final = frozenset({"text"})


def why_not(medium: str, model: str) -> str | None:
    """Say why a model is not sent a medium, or return `None` when the catalogue says it may be."""
    inputs = lookup_model(model).inputs
    if medium in inputs:
        return None
    return f"{model} reads text only" if inputs == _TEXT_ONLY else f"{model} takes no {medium}"


def tool_result(
    call_id: str, content: str | Sequence[str | Mapping[str, Any]], model: str
) -> tuple[Message, list[ContentPart]]:
    """Turn a tool's result into its message, and what a user message behind it has to carry.

    Text blocks are joined by line and other data is JSON. Pictures and other media cannot stand
    in a tool message: they move when the model takes them, else words stand in their place.

    Args:
        call_id: The call that is answered.
        content: What the tool gave, as LangChain holds it.
        model: The model that will read it.
    """
    text, moved = _split(content, model)
    if moved:
        if not text:
            text = f"(see the {medium_of_part(moved[0])} in the next message)"
        label: ContentPart = {"type": "text", "text": f"From the result of tool call {call_id}:"}
        moved = [label, *moved]
    return {"role": "tool", "tool_call_id": call_id, "content": readable(text)}, moved


def _split(
    content: str | Sequence[str | Mapping[str, Any]], model: str
) -> tuple[str, list[ContentPart]]:
    if isinstance(content, str):
        return content, []
    text = plain_text(content)
    if text is not None:
        return text, []
    if not any(medium_of(block) or _is_plain_text(block) for block in content):
        return json_text(content), []
    lines: list[str] = []
    moved: list[ContentPart] = []
    for block in content:
        part = _part_of(block)
        if part is None:
            medium = medium_of(block)
            lines.append(json_text(block) if medium is None else _without(medium))
        elif part["type"] == "text":
            lines.append(part["text"])
        else:
            medium = medium_of_part(part)
            why = why_not(medium, model)
            if why is None:
                moved.append(part)
            else:
                lines.append(_without(medium, why))
    return "\n".join(line for line in lines if line), moved


def _is_plain_text(block: object) -> bool:
    return as_block(block).get("type") == "text-plain"


def _part_of(block: str | Mapping[str, Any]) -> ContentPart | None:
    try:
        return to_part(block, "tool")
    except ConfigurationError:
        return None


def _without(medium: str, why: str | None = None) -> str:
    warn_once(f"{medium} in a tool result")
    return omitted(medium) if why is None else omitted(medium, why)
