"""One meter counts for the client and for every class of both adapters, plain and streamed."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

import pytest
from langchain_core.documents import Document
from llama_index.core.base.llms.types import ChatMessage
from llama_index.core.schema import NodeWithScore, QueryBundle, TextNode

import langchain_siliconflow as lc
import llama_index_siliconflow as li
from siliconflow_client import UsageMeter, UsageReport
from siliconflow_simulator import Simulator, from_text
from tests.batch_jobs import BatchSite

CHAT = "Qwen/Qwen3-8B"
TEXTS = ["gzip compresses files", "Paris is in France"]
NODES = [NodeWithScore(node=TextNode(text=text)) for text in TEXTS]
CHAT_MESSAGES = [ChatMessage(role="user", content="Hi")]
QUERY = QueryBundle("What is gzip?")


async def listed(stream: Any) -> list[Any]:
    return [item async for item in stream]


async def awaited(stream: Awaitable[Any]) -> list[Any]:
    return [item async for item in await stream]


Calls = dict[str, tuple[type, Callable[[Any], Any]]]
SYNC: Calls = {
    "chat": (lc.ChatSiliconFlow, lambda m: m.invoke("Hi")),
    "chat, streamed": (lc.ChatSiliconFlow, lambda m: list(m.stream("Hi"))),
    "llm": (lc.SiliconFlowLLM, lambda m: m.invoke("Hi")),
    "llm, streamed": (lc.SiliconFlowLLM, lambda m: list(m.stream("Hi"))),
    "embeddings": (lc.SiliconFlowEmbeddings, lambda m: m.embed_documents(TEXTS)),
    "rerank": (lc.SiliconFlowRerank, lambda m: m.rerank([Document(t) for t in TEXTS], "gzip?")),
    "llama chat": (li.SiliconFlow, lambda m: m.chat(CHAT_MESSAGES)),
    "llama chat, streamed": (li.SiliconFlow, lambda m: list(m.stream_chat(CHAT_MESSAGES))),
    "llama completion": (li.SiliconFlowCompletion, lambda m: m.complete("Hi")),
    "llama completion, streamed": (
        li.SiliconFlowCompletion,
        lambda m: list(m.stream_complete("Hi")),
    ),
    "llama embedding": (li.SiliconFlowEmbedding, lambda m: m.get_text_embedding_batch(TEXTS)),
    "llama rerank": (li.SiliconFlowRerank, lambda m: m.postprocess_nodes(NODES, QUERY)),
}
ASYNC: Calls = {
    "chat": (lc.ChatSiliconFlow, lambda m: m.ainvoke("Hi")),
    "chat, streamed": (lc.ChatSiliconFlow, lambda m: listed(m.astream("Hi"))),
    "llm": (lc.SiliconFlowLLM, lambda m: m.ainvoke("Hi")),
    "llm, streamed": (lc.SiliconFlowLLM, lambda m: listed(m.astream("Hi"))),
    "embeddings": (lc.SiliconFlowEmbeddings, lambda m: m.aembed_documents(TEXTS)),
    "rerank": (lc.SiliconFlowRerank, lambda m: m.arerank([Document(t) for t in TEXTS], "gzip?")),
    "llama chat": (li.SiliconFlow, lambda m: m.achat(CHAT_MESSAGES)),
    "llama chat, streamed": (li.SiliconFlow, lambda m: awaited(m.astream_chat(CHAT_MESSAGES))),
    "llama completion": (li.SiliconFlowCompletion, lambda m: m.acomplete("Hi")),
    "llama completion, streamed": (
        li.SiliconFlowCompletion,
        lambda m: awaited(m.astream_complete("Hi")),
    ),
    "llama embedding": (li.SiliconFlowEmbedding, lambda m: m.aget_text_embedding_batch(TEXTS)),
    "llama rerank": (li.SiliconFlowRerank, lambda m: m.apostprocess_nodes(NODES, QUERY)),
}


def test_both_ways_are_looked_at():
    assert set(SYNC) == set(ASYNC)


@pytest.mark.parametrize("way", [SYNC, ASYNC], ids=["sync", "async"])
@pytest.mark.parametrize("name", SYNC)
def test_an_answer_is_told_of_once(way: Calls, name: str):
    cls, call = way[name]
    told: list[UsageReport] = []
    meter = UsageMeter()

    def on_usage(report: UsageReport) -> None:
        told.append(report)
        meter(report)

    model = cls(on_usage=on_usage, **Simulator().settings())
    answer = call(model)
    if way is ASYNC:
        asyncio.run(_awaiting(answer))
    (report,) = told
    name = getattr(model, "model_name", None) or model.model
    assert report.model == name
    assert report.trace_id
    assert meter.by_model[name].total_tokens > 0
    assert meter.cost({name: (1.0, 1.0)}) > 0


async def _awaiting(answer: Awaitable[Any]) -> None:
    await answer


def test_models_of_both_frameworks_share_a_meter():
    meter = UsageMeter()
    settings = Simulator().settings()
    lc.ChatSiliconFlow(model=CHAT, on_usage=meter, **settings).invoke("Hi")
    li.SiliconFlow(model=CHAT, on_usage=meter, **settings).complete("Hi")
    lc.SiliconFlowEmbeddings(on_usage=meter, **settings).embed_query("Hi")
    assert meter.answers == 3
    assert list(meter.by_model) == [CHAT, "BAAI/bge-m3"]


BATCHES: dict[str, Callable[[Any, Any], Any]] = {
    "langchain": lambda site, state: lc.BatchJob.submit(
        lc.ChatSiliconFlow(**site), TEXTS, state=state
    ).wait(poll=0.01),
    "llama_index": lambda site, state: li.BatchJob.submit(
        li.SiliconFlow(**site), TEXTS, state=state
    ).wait(poll=0.01),
}


@pytest.mark.parametrize("framework", BATCHES)
def test_answers_of_a_batch_count_once(framework: str, tmp_path: Path):
    meter = UsageMeter()
    site = {**BatchSite(answers=from_text).settings(), "on_usage": meter}
    job = BATCHES[framework](site, tmp_path / "job.json")
    assert len(job.results()) == len(job.results()) == len(TEXTS)
    assert meter.answers == len(TEXTS)
    assert meter.by_model[site["model"]].completion_tokens > 0
