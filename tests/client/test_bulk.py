"""Many texts and documents: bounded, in order, and nothing that was paid for is lost."""

from __future__ import annotations

import asyncio
import contextvars
import json
import signal
import threading
from collections.abc import Callable, Iterator
from typing import Any

import httpx
import pytest
from hypothesis import given
from hypothesis import strategies as st

from siliconflow_client import (
    AsyncSiliconFlowClient,
    BadRequestError,
    CallOptions,
    ConfigurationError,
    EmbeddedBatch,
    EmbeddingCollector,
    PayloadTooLargeError,
    RankedBatch,
    RateLimitError,
    RerankHit,
    RerankResult,
    SiliconFlowClient,
)
from siliconflow_client.bulk.ordered import (
    Await,
    Done,
    Failed,
    Hand,
    Start,
    Take,
    Taken,
    ordered_flow,
)
from siliconflow_client.bulk.reranking import RankingCollector
from siliconflow_simulator import Simulator
from tests.client.callers import KEY

MODEL = "BAAI/bge-m3"
RERANKER = "BAAI/bge-reranker-v2-m3"
SEEING = "Qwen/Qwen3-VL-Embedding-8B"
SEEING_RERANKER = "Qwen/Qwen3-VL-Reranker-8B"
CAR = {"image": "https://example.com/car.jpg"}


def numbered(text: str) -> list[float]:
    return [float(text.removeprefix("t"))]


class Server:
    """Embeds `t7` as [7.0] and ranks by the number; notes how many requests are in flight."""

    def __init__(
        self,
        refuse: str | None = None,
        together: int = 1,
        respond: Callable[[dict[str, Any]], httpx.Response] | None = None,
    ) -> None:
        self.refuse = refuse
        self._respond = respond or self._embed_or_rank
        self.requests: list[dict[str, Any]] = []
        self.most = 0
        self._now = 0
        self._lock = threading.Lock()
        self._barrier = threading.Barrier(together) if together > 1 else None

    def answer(self, request: httpx.Request) -> httpx.Response:
        body = json.loads(request.content)
        with self._lock:
            self.requests.append(body)
            self._now += 1
            self.most = max(self.most, self._now)
        if self._barrier is not None:
            self._barrier.wait(timeout=10)
        response = self._respond(body)
        with self._lock:
            self._now -= 1
        return response

    async def answer_async(self, request: httpx.Request) -> httpx.Response:
        body = json.loads(request.content)
        self.requests.append(body)
        self._now += 1
        self.most = max(self.most, self._now)
        for _ in range(3):
            await asyncio.sleep(0)
        self._now -= 1
        return self._respond(body)

    def _embed_or_rank(self, body: dict[str, Any]) -> httpx.Response:
        texts = body.get("input") or body["documents"]
        if self.refuse is not None and self.refuse in texts:
            return httpx.Response(400, json={"code": 20015, "message": "The parameter is invalid."})
        if "documents" in body:
            hits = [
                {"index": n, "relevance_score": numbered(text)[0] / 1000}
                for n, text in enumerate(texts)
            ]
            hits.sort(key=lambda hit: -hit["relevance_score"])
            return httpx.Response(
                200,
                json={
                    "id": "r",
                    "results": hits[: body.get("top_n")],
                    "meta": {"tokens": {"input_tokens": 2, "output_tokens": 0}},
                },
            )
        data = [{"index": n, "embedding": numbered(text)} for n, text in enumerate(texts)]
        return httpx.Response(
            200, json={"model": MODEL, "data": data, "usage": {"prompt_tokens": len(texts)}}
        )


