"""`on_usage` and `UsageMeter`: every answer that was paid for is told of, once."""

from __future__ import annotations

import copy
import json
import logging
import pickle
import threading
from collections.abc import Callable
from typing import Any

import httpx
import pytest

from siliconflow_client import (
    AsyncSiliconFlowClient,
    ConfigurationError,
    OverloadedError,
    SiliconFlowClient,
    StreamInterruptedError,
    Usage,
    UsageMeter,
    UsageReport,
)
from tests.client.callers import CALLS, HI, KEY, Caller
from tests.double import TRACE, Double, Reply

both = pytest.mark.parametrize("kind", ["sync", "async"])
USAGE = {
    "prompt_tokens": 7,
    "completion_tokens": 3,
    "total_tokens": 10,
    "completion_tokens_details": {"reasoning_tokens": 2},
}
HEADERS = {"x-siliconcloud-trace-id": TRACE}


def chat(usage: Any = USAGE, content: str = "Hello.") -> httpx.Response:
    message = {"role": "assistant", "content": content}
    choice = {"index": 0, "message": message, "finish_reason": "stop"}
    body = {"id": "c", "model": "another", "choices": [choice], "usage": usage}
    return httpx.Response(200, json=body, headers=HEADERS)


def chunk(content: str, finish: str | None = None, usage: Any = None) -> bytes:
    choice = {"index": 0, "delta": {"content": content}, "finish_reason": finish}
    body = {"id": "c", "model": "another", "choices": [choice], "usage": usage}
    return f"data: {json.dumps(body)}\n\n".encode()


def stream(*pieces: bytes, cut: bool = False) -> Reply:
    ending = () if cut else (b"data: [DONE]\n\n",)
    return Reply([*pieces, *ending], headers={"content-type": "text/event-stream"}, cut=cut)


COMPLETION = httpx.Response(
    200,
    json={"id": "c", "choices": [{"text": "x", "finish_reason": "stop"}], "usage": USAGE},
    headers=HEADERS,
)
VECTORS = httpx.Response(
    200,
    json={
        "model": "BAAI/bge-m3",
        "data": [{"index": index, "embedding": [0.5]} for index in range(2)],
        "usage": {"prompt_tokens": 4, "completion_tokens": 0, "total_tokens": 4},
    },
    headers=HEADERS,
)
RANKS = httpx.Response(
    200,
    json={
        "results": [{"index": index, "relevance_score": 0.5} for index in range(3)],
        "meta": {"tokens": {"input_tokens": 9, "output_tokens": 1}},
    },
    headers=HEADERS,
)
ANSWERS = {
    "chat": (chat(), "/chat/completions", (7, 3, 10, 2, None)),
    "complete": (COMPLETION, "/completions", (7, 3, 10, 2, None)),
    "embed": (VECTORS, "/embeddings", (4, 0, 4, None, None)),
    "rerank": (RANKS, "/rerank", (9, 1, 10, None, None)),
}


def numbers(usage: Usage) -> tuple[int | None, ...]:
    return (
        usage.prompt_tokens,
        usage.completion_tokens,
        usage.total_tokens,
        usage.reasoning_tokens,
        usage.cached_tokens,
    )


def asking(kind: str, server: Double, on_usage: Any, **settings: Any) -> Caller:
    return Caller(kind, server, on_usage=on_usage, **settings)


@both
@pytest.mark.parametrize("method", ANSWERS)
async def test_a_plain_answer_is_told_with_model_tokens_and_trace_id(kind: str, method: str):
    answer, path, tokens = ANSWERS[method]
    told: list[UsageReport] = []
    async with asking(kind, Double(answer), told.append) as ask:
        await ask(method, **CALLS[method])
    (report,) = told
    assert (report.model, report.path, report.trace_id) == (CALLS[method]["model"], path, TRACE)
    assert numbers(report.usage) == tokens


@both
async def test_an_answer_without_tokens_is_not_told_of(kind: str):
    told: list[UsageReport] = []
    async with asking(kind, Double(chat(usage=None)), told.append) as ask:
        assert (await ask("chat", **HI)).usage is None
        await_models = Double(httpx.Response(200, json={"data": [{"id": "m"}]}))
    async with asking(kind, await_models, told.append) as ask:
        assert await ask("models")
    assert told == []


@both
async def test_a_stream_is_told_once_at_its_end(kind: str):
    running = {"prompt_tokens": 7, "completion_tokens": 1, "total_tokens": 8}
    told: list[UsageReport] = []
    server = Double(stream(chunk("Hel", usage=running), chunk("lo.", "stop", USAGE)))
    async with asking(kind, server, told.append) as ask:
        assert (await ask.stream(**HI)).text == "Hello."
    assert [numbers(report.usage) for report in told] == [(7, 3, 10, 2, None)]
    assert [report.trace_id for report in told] == [TRACE]


