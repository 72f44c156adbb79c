"""The command `siliconflow` without an environment of one's own: by uvx, and installed by pipx."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from siliconflow_client import __version__
from tests.conftest import ROOT
from tests.fresh.conftest import Create
from tests.packaging.blocks import blocks

pytestmark = pytest.mark.timeout(900)  # environments are made, from the network

SHOWN = [
    line
    for block in blocks(ROOT / "docs" / "command.md")
    if block.language == "sh"
    for line in block.code.splitlines()
]
"""The page's commands, in a clone; the wheel stands for it here."""


@pytest.mark.parametrize("tool", ["uvx", "pipx"])
def test_the_command_is_run_as_the_page_says(
    tool: str, create: Create, wheel: Path, monkeypatch: pytest.MonkeyPatch
):
    environment = create(tool, ["uv" if tool == "uvx" else "pipx"])
    home = environment.home.parent
    monkeypatch.setenv("PIPX_HOME", str(home / "pipx"))
    monkeypatch.setenv("PIPX_BIN_DIR", str(home / "bin"))
    monkeypatch.setenv("PATH", f"{home / 'bin'}{os.pathsep}{os.environ['PATH']}")
    command = [line for line in SHOWN if tool in line]
    assert len(command) == 1
    said = command[0].replace(" . ", f" {wheel} ").replace("doctor", "--version")
    assert environment.must("sh", "-ec", said).endswith(f"siliconflow {__version__}\n")