class Bulk:
    """The same calls on either client."""

    def __init__(self, kind: str, server: Server) -> None:
        self.sync = kind == "sync"
        if self.sync:
            http = httpx.Client(transport=httpx.MockTransport(server.answer))
            self.client: Any = SiliconFlowClient(api_key=KEY, http_client=http)
        else:
            ahttp = httpx.AsyncClient(transport=httpx.MockTransport(server.answer_async))
            self.client = AsyncSiliconFlowClient(api_key=KEY, async_http_client=ahttp)

    async def all(self, method: str, *args: Any, **kwargs: Any) -> list[Any]:
        results = getattr(self.client, method)(*args, **kwargs)
        if self.sync:
            return await asyncio.to_thread(list, results)
        return [item async for item in results]

    async def rerank(self, *args: Any, **kwargs: Any) -> RerankResult:
        if self.sync:
            return await asyncio.to_thread(self.client.rerank_many, *args, **kwargs)
        return await self.client.rerank_many(*args, **kwargs)


both = pytest.mark.parametrize("kind", ["sync", "async"])


def texts(count: int) -> list[str]:
    return [f"t{number}" for number in range(count)]


# --- without I/O ----------------------------------------------------------------------------


@given(
    st.integers(0, 12),
    st.integers(1, 4),
    st.randoms(use_true_random=False),
    st.sets(st.integers(0, 11)),
)
def test_whatever_ends_first_results_are_handed_in_order_and_none_is_lost(
    count: int, width: int, chance: Any, failing: set[int]
):
    flow = ordered_flow(width)
    items = iter(range(count))
    running: dict[int, int] = {}
    handed: list[int] = []
    begun: set[int] = set()
    finished: set[int] = set()
    outcome: Any = None
    raised: BadRequestError | None = None
    try:
        while True:
            action = flow.send(outcome)
            outcome = None
            if isinstance(action, Take):
                item = next(items, None)
                outcome = None if item is None else Taken(item)
            elif isinstance(action, Start):
                assert not begun & failing or not (begun & failing) - set(running), (
                    "begun after a failure"
                )
                running[action.number] = action.item
                begun.add(action.number)
                assert len(running) <= width
                assert len(begun) - len(handed) <= 2 * width
            elif isinstance(action, Hand):
                handed.append(action.result)
            else:
                assert isinstance(action, Await)
                number = chance.choice(sorted(running))
                item = running.pop(number)
                if number in failing:
                    error = BadRequestError(str(number), status_code=400)
                    outcome = Failed(number, error)
                else:
                    finished.add(number)
                    outcome = Done(number, item)
    except StopIteration:
        pass
    except BadRequestError as error:
        raised = error
    assert not running, "paid for and not waited for"
    assert handed == sorted(handed)
    failed = sorted(begun & failing)
    if failed:
        assert raised is not None
        assert raised.message == str(failed[0])
        assert sorted([*handed, *raised.partial]) == sorted(finished)
    else:
        assert (raised, handed) == (None, list(range(count)))


def ranking(*pairs: tuple[int, float]) -> RerankResult:
    return RerankResult("r", [RerankHit(index, score) for index, score in pairs], 1, 0, None)


@pytest.mark.parametrize("top_n", [None, 3, 1])
def test_rankings_merge_by_score_and_count_in_the_whole_list(top_n: int | None):
    parts = [ranking((1, 0.9), (0, 0.2)), ranking((0, 0.5), (1, 0.2)), ranking((0, 1.0))]
    collected = RankingCollector(top_n)
    for number, part in enumerate(parts):
        collected.add(RankedBatch(number * 2, part))
    whole = [(4, 1.0), (1, 0.9), (2, 0.5), (0, 0.2), (3, 0.2)]
    merged = collected.merged()
    assert [(hit.index, hit.relevance_score) for hit in merged.results] == whole[:top_n]
    assert (merged.input_tokens, merged.output_tokens) == (3, 0)


# --- embedding ------------------------------------------------------------------------------


