"""Reranking: requests, results, events on every path, and engines."""

from __future__ import annotations

import asyncio
import threading
from typing import Any

import pytest
from llama_index.core import VectorStoreIndex
from llama_index.core.callbacks import (
    CallbackManager,
    CBEventType,
    EventPayload,
    LlamaDebugHandler,
)
from llama_index.core.chat_engine import ContextChatEngine
from llama_index.core.memory import ChatMemoryBuffer
from llama_index.core.schema import Document, MetadataMode, NodeWithScore, QueryBundle, TextNode

from llama_index_siliconflow import SiliconFlow, SiliconFlowEmbedding, SiliconFlowRerank
from siliconflow_client import (
    APIResponseError,
    APITimeoutError,
    ConfigurationError,
    RateLimitError,
    SiliconFlowError,
)
from tests.llama_index import scenarios as s
from tests.llama_index.conftest import Events, Make, Way
from tests.llama_index.stub import Reply, Request, Stub

FRUIT = ["apple pie", "banana", "apple banana pie", "zzz"]
QUERY = "apple pie"
QWEN = "Qwen/Qwen3-Reranker-8B"


def nodes(texts: list[str] = FRUIT) -> list[NodeWithScore]:
    return [
        NodeWithScore(node=TextNode(text=text, id_=f"n{number}"), score=0.1)
        for number, text in enumerate(texts)
    ]


def ids(found: list[NodeWithScore]) -> list[str]:
    return [node.node.node_id for node in found]


async def ranked(way: Way, rerank: SiliconFlowRerank, given: list[NodeWithScore]) -> Any:
    return await way(rerank, "postprocess_nodes", given, query_bundle=QueryBundle(QUERY))


async def test_the_best_nodes_come_first(rerank: SiliconFlowRerank, stub: Stub, way: Way) -> None:
    """Texts were echoed back unused, and bge's parameters went to every model."""
    given = nodes()
    found = await ranked(way, rerank, given)
    assert ids(found) == ["n0", "n2"]
    assert [node.score for node in found] == [1.0, 1.0]
    assert [node.score for node in given] == [0.1] * 4
    assert not any(node is other for node in found for other in given)
    assert stub.last.body == {
        "model": "BAAI/bge-reranker-v2-m3",
        "query": QUERY,
        "documents": FRUIT,
        "top_n": 2,
    }


async def test_a_query_may_be_a_string(rerank: SiliconFlowRerank, way: Way) -> None:
    found = await way(rerank, "postprocess_nodes", nodes(), query_str=QUERY)
    assert ids(found) == ["n0", "n2"]


async def test_results_out_of_order_are_sorted(stub: Stub, way: Way, make: Make) -> None:
    results = [{"index": i, "relevance_score": score} for i, score in enumerate([0.1, 0.9, 0.5])]
    stub.script = s.always(
        s.json_reply({"id": "r", "results": results, "tokens": {"input_tokens": 1}})
    )
    found = await ranked(way, make(SiliconFlowRerank), nodes(FRUIT[:3]))
    assert [(node.node.node_id, node.score) for node in found] == [
        ("n1", 0.9),
        ("n2", 0.5),
        ("n0", 0.1),
    ]


async def test_many_nodes_are_ranked_in_batches(stub: Stub, way: Way, make: Make) -> None:
    rerank = make(SiliconFlowRerank, top_n=3, max_batch=10)
    texts = ["zzz"] * 33
    texts[4] = texts[31] = "apple pie"
    texts[17] = "apple"
    assert ids(await ranked(way, rerank, nodes(texts))) == ["n4", "n31", "n17"]
    assert sorted(len(body["documents"]) for body in stub.bodies) == [3, 10, 10, 10]
    assert all(body["top_n"] <= len(body["documents"]) for body in stub.bodies)


