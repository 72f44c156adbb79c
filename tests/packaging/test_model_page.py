"""docs/models.md says what the catalogue says."""

from __future__ import annotations

from siliconflow_client import known_models
from tests.packaging.model_table import in_page, made, table


def test_the_page_holds_the_catalogues_table():
    assert in_page() == table(), "run `python -m tests.packaging.model_table`"


def test_every_model_of_the_catalogue_is_on_the_page_with_the_catalogues_date():
    page = in_page()
    assert [one.id for one in known_models() if f"`{one.id}`" not in page] == []
    assert f"State of {made()}." in page
