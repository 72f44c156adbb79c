"""What is retried and after how long, as tables; and the words of `Retry-After`."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from email.utils import format_datetime, formatdate

import pytest
from hypothesis import given
from hypothesis import strategies as st

from siliconflow_client import (
    APIConnectionError,
    APIResponseError,
    APIStatusError,
    APITimeoutError,
    ConfigurationError,
    EmptyAnswerError,
    RateLimitError,
    SiliconFlowError,
    StreamInterruptedError,
)
from siliconflow_client.errors.mapping import error_from_response, parse_retry_after
from siliconflow_client.errors.response import Head, Target
from siliconflow_client.protocol.retry import LONGEST_RETRY_AFTER, RetryPolicy
from tests.client.by_hand import ASKED, NOW

RATE = b'{"code":50603,"message":"Request was rejected due to rate limiting."}'
PLAIN = b'{"code":1,"message":"Something else."}'


def status_error(
    status: int, body: bytes = PLAIN, retry_after: str | None = None
) -> APIStatusError:
    headers = {} if retry_after is None else {"retry-after": retry_after}
    return error_from_response(Head(status, headers, NOW), body, ASKED)


@pytest.mark.parametrize("body", [PLAIN, b'"text"', b"", b"<html><title>x</title></html>", b"no"])
@pytest.mark.parametrize(
    ("status", "retried"),
    [
        (300, False), (302, False), (304, False), (307, False),
        (400, False), (401, False), (402, False), (403, False), (404, False), (405, False),
        (406, False), (408, True), (409, True), (410, False), (411, False), (413, False),
        (415, False), (418, False), (422, False), (423, False), (425, False), (429, True),
        (431, False), (451, False), (499, False),
        (500, True), (501, True), (502, True), (503, True), (504, True), (507, True),
        (520, True), (524, True), (529, True), (599, True),
    ],
)  # fmt: skip
def test_which_statuses_are_retried(status: int, retried: bool, body: bytes):
    error = status_error(status, body)
    assert error.is_retryable is retried
    assert (RetryPolicy().delay(error, 1, 0.5) is not None) is retried


@pytest.mark.parametrize("status", [400, 401, 403, 404, 413, 422, 429, 500, 503])
def test_words_of_rate_limiting_decide_whatever_the_status(status: int):
    error = status_error(status, RATE)
    assert isinstance(error, RateLimitError)
    assert error.status_code == status
    assert RetryPolicy().delay(error, 1, 1.0) == 2.0


@pytest.mark.parametrize(
    ("error", "retried"),
    [
        (APIConnectionError("x"), True),
        (StreamInterruptedError("x"), True),
        (APITimeoutError("x", phase="connect"), True),
        (APITimeoutError("x", phase="read"), True),
        (APITimeoutError("x", phase="write"), True),
        (APITimeoutError("x", phase="pool"), True),
        (APITimeoutError("x", phase="deadline"), False),
        (APIResponseError("x"), False),
        (ConfigurationError("x"), False),
        (SiliconFlowError("x"), False),
    ],
    ids=lambda value: f"{type(value).__name__}" if isinstance(value, Exception) else None,
)
def test_which_failures_without_a_status_are_retried(error: SiliconFlowError, retried: bool):
    assert error.is_retryable is retried
    assert (RetryPolicy().delay(error, 1, 0.5) is not None) is retried


@pytest.mark.parametrize(
    ("error", "most"),
    [
        (status_error(500), [0.5, 1, 2, 4, 8, 8, 8]),
        (status_error(503), [0.5, 1, 2, 4, 8, 8, 8]),
        (status_error(408), [0.5, 1, 2, 4, 8, 8, 8]),
        (APIConnectionError("x"), [0.5, 1, 2, 4, 8, 8, 8]),
        (status_error(429, RATE), [2, 4, 8, 16, 30, 30, 30]),
        (status_error(503, RATE), [2, 4, 8, 16, 30, 30, 30]),
    ],
    ids=["500", "503", "408", "connection", "429", "rate limit under 503"],
)
def test_waits_double_up_to_a_limit(error: SiliconFlowError, most: list[float]):
    policy = RetryPolicy(max_retries=100)
    assert [policy.delay(error, tries, 1.0) for tries in range(1, 8)] == most
    assert [policy.delay(error, tries, 0.0) for tries in range(1, 8)] == [0.0] * 7
    assert [policy.delay(error, tries, 0.25) for tries in range(1, 8)] == [m / 4 for m in most]
    assert policy.delay(error, 90, 1.0) == most[-1]


@given(st.floats(0, 1), st.integers(1, 10_000), st.booleans())
def test_jitter_stays_between_nothing_and_the_limit(jitter: float, tries: int, limited: bool):
    error = status_error(429 if limited else 500)
    delay = RetryPolicy(max_retries=10_000).delay(error, tries, jitter)
    assert delay is not None
    assert 0 <= delay <= (30 if limited else 8)


@pytest.mark.parametrize("max_retries", [0, 1, 3])
def test_the_number_of_retries_is_kept(max_retries: int):
    policy = RetryPolicy(max_retries=max_retries)
    delays = [policy.delay(status_error(500), tries, 1.0) for tries in range(1, 6)]
    assert [delay is not None for delay in delays] == [n < max_retries for n in range(5)]


@pytest.mark.parametrize(
    ("max_retries", "tries", "delay"), [(3, 1, 0.0), (3, 2, None), (1, 1, 0.0), (0, 1, None)]
)
def test_an_empty_answer_is_asked_again_once(max_retries: int, tries: int, delay: float | None):
    assert RetryPolicy(max_retries).delay(EmptyAnswerError("x"), tries, 1.0) == delay


@pytest.mark.parametrize("status", [429, 500, 503, 408])
def test_a_retry_after_is_taken_as_it_is(status: int):
    error = status_error(status, retry_after="7.5")
    assert error.retry_after == 7.5
    assert RetryPolicy().delay(error, 1, 0.0) == RetryPolicy().delay(error, 3, 1.0) == 7.5


def test_a_retry_after_does_not_make_a_400_retried():
    error = status_error(400, retry_after="1")
    assert error.retry_after == 1.0
    assert RetryPolicy().delay(error, 1, 1.0) is None


def test_too_long_a_retry_after_is_raised_at_once():
    longest = status_error(429, retry_after=f"{LONGEST_RETRY_AFTER:g}")
    longer = status_error(429, retry_after=f"{LONGEST_RETRY_AFTER + 1:g}")
    assert RetryPolicy().delay(longest, 1, 1.0) == 120.0
    assert RetryPolicy().delay(longer, 1, 1.0) is None
    assert longer.retry_after == 121.0


def date(seconds: float) -> str:
    return format_datetime(datetime.fromtimestamp(NOW, UTC) + timedelta(seconds=seconds), True)


@pytest.mark.parametrize(
    ("headers", "seconds"),
    [
        ({}, None),
        ({"retry-after": "5"}, 5.0),
        ({"retry-after": " 5 "}, 5.0),
        ({"retry-after": "0.25"}, 0.25),
        ({"retry-after": "1e2"}, 100.0),
        ({"retry-after": "0"}, None),
        ({"retry-after": "-3"}, None),
        ({"retry-after": "inf"}, None),
        ({"retry-after": "-inf"}, None),
        ({"retry-after": "nan"}, None),
        ({"retry-after": "99999999999999999999"}, 1e20),
        ({"retry-after": ""}, None),
        ({"retry-after": "soon"}, None),
        ({"retry-after": "12 monkeys"}, None),
        ({"retry-after": date(30)}, 30.0),
        ({"retry-after": date(86_400)}, 86_400.0),
        ({"retry-after": date(-30)}, None),
        ({"retry-after": date(0)}, None),
        ({"retry-after": "Fri, 31 Feb 2026 23:59:59 GMT"}, None),
        ({"retry-after": "Fri, 99 Dec 99999 99:99:99 GMT"}, None),
        ({"retry-after-ms": "1500"}, 1.5),
        ({"retry-after-ms": "1500", "retry-after": "60"}, 1.5),
        ({"retry-after-ms": "soon", "retry-after": "60"}, 60.0),
        ({"retry-after-ms": "-1", "retry-after": "60"}, 60.0),
        ({"retry-after-ms": "0"}, None),
    ],
)
def test_retry_after(headers: dict[str, str], seconds: float | None):
    assert parse_retry_after(headers, NOW) == seconds


def test_a_date_less_than_a_second_ahead_is_a_wait():
    headers = {"retry-after": formatdate(NOW + 1, usegmt=True)}
    assert parse_retry_after(headers, NOW + 0.5) == 0.5


@given(st.text(max_size=40))
def test_any_retry_after_is_read_or_ignored(value: str):
    seconds = parse_retry_after({"retry-after": value, "retry-after-ms": value}, NOW)
    assert seconds is None or 0 < seconds < float("inf")


def test_what_was_asked_is_part_of_the_error():
    error = error_from_response(Head(500, {}, NOW), PLAIN, Target("h", "/p", "m"))
    assert (error.host, error.model) == ("h", "m")
