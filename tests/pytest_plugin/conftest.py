from __future__ import annotations

from collections.abc import Callable

import pytest

PLUGIN = "siliconflow_simulator.pytest_plugin"
INI = """
[pytest]
asyncio_mode = auto
asyncio_default_fixture_loop_scope = function
filterwarnings = error
"""


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
