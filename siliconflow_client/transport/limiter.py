"""`Limits`: what an account may send, shared by all clients that are given the same object."""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import Self

from siliconflow_client.errors.tree import ConfigurationError, RateLimitError
from siliconflow_client.protocol.actions import Demand
from siliconflow_client.protocol.limits import Booking, Ledger


class Limits:
    """Keeps requests within what the account may send a minute, so that few are refused.

    Pass the same object to every client, chat model, embedding model and reranker that shares an
    account. Limits count for each host, key and model by itself, as the vendor's do. Requests wait
    in their order before they are sent.

    Args:
        rpm: Requests a minute.
        tpm: Tokens a minute.

    With neither, both are learned from refusals (429).

    Raises:
        ConfigurationError: A limit below 1.
    """

    def __init__(self, *, rpm: float | None = None, tpm: float | None = None) -> None:
        for name, value in (("rpm", rpm), ("tpm", tpm)):
            if value is not None and (isinstance(value, bool) or not value >= 1):
                raise ConfigurationError(f"{name} must be 1 or more, not {value!r}.", argument=name)
        self.rpm = rpm
        self.tpm = tpm
        self._lock = threading.Lock()
        self._ledgers: dict[tuple[str, int, str], Ledger] = {}

    def __repr__(self) -> str:
        return f"Limits(rpm={self.rpm!r}, tpm={self.tpm!r})"

    def __reduce__(self) -> tuple[Callable[..., Self], tuple[()], dict[str, float | None]]:
        return type(self), (), {"rpm": self.rpm, "tpm": self.tpm}

    def __deepcopy__(self, memo: dict[int, object]) -> Self:
        return self  # a copied model shares the account

    def book(self, key: tuple[str, int, str], demand: Demand, now: float) -> Reservation:
        """Give a request its place.

        Args:
            key: Host, a number that stands for the key, and model.
            demand: What it will take.
            now: The driver's time, in seconds.
        """
        with self._lock:
            ledger = self._ledgers.get(key)
            if ledger is None:
                learns = self.rpm is None and self.tpm is None
                ledger = self._ledgers[key] = Ledger(self.rpm, self.tpm, learns)
            tokens = ledger.expected(demand.prompt_tokens, demand.most)
            return Reservation(self._lock, ledger, ledger.book(now, tokens), demand)


class Reservation:
    """A request's place among those of its account."""

    __slots__ = ("_booking", "_demand", "_ledger", "_lock")

    def __init__(
        self, lock: threading.Lock, ledger: Ledger, booking: Booking, demand: Demand
    ) -> None:
        self._lock = lock
        self._ledger = ledger
        self._booking = booking
        self._demand = demand

    def wait(self, now: float) -> float:
        """Seconds that the request has to wait still; 0 when it may be sent."""
        return max(0.0, self._booking.at - now)

    def cancel(self) -> None:
        """Give the place back: the request was not sent."""
        with self._lock:
            self._ledger.cancel(self._booking)

    def settle(self, tokens: float | None, refusal: RateLimitError | None, now: float) -> None:
        """Tell what the request took in the end."""
        with self._lock:
            if refusal is None:
                self._ledger.settle(self._booking, tokens, self._demand.prompt_tokens)
            else:
                self._ledger.refuse(self._booking, now, refusal.limit, refusal.retry_after)
