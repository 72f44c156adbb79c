"""Text for a terminal: lines that end between words, though it comes in pieces; no commands."""

from __future__ import annotations

import re
from collections.abc import Iterable

from rich.cells import cell_len

# A word with the white space before it; a Chinese character is a word, with the comma behind it.
_UNIT = re.compile(
    r"[ \t]*[\u2e80-\u9fff\uac00-\ud7af\uf900-\ufaff][，。！？；：、）」』”]*"
    r"|[ \t]*[^\s\u2e80-\u9fff\uac00-\ud7af\uf900-\ufaff]+"
    r"|[ \t]*\n|[ \t]+"
)


class Wrapping:
    """Breaks a stream of text into lines of a width, counted in columns of a terminal."""

    def __init__(self, width: int) -> None:
        self._width = max(1, width)
        self._column = 0
        self._open = ""

    def feed(self, piece: str) -> str:
        """Take a piece; return what can be shown, which ends with a whole word."""
        units = _UNIT.findall(self._open + piece)
        # The last word may go on in the next piece.
        self._open = units.pop() if units else ""
        return "".join(self._placed(units))

    def finish(self) -> str:
        """Return the last word."""
        last, self._open = self._open, ""
        return "".join(self._placed([last] if last else []))

    def _placed(self, units: Iterable[str]) -> Iterable[str]:
        for unit in units:
            word = unit.strip()
            if unit.endswith("\n"):
                self._column = 0
                yield "\n"
            elif self._column and self._column + cell_len(unit) > self._width and word:
                self._column = cell_len(word)
                yield f"\n{word}"
            elif word or self._column + len(unit) <= self._width:
                self._column += cell_len(unit)
                yield unit


def wrapped(text: str, width: int) -> str:
    """Break a whole text into lines."""
    wrapping = Wrapping(width)
    return wrapping.feed(text) + wrapping.finish()


def shortened(text: str, width: int) -> str:
    """Cut a text to one line of a width, behind a whole word."""
    line = " ".join(text.split())
    if cell_len(line) <= width:
        return line
    first = wrapped(line, max(1, width - 2)).partition("\n")[0]
    return f"{first} …" if cell_len(first) <= width - 2 else ""


def harmless(text: str, encoding: str) -> str:
    """Return what a terminal can show of a text, which may be a model's or a stranger's file."""
    if not text.replace("\n", "").isprintable():
        text = "".join(map(_shown, text))
    return text.encode(encoding, "replace").decode(encoding)


def _shown(character: str) -> str:
    if character == "\n" or character.isprintable():
        return character
    return " " if character.isspace() else "\ufffd"
