"""Qdrant, in memory, as LlamaIndex's vector store: our vectors in, filtered and reranked out."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Any

import pytest
from llama_index.core import Document, StorageContext, VectorStoreIndex
from llama_index.core.vector_stores import MetadataFilters
from llama_index.core.vector_stores.types import ExactMatchFilter
from llama_index.vector_stores.qdrant import QdrantVectorStore
from qdrant_client import AsyncQdrantClient, QdrantClient

from llama_index_siliconflow import SiliconFlow, SiliconFlowEmbedding, SiliconFlowRerank

# The client's own, about what its in-memory store leaves out.
pytestmark = pytest.mark.filterwarnings("ignore:Payload indexes have no effect:UserWarning")

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
async def store() -> AsyncIterator[QdrantVectorStore]:
    client, async_client = QdrantClient(":memory:"), AsyncQdrantClient(":memory:")
    yield QdrantVectorStore("notes", client=client, aclient=async_client)
    client.close()
    await async_client.close()


@pytest.fixture
def embedding(connection: dict[str, Any]) -> SiliconFlowEmbedding:
    return SiliconFlowEmbedding(model="Qwen/Qwen3-Embedding-0.6B", dimensions=64, **connection)


def index_of(store: QdrantVectorStore, embedding: SiliconFlowEmbedding) -> VectorStoreIndex:
    context = StorageContext.from_defaults(vector_store=store)
    return VectorStoreIndex.from_documents(
        documents(), storage_context=context, embed_model=embedding
    )


def test_a_question_is_answered_from_what_is_stored(
    store: QdrantVectorStore, embedding: SiliconFlowEmbedding, connection: dict[str, Any]
):
    engine = index_of(store, embedding).as_query_engine(
        llm=SiliconFlow(model="deepseek-ai/DeepSeek-V3.2", **connection),
        similarity_top_k=3,
        node_postprocessors=[SiliconFlowRerank(top_n=1, **connection)],
    )
    answer = engine.query("For how long does the library lend books?")
    assert "four weeks" in str(answer)
    assert [node.node.ref_doc_id for node in answer.source_nodes] == ["books"]
    assert store.client.get_collection("notes").config.params.vectors.size == 64


def test_a_filter_and_a_deletion_hold(store: QdrantVectorStore, embedding: SiliconFlowEmbedding):
    index = index_of(store, embedding)
    kitchen = MetadataFilters(filters=[ExactMatchFilter(key="place", value="kitchen")])

    def found() -> set[str]:
        retriever = index.as_retriever(similarity_top_k=4, filters=kitchen)
        return {str(node.node.ref_doc_id) for node in retriever.retrieve("What is in bread?")}

    assert found() == {"bread", "salt"}
    index.delete_ref_doc("salt")
    assert found() == {"bread"}


async def test_the_async_client_stores_and_finds(
    store: QdrantVectorStore, embedding: SiliconFlowEmbedding
):
    index = VectorStoreIndex.from_vector_store(store, embed_model=embedding, use_async=True)
    for document in documents():
        await index.ainsert(document)
    nodes = await index.as_retriever(similarity_top_k=1).aretrieve("When do I water tomatoes?")
    assert [node.node.ref_doc_id for node in nodes] == ["tomatoes"]
    assert nodes[0].score is not None
