"""Search with a schema's `pattern`, but only where that is sure to end.

Python's `re` goes back and forth: `(a+)+$` takes longer than the universe lasts. So the cost of a
pattern is estimated first, from above; one that may be dear is not tried at all.
"""

from __future__ import annotations

import itertools
import math
import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Iterator

_LONGEST_PATTERN: Final = 200
_LONGEST_WORD: Final = 64
_MOST_WORDS: Final = 1000
_BUDGET: Final = 5_000_000
"""Ways to match, estimated from above, that one search may try."""

_MOST_SPANS: Final = 6
_FEW: Final = 4
_QUANTIFIER: Final = re.compile(r"[*+?]|\{(\d{0,4})(,?)(\d{0,4})\}")
_CLASS: Final = re.compile(r"\[\^?\]?(?:\\.|[^\]\\]){0,200}\]", re.DOTALL)
_OPENING: Final = re.compile(r"\((?:\?:|\?P<\w{1,32}>)?")
_STRANGE: Final = re.compile(r"\(\?(?!:|P<)|\\[1-9]|\\g|\(\?P=")
_TRIMMED: Final = ".,;:!?。，；：！？()[]{}<>\"'“”‘’「」"


def find_by_pattern(pattern: str, text: str) -> str | None:
    """Return the first word of a text that a pattern matches, or `None`.

    Args:
        pattern: A regular expression, as a schema has it.
        text: Its first words are looked at, as a whole and without the marks around them.
    """
    whole = _read(pattern)
    if whole is None:
        return None
    try:
        expression = re.compile(pattern)
    except (re.error, OverflowError, RecursionError):
        return None
    left = _BUDGET
    for word in itertools.islice(_words(text), _MOST_WORDS):
        left -= math.comb(len(word) + whole.spans, whole.spans) * whole.choices
        if left < 0:
            return None
        found = expression.search(word)
        if found and found.group():
            return found.group()
    return None


def _words(text: str) -> Iterator[str]:
    for word in text.split():
        if len(word) <= _LONGEST_WORD:
            trimmed = word.strip(_TRIMMED)
            yield trimmed
            if trimmed != word:
                yield word


@dataclass(slots=True)
class _Group:
    """What has been read of a group.

    Attributes:
        spans: Parts of any length: where each ends is a choice.
        ways: Other choices: what may be left out, and how often it is repeated.
        branches: Alternatives.
    """

    spans: int = 0
    ways: int = 1
    branches: int = 1

    @property
    def choices(self) -> int:
        return self.ways * self.branches


def _read(pattern: str) -> _Group | None:
    """Count the choices that matching a pattern has; `None` when they may be too many."""
    if len(pattern) > _LONGEST_PATTERN or _STRANGE.search(pattern):
        return None
    groups = [_Group(spans=0 if pattern.startswith("^") else 1)]
    closed: _Group | None = None
    position = 0
    while position < len(pattern):
        letter = pattern[position]
        end = position + 1
        before, closed = closed, None
        if letter == "\\":
            end += 1
        elif letter == "[" and (found := _CLASS.match(pattern, position)):
            end = found.end()
        elif letter == "(" and (found := _OPENING.match(pattern, position)):
            groups.append(_Group())
            end = found.end()
        elif letter == ")" and len(groups) > 1:
            closed = groups.pop()
            groups[-1].spans += closed.spans
            groups[-1].ways *= closed.choices
        elif letter == "|":
            groups[-1].branches += 1
        elif quantifier := _QUANTIFIER.match(pattern, position):
            end = quantifier.end()
            if not _repeat(groups[-1], before, quantifier):
                return None
        position = end
        if groups[-1].spans > _MOST_SPANS or groups[-1].ways > _BUDGET:
            return None
    return groups[0] if len(groups) == 1 else None


def _repeat(outer: _Group, group: _Group | None, quantifier: re.Match[str]) -> bool:
    """Note a quantifier after a letter or a group; tell whether the pattern may still be tried."""
    written = quantifier.group()
    if written == "?":
        outer.ways *= 2
        return True
    least, comma, most = quantifier.groups()
    fixed = written[0] == "{" and not comma
    times = int((least if fixed else most) or 0)
    if group is None or (group.spans == 0 and group.choices == 1):
        outer.spans += not fixed
        return True
    if not 0 < times <= _FEW:
        # Something of any length, or a choice, inside of something repeated.
        return False
    outer.spans += group.spans * (times - 1)
    outer.ways *= group.choices ** (times - 1) * (1 if fixed else times)
    return True
