"""Images for the models that see: embedded beside texts, ranked beside texts."""

from __future__ import annotations

import base64
import json
from collections.abc import AsyncIterator
from io import BytesIO
from pathlib import Path
from typing import Any

import httpx
import pytest
from llama_index.core.embeddings import MultiModalEmbedding
from llama_index.core.indices import MultiModalVectorStoreIndex
from llama_index.core.schema import (
    ImageNode,
    MediaResource,
    Node,
    NodeWithScore,
    QueryBundle,
    TextNode,
)

from llama_index_siliconflow import (
    ConfigurationError,
    SiliconFlowEmbedding,
    SiliconFlowMultiModalEmbedding,
    SiliconFlowRerank,
)
from siliconflow_simulator import Simulator
from tests.llama_index.conftest import Way

PNG = b"\x89PNG\r\n\x1a\n" + bytes(8)
PNG_64 = base64.b64encode(PNG).decode()
PNG_URI = f"data:image/png;base64,{PNG_64}"
CAR = "https://example.com/red-car.jpg"
RERANKER = "Qwen/Qwen3-VL-Reranker-8B"


@pytest.fixture
def bodies() -> list[Any]:
    """What was asked, in order."""
    return []


@pytest.fixture
async def simulated(bodies: list[Any]) -> AsyncIterator[dict[str, Any]]:
    answering = Simulator().transport()

    def answer(request: httpx.Request) -> httpx.Response:
        bodies.append(json.loads(request.content))
        answered = answering.handler(request)
        assert isinstance(answered, httpx.Response)
        return answered

    transport = httpx.MockTransport(answer)
    with httpx.Client(transport=transport) as client:
        async with httpx.AsyncClient(transport=transport) as async_client:
            yield {
                "api_key": "sk-test",
                "http_client": client,
                "async_http_client": async_client,
            }


@pytest.fixture
def embedding(simulated: dict[str, Any]) -> SiliconFlowMultiModalEmbedding:
    return SiliconFlowMultiModalEmbedding(max_concurrency=1, **simulated)


# --- embeddings -----------------------------------------------------------------------------


def test_the_class_is_llama_indexs_for_images_and_ours_for_texts(
    embedding: SiliconFlowMultiModalEmbedding,
) -> None:
    assert isinstance(embedding, MultiModalEmbedding)
    assert isinstance(embedding, SiliconFlowEmbedding)
    assert embedding.model == embedding.model_name == "Qwen/Qwen3-VL-Embedding-8B"
    assert SiliconFlowEmbedding(api_key="k").model == "BAAI/bge-m3"
    again = SiliconFlowMultiModalEmbedding.from_dict(embedding.to_dict())
    assert again.to_dict() == embedding.to_dict()


async def test_images_and_texts_share_a_space(
    embedding: SiliconFlowMultiModalEmbedding, way: Way, bodies: list[Any]
) -> None:
    image = await way(embedding, "get_image_embedding", CAR)
    text = await way(embedding, "get_text_embedding", CAR)
    assert image == text  # the simulator reads the URL as words
    assert [body["input"] for body in bodies] == [[{"image": CAR}], [CAR]]


async def test_files_become_data_uris_and_urls_are_not_fetched(
    embedding: SiliconFlowMultiModalEmbedding, way: Way, bodies: list[Any], tmp_path: Path
) -> None:
    file = tmp_path / "car.png"
    file.write_bytes(PNG)
    images = [CAR, str(file), file.as_uri(), BytesIO(PNG), PNG_URI]
    vectors = await way(embedding, "get_image_embedding_batch", images)
    assert [one["image"] for one in bodies[0]["input"]] == [CAR] + [PNG_URI] * 4
    assert len(bodies) == 1
    assert vectors[0] != vectors[1]
    assert vectors[1:] == [vectors[1]] * 4


async def test_images_go_eight_in_a_request(
    embedding: SiliconFlowMultiModalEmbedding, way: Way, bodies: list[Any]
) -> None:
    vectors = await way(embedding, "get_image_embedding_batch", [CAR] * 20)
    assert len(vectors) == 20
    assert [len(body["input"]) for body in bodies] == [8, 8, 4]
    bodies.clear()
    embedding.max_image_batch = 16
    await way(embedding, "get_image_embedding_batch", [CAR] * 20)
    assert [len(body["input"]) for body in bodies] == [16, 4]


async def test_a_generator_of_images_is_counted_out(
    embedding: SiliconFlowMultiModalEmbedding, way: Way, bodies: list[Any]
) -> None:
    images = (BytesIO(PNG) for _ in range(3))
    assert len(await way(embedding, "get_image_embedding_batch", images)) == 3
    bodies.clear()
    for wrong in (CAR, None, 5):
        with pytest.raises(ConfigurationError) as caught:
            await way(embedding, "get_image_embedding_batch", wrong)
        assert caught.value.argument == "img_file_paths"
    assert bodies == []


async def test_an_image_that_cannot_be_sent_is_named(
    embedding: SiliconFlowMultiModalEmbedding, way: Way, bodies: list[Any]
) -> None:
    with pytest.raises(ConfigurationError, match=r"images\[1\]"):
        await way(embedding, "get_image_embedding_batch", [CAR, "/nowhere/car.png"])
    embedding.model = "BAAI/bge-m3"
    with pytest.raises(ConfigurationError, match="takes no images"):
        await way(embedding, "get_image_embedding", CAR)
    assert bodies == []


