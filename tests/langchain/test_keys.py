"""A key that a function tells: asked at each request, sync or async, and never shown."""

from __future__ import annotations

import asyncio
import copy
import pickle
from itertools import count
from typing import Any

import httpx
import pytest
from langchain_core.documents import Document
from langchain_core.load import dumps
from pydantic import SecretStr

from langchain_siliconflow import (
    ChatSiliconFlow,
    SiliconFlowEmbeddings,
    SiliconFlowLLM,
    SiliconFlowRerank,
)
from tests.langchain.wire import Server, by_stream, plain_s, stream_s

VECTORS = httpx.Response(
    200, json={"model": "m", "data": [{"index": 0, "embedding": [0.5]}], "usage": {}}
)
RANKS = httpx.Response(200, json={"id": "r", "results": [{"index": 0, "relevance_score": 0.5}]})


def keys(server: Server) -> list[str]:
    return [request.headers["authorization"] for request in server.requests]


def clients(server: Server) -> dict[str, Any]:
    return {name: value for name, value in server.clients.items() if name != "api_key"}


class Turning:
    """A new key at each request, as a rotating secret gives it."""

    def __init__(self, wrap: Any = str) -> None:
        self._numbers = count(1)
        self._wrap = wrap

    def __call__(self) -> Any:
        return self._wrap(f"sk-turn-{next(self._numbers)}")


def test_a_function_is_asked_at_each_request() -> None:
    server = Server(by_stream(plain_s(), stream_s()))
    model = ChatSiliconFlow(api_key=Turning(), **clients(server))
    assert server.requests == []
    model.invoke("x")
    list(model.stream("x"))
    asyncio.run(model.ainvoke("x"))
    assert keys(server) == [f"Bearer sk-turn-{number}" for number in (1, 2, 3)]


def test_a_secret_may_be_told_as_one() -> None:
    server = Server(plain_s())
    ChatSiliconFlow(api_key=Turning(SecretStr), **clients(server)).invoke("x")
    assert keys(server) == ["Bearer sk-turn-1"]


def test_an_async_function_is_awaited_in_async_calls() -> None:
    turning = Turning()

    async def key() -> str:
        await asyncio.sleep(0)
        return str(turning())

    server = Server(by_stream(plain_s(), stream_s()))
    model = ChatSiliconFlow(api_key=key, **clients(server))

    async def ask() -> None:
        await model.ainvoke("x")
        async for _ in model.astream("x"):
            pass

    asyncio.run(ask())
    assert keys(server) == ["Bearer sk-turn-1", "Bearer sk-turn-2"]


def test_the_other_classes_take_one_too() -> None:
    server = Server(VECTORS)
    SiliconFlowEmbeddings(api_key=Turning(), **clients(server)).embed_query("x")
    ranks = Server(RANKS)
    documents = [Document("a")]
    SiliconFlowRerank(api_key=Turning(), **clients(ranks)).compress_documents(documents, "q")
    llm = Server(plain_s())
    SiliconFlowLLM(api_key=Turning(), **clients(llm)).invoke("x")
    assert [keys(one) for one in (server, ranks, llm)] == [["Bearer sk-turn-1"]] * 3


def top_level_key() -> str:
    """Tell a key; a function that pickle can find."""
    return "sk-found-again"


@pytest.mark.parametrize(
    "travel", [copy.copy, copy.deepcopy, lambda m: pickle.loads(pickle.dumps(m))]
)
def test_a_model_with_one_travels(travel: Any) -> None:
    model = travel(ChatSiliconFlow(api_key=top_level_key))
    assert model.api_key is top_level_key


def test_it_is_nowhere_written_down() -> None:
    model = ChatSiliconFlow(api_key=lambda: "sk-secret")
    for text in (repr(model), str(model), dumps(model), str(model.model_dump())):
        assert "sk-secret" not in text
    assert "SILICONFLOW_API_KEY" in dumps(model)


def test_embeddings_still_have_a_json_schema() -> None:
    assert "api_key" in SiliconFlowEmbeddings.model_json_schema()["properties"]
