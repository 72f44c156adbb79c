"""The vendor's codes: the status that each stands for, where the HTTP status is 200."""

from __future__ import annotations

from typing import Final, TypeAlias

Code: TypeAlias = int | str | None

LARGEST_CODE: Final = 999_999
"""Larger numbers are no codes; they are kept as text, or not at all."""

LIMIT_CODES: Final = {
    50601: "RPM",
    50602: "TPM",
    50604: "IPM",
    50605: "IPD",
    50606: "RPD",
    50607: "RPH",
    50608: "RPD",
}
UNSUPPORTED_CODES: Final = frozenset(
    {20024, 20030, 20031, 20036, 20037, 20039, 20041, 20066, 20088}
)

_STATUS_OF_CODE: Final = {
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
_STATUS_OF_WORD: Final = {
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


def status_of(code: Code) -> int | None:
    """The HTTP status that a code stands for; `None` for a code that the vendor does not list."""
    if isinstance(code, str):
        return _STATUS_OF_WORD.get(code)
    if code is None:
        return None
    if code in _STATUS_OF_CODE:
        return _STATUS_OF_CODE[code]
    if 400 <= code < 600:
        return code
    if 20000 < code < 30000:
        return 400
    if 30000 <= code < 40000:
        return 403
    if 50500 <= code < 50600 or 60000 <= code < 60100:
        return 500
    return None
