"""Clients of other makers on the simulator, over a socket: `make test-clients`.

Nothing is changed in them but the base URL and the key. Their packages are in an environment of their
own, so the other targets do not collect this folder.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from typing import Any

import pytest

from siliconflow_simulator import Simulator
from tests.clients.answers import KEY
from tests.conftest import served

# Read while it is imported; otherwise LiteLLM fetches a list of prices from the network.
os.environ["LITELLM_LOCAL_MODEL_COST_MAP"] = "True"


def pytest_configure(config: pytest.Config) -> None:
    """What other makers' packages warn of, and leave open, is their business: ours stay errors."""
    # The last line that fits decides.
    for line in ("default", "error:::siliconflow_simulator"):
        config.addinivalue_line("filterwarnings", line)


@pytest.fixture
def site(simulator_url: str) -> dict[str, Any]:
    """Base URL and key, under the names that most clients give them."""
    return {"base_url": simulator_url, "api_key": KEY}


@pytest.fixture
def root(simulator_url: str) -> str:
    """The base URL as Anthropic's clients want it."""
    return simulator_url.removesuffix("/v1")


@pytest.fixture
def serve() -> Iterator[Callable[[Simulator], str]]:
    """Serve a simulator of one's own, and return its base URL."""
    with ExitStack() as opened:

        def start(simulator: Simulator) -> str:
            return opened.enter_context(served(simulator))

        yield start
