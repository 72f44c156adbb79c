"""Each listed defect of today's packages, and each acceptance case, has a test that shows it.

`@pytest.mark.shows(...)` beside a test names what it shows; `pytest -k` cannot read markers'
arguments, so this table finds them:

    grep -rn 'shows(.*"D13"' tests/llama_index

D: the LLM, E: embeddings, R: the reranker, case: the twenty acceptance cases.
"""

from __future__ import annotations

import re
from pathlib import Path

import pytest

MARK = re.compile(
    r"^@pytest\.mark\.shows\(([^)]*)\)\n(?:@.*\n|    .*\n|\)\n)*(?:async )?def (test_\w+)",
    re.MULTILINE,
)


def shown() -> dict[str, list[str]]:
    """Tell which tests show what: id to `file::test`."""
    found: dict[str, list[str]] = {}
    for path in sorted(Path(__file__).parent.glob("test_*.py")):
        for ids, test in MARK.findall(path.read_text(encoding="utf-8")):
            for name in re.findall(r'"(\w+)"', ids):
                found.setdefault(name, []).append(f"{path.name}::{test}")
    return found


LISTED = {
    *(f"D{number}" for number in range(1, 32)),
    *(f"E{number}" for number in range(1, 14)),
    *(f"R{number}" for number in range(1, 11)),
    *(f"case{number}" for number in range(1, 21)),
}


def test_every_listed_defect_and_case_is_shown() -> None:
    assert LISTED - set(shown()) == set()


def test_nothing_else_is_claimed() -> None:
    assert set(shown()) - LISTED == set()


@pytest.mark.parametrize("path", sorted(Path(__file__).parent.glob("test_*.py")), ids=str)
def test_every_mark_is_found(path: Path) -> None:
    text = path.read_text(encoding="utf-8")
    assert len(re.findall(r"^@pytest\.mark\.shows\(", text, re.MULTILINE)) == len(
        MARK.findall(text)
    )
