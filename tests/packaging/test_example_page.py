"""docs/examples.md lists the examples, all of them, with what each needs."""

from __future__ import annotations

import re

from tests.conftest import ROOT
from tests.packaging.example_table import in_page, needs, scripts, table
from tests.packaging.repository import content


def test_the_page_holds_the_index():
    assert in_page() == table(), "run `python -m tests.packaging.example_table`"


def test_what_a_script_needs_is_read_from_its_imports():
    by_name = {script.name: needs(script) for script in scripts()}
    assert by_name["langchain_graph.py"] == ["`.[langchain]`", "`langgraph`"]
    assert by_name["llama_index_chat.py"] == ["`.[llama-index]`"]


def test_every_notebook_is_listed():
    listed = re.findall(r"\]\(\.\./(examples/notebooks/\S+)\)", content(ROOT / "docs/examples.md"))
    folder = ROOT / "examples" / "notebooks"
    assert sorted(listed) == sorted(
        path.relative_to(ROOT).as_posix() for path in folder.glob("*.ipynb")
    )