@both
async def test_a_stream_that_is_left_early_was_paid_for_too(kind: str):
    running = {"prompt_tokens": 7, "completion_tokens": 1, "total_tokens": 8}
    told: list[UsageReport] = []
    server = Double(stream(chunk("Hel", usage=running), chunk("lo.", "stop", USAGE)))
    async with asking(kind, server, told.append) as ask:
        await ask.stream(**HI, take=1)
    assert [report.usage.total_tokens for report in told] == [8]


@both
async def test_a_stream_that_broke_off_was_paid_for_too(kind: str):
    running = {"prompt_tokens": 7, "completion_tokens": 1, "total_tokens": 8}
    told: list[UsageReport] = []
    server = Double(stream(chunk("Hel", usage=running), cut=True))
    async with asking(kind, server, told.append) as ask:
        assert isinstance((await ask.stream(**HI)).error, StreamInterruptedError)
    assert [report.usage.total_tokens for report in told] == [8]


@both
async def test_attempts_without_an_answer_are_not_told_of(kind: str):
    told: list[UsageReport] = []
    server = Double(httpx.Response(503), httpx.Response(500), chat())
    async with asking(kind, server, told.append) as ask:
        await ask("chat", **HI)
    assert len(told) == 1


@both
async def test_an_empty_answer_and_the_one_after_it_are_both_told_of(kind: str):
    told: list[UsageReport] = []
    async with asking(kind, Double(chat(content=""), chat()), told.append) as ask:
        await ask("chat", **HI)
    assert [report.usage.total_tokens for report in told] == [10, 10]


@both
async def test_a_fallback_is_told_under_its_own_name(kind: str):
    told: list[UsageReport] = []
    server = Double(lambda asked: chat() if asked.body["model"] == "spare" else httpx.Response(503))
    async with asking(kind, server, told.append, fallback_models=["spare"], max_retries=0) as ask:
        await ask("chat", **HI)
    assert [report.model for report in told] == ["spare"]


@both
async def test_a_long_answer_that_was_streamed_inside_is_told_of(kind: str):
    told: list[UsageReport] = []
    server = Double(httpx.Response(504), stream(chunk("Hello.", "stop", USAGE)))
    async with asking(kind, server, told.append) as ask:
        assert (await ask("chat", **HI)).text == "Hello."
    assert [numbers(report.usage) for report in told] == [(7, 3, 10, 2, None)]


MESSAGE = {
    "type": "message",
    "content": [{"type": "text", "text": "Hi."}],
    "stop_reason": "end_turn",
    "usage": {"input_tokens": 5, "output_tokens": 2, "cache_read_input_tokens": 1},
}
ASK_MESSAGES: dict[str, Any] = {
    "model": "zai-org/GLM-4.6",
    "max_tokens": 10,
    "messages": [{"role": "user", "content": "Hi"}],
}


def test_messages_are_told_of_plain_and_streamed():
    told: list[UsageReport] = []
    events = [
        {"type": "message_start", "message": {**MESSAGE, "content": []}},
        {"type": "message_delta", "delta": {}, "usage": {"output_tokens": 4}},
        {"type": "message_stop"},
    ]
    streamed = Reply(
        [f"data: {json.dumps(event)}\n\n".encode() for event in events],
        headers={"content-type": "text/event-stream"},
    )
    server = Double(httpx.Response(200, json=MESSAGE), streamed)
    with SiliconFlowClient(on_usage=told.append, api_key=KEY, http_client=server.clients["http_client"]) as client:  # fmt: skip
        client.messages.create(**ASK_MESSAGES)
        list(client.messages.stream(**ASK_MESSAGES))
    assert [numbers(report.usage) for report in told] == [
        (5, 2, 7, None, 1),
        (5, 4, 9, None, 1),
    ]
    assert {report.path for report in told} == {"/messages"}


# --- what the caller's function does ----------------------------------------------------------


@both
@pytest.mark.parametrize("streamed", [False, True], ids=["plain", "stream"])
async def test_what_it_raises_loses_no_answer(
    kind: str, streamed: bool, caplog: pytest.LogCaptureFixture
):
    def fails(report: UsageReport) -> None:
        raise RuntimeError(f"a secret of the caller's: {report.model}")

    server = Double(stream(chunk("Hello.", "stop", USAGE)) if streamed else chat())
    async with asking(kind, server, fails) as ask:
        answer = await (ask.stream(**HI) if streamed else ask("chat", **HI))
    assert answer.text == "Hello."
    (record,) = [record for record in caplog.records if record.levelno == logging.ERROR]
    assert "RuntimeError" in record.getMessage()
    assert "secret" not in record.getMessage()


