"""Every form of `Retry-After`, and what the client makes of it."""

from __future__ import annotations

import time

from siliconflow_client import BadRequestError, OverloadedError, RateLimitError
from tests.faults.server import GOOD, Act, body, head
from tests.faults.table.row import Row

LIMIT = b'{"code":50602,"message":"Request was rejected due to rate limiting."}'
BACKOFF = (0.0, 2.0)
"""Where the header says nothing: full jitter, up to 2 s before the second attempt."""


def limited(status: int = 429, **headers: str) -> list[Act]:
    return body(LIMIT, status, **headers)


def in_seconds(seconds: float, form: str = "%a, %d %b %Y %H:%M:%S GMT") -> list[Act]:
    """A date that lies so far ahead when it is sent."""

    def now() -> bytes:
        date = time.strftime(form, time.gmtime(time.time() + seconds))
        return head(429, length=len(LIMIT), retry_after=date)

    return [now, LIMIT]


def kept(name: str, reply: list[Act], least: float, most: float | None = None) -> Row:
    """A wait that the server's header decides."""
    return Row(name, [reply, GOOD], "Hello", 2, wait=(least, least if most is None else most))


def ignored(name: str, reply: list[Act]) -> Row:
    """A header that says nothing."""
    return Row(name, [reply, GOOD], "Hello", 2, wait=BACKOFF)


def too_long(name: str, reply: list[Act], seconds: float) -> Row:
    """A wait that is raised at once."""
    return Row(name, [reply, GOOD], RateLimitError, 1, {"retry_after": seconds})


RETRY_AFTER = [
    kept("retry-after: 2", limited(retry_after="2"), 2.0),
    kept("retry-after: 0.25", limited(retry_after="0.25"), 0.25),
    kept("retry-after: 120", limited(retry_after="120"), 120.0),
    kept("retry-after: ' 7 '", limited(retry_after="  7  "), 7.0),
    kept("retry-after: 1e1", limited(retry_after="1e1"), 10.0),
    kept("retry-after-ms: 5", limited(retry_after_ms="5"), 0.005),
    kept("retry-after-ms: 1500, retry-after: 60", limited(retry_after_ms="1500", retry_after="60"), 1.5),
    kept("retry-after-ms: soon, retry-after: 3", limited(retry_after_ms="soon", retry_after="3"), 3.0),
    kept("a date in 30 s", in_seconds(30), 25.0, 30.0),
    kept("a date in 30 s, as RFC 850 had it", in_seconds(30, "%A, %d-%b-%y %H:%M:%S GMT"), 25.0, 30.0),
    kept("a date in 30 s, as C's asctime has it", in_seconds(30, "%a %b %d %H:%M:%S %Y"), 25.0, 30.0),
    kept("under 503", body(b'"busy"', 503, retry_after="4"), 4.0),
    kept("under 500", body(b'"x"', 500, retry_after="4"), 4.0),
    ignored("retry-after: 0", limited(retry_after="0")),
    ignored("retry-after: -5", limited(retry_after="-5")),
    ignored("retry-after: soon", limited(retry_after="soon")),
    ignored("retry-after: inf", limited(retry_after="inf")),
    ignored("retry-after: nan", limited(retry_after="nan")),
    ignored("retry-after, empty", limited(retry_after="")),
    ignored("retry-after: 1_0", limited(retry_after="1_0")),
    ignored("retry-after: 2, 3", limited(retry_after="2, 3")),
    ignored("retry-after of 400 digits", limited(retry_after="9" * 400)),
    ignored("a date of 1999", limited(retry_after="Fri, 31 Dec 1999 23:59:59 GMT")),
    ignored("the 99th of a month", limited(retry_after="Fri, 99 Dec 2099 23:59:59 GMT")),
    ignored("a date of 5,000 characters", limited(retry_after="Fri, 31 Dec " + "9" * 5_000)),
    too_long("retry-after: 121", limited(retry_after="121"), 121.0),
    too_long("retry-after: 3600", limited(retry_after="3600"), 3600.0),
    too_long("retry-after-ms: 120001", limited(retry_after_ms="120001"), 120.001),
    Row("a date of 2099", [limited(retry_after="Thu, 31 Dec 2099 23:59:59 GMT"), GOOD], RateLimitError),
    Row("503 and retry-after: 600", [body(b'"busy"', 503, retry_after="600"), GOOD], OverloadedError, 1, {"retry_after": 600.0}),
    Row("under 400, which is not tried again", [body(b'"no"', 400, retry_after="1"), GOOD], BadRequestError, 1, {"retry_after": 1.0}),
]  # fmt: skip
