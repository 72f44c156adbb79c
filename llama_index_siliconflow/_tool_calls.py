"""Tool calls: which is asked for, and which came back. Pure."""

from __future__ import annotations

from typing import TYPE_CHECKING, cast

from llama_index.core.base.llms.types import ToolCallBlock
from llama_index.core.llms.llm import ToolSelection

from llama_index_siliconflow._arguments import parse_arguments
from llama_index_siliconflow._foreign_calls import foreign_calls
from siliconflow_client import ConfigurationError

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from llama_index.core.base.llms.types import ChatResponse

    from siliconflow_client import JsonObject, Tool, ToolChoice


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
        found = foreign_calls(message.additional_kwargs)
        blocks = [block for block in found if block is not None]
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