def test_an_interrupt_in_it_goes_through():
    def interrupted(report: UsageReport) -> None:
        raise KeyboardInterrupt

    clients = Double(chat()).clients
    clients.pop("async_http_client")
    with SiliconFlowClient(on_usage=interrupted, **clients) as client:
        with pytest.raises(KeyboardInterrupt):
            client.chat(**HI)


async def _asynchronous(report: UsageReport) -> None:
    """Nobody would await it."""


@pytest.mark.parametrize("wrong", [1, "meter", _asynchronous], ids=["int", "str", "coroutine"])
@pytest.mark.parametrize("cls", [SiliconFlowClient, AsyncSiliconFlowClient])
def test_what_cannot_be_called_is_refused(cls: Callable[..., Any], wrong: Any):
    with pytest.raises(ConfigurationError, match="on_usage must be a function") as caught:
        cls(api_key=KEY, on_usage=wrong)
    assert caught.value.argument == "on_usage"


@both
async def test_an_error_is_still_an_error(kind: str):
    told: list[UsageReport] = []
    async with asking(kind, Double(httpx.Response(503)), told.append, max_retries=0) as ask:
        with pytest.raises(OverloadedError):
            await ask("chat", **HI)
    assert told == []


# --- the meter --------------------------------------------------------------------------------


def metered() -> UsageMeter:
    meter = UsageMeter()
    meter(UsageReport("a", Usage(1_000_000, 500_000, 1_500_000, 3), "t", "/chat/completions"))
    meter(UsageReport("a", Usage(1_000_000, 0, 1_000_000, cached_tokens=8), None, "/x"))
    meter.add("b", Usage(10, 0, 10))
    return meter


def test_a_meter_adds_up_by_model():
    meter = metered()
    assert numbers(meter.by_model["a"]) == (2_000_000, 500_000, 2_500_000, 3, 8)
    assert numbers(meter.by_model["b"]) == (10, 0, 10, None, None)
    assert numbers(meter.total) == (2_000_010, 500_000, 2_500_010, 3, 8)
    assert meter.answers == 3


def test_costs_are_prices_per_million_tokens():
    assert metered().cost({"a": (2.0, 8.0), "b": (100, 0), "unused": (1, 1)}) == pytest.approx(
        8.001
    )
    assert UsageMeter().cost({}) == 0


def test_a_model_without_a_price_is_named():
    with pytest.raises(ConfigurationError, match="prices has none for 'b'") as caught:
        metered().cost({"a": (2.0, 8.0)})
    assert caught.value.argument == "prices"
    many = UsageMeter()
    for number in range(8):
        many.add(f"m{number}", Usage(1, 1, 2))
    with pytest.raises(ConfigurationError, match="'m4' and 3 more"):
        many.cost({})


def test_threads_may_share_one():
    meter = UsageMeter()
    report = UsageReport("m", Usage(1, 2, 3), None, "/chat/completions")

    def count() -> None:
        for _ in range(500):
            meter(report)

    threads = [threading.Thread(target=count) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert (meter.answers, meter.total.total_tokens) == (4000, 12_000)


def test_a_stream_that_is_collected_while_the_meter_counts_stops_nothing():
    class Late:
        """Tells the meter once more while it is added up, as a finalizer could."""

        completion_tokens, total_tokens, reasoning_tokens, cached_tokens = 0, 1, None, None

        @property
        def prompt_tokens(self) -> int:
            meter.add("late", Usage(1, 0, 1))
            return 1

    meter = UsageMeter()
    meter.add("m", Late())
    assert meter.total.total_tokens == 2
    assert set(meter.by_model) == {"m", "late"}


def test_many_answers_are_added_up_as_they_come():
    meter = UsageMeter()
    for _ in range(2500):
        meter.add("m", Usage(1, 0, 1))
    assert len(meter._told) < 1000
    assert meter.answers == 2500


def test_a_deep_copy_is_the_same_meter_and_a_pickle_one_of_its_own():
    meter = metered()
    assert copy.deepcopy(meter) is meter
    travelled = pickle.loads(pickle.dumps(meter))
    assert travelled.by_model == meter.by_model
    travelled.reset()
    assert (travelled.answers, travelled.total.total_tokens) == (0, 0)
    assert meter.answers == 3


def test_what_is_read_does_not_change_any_more():
    meter = metered()
    before, total = meter.by_model, meter.total
    meter.add("a", Usage(1, 1, 2))
    assert before["a"].total_tokens == 2_500_000
    assert total.total_tokens == 2_500_010
