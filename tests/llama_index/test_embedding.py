"""Embeddings: batches, order, counts, caches, pipelines, and what an ingestion hash holds."""

from __future__ import annotations

import functools
import threading
from typing import Any

import pytest

from llama_index_siliconflow import SiliconFlowEmbedding
from siliconflow_client import (
    APIResponseError,
    AuthenticationError,
    ConfigurationError,
    RateLimitError,
    SiliconFlowError,
)
from tests.llama_index import scenarios as s
from tests.llama_index.conftest import Events, Make, Way
from tests.llama_index.stub import Reply, Request, Stub

TEXTS = [f"t{number}" for number in range(70)]
VECTORS = [s.vector(text) for text in TEXTS]
QUICK_BUSY = s.always(
    s.json_reply({"code": 50505, "message": "busy", "data": None}, 503, retry_after="0.001")
)


def sizes(stub: Stub) -> list[int]:
    return sorted((len(body["input"]) for body in stub.bodies), reverse=True)


# --- batches --------------------------------------------------------------------------------


@pytest.mark.parametrize("embed_batch_size", [100, 2048])
async def test_no_request_holds_more_than_32_texts(
    stub: Stub, way: Way, make: Make, embed_batch_size: int
) -> None:
    """Longer batches were not split: a TypeError, or 413 without a body."""
    embedding = make(SiliconFlowEmbedding, embed_batch_size=embed_batch_size)
    assert await way(embedding, "get_text_embedding_batch", TEXTS) == VECTORS
    assert sizes(stub) == [32, 32, 6]


async def test_batches_are_full_by_default(
    embedding: SiliconFlowEmbedding, stub: Stub, way: Way
) -> None:
    """Batches of ten made seven requests of what fits into two."""
    assert await way(embedding, "get_text_embedding_batch", TEXTS[:64]) == VECTORS[:64]
    assert sizes(stub) == [32, 32]


async def test_the_size_of_a_request_can_be_set(stub: Stub, way: Way, make: Make) -> None:
    embedding = make(SiliconFlowEmbedding, embed_batch_size=64, max_batch=64)
    await way(embedding, "get_text_embedding_batch", TEXTS)
    assert sizes(stub) == [64, 6]


async def test_vectors_are_in_the_order_of_the_texts(
    embedding: SiliconFlowEmbedding, stub: Stub, way: Way
) -> None:
    stub.script = functools.partial(s.embeddings, shuffled=True)
    assert await way(embedding, "get_text_embedding_batch", TEXTS) == VECTORS


async def test_a_missing_vector_is_an_error(
    embedding: SiliconFlowEmbedding, stub: Stub, way: Way
) -> None:
    """Fewer vectors than texts were returned, and nodes got their neighbour's."""
    stub.script = functools.partial(s.embeddings, short=True)
    with pytest.raises(APIResponseError, match=r"3\b.*2\b|2\b.*3\b"):
        await way(embedding, "get_text_embedding_batch", TEXTS[:3])


async def test_no_texts_no_request(embedding: SiliconFlowEmbedding, stub: Stub, way: Way) -> None:
    assert await way(embedding, "get_text_embedding_batch", []) == []
    assert stub.requests == []


async def test_a_text_that_is_none_is_named(
    embedding: SiliconFlowEmbedding, stub: Stub, way: Way
) -> None:
    with pytest.raises(ConfigurationError) as caught:
        await way(embedding, "get_text_embedding_batch", ["a", None])
    assert caught.value.argument == "texts[1]"
    assert stub.requests == []


async def test_single_texts_and_queries(
    embedding: SiliconFlowEmbedding, stub: Stub, way: Way
) -> None:
    assert await way(embedding, "get_text_embedding", "t7") == s.vector("t7")
    assert await way(embedding, "get_query_embedding", "t8") == s.vector("t8")
    assert await way(embedding, "get_agg_embedding_from_queries", ["t1", "t3"]) == s.vector("t2")
    assert stub.bodies[0] == {"model": "BAAI/bge-m3", "input": ["t7"]}


async def test_a_query_instruction_is_for_queries_only(stub: Stub, way: Way, make: Make) -> None:
    embedding = make(SiliconFlowEmbedding, query_instruction="Find: ")
    await way(embedding, "get_query_embedding", "t1")
    await way(embedding, "get_text_embedding", "t1")
    assert [body["input"] for body in stub.bodies] == [["Find: t1"], ["t1"]]


async def test_requests_in_flight_are_bounded(stub: Stub, make: Make) -> None:
    embedding = make(SiliconFlowEmbedding, max_concurrency=3, embed_batch_size=2, max_batch=1)
    lock = threading.Lock()
    now = most = 0
    full = threading.Barrier(3)

    def script(request: Request) -> Reply:
        nonlocal now, most
        with lock:
            now += 1
            most = max(most, now)
        full.wait(5)  # three are here at once, so the bound is also reached
        with lock:
            now -= 1
        return s.embeddings(request)

    stub.script = script
    assert await embedding.aget_text_embedding_batch(TEXTS[:12]) == VECTORS[:12]
    assert most == 3


async def test_the_first_failure_cancels_the_rest(stub: Stub, make: Make) -> None:
    embedding = make(SiliconFlowEmbedding, max_concurrency=1, embed_batch_size=64, max_batch=1)
    stub.script = s.ERR401
    with pytest.raises(AuthenticationError):
        await embedding.aget_text_embedding_batch(TEXTS[:40])
    assert len(stub.requests) < 5


# --- parameters -----------------------------------------------------------------------------


