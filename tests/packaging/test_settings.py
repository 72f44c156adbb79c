"""What is listed in several places is the same everywhere: packages, folders of tests, targets."""

from __future__ import annotations

import re
import tomllib
from typing import Any

import pytest

from tests.conftest import ROOT
from tests.packaging.repository import PACKAGES

with (ROOT / "pyproject.toml").open("rb") as file:
    PROJECT: dict[str, Any] = tomllib.load(file)
TOOL = PROJECT["tool"]
MAKEFILE = (ROOT / "Makefile").read_text(encoding="utf-8")
CI = (ROOT / ".ci" / "run").read_text(encoding="utf-8")


def test_a_package_is_a_folder_that_says_it_is_typed():
    assert {path.parent.name for path in ROOT.glob("*/py.typed")} == set(PACKAGES)


@pytest.mark.parametrize(
    "listed",
    [
        TOOL["hatch"]["build"]["targets"]["wheel"]["packages"],
        TOOL["mypy"]["packages"],
        TOOL["pyright"]["include"],
        TOOL["pyright"]["strict"],
        TOOL["ruff"]["lint"]["isort"]["known-first-party"],
        TOOL["importlinter"]["root_packages"],
    ],
    ids=["wheel", "mypy", "pyright", "pyright strict", "isort", "import contracts"],
)
def test_every_list_of_packages_holds_all_of_them(listed: list[str]):
    assert set(PACKAGES) <= set(listed)
    assert len(listed) == len(set(listed))
    assert [name for name in listed if not (ROOT / name).is_dir()] == []


def test_tests_that_are_collected_only_when_named_are_named_by_a_target():
    apart = [name for name in TOOL["pytest"]["norecursedirs"] if not name.startswith(".")]
    assert apart
    for name in apart:
        assert list((ROOT / "tests" / name).glob("test_*.py"))
        assert re.search(rf"pytest .*\btests/{name}\b", MAKEFILE)


def test_what_make_test_leaves_out_has_a_target_and_ci_runs_every_test_once():
    recipes = dict(re.findall(r"^([\w-]+):.*\n((?:\t.*\n)+)", MAKEFILE, re.MULTILINE))
    left_out = re.findall(r"--ignore=(\S+)", recipes["test"])
    assert left_out == ["tests/faults"]
    assert all(f" {folder} " in recipes["faults"] for folder in left_out)
    called = re.findall(r"^make ([\w-]+)", CI, re.MULTILINE)
    assert {"check", "test", "faults", "test-apps"} <= set(called) <= set(recipes) | {"check"}
    assert len(called) == len(set(called))
