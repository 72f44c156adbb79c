"""Lexical relevance (BM25), for ranking documents and for finding the sentences that answer."""

from __future__ import annotations

import math
from collections import Counter
from typing import TYPE_CHECKING, Final

from siliconflow_simulator.answers.lexicon import concepts
from siliconflow_simulator.answers.words import content_stems, is_chinese, split_names

if TYPE_CHECKING:
    from collections.abc import Sequence

_K1: Final = 1.2
_B: Final = 0.5


def _meanings(text: str) -> list[str]:
    return [f"@{name}" for name in concepts(split_names(text))]


def relevance(query: str, documents: Sequence[str]) -> list[float]:
    """Score documents against a query.

    Args:
        query: What is asked.
        documents: Texts of any length.

    Returns:
        One number per document: 0 when no word is shared, about 1 when every word of the query
        is found once in a document of usual length, at most 2.2.
    """
    wanted = Counter(content_stems(query))
    bags = [Counter(content_stems(document)) for document in documents]
    if is_chinese(query) and not any(map(is_chinese, documents)):
        # Between the languages only what the words mean can be the same.
        wanted = Counter([word for word in wanted if word.isascii()] + _meanings(query))
        bags = [
            bag + Counter(_meanings(document))
            for bag, document in zip(bags, documents, strict=True)
        ]
    if not wanted or not bags:
        return [0.0] * len(bags)
    lengths = [sum(bag.values()) for bag in bags]
    mean = sum(lengths) / len(lengths) or 1.0
    rarity: dict[str, float] = {}
    for word in wanted:
        holders = sum(1 for bag in bags if word in bag)
        rarity[word] = math.log(1 + (len(bags) - holders + 0.5) / (holders + 0.5))
    whole = sum(rarity[word] * times for word, times in wanted.items())
    scores: list[float] = []
    for bag, length in zip(bags, lengths, strict=True):
        norm = _K1 * (1 - _B + _B * length / mean)
        score = sum(
            rarity[word] * times * bag[word] * (_K1 + 1) / (bag[word] + norm)
            for word, times in wanted.items()
            if word in bag
        )
        scores.append(score / whole)
    return scores
