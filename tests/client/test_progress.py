"""How far a long call is: a bar, or a function that is told."""

from __future__ import annotations

import sys
from typing import Any

import httpx
import pytest

from siliconflow_client import ConfigurationError
from tests.client.callers import HI
from tests.client.test_bulk import MODEL, RERANKER, Bulk, Server, both, texts


@both
async def test_a_function_is_told_how_many_texts_are_done(kind: str):
    told: list[int] = []
    await Bulk(kind, Server()).all("embed_many", texts(70), model=MODEL, progress=told.append)
    assert told == [32, 32, 6]


@both
async def test_a_function_is_told_how_many_documents_are_ranked(kind: str):
    told: list[int] = []
    await Bulk(kind, Server()).rerank(
        "q", texts(5), model=RERANKER, batch_size=2, progress=told.append
    )
    assert told == [2, 2, 1]


@both
async def test_a_bar_is_shown(kind: str, capsys: pytest.CaptureFixture[str]):
    await Bulk(kind, Server()).all("embed_many", texts(64), model=MODEL, progress=True)
    shown = capsys.readouterr().err
    assert "Embedding: 100%" in shown
    assert "64/64" in shown


@both
async def test_a_bar_of_an_iterable_has_no_end(kind: str, capsys: pytest.CaptureFixture[str]):
    await Bulk(kind, Server()).all("embed_many", iter(texts(64)), model=MODEL, progress=True)
    assert "64text [" in capsys.readouterr().err


@pytest.mark.parametrize("method", ["chat_many", "complete_many"])
@both
async def test_answers_are_counted(kind: str, method: str):
    told: list[int] = []
    caller = Bulk(kind, Server(respond=answered))
    request: dict[str, Any] = HI if method == "chat_many" else {"model": "m", "prompt": "x"}
    await caller.all(method, [request] * 3, progress=told.append)
    assert told == [1, 1, 1]


def answered(body: dict[str, Any]) -> httpx.Response:
    del body  # whatever is asked
    choice = {"index": 0, "message": {"content": "ok"}, "text": "ok", "finish_reason": "stop"}
    return httpx.Response(200, json={"id": "x", "model": "m", "choices": [choice]})


@both
async def test_a_bar_without_tqdm_says_what_to_install(kind: str, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setitem(sys.modules, "tqdm", None)
    server = Server()
    with pytest.raises(ConfigurationError, match="tqdm") as caught:
        await Bulk(kind, server).all("embed_many", texts(3), model=MODEL, progress=True)
    assert caught.value.argument == "progress"
    assert server.requests == []


async def test_texts_that_are_waited_for_are_embedded_in_order():
    async def source():
        for text in texts(70):
            yield text

    caller = Bulk("async", Server())
    batches = await caller.all("embed_many", source(), model=MODEL, start=3)
    assert [batch.start for batch in batches] == [3, 35, 67]
    assert [vector for batch in batches for vector in batch.vectors] == [
        [float(number)] for number in range(3, 70)
    ]


async def test_a_text_that_is_waited_for_is_checked_and_what_was_done_is_kept():
    async def source():
        for text in [*texts(32), 7]:
            yield text

    with pytest.raises(ConfigurationError) as caught:
        await Bulk("async", Server()).all("embed_many", source(), model=MODEL)
    assert caught.value.argument == "texts[32]"
