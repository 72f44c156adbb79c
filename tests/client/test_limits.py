"""Limits: what the ledger books, and what comes of thousands of calls under the vendor's limits."""

from __future__ import annotations

import asyncio
import copy
import pickle
from typing import Any

import httpx
import pytest
from hypothesis import given
from hypothesis import strategies as st

from siliconflow_client import (
    APITimeoutError,
    AsyncSiliconFlowClient,
    CallOptions,
    ConfigurationError,
    Limits,
    RateLimitError,
    SiliconFlowClient,
    SiliconFlowError,
)
from siliconflow_client.protocol.limits import MARGIN, WINDOW, Ledger
from tests.client.callers import HI, KEY
from tests.client.virtual_time import Vendor, run_in_virtual_time

# --- the ledger -----------------------------------------------------------------------------


@given(
    st.lists(st.tuples(st.floats(0, 30), st.integers(1, 400)), max_size=60),
    st.integers(1, 10),
    st.integers(400, 2000),
)
def test_no_minute_holds_more_than_the_limits(asked: list[tuple[float, int]], rpm: int, tpm: int):
    ledger = Ledger(rpm, tpm, learns=False)
    now = 0.0
    booked = []
    for pause, tokens in asked:
        now += pause
        booking = ledger.book(now, tokens)
        assert booking.at >= now
        booked.append((booking.at, tokens))
    assert [at for at, _ in booked] == sorted(at for at, _ in booked), "requests keep their order"
    for end, _ in booked:
        within = [tokens for at, tokens in booked if end - WINDOW < at <= end]
        assert len(within) <= rpm
        assert sum(within) <= tpm


def test_room_is_used_at_once_and_the_next_waits_for_the_minute_to_pass():
    ledger = Ledger(rpm=2, learns=False)
    assert [ledger.book(0.0, 1).at for _ in range(3)] == [0.0, 0.0, WINDOW + MARGIN]


def test_an_estimate_is_corrected():
    ledger = Ledger(tpm=1000, learns=False)
    first = ledger.book(0.0, 900)
    ledger.settle(first, 100, 0)
    assert ledger.book(0.0, 800).at == 0.0


def test_a_place_that_is_given_up_is_free():
    ledger = Ledger(rpm=1, learns=False)
    ledger.cancel(ledger.book(0.0, 1))
    assert ledger.book(0.0, 1).at == 0.0


def test_a_request_that_is_larger_than_the_limit_waits_for_an_empty_minute_and_goes():
    ledger = Ledger(tpm=100, learns=False)
    assert ledger.book(0.0, 50).at == 0.0
    assert ledger.book(0.0, 5000).at == WINDOW + MARGIN


def test_a_refusal_teaches_what_the_minute_before_it_held():
    ledger = Ledger()
    for number in range(10):
        ledger.settle(ledger.book(float(number), 100), 100, 0)
    ledger.refuse(ledger.book(10.0, 100), 10.0, "TPM", None)
    assert ledger.tpm == pytest.approx(950)
    assert ledger.rpm is None
    ledger.refuse(ledger.book(10.0, 100), 10.0, "RPM", None)
    assert ledger.rpm == pytest.approx(9.5)


def test_a_first_refusal_pauses_and_limits_nothing():
    ledger = Ledger()
    ledger.refuse(ledger.book(0.0, 100), 0.0, None, None)
    assert (ledger.rpm, ledger.tpm) == (None, None)
    assert ledger.book(0.0, 100).at == 1.0
    other = Ledger()
    other.refuse(other.book(0.0, 100), 0.0, None, 7.0)
    assert other.book(0.0, 100).at == 7.0


# --- under the vendor's limits --------------------------------------------------------------

RPM, TPM, TOKENS, LATENCY = 1000, 50_000, 400, 2.0


