"""No I/O: from an answer that is an error to the error class that says so.

Six shapes of body are known (docs/wire.md#errors, fixtures in tests/fixtures/errors): an object
with `code` and `message`, one without `code`, a bare JSON string, `{"error": {…}}`, plain text
and HTML. The HTTP status decides first, then the code, then the words.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from email.utils import parsedate_to_datetime
from typing import TypeAlias

import pydantic_core

from siliconflow_client._json import JsonObject, JsonValue
from siliconflow_client.errors.hints import hint_for
from siliconflow_client.errors.redaction import (
    headers_without_secrets,
    redact,
    without_secrets,
)
from siliconflow_client.errors.response import ErrorResponse, Head, Target
from siliconflow_client.errors.tree import (
    APIResponseError,
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

Code: TypeAlias = int | str | None

_CONTEXT_LENGTH = re.compile(
    r"max_prompt_tokens|max_seq_len|max_total_tokens|maximum context length", re.IGNORECASE
)
_RATE_LIMIT = re.compile(r"rate limit", re.IGNORECASE)
_LIMIT_NAME = re.compile(r"\b(RPM|TPM|RPD|RPH|TPD|IPM|IPD)\b")
_LIMIT_CODES = {
    50601: "RPM",
    50602: "TPM",
    50604: "IPM",
    50605: "IPD",
    50606: "RPD",
    50607: "RPH",
    50608: "RPD",
}
_UNSUPPORTED = re.compile(r"does not support|not supported|is not a VLM", re.IGNORECASE)
_UNSUPPORTED_CODES = frozenset({20024, 20030, 20031, 20036, 20037, 20039, 20041, 20066, 20088})
_BALANCE = re.compile(r"balance", re.IGNORECASE)
_HTML_TITLE = re.compile(r"<title>([^<]{0,500})", re.IGNORECASE)
_READ_AT_MOST = 65_536
"""Bytes of an error's body that are looked at."""
_LONGEST_CODE = 60

_BY_STATUS: dict[int, type[APIStatusError]] = {
    400: BadRequestError,
    401: AuthenticationError,
    402: InsufficientBalanceError,
    403: PermissionDeniedError,
    404: NotFoundError,
    410: GoneError,
    413: PayloadTooLargeError,
    422: BadRequestError,
    429: RateLimitError,
    451: ContentRejectedError,
    503: OverloadedError,
    504: GatewayTimeoutError,
}
# Code ranges and exceptions of the vendor's code table, for errors that come inside a stream.
_STATUS_OF_CODE = {
    20021: 451,
    20042: 413,
    20043: 413,
    20045: 413,
    20051: 403,
    20063: 404,
    20092: 410,
    30001: 402,
    30014: 401,
    50501: 504,
    50504: 504,
    50505: 503,
    50506: 504,
    50508: 503,
    50509: 504,
    50601: 429,
    50602: 429,
    50603: 503,
    50604: 429,
    50605: 429,
    50606: 429,
    50607: 429,
    50608: 429,
}


# The words of Anthropic's errors, which `/messages` speaks (docs/wire.md#messages).
_STATUS_OF_WORD = {
    "invalid_request_error": 400,
    "authentication_error": 401,
    "billing_error": 402,
    "permission_error": 403,
    "not_found_error": 404,
    "request_too_large": 413,
    "rate_limit_error": 429,
    "api_error": 500,
    "overloaded_error": 503,
    "timeout_error": 504,
}


class UndocumentedShapeError(ValueError):
    """A chunk or a body is not what the API documents; says where."""


def error_from_response(head: Head, content: bytes, target: Target) -> APIStatusError:
    """Make the error that a non-2xx answer describes."""
    content = without_secrets(content, head.secrets)
    body = _parse(content)
    code, message = _code_and_message(body)
    if not message:
        message = f"no message (an answer of {len(content)} bytes)" if content else "no body"
    error = _status_error(head.status, code, message, target, head, body)
    error.retry_after = parse_retry_after(head.headers, head.now)
    headers = headers_without_secrets(head.headers, head.secrets)
    error.response = ErrorResponse(head.status, headers, content)
    return error


def error_from_event(event: JsonObject, head: Head, target: Target) -> APIStatusError | None:
    """Make the error that a `data:` line inside a stream describes; `None` if it is none.

    The HTTP status had been 200 by then, so the code decides; without a known one it is a
    `ServerError`, since something broke after the server had said yes.
    """
    code, message = _code_and_message(event)
    if code is None and message is None:
        return None
    error = _status_error(_status_of(code, message), code, message or "", target, head, event)
    error.add_note("It came inside a stream that had begun with HTTP 200.")
    return error


