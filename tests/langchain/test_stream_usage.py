"""Streams ask for the tokens, since vLLM and LiteLLM tell none otherwise; plain calls do not."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Any

import pytest
from langchain_core.messages import AIMessageChunk

from langchain_siliconflow import SiliconFlowLLM
from tests.langchain.surfaces import SURFACES
from tests.langchain.wire import MODEL, Server, by_stream, model_for, plain_s, stream_s

ASKED = {"include_usage": True}


def server_of_both() -> Server:
    return Server(by_stream(plain_s(), stream_s()))


@pytest.mark.parametrize("surface", SURFACES)
def test_every_stream_asks_and_no_plain_call_does(surface: str) -> None:
    server = server_of_both()
    SURFACES[surface](model_for(server), "x")
    assert server.body.get("stream_options") == (ASKED if server.body["stream"] else None)
    assert server.body["stream"] is (surface not in {"invoke", "ainvoke"})


@pytest.mark.parametrize("surface", SURFACES)
def test_stream_usage_switched_off_neither_asks_nor_tells(surface: str) -> None:
    for model, kwargs in (({"stream_usage": False}, {}), ({}, {"stream_usage": False})):
        server = server_of_both()
        bound = model_for(server, **model).bind(**kwargs) if kwargs else model_for(server, **model)
        if kwargs and "v3" in surface:
            continue  # a binding has no such events; the field is tried above
        answer = SURFACES[surface](bound, "x")
        assert "stream_options" not in server.body
        if server.body["stream"]:
            assert answer.usage_metadata is None


@pytest.mark.parametrize(
    "given",
    [
        {"stream_options": {"include_usage": False}},
        {"extra_body": {"stream_options": {"include_usage": False}}},
    ],
    ids=["keyword", "extra_body"],
)
def test_options_of_ones_own_win(given: dict[str, Any]) -> None:
    server = server_of_both()
    list(model_for(server).stream("x", **given))
    assert server.body["stream_options"] == {"include_usage": False}


@pytest.mark.parametrize("field", ["extra_body", "model_kwargs"])
def test_so_do_those_of_the_model(field: str) -> None:
    server = server_of_both()
    options = {"include_usage": True, "chunk": 2}
    list(model_for(server, **{field: {"stream_options": options}}).stream("x"))
    assert server.body["stream_options"] == options


def test_options_bound_for_streams_stay_out_of_plain_calls() -> None:
    """vLLM refuses them there: "Stream options can only be defined when stream=True"."""
    server = server_of_both()
    bound = model_for(server).bind(stream_options={"include_usage": True})
    bound.invoke("x")
    assert "stream_options" not in server.body
    list(bound.stream("x"))
    assert server.body["stream_options"] == ASKED


async def collected(llm: SiliconFlowLLM) -> list[str]:
    return [piece async for piece in llm.astream("x")]


LLM_WAYS: dict[str, Callable[[SiliconFlowLLM], object]] = {
    "invoke": lambda llm: llm.invoke("x"),
    "ainvoke": lambda llm: asyncio.run(llm.ainvoke("x")),
    "stream": lambda llm: list(llm.stream("x")),
    "astream": lambda llm: asyncio.run(collected(llm)),
}


@pytest.mark.parametrize("wanted", [True, False])
@pytest.mark.parametrize("way", LLM_WAYS)
def test_completions_do_the_same(way: str, wanted: bool) -> None:
    server = server_of_both()
    LLM_WAYS[way](SiliconFlowLLM(model=MODEL, stream_usage=wanted, **server.clients))
    asks = wanted and "stream" in way
    assert server.body.get("stream_options") == (ASKED if asks else None)


def test_the_tokens_come_once() -> None:
    chunks = list(model_for(server_of_both()).stream("x"))
    told = [chunk for chunk in chunks if isinstance(chunk, AIMessageChunk) and chunk.usage_metadata]
    assert len(told) == 1
