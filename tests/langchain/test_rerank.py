"""The reranker: batches merged by score, its parameters, its place in a retriever."""

from __future__ import annotations

import asyncio
import json
from typing import Any

import httpx
import pytest
from langchain_classic.retrievers import ContextualCompressionRetriever
from langchain_core.documents import Document
from langchain_core.retrievers import BaseRetriever

from langchain_siliconflow import ConfigurationError, SiliconFlowRerank
from siliconflow_simulator import Simulator
from tests.langchain.wire import Server


def simulated(**fields: Any) -> SiliconFlowRerank:
    transport = Simulator().transport()
    return SiliconFlowRerank(
        api_key="sk-test",
        http_client=httpx.Client(transport=transport),
        async_http_client=httpx.AsyncClient(transport=transport),
        **fields,
    )


def scores(request: httpx.Request) -> httpx.Response:
    """Score a document by the number it is."""
    body = json.loads(request.content)
    hits = [
        {"index": index, "relevance_score": int(text) / 1000}
        for index, text in enumerate(body["documents"])
    ]
    hits.sort(key=lambda hit: -hit["relevance_score"])
    return httpx.Response(200, json={"id": "1", "results": hits[: body.get("top_n")]})


@pytest.mark.parametrize("mode", ["sync", "async"])
@pytest.mark.parametrize("top_n", [3, None])
def test_long_lists_go_in_batches_and_come_back_in_one_order(mode: str, top_n: int | None) -> None:
    server = Server(scores)
    reranker = SiliconFlowRerank(top_n=top_n, **server.clients)
    texts = [str((number * 37) % 150) for number in range(150)]
    hits = (
        reranker.rerank(texts, "q") if mode == "sync" else asyncio.run(reranker.arerank(texts, "q"))
    )
    assert sorted(len(body["documents"]) for body in server.bodies) == [22, 64, 64]
    found = [texts[hit["index"]] for hit in hits]
    assert found == [str(number) for number in range(149, -1, -1)][: top_n or 150]
    assert [hit["relevance_score"] for hit in hits] == [int(text) / 1000 for text in found]


def test_parameters_reach_the_wire() -> None:
    server = Server(scores)
    SiliconFlowRerank(
        model="Qwen/Qwen3-Reranker-8B",
        top_n=5,
        instruction="Prefer code.",
        max_chunks_per_doc=8,
        overlap_tokens=20,
        model_kwargs={"x": 1},
        **server.clients,
    ).rerank(["1", "2"], "q")
    assert server.body == {
        "model": "Qwen/Qwen3-Reranker-8B",
        "query": "q",
        "documents": ["1", "2"],
        "return_documents": False,
        "top_n": 2,
        "instruction": "Prefer code.",
        "max_chunks_per_doc": 8,
        "overlap_tokens": 20,
        "x": 1,
    }


def test_top_n_per_call() -> None:
    assert len(SiliconFlowRerank(**Server(scores).clients).rerank(["1", "2"], "q", top_n=1)) == 1


def test_wrong_documents_are_named() -> None:
    with pytest.raises(ConfigurationError, match=r"documents\[1\] must be a string"):
        SiliconFlowRerank(api_key="k").rerank(["1", 2], "q")
    with pytest.raises(ConfigurationError, match="query"):
        SiliconFlowRerank(api_key="k").rerank(["1"], "")
    with pytest.raises(ConfigurationError, match="did you mean 'top_n'"):
        SiliconFlowRerank(api_key="k", topn=1)
    with pytest.raises(ValueError, match="top_n"):
        SiliconFlowRerank(api_key="k", top_n=0)


class Everything(BaseRetriever):
    documents: list[Document]

    def _get_relevant_documents(self, query: str, **_: Any) -> list[Document]:
        return self.documents


@pytest.mark.parametrize("mode", ["sync", "async"])
def test_in_a_compression_retriever(mode: str) -> None:
    texts = ["Cats purr.", "The gzip module compresses files.", "Paris is in France."]
    documents = [Document(text, id=str(number)) for number, text in enumerate(texts)]
    retriever = ContextualCompressionRetriever(
        base_compressor=simulated(top_n=2), base_retriever=Everything(documents=documents)
    )
    query = "compress files with gzip"
    best = retriever.invoke(query) if mode == "sync" else asyncio.run(retriever.ainvoke(query))
    assert best[0].page_content == texts[1]
    assert best[0].id == "1"
    assert len(best) == 2
    assert best[0].metadata["relevance_score"] >= best[1].metadata["relevance_score"]
    assert all(document.metadata == {} for document in documents)


def test_metadata_is_copied_deeply() -> None:
    document = Document("1", metadata={"tags": ["a"]})
    (best,) = SiliconFlowRerank(**Server(scores).clients).compress_documents([document], "q")
    best.metadata["tags"].append("b")
    assert document.metadata == {"tags": ["a"]}


@pytest.mark.parametrize("mode", ["sync", "async"])
def test_images_are_ranked_by_models_that_see(mode: str) -> None:
    reranker = simulated(model="Qwen/Qwen3-VL-Reranker-8B", top_n=2)
    documents = [
        "a garden",
        {"image": "https://example.com/red-car.jpg"},
        Document("a red car"),
        {"video": "https://example.com/garden.mp4"},
    ]
    query: Any = {"text": "a red car"}
    if mode == "sync":
        hits = reranker.rerank(documents, query)
    else:
        hits = asyncio.run(reranker.arerank(documents, query))
    assert [hit["index"] for hit in hits] == [2, 1]


@pytest.mark.parametrize("mode", ["sync", "async"])
def test_other_rerankers_name_the_document_that_is_no_text(mode: str) -> None:
    documents = ["a garden", {"image": "https://example.com/car.jpg"}]
    with pytest.raises(ConfigurationError, match="Qwen/Qwen3-VL-Reranker-8B") as caught:
        if mode == "sync":
            simulated().rerank(documents, "q")
        else:
            asyncio.run(simulated().arerank(documents, "q"))
    assert caught.value.argument == "documents[1]"


@pytest.mark.parametrize("mode", ["sync", "async"])
def test_a_bar_counts_the_documents(mode: str, capsys: pytest.CaptureFixture[str]) -> None:
    documents = [Document(f"page {number}") for number in range(150)]
    reranker = simulated(show_progress_bar=True)
    if mode == "sync":
        reranker.compress_documents(documents, "page 7")
    else:
        asyncio.run(reranker.acompress_documents(documents, "page 7"))
    assert "Reranking: 100%" in (shown := capsys.readouterr().err)
    assert "150/150" in shown
    simulated().compress_documents(documents, "page 7")
    assert capsys.readouterr().err == "", "nobody asked for one"
