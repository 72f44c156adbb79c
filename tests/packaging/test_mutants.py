"""The rooms of `make mutants` are there, and hold what its settings say."""

from __future__ import annotations

import tomllib
from pathlib import Path

import pytest

from tests.conftest import ROOT
from tests.mutants import ROOMS, Score, copy_of, makes_no_difference, report


@pytest.mark.parametrize("name", ROOMS)
def test_every_pattern_matches_modules_and_every_folder_holds_tests(name: str):
    room = ROOMS[name]
    assert [pattern for pattern in room.modules if not list(ROOT.glob(pattern))] == []
    assert [folder for folder in room.tests if not list((ROOT / folder).glob("test_*.py"))] == []
    for test in room.left_out:
        file, _, name = test.partition("::")
        assert (f"def {name}(" if name else "def test_") in (ROOT / file).read_text(
            encoding="utf-8"
        )


def test_the_copy_is_whole_and_mutmut_is_told_what_to_do_there(tmp_path: Path):
    room = ROOMS["client"]
    copy_of(room, tmp_path)
    with (tmp_path / "pyproject.toml").open("rb") as file:
        settings = tomllib.load(file)["tool"]["mutmut"]
    assert settings["only_mutate"] == list(room.modules)
    assert settings["pytest_add_cli_args_test_selection"] == ["tests/client"]
    assert all((tmp_path / package / "py.typed").is_file() for package in settings["source_paths"])
    assert {"cassettes", "README.md"} <= set(settings["also_copy"])
    assert (tmp_path / "tests" / "conftest.py").is_file()


def test_a_score_counts_what_was_tried():
    room = {"a.py": Score(killed=3, survived=["x"], unknown=2), "b.py": Score(killed=1)}
    assert report({"client": room}).splitlines()[2:] == [
        "| a.py | 3 | 4 | 75.0 % | 2 |",
        "| b.py | 1 | 1 | 100.0 % | 0 |",
        "| **all** | 4 | 5 | 80.0 % | 2 |",
    ]


@pytest.mark.parametrize(
    ("before", "after", "same"),
    [
        ('-    x = cast("A[b, c]", y)', "+    x = cast(None, y)", True),
        ('-    x = cast("A", y)', '+    x = cast("XXAXX", y)', True),
        ('-    x = cast("A", y)', '+    x = cast("A", None)', False),
        ("-    x = 1", "+    x = 2", False),
    ],
)
def test_a_change_that_nothing_reads_is_no_survivor(before: str, after: str, same: bool):
    assert makes_no_difference(["@@ -1 +1 @@", before, after]) is same
