"""No I/O: a ledger of what an account may send, which is given the time and returns the wait.

The vendor limits requests and tokens a minute, sliding, for an account and a model
(docs/wire.md#rate-limits). A request is booked before it is sent, by an estimate of its tokens, at
the earliest moment at which the minute before it has room; so requests keep their order, and each
waits once. When it is answered, the estimate is corrected.

Limits that are not known are learned. What was sent in the minute before a refusal is what the
account may send: the limit is set a little below that, and rises a little with every minute in
which nothing is refused.
"""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass, field
from typing import Final

WINDOW: Final = 60.0
"""Seconds that a limit a minute counts."""
MARGIN: Final = 1.0
"""Seconds more, since the server books a request when it arrives, and not when it is sent."""
DECREASE: Final = 0.95
INCREASE: Final = 0.02
_FIRST_PAUSE: Final = 1.0
_LONGEST_PAUSE: Final = 30.0
_FIRST_GUESS: Final = 500
"""Tokens of an answer, before any was counted."""


@dataclass(slots=True, eq=False)
class Booking:
    """A request's place.

    Attributes:
        at: When it may be sent.
        tokens: What it is taken for.
        is_counted: Whether it stands in the minute before the next booking.
        was_taken: Whether the server took it, as far as is known.
    """

    at: float
    tokens: float
    is_counted: bool = True
    was_taken: bool = True


@dataclass(slots=True)
class Ledger:
    """What one account sends to one model.

    Attributes:
        rpm: Requests a minute; `None` while it is not known.
        tpm: Tokens a minute; `None` while it is not known.
        learns: Whether refusals and quiet minutes change the two.
    """

    rpm: float | None = None
    tpm: float | None = None
    learns: bool = True
    _window: deque[Booking] = field(default_factory=deque[Booking])
    _recent: deque[Booking] = field(default_factory=deque[Booking])
    _tokens: float = 0.0
    _last: float = 0.0
    _paused_until: float = 0.0
    _pause: float = _FIRST_PAUSE
    _risen: float = 0.0
    _answer: float = _FIRST_GUESS
    """Tokens that answers have on average."""

    def expected(self, prompt_tokens: float, most: int | None) -> float:
        """Tokens that a request will take, with an answer of at most `most`."""
        answer = self._answer if most is None else min(self._answer, most)
        return prompt_tokens + answer

    def book(self, now: float, tokens: float) -> Booking:
        """Give a request its place; it may be sent at `Booking.at`."""
        self._rise(now)
        at = max(now, self._last, self._paused_until)
        if self.tpm is not None:  # one that is larger than the limit waits for an empty minute
            tokens = min(tokens, self.tpm)
        while self._window and not self._fits(at, tokens):
            first = self._window[0]
            at = max(at, first.at + WINDOW + MARGIN)
            self._forget(first)
        booking = Booking(at, tokens)
        self._window.append(booking)
        self._recent.append(booking)
        self._tokens += tokens
        self._last = at
        return booking

    def settle(self, booking: Booking, tokens: float | None, prompt_tokens: float) -> None:
        """Correct the estimate by what an answer counted; `None` if it told nothing."""
        self._pause = _FIRST_PAUSE
        if tokens is None:
            return
        self.learn(tokens, prompt_tokens)
        if booking.is_counted:
            self._tokens += tokens - booking.tokens
        booking.tokens = tokens

    def learn(self, tokens: float, prompt_tokens: float) -> None:
        """Take note of how long answers are."""
        self._answer += 0.1 * (tokens - prompt_tokens - self._answer)

    def refuse(
        self, booking: Booking, now: float, limit: str | None, retry_after: float | None
    ) -> None:
        """Learn from a refusal: nothing was taken, and no more goes in for a while."""
        self.cancel(booking)
        while self._recent and self._recent[0].at <= now - WINDOW - MARGIN:
            self._recent.popleft()
        recent = [one for one in self._recent if one.was_taken and one.at <= now]
        if self.learns and recent:
            if limit != "RPM":
                self.tpm = DECREASE * sum(one.tokens for one in recent)
            if limit != "TPM":
                self.rpm = max(1.0, DECREASE * len(recent))
            self._risen = now
        if now >= self._paused_until:
            wait = self._pause if retry_after is None else retry_after
            self._paused_until = now + wait
            self._pause = min(2 * self._pause, _LONGEST_PAUSE)
        self._reschedule(now)

    def cancel(self, booking: Booking) -> None:
        """Take a request out that was not sent, or that took nothing."""
        booking.was_taken = False
        if booking.is_counted:
            booking.is_counted = False
            self._tokens -= booking.tokens
            self._window.remove(booking)

    def _fits(self, at: float, tokens: float) -> bool:
        while self._window and self._window[0].at + WINDOW + MARGIN <= at:
            self._forget(self._window[0])
        if self.rpm is not None and len(self._window) + 1 > max(1.0, self.rpm):
            return False
        return self.tpm is None or self._tokens + tokens <= self.tpm

    def _forget(self, booking: Booking) -> None:
        self._window.popleft()
        booking.is_counted = False
        self._tokens -= booking.tokens

    def _reschedule(self, now: float) -> None:
        """Book those that wait once more, in their order, under the limits as they are now."""
        taken = [one for one in self._recent if one.was_taken]
        waiting = [one for one in taken if one.at > now]
        self._recent = deque(one for one in taken if one.at <= now)
        self._window = deque(one for one in self._recent if one.at > now - WINDOW - MARGIN)
        self._tokens = sum(one.tokens for one in self._window)
        for one in self._window:
            one.is_counted = True
        self._last = now
        for one in waiting:
            moved = self.book(now, one.tokens)
            one.at, one.is_counted, one.was_taken = moved.at, True, True
            self._window[-1] = self._recent[-1] = one

    def _rise(self, now: float) -> None:
        if not self.learns or not self._risen:
            return
        minutes = (now - self._risen) / WINDOW
        if minutes >= 1:
            self._risen = now
            factor = 1 + INCREASE * min(minutes, 10)
            self.tpm = None if self.tpm is None else self.tpm * factor
            self.rpm = None if self.rpm is None else self.rpm * factor
