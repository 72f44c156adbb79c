"""The JSON object in an answer that wraps it: in prose, in a code fence, behind `<think>`. Pure.

Every search is linear in the text, whose length is the model's choice.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final

from pydantic_core import from_json

if TYPE_CHECKING:
    from collections.abc import Iterator

    from siliconflow_client import JsonObject, JsonValue

_MARKS: Final = re.compile(r'[{}"\\]')
_MOST_STARTS: Final = 4
"""So many braces that never close are looked at: each look is a walk to the end."""
_MOST_OBJECTS: Final = 4
_THINK: Final = "<think>"
_THINK_END: Final = "</think>"


def answered(text: str) -> str:
    """Leave out the thinking that some models write into the text; "" while it goes on."""
    head = text.lstrip()
    end = text.rfind(_THINK_END)
    if end >= 0 and "{" in text[end:]:
        return text[end + len(_THINK_END) :]
    return "" if head.startswith(_THINK) else text


def find_objects(text: str) -> Iterator[JsonObject]:
    """Find the outermost JSON objects in a text, a few at most.

    Braces of prose (`{who}`) are passed over. Thinking that has lost its beginning may hold the
    first object, and the answer the next one.
    """
    place: int | None = 0
    for _ in range(_MOST_OBJECTS):
        value, place = _search(text, place or 0)
        if value is None:
            return
        yield value


def growing_object(text: str) -> JsonObject:
    """Read the first object of a text as far as it has come; `{}` if there is none yet."""
    start = text.find("{")
    if start < 0:
        return {}
    value = _parsed(text[start:], partial=True)  # the usual case, and the quick one
    if value is not None:
        return value
    whole, unfinished = _search(text)
    if whole is not None:
        return whole
    if unfinished is None:
        return {}
    return _parsed(text[unfinished:], partial=True) or {}


def is_cut_off(text: str) -> bool:
    """Tell whether an object begins in the text and does not end."""
    whole, unfinished = _search(text)
    return (
        whole is None
        and unfinished is not None
        and _parsed(text[unfinished:], partial=True) is not None
    )


def _search(text: str, first: int = 0) -> tuple[JsonObject | None, int | None]:
    """Find the first whole object and where it ends, else where the first unfinished one begins."""
    unfinished: int | None = None
    start = text.find("{", first)
    looks = 0
    while start >= 0 and looks < _MOST_STARTS:
        end = _end(text, start)
        if end is None:
            looks += 1
            if unfinished is None or _parsed(text[unfinished:], partial=True) is None:
                unfinished = start
            start = text.find("{", start + 1)
            continue
        value = _parsed(text[start:end])
        if value is not None:
            return value, end
        start = text.find("{", end)
    return None, unfinished


def _end(text: str, start: int) -> int | None:
    """Find the end of what the brace at `start` opens, past strings and what they hold."""
    depth = 0
    in_string = False
    escaped = -1
    for mark in _MARKS.finditer(text, start):
        place = mark.start()
        if place == escaped:
            continue
        match mark[0]:
            case '"':
                in_string = not in_string
            case "\\":
                escaped = place + 1
            case "{" if not in_string:
                depth += 1
            case "}" if not in_string:
                depth -= 1
                if depth == 0:
                    return place + 1
            case _:
                pass
    return None


def _parsed(text: str, *, partial: bool = False) -> JsonObject | None:
    try:
        value: JsonValue = from_json(text, allow_partial="trailing-strings" if partial else False)
    except ValueError:
        return None
    return value if isinstance(value, dict) else None
