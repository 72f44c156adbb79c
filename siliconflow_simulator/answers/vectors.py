"""Vectors without a model: words and letter groups hashed into a vector of unit length.

Texts that share words, parts of words, or meanings that the lexicon knows are near each other, in
English and Chinese; that is enough for searching.
"""

from __future__ import annotations

import functools
import math
import zlib
from collections import Counter
from typing import Final

from siliconflow_simulator.answers.lexicon import concepts
from siliconflow_simulator.answers.lexicon import weight as weight_of
from siliconflow_simulator.answers.words import content_stems, split_names, words

_WORD: Final = 1.0
_COMMON: Final = 0.1
_GROUP: Final = 0.35
_MEANING: Final = 0.8
# Two neighbouring characters are less of a word, and most of them are none.
_PAIR: Final = 0.5
_CHARACTER: Final = 0.15


def embedding(text: str, dimensions: int, seed: int = 0) -> list[float]:
    """Return a text's vector: `dimensions` floats, of length 1 together.

    Args:
        text: Any text, the empty one too.
        dimensions: Size of the vector.
        seed: Another seed (each model has its own) gives vectors that cannot be compared.
    """
    vector = [0.0] * dimensions
    for at, value in sketch(text, dimensions, seed).items():
        vector[at] = round(value, 7)
    return vector


def sketch(text: str, dimensions: int, seed: int = 0) -> dict[int, float]:
    """Return those numbers of a text's vector that are not 0, by their place."""
    found: dict[int, float] = {}

    def add(feature: int, value: float) -> None:
        at = (feature >> 1) % dimensions
        found[at] = found.get(at, 0.0) + (value if feature & 1 else -value)

    for word, times in Counter(words(text)).items():
        weight = 1 + math.log(times)
        for feature, value in _features(word, seed):
            add(feature, value * weight)
    for name, times in Counter(concepts(split_names(text))).items():
        said = _MEANING * weight_of(name) * (1 + math.log(times))
        add(zlib.crc32(f"@{name}".encode(), seed), said)
    length = math.sqrt(math.fsum(value * value for value in found.values()))
    if length == 0:
        return {seed % dimensions: 1.0}
    return {at: value / length for at, value in found.items() if value}


@functools.lru_cache(maxsize=131072)
def _features(word: str, seed: int) -> tuple[tuple[int, float], ...]:
    stems = content_stems(word)
    if not stems:
        return ((zlib.crc32(word.encode(), seed), _COMMON),)
    if word.isascii():
        whole, part = _WORD, _GROUP
        padded = f"<{word}>"
        groups = [padded[i : i + 4] for i in range(max(1, len(padded) - 3))]
    else:
        whole, part = _PAIR, _CHARACTER
        groups = list(word)
    found = [(zlib.crc32(stem.encode(), seed), whole) for stem in stems]
    found.extend((zlib.crc32(f"#{group}".encode(), seed), part) for group in groups)
    return tuple(found)
