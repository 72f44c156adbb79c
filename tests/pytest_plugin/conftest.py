from __future__ import annotations

import importlib
import pkgutil
from collections.abc import Callable

import pytest

import siliconflow_client
import siliconflow_simulator

PLUGIN = "siliconflow_simulator.pytest_plugin"
INI = """
[pytest]
asyncio_mode = auto
asyncio_default_fixture_loop_scope = function
filterwarnings = error
"""


@pytest.fixture(scope="session", autouse=True)
def _loaded() -> None:
    """Load all modules that are loaded late: a run inside forgets what it was first to import,
    and the next one would meet a second copy of some classes."""
    for package in (siliconflow_client, siliconflow_simulator):
        for found in pkgutil.walk_packages(package.__path__, f"{package.__name__}."):
            if not found.name.endswith("__main__"):
                importlib.import_module(found.name)


@pytest.fixture
def run(
    pytester: pytest.Pytester, monkeypatch: pytest.MonkeyPatch
) -> Callable[..., pytest.RunResult]:
    """Run a test file in this process, with the plugin and the named ones and no others."""
    monkeypatch.setenv("PYTEST_DISABLE_PLUGIN_AUTOLOAD", "1")
    monkeypatch.delenv("PYTEST_ADDOPTS", raising=False)
    pytester.makeini(INI)

    def run(source: str, *arguments: str, plugins: tuple[str, ...] = ()) -> pytest.RunResult:
        if source:
            pytester.makepyfile(source)
        wanted = (PLUGIN, "pytest_asyncio.plugin", *plugins)
        loaded = [part for plugin in wanted for part in ("-p", plugin)]
        return pytester.runpytest_inprocess(*loaded, "-p", "no:cacheprovider", *arguments)

    return run