async def test_fewer_nodes_than_asked_for(stub: Stub, way: Way, make: Make) -> None:
    assert len(await ranked(way, make(SiliconFlowRerank, top_n=9), nodes())) == 4
    assert stub.last.body["top_n"] == 4


async def test_documents_are_what_embedding_reads(
    rerank: SiliconFlowRerank, stub: Stub, way: Way
) -> None:
    node = TextNode(
        text="apple",
        metadata={"title": "Pie", "secret": "x"},
        excluded_embed_metadata_keys=["secret"],
    )
    await ranked(way, rerank, [NodeWithScore(node=node)])
    assert stub.last.body["documents"] == [node.get_content(metadata_mode=MetadataMode.EMBED)]
    assert "Pie" in stub.last.body["documents"][0]
    assert "secret" not in stub.last.body["documents"][0]


# --- parameters -----------------------------------------------------------------------------


async def test_parameters_of_bge(stub: Stub, way: Way, make: Make) -> None:
    """Chunk parameters went to models that do not take them."""
    rerank = make(SiliconFlowRerank, max_chunks_per_doc=10, overlap_tokens=8, return_documents=True)
    await ranked(way, rerank, nodes())
    body = stub.last.body
    assert (body["max_chunks_per_doc"], body["overlap_tokens"]) == (10, 8)
    assert body["return_documents"] is True


async def test_parameters_of_qwen(stub: Stub, way: Way, make: Make) -> None:
    """Chunk parameters went to Qwen3-Reranker, which takes `instruction` instead."""
    await ranked(way, make(SiliconFlowRerank, model=QWEN, instruction="Fruit."), nodes())
    assert stub.last.body["instruction"] == "Fruit."
    assert not {"max_chunks_per_doc", "overlap_tokens"} & set(stub.last.body)


@pytest.mark.parametrize(
    ("model", "settings"),
    [(QWEN, {"max_chunks_per_doc": 10}), ("BAAI/bge-reranker-v2-m3", {"instruction": "x"})],
)
async def test_parameters_that_a_model_lacks_are_not_lost_without_a_word(
    stub: Stub, way: Way, make: Make, model: str, settings: dict[str, Any]
) -> None:
    (name,) = settings
    rerank = make(SiliconFlowRerank, model=model, **settings)
    with pytest.warns(UserWarning, match=f"{model} does not take {name}"):
        await ranked(way, rerank, nodes())
    assert name not in stub.last.body


async def test_an_unknown_model_takes_everything(stub: Stub, way: Way, make: Make) -> None:
    rerank = make(SiliconFlowRerank, model="acme/x", instruction="i", overlap_tokens=1)
    await ranked(way, rerank, nodes())
    assert (stub.last.body["instruction"], stub.last.body["overlap_tokens"]) == ("i", 1)


async def test_extras_are_merged_at_top_level(stub: Stub, way: Way, make: Make) -> None:
    await ranked(way, make(SiliconFlowRerank, additional_kwargs={"instruct": "x"}), nodes())
    assert stub.last.body["instruct"] == "x"


def test_the_catalogue_knows_the_rerankers_by_their_true_names() -> None:
    """A constant misspelt bce's maker."""
    from siliconflow_client import known_models

    names = {facts.id for facts in known_models("reranker")}
    assert {"BAAI/bge-reranker-v2-m3", "netease-youdao/bce-reranker-base_v1"} <= names


@pytest.mark.parametrize("settings", [{"top_n": 0}, {"overlap_tokens": 81}])
def test_wrong_settings_are_named(settings: dict[str, int]) -> None:
    with pytest.raises(ValueError, match=next(iter(settings))):
        SiliconFlowRerank(api_key="k", **settings)


def test_all_settings_are_accepted() -> None:
    """`callback_manager` and `max_retries` were refused."""
    manager = CallbackManager([])
    rerank = SiliconFlowRerank(
        api_key="k", callback_manager=manager, max_retries=1, timeout=5, deadline=9
    )
    assert rerank.callback_manager is manager
    assert (rerank.max_retries, rerank.timeout, rerank.deadline) == (1, 5, 9)
    assert isinstance(
        SiliconFlowRerank(api_key="k", callback_manager=None).callback_manager, CallbackManager
    )


