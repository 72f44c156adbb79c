"""Answers under 200 that are no answers, or not quite."""

from __future__ import annotations

from siliconflow_client import (
    APIResponseError,
    APIStatusError,
    ContextLengthError,
    EmptyAnswerError,
    GatewayTimeoutError,
    InsufficientBalanceError,
    OverloadedError,
)
from tests.faults.server import (
    CHAT,
    body,
)
from tests.faults.table.row import Row, once

LIMIT = b'{"code":50602,"message":"Request was rejected due to rate limiting. Details: TPM limit reached."}'
BUSY = b'{"code":50505,"message":"Model service overloaded.","data":null}'

ANSWERS = [
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
