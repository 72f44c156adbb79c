"""`Retry-After`, whatever stands in it: a number, a date, or neither."""

from __future__ import annotations

import time
from datetime import UTC, datetime, timedelta, timezone
from email.utils import format_datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from siliconflow_client.errors.mapping import parse_retry_after
from tests.client.by_hand import NOW

ASCTIME = "%a %b %d %H:%M:%S %Y"
RFC_850 = "%A, %d-%b-%y %H:%M:%S GMT"
IMF = "%a, %d %b %Y %H:%M:%S GMT"


@given(st.floats(1e-9, 1e9), st.sampled_from(["{}", " {} ", "{:f}", "{:e}"]))
def test_any_number_of_seconds_is_read(seconds: float, form: str):
    written = form.format(seconds)
    expected = float(written)
    assert parse_retry_after({"retry-after": written}, NOW) == (expected or None)
    assert parse_retry_after({"retry-after-ms": written}, NOW) == (expected / 1000 or None)


@given(st.integers(1, 10_000_000), st.sampled_from([IMF, RFC_850, ASCTIME]))
def test_a_date_ahead_is_as_many_seconds(seconds: int, form: str):
    date = time.strftime(form, time.gmtime(NOW + seconds))
    assert parse_retry_after({"retry-after": date}, NOW) == seconds


@given(st.integers(0, 1_000_000_000), st.sampled_from([IMF, RFC_850, ASCTIME]))
def test_a_date_that_has_passed_is_no_wait(seconds: int, form: str):
    date = time.strftime(form, time.gmtime(NOW - seconds))
    assert parse_retry_after({"retry-after": date}, NOW) is None


@given(st.integers(1, 5_000_000_000))
def test_a_date_with_the_offset_of_mail_is_read_too(seconds: int):
    when = datetime.fromtimestamp(NOW + seconds, UTC).astimezone(timezone(timedelta(hours=8)))
    assert parse_retry_after({"retry-after": format_datetime(when)}, NOW) == seconds


@pytest.mark.skipif(not hasattr(time, "tzset"), reason="this system's time zone cannot be set")
@pytest.mark.parametrize("zone", ["Asia/Shanghai", "America/New_York"])
def test_a_date_without_a_zone_is_gmt_wherever_it_is_read(
    zone: str, monkeypatch: pytest.MonkeyPatch
):
    date = time.strftime(ASCTIME, time.gmtime(NOW + 30))
    monkeypatch.setenv("TZ", zone)
    time.tzset()
    try:
        assert parse_retry_after({"retry-after": date}, NOW) == 30
    finally:
        monkeypatch.undo()
        time.tzset()


@pytest.mark.parametrize("value", ["1_0", "0x10", "٣", "１２", "1e999", "-0", "+-2", "2s", "2 3"])
def test_what_is_no_number_says_nothing(value: str):
    assert parse_retry_after({"retry-after": value}, NOW) is None
    assert parse_retry_after({"retry-after-ms": value}, NOW) is None