async def test_dimensions(stub: Stub, way: Way, make: Make) -> None:
    """`dimensions` was ignored without a word."""
    embedding = make(SiliconFlowEmbedding, model="Qwen/Qwen3-Embedding-0.6B", dimensions=8)
    assert len(await way(embedding, "get_text_embedding", "t1")) == 8
    assert stub.last.body["dimensions"] == 8


async def test_base64_gives_the_same_vectors(stub: Stub, way: Way, make: Make) -> None:
    """base64 was unpacked in the machine's own byte order."""
    embedding = make(SiliconFlowEmbedding, encoding_format="base64")
    assert await way(embedding, "get_text_embedding_batch", TEXTS) == VECTORS
    assert stub.last.body["encoding_format"] == "base64"


def test_the_peers_base64_payload_is_little_endian(stub: Stub, make: Make) -> None:
    # "AAD2Qg==" is 123.0 in little-endian order, and about 6.2e-41 in the other.
    row = {"object": "embedding", "embedding": "AAD2Qg==", "index": 0}
    stub.script = s.always(s.json_reply({"model": "m", "data": [row], "usage": s.USAGE}))
    embedding = make(SiliconFlowEmbedding, encoding_format="base64")
    assert embedding.get_query_embedding("...") == [123.0]


@pytest.mark.parametrize("encoding", [None, "float"])
async def test_float_is_not_asked_for(
    stub: Stub, way: Way, make: Make, encoding: str | None
) -> None:
    await way(make(SiliconFlowEmbedding, encoding_format=encoding), "get_text_embedding", "t1")
    assert "encoding_format" not in stub.last.body


async def test_extras_are_merged_at_top_level(stub: Stub, way: Way, make: Make) -> None:
    extras = {"truncate": "left", "user": "u"}
    embedding = make(SiliconFlowEmbedding, additional_kwargs=extras)
    await way(embedding, "get_text_embedding", "t1")
    assert extras.items() <= stub.last.body.items()


async def test_model_name_is_the_model(stub: Stub, way: Way, make: Make, events: Events) -> None:
    """`model_name` was ignored: the wrong model was asked, and events said `unknown`."""
    embedding = make(SiliconFlowEmbedding, model_name="BAAI/other")
    assert (embedding.model, embedding.model_name) == ("BAAI/other", "BAAI/other")
    await way(embedding, "get_text_embedding", "t1")
    assert stub.last.body["model"] == "BAAI/other"
    start = next(e for e in events.seen if e.class_name() == "EmbeddingStartEvent")
    assert start.model_dict["model_name"] == "BAAI/other"
    with pytest.raises(ConfigurationError, match="model_name"):
        SiliconFlowEmbedding(model="a", model_name="b", api_key="k")


async def test_a_model_that_changes_changes_its_name(stub: Stub, way: Way, make: Make) -> None:
    """Events kept saying `unknown` whatever model was asked."""
    embedding = make(SiliconFlowEmbedding)
    embedding.model = "BAAI/other"
    assert embedding.model_name == "BAAI/other"
    embedding.model_name = "BAAI/third"
    await way(embedding, "get_text_embedding", "t1")
    assert stub.last.body["model"] == "BAAI/third"


@pytest.mark.parametrize(
    "settings", [{"encoding_format": "hex"}, {"dimensions": 0}, {"embed_batch_size": 0}]
)
def test_wrong_settings_are_named(settings: dict[str, Any]) -> None:
    """Settings were checked by `assert`, which `python -O` leaves out."""
    with pytest.raises(ValueError, match=next(iter(settings))):
        SiliconFlowEmbedding(api_key="k", **settings)


# --- errors ---------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("reply", "error", "code"),
    [
        (
            s.json_reply({"code": 50603, "message": "rate limiting", "data": None}, 429),
            RateLimitError,
            50603,
        ),
        (
            s.json_reply({"code": 20015, "message": "bad", "data": None}, 400),
            SiliconFlowError,
            20015,
        ),
        (s.text_reply("rate limited", 429), RateLimitError, None),
        (s.json_reply("Invalid token", 401), AuthenticationError, None),
    ],
)
async def test_errors_are_typed(
    stub: Stub, way: Way, make: Make, reply: Reply, error: type[SiliconFlowError], code: Any
) -> None:
    """Every refusal was a TypeError, since error bodies hold `"data": null`."""
    stub.script = s.always(reply)
    with pytest.raises(error) as caught:
        await way(make(SiliconFlowEmbedding, max_retries=0), "get_text_embedding_batch", TEXTS[:3])
    assert getattr(caught.value, "code", None) == code


async def test_a_refused_key_is_not_tried_again(
    embedding: SiliconFlowEmbedding, stub: Stub, way: Way
) -> None:
    """A 401 was sent again as often as `max_retries` allows."""
    stub.script = s.ERR401
    with pytest.raises(AuthenticationError):
        await way(embedding, "get_text_embedding", "t1")
    assert len(stub.requests) == 1


async def test_a_busy_server_is_asked_again(
    embedding: SiliconFlowEmbedding, stub: Stub, way: Way
) -> None:
    stub.script = s.in_turn(QUICK_BUSY, s.embeddings)
    assert await way(embedding, "get_text_embedding", "t1") == s.vector("t1")


async def test_silence_is_a_timeout(stub: Stub, way: Way, make: Make) -> None:
    """There was no time limit at all."""
    gate = threading.Event()
    stub.script = s.raw_stream(gate)
    with pytest.raises(SiliconFlowError, match=r"0\.1"):
        await way(
            make(SiliconFlowEmbedding, timeout=0.1, max_retries=0), "get_text_embedding", "t1"
        )
    gate.set()
