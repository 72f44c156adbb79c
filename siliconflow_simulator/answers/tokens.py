"""A tokeniser that needs no vocabulary: the same text always has the same tokens.

It counts about as real tokenisers do (a short word or one Chinese character is one token) and
cuts text into pieces that join to the same text, which is what streams are made of.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Sequence

_PIECE: Final = re.compile(r"\s?(?:[^\W\d_\u2e80-\uffff]{1,8}|\d{1,3}|\S)|\s", re.UNICODE)


def split_tokens(text: str) -> list[str]:
    """Cut text into tokens; joined they are the text again."""
    return _PIECE.findall(text)


def count_tokens(text: str) -> int:
    """Count the tokens of a text."""
    return len(split_tokens(text))


def count_all(texts: Sequence[str]) -> int:
    """Count the tokens of several texts together."""
    return sum(count_tokens(text) for text in texts)
