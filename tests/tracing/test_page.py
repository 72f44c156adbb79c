"""The block of docs/tracing.md that switches a tracer on runs as it stands there."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

from tests.conftest import ROOT
from tests.packaging.blocks import blocks

IS_ON = "print(LangChainInstrumentor().is_instrumented_by_opentelemetry)"


def test_the_block_of_the_page_switches_the_tracer_on(tmp_path: Path):
    (shown,) = (block.code for block in blocks(ROOT / "docs" / "tracing.md") if block.language == "py")  # fmt: skip
    program = tmp_path / "program.py"
    program.write_text(f"{shown}\n{IS_ON}\n", encoding="utf-8")
    ended = subprocess.run(
        [sys.executable, str(program)], capture_output=True, text=True, check=False
    )
    assert (ended.returncode, ended.stdout) == (0, "True\n"), ended.stderr
