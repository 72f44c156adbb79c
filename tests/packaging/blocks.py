"""The code on pages for readers: fenced blocks, with what they say that they print."""

from __future__ import annotations

import gc
import re
import warnings
from dataclasses import dataclass
from pathlib import Path

import pytest

from tests.conftest import ROOT
from tests.packaging.repository import content

FENCE = re.compile(r"^```([\w-]+)\n(.*?)^```$", re.MULTILINE | re.DOTALL)


@dataclass(frozen=True)
class Block:
    """A fenced block of a page; of a Python block also the text block that follows it directly."""

    page: Path
    line: int
    language: str
    code: str
    output: str | None = None

    def __str__(self) -> str:
        return f"{self.page.relative_to(ROOT)}:{self.line}"


def blocks(page: Path) -> list[Block]:
    """List the fenced blocks of a page, outputs of Python blocks beside them."""
    text = content(page)
    found = list(FENCE.finditer(text))
    result: list[Block] = []
    for number, fence in enumerate(found):
        following = found[number + 1] if number + 1 < len(found) else None
        output = None
        if fence[1] == "python" and following is not None and following[1] == "text":
            between = text[fence.end() : following.start()]
            output = following[2] if not between.strip() else None
        line = text.count("\n", 0, fence.start()) + 1
        result.append(Block(page, line, fence[1], fence[2], output))
    return result


def python_blocks(*pages: Path) -> list[Block]:
    return [block for page in pages for block in blocks(page) if block.language == "python"]


def run(names: dict[str, object], *codes: str, place: str) -> None:
    """Execute code as a program would, one piece after the other, and end the program."""
    names.setdefault("__name__", "__main__")
    for number, code in enumerate(codes, start=1):
        exec(compile(code, f"{place}, {number}", "exec"), names)
    with warnings.catch_warnings():
        # A script's end closes what it left open; here that is the end of its names.
        warnings.simplefilter("ignore", ResourceWarning)
        names.clear()
        gc.collect()


@pytest.fixture
def simulated_site(simulator_url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """What a reader has set, who tries a page on the simulator, in a folder of their own."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("SILICONFLOW_API_KEY", "sk-pages")
    monkeypatch.setenv("SILICONFLOW_BASE_URL", simulator_url)
