"""Standard content blocks for SiliconFlow's messages: the translator that LangChain calls.

Without one, core itself damages streams that hold text or thinking beside tool calls: it numbers
blocks by the change of their type, and a tool call with the API's index 0 is merged into the text
block with index 0. So every block of a chunk carries an index of its own that begins with `lc_`,
which core merges and never adds up.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final, cast

from langchain_core.messages.block_translators import register_translator
from langchain_core.messages.content import KNOWN_BLOCK_TYPES

if TYPE_CHECKING:
    from langchain_core.messages import AIMessage, AIMessageChunk
    from langchain_core.messages.content import ContentBlock

REASONING_INDEX: Final = "lc_rs_0"
TEXT_INDEX: Final = "lc_txt_0"
_HAS_REFUSAL: Final = "refusal" in KNOWN_BLOCK_TYPES  # langchain-core >= 1.7.5


def message_blocks(message: AIMessage) -> list[ContentBlock]:
    """Give the blocks of a whole message: thinking, text, tool calls.

    Invalid tool calls are left out: LangChain adds them from the message itself.
    """
    blocks = _content_blocks(message)
    seen = {block.get("id") for block in blocks if block["type"] == "tool_call"}
    for call in message.tool_calls:
        if call["id"] is None or call["id"] not in seen:
            blocks.append(
                {
                    "type": "tool_call",
                    "name": call["name"],
                    "args": call["args"],
                    "id": call["id"],
                }
            )
    return cast("list[ContentBlock]", blocks)


def chunk_blocks(chunk: AIMessageChunk) -> list[ContentBlock]:
    """Give the blocks of a stream piece, or of the sum of all pieces once the last is in it."""
    # Core counts pieces without a name as invalid calls, without saying what is wrong with them.
    invalid = [call for call in chunk.invalid_tool_calls if call["name"] or call["error"]]
    if chunk.chunk_position == "last" and (chunk.tool_calls or invalid):
        bad: list[dict[str, Any]] = [{**call, "type": "invalid_tool_call"} for call in invalid]
        return [*message_blocks(chunk), *cast("list[ContentBlock]", bad)]
    blocks = _content_blocks(chunk)
    for block in blocks:
        if block["type"] == "reasoning":
            block.setdefault("index", REASONING_INDEX)
        elif block["type"] == "text":
            block.setdefault("index", TEXT_INDEX)
    for position, call in enumerate(chunk.tool_call_chunks):
        number = call["index"] if call["index"] is not None else position
        blocks.append(
            {
                "type": "tool_call_chunk",
                "id": call["id"],
                "name": call["name"],
                "args": call["args"],
                "index": f"lc_tc_{number}",
            }
        )
    return cast("list[ContentBlock]", blocks)


def _content_blocks(message: AIMessage) -> list[dict[str, Any]]:
    blocks: list[dict[str, Any]] = []
    content = [message.content] if isinstance(message.content, str) else message.content
    for item in content:
        if isinstance(item, str):
            if item:
                blocks.append({"type": "text", "text": item})
        elif item.get("type") in KNOWN_BLOCK_TYPES:
            blocks.append(dict(item))
        else:
            blocks.append({"type": "non_standard", "value": item})
    reasoning = message.additional_kwargs.get("reasoning_content")
    if (
        isinstance(reasoning, str)
        and reasoning
        and not any(block["type"] == "reasoning" for block in blocks)
    ):
        blocks.insert(0, {"type": "reasoning", "reasoning": reasoning})
    refusal = message.additional_kwargs.get("refusal")
    if _HAS_REFUSAL and isinstance(refusal, str) and refusal:
        blocks.append({"type": "refusal", "refusal": refusal})
    return blocks


def register() -> None:
    """Make LangChain use these functions for messages whose provider is `siliconflow`."""
    register_translator("siliconflow", message_blocks, chunk_blocks)
