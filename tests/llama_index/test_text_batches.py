"""Lists of texts: requests side by side, and batches told of in the caller's thread, in order."""

from __future__ import annotations

import threading
from typing import Any

import pytest
from llama_index.core.base.llms.types import ChatMessage
from llama_index.core.callbacks import CallbackManager, CBEventType, LlamaDebugHandler
from llama_index.core.rate_limiter import BaseRateLimiter
from llama_index.core.storage.kvstore import SimpleKVStore

from llama_index_siliconflow import SiliconFlowEmbedding
from siliconflow_client import BadRequestError, ConfigurationError
from tests.llama_index import scenarios as s
from tests.llama_index.conftest import Events, Make, Way
from tests.llama_index.stub import Reply, Request, Stub

TEXTS = [f"t{number}" for number in range(40)]
VECTORS = [s.vector(text) for text in TEXTS]


class Together:
    """Answers when `width` requests are here at once."""

    def __init__(self, width: int) -> None:
        self._full = threading.Barrier(width)

    def __call__(self, request: Request) -> Reply:
        self._full.wait(10)
        return s.embeddings(request)


def refusing(text: str) -> Any:
    """Refuse the request that holds a text, once all others of its list have come."""
    others = threading.Semaphore(0)

    def script(request: Request) -> Reply:
        if text not in request.body["input"]:
            others.release()
            return s.embeddings(request)
        for _ in range(3):
            assert others.acquire(timeout=10)
        return s.json_reply({"code": 20015, "message": "The parameter is invalid."}, 400)

    return script


@pytest.mark.parametrize(
    "settings",
    [{"max_concurrency": 4}, {"num_workers": 4}, {"max_concurrency": 1, "num_workers": 4}],
)
async def test_requests_run_together_up_to_the_width(
    stub: Stub, way: Way, make: Make, settings: dict[str, int]
) -> None:
    stub.script = Together(4)
    embedding = make(SiliconFlowEmbedding, embed_batch_size=10, **settings)
    assert await way(embedding, "get_text_embedding_batch", TEXTS) == VECTORS
    assert len(stub.requests) == 4


async def test_what_was_paid_for_before_a_failure_is_kept_for_each_text(
    stub: Stub, way: Way, make: Make
) -> None:
    stub.script = refusing("t15")
    embedding = make(SiliconFlowEmbedding, embed_batch_size=10, max_concurrency=4)
    with pytest.raises(BadRequestError) as caught:
        await way(embedding, "get_text_embedding_batch", TEXTS)
    assert caught.value.partial == [*VECTORS[:10], *[None] * 10, *VECTORS[20:]]


async def test_a_failure_ends_the_events_that_were_begun(
    stub: Stub, way: Way, make: Make, events: Events
) -> None:
    stub.script = refusing("t15")
    debug = LlamaDebugHandler(print_trace_on_end=False)
    embedding = make(
        SiliconFlowEmbedding,
        embed_batch_size=10,
        max_concurrency=4,
        callback_manager=CallbackManager([debug]),
    )
    with pytest.raises(BadRequestError):
        await way(embedding, "get_text_embedding_batch", TEXTS)
    pairs = debug.get_event_pairs(CBEventType.EMBEDDING)
    assert [len(pair) for pair in pairs] == [2] * 4
    failed = [pair for pair in pairs if "exception" in (pair[1].payload or {})]
    assert len(failed) == 3, "all but the first, which was handed out"


class Noting(BaseRateLimiter):
    """Notes which thread asks, and what was sent by then."""

    def __init__(self) -> None:
        self.threads: list[str] = []

    def acquire(self) -> None:
        self.threads.append(threading.current_thread().name)

    async def async_acquire(self) -> None:
        self.acquire()


class NotingStore(SimpleKVStore):
    def __init__(self) -> None:
        super().__init__()
        self.threads: list[str] = []
        self.kept: list[str] = []

    def put(self, key: str, val: dict[str, Any], collection: str = "data") -> None:
        self.threads.append(threading.current_thread().name)
        self.kept.append(key)
        super().put(key, val, collection)

    def get(self, key: str, collection: str = "data") -> dict[str, Any] | None:
        self.threads.append(threading.current_thread().name)
        return super().get(key, collection)


async def test_events_cache_and_limiter_are_used_in_the_callers_thread_and_in_order(
    stub: Stub, way: Way, make: Make, events: Events
) -> None:
    limiter, store = Noting(), NotingStore()
    stub.script = Together(4)
    embedding = make(
        SiliconFlowEmbedding,
        embed_batch_size=10,
        max_concurrency=4,
        rate_limiter=limiter,
        embeddings_cache=store,
    )
    assert await way(embedding, "get_text_embedding_batch", TEXTS) == VECTORS
    assert limiter.threads == [threading.current_thread().name] * 4
    assert set(store.threads) == {threading.current_thread().name}
    assert store.kept == TEXTS
    ends = [event for event in events.seen if event.class_name() == "EmbeddingEndEvent"]
    assert [event.chunks for event in ends] == [TEXTS[n : n + 10] for n in (0, 10, 20, 30)]
    assert [vector for event in ends for vector in event.embeddings] == VECTORS


async def test_only_what_the_cache_does_not_know_is_asked_for(
    stub: Stub, way: Way, make: Make, events: Events
) -> None:
    limiter = Noting()
    store = SimpleKVStore()
    embedding = make(
        SiliconFlowEmbedding, embed_batch_size=10, embeddings_cache=store, rate_limiter=limiter
    )
    await way(embedding, "get_text_embedding_batch", TEXTS[5:25])
    stub.requests.clear()
    limiter.threads.clear()
    assert await way(embedding, "get_text_embedding_batch", TEXTS) == VECTORS
    asked = [text for body in stub.bodies for text in body["input"]]
    assert sorted(asked) == sorted([*TEXTS[:5], *TEXTS[25:]])
    assert len(limiter.threads) == 3, "the second batch was known as a whole"
    assert len(events.names("EmbeddingEnd")) == 2 + 4


async def test_nothing_is_sent_when_a_text_cannot_be(stub: Stub, way: Way, make: Make) -> None:
    embedding = make(SiliconFlowEmbedding, embed_batch_size=2)
    with pytest.raises(ConfigurationError) as caught:
        await way(embedding, "get_text_embedding_batch", [*TEXTS[:9], ChatMessage("no text")])
    assert caught.value.argument == "texts[9]"
    assert stub.requests == []


async def test_texts_may_come_from_a_generator(embedding: SiliconFlowEmbedding, way: Way) -> None:
    assert await way(embedding, "get_text_embedding_batch", (text for text in TEXTS)) == VECTORS


@pytest.mark.parametrize("texts", [None, 5, "one text"])
async def test_what_is_no_list_is_refused_by_name(
    embedding: SiliconFlowEmbedding, stub: Stub, way: Way, texts: Any
) -> None:
    with pytest.raises(ConfigurationError, match="texts must be a list of strings, not"):
        await way(embedding, "get_text_embedding_batch", texts)
    assert stub.requests == []
