"""No I/O: a conversation in the only form that every model behind the API takes.

The rules come from the API's documents and from reported refusals (wire facts §0.7, §2.4, §2.7);
they stand here once, and both adapters call them last.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, cast

from siliconflow_client._errors import ConfigurationError

if TYPE_CHECKING:
    from collections.abc import Sequence

    from siliconflow_client._types import (
        ContentPart,
        Message,
        ReasoningReplay,
        TextPart,
        ToolCallParam,
    )

EMPTY_TOOL_RESULT = "(no output)"
"""Stands for a tool result of nothing, which the API refuses."""


def normalise_messages(
    messages: Sequence[Message], *, replay: ReasoningReplay = "tool_loop"
) -> list[Message]:
    """Return new messages that keep the API's rules; the ones given stay as they are.

    - `developer` becomes `system`; system text that is not at the start moves to the start.
    - Neighbours of one role are merged, tool calls included; tool results never are.
    - Content is "" and not `null`; tool calls are of type `function`; an empty tool result
      becomes a placeholder.
    - `reasoning_content` goes back where `replay` says.

    Args:
        messages: A conversation in wire form.
        replay: `tool_loop`: on turns with tool calls after the last user message, as
            DeepSeek-V3.2, GLM-4.7 and Kimi need it. `always`: wherever there is any. `never`.
    """
    turns: list[Message] = []
    system: Message | None = None
    for message in messages:
        turn = _one(message)
        if turn["role"] == "system":
            if system is None:
                system = turn
            else:
                _merge(system, turn)
        elif turns and turns[-1]["role"] == turn["role"] != "tool" and _may_merge(turns[-1], turn):
            _merge(turns[-1], turn)
        else:
            turns.append(turn)
    _apply_replay(turns, replay)
    return turns if system is None else [system, *turns]


def _one(message: Message) -> Message:
    turn = cast("Message", {key: value for key, value in message.items() if value is not None})
    if turn["role"] == "developer":
        turn["role"] = "system"
    content = turn.get("content")
    turn["content"] = list(content) if isinstance(content, list) else content or ""
    calls = turn.pop("tool_calls", None)
    if calls:
        turn["tool_calls"] = [_call(call) for call in calls]
    if turn["role"] == "tool" and not turn["content"]:
        turn["content"] = EMPTY_TOOL_RESULT
    return turn


def _call(call: ToolCallParam) -> ToolCallParam:
    # Echoing a call that came without type is a 400 (fixture 400_20015_tool_call_type_missing).
    try:
        function = call["function"]
        name, arguments, call_id = function["name"], function["arguments"], call["id"]
    except (KeyError, TypeError) as error:
        raise ConfigurationError(
            "A tool call in messages lacks `id`, `function.name` or `function.arguments`.",
            argument="messages",
        ) from error
    return {
        "id": call_id,
        "type": "function",
        "function": {"name": name, "arguments": arguments or "{}"},
    }


def _may_merge(first: Message, second: Message) -> bool:
    """Two speakers under one role stay apart, and so does a continuation prefix."""
    return first.get("name") == second.get("name") and not first.get("prefix")


def _merge(first: Message, second: Message) -> None:
    first["content"] = _joined(first["content"], second["content"])
    calls = [*first.get("tool_calls", []), *second.get("tool_calls", [])]
    if calls:
        first["tool_calls"] = calls
    reasoning = [text for turn in (first, second) if (text := turn.get("reasoning_content"))]
    if reasoning:
        first["reasoning_content"] = "\n\n".join(reasoning)
    if second.get("prefix"):
        first["prefix"] = True


def _joined(
    first: str | list[ContentPart], second: str | list[ContentPart]
) -> str | list[ContentPart]:
    if isinstance(first, str) and isinstance(second, str):
        return "\n\n".join(text for text in (first, second) if text)
    return [*_parts(first), *_parts(second)]


def _parts(content: str | list[ContentPart]) -> list[ContentPart]:
    if isinstance(content, list):
        return content
    text: TextPart = {"type": "text", "text": content}
    return [text] if content else []


def _apply_replay(turns: list[Message], replay: ReasoningReplay) -> None:
    last_user = max(
        (position for position, turn in enumerate(turns) if turn["role"] == "user"), default=-1
    )
    for position, turn in enumerate(turns):
        if "reasoning_content" not in turn or replay == "always":
            continue
        in_loop = position > last_user and "tool_calls" in turn
        if replay == "never" or not in_loop:
            del turn["reasoning_content"]
