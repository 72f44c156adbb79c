"""Rerank by shared words."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Final

from siliconflow_simulator import _errors as errors
from siliconflow_simulator._embeddings import embedding
from siliconflow_simulator._fields import (
    flag,
    integer,
    read_object,
    required,
    required_text,
    text,
)
from siliconflow_simulator._overlap import relevance
from siliconflow_simulator._tokens import count_all, count_tokens
from siliconflow_simulator._wire import json_response

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from siliconflow_client import JsonObject, JsonValue, ModelFacts
    from siliconflow_simulator._wire import SimResponse

_MAX_QUERY_CHARACTERS: Final = 6000
_SKETCH: Final = 256


def rerank(body: bytes, lookup: Callable[[str], ModelFacts], digest: str) -> SimResponse:
    """Answer `POST /rerank`: the documents' places, the best first, with scores from 0 to 1."""
    request = read_object(body)
    model = required_text(request, "model")
    facts = lookup(model)
    if facts.kind != "reranker":
        raise errors.model_not_found()
    query = _text_of(required(request, "query"), facts)
    documents = _documents(required(request, "documents"), facts)
    top_n = integer(request, "top_n", least=1) or len(documents)
    integer(request, "max_chunks_per_doc", least=1)
    integer(request, "overlap_tokens", least=0, most=80)
    text(request, "instruction")
    if "Qwen3" not in model and len(query) > _MAX_QUERY_CHARACTERS:
        raise errors.invalid("Query is too long")
    returned = flag(request, "return_documents") or False
    scores = score_documents(query, documents)
    ranked = sorted(range(len(documents)), key=lambda index: (-scores[index], index))
    results: list[JsonValue] = []
    for index in ranked[:top_n]:
        hit: JsonObject = {"index": index, "relevance_score": scores[index]}
        hit["document"] = {"text": documents[index]} if returned else None
        results.append(hit)
    tokens: JsonObject = {
        "input_tokens": count_tokens(query) * len(documents) + count_all(documents),
        "output_tokens": 0,
    }
    billed: JsonObject = {**tokens, "search_units": 0, "classifications": 0}
    return json_response(
        {
            "id": digest[:32],
            "results": results,
            "meta": {"tokens": tokens, "billed_units": billed},
        }
    )


def score_documents(query: str, documents: Sequence[str]) -> list[float]:
    """Score documents against a query, from 0 (nothing shared) up to 1."""
    asked = embedding(query, _SKETCH)
    scores: list[float] = []
    for document, overlap in zip(documents, relevance(query, documents), strict=True):
        # Letter groups tell apart what shares no whole word.
        sketch = embedding(document, _SKETCH)
        cosine = max(0.0, sum(a * b for a, b in zip(asked, sketch, strict=True)))
        scores.append(round(1 - math.exp(-1.6 * overlap - 0.3 * cosine), 7))
    return scores


def _documents(value: JsonValue, facts: ModelFacts) -> list[str]:
    items = value if isinstance(value, list) else [value]
    if not items:
        raise errors.empty_list()
    return [_text_of(item, facts) for item in items]


def _text_of(value: JsonValue, facts: ModelFacts) -> str:
    if isinstance(value, str):
        return value
    if isinstance(value, dict) and "image" in facts.inputs:
        parts = [text(value, name) for name in ("text", "image", "video")]
        if any(part is not None for part in parts):
            return " ".join(part for part in parts if part)
    raise errors.generic_invalid()
