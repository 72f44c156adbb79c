"""Datasets on a local cluster of two workers: nothing lost, nothing aborted, row for row."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from siliconflow_client import ConfigurationError
from siliconflow_client.bulk.ray import EmbedColumn, shared_limits
from tests.ray.embedder import Embedder

ROWS = 4000
pytestmark = pytest.mark.timeout(600)


class MarkedEmbedColumn(EmbedColumn):
    """Tells its process id, so that a test can kill it."""

    def __init__(self, **settings: Any) -> None:
        super().__init__(**settings, default_headers={"x-pid": str(os.getpid())})


def write(folder: Path, texts: list[str], files: int) -> None:
    folder.mkdir()
    size = -(-len(texts) // files)
    for number in range(files):
        part = texts[number * size : (number + 1) * size]
        ids = list(range(number * size, number * size + len(part)))
        pq.write_table(pa.table({"id": ids, "text": part}), folder / f"{number:03}.parquet")


def rows_of(folder: Path) -> list[dict[str, Any]]:
    return sorted(pq.read_table(folder).to_pylist(), key=lambda row: row["id"])


def test_parquet_out_is_parquet_in_row_for_row_after_a_worker_is_killed(
    cluster: Any, embedder: Embedder, tmp_path: Path, capsys: pytest.CaptureFixture[str]
):
    texts = [f"t{number}" for number in range(ROWS)]
    write(tmp_path / "in", texts, files=16)
    embedder.kill_after = 40
    dataset = cluster.data.read_parquet(str(tmp_path / "in")).map_batches(
        MarkedEmbedColumn,
        fn_constructor_kwargs={"model": "m", **embedder.settings},
        batch_format="pyarrow",
        batch_size=64,
        concurrency=2,
        num_cpus=0.25,
    )
    dataset.write_parquet(str(tmp_path / "out"))
    assert embedder.killed is not None, "no worker was killed"
    rows = rows_of(tmp_path / "out")
    assert [row["text"] for row in rows] == texts
    assert [row["embedding"] for row in rows] == [[float(n), 0.5] for n in range(ROWS)]
    assert {row["error"] for row in rows} == {None}
    with capsys.disabled():
        print(  # noqa: T201  # the share is what is to be shown
            f"\ntexts embedded twice after a kill: {embedder.twice:.1%} of {ROWS}"
        )
    assert 0 < embedder.twice <= 0.5


def test_a_job_goes_on_where_it_was_by_shard(cluster: Any, embedder: Embedder, tmp_path: Path):
    """Each file of the input is a shard; those whose output is whole are left out."""
    texts = [f"t{number}" for number in range(30)]
    write(tmp_path / "in", texts, files=2)
    out = tmp_path / "out"

    def embed(shards: list[Path]) -> None:
        for shard in shards:
            if (tmp_path / f"{shard.stem}.done").exists():
                continue
            cluster.data.read_parquet(str(shard)).map_batches(
                EmbedColumn,
                fn_constructor_kwargs={"model": "m", **embedder.settings},
                batch_format="pyarrow",
                concurrency=1,
                num_cpus=0.25,
            ).write_parquet(str(out / shard.stem))
            (tmp_path / f"{shard.stem}.done").touch()

    shards = sorted((tmp_path / "in").iterdir())
    embed(shards[:1])
    embed(shards)
    assert embedder.twice == 0
    found = [row for shard in shards for row in rows_of(out / shard.stem)]
    assert [row["text"] for row in found] == texts


def test_one_actor_keeps_the_limits_of_all_workers(cluster: Any, embedder: Embedder):
    limits = shared_limits(rpm=100_000, tpm=10**9, name="limits-of-a-test")
    texts = [f"t{number}" for number in range(640)]
    rows = (
        cluster.data.from_arrow(pa.table({"text": texts}))
        .repartition(8)
        .map_batches(
            EmbedColumn,
            fn_constructor_kwargs={"model": "m", "limits": limits, **embedder.settings},
            batch_format="pyarrow",
            batch_size=80,
            concurrency=2,
            num_cpus=0.25,
        )
        .take_all()
    )
    assert {row["error"] for row in rows} == {None}
    again = shared_limits(name="limits-of-a-test")
    assert again.shared is not None
    place = again.shared.book("another account", 1)
    assert place._number == embedder.requests + 1, "every request of both workers took a place"


def test_limits_that_cannot_be_meant_start_no_actor(cluster: Any):
    with pytest.raises(ConfigurationError):
        shared_limits(rpm=0)
