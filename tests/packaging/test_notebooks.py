"""The notebooks run, and what is stored in them is what they print without a key.

In this process: `make test-packaging` runs them in a real kernel too.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from tests.conftest import ROOT
from tests.packaging.blocks import run
from tests.packaging.repository import content

NOTEBOOKS = sorted((ROOT / "examples" / "notebooks").glob("*.ipynb"))


def cells(notebook: Path) -> list[dict[str, Any]]:
    return [cell for cell in json.loads(content(notebook))["cells"] if cell["cell_type"] == "code"]


def joined(lines: object) -> str:
    assert isinstance(lines, list)
    return "".join(lines)


@pytest.mark.filterwarnings("ignore::pydantic.warnings.PydanticDeprecationWarning")
@pytest.mark.parametrize("notebook", NOTEBOOKS, ids=lambda path: path.stem)
def test_a_notebook_prints_what_is_stored_in_it(notebook: Path, capsys: pytest.CaptureFixture[str]):
    stored = [output for cell in cells(notebook) for output in cell["outputs"]]
    assert {output["name"] for output in stored} == {"stdout"}
    run({}, *(joined(cell["source"]) for cell in cells(notebook)), place=notebook.name)
    assert capsys.readouterr().out == "".join(joined(output["text"]) for output in stored)


def test_each_framework_has_a_notebook():
    assert [notebook.stem for notebook in NOTEBOOKS] == ["langchain", "llama_index"]
