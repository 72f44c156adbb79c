"""docs/faults.md shows the rows that the fault table has, as they stand there."""

from __future__ import annotations

import re

from tests.conftest import ROOT
from tests.faults import page
from tests.faults.columns import COLUMNS
from tests.faults.table import TABLE
from tests.packaging.repository import content

PAGE = content(ROOT / "docs" / "faults.md")


def listed() -> dict[str, list[list[str]]]:
    """The cells of each row, by the heading that it stands under."""
    found: dict[str, list[list[str]]] = {}
    for section in re.split(r"^## ", PAGE, flags=re.MULTILINE)[1:]:
        title, _, text = section.partition("\n")
        lines = [line for line in text.splitlines() if line.startswith("| ")]
        found[title] = [re.split(r"(?<!\\) \| ", line[2:-2]) for line in lines[1:]]
    return found


def test_the_page_lists_the_rows_of_the_table_and_no_others():
    shown = {title: [row[:3] for row in rows] for title, rows in listed().items()}
    assert shown == {group.title: [page.described(row) for row in group.rows] for group in TABLE}


def test_every_row_of_the_page_is_right_in_all_of_our_columns():
    for title, rows in listed().items():
        for row in rows:
            assert row[3 : 3 + len(COLUMNS)] == ["✓"] * len(COLUMNS), (title, row[0])


def test_the_table_is_as_long_as_is_said_of_it():
    rows = sum(len(group.rows) for group in TABLE)
    assert f"What comes of {rows} faults" in PAGE
    assert rows >= 350
