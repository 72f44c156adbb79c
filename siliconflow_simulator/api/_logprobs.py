"""Probabilities of tokens, made up: the same token always has the same."""

from __future__ import annotations

import zlib
from typing import TYPE_CHECKING, Final

from siliconflow_simulator.answers.tokens import split_tokens

if TYPE_CHECKING:
    from collections.abc import Sequence

    from siliconflow_client import JsonObject, JsonValue

MOST: Final = 20
"""Most alternatives of a token."""


def chat_logprobs(text: str, alternatives: int) -> JsonObject:
    """Return the probabilities of a text's tokens as chat answers write them.

    Args:
        text: What was written.
        alternatives: How many of the likeliest tokens stand beside each, the written one first.
    """
    content: list[JsonValue] = [
        {
            **_entry(token, _logprob(token)),
            "top_logprobs": [
                _entry(other, value) for other, value in _likeliest(token, alternatives)
            ],
        }
        for token in split_tokens(text)
    ]
    return {"content": content}


def completion_logprobs(
    tokens: Sequence[str], alternatives: int, *, begins: bool, offset: int
) -> JsonObject:
    """Return the probabilities of tokens as text completions write them.

    Args:
        tokens: The tokens.
        alternatives: How many of the likeliest stand beside each.
        begins: Whether nothing comes before the first, which then has no probability.
        offset: Where in the text the first begins, in characters.
    """
    values: list[JsonValue] = [_logprob(token) for token in tokens]
    likeliest: list[JsonValue] = [dict(_likeliest(token, alternatives)) for token in tokens]
    if begins and tokens:
        values[0] = likeliest[0] = None
    offsets: list[JsonValue] = []
    for token in tokens:
        offsets.append(offset)
        offset += len(token)
    return {
        "tokens": [*tokens],
        "token_logprobs": values,
        "top_logprobs": likeliest,
        "text_offset": offsets,
    }


def _logprob(token: str) -> float:
    return -(zlib.crc32(token.encode()) % 1000) / 1000


def _likeliest(token: str, count: int) -> list[tuple[str, float]]:
    best = _logprob(token)
    others = [(f"{token}{number}", round(best - number, 3)) for number in range(1, count)]
    return [(token, best), *others][:count]


def _entry(token: str, logprob: float) -> JsonObject:
    return {"token": token, "logprob": logprob, "bytes": [*token.encode()]}
