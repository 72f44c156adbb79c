"""What all tests share: no key from outside, and cassettes that mirror `tests/`."""

from __future__ import annotations

import copy
import gc
import os
import re
import socket
import ssl
import threading
from collections.abc import AsyncIterator, Generator, Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

import httpx
import pytest
from hypothesis import settings
from pytest_recording.plugin import get_default_cassette_name
from vcr import VCR, matchers
from vcr.cassette import Cassette
from vcr.request import Request

from siliconflow_client._version import __version__
from siliconflow_simulator.pytest_plugin.cassette_format import CassetteFormat, number_random_ids

if TYPE_CHECKING:
    from siliconflow_simulator import Simulator

ROOT = Path(__file__).parent.parent
CASSETTES = ROOT / "cassettes"
LIVE_KEY = os.environ.get("SILICONFLOW_API_KEY", "").strip()
"""Only recording uses it; every test runs without."""

# The same examples in every run, and no failure because a machine was busy.
settings.register_profile("repeatable", derandomize=True, deadline=None)
settings.load_profile("repeatable")

COLLECTED = pytest.StashKey[list[pytest.Item]]()
REACHABLE_CASSETTES = pytest.StashKey[set[Path]]()
_PASSED = pytest.StashKey[bool]()

# Importing the frameworks and making the items is allocation without garbage; walking it again
# and again took a third of the collection's time, in each of xdist's workers.
gc.disable()


def pytest_collection_finish() -> None:
    """From here on the collector works again, and passes over what lives as long as the run."""
    gc.collect()
    gc.freeze()
    gc.enable()


@pytest.fixture(autouse=True)
def no_settings_from_outside(monkeypatch: pytest.MonkeyPatch) -> None:
    """The caller's key and base URL must not decide what a test does."""
    monkeypatch.delenv("SILICONFLOW_API_KEY", raising=False)
    monkeypatch.delenv("SILICONFLOW_BASE_URL", raising=False)


# --- cassettes ------------------------------------------------------------------------------


def _cassette_dir(module: Path) -> Path:
    return CASSETTES / module.relative_to(ROOT / "tests").with_suffix("")


def pytest_recording_configure(config: pytest.Config, vcr: VCR) -> None:
    """Teach each vcrpy instance our format."""
    today = datetime.now(tz=UTC).date().isoformat()
    provenance = f"live {today}" if LIVE_KEY else f"simulator {__version__}"
    vcr.register_serializer("json", CassetteFormat(provenance))
    vcr.register_matcher("words", _has_the_same_words)


def _has_the_same_words(asked: Request, stored: Request) -> None:
    """Bodies match but for indentation: a docstring has its own up to Python 3.12 only."""

    def tidy(request: Request) -> Request:
        if isinstance(request.body, bytes):
            request = copy.copy(request)
            request.body = re.sub(rb"\\n +", rb"\\n", request.body)
        return request

    matchers.body(tidy(asked), tidy(stored))


@pytest.fixture(scope="module")
def vcr_cassette_dir(request: pytest.FixtureRequest) -> str:
    return str(_cassette_dir(request.path))


