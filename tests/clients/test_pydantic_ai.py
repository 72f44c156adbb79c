"""pydantic-ai: agents with tools, structures in its three forms, streams."""

from __future__ import annotations

from typing import Any

import pytest
from pydantic_ai import Agent, NativeOutput, PromptedOutput
from pydantic_ai.messages import ThinkingPart
from pydantic_ai.models.openai import OpenAIChatModel
from pydantic_ai.providers.openai import OpenAIProvider

from tests.clients.answers import (
    ALICE,
    CHAT,
    HELLO,
    PERSON,
    SCHEMAS,
    SUNNY,
    THINKER,
    WEATHER,
    Person,
    get_weather,
)

OUTPUTS: dict[str, Any] = {
    "tool": Person,
    "native": NativeOutput(Person),
    "prompted": PromptedOutput(Person),
}


def agent(site: dict[str, Any], model: str = CHAT, **settings: Any) -> Agent[None, Any]:
    return Agent(OpenAIChatModel(model, provider=OpenAIProvider(**site)), **settings)


async def test_an_answer(site: dict[str, Any]) -> None:
    result = await agent(site).run("Hello")
    assert result.output == HELLO
    assert result.usage.output_tokens > 0


async def test_a_stream(site: dict[str, Any]) -> None:
    async with agent(site).run_stream("Hello") as result:
        pieces = [piece async for piece in result.stream_text(delta=True, debounce_by=None)]
    assert "".join(pieces) == HELLO
    assert len(pieces) > 3


@pytest.mark.parametrize("streamed", [False, True])
async def test_tools(site: dict[str, Any], streamed: bool) -> None:
    made = agent(site, tools=[get_weather])
    if streamed:
        async with made.run_stream(WEATHER) as result:
            assert await result.get_output() == SUNNY
    else:
        assert (await made.run(WEATHER)).output == SUNNY


@pytest.mark.parametrize("streamed", [False, True])
@pytest.mark.parametrize("form", OUTPUTS)
async def test_a_structure(site: dict[str, Any], form: str, streamed: bool) -> None:
    made = agent(site, SCHEMAS, output_type=OUTPUTS[form])
    if streamed:
        async with made.run_stream(ALICE) as result:
            assert await result.get_output() == PERSON
    else:
        assert (await made.run(ALICE)).output == PERSON


async def test_thinking(site: dict[str, Any]) -> None:
    result = await agent(site, THINKER).run("Hello")
    parts = result.all_messages()[-1].parts
    assert any(isinstance(part, ThinkingPart) and part.content for part in parts)
    assert result.output == HELLO
