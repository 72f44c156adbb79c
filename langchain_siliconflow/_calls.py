"""Tool calls of an answer: those that can be executed, and those that cannot."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any, Final, cast

from langchain_core.messages import InvalidToolCall, ToolCall
from langchain_core.messages.tool import invalid_tool_call, tool_call

if TYPE_CHECKING:
    from collections.abc import Iterable

    from langchain_core.messages import AIMessageChunk

    from siliconflow_client import ToolCall as ClientToolCall

CUT_OFF: Final = "null"
"""Arguments of a streamed call that was cut off before any came. LangChain's own adding up reads
nothing, and `{}`, as a call without arguments, but not what is no object."""
_NOTHING: Final = frozenset({"", "{}", "null"})


def is_empty(arguments: str) -> bool:
    """Tell whether arguments hold nothing: no text, `{}` or `null`."""
    text = arguments.strip()
    return text in _NOTHING or (text[:1] + text[-1:] == "{}" and not text[1:-1].strip())


def parse_calls(
    calls: Iterable[ClientToolCall], *, cut_off: bool = False
) -> tuple[list[ToolCall], list[InvalidToolCall]]:
    """Sort tool calls into those that can be executed and those that cannot.

    A call counts only if it has a name and its arguments are a whole JSON object: nothing is
    repaired, because a repaired call may do something else than the model meant.

    Args:
        calls: The calls, in order.
        cut_off: Whether the answer ended with finish reason `length`. Its last call is invalid
            when its arguments hold nothing: vLLM sends `""` or `"{}"` for one that it cut off,
            and a tool whose arguments have defaults would run with those.
    """
    valid: list[ToolCall] = []
    invalid: list[InvalidToolCall] = []
    every = list(calls)
    for position, call in enumerate(every):
        arguments: object = None
        error: str | None = None
        text = call.arguments.strip()
        if cut_off and position == len(every) - 1 and is_empty(text):
            error = "the answer was cut off (finish_reason 'length') before any argument came"
            text = "" if text == CUT_OFF else text
        else:
            try:
                arguments = {} if text in ("", "null") else json.loads(text)
            except json.JSONDecodeError as cause:
                error = f"arguments are not JSON: {cause}"
            text = call.arguments
        if error is None and not isinstance(arguments, dict):
            error = "arguments are not a JSON object"
        if error is None and not call.name:
            error = "the call has no function name"
        if error is None:
            whole = cast("dict[str, Any]", arguments)
            valid.append(tool_call(name=call.name, args=whole, id=call.id))
        else:
            invalid.append(
                invalid_tool_call(name=call.name or None, args=text, id=call.id, error=error)
            )
    return valid, invalid


def read_strictly(message: AIMessageChunk) -> None:
    """Read the calls of a finished sum as those of a whole answer are read."""
    if not message.tool_call_chunks:
        return
    from siliconflow_client import ToolCall as ClientToolCall

    message.tool_calls, message.invalid_tool_calls = parse_calls(
        (
            ClientToolCall(
                index=position,
                id=cast("str", piece["id"]),
                name=piece["name"] or "",
                arguments=piece["args"] or "",
            )
            for position, piece in enumerate(message.tool_call_chunks)
        ),
        cut_off=message.response_metadata.get("finish_reason") == "length",
    )
    bad = {call["id"]: call for call in message.invalid_tool_calls}
    if bad and isinstance(message.content, list):
        message.content = [
            {**bad[block["id"]], "type": "invalid_tool_call"}
            if isinstance(block, dict) and block.get("type") == "tool_call" and block["id"] in bad
            else block
            for block in message.content
        ]
