"""agno, by its class for APIs like OpenAI's and by its own for SiliconFlow."""

from __future__ import annotations

from typing import Any

import pytest
from agno.agent import Agent
from agno.models.openai.like import OpenAILike
from agno.models.siliconflow import Siliconflow

from tests.clients.answers import (
    ALICE,
    CHAT,
    HELLO,
    PERSON,
    SCHEMAS,
    SUNNY,
    WEATHER,
    Person,
    get_weather,
)


@pytest.fixture(params=[OpenAILike, Siliconflow])
def agent(request: pytest.FixtureRequest, site: dict[str, Any]) -> Any:
    def made(model: str = CHAT, **settings: Any) -> Agent:
        return Agent(model=request.param(id=model, **site), telemetry=False, **settings)

    return made


def text(events: Any) -> str:
    return "".join(e.content for e in events if isinstance(getattr(e, "content", None), str))


def test_an_answer_and_a_stream(agent: Any) -> None:
    assert agent().run("Hello").content == HELLO
    assert text(agent().run("Hello", stream=True)) == HELLO


async def test_the_async_way(agent: Any) -> None:
    assert (await agent().arun("Hello")).content == HELLO


def test_tools(agent: Any) -> None:
    assert agent(tools=[get_weather]).run(WEATHER).content == SUNNY
    assert text(agent(tools=[get_weather]).run(WEATHER, stream=True)) == SUNNY


@pytest.mark.parametrize("json_mode", [False, True])
def test_a_structure(agent: Any, json_mode: bool) -> None:
    made = agent(SCHEMAS, output_schema=Person, use_json_mode=json_mode).run(ALICE)
    assert made.content == PERSON
