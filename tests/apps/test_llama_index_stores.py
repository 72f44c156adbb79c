"""Chroma and FAISS as LlamaIndex's vector stores, and ingestion that knows its past."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import chromadb
import faiss
import httpx
import pytest
from llama_index.core import Document, StorageContext, VectorStoreIndex, load_index_from_storage
from llama_index.core.ingestion import DocstoreStrategy, IngestionPipeline
from llama_index.core.node_parser import SentenceSplitter
from llama_index.core.storage.docstore import SimpleDocumentStore
from llama_index.core.vector_stores import MetadataFilters
from llama_index.core.vector_stores.types import ExactMatchFilter
from llama_index.vector_stores.chroma import ChromaVectorStore
from llama_index.vector_stores.faiss import FaissVectorStore

from llama_index_siliconflow import SiliconFlow, SiliconFlowEmbedding, SiliconFlowRerank

SIZE = 64
NOTES = {
    "bread": ("Bread rises because yeast eats sugar and gives off gas.", "kitchen"),
    "salt": ("Salt slows the yeast down.", "kitchen"),
    "tomatoes": ("Water tomatoes in the morning, at the root.", "garden"),
    "books": ("The library lends books for four weeks.", "town"),
}


def documents() -> list[Document]:
    return [
        Document(id_=name, text=text, metadata={"place": place})
        for name, (text, place) in NOTES.items()
    ]


@pytest.fixture
def embedding(connection: dict[str, Any]) -> SiliconFlowEmbedding:
    return SiliconFlowEmbedding(model="Qwen/Qwen3-Embedding-0.6B", dimensions=SIZE, **connection)


def ask(index: Any, connection: dict[str, Any]) -> Any:
    engine = index.as_query_engine(
        llm=SiliconFlow(model="deepseek-ai/DeepSeek-V3.2", **connection),
        similarity_top_k=3,
        node_postprocessors=[SiliconFlowRerank(top_n=1, **connection)],
    )
    return engine.query("For how long does the library lend books?")


def embedded(sent: list[httpx.Request]) -> int:
    """How many texts were asked for."""
    return sum(
        len(json.loads(request.content)["input"])
        for request in sent
        if request.url.path.endswith("/embeddings")
    )


def test_chroma_keeps_filters_and_forgets(
    embedding: SiliconFlowEmbedding, connection: dict[str, Any], tmp_path: Path
):
    collection = chromadb.PersistentClient(str(tmp_path)).create_collection("notes")
    context = StorageContext.from_defaults(
        vector_store=ChromaVectorStore(chroma_collection=collection)
    )
    VectorStoreIndex.from_documents(documents(), storage_context=context, embed_model=embedding)
    # Nothing but the store knows the texts now.
    index: Any = VectorStoreIndex.from_vector_store(
        ChromaVectorStore(chroma_collection=collection), embed_model=embedding
    )
    assert "four weeks" in str(ask(index, connection))
    kitchen = MetadataFilters(filters=[ExactMatchFilter(key="place", value="kitchen")])

    def found() -> set[str]:
        retriever = index.as_retriever(similarity_top_k=4, filters=kitchen)
        return {str(node.node.ref_doc_id) for node in retriever.retrieve("What is in bread?")}

    assert found() == {"bread", "salt"}
    index.delete_ref_doc("salt")
    assert found() == {"bread"}


async def test_faiss_is_saved_and_loaded(
    embedding: SiliconFlowEmbedding,
    connection: dict[str, Any],
    sent: list[httpx.Request],
    tmp_path: Path,
):
    context = StorageContext.from_defaults(
        vector_store=FaissVectorStore(faiss_index=faiss.IndexFlatIP(SIZE))
    )
    index: Any = VectorStoreIndex.from_documents(
        documents(), storage_context=context, embed_model=embedding
    )
    index.storage_context.persist(str(tmp_path))
    assert embedded(sent) == 4
    again: Any = load_index_from_storage(
        StorageContext.from_defaults(
            vector_store=FaissVectorStore.from_persist_dir(str(tmp_path)),
            persist_dir=str(tmp_path),
        ),
        embed_model=embedding,
    )
    assert "four weeks" in str(ask(again, connection))
    (node,) = await again.as_retriever(similarity_top_k=1).aretrieve("When do I water tomatoes?")
    assert node.node.ref_doc_id == "tomatoes"
    assert embedded(sent) == 6


@pytest.mark.parametrize("way", ["sync", "async"])
async def test_ingestion_embeds_what_is_new_or_changed_only(
    embedding: SiliconFlowEmbedding, sent: list[httpx.Request], tmp_path: Path, way: str
):

    collection = chromadb.PersistentClient(str(tmp_path / "chroma")).create_collection("notes")
    store = ChromaVectorStore(chroma_collection=collection)

    def pipeline() -> IngestionPipeline:
        return IngestionPipeline(
            transformations=[SentenceSplitter(chunk_size=128, chunk_overlap=0), embedding],
            docstore=SimpleDocumentStore(),
            docstore_strategy=DocstoreStrategy.UPSERTS,
            vector_store=store,
            disable_cache=True,
        )

    async def ingest(into: IngestionPipeline, given: list[Document]) -> int:
        before = embedded(sent)
        if way == "sync":
            into.run(documents=given)
        else:
            await into.arun(documents=given)
        return embedded(sent) - before

    first = pipeline()
    assert await ingest(first, documents()) == 4
    assert await ingest(first, documents()) == 0
    first.persist(str(tmp_path / "pipeline"))

    later = pipeline()
    later.load(str(tmp_path / "pipeline"))
    changed = documents()
    changed[3] = Document(id_="books", text="The library lends books for six weeks.")
    assert await ingest(later, changed) == 1
    index: Any = VectorStoreIndex.from_vector_store(store, embed_model=embedding)
    nodes = index.as_retriever(similarity_top_k=9).retrieve("For how long does the library lend?")
    assert len(nodes) == 4
    assert nodes[0].node.get_content() == "The library lends books for six weeks."
