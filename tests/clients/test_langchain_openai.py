"""langchain-openai: ChatOpenAI and OpenAIEmbeddings at our base URL."""

from __future__ import annotations

from typing import Any

import pytest
from langchain.agents import create_agent
from langchain_openai import ChatOpenAI, OpenAIEmbeddings

from tests.clients.answers import (
    ALICE,
    CHAT,
    EMBEDDING,
    HELLO,
    PERSON,
    SCHEMAS,
    SUNNY,
    WEATHER,
    Person,
    get_weather,
)

CALLS = [("get_weather", {"city": "Paris"})]


def test_an_answer_and_a_stream(site: dict[str, Any]) -> None:
    chat = ChatOpenAI(model=CHAT, **site)
    assert chat.invoke("Hello").content == HELLO
    assert "".join(str(chunk.content) for chunk in chat.stream("Hello")) == HELLO


async def test_the_async_way(site: dict[str, Any]) -> None:
    assert (await ChatOpenAI(model=CHAT, **site).ainvoke("Hello")).content == HELLO


def test_tool_calls(site: dict[str, Any]) -> None:
    chat = ChatOpenAI(model=CHAT, **site).bind_tools([get_weather])
    called: Any = chat.invoke(WEATHER)
    assert [(call["name"], call["args"]) for call in called.tool_calls] == CALLS
    first, *rest = chat.stream(WEATHER)
    joined: Any = first
    for chunk in rest:
        joined += chunk
    assert [(call["name"], call["args"]) for call in joined.tool_calls] == CALLS


def test_an_agent(site: dict[str, Any]) -> None:
    agent = create_agent(ChatOpenAI(model=CHAT, **site), tools=[get_weather])
    done = agent.invoke({"messages": [("user", WEATHER)]})
    assert done["messages"][-1].content == SUNNY


@pytest.mark.parametrize("method", ["function_calling", "json_schema"])
def test_a_structure(site: dict[str, Any], method: Any) -> None:
    chat = ChatOpenAI(model=SCHEMAS, **site)
    assert chat.with_structured_output(Person, method=method).invoke(ALICE) == PERSON


def test_a_structure_by_json_mode(site: dict[str, Any]) -> None:
    chat = ChatOpenAI(model=SCHEMAS, **site).with_structured_output(Person, method="json_mode")
    assert chat.invoke(f"{ALICE} Answer in JSON with the keys 'name' and 'age'.") == PERSON


def test_embeddings(site: dict[str, Any]) -> None:
    # By default it sends token ids, which this API does not take.
    embeddings = OpenAIEmbeddings(model=EMBEDDING, check_embedding_ctx_length=False, **site)
    assert [len(vector) for vector in embeddings.embed_documents(["a", "b"])] == [1024, 1024]
