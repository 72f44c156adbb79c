"""The lowest versions that `pyproject.toml` allows are the ones that `make test-lowest` had."""

from __future__ import annotations

import json
import tomllib
from collections.abc import Mapping

import pytest
from packaging.utils import canonicalize_name
from packaging.version import Version

from tests import lowest
from tests.conftest import ROOT


@pytest.fixture(scope="module")
def recorded() -> Mapping[str, Mapping[str, str]]:
    """What each stand had installed when all of them had passed."""
    found: dict[str, dict[str, str]] = json.loads(lowest.RECORD.read_text(encoding="utf-8"))
    return found


def test_every_lowest_version_was_there_when_all_tests_passed(
    recorded: Mapping[str, Mapping[str, str]],
):
    tested = {
        (name, Version(version)) for stand in recorded.values() for name, version in stand.items()
    }
    needs = lowest.requirements()
    floors = {(canonicalize_name(need.name), Version(lowest.floor(need))) for need in needs}
    assert {"httpx", "pydantic", "langchain-core", "llama-index-core"} <= {one[0] for one in floors}
    assert floors - tested == set(), "run `make test-lowest`, which writes what it tested"


def test_each_stand_was_recorded_and_each_extra_has_one(
    recorded: Mapping[str, Mapping[str, str]],
):
    assert list(recorded) == list(lowest.STANDS)
    with (ROOT / "pyproject.toml").open("rb") as file:
        extras = set(tomllib.load(file)["project"]["optional-dependencies"])
    there = {extra for stand in lowest.STANDS.values() for extra in stand.extras}
    assert there | {"llama-index"} == extras, "`all` brings llama-index"


def test_each_folder_of_tests_runs_in_a_stand():
    """But for those in environments of their own, and tests of tools."""
    with (ROOT / "pyproject.toml").open("rb") as file:
        alone = set(tomllib.load(file)["tool"]["pytest"]["norecursedirs"])
    holding = {path.parent for path in (ROOT / "tests").rglob("test_*.py")}
    folders = {path.relative_to(ROOT / "tests").parts[0] for path in holding - {ROOT / "tests"}}
    run = {test.split("/")[1] for stand in lowest.STANDS.values() for test in stand.tests}
    assert folders - run == (alone - {".*", "ray"}) | {"fuzz", "live"}