# --- events and errors ----------------------------------------------------------------------


@pytest.mark.parametrize("given", [nodes(), []], ids=["nodes", "no nodes"])
async def test_events_and_callbacks_on_every_path(
    stub: Stub, way: Way, make: Make, events: Events, given: list[NodeWithScore]
) -> None:
    """Callbacks could not be set, and an empty list of nodes never ended its event."""
    debug = LlamaDebugHandler(print_trace_on_end=False)
    rerank = make(SiliconFlowRerank, top_n=2, callback_manager=CallbackManager([debug]))
    found = await ranked(way, rerank, given)
    assert len(found) == min(2, len(given))
    assert events.names() == ["ReRankStartEvent", "ReRankEndEvent"]
    assert events.seen[1].nodes == found
    ((start, end),) = debug.get_event_pairs(CBEventType.RERANKING)
    assert start.payload[EventPayload.TOP_K] == 2
    assert start.payload[EventPayload.QUERY_STR] == QUERY
    assert end.payload[EventPayload.NODES] == found
    assert len(stub.requests) == (1 if given else 0)


async def test_a_failure_is_an_event_too(stub: Stub, way: Way, make: Make, events: Events) -> None:
    """Failures were bare RuntimeErrors, seen by no event handler."""
    debug = LlamaDebugHandler(print_trace_on_end=False)
    rerank = make(SiliconFlowRerank, callback_manager=CallbackManager([debug]), max_retries=0)
    stub.script = s.ERR429
    with pytest.raises(RateLimitError) as caught:
        await ranked(way, rerank, nodes())
    assert caught.value.code == 50603
    assert events.names()[:2] == ["ReRankStartEvent", "ExceptionEvent"]
    ((_, end),) = debug.get_event_pairs(CBEventType.RERANKING)
    assert end.payload[EventPayload.EXCEPTION] is caught.value


async def test_a_missing_query_is_an_error(rerank: SiliconFlowRerank, way: Way) -> None:
    with pytest.raises(ValueError, match="query bundle"):
        await way(rerank, "postprocess_nodes", nodes())


async def test_an_empty_query_is_an_error(rerank: SiliconFlowRerank, stub: Stub, way: Way) -> None:
    with pytest.raises(ConfigurationError) as caught:
        await way(rerank, "postprocess_nodes", nodes(), query_str="")
    assert caught.value.argument == "query"
    assert stub.requests == []


@pytest.mark.parametrize(
    "reply",
    [
        s.text_reply("<html></html>", 504, "text/html"),
        s.text_reply("<html></html>", 200, "text/html"),
        s.json_reply({"code": 20015, "message": "bad", "data": None}, 400),
        s.json_reply({"results": None}),
        s.json_reply({"id": "r", "results": [{"index": 9, "relevance_score": 1.0}]}),
    ],
)
async def test_errors_are_typed(stub: Stub, way: Way, make: Make, reply: Reply) -> None:
    """Failures were bare RuntimeErrors, or errors of the JSON parser."""
    stub.script = s.always(reply)
    with pytest.raises(SiliconFlowError) as caught:
        await ranked(way, make(SiliconFlowRerank, max_retries=0), nodes())
    if reply.status == 200:
        assert isinstance(caught.value, APIResponseError)


async def test_a_busy_server_is_asked_again(
    rerank: SiliconFlowRerank, stub: Stub, way: Way
) -> None:
    """There was no retry."""
    busy = s.always(
        s.json_reply({"code": 50505, "message": "busy", "data": None}, 503, retry_after="0.001")
    )
    stub.script = s.in_turn(busy, s.reranking)
    assert ids(await ranked(way, rerank, nodes())) == ["n0", "n2"]


