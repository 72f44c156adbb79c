"""The notebooks in a real kernel, in an environment that holds the wheel and not the sources."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.fresh.conftest import Environment
from tests.packaging.test_notebooks import NOTEBOOKS

pytestmark = pytest.mark.timeout(900)  # environments are made, from the network

PROGRAM = """
import sys
import nbformat
from nbclient import NotebookClient

book = nbformat.read(sys.argv[1], as_version=4)
stored = [cell["outputs"] for cell in book["cells"] if cell["cell_type"] == "code"]
NotebookClient(book, timeout=120, kernel_name="python3").execute(cwd=sys.argv[2])
made = [cell["outputs"] for cell in book["cells"] if cell["cell_type"] == "code"]
text = lambda cells: ["".join(output.get("text", "") for output in cell) for cell in cells]
assert text(made) == text(stored), (text(made), text(stored))
print("same")
"""


@pytest.mark.parametrize("notebook", NOTEBOOKS, ids=lambda path: path.stem)
def test_a_notebook_prints_the_same_in_a_kernel(
    notebook: Path, everything: Environment, tmp_path: Path
):
    assert everything.must("-c", PROGRAM, str(notebook), str(tmp_path)) == "same\n"
