"""The three transports that users have."""

from __future__ import annotations

from importlib.util import find_spec

import pytest

KINDS = [
    "sync",
    "async",
    pytest.param(
        "aiohttp",
        marks=pytest.mark.skipif(
            find_spec("httpx_aiohttp") is None, reason="needs the extra `aiohttp`"
        ),
    ),
]


@pytest.fixture(params=KINDS)
def kind(request: pytest.FixtureRequest) -> str:
    """`sync` and `async` on httpx; `aiohttp`: the asynchronous client on httpx-aiohttp."""
    return request.param
