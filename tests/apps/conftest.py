"""Software that users install beside this package, on the simulator: `make test-apps`.

Its packages are in an environment of their own, so the other targets do not collect this folder.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from typing import Any

import httpx
import pytest

from siliconflow_simulator import Simulator


@pytest.fixture
def sent() -> list[httpx.Request]:
    """What the models asked for, in order."""
    return []


@pytest.fixture
async def connection(sent: list[httpx.Request]) -> AsyncIterator[dict[str, Any]]:
    """Constructor keywords of any model class of ours."""

    async def note(request: httpx.Request) -> None:
        sent.append(request)

    transport = Simulator().transport()
    hooks: dict[str, list[Callable[..., Any]]] = {"request": [sent.append]}
    with httpx.Client(transport=transport, event_hooks=hooks) as client:
        async with httpx.AsyncClient(
            transport=transport, event_hooks={"request": [note]}
        ) as async_client:
            yield {
                "api_key": "sk-test",
                "http_client": client,
                "async_http_client": async_client,
            }
