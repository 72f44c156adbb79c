"""The code on the pages of docs/ runs, against the simulator."""

from __future__ import annotations

import re

import pytest

from tests.conftest import ROOT
from tests.packaging.repository import content, files

FENCE = re.compile(r"^```python\n(.*?)^```$", re.MULTILINE | re.DOTALL)
BLOCKS = [
    pytest.param(
        f"{page.relative_to(ROOT)}:{content(page).count(chr(10), 0, block.start()) + 1}",
        block[1],
        id=f"{page.stem}-{number}",
    )
    for page in files(".md")
    if page.is_relative_to(ROOT / "docs")
    for number, block in enumerate(FENCE.finditer(content(page)), start=1)
]


@pytest.mark.parametrize(("place", "code"), BLOCKS)
def test_a_block_runs(
    place: str, code: str, simulator_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SILICONFLOW_API_KEY", "sk-pages")
    monkeypatch.setenv("SILICONFLOW_BASE_URL", simulator_url)
    exec(compile(code, place, "exec"), {"__name__": "__main__"})


def test_a_page_has_code_to_run():
    assert BLOCKS