async def test_silence_is_a_timeout(stub: Stub, way: Way, make: Make) -> None:
    """There was no time limit."""
    gate = threading.Event()
    stub.script = s.raw_stream(gate)
    with pytest.raises(APITimeoutError):
        await ranked(way, make(SiliconFlowRerank, timeout=0.1, max_retries=0), nodes())
    gate.set()


async def test_twenty_at_once(rerank: SiliconFlowRerank, stub: Stub) -> None:
    """Asynchronous ranking went through a thread pool, a few at a time."""
    # No answer goes out before all twenty requests are in: threads of a pool would hang here.
    together = threading.Barrier(20)

    def script(request: Request) -> Reply:
        together.wait(5)
        return s.reranking(request)

    stub.script = script
    found = await asyncio.gather(
        *(rerank.apostprocess_nodes(nodes(), query_str=QUERY) for _ in range(20))
    )
    assert [ids(each) for each in found] == [["n0", "n2"]] * 20


async def test_batches_in_flight_are_bounded(stub: Stub, make: Make) -> None:
    rerank = make(SiliconFlowRerank, top_n=12, max_batch=1, max_concurrency=3)
    counts: list[int] = []
    lock, full = threading.Lock(), threading.Barrier(3)

    def script(request: Request) -> Reply:
        with lock:
            counts.append(1)
            assert sum(counts) <= 3
        full.wait(5)  # three are here at once, so the bound is also reached
        with lock:
            counts.append(-1)
        return s.reranking(request)

    stub.script = script
    assert len(await rerank.apostprocess_nodes(nodes(FRUIT * 3), query_str=QUERY)) == 12


# --- engines --------------------------------------------------------------------------------


@pytest.fixture
def index(embedding: SiliconFlowEmbedding) -> VectorStoreIndex:
    return VectorStoreIndex(
        [node.node for node in nodes()],  # type: ignore[misc]  # all are TextNodes
        embed_model=embedding,
    )


async def test_a_query_engine(
    rerank: SiliconFlowRerank, llm: SiliconFlow, index: VectorStoreIndex, stub: Stub, way: Way
) -> None:
    engine = index.as_query_engine(llm=llm, similarity_top_k=4, node_postprocessors=[rerank])
    answer = await way(engine, "query", QUERY)
    assert ids(answer.source_nodes) == ["n0", "n2"]
    assert [request.path.rpartition("/")[2] for request in stub.requests[-2:]] == [
        "rerank",
        "completions",
    ]


async def test_a_chat_engine(
    rerank: SiliconFlowRerank, llm: SiliconFlow, index: VectorStoreIndex, way: Way
) -> None:
    engine = ContextChatEngine.from_defaults(
        index.as_retriever(similarity_top_k=4),
        llm=llm,
        node_postprocessors=[rerank],
        memory=ChatMemoryBuffer.from_defaults(llm=llm),
    )
    answer = await way(engine, "chat", QUERY)
    assert ids(answer.source_nodes) == ["n0", "n2"]


async def test_other_kinds_of_nodes(rerank: SiliconFlowRerank, way: Way) -> None:
    given = [NodeWithScore(node=Document(text=text, id_=text)) for text in FRUIT]
    assert ids(await ranked(way, rerank, given)) == ["apple pie", "apple banana pie"]


async def test_a_bar_counts_the_nodes(
    make: Make, way: Way, capsys: pytest.CaptureFixture[str]
) -> None:
    given = nodes([f"apple {number}" for number in range(10)])
    await ranked(way, make(SiliconFlowRerank, max_batch=4, show_progress=True), given)
    assert "Reranking: 100%" in (shown := capsys.readouterr().err)
    assert "10/10" in shown
    await ranked(way, make(SiliconFlowRerank, max_batch=4), given)
    assert capsys.readouterr().err == "", "nobody asked for one"
