"""Reading text that comes in pieces: each step waits for what it needs, or says what is wrong.

The steps are generators that yield when the text so far does not tell; they are composed with
`yield from`. What they find does not depend on how the text was cut into pieces.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Generator, Sequence
from typing import Final, TypeAlias, TypeVar

T = TypeVar("T")

Step: TypeAlias = Generator[None, None, T]
"""Yields when it needs more text; returns what it read."""

Check: TypeAlias = Callable[[str], None]
"""Is shown the beginning of what is being read, and raises if nothing can come of it."""

_BLANK: Final = re.compile(r"\s*")
_BETWEEN: Final = re.compile(r"[\s,:\-+.0-9eEtrufalsn]*")
"""What stands in JSON outside of strings and brackets."""
_IN_STRING: Final = re.compile(r'["\\]')


class MarkupError(ValueError):
    """The text is no tool call after all; says why, "" where it never looked like one."""

    def __init__(self, reason: str = "") -> None:
        super().__init__(reason)
        self.reason = reason


class Cursor:
    """A place in text that grows.

    Attributes:
        text: All that is there; what stands before `start` is of no interest.
        start: Where the markup begins.
        at: What was read ends here.
        named: Whether an offered tool's name has been read.
    """

    __slots__ = ("at", "named", "start", "text")

    def __init__(self, text: str, start: int, at: int) -> None:
        self.text = text
        self.start = start
        self.at = at
        self.named = False

    def cut(self) -> None:
        """Forget what stands before the markup."""
        self.text = self.text[self.start :]
        self.at -= self.start
        self.start = 0

    def fail(self) -> MarkupError:
        """Say that the notation was not kept to."""
        return MarkupError("it is not written as its notation asks" if self.named else "")


def blank(cursor: Cursor) -> Step[str]:
    """Pass white space; returns the character after it, which stays unread."""
    while True:
        found = _BLANK.match(cursor.text, cursor.at)
        if found is not None:
            cursor.at = found.end()
        if cursor.at < len(cursor.text):
            return cursor.text[cursor.at]
        yield


def one_of(cursor: Cursor, tokens: Sequence[str]) -> Step[str]:
    """Pass one of these, after white space; returns which.

    Raises:
        MarkupError: Something else stands there.
    """
    yield from blank(cursor)
    longest = max(map(len, tokens))
    while True:
        there = cursor.text[cursor.at : cursor.at + longest]
        for token in tokens:
            if there.startswith(token):
                cursor.at += len(token)
                return token
        if not any(token.startswith(there) for token in tokens):
            raise cursor.fail()
        yield


def until(
    cursor: Cursor, token: str, *, most: int | None = None, check: Check | None = None
) -> Step[str]:
    """Pass all up to and with `token`; returns what stands before it.

    Raises:
        MarkupError: More than `most` characters came without it, or `check` refused them.
    """
    searched = 0
    while True:
        end = len(cursor.text) if most is None else cursor.at + most + len(token)
        found = cursor.text.find(token, cursor.at + searched, end)
        if found >= 0:
            value = cursor.text[cursor.at : found]
            if check is not None:
                check(value)
            cursor.at = found + len(token)
            return value
        if check is not None:
            check(cursor.text[cursor.at : end].partition(token[0])[0])
        if most is not None and len(cursor.text) >= end:
            raise cursor.fail()
        searched = max(0, len(cursor.text) - cursor.at - len(token) + 1)
        yield


def word(cursor: Cursor, ends: re.Pattern[str], most: int, check: Check) -> Step[str]:
    """Pass all up to a character of `ends`, which stays unread.

    Raises:
        MarkupError: More than `most` characters came, or `check` refused them.
    """
    while True:
        found = ends.search(cursor.text, cursor.at, cursor.at + most + 1)
        if found is not None:
            value = cursor.text[cursor.at : found.start()]
            check(value)
            cursor.at = found.start()
            return value
        check(cursor.text[cursor.at : cursor.at + most + 1])
        if len(cursor.text) > cursor.at + most:
            raise cursor.fail()
        yield


def json_object(cursor: Cursor, check: Check | None = None) -> Step[str]:
    """Pass an object, after white space; returns its text, in which brackets and quotes match.

    `check` is shown the first 400 characters as they come.

    Raises:
        MarkupError: Something else stands there.
    """
    if (yield from blank(cursor)) != "{":
        raise cursor.fail()
    depth, passed, in_string = 0, 0, False
    while True:
        text = cursor.text
        if check is not None:
            check(text[cursor.at : cursor.at + 400])
        place, end = cursor.at + passed, len(text)
        while place < end:
            if in_string:
                found = _IN_STRING.search(text, place)
                if found is None:
                    place = end
                elif found.group() == '"':
                    in_string, place = False, found.end()
                elif found.end() == end:  # what is escaped has not come yet
                    place = found.start()
                    break
                else:
                    place = found.end() + 1
                continue
            between = _BETWEEN.match(text, place)
            place = place if between is None else between.end()
            if place == end:
                break
            mark = text[place]
            if mark not in '"{}[]':
                cursor.at = place
                raise cursor.fail()
            place += 1
            in_string = mark == '"'
            depth += (mark in "{[") - (mark in "}]")
            if depth == 0:
                value = text[cursor.at : place]
                cursor.at = place
                return value
        passed = place - cursor.at
        yield
