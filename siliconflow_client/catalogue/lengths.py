"""How long a text is, in tokens: an estimate that errs upwards, without a tokenizer."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

# WordPiece and SentencePiece vocabularies (bge, bce, Qwen) give English prose 4 to 5 characters
# a token and code 2.5 to 3; a token for two ASCII characters is on the safe side of both. Beyond
# ASCII a character is at most its UTF-8 bytes in a byte-level vocabulary; CJK ones are one or two
# tokens, so two is safe for all but rare signs.
_ASCII_TOKENS: Final = 0.5
_OTHER_TOKENS: Final = 2.0
_SPECIAL_TOKENS: Final = 4
"""Begin and end marks that the server adds."""


def estimate_tokens(text: str) -> int:
    """Estimate the tokens of a text; real counts are lower for almost any text."""
    ascii_characters = len(text.encode("ascii", "ignore"))
    others = len(text) - ascii_characters
    return int(ascii_characters * _ASCII_TOKENS + others * _OTHER_TOKENS) + _SPECIAL_TOKENS


def cut_to(text: str, max_tokens: int) -> str:
    """Cut a text so that it is surely not longer than `max_tokens`."""
    if estimate_tokens(text) <= max_tokens:
        return text
    room = float(max_tokens - _SPECIAL_TOKENS)
    for position, character in enumerate(text):
        room -= _ASCII_TOKENS if character.isascii() else _OTHER_TOKENS
        if room < 0:
            return text[:position]
    return text


def longest(texts: Sequence[str]) -> int:
    """Position of the text with the most tokens, by estimate."""
    return max(range(len(texts)), key=lambda position: estimate_tokens(texts[position]))