async def test_a_multi_modal_index_finds_images_by_words_and_by_images(
    embedding: SiliconFlowMultiModalEmbedding, way: Way, tmp_path: Path
) -> None:
    pictures = {"car": PNG + b"car", "tree": PNG + b"tree"}
    for name, content in pictures.items():
        (tmp_path / f"{name}.png").write_bytes(content)
    images = [
        # LlamaIndex leaves nodes out that hold no text at all.
        ImageNode(image_path=str(tmp_path / f"{name}.png"), metadata={"name": name})
        for name in pictures
    ]
    index = MultiModalVectorStoreIndex(
        [*images, TextNode(text="A tree has leaves.")],
        embed_model=embedding,
        image_embed_model=embedding,
    )
    retriever = index.as_retriever(similarity_top_k=1, image_similarity_top_k=1)
    tree = str(tmp_path / "tree.png")
    found = await way(retriever, "image_to_image_retrieve", tree)
    assert [node.node.image_path for node in found] == [tree]
    assert len(await way(retriever, "text_to_image_retrieve", "a tree")) == 1
    (text,) = await way(retriever, "text_retrieve", "What has leaves?")
    assert text.node.get_content() == "A tree has leaves."


# --- rerank ---------------------------------------------------------------------------------


def scored(*nodes: Any) -> list[NodeWithScore]:
    return [NodeWithScore(node=node, score=0.1) for node in nodes]


async def test_nodes_with_images_are_ranked_by_them(
    simulated: dict[str, Any], way: Way, bodies: list[Any], tmp_path: Path
) -> None:
    file = tmp_path / "car.png"
    file.write_bytes(PNG)
    nodes = scored(
        TextNode(text="a red car", id_="text"),
        ImageNode(image_url=CAR, text="caption", id_="url"),
        ImageNode(image_path=str(file), id_="path"),
        ImageNode(image=PNG_64, id_="data"),
        Node(image_resource=MediaResource(url=CAR), id_="resource"),
        Node(image_resource=MediaResource(data=PNG), id_="resource data"),
        Node(text_resource=MediaResource(text="a garden"), id_="other"),
    )
    rerank = SiliconFlowRerank(model=RERANKER, top_n=3, **simulated)
    found = await way(rerank, "postprocess_nodes", nodes, query_bundle=QueryBundle("a red car"))
    assert bodies[0]["documents"] == [
        "a red car",
        {"image": CAR},
        {"image": PNG_URI},
        {"image": PNG_URI},
        {"image": CAR},
        {"image": PNG_URI},
        "a garden",
    ]
    assert [node.node.node_id for node in found] == ["text", "url", "resource"]


async def test_images_are_ranked_eight_in_a_request(
    simulated: dict[str, Any], way: Way, bodies: list[Any]
) -> None:
    rerank = SiliconFlowRerank(model=RERANKER, max_concurrency=1, **simulated)
    query = QueryBundle("a red car")
    images = scored(*(ImageNode(image_url=CAR) for _ in range(10)))
    await way(rerank, "postprocess_nodes", images, query_bundle=query)
    texts = scored(*(TextNode(text="a") for _ in range(10)))
    await way(rerank, "postprocess_nodes", texts, query_bundle=query)
    assert [len(body["documents"]) for body in bodies] == [8, 2, 10]


async def test_an_image_may_be_what_is_asked_for(
    simulated: dict[str, Any], way: Way, bodies: list[Any]
) -> None:
    rerank = SiliconFlowRerank(model=RERANKER, **simulated)
    query = QueryBundle(query_str="", image_path=CAR)
    await way(rerank, "postprocess_nodes", scored(TextNode(text="a")), query_bundle=query)
    assert bodies[0]["query"] == {"image": CAR}


async def test_a_model_that_does_not_see_ranks_the_text_of_an_image(
    simulated: dict[str, Any], way: Way, bodies: list[Any]
) -> None:
    nodes = scored(ImageNode(image_url=CAR, text="a red car"), TextNode(text="a garden"))
    rerank = SiliconFlowRerank(**simulated)
    await way(rerank, "postprocess_nodes", nodes, query_bundle=QueryBundle("car"))
    assert bodies[0]["documents"] == ["a red car", "a garden"]


@pytest.mark.parametrize(
    ("node", "why"),
    [
        (ImageNode(image="YWJ"), "not base64"),
        (ImageNode(image_path="/nowhere/car.png"), r"nodes\[1\] cannot be read"),
    ],
)
async def test_a_node_whose_image_cannot_be_sent_is_named(
    simulated: dict[str, Any], way: Way, bodies: list[Any], node: ImageNode, why: str
) -> None:
    rerank = SiliconFlowRerank(model=RERANKER, **simulated)
    nodes = scored(TextNode(text="a"), node)
    with pytest.raises(ConfigurationError, match=why):
        await way(rerank, "postprocess_nodes", nodes, query_bundle=QueryBundle("car"))
    assert bodies == []
