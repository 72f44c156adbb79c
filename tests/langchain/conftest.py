"""What the LangChain tests share: LangChain's own warnings that it is in beta are not ours."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path

import httpx
import pytest

from tests.double import Double

HERE = Path(__file__).parent
_NOT_OURS = (
    "ignore::langchain_core._api.beta_decorator.LangChainBetaWarning",
    # langchain-tests' test_stream_time measures on replay only, and that is fine.
    "ignore::pytest_benchmark.logger.PytestBenchmarkWarning",
)


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    for item in items:
        if HERE in item.path.parents:
            item.add_marker(pytest.mark.filterwarnings(*_NOT_OURS))


@pytest.fixture
def loopback() -> Iterator[Callable[[httpx.Response], str]]:
    """Serve answers over a real socket for as long as the test runs."""
    with ExitStack() as stack:
        yield lambda answer: stack.enter_context(Double(answer)).url
