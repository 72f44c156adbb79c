"""Clients over their life: used again, closed, forked, left in the middle of a stream."""

from __future__ import annotations

from tests.faults.server import CHAT, GOOD, GOOD_STREAM, STREAM, Drip, Stall, body, chunked, piece
from tests.faults.table.row import Row

BUSY = body(b'"busy"', 503)
LATE_END = [*chunked(*STREAM, end=False), Drip(b"0\r\n\r\n", 0.01)]
LONG_STREAM = [*chunked(piece("Hel"), piece("lo"), end=False), Stall]
SECOND = body(CHAT.replace(b"Hello", b"Second"))

LIFE = [
    Row("two calls use one connection", [GOOD], "Hello", 2, ask="chat twice", connections=1),
    Row("and so they do after a 503", [BUSY, GOOD], "Hello", 3, ask="chat twice", connections=1),
    Row("`connection: close` is kept to", [body(CHAT, connection="close"), SECOND], "Second", 2, ask="chat twice", connections=2),
    Row("a stream's connection is used again", [GOOD_STREAM, GOOD], "Hello", 2, ask="chat after a stream", connections=1, same_body=False),
    Row("also where its end comes late", [LATE_END, GOOD], "Hello", 2, ask="chat after a stream", connections=1, same_body=False),
    Row("a stream that is dropped is closed", [LONG_STREAM, GOOD], "Hello", 2, ask="chat after a dropped stream", connections=2, same_body=False),
    Row("a closed client opens anew", [GOOD, SECOND], "Second", 2, ask="chat after closing", connections=2),
    Row("and so does one that was closed twice", [GOOD, SECOND], "Second", 2, ask="chat after closing twice", connections=2),
    Row("a forked child leaves its parent's connection alone", [GOOD, SECOND, GOOD], ["Second", "Hello"], 3, ask="chat in a forked child", connections=2),
]  # fmt: skip
