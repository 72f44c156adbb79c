"""What we do when the provider does not do its part: one row per fault, three transports each."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

import pytest

from siliconflow_client import (
    APIConnectionError,
    APIResponseError,
    APIStatusError,
    APITimeoutError,
    AuthenticationError,
    BadRequestError,
    ContentRejectedError,
    ContextLengthError,
    EmptyAnswerError,
    GatewayTimeoutError,
    GoneError,
    InsufficientBalanceError,
    NotFoundError,
    OverloadedError,
    PayloadTooLargeError,
    PermissionDeniedError,
    RateLimitError,
    ServerError,
    SiliconFlowError,
    StreamInterruptedError,
)
from tests.client.callers import HI, Caller
from tests.faults.server import (
    CHAT,
    DONE,
    GOOD,
    GOOD_STREAM,
    STREAM,
    Close,
    Drip,
    FaultServer,
    Reply,
    Reset,
    Stall,
    body,
    chunked,
    event,
    gzipped,
    head,
    piece,
)


@dataclass(frozen=True)
class Row:
    """Replies, and what must come of them: the text, or exactly this class of error."""

    name: str
    script: Sequence[Reply]
    outcome: str | type[SiliconFlowError]
    attempts: int = 1
    said: dict[str, Any] = field(default_factory=dict)
    settings: dict[str, Any] = field(default_factory=dict)
    text: str = ""
    """What a stream handed out before it failed."""


def rows(table: Sequence[Row]):
    names = [row.name for row in table]
    assert len(set(names)) == len(names)
    return pytest.mark.parametrize("row", table, ids=names)


def check(row: Row, server: FaultServer, ask: Caller, error: SiliconFlowError | None, text: str):
    if isinstance(row.outcome, str):
        assert error is None
        assert text == row.outcome
    else:
        assert type(error) is row.outcome
        assert {name: getattr(error, name) for name in row.said} == row.said
        assert text == row.text
    assert len(server.seen) == row.attempts
    assert len(ask.waits) == row.attempts - 1
    bodies = {request.body for request in server.seen}
    assert len(bodies) == 1, "a retry sent something else"


# --- statuses and the shapes of their bodies --------------------------------------------------

SHAPES: dict[str, tuple[bytes, str | None]] = {
    "object": (b'{"code":12345,"message":"What happened.","data":null}', "application/json"),
    "no code": (b'{"message":"What happened.","data":"<string>"}', "application/json"),
    "error object": (b'{"error":{"message":"What happened.","code":null}}', "application/json"),
    "bare string": (b'"What happened."', "application/json"),
    "text": (b"What happened.", "text/plain"),
    "HTML": (b"<html><head><title>What happened.</title></head></html>", "text/html"),
    "empty": (b"", None),
}
STATUSES: dict[int, tuple[type[APIStatusError], bool]] = {
    400: (BadRequestError, False),
    401: (AuthenticationError, False),
    402: (InsufficientBalanceError, False),
    403: (PermissionDeniedError, False),
    404: (NotFoundError, False),
    405: (APIStatusError, False),
    408: (APIStatusError, True),
    409: (APIStatusError, True),
    410: (GoneError, False),
    413: (PayloadTooLargeError, False),
    422: (BadRequestError, False),
    429: (RateLimitError, True),
    451: (ContentRejectedError, False),
    500: (ServerError, True),
    502: (ServerError, True),
    503: (OverloadedError, True),
    504: (GatewayTimeoutError, True),
}
STATUS_ROWS = [
    Row(
        f"{status} {shape}",
        [body(content, status, content_type)],
        cls,
        attempts=2 if retried else 1,
        said={
            "status_code": status,
            "message": "What happened." if content else "no body",
            "trace_id": "ti_fault",
            "is_retryable": retried,
            "code": 12345 if shape == "object" else None,
        },
        settings={"max_retries": 1},
    )
    for status, (cls, retried) in STATUSES.items()
    for shape, (content, content_type) in SHAPES.items()
]


@rows(STATUS_ROWS)
async def test_status(row: Row):
    """The mapping is written once, so one transport shows it; the next test shows the others."""
    with FaultServer(*row.script) as server:
        async with Caller(
            "sync", base_url=server.url, **{"long_answers": "never", **row.settings}
        ) as ask:
            with pytest.raises(SiliconFlowError) as caught:
                await ask("chat", **HI)
        check(row, server, ask, caught.value, "")


@rows([row for row in STATUS_ROWS if row.name.endswith((" object", " HTML", " empty"))])
async def test_status_on_the_other_transports(async_kind: str, row: Row):
    with FaultServer(*row.script) as server:
        async with Caller(
            async_kind, base_url=server.url, **{"long_answers": "never", **row.settings}
        ) as ask:
            with pytest.raises(SiliconFlowError) as caught:
                await ask("chat", **HI)
        check(row, server, ask, caught.value, "")


# --- one answer -------------------------------------------------------------------------------

ERROR = body(b'{"code":50507,"message":"Request failed: Unknown error.","data":null}', 500)
LIMIT = b'{"code":50602,"message":"Request was rejected due to rate limiting. Details: TPM limit reached."}'


def limited(**headers: str) -> Reply:
    return body(LIMIT, 429, **headers)


BUSY = b'{"code":50505,"message":"Model service overloaded.","data":null}'


def once(fault: Reply) -> list[Reply]:
    return [fault, GOOD]


PLAIN_ROWS = [
    Row("all is well", [GOOD], "Hello"),
    # status, once
    Row("429 once", once(limited()), "Hello", 2),
    Row("500 once", once(ERROR), "Hello", 2),
    Row("502 HTML once", once(body(b"<html>", 502, "text/html")), "Hello", 2),
    Row("503 once", once(body(b'"busy"', 503)), "Hello", 2),
    Row("504 HTML once", once(body(b"<html>", 504, "text/html")), "Hello", 2),
    Row("408 once", once(body(b"", 408)), "Hello", 2),
    Row("500 thrice", [ERROR, ERROR, ERROR, GOOD], "Hello", 4),
    Row("500 for ever", [ERROR], ServerError, 4, {"code": 50507}),
    Row("429 for ever", [limited()], RateLimitError, 4, {"limit": "TPM", "code": 50602}),
    Row("rate limit under 403", once(body(LIMIT, 403)), "Hello", 2),
    Row("different faults in a row", [ERROR, limited(), [Close], GOOD], "Hello", 4),
    Row("a fault, then a refusal", [ERROR, body(b'"no"', 400)], BadRequestError, 2),
    Row("no retries wanted", [ERROR], ServerError, 1, settings={"max_retries": 0}),
    # Retry-After
    Row("Retry-After 2", once(limited(retry_after="2")), "Hello", 2),
    Row("Retry-After as a past date", once(limited(retry_after="Fri, 31 Dec 1999 23:59:59 GMT")), "Hello", 2),
    Row("Retry-After of nonsense", once(limited(retry_after="soon")), "Hello", 2),
    Row("Retry-After 3600", [limited(retry_after="3600"), GOOD], RateLimitError, 1, {"retry_after": 3600.0}),
    Row("retry-after-ms", once(limited(retry_after_ms="5")), "Hello", 2),
    # transport
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
    Row("one byte in each segment", [[Drip(b"".join(GOOD))]], "Hello"),  # type: ignore[arg-type]  # GOOD is bytes
    Row("informational answer first", [[b"HTTP/1.1 100 Continue\r\n\r\n", *GOOD]], "Hello"),
    Row("closed after a whole answer", [[*body(CHAT, connection="close"), Close]], "Hello"),
    Row("no length, closed at the end", [[head(200), CHAT, Close]], "Hello"),
    # shape
    Row("broken JSON", [body(CHAT[:-5])], APIResponseError, 1, {"trace_id": "ti_fault"}),
    Row("HTML under 200", [body(b"<html><title>Log in</title>", 200, "text/html")], APIResponseError),
    Row("HTML under 200 said to be JSON", [body(b"<!DOCTYPE html><html>")], APIResponseError),
    Row("empty body under 200", [body(b"")], APIResponseError),
    Row("204", [[b"HTTP/1.1 204 No Content\r\n\r\n"]], APIResponseError),
    Row("error object under 200, no known code", [body(b'{"code":12345,"message":"x"}')], APIResponseError, 1, {"code": 12345}),
    Row("error object under 200, overloaded once", once(body(BUSY)), "Hello", 2),
    Row("error object under 200, overloaded for ever", [body(BUSY)], OverloadedError, 4, {"code": 50505, "status_code": 503}),
    Row("error object under 200, time out", [body(b'{"code":50501,"message":"x"}')], GatewayTimeoutError, 4, {"code": 50501}),
    Row("error object under 200, no money", [body(b'{"code":30001,"message":"x"}')], InsufficientBalanceError, 1, {"status_code": 402}),
    Row("detail under 200: the prompt is too long", [body(b'{"detail":"maximum context length is 8"}')], ContextLengthError, 1),
    Row("rate limit under 200, once", once(body(LIMIT)), "Hello", 2),
    Row("choices: []", [body(b'{"id":"x","choices":[]}')], APIResponseError),
    Row("choices: null", [body(b'{"id":"x","choices":null}')], APIResponseError),
    Row("no choices", [body(b'{"id":"x"}')], APIResponseError),
    Row("a choice without message", [body(b'{"choices":[{"index":0}]}')], APIResponseError),
    Row("a list", [body(b"[1]")], APIResponseError, 1, {"body": [1]}),
    Row("a string", [body(b'"x"')], APIResponseError, 1, {"body": "x"}),
    Row("null", [body(b"null")], APIResponseError),
    Row("deeply nested", [body(b"[" * 100_000)], APIResponseError),
    Row("not UTF-8", [body(b'{"a":"\xff"}')], APIResponseError),
    Row("content null", [body(CHAT.replace(b'"Hello"', b"null"))], EmptyAnswerError, 2, settings={"empty_answers": "raise"}),
    Row("content null, once", once(body(CHAT.replace(b'"Hello"', b"null"))), "Hello", 2),
    Row("content a list", [body(CHAT.replace(b'"Hello"', b'["Hello"]'))], APIResponseError),
    Row("fields nobody knows", [body(CHAT.replace(b'"id"', b'"new":{"a":[1]},"id"'))], "Hello"),
    Row("no usage", [body(CHAT[: CHAT.index(b', "usage"')] + b"}")], "Hello"),
    Row("content type of nonsense", [body(CHAT, 200, "x")], "Hello"),
    Row("no content type", [body(CHAT, 200, None)], "Hello"),
    Row("redirect to nowhere", [body(b"", 302, None, location="http://127.0.0.1:9/v1")], APIStatusError, 1, {"status_code": 302}),
]  # fmt: skip


@rows(PLAIN_ROWS)
async def test_one_answer(kind: str, row: Row):
    with FaultServer(*row.script) as server:
        async with Caller(
            kind, base_url=server.url, **{"long_answers": "never", **row.settings}
        ) as ask:
            error, text = None, ""
            try:
                text = (await ask("chat", **HI)).text
            except SiliconFlowError as failure:
                error = failure
        check(row, server, ask, error, text)


# --- a stream ---------------------------------------------------------------------------------

HEL = piece("Hel")
CALLS = [
    piece(tool_calls=[{"index": 0, "id": "a", "function": {"name": "one", "arguments": '{"x"'}}]),
    piece(tool_calls=[{"index": 1, "id": "b", "function": {"name": "two", "arguments": '{"y"'}}]),
    piece(tool_calls=[{"index": 0, "function": {"arguments": ":1}"}}]),
    piece(tool_calls=[{"index": 1, "function": {"arguments": ":2}"}}]),
]
OVERLOADED = event({"code": 50505, "message": "Model service overloaded. Please try again later."})
INTERRUPTED = {"partial": "Hel", "trace_id": "ti_fault"}


def again(fault: Reply) -> list[Reply]:
    return [fault, GOOD_STREAM]


STREAM_ROWS = [
    Row("all is well", [GOOD_STREAM], "Hello"),
    Row("all in one chunk", [chunked(b"".join(STREAM))], "Hello"),
    Row("one byte in each segment", [[Drip(b"".join(GOOD_STREAM))]], "Hello"),  # type: ignore[arg-type]  # all bytes
    Row("one byte in each HTTP chunk", [chunked(*(bytes([byte]) for byte in b"".join(STREAM)))], "Hello"),
    Row("CRLF", [chunked(*(part.replace(b"\n", b"\r\n") for part in STREAM))], "Hello"),
    Row("CR", [chunked(*(part.replace(b"\n", b"\r") for part in STREAM))], "Hello"),
    Row("BOM", [chunked(b"\xef\xbb\xbf", *STREAM)], "Hello"),
    Row("comments", [chunked(b": ping\n\n", HEL, b":\n\n", *STREAM[1:])], "Hello"),
    Row("data: without space", [chunked(*(part.replace(b"data: ", b"data:") for part in STREAM))], "Hello"),
    Row("U+2028 in text", [chunked(piece("a\u2028b\x85c"), piece("", finish="stop"), DONE)], "a\u2028b\x85c"),
    Row("a character cut in two", [chunked(piece("é")[:-40], piece("é")[-40:], b"".join(STREAM))], "éHello"),
    Row("a huge event", [chunked(piece("x" * 2_000_000), piece("", finish="stop"), DONE)], "x" * 2_000_000),
    Row("usage in a last chunk without choices", [chunked(HEL, piece("", finish="stop"), event({"choices": [], "usage": {"prompt_tokens": 1, "completion_tokens": 1}}), DONE)], "Hel"),
    Row("empty choices in the middle", [chunked(HEL, event({"id": "f1", "choices": []}), *STREAM[1:])], "Hello"),
    Row("an unknown finish_reason", [chunked(HEL, piece("lo", finish="whatever"), DONE)], "Hello"),
    Row("[DONE] without finish_reason", [chunked(HEL, piece("lo"), DONE)], "Hello"),
    Row("finish_reason without [DONE]", [chunked(*STREAM[:-1])], "Hello"),
    Row("finish_reason, then closed", [[head(200, "text/event-stream"), *STREAM[:-1], Close]], "Hello"),
    Row("finish_reason, then the chunked end is missing", [[*chunked(*STREAM[:-1], end=False), Close]], StreamInterruptedError, 1, {"partial": "Hello"}, text="Hello"),
    Row("[DONE], then the chunked end is missing", [[*chunked(*STREAM, end=False), Close]], "Hello"),
    Row("[DONE], then a reset", [[*chunked(*STREAM, end=False), Reset]], "Hello"),
    Row("[DONE], then nothing", [[*chunked(*STREAM, end=False), Stall]], "Hello"),
    Row("[DONE], then more", [chunked(*STREAM, HEL, b"data: {broken\n\n")], "Hello"),
    Row("no content type", [chunked(*STREAM, content_type=None)], "Hello"),
    # before the first delta: again
    Row("500 once", again(ERROR), "Hello", 2),
    Row("429 for ever", [limited()], RateLimitError, 4),
    Row("400", [body(b'"max_seq_len"', 400)], ContextLengthError),
    Row("reset before the headers, once", again([Reset]), "Hello", 2),
    Row("closed after the headers, once", again([head(200, "text/event-stream", transfer_encoding="chunked"), Close]), "Hello", 2),
    Row("closed after an empty chunk, once", again([*chunked(piece(""), end=False), Close]), "Hello", 2),
    Row("ended with nothing in it, once", again(chunked()), "Hello", 2),
    Row("an error line first, once", again(chunked(OVERLOADED)), "Hello", 2),
    Row("an error line first, for ever", [chunked(OVERLOADED)], OverloadedError, 4, {"code": 50505}),
    Row("an error line: no money", [chunked(event({"code": 30001, "message": "x"}))], InsufficientBalanceError, 1),
    Row("an error object, once", again(body(BUSY)), "Hello", 2),
    Row("an error object said to be a stream, once", again(body(BUSY, 200, "text/event-stream")), "Hello", 2),
    Row("an error object: no money", [body(b'{"code":30001,"message":"x"}')], InsufficientBalanceError, 1),
    Row("a comment in a data field", [chunked(b"data: : keepalive\n\n", HEL, b"data: : keepalive\n\n", *STREAM[1:])], "Hello"),
    Row("an error line that is a 400", [chunked(event({"code": 20015, "message": "x"}))], BadRequestError, 1),
    Row("nothing, for ever", [[head(200, "text/event-stream", transfer_encoding="chunked"), Stall]], APITimeoutError, 2, {"phase": "read"}, {"timeout": 0.15, "max_retries": 1}),
    Row("finished with nothing in it", [chunked(piece("", finish="stop"), DONE)], EmptyAnswerError, 2, settings={"empty_answers": "raise"}),
    Row("finished with nothing in it, once", again(chunked(piece("", finish="stop"), DONE)), "Hello", 2),
    # after the first delta: never
    Row("connection cut", [[*chunked(HEL, end=False), Close], GOOD_STREAM], StreamInterruptedError, 1, INTERRUPTED, text="Hel"),
    Row("connection cut in an event", [[*chunked(HEL, piece("lo")[:30], end=False), Close], GOOD_STREAM], StreamInterruptedError, 1, INTERRUPTED, text="Hel"),
    Row("connection reset", [[*chunked(HEL, end=False), Drip(b"1\r\n:\r\n", 0.02), Reset], GOOD_STREAM], StreamInterruptedError, 1, INTERRUPTED, text="Hel"),
    Row("clean end without any ending", [chunked(HEL), GOOD_STREAM], StreamInterruptedError, 1, INTERRUPTED, text="Hel"),
    Row("body shorter than promised", [[head(200, "text/event-stream", 9999), HEL, Close], GOOD_STREAM], StreamInterruptedError, 1, INTERRUPTED, text="Hel"),
    Row("stall", [[*chunked(HEL, end=False), Stall], GOOD_STREAM], APITimeoutError, 1, {"phase": "read", "partial": "Hel"}, {"timeout": 0.2}, "Hel"),
    Row("a {code} line", [chunked(HEL, OVERLOADED), GOOD_STREAM], OverloadedError, 1, {"code": 50505, "status_code": 503}, text="Hel"),
    Row("an {error} line", [chunked(HEL, event({"error": {"message": "x", "code": "500"}})), GOOD_STREAM], ServerError, 1, {"code": 500, "message": "x"}, text="Hel"),
    Row("a broken event", [chunked(HEL, b"data: {broken}\n\n"), GOOD_STREAM], APIResponseError, 1, text="Hel"),
    Row("an event that is a list", [chunked(HEL, b"data: [1]\n\n"), GOOD_STREAM], APIResponseError, 1, text="Hel"),
    Row("content that is a number", [chunked(HEL, piece(5)), GOOD_STREAM], APIResponseError, 1, text="Hel"),  # type: ignore[arg-type]  # the fault
    # no stream at all
    Row("a JSON answer", [GOOD], APIResponseError),
    Row("a JSON answer said to be a stream", [body(CHAT, 200, "text/event-stream")], APIResponseError),
    Row("an error object: a time out", [body(b'{"code":50501,"message":"x"}')], GatewayTimeoutError, 4, {"code": 50501}),
    Row("an error object said to be a stream: a time out", [body(b'{"code":50501,"message":"x"}', 200, "text/event-stream")], GatewayTimeoutError, 4, {"code": 50501}),
    Row("an HTML page", [body(b"<html><title>Log in</title>", 200, "text/html")], APIResponseError),
    Row("an HTML page said to be a stream", [body(b"<html>\n<title>Log in</title>", 200, "text/event-stream")], APIResponseError),
    Row("an empty body said to be a stream, for ever", [body(b"", 200, "text/event-stream")], StreamInterruptedError, 4),
]  # fmt: skip


@rows(STREAM_ROWS)
async def test_stream(kind: str, row: Row):
    with FaultServer(*row.script) as server:
        async with Caller(
            kind, base_url=server.url, **{"long_answers": "never", **row.settings}
        ) as ask:
            told = await ask.stream(**HI)
        check(row, server, ask, told.error, told.text)
        if told.error is None:
            assert told.deltas[-1].finish_reason


async def test_two_calls_whose_pieces_alternate(kind: str):
    with FaultServer(chunked(*CALLS, piece("", finish="tool_calls"), DONE)) as server:
        async with Caller(kind, base_url=server.url) as ask:
            told = await ask.stream(**HI)
    assert told.calls == (("a", "one", '{"x":1}'), ("b", "two", '{"y":2}'))
    assert told.finish_reason == "tool_calls"


async def test_a_chunk_size_of_nonsense(kind: str):
    """In a segment of its own: aiohttp 3.14.5 parses it, and then never wakes its reader."""
    with FaultServer(NONSENSE_CHUNK, GOOD) as server:
        async with Caller(kind, base_url=server.url, timeout=0.3) as ask, asyncio.timeout(1.5):
            assert (await ask("chat", **HI)).text == "Hello"
    assert (len(server.seen), len(ask.waits)) == (2, 1)


async def test_a_chunk_size_of_nonsense_is_ended_by_a_deadline():
    with FaultServer(NONSENSE_CHUNK) as server:
        async with Caller("aiohttp", base_url=server.url, deadline=0.3, max_retries=0) as ask:
            with pytest.raises(APIConnectionError):
                await ask("chat", **HI)


NONSENSE_CHUNK: Reply = [
    head(200, transfer_encoding="chunked"),
    Drip(b"1\r\n{\r\n", 0.005),
    b"zz\r\nx\r\n",
    Close,
]
