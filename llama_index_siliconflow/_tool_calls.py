"""Tools: what is sent, what came back, and arguments that are still arriving."""

from __future__ import annotations

from typing import TYPE_CHECKING, cast

from llama_index.core.base.llms.types import ToolCallBlock
from llama_index.core.llms.llm import ToolSelection
from pydantic.errors import PydanticUserError
from pydantic_core import from_json

from llama_index_siliconflow._schema import strict_schema
from siliconflow_client import ConfigurationError

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from llama_index.core.base.llms.types import ChatResponse
    from llama_index.core.tools.types import BaseTool

    from siliconflow_client import JsonObject, JsonValue, Tool, ToolChoice


def parse_arguments(text: str, *, finished: bool = False) -> JsonObject:
    """Read the arguments of a call, also when their JSON has not ended yet.

    `'{"name": "Al'` gives `{"name": "Al"}`; what is not an object gives `{}`.

    Args:
        text: The arguments so far.
        finished: No more will come. The example then gives `{}`: an agent that executes the call
            must miss an argument, not take half of it for the whole.
    """
    if not text:
        return {}
    try:
        value: JsonValue = from_json(text, allow_partial=True if finished else "trailing-strings")
    except ValueError:
        return {}
    return value if isinstance(value, dict) else {}


def arguments_are_whole(text: str, *, may_be_empty: bool = True) -> bool:
    """Tell whether the arguments are one finished JSON object.

    Args:
        text: The arguments.
        may_be_empty: Whether no text at all, or an object that holds nothing, will do.
    """
    if not text.strip():
        return may_be_empty
    try:
        value: JsonValue = from_json(text)
    except ValueError:
        return False
    return isinstance(value, dict) and (may_be_empty or bool(value))


def tool_specs(tools: Sequence[BaseTool], *, strict: bool | None) -> list[Tool]:
    """Describe tools to the API.

    Args:
        tools: The tools; descriptions may be of any length.
        strict: Ask the server to keep to the schema, whose objects are then closed at every depth.

    Raises:
        ConfigurationError: The arguments of a tool have no JSON schema.
    """
    specs: list[Tool] = []
    for tool in tools:
        try:
            spec = cast("Tool", tool.metadata.to_openai_tool(skip_length_check=True))
        except PydanticUserError as error:
            raise ConfigurationError(
                f"the tool {tool.metadata.name!r} has no JSON schema: {error.message}",
                argument="tools",
            ) from error
        if strict is not None:
            spec["function"]["strict"] = strict
        if strict:
            spec["function"]["parameters"] = strict_schema(spec["function"].get("parameters") or {})
        specs.append(spec)
    return specs


def wire_tool_choice(
    choice: str | Mapping[str, object] | None, *, required: bool, tools: Sequence[Tool]
) -> ToolChoice:
    """Say which tool the model shall call.

    Args:
        choice: `auto`, `none`, `required` (`any` means the same), the name of a tool, a wire
            dict, or `None`, which leaves the decision to `required`.
        required: Whether some tool must be called.
        tools: The tools on offer.

    Raises:
        ConfigurationError: No tool has this name.
    """
    match choice:
        case None:
            return "required" if required else "auto"
        case "auto" | "none" | "required":
            return choice
        case "any":
            return "required"
        case str():
            names = [tool["function"]["name"] for tool in tools]
            if choice not in names:
                raise ConfigurationError(
                    f"tool_choice {choice!r} is none of the tools: {names}", argument="tool_choice"
                )
            return {"type": "function", "function": {"name": choice}}
        case _:
            return cast("ToolChoice", choice)


def tool_selections(response: ChatResponse) -> list[ToolSelection]:
    """List the calls of a response, whole or still arriving; never raises.

    Calls without a name are left out: nothing could be called. (Messages of older releases hold
    their calls only in `additional_kwargs["tool_calls"]`.)
    """
    message = response.message
    blocks = [block for block in message.blocks if isinstance(block, ToolCallBlock)]
    if not blocks:
        legacy = cast("Sequence[object]", message.additional_kwargs.get("tool_calls") or ())
        blocks = [block for call in legacy if (block := legacy_block(call)) is not None]
    return [
        ToolSelection(
            tool_id=block.tool_call_id or f"call_{number}",
            tool_name=block.tool_name,
            tool_kwargs=block_arguments(block),
        )
        for number, block in enumerate(blocks)
        if block.tool_name
    ]


def block_arguments(block: ToolCallBlock) -> JsonObject:
    """Read the arguments of a block, which may hold them as text."""
    kwargs = block.tool_kwargs
    return parse_arguments(kwargs) if isinstance(kwargs, str) else kwargs


def legacy_block(call: object) -> ToolCallBlock | None:
    """Read an entry of `additional_kwargs["tool_calls"]`: a wire dict, or another SDK's object.

    `None` where it names no function. Arguments stay the text that they are.
    """
    function = _member(call, "function")
    name = _member(function, "name")
    if not isinstance(name, str) or not name:
        return None
    call_id = _member(call, "id")
    arguments = _member(function, "arguments")
    return ToolCallBlock(
        tool_call_id=call_id if isinstance(call_id, str) and call_id else None,
        tool_name=name,
        tool_kwargs=cast("JsonObject | str", arguments)
        if isinstance(arguments, str | dict)
        else {},
    )


def _member(holder: object, name: str) -> object:
    if isinstance(holder, dict):
        return cast("dict[str, object]", holder).get(name)
    return getattr(holder, name, None)
