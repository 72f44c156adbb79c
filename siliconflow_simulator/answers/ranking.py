"""Scores of documents against a query: what a document is about, by its words and their places.

A word counts most in a document's first line, its title, then in what follows, then anywhere. Words
of the same meaning (`lexicon`) count nearly as much as the word itself. How rare a word is among
the documents counts a little only: those that a search has found all hold what matters.
"""

from __future__ import annotations

import math
import re
from collections import Counter
from dataclasses import dataclass
from itertools import pairwise
from typing import TYPE_CHECKING, Final

from siliconflow_simulator.answers.lexicon import LITTLE, concept, concepts, weight
from siliconflow_simulator.answers.vectors import sketch
from siliconflow_simulator.answers.words import content_stems, is_chinese, split_names

if TYPE_CHECKING:
    from collections.abc import Sequence

_SKETCH: Final = 256
_LEAD: Final = 240
_SAME_MEANING: Final = 0.8
_RARE: Final = 0.4
_PHRASE: Final = 0.15
_EXTRA: Final = 0.03
_PART_OF_NAME: Final = 0.7
_LEAST_PART: Final = 4
_SENTENCE: Final = re.compile(r"(?<=[.!?])\s|(?<=[。！？])|\n\n")


@dataclass(frozen=True, slots=True)
class _Zone:
    """A part of a document: its stems and its concepts, counted."""

    stems: Counter[str]
    concepts: Counter[str]
    order: tuple[str, ...]

    def holds(self, term: _Term) -> float:
        """Tell how well a term is met, 0 to 1, by its best occurrence."""
        if term.stem and self.stems[term.stem]:
            return 1.0
        return _SAME_MEANING if term.concept and self.concepts[term.concept] else 0.0

    def holds_inside(self, term: _Term) -> bool:
        """Tell whether a term is part of a word, as in `copytree`."""
        said = term.stem if len(term.stem) >= _LEAST_PART else term.concept
        return len(said) >= _LEAST_PART and any(said in word for word in self.order)

    def times(self, term: _Term) -> float:
        """Count how often a term is met."""
        own = self.stems[term.stem] if term.stem else 0
        meant = self.concepts[term.concept] if term.concept else 0
        return own + _SAME_MEANING * max(0, meant - own)


@dataclass(frozen=True, slots=True)
class _Term:
    """A word of the query: its stem, what it means, how much it says."""

    stem: str
    concept: str
    weight: float


def score_documents(query: str, documents: Sequence[str]) -> list[float]:
    """Score documents against a query, from 0 (nothing shared) up to 1."""
    terms = _terms(query)
    asked = sketch(query, _SKETCH)
    zones = [_zones(document) for document in documents]
    weights = _weights(terms, [whole for _, _, whole in zones])
    scores: list[float] = []
    for document, (head, lead, whole) in zip(documents, zones, strict=True):
        # Letter groups tell apart what shares no whole word.
        told = sketch(document, _SKETCH)
        cosine = max(0.0, math.fsum(value * told.get(at, 0.0) for at, value in asked.items()))
        about = _about(terms, weights, head, lead, whole)
        scores.append(round(1 - math.exp(-1.6 * about - 0.3 * cosine), 7))
    return scores


def _terms(query: str) -> list[_Term]:
    split = split_names(query)
    found: dict[str, _Term] = {}
    for word in content_stems(split):
        if not is_chinese(word):
            meant = concept(word) or ""
            found.setdefault(word, _Term(word, meant, weight(meant) if meant else 1.0))
    for meant in concepts(split):
        if all(term.concept != meant for term in found.values()):
            found.setdefault(f"@{meant}", _Term("", meant, weight(meant)))
    # Pairs of Chinese characters: for Chinese documents, which need no dictionary.
    for pair in content_stems(split):
        if is_chinese(pair):
            found.setdefault(pair, _Term(pair, "", LITTLE))
    return list(found.values())


def _zones(document: str) -> tuple[_Zone | None, _Zone, _Zone]:
    head, line_break, rest = document.strip().partition("\n")
    if not line_break or len(head) > _LEAD:
        return None, _zone(document[:_LEAD]), _zone(document)
    return _zone(head), _zone(_lead(rest)), _zone(document)


def _lead(text: str) -> str:
    """Return the first sentence; a line before it that shows how something is called is none."""
    first, _, rest = text.strip().partition("\n")
    body = rest if first.endswith(")") and rest else text
    return _SENTENCE.split(body.strip()[:_LEAD], maxsplit=1)[0]


def _zone(text: str) -> _Zone:
    split = split_names(text)
    stems = content_stems(split)
    return _Zone(Counter(stems), Counter(concepts(split)), tuple(stems))


def _weights(terms: Sequence[_Term], wholes: Sequence[_Zone]) -> list[float]:
    found: list[float] = []
    for term in terms:
        holders = sum(1 for whole in wholes if whole.holds(term))
        rare = 1 - holders / len(wholes) if wholes else 0.0
        # A pair of characters that no document holds says nothing about any of them.
        known = 0.0 if not holders and is_chinese(term.stem) else 1.0
        found.append(known * term.weight * (1 - _RARE + _RARE * rare))
    return found


def _about(
    terms: Sequence[_Term],
    weights: Sequence[float],
    head: _Zone | None,
    lead: _Zone,
    whole: _Zone,
) -> float:
    """Tell how much of a query a document is about: about 1 when it is about all of it."""
    total = sum(weights)
    if not total:
        return 0.0
    met = covered = 0.0
    for term, said in zip(terms, weights, strict=True):
        times = whole.times(term)
        covered += said if times else 0.0
        anywhere = times / (times + 0.7)
        if head is None:
            met += said * (0.5 * lead.holds(term) + 0.5 * anywhere)
        else:
            named = max(head.holds(term), _PART_OF_NAME * head.holds_inside(term))
            first = 0.4 * named + 0.35 * lead.holds(term)
            met += said * (first + 0.25 * anywhere)
    # All words once are more than one word everywhere.
    score = met / total * (0.6 + 0.4 * covered / total)
    score += _PHRASE * _phrases(terms, (*(head.order if head else ()), *lead.order))
    if head is not None:
        score -= _EXTRA * min(4, sum(1 for word in head.order if not _asked_for(word, terms)))
    return max(0.0, score)


def _phrases(terms: Sequence[_Term], order: Sequence[str]) -> float:
    """Return which part of the query's neighbours are neighbours here too."""
    asked = [term.concept or term.stem for term in terms if term.concept or term.stem]
    pairs = set(pairwise(asked))
    if not pairs:
        return 0.0
    meant = [concept(word) or word for word in order]
    return len(pairs & set(pairwise(meant))) / len(pairs)


def _asked_for(word: str, terms: Sequence[_Term]) -> bool:
    if word.isdigit():
        return True  # the number of a part says nothing against it
    meant = concept(word)
    return any(word == term.stem or (meant and meant == term.concept) for term in terms)