@both
@pytest.mark.parametrize(("count", "requests"), [(0, 0), (1, 1), (32, 1), (33, 2), (200, 7)])
async def test_texts_are_embedded_in_order_in_batches(kind: str, count: int, requests: int):
    server = Server()
    batches = await Bulk(kind, server).all("embed_many", texts(count), model=MODEL)
    assert [vector for batch in batches for vector in batch.vectors] == [
        [float(n)] for n in range(count)
    ]
    assert [batch.start for batch in batches] == list(range(0, count, 32))
    assert len(server.requests) == requests
    assert all(len(body["input"]) <= 32 for body in server.requests)
    assert all(batch.usage.prompt_tokens == len(batch.vectors) for batch in batches)


@both
async def test_a_position_to_start_from_skips_what_is_done(kind: str):
    server = Server()
    batches = await Bulk(kind, server).all(
        "embed_many", texts(10), model=MODEL, start=7, batch_size=2
    )
    assert [(batch.start, batch.vectors) for batch in batches] == [
        (7, [[7.0], [8.0]]),
        (9, [[9.0]]),
    ]


@both
async def test_requests_run_together_up_to_the_width(kind: str):
    server = Server(together=3 if kind == "sync" else 1)
    await Bulk(kind, server).all("embed_many", texts(12), model=MODEL, batch_size=1, width=3)
    assert server.most == 3


async def test_one_width_bounds_the_calls_of_a_client_at_the_same_time():
    server = Server()
    bulk = Bulk("async", server)
    calls = (bulk.all("embed_many", texts(5), model=MODEL, batch_size=1, width=2) for _ in range(4))
    await asyncio.gather(*calls)
    assert (server.most, len(server.requests)) == (2, 20)


@both
async def test_any_iterable_is_taken_piece_by_piece(kind: str):
    taken = 0

    def endless() -> Iterator[str]:
        nonlocal taken
        while True:
            taken += 1
            yield f"t{taken}"

    results = Bulk(kind, Server()).client.embed_many(endless(), model=MODEL, batch_size=1, width=2)
    if kind == "sync":
        first = next(results)
        results.close()
    else:
        first = await anext(results)
        await results.aclose()
    assert first.vectors == [[1.0]]
    assert taken <= 5


@both
async def test_a_failure_keeps_what_was_paid_for(kind: str):
    server = Server(refuse="t5")
    bulk = Bulk(kind, server)
    batches: list[EmbeddedBatch] = []
    results = bulk.client.embed_many(texts(40), model=MODEL, batch_size=2, width=2)
    with pytest.raises(BadRequestError) as caught:
        if kind == "sync":
            batches.extend(results)
        else:
            async for batch in results:
                batches.append(batch)
    kept = [batch.start for batch in [*batches, *caught.value.partial]]
    assert {0, 2} <= set(kept)
    assert 4 not in kept
    asked = [int(body["input"][0].removeprefix("t")) for body in server.requests]
    assert sorted(kept) == sorted(set(asked) - {4}), "an answer was lost"
    assert len(asked) <= 6, "requests were begun after the failure"


def test_a_collector_keeps_a_vector_or_nothing_for_each_text():
    with pytest.raises(RateLimitError) as caught, EmbeddingCollector(5) as collected:
        collected.add(EmbeddedBatch(0, [[0.0], [1.0]], MODEL, None, None))
        error = RateLimitError("no", status_code=429)
        error.partial = [EmbeddedBatch(4, [[4.0]], MODEL, None, None)]
        raise error
    assert caught.value.partial == [[0.0], [1.0], None, None, [4.0]]


def test_progress_is_told_of_each_batch():
    steps: list[int] = []
    collected = EmbeddingCollector(3, steps.append)
    collected.add(EmbeddedBatch(0, [[0.0], [1.0]], MODEL, None, None))
    collected.add(EmbeddedBatch(2, [[2.0]], MODEL, None, None))
    assert (steps, collected.vectors) == ([2, 1], [[0.0], [1.0], [2.0]])


@both
@pytest.mark.parametrize(
    ("given", "argument"),
    [(["a", 5], "texts[1]"), ("one string", "texts"), (["a"] * 40 + [None], "texts[40]")],
)
async def test_a_list_is_checked_before_anything_is_sent(kind: str, given: Any, argument: str):
    server = Server()
    with pytest.raises(ConfigurationError) as caught:
        await Bulk(kind, server).all("embed_many", given, model=MODEL)
    assert caught.value.argument == argument
    assert server.requests == []


