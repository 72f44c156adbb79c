"""How many tokens a conversation takes, before it is sent: an estimate without a download."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Final

from llama_index.core.base.llms.types import (
    AudioBlock,
    DocumentBlock,
    ImageBlock,
    TextBlock,
    ThinkingBlock,
    ToolCallBlock,
    VideoBlock,
)

from llama_index_siliconflow._arguments import dump_arguments
from llama_index_siliconflow._media import (
    audio_part,
    document_text,
    image_part,
    pdf_part,
    video_part,
)
from siliconflow_client import ConfigurationError, media_tokens, script_tokens

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from llama_index.core.base.llms.types import ChatMessage, ContentBlock

_TURN_TOKENS: Final = 3
"""Marks around a turn."""
_NO_SIZE: Final[Mapping[str, object]] = {"type": "image_url", "image_url": {}}
"""A medium of which nothing is known."""


def conversation_tokens(messages: Sequence[ChatMessage], model: str) -> int:
    """Estimate the tokens of a conversation; thinking counts, though most of it stays here."""
    total = 0.0
    for message in messages:
        frames = message.additional_kwargs.get("max_frames")
        total += _TURN_TOKENS
        for block in message.blocks:
            total += _block_tokens(block, model, frames if isinstance(frames, int) else None)
    return math.ceil(total)


def _block_tokens(block: ContentBlock, model: str, frames: int | None) -> float:
    match block:
        case TextBlock():
            return script_tokens(block.text)
        case ThinkingBlock():
            return script_tokens(block.content or "")
        case ToolCallBlock():
            given = block.tool_kwargs
            arguments = given if isinstance(given, str) else dump_arguments(given)
            return script_tokens(f"{block.tool_name}{arguments}")
        case DocumentBlock() if (text := document_text(block)) is not None:
            return script_tokens(text)
        case ImageBlock() | VideoBlock() | AudioBlock() | DocumentBlock():
            return media_tokens(_part(block, frames), model)
        case _:  # the others are sent in words, or not at all
            return script_tokens(str(getattr(block, "content", "")))


def _part(
    block: ImageBlock | VideoBlock | AudioBlock | DocumentBlock, frames: int | None
) -> Mapping[str, object]:
    try:
        match block:
            case ImageBlock():
                return {**image_part(block)}
            case VideoBlock():
                return {**video_part(block, max_frames=frames)}
            case AudioBlock():
                return {**audio_part(block)}
            case DocumentBlock():
                return {**pdf_part(block)}
    except ConfigurationError:  # sending it would say what is wrong with it
        return _NO_SIZE
