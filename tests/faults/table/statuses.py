"""Answers with an error status: every status with every shape of body, codes, and what is retried."""

from __future__ import annotations

from siliconflow_client import (
    APIStatusError,
    AuthenticationError,
    BadRequestError,
    ContentRejectedError,
    ContextLengthError,
    GatewayTimeoutError,
    GoneError,
    InsufficientBalanceError,
    ModelNotFoundError,
    NotFoundError,
    OverloadedError,
    PayloadTooLargeError,
    PermissionDeniedError,
    RateLimitError,
    ServerError,
    UnsupportedParameterError,
)
from tests.faults.server import GOOD, Close, body, gzipped
from tests.faults.table.row import Row, again, once

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
        f"{status}, {shape}",
        [body(content, status, content_type)],
        cls,
        requests=2 if retried else 1,
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

LONG = b'{"message":"' + b"x" * 2_000_000 + b'"}'
OTHER_SHAPES: dict[str, tuple[bytes, str, int | str | None]] = {
    "detail": (b'{"detail":"What happened."}', "What happened.", None),
    "detail, a list": (b'{"detail":[{"loc":["body","model"],"msg":"field required","input":"secret"}]}', "body.model: field required", None),
    "detail, an object": (b'{"detail":{"code":20015,"message":"What happened."}}', "What happened.", 20015),
    "detail, an empty list": (b'{"detail":[]}', "no message (an answer of 13 bytes)", None),
    "Anthropic's": (b'{"type":"error","error":{"type":"invalid_request_error","message":"What happened."}}', "What happened.", "invalid_request_error"),
    "error as a string": (b'{"error":"What happened."}', "What happened.", None),
    "truncated": (b'{"code":20015,"mess', '{"code":20015,"mess', None),
    "code as text": (b'{"code":"20015","message":"What happened."}', "What happened.", 20015),
    "code as a word": (b'{"code":"too_bad","message":"What happened."}', "What happened.", "too_bad"),
    "code of the wrong type": (b'{"code":[1],"message":"What happened."}', "What happened.", None),
    "message of the wrong type": (b'{"code":20015,"message":{"a":1}}', "{'a': 1}", 20015),
    "message null": (b'{"code":20015,"message":null}', "no message (an answer of 29 bytes)", 20015),
    "a list": (b'["What happened."]', "no message (an answer of 18 bytes)", None),
    "a number": (b"5", "no message (an answer of 1 bytes)", None),
    "null": (b"null", "no message (an answer of 4 bytes)", None),
    "white space": (b" \r\n ", "no message (an answer of 4 bytes)", None),
    "not UTF-8": (b"\xff\xfe", "��", None),
    "a byte order mark first": (b'\xef\xbb\xbf{"code":20015,"message":"What happened."}', "What happened.", 20015),
    "2 MB long": (LONG, "x" * 499 + "…", None),
    "64 KiB of <title>": (b"<title>" * 9_400, "an HTML page", None),
    "deeply nested": (b"[" * 50_000, "[" * 499 + "…", None),
    "terminal codes": (b'{"message":"a\\u001b[2Jb\\r\\nc"}', "a�[2Jb\nc", None),
}  # fmt: skip
SHAPE_ROWS = [
    Row(
        f"{status}, {shape}",
        [body(content, status)],
        BadRequestError if status == 400 else ServerError,
        said={"status_code": status, "message": message, "code": code, "trace_id": "ti_fault"},
        settings={"max_retries": 0},
    )
    for status in (400, 500)
    for shape, (content, message, code) in OTHER_SHAPES.items()
]

