"""Tools and tool choice, in all the forms LangChain's users write them, as the wire's."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING, Any, TypeAlias, cast

from langchain_core.utils.function_calling import convert_to_openai_tool

from langchain_siliconflow._content import as_block
from langchain_siliconflow._schemas import converting, written_out
from siliconflow_client import ConfigurationError

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from langchain_core.tools import BaseTool

    from siliconflow_client import Tool, ToolChoice

ToolLike: TypeAlias = "dict[str, Any] | type | Callable[..., Any] | BaseTool"
ToolChoiceLike: TypeAlias = "str | bool | dict[str, Any] | None"


def to_wire_tools(tools: Sequence[ToolLike], *, strict: bool | None = None) -> list[Tool]:
    """Convert tools: `BaseTool`s, functions, pydantic classes, and dictionaries of any dialect.

    Args:
        tools: The tools, in any mix of forms.
        strict: Ask for arguments that keep to the schema; `None` leaves each tool as it is.

    Raises:
        ConfigurationError: A server-side tool of another provider, such as
            `{"type": "web_search"}`; this API runs functions only.
    """
    if not isinstance(cast("object", tools), Iterable):
        raise ConfigurationError(
            f"tools must be a list, not {type(tools).__name__}", argument="tools"
        )
    wire: list[Tool] = []
    for tool in tools:
        with converting(tool, "tools"):
            converted = convert_to_openai_tool(_opened(tool, strict), strict=strict)
        if converted.get("type") != "function" or not isinstance(converted.get("function"), dict):
            raise ConfigurationError(
                f"tool of type {converted.get('type')!r} is not one of SiliconFlow's: "
                "it calls functions only",
                argument="tools",
            )
        wire.append(cast("Tool", converted))
    return wire


def _opened(tool: ToolLike, strict: bool | None) -> ToolLike:
    """Bring a tool into a form that LangChain describes whole.

    Those in wire form are unwrapped for `strict`, since LangChain returns them as they are. So
    does it with the flat form of the Responses API, whose name stands beside the type.
    """
    if isinstance(tool, type):
        return written_out(tool)
    block = as_block(tool)
    function = as_block(block.get("function"))
    if block.get("type") == "function" and not function and block.get("name"):
        return {name: value for name, value in block.items() if name != "type"}
    if strict is None or not function.get("name"):
        return tool
    opened: dict[str, Any] = {"parameters": {"type": "object", "properties": {}}, **function}
    return {**opened, "strict": strict} if "strict" in opened else opened


def to_wire_choice(choice: ToolChoiceLike, tools: Sequence[Tool]) -> ToolChoice | None:
    """Convert a tool choice.

    Args:
        choice: `"auto"`, `"none"`, `"required"`, `"any"`, `True`, `False`, the name of a tool,
            OpenAI's named dictionary, or Anthropic's `{"type": "any" | "auto" | "tool"}`.
        tools: The tools it chooses from, already converted.

    Returns:
        What to send, or `None` for nothing.

    Raises:
        ConfigurationError: The choice names a tool that is not there, or has no such form.
    """
    if choice is None or choice is False:
        return None
    if choice is True or choice in ("any", "required"):
        return "required"
    if choice == "auto":
        return "auto"
    if choice == "none":
        return "none"
    if isinstance(choice, str):
        return _named(choice, tools)
    given = as_block(choice)
    kind = given.get("type")
    if kind in ("auto", "none", "any", "required") and len(given) == 1:
        return to_wire_choice(str(kind), tools)
    name = as_block(given.get("function")).get("name") or given.get("name")
    if isinstance(name, str):
        return _named(name, tools)
    raise ConfigurationError(f"unknown form of tool_choice: {choice!r}", argument="tool_choice")


def _named(name: str, tools: Sequence[Tool]) -> ToolChoice:
    names = [tool["function"]["name"] for tool in tools]
    if name not in names:
        raise ConfigurationError(
            f"tool_choice names {name!r}, but the tools are {', '.join(names) or 'none'}",
            argument="tool_choice",
        )
    return {"type": "function", "function": {"name": name}}


def is_forced(choice: object) -> bool:
    """Tell whether a wire tool choice leaves the model no other way than to call."""
    return choice == "required" or isinstance(choice, dict)
