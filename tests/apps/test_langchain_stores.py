"""Chroma, Qdrant and FAISS as LangChain's vector stores: our vectors in, filtered and reranked out."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import chromadb
import httpx
import pytest
from langchain_chroma import Chroma
from langchain_classic.retrievers import ContextualCompressionRetriever
from langchain_community.vectorstores import FAISS
from langchain_core.documents import Document
from langchain_core.vectorstores import VectorStore
from langchain_qdrant import QdrantVectorStore

from langchain_siliconflow import SiliconFlowEmbeddings, SiliconFlowRerank
from tests.apps.mcp_server import PIXEL

NOTES = {
    "bread": ("Bread rises because yeast eats sugar and gives off gas.", "kitchen"),
    "salt": ("Salt slows the yeast down.", "kitchen"),
    "tomatoes": ("Water tomatoes in the morning, at the root.", "garden"),
    "books": ("The library lends books for four weeks.", "town"),
}
QUESTION = "For how long does the library lend books?"
BOOKS = NOTES["books"][0]


def documents() -> list[Document]:
    return [
        Document(text, metadata={"name": name, "place": place})
        for name, (text, place) in NOTES.items()
    ]


@pytest.fixture
def embeddings(connection: dict[str, Any]) -> SiliconFlowEmbeddings:
    return SiliconFlowEmbeddings(model="Qwen/Qwen3-Embedding-0.6B", dimensions=64, **connection)


def chroma(embeddings: SiliconFlowEmbeddings, folder: Path) -> VectorStore:
    return Chroma("notes", embeddings, persist_directory=str(folder))


def qdrant(embeddings: SiliconFlowEmbeddings, folder: Path) -> VectorStore:
    return QdrantVectorStore.from_documents(
        [], embeddings, location=":memory:", collection_name="notes"
    )


def faiss(embeddings: SiliconFlowEmbeddings, folder: Path) -> VectorStore:
    store = FAISS.from_texts(["To be deleted."], embeddings, ids=["0"])
    store.delete(["0"])
    return store


@pytest.fixture(params=[chroma, qdrant, faiss])
def store(
    request: pytest.FixtureRequest, embeddings: SiliconFlowEmbeddings, tmp_path: Path
) -> Iterator[VectorStore]:
    make: Callable[[SiliconFlowEmbeddings, Path], VectorStore] = request.param
    made = make(embeddings, tmp_path)
    yield made
    if isinstance(made, QdrantVectorStore):
        made.client.close()


@pytest.mark.parametrize("way", ["sync", "async"])
async def test_what_is_stored_is_found_and_reranked(
    store: VectorStore, connection: dict[str, Any], way: str
):
    if way == "sync":
        ids = store.add_documents(documents())
    else:
        ids = await store.aadd_documents(documents())
    retriever = ContextualCompressionRetriever(
        base_compressor=SiliconFlowRerank(top_n=1, **connection),
        base_retriever=store.as_retriever(search_kwargs={"k": 3}),
    )
    if way == "sync":
        (best,) = retriever.invoke(QUESTION)
        store.delete([ids[3]])
        left = store.similarity_search(QUESTION, k=9)
    else:
        (best,) = await retriever.ainvoke(QUESTION)
        store.delete([ids[3]])
        left = await store.asimilarity_search(QUESTION, k=9)
    assert best.page_content == BOOKS
    assert 0 < best.metadata["relevance_score"] <= 1
    assert {one.metadata["name"] for one in left} == {"bread", "salt", "tomatoes"}


def test_variety_can_be_asked_for(store: VectorStore):
    store.add_documents(documents())
    found = store.max_marginal_relevance_search("Why does bread rise?", k=2, fetch_k=4)
    assert found[0].metadata["name"] == "bread"
    assert len({one.metadata["name"] for one in found}) == 2


def test_faiss_is_saved_and_loaded(
    embeddings: SiliconFlowEmbeddings, sent: list[httpx.Request], tmp_path: Path
):
    FAISS.from_documents(documents(), embeddings).save_local(str(tmp_path))
    again = FAISS.load_local(str(tmp_path), embeddings, allow_dangerous_deserialization=True)
    ((best, _),) = again.similarity_search_with_score(QUESTION, k=1, filter={"place": "town"})
    assert best.page_content == BOOKS
    assert len(sent) == 2


def test_chroma_finds_images_by_words_and_by_images(
    connection: dict[str, Any], sent: list[httpx.Request], tmp_path: Path
):
    embeddings = SiliconFlowEmbeddings(model="Qwen/Qwen3-VL-Embedding-8B", **connection)
    names = [str(tmp_path / f"{name}.png") for name in ("first", "second")]
    for number, name in enumerate(names):
        Path(name).write_bytes(PIXEL + bytes([number]))
    store = Chroma("pictures", embeddings, client=chromadb.EphemeralClient())
    store.add_images(names, metadatas=[{"name": name} for name in names])
    asked = json.loads(sent[0].content)["input"]
    assert [one["image"].partition(",")[0] for one in asked] == ["data:image/png;base64"] * 2
    (found,) = store.similarity_search_by_image(names[1], k=1)
    assert found.metadata["name"] == names[1]
    assert len(store.similarity_search("a picture", k=2)) == 2
