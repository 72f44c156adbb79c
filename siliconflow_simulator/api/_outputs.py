"""Files that answers name, made when they are fetched; and what was said in which sound."""

from __future__ import annotations

import hashlib
import threading
from collections import OrderedDict
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final, Generic, TypeVar

if TYPE_CHECKING:
    from siliconflow_simulator.api._exchange import Exchange

_KEPT: Final = 1000
T = TypeVar("T")


class Recent(Generic[T]):
    """The last thousand of something, by name. Safe for threads."""

    def __init__(self) -> None:
        self._items: OrderedDict[str, T] = OrderedDict()
        self._lock = threading.Lock()

    def put(self, name: str, item: T) -> None:
        """Keep it; the oldest goes where there are too many."""
        with self._lock:
            self._items[name] = item
            self._items.move_to_end(name)
            while len(self._items) > _KEPT:
                self._items.popitem(last=False)

    def get(self, name: str) -> T | None:
        """Return it, or `None`."""
        with self._lock:
            return self._items.get(name)

    def take(self, name: str) -> T | None:
        """Return it, and keep it no longer."""
        with self._lock:
            return self._items.pop(name, None)

    def all(self) -> list[T]:
        """Return all, the oldest first."""
        with self._lock:
            return list(self._items.values())


@dataclass(frozen=True, slots=True)
class Drawing:
    """How a picture is made when it is fetched."""

    text: str
    width: int
    height: int
    tint: int
    moves: bool = False


class Drawings(Recent[Drawing]):
    """What `/outputs/{name}` serves."""


class Spoken(Recent[str]):
    """What was said in the sounds that were made here."""

    @staticmethod
    def name(content: bytes) -> str:
        """Stand for a sound."""
        return hashlib.sha256(content).hexdigest()


def output_url(exchange: Exchange, name: str, drawing: Drawing) -> str:
    """Keep a drawing, and return where it can be fetched: the host that was asked."""
    exchange.service.kept(Drawings).put(name, drawing)
    return exchange.url(f"/outputs/{name}")
