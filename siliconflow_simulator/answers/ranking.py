"""Scores of documents against a query, by shared words."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Final

from siliconflow_simulator.answers.overlap import relevance
from siliconflow_simulator.answers.vectors import sketch

if TYPE_CHECKING:
    from collections.abc import Sequence

_SKETCH: Final = 256


def score_documents(query: str, documents: Sequence[str]) -> list[float]:
    """Score documents against a query, from 0 (nothing shared) up to 1."""
    asked = sketch(query, _SKETCH)
    scores: list[float] = []
    for document, overlap in zip(documents, relevance(query, documents), strict=True):
        # Letter groups tell apart what shares no whole word.
        told = sketch(document, _SKETCH)
        cosine = max(0.0, math.fsum(value * told.get(at, 0.0) for at, value in asked.items()))
        scores.append(round(1 - math.exp(-1.6 * overlap - 0.3 * cosine), 7))
    return scores
