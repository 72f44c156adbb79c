"""How far a long call is: a bar, or a function that is told."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

import httpx
import pytest

from siliconflow_client import BatchProgress, ConfigurationError
from siliconflow_simulator.answers.answer import Answer
from tests.client.batch_site import Site, do, echo, request, submit
from tests.client.callers import HI, Caller
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


@both
async def test_a_bar_counts_the_requests_of_a_batch_job(
    kind: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
):
    asked = [request("item 1"), request("bad"), request("item 2")]
    refused = [True]
    site = Site(answers=lambda call: echo(call) if refused else [Answer(text="at last")])
    told: list[BatchProgress] = []
    async with Caller(kind, site) as ask:
        job = await submit(ask, asked, tmp_path / "job.json")
        await do(job, "wait", progress=True, on_progress=told.append, poll=7.0)
        shown = capsys.readouterr().err
        assert "Batch: 100%" in shown
        assert "3/3" in shown
        assert told[-1].completed == 2, "the function is told beside the bar"
        refused.clear()
        await do(await do(job, "resubmit_failed"), "wait", progress=True)
        shown = capsys.readouterr().err
    assert "3/3" in shown, "what is sent once more is no fourth request"
    assert "4/" not in shown


@both
async def test_a_batch_bar_without_tqdm_says_what_to_install_before_anything_is_asked(
    kind: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    site = Site()
    async with Caller(kind, site) as ask:
        job = await submit(ask, [request("item 1")], tmp_path / "job.json")
        before = len(site.asked)
        monkeypatch.setitem(sys.modules, "tqdm", None)
        with pytest.raises(ConfigurationError, match="tqdm"):
            await do(job, "wait", progress=True)
    assert len(site.asked) == before
