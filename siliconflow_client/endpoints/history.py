"""No I/O: a conversation in the only form that every model behind the API takes.

The rules come from the API's documents and from reported refusals (docs/wire.md#history); they
stand here once, and both adapters call them last.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import cast

import pydantic_core

from siliconflow_client.endpoints.conversation import (
    ContentPart,
    Message,
    ReasoningReplay,
    TextPart,
    ToolCallParam,
)
from siliconflow_client.errors.tree import ConfigurationError

EMPTY_TOOL_RESULT = "(no output)"
"""Stands for a tool result of nothing, which the API refuses."""

INVALID_ARGUMENTS = "__invalid_arguments__"
"""Key under which the text of arguments that are no JSON object travels."""


def normalise_messages(
    messages: Sequence[Message], *, replay: ReasoningReplay = "tool_loop"
) -> list[Message]:
    """Return new messages that keep the API's rules; the ones given stay as they are.

    - `developer` becomes `system`; system text that is not at the start moves to the start.
      Where no user says anything, the system text is sent as the user's.
    - Neighbours of one role are merged, tool calls included; tool results never are.
    - Content is "" and not `null`; tool calls are of type `function`; an empty tool result
      becomes a placeholder.
    - A call's arguments that are no JSON object travel inside one, as
      `{"__invalid_arguments__": "…"}`: vLLM-style back ends refuse others at every later turn.
    - A call without an id has one made, which its result, the next without one, gets too.
    - `reasoning_content` goes back where `replay` says.

    Args:
        messages: A conversation in wire form.
        replay: `tool_loop`: on every turn with tool calls, in the whole history, as
            DeepSeek-V3.2 and V4, GLM-4.7 and Kimi need it, and on no plain turn. `always`:
            wherever there is any. `never`.
    """
    groups: list[list[Message]] = []
    system: list[Message] = []
    for message in messages:
        turn = _one(message, replay)
        if turn["role"] == "system":
            system.append(turn)
        elif groups and _may_merge(groups[-1][-1], turn):
            groups[-1].append(turn)
        else:
            groups.append([turn])
    turns = [_merged(group) for group in groups]
    _identify_calls(turns)
    if not system:
        return turns
    head = _merged(system)
    if not any(turn["role"] == "user" for turn in turns):
        # A lone system message is a 400: "No user query found in messages."
        head["role"] = "user"
    return [head, *turns]


def _one(message: Message, replay: ReasoningReplay) -> Message:
    turn = cast("Message", {key: value for key, value in message.items() if value is not None})
    if turn["role"] == "developer":
        turn["role"] = "system"
    content = turn.get("content")
    turn["content"] = list(content) if isinstance(content, list) else content or ""
    calls = turn.pop("tool_calls", None)
    if calls:
        turn["tool_calls"] = [_call(call) for call in calls]
    if replay == "never" or (replay == "tool_loop" and not calls):
        turn.pop("reasoning_content", None)
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
        "function": {"name": name, "arguments": _json_object(arguments)},
    }


def _identify_calls(turns: Sequence[Message]) -> None:
    waiting: list[ToolCallParam] = []
    made = 0
    for turn in turns:
        if turn["role"] != "tool":
            waiting = [call for call in turn.get("tool_calls", ()) if not call["id"]]
            for call in waiting:
                made += 1
                call["id"] = f"call_without_id_{made}"
        elif waiting and not turn.get("tool_call_id"):
            turn["tool_call_id"] = waiting.pop(0)["id"]


def _json_object(arguments: str) -> str:
    """The arguments themselves, or a JSON object that holds them where they are none."""
    if not arguments:
        return "{}"
    try:
        # NaN and Infinity are Python's, and no JSON.
        whole: object = pydantic_core.from_json(arguments, allow_inf_nan=False)
    except ValueError:
        whole = None
    if isinstance(whole, dict):
        return arguments
    return pydantic_core.to_json({INVALID_ARGUMENTS: arguments}).decode()


def _may_merge(first: Message, second: Message) -> bool:
    """Two speakers under one role stay apart, and so does a continuation prefix."""
    return (
        first["role"] == second["role"] != "tool"
        and first.get("name") == second.get("name")
        and not first.get("prefix")
    )


def _merged(group: Sequence[Message]) -> Message:
    """One turn of all; the first of them is changed."""
    first = group[0]
    if len(group) == 1:
        return first
    first["content"] = _joined([turn["content"] for turn in group])
    calls = [call for turn in group for call in turn.get("tool_calls", ())]
    if calls:
        first["tool_calls"] = calls
    reasoning = [text for turn in group if (text := turn.get("reasoning_content"))]
    if reasoning:
        first["reasoning_content"] = "\n\n".join(reasoning)
    if group[-1].get("prefix"):
        first["prefix"] = True
    return first


def _joined(contents: Sequence[str | list[ContentPart]]) -> str | list[ContentPart]:
    texts = [content for content in contents if isinstance(content, str)]
    if len(texts) == len(contents):
        return "\n\n".join(text for text in texts if text)
    return [part for content in contents for part in _parts(content)]


def _parts(content: str | list[ContentPart]) -> list[ContentPart]:
    if isinstance(content, list):
        return content
    text: TextPart = {"type": "text", "text": content}
    return [text] if content else []
