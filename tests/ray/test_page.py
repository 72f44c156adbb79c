"""The blocks of docs/scale.md that need Ray run as they stand there, as one program."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pyarrow.parquet as pq
import pytest

from tests.conftest import ROOT
from tests.packaging.blocks import blocks
from tests.ray.test_map_batches import write

TEXTS = [f"Line {number}" for number in range(40)]


@pytest.mark.timeout(300)
def test_the_blocks_of_the_page_run(
    tmp_path: Path, simulator_url: str, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setenv("SILICONFLOW_API_KEY", "sk-pages")
    monkeypatch.setenv("SILICONFLOW_BASE_URL", simulator_url)
    monkeypatch.setenv("PYTHONPATH", str(ROOT))
    write(tmp_path / "texts", TEXTS, files=2)
    shown = [block.code for block in blocks(ROOT / "docs" / "scale.md") if block.language == "py"]
    assert len(shown) == 2
    program = tmp_path / "program.py"
    program.write_text("\n".join(shown), encoding="utf-8")
    ended = subprocess.run(
        [sys.executable, str(program)], cwd=tmp_path, capture_output=True, text=True, check=False
    )
    assert ended.returncode == 0, ended.stderr[-3000:]
    vectors = tmp_path / "vectors"
    whole = [row for file in vectors.glob("*.parquet") for row in pq.read_table(file).to_pylist()]
    shards = [row for name in ("000", "001") for row in pq.read_table(vectors / name).to_pylist()]
    for rows in (whole, shards):
        assert sorted(row["text"] for row in rows) == sorted(TEXTS)
        assert {(len(row["embedding"]), row["error"]) for row in rows} == {(1024, None)}
    assert sorted(mark.name for mark in vectors.glob("*.done")) == ["000.done", "001.done"]