@both
async def test_what_an_iterable_yields_is_checked_on_the_way(kind: str):
    server = Server()
    with pytest.raises(ConfigurationError) as caught:
        await Bulk(kind, server).all(
            "embed_many", iter(["t0", "t1", 5]), model=MODEL, batch_size=1, width=1
        )
    assert caught.value.argument == "texts[2]"
    assert len(server.requests) == 2


@both
@pytest.mark.parametrize(
    ("name", "value"),
    [("batch_size", 0), ("batch_size", 65), ("width", 0), ("width", True), ("start", -1)],
)
async def test_numbers_that_cannot_be_meant_are_refused(kind: str, name: str, value: Any):
    with pytest.raises(ConfigurationError) as caught:
        await Bulk(kind, Server()).all("embed_many", ["t1"], model=MODEL, **{name: value})
    assert caught.value.argument == name


class Seeing(Bulk):
    """The same calls on the simulator, which answers for vision models."""

    def __init__(self, kind: str) -> None:
        transport = Simulator().transport()
        self.requests: list[dict[str, Any]] = []

        def answer(request: httpx.Request) -> httpx.Response:
            self.requests.append(json.loads(request.content))
            answered = transport.handler(request)
            assert isinstance(answered, httpx.Response)
            return answered

        self.sync = kind == "sync"
        mock = httpx.MockTransport(answer)
        self.client = (
            SiliconFlowClient(api_key=KEY, http_client=httpx.Client(transport=mock))
            if self.sync
            else AsyncSiliconFlowClient(
                api_key=KEY, async_http_client=httpx.AsyncClient(transport=mock)
            )
        )


@both
async def test_objects_are_embedded_among_texts_by_models_that_see(kind: str):
    bulk = Seeing(kind)
    given = ["a red car", {"text": "a red car"}, CAR] * 5
    batches = await bulk.all("embed_many", given, model=SEEING, batch_size=4, width=1)
    vectors = [vector for batch in batches for vector in batch.vectors]
    assert [item for body in bulk.requests for item in body["input"]] == given
    assert [len(body["input"]) for body in bulk.requests] == [4, 4, 4, 3]
    assert len(vectors) == 15
    assert vectors[0] == vectors[1] != vectors[2]
    assert vectors[:3] * 5 == vectors


@both
async def test_a_model_that_does_not_see_takes_no_objects(kind: str):
    server = Server()
    with pytest.raises(ConfigurationError, match=r"texts\[40\] must be a string") as caught:
        await Bulk(kind, server).all("embed_many", ["t1"] * 40 + [CAR], model=MODEL)
    assert caught.value.argument == "texts[40]"
    assert SEEING in str(caught.value.hint)
    assert server.requests == []


@both
@pytest.mark.parametrize("item", [{}, {"video": "https://example.com/a.mp4"}, {"image": b"GIF8"}])
async def test_an_object_without_anything_that_the_model_takes_is_named(kind: str, item: Any):
    bulk = Seeing(kind)
    with pytest.raises(ConfigurationError, match="`image`, `text`") as caught:
        await bulk.all("embed_many", ["a", item], model=SEEING)
    assert caught.value.argument == "texts[1]"
    assert bulk.requests == []


@both
async def test_a_model_that_nobody_knows_may_see(kind: str):
    server = Server(
        respond=lambda body: httpx.Response(200, json={"data": [{"embedding": [1.0]}]}),
    )
    await Bulk(kind, server).all("embed_many", [CAR], model="me/private")
    assert server.requests[0]["input"] == [CAR]


@both
async def test_the_texts_of_objects_are_cut_too(kind: str):
    bulk = Seeing(kind)
    long = "word " * 20_000
    await bulk.all("embed_many", [{"text": long}, CAR], model=SEEING, shorten=True)
    first, second = bulk.requests[0]["input"]
    assert long.startswith(first["text"])
    assert len(first["text"]) < len(long)
    assert second == CAR


