"""Embeddings in LlamaIndex's machinery: events, caches, pipelines, indexes, ingestion hashes."""

from __future__ import annotations

import asyncio
import gc
import math
import multiprocessing
from collections.abc import Iterator
from typing import Any

import pytest
from llama_index.core import Document, VectorStoreIndex
from llama_index.core.callbacks import CallbackManager, CBEventType, LlamaDebugHandler
from llama_index.core.ingestion import IngestionCache, IngestionPipeline
from llama_index.core.ingestion.pipeline import get_transformation_hash
from llama_index.core.node_parser import SentenceSplitter
from llama_index.core.schema import TextNode
from llama_index.core.storage.kvstore import SimpleKVStore

from llama_index_siliconflow import SiliconFlowEmbedding
from tests.llama_index import scenarios as s
from tests.llama_index.conftest import CountingLimiter, Events, Make, Way, loops_closed_by_hand
from tests.llama_index.stub import Stub

TEXTS = [f"t{number}" for number in range(70)]
VECTORS = [s.vector(text) for text in TEXTS]


async def test_events_and_callbacks(stub: Stub, way: Way, make: Make, events: Events) -> None:
    debug = LlamaDebugHandler(print_trace_on_end=False)
    embedding = make(SiliconFlowEmbedding, callback_manager=CallbackManager([debug]))
    await way(embedding, "get_text_embedding_batch", TEXTS)
    assert len(debug.get_event_pairs(CBEventType.EMBEDDING)) == 3
    assert events.names("Embedding") in (
        ["EmbeddingStartEvent", "EmbeddingEndEvent"] * 3,
        ["EmbeddingStartEvent"] * 3 + ["EmbeddingEndEvent"] * 3,
    )
    assert "sk-secret" not in str([event.model_dump() for event in events.seen])


async def test_the_rate_limiter_counts_batches(
    stub: Stub, way: Way, make: Make, limiter: CountingLimiter
) -> None:
    embedding = make(SiliconFlowEmbedding, rate_limiter=limiter)
    await way(embedding, "get_text_embedding_batch", TEXTS)
    assert limiter.n == 3


async def test_a_cache_of_vectors(stub: Stub, way: Way, make: Make) -> None:
    embedding = make(SiliconFlowEmbedding, embeddings_cache=SimpleKVStore())
    assert await way(embedding, "get_text_embedding_batch", TEXTS) == VECTORS
    asked = len(stub.requests)
    assert await way(embedding, "get_text_embedding_batch", TEXTS) == VECTORS
    assert len(stub.requests) == asked


@pytest.mark.parametrize("workers", [None, 4])
async def test_progress_and_workers(
    stub: Stub, way: Way, make: Make, workers: int | None, capsys: pytest.CaptureFixture[str]
) -> None:
    embedding = make(SiliconFlowEmbedding, num_workers=workers)
    vectors = await way(embedding, "get_text_embedding_batch", TEXTS, show_progress=True)
    assert vectors == VECTORS
    assert "Generating embeddings" in capsys.readouterr().err


async def test_many_callers_at_once(embedding: SiliconFlowEmbedding, stub: Stub) -> None:
    found = await asyncio.gather(*(embedding.aget_text_embedding(text) for text in TEXTS))
    assert found == VECTORS


async def test_similarity(embedding: SiliconFlowEmbedding, way: Way) -> None:
    one, two = await way(embedding, "get_text_embedding_batch", ["t1", "t1"])
    assert math.isclose(embedding.similarity(one, two), 1.0)


DOCUMENTS = [Document(text=f"t{number}", id_=f"d{number}") for number in range(40)]


async def test_an_ingestion_pipeline_with_a_cache(
    embedding: SiliconFlowEmbedding, stub: Stub, way: Way
) -> None:
    pipeline = IngestionPipeline(
        transformations=[SentenceSplitter(), embedding], cache=IngestionCache()
    )
    nodes = await way(pipeline, "run", documents=DOCUMENTS)
    assert [node.embedding for node in nodes] == VECTORS[:40]
    asked = len(stub.requests)
    assert asked == 2
    await way(pipeline, "run", documents=DOCUMENTS)
    assert len(stub.requests) == asked


@pytest.fixture
def processes(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Have worker processes on every machine, and none that is a fork of this one.

    LlamaIndex takes no more workers than there are processors. Its `arun` forks, and a fork of a
    process with threads, such as the stub's, may hang. The server that forks instead has none, and
    imports LlamaIndex once for all of them.
    """
    monkeypatch.setattr(multiprocessing, "cpu_count", lambda: 2)
    before = multiprocessing.get_start_method(allow_none=True)
    multiprocessing.set_start_method("forkserver", force=True)
    multiprocessing.set_forkserver_preload(["llama_index_siliconflow.embedding"])
    yield
    multiprocessing.set_start_method(before, force=True)


async def test_an_ingestion_pipeline_in_processes(
    embedding: SiliconFlowEmbedding, stub: Stub, way: Way, processes: None
) -> None:
    await way(embedding, "get_text_embedding", "t1")  # connections do not hinder
    stub.requests.clear()
    cache = IngestionCache()
    pipeline = IngestionPipeline(transformations=[embedding], cache=cache)
    nodes = [TextNode(text=text) for text in TEXTS[:4]]
    done = await way(pipeline, "run", nodes=nodes, num_workers=2)
    assert [node.embedding for node in done] == VECTORS[:4]
    assert [len(body["input"]) for body in stub.bodies] == [2, 2]
    assert {request.headers["authorization"] for request in stub.requests} == {"Bearer sk-secret"}
    entries = cache.cache.get_all(collection=cache.collection)
    assert len(entries) == 2
    assert "sk-secret" not in str(entries)


def test_the_ingestion_hash_is_of_what_changes_the_vectors(make: Make) -> None:
    """The key was part of the hash, and `dimensions` was not."""

    def hashed(**settings: Any) -> str:
        return get_transformation_hash([], make(SiliconFlowEmbedding, **settings))

    plain = hashed()
    transport: list[dict[str, Any]] = [
        {"api_key": "sk-rotated"},
        {"timeout": 5},
        {"deadline": 50},
        {"max_retries": 1},
        {"default_headers": {"x": "y"}},
        {"max_concurrency": 2},
        {"max_batch": 16},
    ]
    assert {hashed(**settings) for settings in transport} == {plain}
    vectors: list[dict[str, Any]] = [
        {"dimensions": 8},
        {"model": "BAAI/other"},
        {"query_instruction": "Find: "},
        {"additional_kwargs": {"truncate": "left"}},
    ]
    assert len({plain, *(hashed(**settings) for settings in vectors)}) == 5


@loops_closed_by_hand
@pytest.mark.parametrize("use_async", [False, True])
async def test_an_index(
    embedding: SiliconFlowEmbedding,
    stub: Stub,
    way: Way,
    use_async: bool,
    capfd: pytest.CaptureFixture[str],
) -> None:
    # With use_async, LlamaIndex embeds in an event loop of its own, which it closes by hand.
    nodes = [TextNode(text=text) for text in TEXTS]
    index = VectorStoreIndex(nodes, embed_model=embedding, use_async=use_async)
    assert len(stub.requests) == 3
    found = await way(index.as_retriever(similarity_top_k=1), "retrieve", "t4")
    assert len(found) == 1
    stored = index.vector_store.data.embedding_dict.values()  # type: ignore[attr-defined]  # the simple store
    assert sorted(stored) == VECTORS
    await embedding.aclose()
    embedding.close()
    gc.collect()
    assert capfd.readouterr().err == ""
