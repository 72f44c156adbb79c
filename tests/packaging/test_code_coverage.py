"""`make coverage` counts lines and branches of each package apart, and fails for either."""

from __future__ import annotations

from typing import Any

import pytest

from tests.code_coverage import Count, below, counts, left_out, settings, table
from tests.packaging.repository import PACKAGES


def file(
    *, lines: tuple[int, int], branches: tuple[int, int], missing: tuple[list[int], list[list[int]]]
) -> dict[str, Any]:
    summary = {
        "covered_lines": lines[0],
        "num_statements": lines[1],
        "covered_branches": branches[0],
        "num_branches": branches[1],
    }
    return {"summary": summary, "missing_lines": missing[0], "missing_branches": missing[1]}


REPORT = {
    "files": {
        "one/a.py": file(lines=(9, 10), branches=(3, 4), missing=([7], [[6, 7]])),
        "one/room/b.py": file(lines=(90, 90), branches=(6, 8), missing=([], [[3, 5], [9, -1]])),
        "two/c.py": file(lines=(10, 10), branches=(10, 10), missing=([], [])),
    }
}


def test_the_files_of_a_package_are_added_up_and_packages_are_not():
    found = counts(REPORT, ["one", "two"])
    assert found == {"one": Count(99, 100, 9, 12), "two": Count(10, 10, 10, 10)}
    assert found["one"].shares == (99.0, 75.0)


@pytest.mark.parametrize(
    ("count", "fails"),
    [
        (Count(97, 100, 97, 100), False),
        (Count(9699, 10_000, 100, 100), True),
        (Count(100, 100, 9699, 10_000), True),
        (Count(), True),
    ],
    ids=["both at the goal", "lines below", "branches below", "nothing was measured"],
)
def test_lines_and_branches_are_each_to_reach_the_goal(count: Count, fails: bool):
    assert below({"good": Count(1, 1, 1, 1), "one": count}) == (["one"] if fails else [])


def test_a_share_just_below_the_goal_does_not_look_like_it():
    assert "| 96.9 % |" in table({"one": Count(9699, 10_000, 1, 1)})


def test_what_no_test_reached_is_named_once():
    """A branch to a line that was not run says nothing new."""
    assert list(left_out(REPORT)) == ["one/a.py: 7", "one/room/b.py: 3->5, 9->end"]


def test_every_package_is_measured():
    assert set(PACKAGES) <= set(settings()["run"]["source"])
