"""Every script in examples/ runs, offline, and prints what it is there to show."""

from __future__ import annotations

import runpy
from pathlib import Path

import pytest

EXAMPLES = Path(__file__).parents[2] / "examples"
SCRIPTS = sorted(EXAMPLES.glob("*.py"))

EXPECTED = {
    "langchain_retrieval.py": ["Books can be kept for four weeks", "four weeks"],
    "langchain_stream_reasoning.py": [
        "--- answer ---\n",
        "Anna is taller than Ben",
        "'reasoning':",
    ],
    "langchain_tools.py": [
        "model calls: weekday",
        "tool returns: 2026-11-20 is a Friday",
        "model says: ",
    ],
    "llama_index_chat.py": ["yeast eats sugar", "Salt slows"],
    "llama_index_embeddings.py": ["3 vectors of 1024 dimensions"],
    "llama_index_rerank.py": ["Water tomatoes in the morning"],
}


@pytest.mark.parametrize("script", SCRIPTS, ids=lambda path: path.name)
def test_example(script: Path, capsys: pytest.CaptureFixture[str]):
    runpy.run_path(str(script), run_name="__main__")
    printed = capsys.readouterr().out
    assert script.name in EXPECTED, "say in EXPECTED what it is to print"
    for text in EXPECTED[script.name]:
        assert text in printed


@pytest.mark.parametrize("script", SCRIPTS, ids=lambda path: path.name)
def test_an_example_is_short(script: Path):
    lines = script.read_text(encoding="utf-8").splitlines()
    assert len(lines) <= 40
    assert lines[0].startswith('"""'), "the first line says what it shows"


def test_no_expectation_outlives_its_script():
    assert set(EXPECTED) == {script.name for script in SCRIPTS}
