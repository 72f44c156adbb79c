"""The README's code runs as printed, and prints what the README says it prints."""

from __future__ import annotations

import gc
import re
import warnings
from dataclasses import dataclass

import pytest

from siliconflow_simulator.faults.orders import FAULT_WORDS, parse_faults
from tests.conftest import ROOT

README = (ROOT / "README.md").read_text(encoding="utf-8")
FENCE = re.compile(r"^```(\w+)\n(.*?)^```$", re.MULTILINE | re.DOTALL)


@dataclass(frozen=True)
class Block:
    code: str
    output: str | None
    line: int


def blocks() -> list[Block]:
    """Python blocks, each with the text block that follows it directly."""
    found = list(FENCE.finditer(README))
    result: list[Block] = []
    for number, fence in enumerate(found):
        if fence[1] != "python":
            continue
        following = found[number + 1] if number + 1 < len(found) else None
        adjoining = (
            following is not None
            and following[1] == "text"
            and not README[fence.end() : following.start()].strip()
        )
        output = following[2] if following is not None and adjoining else None
        result.append(Block(fence[2], output, README.count("\n", 0, fence.start()) + 1))
    return result


@pytest.mark.parametrize("block", blocks(), ids=lambda block: f"line {block.line}")
def test_a_block_prints_what_it_says(
    block: Block,
    simulator_url: str,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
):
    monkeypatch.setenv("SILICONFLOW_API_KEY", "sk-readme")
    monkeypatch.setenv("SILICONFLOW_BASE_URL", simulator_url)
    names: dict[str, object] = {"__name__": "__main__"}
    exec(compile(block.code, f"README.md:{block.line}", "exec"), names)
    with warnings.catch_warnings():
        # A script's end closes what it left open; here that is the end of its names.
        warnings.simplefilter("ignore", ResourceWarning)
        names.clear()
        gc.collect()
    printed = capsys.readouterr().out
    assert block.output is None or printed == block.output


def test_both_frameworks_are_shown_with_their_output():
    shown = [block.code for block in blocks() if block.output]
    for package in ("langchain_siliconflow", "llama_index_siliconflow"):
        assert any(package in code for code in shown)


def test_every_command_it_names_is_a_make_target():
    makefile = (ROOT / "Makefile").read_text(encoding="utf-8")
    targets = set(re.findall(r"^([\w-]+):", makefile, re.MULTILINE))
    for text in (README, (ROOT / "CONTRIBUTING.md").read_text(encoding="utf-8")):
        named = set(re.findall(r"(?:`|^)make ([\w-]+)", text, re.MULTILINE))
        assert named
        assert named <= targets


def test_the_table_of_faults_holds_all_words_and_no_other():
    table = README.partition("| `x-simulate` |")[2].partition("\n\n")[0]
    rows = [line.split("|")[1] for line in table.splitlines()[2:]]
    written = [word for row in rows for word in re.findall(r"`([^`]+)`", row)]
    assert all(parse_faults(word) for word in written)
    assert {word.partition("=")[0] for word in written} == set(FAULT_WORDS)


def test_every_path_it_links_to_exists():
    links = re.findall(r"\]\((?!https?://|#)([^)#]+)", README)
    assert links
    assert [link for link in links if not (ROOT / link).exists()] == []
