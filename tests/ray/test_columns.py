"""What each class makes of a block, without a cluster."""

from __future__ import annotations

import json
from concurrent.futures import ThreadPoolExecutor
from threading import Barrier
from typing import Any

import pyarrow as pa
import pytest
from pydantic import BaseModel

from siliconflow_client import ConfigurationError
from siliconflow_client.bulk.ray import AskModel, EmbedColumn, RerankColumn
from tests.ray.embedder import Embedder


def rows_of(made: Any) -> list[dict[str, Any]]:
    return made.to_pylist()


def test_vectors_are_lists_of_float32_beside_what_was_there(embedder: Embedder):
    table = pa.table({"id": [5, 6], "text": ["t1", "t2"]})
    made: Any = EmbedColumn(model="m", **embedder.settings)(table)
    assert made.column_names == ["id", "text", "embedding", "error"]
    assert made.schema.field("embedding").type == pa.list_(pa.float32())
    assert made.to_pylist()[1] == {"id": 6, "text": "t2", "embedding": [2.0, 0.5], "error": None}


def test_settings_of_the_request_are_sent(embedder: Embedder):
    asked: Any = {"dimensions": 2, "encoding_format": "base64"}
    rows = rows_of(
        EmbedColumn(model="m", **asked, **embedder.settings)(pa.table({"text": ["t1", "t2"]}))
    )
    assert embedder.asked == [{"model": "m", **asked}]
    assert [row["embedding"] for row in rows] == [[1.0, 0.5], [2.0, 0.5]]


def test_a_row_that_fails_is_kept_with_its_error(embedder: Embedder):
    texts = [f"t{number}" for number in range(50)]
    texts[7], texts[33] = "bad 7", "bad 33"
    rows = rows_of(EmbedColumn(model="m", **embedder.settings)(pa.table({"text": texts})))
    failed = [row for row in rows if row["error"] is not None]
    assert [row["text"] for row in failed] == ["bad 7", "bad 33"]
    for row in failed:
        assert row["embedding"] is None
        assert row["error"].startswith("BadRequestError: ")
        assert row["text"] not in row["error"]
    assert [row["embedding"][0] for row in rows if row["error"] is None] == [
        float(number) for number in range(50) if number not in (7, 33)
    ]
    assert embedder.twice == 0, "what was refused was not embedded"


def test_a_row_without_a_text_is_kept_too(embedder: Embedder):
    table = pa.table({"text": ["t1", None, "t3"]})
    rows = rows_of(EmbedColumn(model="m", **embedder.settings)(table))
    assert [row["embedding"] for row in rows] == [[1.0, 0.5], None, [3.0, 0.5]]
    assert rows[1]["error"].startswith("ConfigurationError: ")


def test_blocks_in_hand_share_the_requests_of_a_worker(embedder: Embedder):
    column = EmbedColumn(model="m", width=3, batch_size=1, **embedder.settings)
    embedder.together = Barrier(3, timeout=30)
    tables = [pa.table({"text": [f"t{number}" for number in range(60)]}) for _ in range(3)]
    with ThreadPoolExecutor(3) as threads:
        made: list[Any] = list(threads.map(column, tables))
    assert embedder.requests == 180
    assert embedder.most_in_flight == 3
    for table in made:
        assert [row["embedding"][0] for row in rows_of(table)] == [float(n) for n in range(60)]


@pytest.mark.parametrize(
    "wrong", [{"width": 0}, {"width": "8"}, {"batch_size": 0}, {"batch_size": 65}]
)
def test_a_worker_that_cannot_work_does_not_begin(wrong: Any):
    with pytest.raises(ConfigurationError):
        EmbedColumn(model="m", api_key="sk-x", **wrong)


def test_an_empty_block_gets_its_columns(embedder: Embedder):
    table = pa.table({"text": pa.array([], pa.string())})
    made = EmbedColumn(model="m", output="v", error="e", **embedder.settings)(table)
    assert made.column_names == ["text", "v", "e"]
    assert embedder.requests == 0


def test_settings_that_cannot_be_right_are_refused_when_a_worker_begins():
    with pytest.raises(ConfigurationError):
        EmbedColumn(model="m", api_key="sk-x", base_url="ftp://nowhere")


def test_rows_are_reranked(embedder: Embedder):
    table = pa.table({"query": ["which?", "what?"], "documents": [["t1", "t3", "t2"], ["t9"]]})
    rows = rows_of(RerankColumn(model="m", top_n=2, **embedder.settings)(table))
    assert [[hit["index"] for hit in row["ranking"]] for row in rows] == [[1, 2], [0]]
    assert rows[1]["ranking"][0]["relevance_score"] == pytest.approx(0.009)


def test_a_row_that_cannot_be_ranked_is_kept_with_its_error(embedder: Embedder):
    table = pa.table({"query": ["which?", "bad", "what?"], "documents": [["t1"], ["t2"], ["t3"]]})
    rows = rows_of(RerankColumn(model="m", **embedder.settings)(table))
    assert [row["ranking"] is None for row in rows] == [False, True, False]
    assert [bool(row["error"]) for row in rows] == [False, True, False]
    assert rows[1]["error"].startswith("BadRequestError: ")


class Number(BaseModel):
    number: int


def test_each_row_is_asked_about_and_answers_keep_to_the_class(embedder: Embedder):
    table = pa.table({"id": [1, 2, 3], "kind": ["plain", "odd", "plain"]})
    ask = AskModel(
        model="m",
        prompt=lambda row: f"{row['kind']} {row['id']}",
        schema=Number,
        **embedder.settings,
    )
    rows = rows_of(ask(table))
    assert [row["answer"] and json.loads(row["answer"]) for row in rows] == [
        {"number": 1},
        None,
        {"number": 3},
    ]
    assert rows[1]["error"] == "ValidationError: the answer is no Number."


def test_a_row_that_is_refused_is_kept_with_its_error(embedder: Embedder):
    table = pa.table({"prompt": ["plain 1", "bad 2", "plain 3"]})
    rows = rows_of(AskModel(model="m", **embedder.settings)(table))
    assert [row["answer"] and json.loads(row["answer"]) for row in rows] == [
        {"number": 1},
        None,
        {"number": 3},
    ]
    assert rows[1]["error"].startswith("BadRequestError: ")
    assert "bad 2" not in rows[1]["error"]


def test_a_column_of_prompts_is_asked_without_a_schema(embedder: Embedder):
    rows = rows_of(AskModel(model="m", **embedder.settings)(pa.table({"prompt": ["odd 1"]})))
    assert [row["answer"] for row in rows] == ["no JSON"]