CODES: list[tuple[int, int | None, str, type[APIStatusError]]] = [
    (400, 20012, "Model does not exist. Please check it carefully.", ModelNotFoundError),
    (404, None, "The model `m` does not exist.", ModelNotFoundError),
    (400, 20024, "Json mode is not supported for this model.", UnsupportedParameterError),
    (400, 20041, "The model is not a VLM (Vision Language Model).", UnsupportedParameterError),
    (400, 30003, "Model disabled.", PermissionDeniedError),
    (400, 20015, "length of prompt_tokens must be less than max_seq_len", ContextLengthError),
    (400, None, "This model's maximum context length is 8 tokens.", ContextLengthError),
    (400, 20015, "max_tokens cannot be greater than max_model_len", BadRequestError),
    (401, 30014, "Token is invalid.", AuthenticationError),
    (403, 30001, "Sorry, your account balance is insufficient", InsufficientBalanceError),
    (403, None, "余额不足", InsufficientBalanceError),
    (403, 30003, "Model disabled.", PermissionDeniedError),
    (404, 20063, "The task has expired.", NotFoundError),
    (410, 20092, "This endpoint is gone.", GoneError),
    (413, 20042, "input batch size 65 > maximum allowed batch size 64", PayloadTooLargeError),
    (429, 50603, "Request was rejected due to rate limiting.", RateLimitError),
    (451, 20021, "The content was rejected.", ContentRejectedError),
    (403, 50602, "Request was rejected due to rate limiting. Details: TPM limit.", RateLimitError),
    (500, 50507, "Request failed: Unknown error.", ServerError),
    (503, 50505, "Model service overloaded. Please try again later.", OverloadedError),
    (503, 50603, "System is really busy; rate limit.", RateLimitError),
    (504, 50501, "Time out.", GatewayTimeoutError),
    (501, None, "Not implemented.", ServerError),
    (529, None, "Overloaded.", ServerError),
    (599, None, "What happened.", ServerError),
]
CODE_ROWS = [
    Row(
        f"{status}, {'no code' if code is None else f'code {code}'}: {message}",
        [body(f'{{"code":{code or "null"},"message":"{message}","data":null}}'.encode(), status)],
        cls,
        said={"status_code": status, "message": message, "code": code},
        settings={"max_retries": 0},
    )
    for status, code, message, cls in CODES
]

LIMIT = b'{"code":50602,"message":"Request was rejected due to rate limiting. Details: TPM limit reached."}'
LIMITED = body(LIMIT, 429)
ERROR = body(b'{"code":50507,"message":"Request failed: Unknown error.","data":null}', 500)
PACKED = body(gzipped(b'{"code":20015,"message":"What happened."}'), 400, content_encoding="gzip")

AGAIN = [
    Row("all is well", [GOOD], "Hello"),
    Row("429 once", once(LIMITED), "Hello", 2),
    Row("500 once", once(ERROR), "Hello", 2),
    Row("502 HTML once", once(body(b"<html>", 502, "text/html")), "Hello", 2),
    Row("503 once", once(body(b'"busy"', 503)), "Hello", 2),
    Row("504 HTML once", once(body(b"<html>", 504, "text/html")), "Hello", 2),
    Row("504 once, and then a stream", again(body(b"<html>", 504, "text/html")), "Hello", 2, settings={"long_answers": "after_504"}, same_body=False),
    Row("408 once", once(body(b"", 408)), "Hello", 2),
    Row("500 thrice", [ERROR, ERROR, ERROR, GOOD], "Hello", 4),
    Row("500 for ever", [ERROR], ServerError, 4, {"code": 50507}),
    Row("429 for ever", [LIMITED], RateLimitError, 4, {"limit": "TPM", "code": 50602}),
    Row("rate limit under 403", once(body(LIMIT, 403)), "Hello", 2),
    Row("different faults in a row", [ERROR, LIMITED, [Close], GOOD], "Hello", 4),
    Row("a fault, then a refusal", [ERROR, body(b'"no"', 400)], BadRequestError, 2),
    Row("no retries wanted", [ERROR], ServerError, 1, settings={"max_retries": 0}),
    Row("a refusal in gzip", [PACKED], BadRequestError, 1, {"message": "What happened.", "code": 20015}),
]  # fmt: skip
