"""How many tokens a text has, by script: an estimate without a tokenizer or a download."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any, Final

from langchain_core.messages import AIMessage
from langchain_core.messages.utils import convert_to_messages, count_tokens_approximately

from langchain_siliconflow._history import medium_of

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from langchain_core.messages import BaseMessage

# Rules of thumb for multilingual vocabularies, on the careful side: four Latin letters a token, two
# of Cyrillic, Greek or Arabic, one Chinese, Japanese or Korean character, half an emoji. How many
# bytes UTF-8 takes for a character tells these apart, and counting bytes costs nothing.
_PER_BYTE_WIDTH: Final = {1: 0.25, 2: 0.5, 3: 1.0, 4: 2.0}
_LATIN: Final = _PER_BYTE_WIDTH[1]


def count_tokens(text: str) -> int:
    """Estimate the tokens of a text."""
    return math.ceil(_estimate(text))


def count_message_tokens(messages: Sequence[Any], tools: Sequence[Any] | None = None) -> int:
    """Estimate the tokens of a conversation, and of the tools that are offered with it.

    LangChain's own estimate takes four characters a token; what other scripts need beyond that is
    added.
    """
    converted = convert_to_messages(messages)
    counted = count_tokens_approximately(converted, tools=list(tools) if tools else None)
    beyond = sum(_beyond_latin(text) for message in converted for text in _texts_of(message))
    return counted + math.ceil(beyond)


def _estimate(text: str) -> float:
    return len(text) * _LATIN + _beyond_latin(text)


def _beyond_latin(text: str) -> float:
    """What a text's characters need beyond a quarter of a token each."""
    if text.isascii():
        return 0.0
    length = len(text)
    one = len(text.encode("ascii", "ignore"))
    utf_8 = len(text.encode("utf-8", "surrogatepass"))
    four = len(text.encode("utf-16-le", "surrogatepass")) // 2 - length
    # one + two + three + four = length, and one + 2 two + 3 three + 4 four = utf_8
    three = utf_8 - 2 * length + one - 2 * four
    two = length - one - three - four
    widths = ((2, two), (3, three), (4, four))
    return sum((_PER_BYTE_WIDTH[width] - _LATIN) * count for width, count in widths)


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
