"""What breaks below the answer: connections, HTTP's own framing, encodings, time."""

from __future__ import annotations

from siliconflow_client import (
    APIConnectionError,
    APIResponseError,
    APITimeoutError,
)
from tests.faults.server import (
    CHAT,
    GOOD,
    Close,
    Drip,
    Reset,
    Stall,
    body,
    chunked,
    gzipped,
    head,
)
from tests.faults.table.row import Peer, Row, once

RIGHT = [part for part in GOOD if isinstance(part, bytes)]

FRAMING = [
    Row("reset before the headers, once", once([Reset]), "Hello", 2),
    Row("reset before the headers, for ever", [[Reset]], APIConnectionError, 4),
    Row("closed before the headers, once", once([Close]), "Hello", 2),
    Row("closed before the headers, for ever", [[Close]], APIConnectionError, 4),
    Row("closed in the headers", once([b"HTTP/1.1 200 OK\r\ncontent-", Close]), "Hello", 2),
    Row("reset after the headers", once([head(200, length=len(CHAT)), CHAT[:20], Reset]), "Hello", 2),
    Row("body shorter than promised, once", once([head(200, length=len(CHAT)), CHAT[:20], Close]), "Hello", 2),
    Row("body shorter than promised, for ever", [[head(200, length=len(CHAT)), CHAT[:20], Close]], APIConnectionError, 4),
    Row("chunked body without an end", once([*chunked(CHAT[:9], content_type="application/json", end=False), Close]), "Hello", 2),
    Row("error body cut short", once([head(400, length=50), b'{"code":', Close]), "Hello", 2),
    Row("a status line of nonsense", once([b"NONSENSE\r\n\r\n", Close]), "Hello", 2),
    Row("another protocol", once([b"SSH-2.0-OpenSSH_9.9\r\n", Close]), "Hello", 2),
    Row("a header without end", once([b"HTTP/1.1 200 OK\r\nx: " + b"y" * 200_000 + b"\r\n\r\n", Close]), "Hello", 2),
    Row("gzip", [body(gzipped(CHAT), content_encoding="gzip")], "Hello"),
    Row("gzip that is none", once(body(CHAT, content_encoding="gzip")), "Hello", 2),
    Row("gzip that ends early", [body(gzipped(CHAT)[:-30], content_encoding="gzip")], APIResponseError),
    Row("no answer", [[Stall]], APITimeoutError, 2, {"phase": "read", "limit": 0.15}, {"timeout": 0.15, "max_retries": 1}),
    Row("no answer, once", once([Stall]), "Hello", 2, settings={"timeout": 0.3}),
    Row("headers, then nothing", [[head(200, length=9), Stall]], APITimeoutError, 2, {"phase": "read"}, {"timeout": 0.15, "max_retries": 1}),
    Row("half a body, then nothing", [[head(200, length=9), b"{", Stall]], APITimeoutError, 2, {"phase": "read"}, {"timeout": 0.15, "max_retries": 1}),
    Row("one byte in each segment", [[Drip(b"".join(RIGHT))]], "Hello"),
    Row("informational answer first", [[b"HTTP/1.1 100 Continue\r\n\r\n", *GOOD]], "Hello"),
    Row("closed after a whole answer", [[*body(CHAT, connection="close"), Close]], "Hello"),
    Row("no length, closed at the end", [[head(200), CHAT, Close]], "Hello"),
    Row("a length that is no number", once([head(200, content_length="many"), CHAT, Close]), "Hello", 2),
    Row("a length below zero", once([head(200, content_length="-5"), CHAT, Close]), "Hello", 2),
    Row("two lengths that differ", once([b"HTTP/1.1 200 OK\r\ncontent-length: 5\r\ncontent-length: 9\r\n\r\n", CHAT, Close]), "Hello", 2),
    Row("a chunk size of nonsense, at once", once([head(200, transfer_encoding="chunked") + b"zz\r\n{}\r\n", Close]), "Hello", 2),
    Row("a chunk longer than its size", once([head(200, transfer_encoding="chunked") + b"1\r\n{}\r\n", Close]), "Hello", 2),
    Row("a chunk shorter than its size", once([head(200, transfer_encoding="chunked"), b"ff\r\n{", Close]), "Hello", 2),
    Row("an unknown content-encoding", [body(CHAT, content_encoding="zstd-9")], "Hello"),
    Row("content-encoding: identity", [body(CHAT, content_encoding="identity")], "Hello"),
    Row("deflate that is none", once(body(CHAT, content_encoding="deflate")), "Hello", 2),
    Row("HTTP/1.0", [[b"HTTP/1.0 200 OK\r\ncontent-type: application/json\r\n\r\n", CHAT, Close]], "Hello"),
    Row("HTTP/2.0 in the status line", [[b"HTTP/2.0 200 OK\r\n\r\n", Close]], APIResponseError),
    Row("a status of two digits", once([b"HTTP/1.1 20 OK\r\n\r\n", Close]), "Hello", 2),
    Row("a status line without a reason", [[b"HTTP/1.1 200\r\ncontent-length: %d\r\n\r\n" % len(CHAT), CHAT]], "Hello"),
    Row("a header without a colon", once([b"HTTP/1.1 200 OK\r\nnonsense\r\n\r\n", Close]), "Hello", 2),
    Row("a header with NUL", once([b"HTTP/1.1 200 OK\r\nx: a\x00b\r\ncontent-length: 2\r\n\r\n{}", Close]), "Hello", 2),
    Row("three informational answers first", [[b"HTTP/1.1 103 Early Hints\r\nlink: x\r\n\r\n" * 3, *GOOD]], "Hello"),
    Row("102 for ever", [[Drip(b"HTTP/1.1 102 Processing\r\n\r\n" * 200, 0.002), Stall]], APITimeoutError, 1, {"phase": "deadline", "limit": 0.2}, {"deadline": 0.2}),
    Row("headers that drip", [[Drip(b"HTTP/1.1 200 OK\r\nx-slow: " + b"y" * 40, 0.02), Stall]], APITimeoutError, 1, {"phase": "deadline", "limit": 0.2}, {"deadline": 0.2}),
    Row("a body that drips", [[head(200, length=len(CHAT)), Drip(CHAT, 0.05)]], APITimeoutError, 1, {"phase": "deadline", "limit": 0.2}, {"deadline": 0.2}),
    Row("an error's body that drips", [[head(500, length=len(CHAT)), Drip(CHAT, 0.05)]], APITimeoutError, 1, {"phase": "deadline", "limit": 0.2}, {"deadline": 0.2}),
    Row("nobody listens", [GOOD], APIConnectionError, 0, {"never_sent": True}, {"max_retries": 1}, peer=Peer(listens=False)),
    Row("closed on a connection in use", [GOOD, [Close], GOOD], "Hello", 3, ask="chat twice"),
]  # fmt: skip
