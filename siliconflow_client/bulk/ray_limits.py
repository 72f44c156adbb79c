"""One named actor that keeps the limits of an account for a whole Ray cluster."""

from __future__ import annotations

import time
from collections import OrderedDict
from collections.abc import Callable
from importlib import import_module
from typing import Protocol, cast

from siliconflow_client.protocol.limits import Booking, Ledger
from siliconflow_client.transport.limiter import Limits, SharedPlace

_REMEMBERED = 600.0
"""Seconds after which the place of a worker that died is forgotten."""


class LimitsActor:
    """The ledgers of all accounts; a plain class, which `shared_limits` makes an actor of.

    Args:
        rpm: Requests a minute.
        tpm: Tokens a minute. With neither, both are learned from refusals.
        clock: In seconds.
    """

    def __init__(
        self,
        rpm: float | None = None,
        tpm: float | None = None,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._limits = Limits(rpm=rpm, tpm=tpm)  # refuses what cannot be meant
        self._clock = clock
        self._ledgers: dict[str, Ledger] = {}
        self._places: OrderedDict[int, tuple[float, Ledger, Booking]] = OrderedDict()
        self._next = 0

    def book(self, account: str, tokens: float) -> tuple[int, float]:
        """Give a request a place; returns its number, and the seconds to wait."""
        now = self._clock()
        while self._places and next(iter(self._places.values()))[0] < now - _REMEMBERED:
            self._places.popitem(last=False)
        rpm, tpm = self._limits.rpm, self._limits.tpm
        ledger = self._ledgers.setdefault(account, Ledger(rpm, tpm, rpm is None and tpm is None))
        booking = ledger.book(now, tokens)
        self._next += 1
        self._places[self._next] = (booking.at, ledger, booking)
        return self._next, max(0.0, booking.at - now)

    def wait(self, number: int) -> float:
        """Seconds that a request has to wait still, since a refusal may have moved it."""
        place = self._places.get(number)
        return 0.0 if place is None else max(0.0, place[2].at - self._clock())

    def cancel(self, number: int) -> None:
        """Take a place back."""
        place = self._places.pop(number, None)
        if place is not None:
            place[1].cancel(place[2])

    def settle(self, number: int, tokens: float | None) -> None:
        """Take note of what an answer counted."""
        place = self._places.pop(number, None)
        if place is not None:
            place[1].settle(place[2], tokens, 0)

    def refuse(self, number: int, limit: str | None, retry_after: float | None) -> None:
        """Take note of a refusal."""
        place = self._places.pop(number, None)
        if place is not None:
            place[1].refuse(place[2], self._clock(), limit, retry_after)


class _Method(Protocol):
    def remote(self, *arguments: object) -> object: ...


class _Handle(Protocol):
    """A handle of the actor."""

    book: _Method
    wait: _Method
    cancel: _Method
    settle: _Method
    refuse: _Method


class _Maker(Protocol):
    def options(self, **options: object) -> _Method: ...


class _Ray(Protocol):
    def remote(self, cls: type) -> _Maker: ...

    def get(self, reference: object) -> object: ...


def _ray() -> _Ray:
    return cast("_Ray", import_module("ray"))


class ActorLedger:
    """A `SharedLedger` that asks the actor. Goes to the workers with the settings.

    Args:
        actor: The actor's handle.
    """

    def __init__(self, actor: _Handle) -> None:
        self._actor = actor

    def book(self, account: str, tokens: float) -> SharedPlace:
        """Give a request a place: one round trip."""
        told = cast("tuple[int, float]", _ray().get(self._actor.book.remote(account, tokens)))
        return _ActorPlace(self._actor, *told)


class _ActorPlace:
    """A place that the actor keeps; asked again only by those that had to wait."""

    __slots__ = ("_actor", "_number", "_until", "_waits")

    def __init__(self, actor: _Handle, number: int, wait: float) -> None:
        self._actor = actor
        self._number = number
        self._waits = wait > 0
        self._until = time.monotonic() + wait

    def wait(self) -> float:
        left = self._until - time.monotonic()
        if left <= 0 and self._waits:
            left = cast("float", _ray().get(self._actor.wait.remote(self._number)))
            self._waits = left > 0
            self._until = time.monotonic() + left
        return max(0.0, left)

    def cancel(self) -> None:
        self._actor.cancel.remote(self._number)

    def settle(self, tokens: float | None) -> None:
        self._actor.settle.remote(self._number, tokens)

    def refuse(self, limit: str | None, retry_after: float | None) -> None:
        self._actor.refuse.remote(self._number, limit, retry_after)


def shared_limits(
    *, rpm: float | None = None, tpm: float | None = None, name: str = "siliconflow-limits"
) -> Limits:
    """Limits for all workers of the cluster, kept by one actor.

    Args:
        rpm: Requests a minute.
        tpm: Tokens a minute. With neither, both are learned from refusals.
        name: The actor's; who asks for the same name shares it, and its limits.

    Returns:
        To give to the constructors of `EmbedColumn`, `RerankColumn` and `AskModel` as `limits`.

    Raises:
        ConfigurationError: A limit below 1.
    """
    Limits(rpm=rpm, tpm=tpm)
    maker = _ray().remote(LimitsActor)
    made = maker.options(name=name, get_if_exists=True, num_cpus=0, max_restarts=-1)
    return Limits(shared=ActorLedger(cast("_Handle", made.remote(rpm, tpm))))
