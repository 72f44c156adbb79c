"""Embeddings without a model: words and letter groups hashed into a vector of unit length.

Texts that share words, or parts of words, are near each other; that is enough for searching.
"""

from __future__ import annotations

import base64
import functools
import math
import struct
import zlib
from collections import Counter
from typing import TYPE_CHECKING, Final

from siliconflow_simulator import _errors as errors
from siliconflow_simulator._fields import integer, read_object, required, required_text, text
from siliconflow_simulator._tokens import count_tokens
from siliconflow_simulator._wire import json_response
from siliconflow_simulator._words import content_stems, words

if TYPE_CHECKING:
    from collections.abc import Callable

    from siliconflow_client import JsonObject, JsonValue, ModelFacts
    from siliconflow_simulator._wire import SimResponse

_DEFAULT_DIMENSIONS: Final = 1024
_WORD: Final = 1.0
_COMMON: Final = 0.1
_GROUP: Final = 0.35


def embed(body: bytes, lookup: Callable[[str], ModelFacts], *, max_inputs: int) -> SimResponse:
    """Answer `POST /embeddings`.

    Args:
        body: The request.
        lookup: Tells what a model can do, or raises a refusal.
        max_inputs: Most inputs of one request; the documents say 32, the server says 64.
    """
    request = read_object(body)
    model = required_text(request, "model")
    facts = lookup(model)
    if facts.kind != "embedding":
        raise errors.model_not_found()
    inputs = _inputs(required(request, "input"), facts)
    if len(inputs) > max_inputs:
        raise errors.refusal(
            413,
            20042,
            f"input batch size {len(inputs)} > maximum allowed batch size {max_inputs}",
        )
    dimensions = _dimensions(request, facts)
    encoding = text(request, "encoding_format") or "float"
    if encoding not in ("float", "base64"):
        raise errors.generic_invalid()
    tokens = [count_tokens(item) for item in inputs]
    _check_lengths(tokens, facts)
    seed = zlib.crc32(model.removeprefix("Pro/").encode())
    data: list[JsonValue] = []
    for index, item in enumerate(inputs):
        vector = embedding(item, dimensions, seed)
        packed = base64.b64encode(struct.pack(f"<{dimensions}f", *vector)).decode()
        value: JsonValue = packed if encoding == "base64" else [*vector]
        data.append({"object": "embedding", "embedding": value, "index": index})
    total = sum(tokens)
    return json_response(
        {
            "object": "list",
            "model": model,
            "data": data,
            "usage": {"prompt_tokens": total, "completion_tokens": 0, "total_tokens": total},
        }
    )


def embedding(text: str, dimensions: int, seed: int = 0) -> list[float]:
    """Return a text's vector: `dimensions` floats, of length 1 together.

    Args:
        text: Any text, the empty one too.
        dimensions: Size of the vector.
        seed: Another seed (each model has its own) gives vectors that cannot be compared.
    """
    vector = [0.0] * dimensions
    for word, times in Counter(words(text)).items():
        weight = 1 + math.log(times)
        for feature, value in _features(word, seed):
            sign = 1.0 if feature & 1 else -1.0
            vector[(feature >> 1) % dimensions] += sign * value * weight
    length = math.sqrt(math.fsum(value * value for value in vector))
    if length == 0:
        vector[seed % dimensions] = 1.0
        return vector
    return [round(value / length, 7) if value else 0.0 for value in vector]


@functools.lru_cache(maxsize=131072)
def _features(word: str, seed: int) -> tuple[tuple[int, float], ...]:
    stems = content_stems(word)
    if not stems:
        return ((zlib.crc32(word.encode(), seed), _COMMON),)
    found = [(zlib.crc32(stem.encode(), seed), _WORD) for stem in stems]
    padded = f"<{word}>"
    if word.isascii():
        groups = [padded[i : i + 4] for i in range(max(1, len(padded) - 3))]
    else:
        # A pair of Chinese characters: each of them counts a little, too.
        groups = list(word)
    found.extend((zlib.crc32(f"#{group}".encode(), seed), _GROUP) for group in groups)
    return tuple(found)


def _inputs(value: JsonValue, facts: ModelFacts) -> list[str]:
    items = value if isinstance(value, list) else [value]
    if not items:
        raise errors.empty_list()
    return [_input(item, facts) for item in items]


def _input(value: JsonValue, facts: ModelFacts) -> str:
    if isinstance(value, str):
        return value
    if isinstance(value, dict) and "image" in facts.inputs:
        written, image = text(value, "text"), text(value, "image")
        if written is not None or image is not None:
            return " ".join(part for part in (written, image) if part)
    raise errors.generic_invalid()


def _dimensions(request: JsonObject, facts: ModelFacts) -> int:
    wanted = integer(request, "dimensions", least=1)
    if wanted is None:
        return facts.default_dimensions or _DEFAULT_DIMENSIONS
    if not facts.accepts_dimensions or (facts.dimensions and wanted not in facts.dimensions):
        raise errors.generic_invalid()
    return wanted


def _check_lengths(tokens: list[int], facts: ModelFacts) -> None:
    limit = facts.max_input_tokens
    if limit is None or max(tokens) < limit:
        return
    if "Qwen3" in facts.id:
        raise errors.generic_invalid()
    raise errors.refusal(413, 20042, f"input must have less than {limit} tokens")
