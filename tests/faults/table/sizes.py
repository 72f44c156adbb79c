"""How much comes: long answers, long errors, many pieces, nothing at all."""

from __future__ import annotations

from siliconflow_client import APIResponseError, ServerError
from tests.faults.server import (
    CHAT,
    DONE,
    GOOD,
    Stall,
    body,
    chunked,
    event,
    gzipped,
    head,
    piece,
)
from tests.faults.table.row import Row

LONG = "Hello" + "o" * 3_000_000
LONG_CHAT = CHAT.replace(b"Hello", LONG.encode())
ENDLESS = [head(500, length=10**9), b"x" * 2**21, Stall]
MANY = b"".join(b"x-%d: %d\r\n" % (number, number) for number in range(90))

SIZES = [
    Row("3 MB of text", [body(LONG_CHAT)], LONG),
    Row("3 MB of text, packed", [body(gzipped(LONG_CHAT), content_encoding="gzip")], LONG),
    Row("3 MB of white space before the JSON", [body(b" " * 3_000_000 + CHAT)], "Hello"),
    Row("90 headers", [[b"HTTP/1.1 200 OK\r\n" + MANY + b"content-length: %d\r\n\r\n" % len(CHAT), CHAT]], "Hello"),
    Row("an error's body without end", [ENDLESS], ServerError, 1, {"status_code": 500}, {"max_retries": 0}),
    Row("a page of 2 MB under 200", [body(b"<html>" * 350_000, 200, "text/html")], APIResponseError),
    Row("1,000 choices", [body(CHAT.replace(b'"choices": [', b'"choices": [' + b'{"index":1,"message":{"content":"x"}},' * 999))], "Hello"),
    Row("a number of 5,000 digits where none is expected", [body(CHAT.replace(b'"id"', b'"new":' + b"9" * 5_000 + b',"id"'))], APIResponseError),
    Row("a count of 5,000 digits", [body(CHAT.replace(b'"prompt_tokens": 1', b'"prompt_tokens": ' + b"9" * 5_000))], APIResponseError),
]  # fmt: skip
STREAM_SIZES = [
    Row("2,000 deltas", [chunked(*[piece("x")] * 2_000, piece("", finish="stop"), DONE)], "x" * 2_000),
    Row("2,000 comments", [chunked(*[b": ping\n\n"] * 2_000, piece("Hello"), piece("", finish="stop"), DONE)], "Hello"),
    Row("2,000 chunks of nothing", [chunked(*[event({"id": "f1", "choices": []})] * 2_000, piece("Hello"), piece("", finish="stop"), DONE)], "Hello"),
    Row("a comment of 2 MB", [chunked(b": " + b"x" * 2_000_000 + b"\n\n", piece("Hello"), piece("", finish="stop"), DONE)], "Hello"),
    Row("an error's body without end", [ENDLESS], ServerError, 1, {"status_code": 500}, {"max_retries": 0}),
    Row("a plain answer of 3 MB", [body(LONG_CHAT), GOOD], APIResponseError),
]  # fmt: skip
