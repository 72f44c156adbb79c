"""One worker of Ray Data beside one plain process: the same texts, the same slow server.

    .venv-ray/bin/python -m benchmarks.ray_data [TEXTS] [MILLISECONDS]

Needs what `make test-ray` installs. The server is a process of its own, which answers each request
after so many milliseconds. Ray's time runs from the worker's first block to the last vector that
arrives here, so that neither the cluster nor the worker is waited for. The median of three rounds,
in each of which every way runs once.
"""

from __future__ import annotations

import json
import logging
import os
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from siliconflow_client.bulk.ray import BLOCK_ROWS, EmbedColumn, map_settings

ROOT = Path(__file__).resolve().parent.parent
MODEL = "BAAI/bge-m3"
TEXTS, MILLISECONDS = 8192, 150
ROUNDS = 3
GOAL = 0.9
PLAIN = "one plain process, embed_many"
OURS = f"blocks of {BLOCK_ROWS}, two in hand"


class TimedEmbedColumn(EmbedColumn):
    """Writes down when its first block came."""

    def __init__(self, *, began: str, **settings: Any) -> None:
        super().__init__(**settings)
        self._began = Path(began)

    def __call__(self, table: Any) -> Any:
        if not self._began.exists():
            self._began.write_text(str(time.time()))
        return super().__call__(table)


@contextmanager
def server(milliseconds: int) -> Iterator[str]:
    """The benchmarks' own server; yields the base URL."""
    program = [sys.executable, "-m", "benchmarks.server"]
    with subprocess.Popen(  # noqa: S603  # ourselves
        program, cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as process:
        assert process.stdin is not None
        assert process.stdout is not None
        yield f"http://127.0.0.1:{process.stdout.readline().strip()}/wait/{milliseconds}/v1"
        process.stdin.close()


def texts(count: int) -> Iterator[str]:
    return (f"Passage {number}: bread and salt, and the library." for number in range(count))


def plain(url: str, count: int) -> float:
    """Texts a second in a process of its own."""
    program = [sys.executable, "-m", "benchmarks.ray_data", "plain", url, str(count)]
    done = subprocess.run(program, cwd=ROOT, check=True, capture_output=True, text=True)  # noqa: S603  # ourselves
    return float(json.loads(done.stdout))


def plain_here(url: str, count: int) -> float:
    from siliconflow_client import SiliconFlowClient

    with SiliconFlowClient(api_key="sk-any", base_url=url) as client:
        began = time.time()
        found = sum(len(batch.vectors) for batch in client.embed_many(texts(count), model=MODEL))
        assert found == count
        return count / (time.time() - began)


def on_ray(
    ray: Any, url: str, count: int, rows: int | None, blocks: int, size: int | None
) -> float:
    """Texts a second of one worker."""
    import pyarrow as pa

    dataset = ray.data.from_arrow(pa.table({"text": list(texts(count))}))
    if rows is not None:
        dataset = dataset.repartition(target_num_rows_per_block=rows)
    with tempfile.TemporaryDirectory() as folder:
        began = Path(folder) / "began"
        keywords = {"model": MODEL, "api_key": "sk-any", "base_url": url, "began": str(began)}
        done = dataset.map_batches(
            TimedEmbedColumn,
            fn_constructor_kwargs=keywords,
            **{**map_settings(blocks=blocks), "batch_size": size},
        )
        found = 0
        for table in done.iter_batches(batch_size=None, batch_format="pyarrow"):
            assert table["error"].null_count == table.num_rows
            found += table.num_rows
        assert found == count
        return count / (time.time() - float(began.read_text()))


@contextmanager
def local_cluster() -> Iterator[Any]:
    """Ray on two processors, so for two workers, whatever the machine has."""
    os.environ["RAY_ACCEL_ENV_VAR_OVERRIDE_ON_ZERO"] = "0"
    import ray

    ray.init(
        num_cpus=2,
        _node_ip_address="127.0.0.1",
        include_dashboard=False,
        logging_level=logging.ERROR,
        log_to_driver=False,
        runtime_env={"env_vars": {"PYTHONPATH": str(ROOT)}},
    )
    ray.data.DataContext.get_current().enable_progress_bars = False
    yield ray
    ray.shutdown()


WAYS: dict[str, tuple[int | None, int, int | None]] = {
    OURS: (BLOCK_ROWS, 2, None),
    f"blocks of {BLOCK_ROWS // 2}, three in hand": (BLOCK_ROWS // 2, 3, None),
    f"blocks of {BLOCK_ROWS}, one in hand": (BLOCK_ROWS, 1, None),
    "one large block, batch_size=64": (None, 1, 64),
}
"""Rows of a block, blocks in hand, Ray's own `batch_size`."""


def main(count: int = TEXTS, milliseconds: int = MILLISECONDS, *, rounds: int = ROUNDS) -> None:
    # Else workers stand behind everything else on the machine, the plain process included.
    os.environ["RAY_worker_niceness"] = "0"  # noqa: SIM112  # Ray writes it so
    measured: dict[str, list[float]] = {}
    with local_cluster() as ray, server(milliseconds) as url:
        logging.disable(logging.WARNING)  # a line for each dataset
        for _ in range(rounds):
            measured.setdefault(PLAIN, []).append(plain(url, count))
            for name, way in WAYS.items():
                measured.setdefault(name, []).append(on_ray(ray, url, count, *way))
    print(f"{count:,} texts, {milliseconds} ms a request, 8 requests in flight")
    base = statistics.median(measured[PLAIN])
    for name, speeds in measured.items():
        speed = statistics.median(speeds)
        print(f"{name:32} {speed:6.0f} texts a second, {speed / base:4.2f} × plain")
    reached = statistics.median(measured[OURS]) / base
    print(f"goal: ≥ {GOAL} × plain: {'reached' if reached >= GOAL else 'missed'}")


if __name__ == "__main__":
    if sys.argv[1:2] == ["plain"]:
        print(plain_here(sys.argv[2], int(sys.argv[3])))
    else:
        main(*map(int, sys.argv[1:]))
