"""A pytest plugin: the fixture `siliconflow` is a local SiliconFlow that a test tells what to say.

    def test_the_weather(siliconflow):
        siliconflow.when("weather").calls("get_weather", city="Paris").then.says("Sunny.")
        assert my_agent("What is the weather in Paris?") == "Sunny."

pytest loads this module in every run, so it imports nothing until a test asks for the fixture.
It asserts nothing (PYTEST_DONT_REWRITE): having been imported before pytest is no fault.
"""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Final, cast

import pytest

if TYPE_CHECKING:
    from collections.abc import Generator, Iterator

    from siliconflow_simulator.pytest_plugin.server import SiliconFlowServer

KEY: Final = "SILICONFLOW_API_KEY"
URL: Final = "SILICONFLOW_BASE_URL"

_OUTSIDE: Final = pytest.StashKey[tuple[str, str]]()
"""The caller's own key and URL, which recording uses and no test sees."""
_SERVER: Final = pytest.StashKey["SiliconFlowServer"]()
_RECORDED: Final = pytest.StashKey[dict[str, str]]()
"""Which test has recorded a cassette in this run, by the cassette's path."""

_MARKER: Final = (
    "siliconflow(strict=True, recorded=False, cassette=None, **settings): how the fixture "
    "`siliconflow` behaves. strict: a request that nothing answers fails the test; recorded: "
    "answers come from a cassette, a file beside the test; settings: those of `Simulator`."
)


def pytest_addoption(parser: pytest.Parser) -> None:
    """Add the option that records."""
    parser.getgroup("siliconflow").addoption(
        "--siliconflow-record",
        action="store_true",
        help=f"record the cassettes of `siliconflow` anew: from the API where {KEY} is set, "
        "else from the simulator",
    )


def pytest_configure(config: pytest.Config) -> None:
    """Announce the marker, and note the caller's key before a test can change it."""
    config.addinivalue_line("markers", _MARKER)
    config.stash[_RECORDED] = {}
    config.stash[_OUTSIDE] = (os.environ.get(KEY, "").strip(), os.environ.get(URL, "").strip())


@pytest.fixture
def siliconflow(
    request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch
) -> Iterator[SiliconFlowServer]:
    """Serve a local SiliconFlow, and point `SILICONFLOW_API_KEY` and `SILICONFLOW_BASE_URL` to it.

    See `SiliconFlowServer` for what a test can tell it, and the marker `siliconflow` for settings.
    """
    from siliconflow_simulator.pytest_plugin.opening import open_server

    node = cast("pytest.Item", request.node)
    config = request.config
    server = open_server(
        node,
        record=bool(config.getoption("--siliconflow-record")),
        outside=config.stash[_OUTSIDE],
        recorded=config.stash[_RECORDED],
    )
    node.stash[_SERVER] = server
    monkeypatch.setenv(KEY, server.api_key)
    monkeypatch.setenv(URL, server.base_url)
    for name in ("NO_PROXY", "no_proxy"):
        monkeypatch.setenv(name, "127.0.0.1", prepend=",")
    yield server
    server.close()
    if problem := server.next_problem():
        pytest.fail(problem, pytrace=False)


@pytest.hookimpl(wrapper=True)
def pytest_runtest_call(item: pytest.Item) -> Generator[None, object, object]:
    """Fail a test whose app swallowed the error of a request that nothing answers."""
    result = yield
    server = item.stash.get(_SERVER, None)
    if server is not None:
        server.passed = True
        if problem := server.next_problem():
            pytest.fail(problem, pytrace=False)
    return result


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(
    item: pytest.Item,
) -> Generator[None, pytest.TestReport, pytest.TestReport]:
    """Show why a request was not answered beside the failure that came of it."""
    report = yield
    server = item.stash.get(_SERVER, None)
    if server is None or report.when != "call" or not report.failed:
        return report
    if problem := server.next_problem():
        report.sections.append(("siliconflow", problem))
    return report
