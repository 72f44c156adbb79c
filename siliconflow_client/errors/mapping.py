"""No I/O: from an answer that is an error to the error class that says so.

The HTTP status decides first, then the code, then the words; under status 200, where an error
object should not be, the code and the words (docs/wire.md#errors, fixtures in
tests/fixtures/errors).
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import UTC
from email.utils import parsedate_to_datetime

import pydantic_core

from siliconflow_client._json import JsonObject, JsonValue
from siliconflow_client.errors.bodies import (
    READ_AT_MOST,
    code_and_message,
    is_html,
    looks_like_json,
    parse,
    title_of,
)
from siliconflow_client.errors.codes import LIMIT_CODES, UNSUPPORTED_CODES, Code, status_of
from siliconflow_client.errors.hints import Failure, hint_for
from siliconflow_client.errors.redaction import (
    headers_without_secrets,
    json_without_secrets,
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

# Expressions on foreign words: what lies between two words is bounded.
_CONTEXT_LENGTH = re.compile(
    r"max_prompt_tokens|max_seq_len|max_total_tokens|maximum context length"
    r"|maximum model length|context_length_exceeded|ContextWindowExceeded",
    re.IGNORECASE,
)
_TOO_MANY_TO_WRITE = re.compile(
    r"\bmax_(?:completion_)?tokens\b.{0,60}cannot be greater than max_model_len", re.IGNORECASE
)
_NO_SUCH_MODEL = re.compile(
    r"\bmodel\b.{0,300}?\bdoes not exist|invalid model(?: name\b|:)|model_not_found|模型不存在",
    re.IGNORECASE | re.DOTALL,
)
_RATE_LIMIT = re.compile(r"rate limit", re.IGNORECASE)
_LIMIT_NAME = re.compile(r"\b(RPM|TPM|RPD|RPH|TPD|IPM|IPD)\b")
_UNSUPPORTED = re.compile(
    r"does not support|not supported|is not a VLM|不支持|始终思考", re.IGNORECASE
)
_BALANCE = re.compile(r"balance|余额", re.IGNORECASE)

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


class UndocumentedShapeError(ValueError):
    """A chunk or a body is not what the API documents; says where."""


def error_from_response(head: Head, content: bytes, target: Target) -> APIStatusError:
    """Make the error that a non-2xx answer describes."""
    content, body = _without_secrets(content, head.secrets)
    code, message = code_and_message(body)
    if not message:
        message = f"no message (an answer of {len(content)} bytes)" if content else "no body"
    wait = parse_retry_after(head.headers, head.now)
    error = _status_error(head.status, code, message, target, head, body, wait)
    headers = headers_without_secrets(head.headers, head.secrets)
    error.response = ErrorResponse(head.status, headers, content)
    return error


def error_from_event(event: JsonObject, head: Head, target: Target) -> APIStatusError | None:
    """Make the error that a `data:` line inside a stream describes; `None` if it is none.

    The HTTP status had been 200 by then, so code and words decide; without known ones it is a
    `ServerError`, since something broke after the server had said yes.
    """
    body = json_without_secrets(event, head.secrets)
    code, message = code_and_message(body)
    if code is None and message is None:
        return None
    error = _status_error(
        _status_in_200(code, message) or 500, code, message or "no message", target, head, body
    )
    error.add_note("It came inside a stream that had begun with HTTP 200.")
    return error


def unexpected_answer(
    content: bytes, head: Head, target: Target, what: str
) -> APIResponseError | APIStatusError:
    """Make the error for a 2xx body that is not the documented shape; `what` says how.

    An error object is what its code and its words say, and is retried like that; one that says
    neither is an `APIResponseError`, as everything else is.
    """
    content, body = _without_secrets(content, head.secrets)
    page = is_html(content)
    code, message = (None, None) if page else code_and_message(body)
    said = message if isinstance(body, dict) else None  # by an error object
    status = None if said is None else _status_in_200(code, said)
    if status is not None and said is not None:
        error = _status_error(status, code, said, target, head, body)
        error.add_note("It came as an error object under HTTP 200.")
        return error
    cls: type[APIResponseError | ServerError] = APIResponseError
    if said is not None:
        cls = ServerError  # for its hint
        what = f"an error object under HTTP 200: {redact(said, head.secrets).rstrip('.')}"
    elif page:
        title = title_of(content[:READ_AT_MOST].decode("utf-8", "replace"))
        shown = redact(title, head.secrets) if title else ""
        what = f"an HTML page{f' ({shown})' if shown else ''}, not JSON"
    is_damaged = what.endswith("not JSON") and looks_like_json(content)
    return APIResponseError(
        f"Unexpected answer from {target.path}: {what}.",
        body=body,
        code=None if said is None else code,
        trace_id=head.trace_id,
        host=target.host,
        model=target.model,
        hint=_DAMAGED if is_damaged else hint_for(Failure(cls, target, code, message or "")),
    )


_DAMAGED = "the answer was cut short or damaged on its way, perhaps by a proxy; ask again."


def too_long(what: str, limit: int, head: Head, target: Target, hint: str) -> APIResponseError:
    """Make the error for a 2xx answer, or an event of one, that is longer than is read."""
    return APIResponseError(
        f"{what} from {target.path} is longer than {limit:,} bytes; the rest was not read.",
        trace_id=head.trace_id,
        host=target.host,
        model=target.model,
        hint=hint,
    )


def _without_secrets(content: bytes, secrets: tuple[str, ...]) -> tuple[bytes, JsonValue]:
    """A body as bytes and parsed, both without what was sent in confidence."""
    content = without_secrets(content, secrets)
    parsed = parse(content)
    body = json_without_secrets(parsed, secrets)
    if body != parsed:  # the key was written with escapes
        content = pydantic_core.to_json(body)
    return content, body


def _status_error(
    status: int,
    code: Code,
    message: str,
    target: Target,
    head: Head,
    body: JsonValue,
    retry_after: float | None = None,
) -> APIStatusError:
    message = message[:READ_AT_MOST]
    cls = _class_of(status, code, message)
    error = cls(
        redact(message, head.secrets),
        status_code=status,
        code=code,
        trace_id=head.trace_id,
        model=target.model,
        host=target.host,
        retry_after=retry_after,
        body=body,
        hint=hint_for(Failure(cls, target, code, message, retry_after)),
    )
    if isinstance(error, RateLimitError):
        named = _LIMIT_NAME.search(message)
        error.limit = (
            named[1] if named else LIMIT_CODES.get(code) if isinstance(code, int) else None
        )
        error.is_retryable = True
    return error


def _class_of(status: int, code: Code, message: str) -> type[APIStatusError]:
    if status == 429 or _RATE_LIMIT.search(message):
        return RateLimitError
    if status in (400, 404, 422) and (
        code in (20012, "model_not_found") or _NO_SUCH_MODEL.search(message)
    ):
        return ModelNotFoundError
    if status in (400, 422):
        if code == 30003 or message == "Model disabled.":
            return PermissionDeniedError
        if _TOO_MANY_TO_WRITE.search(message):  # a shorter prompt would not help
            return BadRequestError
        if code == "context_length_exceeded" or _CONTEXT_LENGTH.search(message):
            return ContextLengthError
        if code in UNSUPPORTED_CODES or _UNSUPPORTED.search(message):
            return UnsupportedParameterError
    if status == 403 and (code == 30001 or _BALANCE.search(message)):
        return InsufficientBalanceError
    if status >= 500:
        return _BY_STATUS.get(status, ServerError)
    return _BY_STATUS.get(status, APIStatusError)


def _status_in_200(code: Code, message: str | None) -> int | None:
    """The status that an error object stands for; `None` where neither code nor words tell."""
    words = (message or "")[:READ_AT_MOST]
    # Words of rate limiting decide whatever the code is (docs/wire.md#errors).
    if _RATE_LIMIT.search(words):
        return 429
    known = status_of(code)
    if known is not None:
        return known
    told = (_CONTEXT_LENGTH, _TOO_MANY_TO_WRITE, _NO_SUCH_MODEL)
    return 400 if any(expression.search(words) for expression in told) else None


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
        date = parsedate_to_datetime(value)
        if date.tzinfo is None:  # HTTP's dates are GMT, in their oldest form without saying so
            date = date.replace(tzinfo=UTC)
        wait = date.timestamp() - now
    except (ValueError, TypeError, OverflowError):
        return None
    return wait if wait > 0 else None


def _seconds(value: str | None) -> float | None:
    if value is None or "_" in value or not value.isascii():  # numbers for Python alone
        return None
    try:
        number = float(value)
    except ValueError:
        return None
    return number if 0 < number < float("inf") else None
