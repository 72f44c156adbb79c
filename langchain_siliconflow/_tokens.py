"""How many tokens a text has, by script, and a picture, by the vendor's formulas: an estimate."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any, Final

from langchain_core.messages import AIMessage
from langchain_core.messages.utils import convert_to_messages, count_tokens_approximately

from langchain_siliconflow._content import to_part
from langchain_siliconflow._history import medium_of
from siliconflow_client import ConfigurationError, media_tokens, script_tokens

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from langchain_core.messages import BaseMessage

_LATIN: Final = script_tokens("a")
_NO_SIZE: Final[Mapping[str, object]] = {"type": "image_url", "image_url": {}}
"""A medium of which nothing is known."""


def count_tokens(text: str) -> int:
    """Estimate the tokens of a text."""
    return math.ceil(script_tokens(text))


def count_message_tokens(
    messages: Sequence[Any], tools: Sequence[Any] | None = None, *, model: str = ""
) -> int:
    """Estimate the tokens of a conversation, and of the tools that are offered with it.

    LangChain's own estimate takes four characters a token; what other scripts need beyond that is
    added. Pictures, films, sounds and PDFs count by the vendor's formulas for the model.
    """
    words: list[BaseMessage] = []
    media = 0
    for message in convert_to_messages(messages):
        rest, tokens = _without_media(message, model)
        words.append(rest)
        media += tokens
    counted = count_tokens_approximately(words, tools=list(tools) if tools else None)
    beyond = sum(_beyond_latin(text) for message in words for text in _texts_of(message))
    return counted + math.ceil(beyond) + media


def _without_media(message: BaseMessage, model: str) -> tuple[BaseMessage, int]:
    """A message as its words, and the tokens of the media that were in it."""
    content = message.content
    if isinstance(content, str) or all(medium_of(block) is None for block in content):
        return message, 0
    words: list[str | dict[str, Any]] = []
    tokens = 0
    for block in content:
        if medium_of(block) is None:
            words.append(block)
            continue
        part = _part_of(block)
        if part.get("type") == "text":
            words.append(str(part.get("text", "")))
        tokens += media_tokens(part, model)
    return message.model_copy(update={"content": words}), tokens


def _part_of(block: str | dict[str, Any]) -> Mapping[str, object]:
    try:
        return to_part(block)
    except ConfigurationError:  # it will be described in words, or refused
        return _NO_SIZE


def _beyond_latin(text: str) -> float:
    """What a text's characters need beyond a quarter of a token each."""
    return script_tokens(text) - len(text) * _LATIN


def _texts_of(message: BaseMessage) -> Iterator[str]:
    """The texts of a message that LangChain's estimate counts."""
    content = message.content
    if isinstance(content, str):
        yield content
        if isinstance(message, AIMessage) and message.tool_calls:
            yield repr(message.tool_calls)
    else:
        for block in content:
            if isinstance(block, str):
                yield block
            elif block.get("type") == "text":
                yield str(block.get("text", ""))
            elif medium_of(block) is None:
                yield repr(block)
    if message.name:
        yield message.name
