"""From a test's marker and the command line to the server that the test gets."""

from __future__ import annotations

import re
from pathlib import Path
from typing import TYPE_CHECKING, Final, cast

import pytest

from siliconflow_simulator._simulator import Simulator
from siliconflow_simulator.pytest_plugin.cassettes import Player, Recorder, live, provenance_of
from siliconflow_simulator.pytest_plugin.server import SiliconFlowServer

if TYPE_CHECKING:
    from typing import Any

    from siliconflow_simulator.pytest_plugin.cassettes import Tape

_FOLDER: Final = "cassettes"
_UNSAFE: Final = re.compile(r"[^\w.-]+")


def open_server(
    settings: dict[str, object],
    *,
    module: Path,
    name: str,
    record: bool,
    outside: tuple[str, str],
) -> SiliconFlowServer:
    """Start what a test asked for.

    Args:
        settings: The marker's keywords: `strict`, `recorded`, `cassette`, and the simulator's own.
        module: The test's file; cassettes stand in a folder beside it.
        name: The test's name, which is its cassette's too.
        record: Whether cassettes are recorded anew.
        outside: The caller's key and URL, "" where there is none.
    """
    strict = bool(settings.pop("strict", True))
    named = settings.pop("cassette", None)
    recorded = bool(settings.pop("recorded", named is not None))
    # No rule, no answer: what a test does not say is not made up.
    answers = settings.pop("answers", None if recorded else [])
    simulator = Simulator(answers=cast("Any", answers), **cast("dict[str, Any]", settings))
    tape: Tape | None = None
    if recorded:
        path = _path(module, name, named)
        if record:
            key, url = outside
            ask = live(key, url) if key else simulator.handle
            tape = Recorder(path, ask, provenance_of(live=bool(key)), secret=key)
        else:
            tape = _player(path)
    return SiliconFlowServer(simulator, tape=tape, strict=strict)


def _path(module: Path, name: str, named: object) -> Path:
    if isinstance(named, str | Path):
        return module.parent / named
    # Brackets and slashes of parameters are no good in a file's name.
    return module.parent / _FOLDER / module.stem / f"{_UNSAFE.sub('_', name)}.json"


def _player(path: Path) -> Player:
    if not path.is_file():
        pytest.fail(
            f"There is no cassette {path.name} for this test: run `pytest --siliconflow-record`.",
            pytrace=False,
        )
    return Player.read(path)
