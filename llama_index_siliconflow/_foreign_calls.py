"""Tool calls in messages that others wrote: dicts, SDKs' objects, `ToolSelection`s. Pure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Final, cast

from llama_index.core.base.llms.types import ToolCallBlock

from llama_index_siliconflow._arguments import dump_arguments

# Where the makers put them. OpenAI: `function` or `custom` around name and arguments, `call_id` in
# its newer API; Anthropic: `input`; Bedrock: `toolUseId`; LangChain and Google: `args`.
_INNER: Final = ("function", "custom", "function_call", "toolUse")
_NAMES: Final = ("name", "tool_name")
_ARGUMENTS: Final = ("arguments", "input", "args", "tool_kwargs")
_IDS: Final = ("call_id", "tool_call_id", "id", "tool_id", "toolUseId")


def foreign_calls(additional_kwargs: Mapping[str, object]) -> list[ToolCallBlock | None]:
    """Read the calls in a message's `additional_kwargs`, under `tool_calls` or `function_call`.

    Each is `None` where it names no function. Arguments that are text stay the text that they are.
    """
    entries = _entries(additional_kwargs.get("tool_calls"))
    if not entries:
        entries = _entries(additional_kwargs.get("function_call"))
    return [_block(entry) for entry in entries]


def _entries(value: object) -> Sequence[object]:
    match value:
        case None | str() | bytes():
            return ()
        case Mapping():
            return (cast("object", value),) if value else ()
        case Sequence():
            return cast("Sequence[object]", value)
        case _:
            return (value,)


def _block(call: object) -> ToolCallBlock | None:
    inner = next((found for key in _INNER if (found := _member(call, key)) is not None), call)
    name = _first(inner, _NAMES)
    if not isinstance(name, str) or not name:
        return None
    call_id = _first(call, _IDS)
    if call_id is None:
        call_id = _first(inner, _IDS)
    arguments = _first(inner, _ARGUMENTS)
    return ToolCallBlock(
        tool_call_id=str(call_id) if call_id else None,
        tool_name=name,
        tool_kwargs=_kwargs(arguments),
    )


def _kwargs(arguments: object) -> dict[str, Any] | str:
    if arguments is None:
        return {}
    if isinstance(arguments, str):
        return arguments
    if not isinstance(arguments, Mapping):
        return dump_arguments(arguments)
    values = cast("Mapping[object, object]", arguments)
    named = {key: value for key, value in values.items() if isinstance(key, str)}
    return named if len(named) == len(values) else dump_arguments(dict(values))


def _first(holder: object, names: Sequence[str]) -> object:
    return next((found for name in names if (found := _member(holder, name)) is not None), None)


def _member(holder: object, name: str) -> object:
    if isinstance(holder, Mapping):
        return cast("Mapping[str, object]", holder).get(name)
    return getattr(holder, name, None)
