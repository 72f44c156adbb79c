"""What the README says about installing works, with pip and with uv."""

from __future__ import annotations

import re
import subprocess
from pathlib import Path

import pytest

from tests.conftest import ROOT
from tests.fresh.conftest import Create
from tests.packaging.blocks import blocks

pytestmark = pytest.mark.timeout(900)  # environments are made, from the network

INSTALL = [
    block.code for block in blocks(ROOT / "README.md") if "pip" in block.code.partition("\n## ")[0]
]
IMPORT = "from langchain_siliconflow import ChatSiliconFlow; print(ChatSiliconFlow.__module__)"
OURS = "langchain_siliconflow.chat_models\n"


def commands(word: str) -> str:
    """The README's block that holds a word, with this repository in the place of the web's."""
    found = next(code for code in INSTALL if word in code)
    return re.sub(r"https://github\.com/\S+", f"file://{ROOT}", found)


def test_a_clone_is_installed_and_carried_away_as_a_wheel(create: Create, tmp_path: Path):
    environment = create("clone", [])
    name = re.search(r"cd (\S+)", commands("git clone"))
    assert name
    clone = commands("git clone").replace(f"file://{ROOT}", f"file://{ROOT} {name[1]}")
    environment.must("sh", "-ec", f"cd {tmp_path}\n{clone}")
    assert environment.must("-c", IMPORT) == OURS
    environment.pip("uninstall", "-y", "siliconflow-integrations")
    environment.must("sh", "-ec", commands("pip wheel"), folder=tmp_path / name[1])
    assert environment.must("-c", IMPORT) == OURS


@pytest.mark.parametrize("first", ["theirs", "ours"])
@pytest.mark.parametrize("tool", ["pip", "uv"])
def test_the_repair_of_the_conflict_works_whichever_was_first(
    tool: str, first: str, create: Create, wheel: Path
):
    environment = create("conflict", ["uv"] if tool == "uv" else [])
    install = f"{'uv pip' if tool == 'uv' else 'pip'} install -q"
    theirs, ours = f"{install} langchain-siliconflow", f"{install} '{wheel}[langchain]'"
    order = [theirs, ours] if first == "theirs" else [ours, theirs]
    environment.must("sh", "-ec", "\n".join(order))
    repair = commands("pip uninstall").replace('".[langchain]"', f"'{wheel}[langchain]'")
    if tool == "uv":
        repair = repair.replace("pip uninstall -y", "uv pip uninstall").replace(
            "\npip install", "\nuv pip install"
        )
    environment.must("sh", "-ec", repair)
    assert environment.must("-c", IMPORT) == OURS


def test_uninstalling_theirs_alone_takes_our_files_as_the_readme_says(create: Create, wheel: Path):
    environment = create("warning", [f"{wheel}[langchain]", "langchain-siliconflow"])
    environment.pip("uninstall", "-y", "langchain-siliconflow")
    done = environment.run("-c", IMPORT)
    assert "cannot import name 'ChatSiliconFlow'" in done.stderr


def test_nothing_of_the_repository_is_changed_by_a_build():
    """A build beside the sources would be found by the tests, and by users of a clone."""
    status = subprocess.run(
        ["git", "-C", str(ROOT), "status", "--porcelain", "--ignored=no"],
        capture_output=True,
        text=True,
        check=True,
    )
    assert "build/" not in status.stdout
