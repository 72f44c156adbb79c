"""Datasets on a local cluster of two workers: nothing lost, nothing aborted, row for row."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from ray.data import SaveMode

from siliconflow_client import ConfigurationError
from siliconflow_client.bulk.ray import BLOCK_ROWS, EmbedColumn, map_settings, shared_limits
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
    read = cluster.data.read_parquet(str(tmp_path / "in"))
    dataset = read.repartition(target_num_rows_per_block=BLOCK_ROWS).map_batches(
        MarkedEmbedColumn,
        fn_constructor_kwargs={"model": "m", **embedder.settings},
        **map_settings(workers=2),
    )
    dataset.write_parquet(str(tmp_path / "out"))
    assert embedder.killed is not None, "no worker was killed"
    rows = rows_of(tmp_path / "out")
    assert [row["text"] for row in rows] == texts
    assert [row["embedding"] for row in rows] == [[float(n), 0.5] for n in range(ROWS)]
    assert {row["error"] for row in rows} == {None}
    with capsys.disabled():
        print(  # noqa: T201  # the share is what is to be shown
            f"\ntexts embedded twice after a kill: {embedder.twice:.1%} of {ROWS}, with blocks of "
            f"{BLOCK_ROWS} and two in hand of each worker"
        )
    assert 0 < embedder.twice <= 2 * BLOCK_ROWS / ROWS, "more than the worker had in hand"


def test_rows_that_fail_are_kept_in_the_file_and_can_be_done_again(
    cluster: Any, embedder: Embedder, tmp_path: Path
):
    texts = ["bad" if number % 100 == 7 else f"t{number}" for number in range(600)]
    write(tmp_path / "in", texts, files=2)

    def embedded(rows: Any) -> Any:
        return rows.repartition(target_num_rows_per_block=BLOCK_ROWS).map_batches(
            EmbedColumn,
            fn_constructor_kwargs={"model": "m", **embedder.settings},
            **map_settings(workers=2),
        )

    embedded(cluster.data.read_parquet(str(tmp_path / "in"))).write_parquet(str(tmp_path / "out"))
    rows = rows_of(tmp_path / "out")
    assert [row["text"] for row in rows] == texts
    failed = [row["id"] for row in rows if row["error"] is not None]
    assert failed == [number for number in range(600) if number % 100 == 7]
    assert all(row["embedding"] is None for row in rows if row["error"] is not None)
    embedder.refuses = False  # the cause is mended
    left = cluster.data.read_parquet(str(tmp_path / "out")).filter(
        lambda row: row["error"] is not None
    )
    again = embedded(left.drop_columns(["embedding", "error"])).take_all()
    assert sorted(row["id"] for row in again) == failed
    assert {row["error"] for row in again} == {None}


def test_a_job_goes_on_where_it_was_by_shard(cluster: Any, embedder: Embedder, tmp_path: Path):
    """Each file of the input is a shard; those whose output is whole are left out."""
    texts = [f"t{number}" for number in range(30)]
    write(tmp_path / "in", texts, files=3)
    out = tmp_path / "out"

    def embed(shards: list[Path]) -> None:
        for shard in shards:
            if (done := out / f"{shard.stem}.done").exists():
                continue
            cluster.data.read_parquet(str(shard)).map_batches(
                EmbedColumn,
                fn_constructor_kwargs={"model": "m", **embedder.settings},
                **map_settings(),
            ).write_parquet(str(out / shard.stem), mode=SaveMode.OVERWRITE)
            done.touch()

    shards = sorted((tmp_path / "in").iterdir())
    embed(shards[:1])
    (out / shards[1].stem).mkdir()  # what a job left that died in the midst of its second shard
    pq.write_table(pa.table({"id": [10], "text": ["t10"]}), out / shards[1].stem / "half.parquet")
    embed(shards)
    assert embedder.twice == 0
    found = [row for shard in shards for row in rows_of(out / shard.stem)]
    assert [row["text"] for row in found] == texts
    assert [row["embedding"][0] for row in found] == [float(number) for number in range(30)]


def test_one_actor_keeps_the_limits_of_all_workers(cluster: Any, embedder: Embedder):
    limits = shared_limits(rpm=100_000, tpm=10**9, name="limits-of-a-test")
    texts = [f"t{number}" for number in range(640)]
    rows = (
        cluster.data.from_arrow(pa.table({"text": texts}))
        .repartition(8)
        .map_batches(
            EmbedColumn,
            fn_constructor_kwargs={"model": "m", "limits": limits, **embedder.settings},
            **map_settings(workers=2),
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
