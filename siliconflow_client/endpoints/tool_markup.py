"""Finds tool calls that were written as text, in text that comes in pieces.

Text passes as it comes. What may begin a mark waits until it cannot any more; behind a mark it
waits until a call is whole, or none can come of it. What comes out does not depend on how the
text was cut, and takes time in proportion to its length.
"""

from __future__ import annotations

import functools
import re
from dataclasses import dataclass
from typing import Final, TypeAlias

from siliconflow_client.endpoints.markup_cursor import Cursor, MarkupError, Step
from siliconflow_client.endpoints.markup_dialects import (
    CLOSERS,
    NEXT_OPENERS,
    OPENERS,
    Dialect,
    MarkupCall,
)
from siliconflow_client.endpoints.offered_tools import OfferedTools
from siliconflow_client.protocol.notices import warn_once

LONGEST_MARKUP: Final = 65536
"""Characters that a stream holds back for one call; a write of a whole file is longer."""

_PATIENCE: Final = 1 << 20
"""After so many characters that were read in vain, markup is not looked for any more."""

THINK: Final = "<think>"
THINK_END: Final = "</think>"
_MARKS: Final = (THINK, THINK_END, "<|begin_of_box|>", "<|end_of_box|>")
_BEHIND_A_CALL: Final = (*OPENERS, *NEXT_OPENERS, *CLOSERS)
_LONGEST: Final = max(map(len, (*_BEHIND_A_CALL, *_MARKS)))
_BLANK: Final = re.compile(r"\s*")
_TICKS: Final = re.compile(r"`+|\n")
_QUOTES: Final = frozenset("\"'“‘「『«‹`")


@functools.cache
def _any_of(marks: tuple[str, ...]) -> re.Pattern[str]:
    return re.compile("|".join(map(re.escape, marks)))


@dataclass(frozen=True, slots=True)
class Found:
    """A call, or what goes with one: white space, and the mark that closes a block.

    Attributes:
        written: The text that it was.
        call: The call; `None` for what goes with one.
    """

    written: str
    call: MarkupCall | None


Piece: TypeAlias = str | Found


