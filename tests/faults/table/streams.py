"""Streams: how they are framed, what breaks before and after the first delta, what is none."""

from __future__ import annotations

from siliconflow_client import (
    APIResponseError,
    APITimeoutError,
    BadRequestError,
    ContextLengthError,
    EmptyAnswerError,
    GatewayTimeoutError,
    InsufficientBalanceError,
    OverloadedError,
    RateLimitError,
    ServerError,
    StreamInterruptedError,
)
from tests.faults.server import (
    CHAT,
    DONE,
    GOOD,
    GOOD_STREAM,
    STREAM,
    Close,
    Drip,
    Reset,
    Stall,
    body,
    chunked,
    event,
    head,
    piece,
)
from tests.faults.table.row import Row, again

LIMIT = b'{"code":50602,"message":"Request was rejected due to rate limiting. Details: TPM limit reached."}'
BUSY = b'{"code":50505,"message":"Model service overloaded.","data":null}'
ERROR = body(b'{"code":50507,"message":"Request failed: Unknown error.","data":null}', 500)
HEL = piece("Hel")
OVERLOADED = event({"code": 50505, "message": "Model service overloaded. Please try again later."})
INTERRUPTED = {"partial": "Hel", "trace_id": "ti_fault"}
TO_ITS_END = b"".join(part for part in GOOD_STREAM if isinstance(part, bytes))


STREAM_FRAMING = [
    Row("all is well", [GOOD_STREAM], "Hello"),
    Row("all in one chunk", [chunked(b"".join(STREAM))], "Hello"),
    Row("one byte in each segment", [[Drip(TO_ITS_END)]], "Hello"),
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
]  # fmt: skip
BEFORE = [
    Row("500 once", again(ERROR), "Hello", 2),
    Row("429 for ever", [body(LIMIT, 429)], RateLimitError, 4),
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
]  # fmt: skip
AFTER = [
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
]  # fmt: skip
NO_STREAM = [
    Row("a JSON answer", [GOOD], APIResponseError),
    Row("a JSON answer said to be a stream", [body(CHAT, 200, "text/event-stream")], APIResponseError),
    Row("an error object: a time out", [body(b'{"code":50501,"message":"x"}')], GatewayTimeoutError, 4, {"code": 50501}),
    Row("an error object said to be a stream: a time out", [body(b'{"code":50501,"message":"x"}', 200, "text/event-stream")], GatewayTimeoutError, 4, {"code": 50501}),
    Row("an HTML page", [body(b"<html><title>Log in</title>", 200, "text/html")], APIResponseError),
    Row("an HTML page said to be a stream", [body(b"<html>\n<title>Log in</title>", 200, "text/event-stream")], APIResponseError),
    Row("an empty body said to be a stream, for ever", [body(b"", 200, "text/event-stream")], StreamInterruptedError, 4),
]  # fmt: skip
