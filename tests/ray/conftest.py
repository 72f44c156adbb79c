"""Ray Data on a local cluster: `make test-ray`, in an environment of its own (`.venv-ray`)."""

from __future__ import annotations

import logging
import os
from collections.abc import Iterator
from typing import Any

import pytest

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
    """Two processors, so two workers, whatever the machine has."""
    os.environ["RAY_ACCEL_ENV_VAR_OVERRIDE_ON_ZERO"] = "0"
    os.environ["RAY_DATA_DISABLE_PROGRESS_BARS"] = "1"
    import ray

    ray.init(
        num_cpus=2,
        _node_ip_address="127.0.0.1",
        include_dashboard=False,
        logging_level=logging.ERROR,
        log_to_driver=False,
        runtime_env={"env_vars": {"PYTHONPATH": str(repository())}},
    )
    ray.data.DataContext.get_current().enable_progress_bars = False
    yield ray
    ray.shutdown()


def repository() -> str:
    from tests.conftest import ROOT

    return str(ROOT)


@pytest.fixture
def embedder() -> Iterator[Embedder]:
    """The API, over a socket; knows which texts it embedded."""
    made = Embedder()
    with Double(made.answer) as server:
        made.url = server.url
        yield made