@both
async def test_images_are_ranked_among_texts(kind: str):
    bulk = Seeing(kind)
    given = ["a garden", CAR, {"text": "a red car"}, {"video": "https://example.com/v.mp4"}]
    result = await bulk.rerank(
        {"text": "a red car"}, given, model=SEEING_RERANKER, batch_size=3, top_n=2
    )
    assert [hit.index for hit in result.results] == [2, 1]
    assert bulk.requests[0]["query"] == {"text": "a red car"}


@both
@pytest.mark.parametrize(
    ("query", "given", "argument"),
    [
        ("q", ["t1"] * 70 + [CAR], "documents[70]"),
        ("q", ["t1", None], "documents[1]"),
        ("q", "t1", "documents"),
        (CAR, ["t1"], "query"),
        ("", ["t1"], "query"),
    ],
)
async def test_documents_are_checked_before_anything_is_sent(
    kind: str, query: Any, given: Any, argument: str
):
    server = Server()
    with pytest.raises(ConfigurationError) as caught:
        await Bulk(kind, server).rerank(query, given, model=RERANKER)
    assert caught.value.argument == argument
    assert server.requests == []


def long_text_server(request: httpx.Request) -> httpx.Response:
    body = json.loads(request.content)
    if all(len(text) < 1000 for text in body["input"]):
        data = [{"index": n, "embedding": [0.5]} for n in range(len(body["input"]))]
        return httpx.Response(200, json={"data": data})
    return httpx.Response(
        413, json={"code": 20042, "message": "input must have less than 512 tokens"}
    )


def test_an_error_names_the_text_that_is_too_long():
    client = SiliconFlowClient(
        api_key=KEY, http_client=httpx.Client(transport=httpx.MockTransport(long_text_server))
    )
    given = ["short"] * 5 + ["long " * 2000] + ["short"]
    with pytest.raises(PayloadTooLargeError, match=r"texts\[5\] \(10000 characters\)"):
        list(client.embed_many(given, model="BAAI/bge-large-zh-v1.5", batch_size=4))


@both
async def test_long_texts_are_cut_when_that_is_asked_for(kind: str):
    server = Server()
    long = "0" * 5000
    await Bulk(kind, server).all("embed_many", [long], model="BAAI/bge-large-zh-v1.5", shorten=True)
    (sent,) = server.requests[0]["input"]
    assert long.startswith(sent)
    assert 500 < len(sent) <= 1024


def test_work_on_threads_sees_the_callers_context_variables():
    who = contextvars.ContextVar("who", default="nobody")
    seen: list[str] = []

    def answer(request: httpx.Request) -> httpx.Response:
        seen.append(who.get())
        return Server()._respond(json.loads(request.content))

    client = SiliconFlowClient(
        api_key=KEY, http_client=httpx.Client(transport=httpx.MockTransport(answer))
    )
    who.set("me")
    list(client.embed_many(texts(6), model=MODEL, batch_size=1, width=2))
    assert seen == ["me"] * 6


def test_no_thread_is_left_and_one_batch_starts_none():
    def ours() -> list[threading.Thread]:
        return [one for one in threading.enumerate() if one.name == "siliconflow-bulk"]

    for thread in ours():
        thread.join(timeout=5)
    client = Bulk("sync", Server()).client
    for _ in client.embed_many(["t1"], model=MODEL):
        assert ours() == []
    for _ in client.embed_many(texts(9), model=MODEL, batch_size=1, width=3):
        assert 0 < len(ours()) <= 3
        assert all(thread.daemon for thread in ours())
    for thread in ours():
        thread.join(timeout=5)
    assert ours() == []


