"""Software that users install beside this package, on the simulator: `make test-apps`.

Its packages are in an environment of their own, so the other targets do not collect this folder.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from contextlib import AsyncExitStack
from typing import Any

import httpx
import pytest

from siliconflow_simulator import Simulator

_NOT_OURS = (
    # LangChain's community package, which LlamaIndex imports as well where it is there.
    "ignore:.langchain-community. is being sunset:DeprecationWarning",
    # langmem's import.
    "ignore:Importing Send from langgraph.constants:DeprecationWarning",
    # LlamaIndex's workflows use deprecated parts of pydantic, and of their own.
    "ignore::pydantic.warnings.PydanticDeprecationWarning",
    "ignore:is_running called from within a step:DeprecationWarning",
    "ignore:Skipping serialization of known unserializable key",
    # Of what is written in C or Rust below faiss and chromadb.
    "ignore:builtin type .* has no __module__ attribute:DeprecationWarning",
)


def pytest_configure(config: pytest.Config) -> None:
    # No mark of the tests: some warn while they are imported.
    for ignored in _NOT_OURS:
        config.addinivalue_line("filterwarnings", ignored)


@pytest.fixture
def sent() -> list[httpx.Request]:
    """What the models asked for, in order."""
    return []


Connect = Callable[..., dict[str, Any]]


@pytest.fixture
async def connect(sent: list[httpx.Request]) -> AsyncIterator[Connect]:
    """Make constructor keywords of any model class of ours, for a simulator with these settings."""

    async def note(request: httpx.Request) -> None:
        sent.append(request)

    async with AsyncExitStack() as opened:

        def connected(**settings: Any) -> dict[str, Any]:
            transport = Simulator(**settings).transport()
            hooks: dict[str, list[Callable[..., Any]]] = {"request": [sent.append]}
            client = httpx.Client(transport=transport, event_hooks=hooks)
            opened.callback(client.close)
            async_client = httpx.AsyncClient(transport=transport, event_hooks={"request": [note]})
            opened.push_async_callback(async_client.aclose)
            return {
                "api_key": "sk-test",
                "http_client": client,
                "async_http_client": async_client,
            }

        yield connected


@pytest.fixture
def connection(connect: Connect) -> dict[str, Any]:
    """The same, for a simulator that makes its answers from what it is sent."""
    return connect()