@pytest.fixture(scope="session")
def vcr_config() -> dict[str, object]:
    """No `record_mode` here: it would overrule the command line's."""

    def with_numbered_ids(request: Request) -> Request:
        if not isinstance(request.body, bytes):
            return request
        tidy = copy.copy(request)
        tidy.body = number_random_ids(request.body)
        return tidy

    return {
        "serializer": "json",
        "match_on": ["method", "scheme", "host", "port", "path", "query", "words"],
        "decode_compressed_response": True,
        "before_record_request": with_numbered_ids,
    }


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Note the tests and the cassettes that they can reach, before `-k` and `-m` take some away."""
    config.stash[COLLECTED] = list(items)
    reachable = config.stash.setdefault(REACHABLE_CASSETTES, set())
    for item in items:
        for marker in item.iter_markers("vcr"):
            directory = _cassette_dir(item.path)
            named = item.get_closest_marker("default_cassette")
            cls = getattr(item, "cls", None)
            name = named.args[0] if named else get_default_cassette_name(cls, item.name)
            reachable.add(directory / f"{name}.json")
            reachable.update(directory / extra for extra in marker.args)


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(
    item: pytest.Item, call: pytest.CallInfo[None]
) -> Generator[None, pytest.TestReport, pytest.TestReport]:
    report = yield
    if report.when == "call":
        item.stash[_PASSED] = report.passed
    return report


@pytest.fixture(autouse=True)
def cassette_is_fully_played(
    request: pytest.FixtureRequest, vcr: Cassette | None, record_mode: str
) -> Iterator[None]:
    """A stored exchange that a passing test no longer asks for is stale."""
    yield
    if vcr is None or record_mode != "none" or not request.node.stash.get(_PASSED, False):
        return
    unplayed = [
        f"{stored.method} {stored.path}"
        for number, stored in enumerate(vcr.requests)
        if not vcr.play_counts[number]
    ]
    assert not unplayed, f"stored but not asked for: {unplayed}; run `make record`"


# --- the simulator behind a real socket -----------------------------------------------------


@contextmanager
def served(simulator: Simulator | None = None) -> Iterator[str]:
    """Serve a simulator on a free port of this machine; the base URL."""
    import uvicorn

    from siliconflow_simulator.asgi import create_app

    listener = socket.create_server(("127.0.0.1", 0))
    server = uvicorn.Server(uvicorn.Config(create_app(simulator), log_level="warning", ws="none"))
    thread = threading.Thread(target=server.run, kwargs={"sockets": [listener]}, daemon=True)
    thread.start()
    # The socket listens already: a connection made before uvicorn is ready waits in its queue.
    yield f"http://127.0.0.1:{listener.getsockname()[1]}/v1"
    server.should_exit = True
    thread.join(timeout=10)
    listener.close()


@pytest.fixture(scope="session")
def simulator_url() -> Iterator[str]:
    """Base URL of a simulator with default settings."""
    with served() as url:
        yield url


# --- clients whose answers are recorded -----------------------------------------------------


@pytest.fixture(scope="session")
def ssl_context() -> ssl.SSLContext:
    """Shared, since making one takes longer than replaying a whole cassette."""
    return httpx.create_ssl_context()


@pytest.fixture
def recorded_api_key(record_mode: str) -> str:
    """The key to construct clients with in tests marked `vcr`."""
    return LIVE_KEY if LIVE_KEY and record_mode != "none" else "sk-test"


@pytest.fixture
def _recorded_transport(record_mode: str, ssl_context: ssl.SSLContext) -> dict[str, Any]:
    """Replay: the real transport, patched by vcrpy. Record: the simulator, or live with a key."""
    if record_mode == "none" or LIVE_KEY:
        return {"verify": ssl_context, "timeout": 120}
    from siliconflow_simulator import SimRequest, SimResponse, Simulator

    class Repeatable(Simulator):
        """Answers the same when a body differs in random ids only, which its own ids hash."""

        def handle(self, request: SimRequest) -> SimResponse:
            return super().handle(replace(request, body=number_random_ids(request.body)))

    return {"transport": Repeatable().transport()}


@pytest.fixture
def recorded_http_client(_recorded_transport: dict[str, Any]) -> Iterator[httpx.Client]:
    """`http_client=` for tests marked `vcr`."""
    with httpx.Client(**_recorded_transport) as client:
        yield client


@pytest.fixture
async def recorded_async_http_client(
    _recorded_transport: dict[str, Any],
) -> AsyncIterator[httpx.AsyncClient]:
    """`async_http_client=` for tests marked `vcr`."""
    async with httpx.AsyncClient(**_recorded_transport) as client:
        yield client
