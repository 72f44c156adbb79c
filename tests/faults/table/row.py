"""What a line of the fault table is: what a server does, and what has to come of it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Literal, TypeAlias

from tests.faults.server import GOOD, GOOD_STREAM, Reply

Ask: TypeAlias = Literal[
    "chat",
    "stream",
    "embed",
    "rerank",
    "chat twice",
    "chat after closing",
    "chat after closing twice",
    "chat after a dropped stream",
    "chat after a stream",
    "chat in a forked child",
]
"""What a user does. Where it takes several calls, the last one's result counts."""


@dataclass(frozen=True)
class Peer:
    """Who is asked, and how it is reached.

    Attributes:
        url: The base URL; `{port}` is the server's.
        environment: Variables for as long as the call lasts, `{port}` and `{authority}` filled in.
        certificate: Which one the server shows; without one it speaks plain HTTP.
        listens: Whether anyone does, at that port.
    """

    url: str = "http://127.0.0.1:{port}/v1"
    environment: Mapping[str, str] = field(default_factory=dict)
    certificate: Literal["localhost", "another host", "expired"] | None = None
    listens: bool = True


PLAIN = Peer()


@dataclass(frozen=True)
class Row:
    """One fault.

    Attributes:
        name: What the server does.
        script: Its replies, the last of which repeats.
        outcome: What must come: text, vectors or (index, score) pairs; or exactly this class.
        requests: How many the server must see.
        said: What the error must hold.
        settings: Of the client.
        text: What a stream has handed out before it failed.
        ask: What the user does.
        peer: Whom.
        wait: The least and the most seconds that the first wait may have.
        connections: How many there must be, where that is not the business of a pool.
        same_body: Whether each attempt must send the same.
        but: Other outcomes, by the first words of the columns that they hold for.
    """

    name: str
    script: Sequence[Reply]
    outcome: object
    requests: int = 1
    said: Mapping[str, object] = field(default_factory=dict)
    settings: Mapping[str, object] = field(default_factory=dict)
    text: str = ""
    ask: Ask = "chat"
    peer: Peer = PLAIN
    wait: tuple[float, float] | None = None
    connections: int | None = None
    same_body: bool = True
    but: Mapping[str, object] = field(default_factory=dict)

    def outcome_in(self, column: str) -> object:
        """What must come in a column."""
        found = (outcome for words, outcome in self.but.items() if column.startswith(words))
        return next(found, self.outcome)


def once(fault: Reply) -> list[Reply]:
    """A fault, and then a good answer."""
    return [fault, GOOD]


def again(fault: Reply) -> list[Reply]:
    """A fault, and then a good stream."""
    return [fault, GOOD_STREAM]