def labelling(
    limits: Any, calls: int, *, processes: int = 1, wide: int = 64
) -> tuple[Vendor, int, float]:
    """Run `calls` calls, `wide` at a time in each process; return how many were lost, and how long."""
    vendor = Vendor(RPM, TPM, TOKENS, LATENCY)

    async def process(limit: Any) -> int:
        loop = asyncio.get_running_loop()
        http = httpx.AsyncClient(transport=httpx.MockTransport(vendor.answer))
        client = AsyncSiliconFlowClient(
            api_key=KEY, async_http_client=http, limits=limit, sleep=asyncio.sleep, clock=loop.time
        )
        lost = 0
        left = iter(range(calls // processes))

        async def worker() -> None:
            nonlocal lost
            for _ in left:
                try:
                    await client.chat(**HI)
                except SiliconFlowError:
                    lost += 1

        await asyncio.gather(*(worker() for _ in range(wide)))
        return lost

    async def main() -> int:
        made = [limits() if callable(limits) else None for _ in range(processes)]
        return sum(await asyncio.gather(*(process(one) for one in made)))

    lost, seconds = run_in_virtual_time(main())
    return vendor, lost, seconds


def used(vendor: Vendor, seconds: float) -> float:
    """The share of the tokens that could have been used; the first minute's burst is free."""
    return vendor.answered * TOKENS / (TPM * (seconds - LATENCY) / 60 + TPM)


def test_without_limits_most_is_lost():
    _, lost, _ = labelling(None, 600)
    assert lost > 300, "the model is not hard enough to show anything"


def test_known_limits_lose_nothing_and_are_never_refused():
    vendor, lost, seconds = labelling(lambda: Limits(rpm=RPM, tpm=TPM), 5000)
    assert (lost, vendor.refused, vendor.answered) == (0, 0, 5000)
    assert used(vendor, seconds) >= 0.93


def test_unknown_limits_are_learned_and_nothing_is_lost():
    vendor, lost, seconds = labelling(Limits, 5000)
    assert (lost, vendor.answered) == (0, 5000)
    assert vendor.refused / vendor.requests <= 0.12
    assert used(vendor, seconds) >= 0.85


def test_four_processes_that_know_nothing_of_each_other_lose_nothing():
    vendor, lost, _ = labelling(Limits, 1200, processes=4, wide=16)
    assert (lost, vendor.answered) == (0, 1200)


# --- in the clients -------------------------------------------------------------------------


def test_one_object_is_shared_and_models_count_for_themselves():
    now = [0.0]
    waits: list[float] = []

    def sleep(seconds: float) -> None:
        waits.append(seconds)
        now[0] += seconds

    def answer(request: httpx.Request) -> httpx.Response:
        return httpx.Response(
            200, json={"data": [{"index": 0, "embedding": [0.5]}], "usage": {"total_tokens": 3}}
        )

    limits = Limits(rpm=2)
    make = lambda key: SiliconFlowClient(  # noqa: E731
        api_key=key, limits=limits, sleep=sleep, clock=lambda: now[0],
        http_client=httpx.Client(transport=httpx.MockTransport(answer)),
    )  # fmt: skip
    one, two, other = make(KEY), make(KEY), make("another-key")
    for client in (one, two, other, other):
        client.embed(model="a", input="x")
    one.embed(model="b", input="x")
    assert waits == []
    two.embed(model="a", input="x")
    assert waits == [WINDOW + MARGIN]


class Told:
    """Tells the key; equal to its like, and so without a hash."""

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Told)

    __hash__ = None  # type: ignore[assignment]  # as a dataclass has none

    def __call__(self) -> str:
        return KEY


@pytest.mark.parametrize("tells", [Told(), lambda: KEY], ids=["without a hash", "a function"])
def test_one_function_that_tells_the_key_is_one_account(tells: Any):
    waits: list[float] = []
    now = [0.0]

    def sleep(seconds: float) -> None:
        waits.append(seconds)
        now[0] += seconds

    def answer(request: httpx.Request) -> httpx.Response:
        return httpx.Response(200, json={"data": [{"index": 0, "embedding": [0.5]}]})

    limits = Limits(rpm=1)
    for _ in range(2):
        client = SiliconFlowClient(
            api_key=tells, limits=limits, sleep=sleep, clock=lambda: now[0],
            http_client=httpx.Client(transport=httpx.MockTransport(answer)),
        )  # fmt: skip
        client.embed(model="a", input="x")
    assert waits == [WINDOW + MARGIN]
    assert repr(limits) == "Limits(rpm=1, tpm=None)"


def test_a_deadline_does_not_wait_for_a_place_beyond_it():
    waits: list[float] = []
    client = SiliconFlowClient(
        api_key=KEY, limits=Limits(rpm=1), sleep=waits.append, clock=lambda: 0.0,
        http_client=httpx.Client(transport=httpx.MockTransport(lambda request: httpx.Response(404))),
    )  # fmt: skip
    with pytest.raises(SiliconFlowError):
        client.models()
    with pytest.raises(SiliconFlowError):
        client.chat(**HI)
    with pytest.raises(APITimeoutError) as caught:
        client.chat(**HI, options=CallOptions(deadline=5.0))
    assert caught.value.phase == "deadline"
    assert waits == []


async def test_a_call_that_is_cancelled_while_it_waits_gives_its_place_back():
    limits = Limits(rpm=1)
    http = httpx.AsyncClient(transport=httpx.MockTransport(lambda request: httpx.Response(404)))
    client = AsyncSiliconFlowClient(
        api_key=KEY, async_http_client=http, limits=limits, clock=lambda: 0.0
    )
    with pytest.raises(SiliconFlowError):
        await client.chat(**HI)
    task = asyncio.create_task(client.chat(**HI))
    await asyncio.sleep(0)
    await asyncio.sleep(0)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    (ledger,) = limits._ledgers.values()
    assert [one.was_taken for one in ledger._recent] == [True, False]


def test_a_refusal_that_lasts_is_raised_in_the_end():
    refuse = httpx.MockTransport(
        lambda request: httpx.Response(429, json={"message": "TPM limit reached."})
    )
    client = SiliconFlowClient(
        api_key=KEY, limits=Limits(), sleep=lambda seconds: None, clock=iter(range(0, 10**9, 100)).__next__,
        http_client=httpx.Client(transport=refuse),
    )  # fmt: skip
    with pytest.raises(RateLimitError):
        client.chat(**HI)


@pytest.mark.parametrize("told", [10**400, 10**12, -5, True])
def test_a_count_that_cannot_be_right_holds_nothing_up(told: int):
    usage = {"prompt_tokens": 1, "completion_tokens": 1, "total_tokens": told}
    answer = {"choices": [{"message": {"content": "Hello"}}], "usage": usage}
    waits: list[float] = []
    client = SiliconFlowClient(
        api_key=KEY, limits=Limits(tpm=50_000), sleep=waits.append, clock=lambda: 0.0,
        http_client=httpx.Client(
            transport=httpx.MockTransport(lambda request: httpx.Response(200, json=answer))
        ),
    )  # fmt: skip
    assert [client.chat(**HI).text for _ in range(5)] == ["Hello"] * 5
    assert waits == []


@pytest.mark.parametrize("wrong", [{"rpm": 0}, {"tpm": -1}, {"rpm": True}])
def test_a_limit_that_cannot_be_meant(wrong: dict[str, Any]):
    with pytest.raises(ConfigurationError):
        Limits(**wrong)


def test_limits_travel_empty():
    limits = Limits(rpm=5)
    for twin in (copy.deepcopy(limits), pickle.loads(pickle.dumps(limits))):
        assert (twin.rpm, twin.tpm, twin._ledgers) == (5, None, {})