async def test_cancelling_ends_what_is_in_flight():
    server = Server()
    task = asyncio.create_task(
        Bulk("async", server).all("embed_many", texts(50), model=MODEL, batch_size=1, width=4)
    )
    while not server.requests:
        await asyncio.sleep(0)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert len(server.requests) <= 8
    assert asyncio.all_tasks() == {asyncio.current_task()}


# --- ranking and chat -----------------------------------------------------------------------


@both
@pytest.mark.parametrize("top_n", [None, 3])
async def test_documents_of_several_requests_make_one_ranking(kind: str, top_n: int | None):
    server = Server()
    result = await Bulk(kind, server).rerank(
        "q", texts(10), model=RERANKER, top_n=top_n, batch_size=4
    )
    assert [hit.index for hit in result.results] == list(range(9, -1, -1))[:top_n]
    assert result.input_tokens == 6
    assert sorted(len(body["documents"]) for body in server.requests) == [2, 4, 4]


@both
async def test_no_documents_cost_no_request(kind: str):
    server = Server()
    result = await Bulk(kind, server).rerank("q", [], model=RERANKER)
    assert (result.results, server.requests) == ([], [])


@both
async def test_rankings_that_were_finished_stay_on_the_error(kind: str):
    server = Server(refuse="t9")
    with pytest.raises(BadRequestError) as caught:
        await Bulk(kind, server).rerank("q", texts(10), model=RERANKER, batch_size=4, width=1)
    assert [part.start for part in caught.value.partial] == [0, 4]


@both
@pytest.mark.parametrize("method", ["chat_many", "complete_many"])
@pytest.mark.parametrize(
    ("asked", "argument"),
    [([5], "request"), ("Hi", "requests"), ({"model": MODEL}, "requests")],
    ids=["number", "text", "one"],
)
async def test_a_question_that_is_no_mapping_is_named(
    kind: str, method: str, asked: Any, argument: str
):
    with pytest.raises(ConfigurationError) as caught:
        await Bulk(kind, Server()).all(method, asked)
    assert caught.value.argument == argument


@both
async def test_many_questions_are_answered_in_order(kind: str):
    def answer(request: httpx.Request) -> httpx.Response:
        said = json.loads(request.content)["messages"][0]["content"]
        message = {"role": "assistant", "content": said.upper()}
        return httpx.Response(
            200,
            json={
                "id": "x",
                "choices": [{"index": 0, "message": message, "finish_reason": "stop"}],
            },
        )

    server = Server(
        refuse="nothing",
        respond=lambda body: answer(httpx.Request("POST", "https://x", json=body)),
    )
    bulk = Bulk(kind, server)
    asked = ({"model": "m", "messages": [{"role": "user", "content": f"q{n}"}]} for n in range(9))
    answers = await bulk.all("chat_many", asked, width=3, options=CallOptions(max_retries=0))
    assert [one.text for one in answers] == [f"Q{n}" for n in range(9)]


def test_an_interrupt_does_not_wait_for_what_is_in_flight():
    released = threading.Event()
    arrived = threading.Semaphore(0)

    def hold(request: httpx.Request) -> httpx.Response:
        arrived.release()
        assert released.wait(30)
        return httpx.Response(200, json={"data": [{"index": 0, "embedding": [0.5]}]})

    def interrupt() -> None:
        for _ in range(4):
            assert arrived.acquire(timeout=30)
        caller = threading.main_thread().ident
        assert caller is not None
        signal.pthread_kill(caller, signal.SIGINT)

    http = httpx.Client(transport=httpx.MockTransport(hold))
    client = SiliconFlowClient(api_key=KEY, http_client=http)
    threading.Thread(target=interrupt, daemon=True).start()
    try:
        with pytest.raises(KeyboardInterrupt):
            list(client.embed_many(texts(8), model=MODEL, batch_size=1, width=4))
        assert not released.is_set(), "all four are still held"
    finally:
        released.set()
    for thread in threading.enumerate():
        if thread.name == "siliconflow-bulk":
            thread.join(30)
    assert arrived.acquire(blocking=False) is False, "and nothing more was begun"
