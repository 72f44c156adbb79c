"""A picture of how a reranker moved passages: two columns, and a line for each passage."""

from __future__ import annotations

from collections.abc import Sequence
from html import escape

from rich.cells import cell_len

from demo.pipeline import Hit

_ROW = 26
_TOP = 30
_WIDTH = 1000
_LEFT = 420
_RIGHT = 580
_CELLS = 44
"""Columns of a monospaced font that fit beside the lines."""


def picture(found: Sequence[Hit], ranked: Sequence[Hit], *, kept: int) -> str:
    """Draw the passages of a search beside the same in the reranker's order, as inline SVG.

    Args:
        found: The order of the search, with similarities.
        ranked: The order of the reranker, with relevances.
        kept: How many of the first went into the prompt.
    """
    places = {hit.passage.title: number for number, hit in enumerate(ranked)}
    height = _TOP + _ROW * max(len(found), len(ranked), 1)
    parts = [
        f'<text class="dim" x="{_LEFT}" y="16" text-anchor="end">after the search</text>',
        f'<text class="dim" x="{_RIGHT}" y="16">after rerank</text>',
    ]
    for number, hit in enumerate(found):
        place = places.get(hit.passage.title)
        if place is not None:
            parts.append(_line(number, place, kept=place < kept))
        parts.append(_label(hit, number, left=True, kept=place is not None and place < kept))
    parts.extend(
        _label(hit, number, left=False, kept=number < kept) for number, hit in enumerate(ranked)
    )
    return (
        f'<svg viewBox="0 0 {_WIDTH} {height}" role="img" '
        f'aria-label="How rerank moved the passages">{"".join(parts)}</svg>'
    )


def _height(number: int) -> int:
    return _TOP + _ROW * number + _ROW // 2


def _line(before: int, after: int, *, kept: bool) -> str:
    way = "up" if after < before else "down" if after > before else "same"
    start, end, middle = _LEFT + 10, _RIGHT - 10, (_LEFT + _RIGHT) // 2
    one, other = _height(before), _height(after)
    curve = f"M{start} {one} C{middle} {one} {middle} {other} {end} {other}"
    return f'<path class="{way}{"" if kept else " out"}" d="{curve}"/>'


def _label(hit: Hit, number: int, *, left: bool, kept: bool) -> str:
    rank = f"{number + 1}."
    name = _fitted(hit.passage.title)
    text = f"{name}  {hit.score:.3f}" if left else f"{rank} {hit.score:.3f}  {name}"
    place = f'x="{_LEFT}" text-anchor="end"' if left else f'x="{_RIGHT}"'
    kind = ' class="kept"' if kept else ""
    return (
        f'<text{kind} {place} y="{_height(number) + 4}" xml:space="preserve">'
        f"<title>{escape(hit.passage.title)}</title>{escape(text)}</text>"
    )


def _fitted(title: str) -> str:
    """Leave out the middle of a title that is too long; the whole of it is its tooltip."""
    if cell_len(title) <= _CELLS:
        return title
    head, tail = title, title
    while cell_len(head) > _CELLS // 2 - 1:
        head = head[:-1]
    while cell_len(tail) > _CELLS // 2 - 1:
        tail = tail[1:]
    return f"{head}…{tail}"
