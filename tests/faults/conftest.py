"""The three transports that users have, and the page that `make faults` writes."""

from __future__ import annotations

from importlib.metadata import version
from importlib.util import find_spec
from pathlib import Path

import pytest

from tests.faults.columns import COLUMNS
from tests.faults.table import TABLE

OPTION = "--faults-page"
_VERDICTS = pytest.StashKey[dict[str, str]]()

ASYNC_KINDS = [
    "async",
    pytest.param(
        "aiohttp",
        marks=pytest.mark.skipif(
            find_spec("httpx_aiohttp") is None, reason="needs the extra `aiohttp`"
        ),
    ),
]


@pytest.fixture(params=["sync", *ASYNC_KINDS])
def kind(request: pytest.FixtureRequest) -> str:
    """`sync` and `async` on httpx; `aiohttp`: the asynchronous client on httpx-aiohttp."""
    return request.param


@pytest.fixture(params=ASYNC_KINDS)
def async_kind(request: pytest.FixtureRequest) -> str:
    """As `kind`, without the synchronous one."""
    return request.param


# --- the page -------------------------------------------------------------------------------


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption(OPTION, type=Path, help="where to write what came of the fault table")


def pytest_configure(config: pytest.Config) -> None:
    config.stash[_VERDICTS] = {}
    config.pluginmanager.register(_Verdicts(config), "fault-verdicts")


class _Verdicts:
    """Gathers what the cells of the table have told, from the workers too."""

    def __init__(self, config: pytest.Config) -> None:
        self._found = config.stash[_VERDICTS]

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        said = dict(report.user_properties).get("verdict")
        if report.when == "call" and isinstance(said, str):
            self._found[report.nodeid.partition("[")[2]] = said


def pytest_terminal_summary(
    terminalreporter: pytest.TerminalReporter, config: pytest.Config
) -> None:
    """Print how many rows are right, and write the page, when every row was run."""
    path = config.getoption(OPTION, None)
    if path is None:
        return
    from tests.faults import openai_sdk, page

    found = config.stash[_VERDICTS]
    keys = {
        (group.title, row.name, column.name): _id(f"{group.title}: {row.name}-{column.name}]")
        for group in TABLE
        for row in group.rows
        for column in COLUMNS
    }
    missing = [name for name in keys.values() if name not in found]
    if missing:
        terminalreporter.write_line(f"{path} is not written: {len(missing)} cells were not run.")
        return
    verdicts = {key: found[name] for key, name in keys.items()}
    sdk = openai_sdk.compare(row for group in TABLE for row in group.rows)
    path.write_text(page.write(verdicts, sdk, version("openai")), encoding="utf-8")
    terminalreporter.write_line("")
    for line in page.summary(verdicts, sdk):
        terminalreporter.write_line(line)
    terminalreporter.write_line(f"All rows stand in {path}.")


def _id(name: str) -> str:
    """A test's name as pytest writes it."""
    return name.encode("unicode_escape").decode()
