"""From a test's marker and the command line to the server that the test gets."""

from __future__ import annotations

import hashlib
import inspect
import re
from pathlib import Path
from typing import TYPE_CHECKING, Final, NoReturn, cast

import pytest

from siliconflow_simulator._simulator import Simulator
from siliconflow_simulator.pytest_plugin.cassettes import Player, Recorder, live, provenance_of
from siliconflow_simulator.pytest_plugin.server import SiliconFlowServer

if TYPE_CHECKING:
    from typing import Any

    from siliconflow_simulator.pytest_plugin.cassettes import Tape

_FOLDER: Final = "cassettes"
_UNSAFE: Final = re.compile(r"[^\w.-]+")
_LONGEST: Final = 100
"""Bytes of a cassette's name that come from the test's; a file system takes 255 at most."""
_OWN: Final = ("strict", "recorded", "cassette")


def open_server(
    node: pytest.Item, *, record: bool, outside: tuple[str, str], recorded: dict[str, str]
) -> SiliconFlowServer:
    """Start what a test asked for.

    Args:
        node: The test; cassettes stand in a folder beside its file.
        record: Whether cassettes are recorded anew.
        outside: The caller's key and URL, "" where there is none.
        recorded: Which test has recorded a cassette in this run, by its path.
    """
    settings = _settings(node)
    strict = bool(settings.pop("strict", True))
    named = settings.pop("cassette", None)
    is_recorded = bool(settings.pop("recorded", named is not None))
    # No rule, no answer: what a test does not say is not made up.
    answers = settings.pop("answers", None if is_recorded else [])
    simulator = Simulator(answers=cast("Any", answers), **cast("dict[str, Any]", settings))
    tape: Tape | None = None
    if is_recorded:
        path = _path(node, named)
        if record:
            first = recorded.setdefault(str(path), node.nodeid)
            if first != node.nodeid:
                _fail(f"{path.name} is recorded by {first} already; give each test its own.")
            key, url = outside
            ask = live(key, url) if key else simulator.handle
            tape = Recorder(path, ask, provenance_of(live=bool(key)), secret=key)
        else:
            tape = _player(path)
    return SiliconFlowServer(simulator, tape=tape, strict=strict)


def _settings(node: pytest.Item) -> dict[str, object]:
    settings: dict[str, object] = {}
    for marker in reversed(list(node.iter_markers("siliconflow"))):
        if marker.args:
            _fail("siliconflow: settings are keywords, as in cassette='name.json'.")
        settings.update(marker.kwargs)
    known = (*_OWN, *inspect.signature(Simulator).parameters)
    for name in settings:
        if name not in known:
            _fail(f"siliconflow: there is no setting {name!r}; there are {', '.join(known)}.")
    return settings


def _path(node: pytest.Item, named: object) -> Path:
    if isinstance(named, str | Path):
        return node.path.parent / named
    classes = [part.name for part in node.listchain() if isinstance(part, pytest.Class)]
    name = ".".join([*classes, node.name])
    # Brackets and slashes of parameters are no good in a file's name.
    safe = _UNSAFE.sub("_", name)
    if safe != re.sub(r"[\[\]]", "_", name) or len(safe.encode()) > _LONGEST:
        # Another test's name may come to the same.
        cut = safe.encode()[:_LONGEST].decode(errors="ignore")
        safe = f"{cut}-{hashlib.sha256(name.encode()).hexdigest()[:8]}"
    return node.path.parent / _FOLDER / node.path.stem / f"{safe}.json"


def _player(path: Path) -> Player:
    if not path.is_file():
        _fail(f"There is no cassette {path.name} for this test: run `pytest --siliconflow-record`.")
    try:
        return Player.read(path)
    except (OSError, ValueError, KeyError, TypeError, AttributeError) as error:
        reason = type(error).__name__
    return _fail(
        f"{path.name} is no cassette, or a damaged one ({reason}): "
        "run `pytest --siliconflow-record`."
    )


def _fail(message: str) -> NoReturn:
    pytest.fail(message, pytrace=False)
