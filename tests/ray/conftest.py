"""Ray Data on a local cluster: `make test-ray`, in an environment of its own (`.venv-ray`)."""

from __future__ import annotations

import os
from collections.abc import Iterator
from typing import Any

import pytest

from benchmarks.ray_data import local_cluster
from tests.double import Double
from tests.ray.embedder import Embedder

_NOT_OURS = (
    # Ray's and pandas' own.
    "ignore::DeprecationWarning",
    "ignore::FutureWarning",
    "ignore::ResourceWarning",
    "ignore::UserWarning:ray.*",
    "ignore::pytest.PytestUnraisableExceptionWarning",
)


def pytest_configure(config: pytest.Config) -> None:
    for ignored in _NOT_OURS:
        config.addinivalue_line("filterwarnings", ignored)


@pytest.fixture(scope="session")
def cluster() -> Iterator[Any]:
    """The one that the benchmark uses as well."""
    os.environ["RAY_DATA_DISABLE_PROGRESS_BARS"] = "1"
    with local_cluster() as ray:
        yield ray


@pytest.fixture
def embedder() -> Iterator[Embedder]:
    """The API, over a socket; knows which texts it embedded."""
    made = Embedder()
    with Double(made.answer) as server:
        made.url = server.url
        yield made