class MarkupScanner:
    """Looks for marks in one text: the answer of one choice, or its thinking.

    Args:
        tools: What was offered; `None` looks for no calls.
        marks: Whether to take out the marks of thinking and of boxes.
        quotes: Whether a mark in a fence, in ticks or in quotes is shown and not meant.
        limit: Longest call, in characters; `None` for any length.

    Attributes:
        passed: Text that has passed since a mark was last seen. Who lets text pass beside the
            scanner, since it can hold no mark, appends it here.
    """

    __slots__ = (
        "_after", "_attempt", "_buffer", "_gap", "_in_fence", "_in_ticks", "_last", "_limit",
        "_marks", "_opened", "_pattern", "_quotes", "_steps", "_tools", "_wanted", "_wasted",
        "passed",
    )  # fmt: skip

    def __init__(
        self,
        tools: OfferedTools | None,
        *,
        marks: bool = False,
        quotes: bool = True,
        limit: int | None = LONGEST_MARKUP,
    ) -> None:
        self.passed: list[str] = []
        self._tools = tools
        self._limit = limit
        self._quotes = quotes
        self._marks: tuple[str, ...] = _MARKS if marks else ()
        self._wanted: tuple[str, ...] = ()
        self._opened = False
        self._buffer = ""
        self._gap: list[str] = []
        self._after = False
        self._attempt: Cursor | None = None
        self._steps: Step[MarkupCall] | None = None
        self._wasted = 0
        self._last = ""
        self._in_fence = self._in_ticks = False
        self._look_for()

    @property
    def is_idle(self) -> bool:
        """Whether text without "<" would pass as it is."""
        return not (self._buffer or self._after)

    @property
    def held(self) -> str:
        """What is held back."""
        return "".join(self._gap) + self._buffer

    def feed(self, text: str, *, at_end: bool = False) -> list[Piece]:
        """Take the next piece; returns what is settled. At the end, that is everything."""
        out: list[Piece] = []
        self._scan(self._buffer + text if self._buffer else text, at_end, out)
        if at_end and self._gap:
            out.append(Found(self._take_gap(), None))
        return out

    def stop(self) -> list[Piece]:
        """Look for no calls any more; returns what was held back for one."""
        out: list[Piece] = []
        text, self._buffer = self.held, ""
        self._gap.clear()
        self._tools = self._attempt = self._steps = None
        self._after = False
        self._look_for()
        self._scan(text, False, out)
        return out

    def _look_for(self) -> None:
        calls = () if self._tools is None else _BEHIND_A_CALL if self._after else tuple(OPENERS)
        self._wanted = (*calls, *self._marks)
        self._pattern = _any_of(self._wanted)

    def _scan(self, text: str, at_end: bool, out: list[Piece]) -> None:
        self._buffer = ""
        done = at = 0
        while True:
            if self._attempt is not None:
                end = self._try(self._attempt, text, at_end, out)
                if end is None:
                    self._attempt.cut()
                    self._buffer = self._attempt.text
                    return
                done, at = end, max(end, self._attempt.start + 1)
                if at > end:
                    self._end_calls(out)
                self._attempt = self._steps = None
            if self._after:
                done = at = self._behind_a_call(text, done, at_end, out)
            found = self._pattern.search(text, at) if self._wanted else None
            if found is None:
                stop = len(text) if at_end else self._beginning_at_end(text, at)
                self._pass(text[done:stop], out)
                self._buffer = text[stop:]
                return
            at, mark = found.start(), found.group()
            self._pass(text[done:at], out)
            done = self._meet(mark, text, at, out)
            if done == at and self._attempt is None:  # it stays text
                self._end_calls(out)
                at += 1
            else:
                at = done

    def _behind_a_call(self, text: str, at: int, at_end: bool, out: list[Piece]) -> int:
        """Keep white space back; unless a mark follows, the calls are at their end."""
        blank = _BLANK.match(text, at)
        end = at if blank is None else blank.end()
        if end > at:
            self._gap.append(text[at:end])
        start = text[end : end + _LONGEST]
        if start.startswith(self._wanted) or (
            not at_end and any(mark.startswith(start) for mark in self._wanted)
        ):
            return end
        if start:
            self._end_calls(out)
        return end

    def _end_calls(self, out: list[Piece]) -> None:
        """Something else than a call follows; the white space before it is text."""
        if self._after:
            self._after = False
            self._look_for()
            self._pass(self._take_gap(), out)

    def _beginning_at_end(self, text: str, at: int) -> int:
        """Where the text ends in what may begin a mark; its length where it does not."""
        place = text.find("<", max(at, len(text) - _LONGEST + 1))
        while place >= 0:
            start = text[place:]
            if any(mark.startswith(start) for mark in self._wanted):
                return place
            place = text.find("<", place + 1)
        return len(text)

    def _meet(self, mark: str, text: str, at: int, out: list[Piece]) -> int:
        """Begin what a mark begins; returns where what is still to be handed on begins."""
        if mark in self._marks:
            if self._tools is not None and self._is_quoted():
                return at
            # The end of what a `<think>` in the text began is no stray one.
            if mark == THINK or (mark == THINK_END and self._opened):
                self._opened = mark == THINK
                return at
            return at + len(mark)
        if mark in CLOSERS:
            out.append(Found(self._take_gap() + mark, None))
            return at + len(mark)
        assert self._tools is not None
        if not (self._quotes and self._is_quoted()):
            dialect: Dialect = OPENERS.get(mark) or NEXT_OPENERS[mark]
            self._attempt = Cursor(text, at, at + len(mark))
            self._steps = dialect(self._attempt, self._tools)
        return at

    def _try(self, attempt: Cursor, text: str, at_end: bool, out: list[Piece]) -> int | None:
        """Read on; returns where the rest begins, `None` while more is needed."""
        attempt.text = text
        assert self._steps is not None
        start = attempt.start
        call: MarkupCall | None = None
        try:
            next(self._steps)
        except StopIteration as whole:
            call = whole.value
        except MarkupError as error:
            return self._give_up(start, attempt.at, error.reason)
        end = len(text) if call is None else attempt.at
        if self._limit is not None and end - start > self._limit:
            return self._give_up(start, end, f"it is longer than {self._limit} characters")
        if call is not None:
            out.append(Found(self._take_gap() + text[start:end], call))
            self._after, self._last = True, ""
            self._look_for()
            return end
        if at_end:
            return self._give_up(start, end, "it breaks off" if attempt.named else "")
        return None

    def _give_up(self, start: int, end: int, reason: str) -> int:
        """Note that what stands there is no call; returns where it began."""
        if reason:
            warn_once(
                f"What looks like a tool call that a model wrote as text stays text: {reason}."
            )
        self._wasted += end - start
        if self._wasted > _PATIENCE:
            self._tools = None
            self._look_for()
        return start

    def _pass(self, text: str, out: list[Piece]) -> None:
        if not text:
            return
        out.append(text)
        if self._quotes and self._tools is not None:
            self.passed.append(text)

    def _take_gap(self) -> str:
        gap = "".join(self._gap)
        self._gap.clear()
        return gap

    def _is_quoted(self) -> bool:
        """Whether what stands here is shown and not meant: in a fence, in ticks, in quotes."""
        text = "".join(self.passed)
        self.passed.clear()
        for found in _TICKS.finditer(text):
            ticks = found.group()
            if ticks == "\n":
                self._in_ticks = False
            elif len(ticks) >= 3:
                self._in_fence = not self._in_fence
            elif not self._in_fence:
                self._in_ticks = not self._in_ticks
        self._last = text[-1:] or self._last
        return self._in_fence or self._in_ticks or self._last in _QUOTES
