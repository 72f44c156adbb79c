"""The table of docs/features.md says what is so."""

from __future__ import annotations

import pytest

from tests.langchain.features import ROWS, Row, in_page, table


@pytest.mark.parametrize("row", ROWS, ids=lambda row: row.feature)
def test_our_column_is_measured(row: Row, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OPENAI_API_KEY", "sk-openai")
    assert row.measure() == row.expected


def test_the_page_holds_the_table() -> None:
    assert in_page() == table(), "run `python -m tests.langchain.features`"
