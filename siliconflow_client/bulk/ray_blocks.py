"""How datasets of Ray Data are cut, and how many pieces of them a worker has in hand."""

from __future__ import annotations

from importlib import import_module
from typing import Final, Literal, Protocol, TypedDict, cast

from siliconflow_client.bulk.embedding import DEFAULT_WIDTH
from siliconflow_client.endpoints.embeddings import MAX_EMBEDDING_INPUTS

BLOCK_ROWS: Final = DEFAULT_WIDTH * MAX_EMBEDDING_INPUTS
"""Texts of one block of `EmbedColumn`'s: what fills the requests that a worker has in flight."""
_BLOCKS_IN_HAND: Final = 2
_PROCESSORS: Final = 0.25
"""Of a worker, which waits most of the time; what reads the data needs its share."""


class MapSettings(TypedDict):
    """The keywords of `map_batches` that `map_settings` makes."""

    batch_format: Literal["pyarrow"]
    batch_size: None
    compute: object
    num_cpus: float


def map_settings(
    workers: int = 1, *, blocks: int = _BLOCKS_IN_HAND, num_cpus: float = _PROCESSORS
) -> MapSettings:
    """Keywords of `map_batches` under which the classes here are as fast as one plain process.

    Each call gets one block whole: Ray's own batches of a block come one after the other, and
    requests would wait for the end of each.

    Args:
        workers: Processes. A worker has `width` requests in flight, whatever it has in hand.
        blocks: Blocks that a worker has in hand. With one, nothing is in flight between two.
        num_cpus: Processors that Ray counts for a worker, which waits most of the time; what reads
            the data needs the others.
    """
    strategies = cast("_Strategies", import_module("ray.data"))
    return {
        "batch_format": "pyarrow",
        "batch_size": None,
        "compute": strategies.ActorPoolStrategy(
            size=workers, max_concurrent_calls_per_actor=blocks, enable_true_multi_threading=True
        ),
        "num_cpus": num_cpus,
    }


class _Strategies(Protocol):
    """What is used of `ray.data`."""

    def ActorPoolStrategy(  # noqa: N802  # a class of Ray's
        self,
        *,
        size: int,
        max_concurrent_calls_per_actor: int,
        enable_true_multi_threading: bool,
    ) -> object: ...