def unexpected_answer(
    content: bytes, head: Head, target: Target, what: str
) -> APIResponseError | RateLimitError:
    """Make the error for a 2xx body that is not the documented shape; `what` says how."""
    content = without_secrets(content, head.secrets)
    body = _parse(content)
    code, message = (None, None) if _is_html(content) else _code_and_message(body)
    said = message if isinstance(body, dict) else None  # by an error object
    if said is not None and _RATE_LIMIT.search(said[:_READ_AT_MOST]):
        # "rate limiting" decides whatever the status is (docs/wire.md#errors): it is retried.
        error = _status_error(429, code, said, target, head, body)
        assert isinstance(error, RateLimitError)
        return error
    if said is not None:
        shown = redact(said, head.secrets).rstrip(".")
        what = f"an error object under HTTP 200: {shown}"
    elif _is_html(content):
        title = _HTML_TITLE.search(content[:_READ_AT_MOST].decode("utf-8", "replace"))
        shown = redact(title[1].strip(), head.secrets) if title else ""
        what = f"an HTML page{f' ({shown})' if shown else ''}, not JSON"
    return APIResponseError(
        f"Unexpected answer from {target.path}: {what}.",
        body=body,
        code=None if said is None else code,
        trace_id=head.trace_id,
        host=target.host,
        model=target.model,
        hint=hint_for(
            APIResponseError if said is None else ServerError, code, message or "", target.host
        ),
    )


def _status_error(
    status: int, code: Code, message: str, target: Target, head: Head, body: JsonValue
) -> APIStatusError:
    message = message[:_READ_AT_MOST]
    cls = _class_of(status, code, message)
    error = cls(
        redact(message, head.secrets),
        status_code=status,
        code=code,
        trace_id=head.trace_id,
        model=target.model,
        host=target.host,
        body=body,
        hint=hint_for(cls, code, message, target.host, target.model),
    )
    if isinstance(error, RateLimitError):
        named = _LIMIT_NAME.search(message)
        error.limit = (
            named[1] if named else _LIMIT_CODES.get(code) if isinstance(code, int) else None
        )
        error.is_retryable = True
    return error


def _class_of(status: int, code: Code, message: str) -> type[APIStatusError]:
    if status == 429 or _RATE_LIMIT.search(message):
        return RateLimitError
    if status in (400, 422):
        if code == 20012:
            return ModelNotFoundError
        if code == 30003 or message == "Model disabled.":
            return PermissionDeniedError
        if _CONTEXT_LENGTH.search(message):
            return ContextLengthError
        if code in _UNSUPPORTED_CODES or _UNSUPPORTED.search(message):
            return UnsupportedParameterError
    if status == 403 and (code == 30001 or _BALANCE.search(message)):
        return InsufficientBalanceError
    if status >= 500:
        return _BY_STATUS.get(status, ServerError)
    return _BY_STATUS.get(status, APIStatusError)


def _status_of(code: Code, message: str | None) -> int:
    if isinstance(code, str) and code in _STATUS_OF_WORD:
        return _STATUS_OF_WORD[code]
    if isinstance(code, int):
        if code in _STATUS_OF_CODE:
            return _STATUS_OF_CODE[code]
        if 400 <= code < 600:
            return code
        if 20000 < code < 30000:
            return 400
        if 30000 <= code < 40000:
            return 403
    return 400 if message and _CONTEXT_LENGTH.search(message) else 500


def _parse(content: bytes) -> JsonValue:
    content = content[:_READ_AT_MOST]
    if not content.strip():
        return None
    try:
        value: JsonValue = pydantic_core.from_json(content)
    except ValueError:
        return content.decode("utf-8", "replace").strip()
    return value


def _is_html(content: bytes) -> bool:
    return content.lstrip()[:1] == b"<"


def _code_and_message(body: JsonValue) -> tuple[Code, str | None]:
    if isinstance(body, str):
        if body.startswith("<"):
            title = _HTML_TITLE.search(body)
            return None, title[1].strip() if title else "an HTML page"
        return None, body
    if not isinstance(body, dict):
        return None, None
    inner = body.get("error")
    if isinstance(inner, str):
        return _as_code(body.get("code")), inner
    source = inner if isinstance(inner, dict) else body
    message = source.get("message")
    code = _as_code(source.get("code"))
    if code is None and source is inner and body.get("type") == "error":
        code = _as_code(source.get("type"))
    return code, message if isinstance(message, str) else None if message is None else str(message)


def _as_code(value: JsonValue) -> Code:
    if isinstance(value, bool):
        return None
    if isinstance(value, int):
        return value
    if isinstance(value, str) and value:
        value = redact(value[:_LONGEST_CODE])
        return int(value) if value.isascii() and value.isdigit() else value
    return None


def parse_retry_after(headers: Mapping[str, str], now: float) -> float | None:
    """Read `retry-after-ms` or `retry-after` (seconds or an HTTP date), as seconds from now.

    What is not a positive number counts as not sent. SiliconFlow documents neither header and
    was never seen to send one; gateways in between do.
    """
    in_ms = _seconds(headers.get("retry-after-ms"))
    if in_ms is not None:
        return in_ms / 1000
    value = headers.get("retry-after")
    seconds = _seconds(value)
    if seconds is not None or value is None:
        return seconds
    try:
        wait = parsedate_to_datetime(value).timestamp() - now
    except (ValueError, TypeError, OverflowError):
        return None
    return wait if wait > 0 else None


def _seconds(value: str | None) -> float | None:
    if value is None:
        return None
    try:
        number = float(value)
    except ValueError:
        return None
    return number if 0 < number < float("inf") else None
