"""Embeddings and rerank: near is what shares words."""

from __future__ import annotations

import base64
import math
import struct

import pytest

from siliconflow_client import known_models
from siliconflow_simulator.answers.vectors import embedding
from tests.simulator.asking import body_of, post

EMBEDDINGS, RERANK = "/v1/embeddings", "/v1/rerank"
RERANKER = "BAAI/bge-reranker-v2-m3"


def embed(*texts, model="BAAI/bge-m3", **fields):
    body = body_of(post(EMBEDDINGS, {"model": model, "input": list(texts), **fields}))
    return [item["embedding"] for item in body["data"]]


def near(one, other) -> float:
    return sum(a * b for a, b in zip(one, other, strict=True))


def rerank(query, documents, model=RERANKER, **fields):
    return body_of(post(RERANK, {"model": model, "query": query, "documents": documents, **fields}))


@pytest.mark.parametrize(
    ("question", "answer", "other"),
    [
        ("compress files with gzip", "gzip compresses a file", "cats sleep all day"),
        ("running a server", "the servers that ran", "an apple pie"),
        ("如何压缩文件", "压缩文件的方法", "今天天气很好"),
        ("configuration", "configure", "banana"),
    ],
)
def test_texts_that_share_words_are_near(question, answer, other) -> None:
    asked, told, else_ = embed(question, answer, other)
    assert near(asked, told) > near(asked, else_) + 0.1


@pytest.mark.parametrize(
    "text", ["a", "gzip compresses a file", "你好，世界", "", "   ", "🎉", "the of"]
)
def test_vectors_have_unit_length(text) -> None:
    [vector] = embed(text)
    assert len(vector) == 1024
    assert math.isclose(near(vector, vector), 1, abs_tol=1e-4)


def test_the_same_text_has_the_same_vector_and_models_differ() -> None:
    one, again = embed("gzip", "gzip")
    assert one == again == embed("gzip", model="Pro/BAAI/bge-m3")[0]
    assert one != embed("gzip", model="BAAI/bge-large-zh-v1.5")[0]


@pytest.mark.parametrize("facts", known_models("embedding"), ids=lambda facts: facts.id)
def test_each_model_has_its_documented_dimensions(facts) -> None:
    assert len(embed("a", model=facts.id)[0]) == (facts.default_dimensions or 1024)
    for dimensions in facts.dimensions if facts.accepts_dimensions else ():
        assert len(embed("a", model=facts.id, dimensions=dimensions)[0]) == dimensions


def test_dimensions_that_the_model_does_not_have_are_refused() -> None:
    body = {"model": "Qwen/Qwen3-Embedding-0.6B", "input": "a", "dimensions": 100}
    assert post(EMBEDDINGS, body).status == 400


def test_base64_holds_the_same_numbers() -> None:
    [plain] = embed("gzip")
    [packed] = embed("gzip", encoding_format="base64")
    numbers = struct.unpack("<1024f", base64.b64decode(packed))
    assert numbers == pytest.approx(plain, abs=1e-6)
    assert (
        post(EMBEDDINGS, {"model": "BAAI/bge-m3", "input": "a", "encoding_format": "hex"}).status
        == 400
    )


def test_the_shape_of_the_answer() -> None:
    body = body_of(post(EMBEDDINGS, {"model": "BAAI/bge-m3", "input": "one text"}))
    assert body["object"] == "list"
    assert body["model"] == "BAAI/bge-m3"
    assert [(item["object"], item["index"]) for item in body["data"]] == [("embedding", 0)]
    assert body["usage"] == {"prompt_tokens": 2, "completion_tokens": 0, "total_tokens": 2}


def test_the_vision_model_takes_texts_and_images_mixed() -> None:
    inputs = [{"text": "a red car"}, {"image": "https://example.com/car.jpg"}, "a red car"]
    first, image, last = embed(*inputs, model="Qwen/Qwen3-VL-Embedding-8B")
    assert first == last != image
    assert post(EMBEDDINGS, {"model": "BAAI/bge-m3", "input": [{"text": "a"}]}).status == 400


def test_a_seed_changes_the_space() -> None:
    assert embedding("gzip", 64, 1) != embedding("gzip", 64, 2)


# --- rerank -----------------------------------------------------------------------------------

DOCUMENTS = [
    "Cats sleep sixteen hours a day.",
    "gzip.compress(data) compresses data.",
    "To compress a file with gzip, open it with gzip.open.",
    "Files are read with open.",
]


def test_documents_come_best_first_with_scores_from_0_to_1() -> None:
    results = rerank("compress a file with gzip", DOCUMENTS)["results"]
    scores = [hit["relevance_score"] for hit in results]
    assert (results[0]["index"], results[-1]["index"]) == (2, 0)
    assert scores == sorted(scores, reverse=True)
    assert all(0 <= score <= 1 for score in scores)
    assert scores[0] > 0.6
    assert scores[-1] < 0.1


def test_top_n_and_documents() -> None:
    results = rerank("gzip", DOCUMENTS, top_n=2, return_documents=True)["results"]
    assert len(results) == 2
    assert all(hit["document"] == {"text": DOCUMENTS[hit["index"]]} for hit in results)
    assert all(hit["document"] is None for hit in rerank("gzip", DOCUMENTS)["results"])
    assert len(rerank("gzip", DOCUMENTS, top_n=99)["results"]) == 4


def test_usage_is_in_meta() -> None:
    body = rerank("gzip", DOCUMENTS)
    tokens = body["meta"]["tokens"]
    assert tokens["input_tokens"] > 0
    assert body["meta"]["billed_units"].items() >= tokens.items()


@pytest.mark.parametrize(
    ("fields", "status"),
    [
        ({"documents": "one text"}, 200),
        ({"documents": [1]}, 400),
        ({"top_n": 0}, 400),
        ({"overlap_tokens": 81}, 400),
        ({"instruction": "Rank by date."}, 200),
        ({"query": "q" * 6001}, 400),
        ({"query": "q" * 6001, "model": "Qwen/Qwen3-Reranker-8B"}, 200),
        ({"query": {"text": "car"}, "model": "Qwen/Qwen3-VL-Reranker-8B"}, 200),
        ({"query": {"text": "car"}}, 400),
        ({"model": "BAAI/bge-m3"}, 400),
    ],
)
def test_what_is_taken(fields, status) -> None:
    body = {"model": RERANKER, "query": "car", "documents": ["a car", "a cat"], **fields}
    assert post(RERANK, body).status == status
