"""Batches: cut in order, bounded in flight, put together in order."""

from __future__ import annotations

import asyncio
import copy
import pickle

import pytest
from hypothesis import given
from hypothesis import strategies as st

from siliconflow_client import Gate, RerankHit, RerankResult, merge_rankings, split_batches


@given(st.lists(st.integers()), st.integers(1, 9))
def test_batches_keep_every_item_in_order(items: list[int], size: int):
    parts = split_batches(items, size)
    assert [item for part in parts for item in part] == items
    assert all(len(part) == size for part in parts[:-1])
    assert all(0 < len(part) <= size for part in parts)


def ranking(*pairs: tuple[int, float]) -> RerankResult:
    return RerankResult("r", [RerankHit(index, score) for index, score in pairs], 1, 0, None)


@pytest.mark.parametrize("top_n", [None, 3, 1])
def test_rankings_merge_by_score_and_count_in_the_whole_list(top_n: int | None):
    results = [ranking((1, 0.9), (0, 0.2)), ranking((0, 0.5), (1, 0.2)), ranking((0, 1.0))]
    merged = merge_rankings(results, 2, top_n)
    whole = [(4, 1.0), (1, 0.9), (2, 0.5), (0, 0.2), (3, 0.2)]
    assert [(hit.index, hit.relevance_score) for hit in merged] == whole[:top_n]


class Flight:
    """Counts how many jobs are in the air."""

    def __init__(self) -> None:
        self.now = self.most = self.started = self.ended = 0

    async def job(self, number: int) -> int:
        self.started += 1
        self.now += 1
        self.most = max(self.most, self.now)
        try:
            for _ in range(3):
                await asyncio.sleep(0)
            if number < 0:
                raise ValueError(str(number))
            return number * 2
        finally:
            self.now -= 1
            self.ended += 1


@pytest.mark.parametrize("width", [1, 3, 50])
async def test_a_gate_bounds_what_is_in_flight_and_keeps_the_order(width: int):
    flight = Flight()
    assert await Gate().map(flight.job, range(20), width=width) == [2 * n for n in range(20)]
    assert flight.most == min(width, 20)


async def test_calls_at_the_same_time_share_a_gate():
    flight, gate = Flight(), Gate()
    await asyncio.gather(*(gate.map(flight.job, range(5), width=2) for _ in range(4)))
    assert (flight.most, flight.started) == (2, 20)


async def test_the_first_failure_ends_the_others():
    flight = Flight()
    with pytest.raises(ValueError, match="-1"):
        await Gate().map(flight.job, [-1, *range(30)], width=2)
    assert flight.started == flight.ended < 31
    assert flight.now == 0


def test_a_gate_works_in_every_loop_and_travels_empty():
    gate, flight = Gate(), Flight()
    for each in (gate, gate, copy.deepcopy(gate), pickle.loads(pickle.dumps(gate))):
        assert asyncio.run(each.map(flight.job, [1, 2], width=1)) == [2, 4]
    assert len(gate._limits) == 1
