"""haystack: generators, an agent with tools, embedders."""

from __future__ import annotations

from typing import Any

import pytest
from haystack import Document
from haystack.components.agents import Agent
from haystack.components.embedders import OpenAIDocumentEmbedder, OpenAITextEmbedder
from haystack.components.generators.chat import OpenAIChatGenerator
from haystack.dataclasses import ChatMessage
from haystack.tools import create_tool_from_function
from haystack.utils import Secret

from tests.clients.answers import (
    ALICE,
    CHAT,
    EMBEDDING,
    HELLO,
    KEY,
    PERSON,
    SCHEMAS,
    SUNNY,
    WEATHER,
    Person,
    get_weather,
)

TOOL = create_tool_from_function(get_weather)


@pytest.fixture
def site(simulator_url: str) -> dict[str, Any]:
    return {"api_key": Secret.from_token(KEY), "api_base_url": simulator_url}


def test_an_answer_and_a_stream(site: dict[str, Any]) -> None:
    pieces: list[str] = []
    asked = [ChatMessage.from_user("Hello")]
    [plain] = OpenAIChatGenerator(model=CHAT, **site).run(asked)["replies"]
    generator = OpenAIChatGenerator(
        model=CHAT, streaming_callback=lambda chunk: pieces.append(chunk.content), **site
    )
    [streamed] = generator.run(asked)["replies"]
    assert plain.text == streamed.text == "".join(pieces) == HELLO


@pytest.mark.parametrize("callback", [None, lambda chunk: None], ids=["plain", "stream"])
def test_tool_calls(site: dict[str, Any], callback: Any) -> None:
    generator = OpenAIChatGenerator(model=CHAT, tools=[TOOL], streaming_callback=callback, **site)
    [reply] = generator.run([ChatMessage.from_user(WEATHER)])["replies"]
    [call] = reply.tool_calls
    assert (call.tool_name, call.arguments) == ("get_weather", {"city": "Paris"})


def test_an_agent(site: dict[str, Any]) -> None:
    agent = Agent(chat_generator=OpenAIChatGenerator(model=CHAT, **site), tools=[TOOL])
    assert agent.run([ChatMessage.from_user(WEATHER)])["last_message"].text == SUNNY


def test_a_structure(site: dict[str, Any]) -> None:
    generator = OpenAIChatGenerator(
        model=SCHEMAS, generation_kwargs={"response_format": Person}, **site
    )
    [reply] = generator.run([ChatMessage.from_user(ALICE)])["replies"]
    assert Person.model_validate_json(reply.text or "") == PERSON


async def test_the_async_way(site: dict[str, Any]) -> None:
    answer = await OpenAIChatGenerator(model=CHAT, **site).run_async(
        [ChatMessage.from_user("Hello")]
    )
    assert answer["replies"][0].text == HELLO


def test_embedders(site: dict[str, Any]) -> None:
    assert len(OpenAITextEmbedder(model=EMBEDDING, **site).run("a")["embedding"]) == 1024
    embedder = OpenAIDocumentEmbedder(model=EMBEDDING, progress_bar=False, **site)
    documents = embedder.run([Document(content="a"), Document(content="b")])["documents"]
    assert [len(document.embedding or []) for document in documents] == [1024, 1024]
