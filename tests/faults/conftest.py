"""The three transports that users have."""

from __future__ import annotations

from importlib.util import find_spec

import pytest

ASYNC_KINDS = [
    "async",
    pytest.param(
        "aiohttp",
        marks=pytest.mark.skipif(
            find_spec("httpx_aiohttp") is None, reason="needs the extra `aiohttp`"
        ),
    ),
]


@pytest.fixture(params=["sync", *ASYNC_KINDS])
def kind(request: pytest.FixtureRequest) -> str:
    """`sync` and `async` on httpx; `aiohttp`: the asynchronous client on httpx-aiohttp."""
    return request.param


@pytest.fixture(params=ASYNC_KINDS)
def async_kind(request: pytest.FixtureRequest) -> str:
    """As `kind`, without the synchronous one."""
    return request.param
