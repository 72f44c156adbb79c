"""langgraph-swarm: agents hand the conversation on, and see each other's calls in its history."""

from __future__ import annotations

import json
from typing import Any

import httpx
import pytest
from langchain.agents import create_agent
from langchain_core.messages import AIMessage, ToolMessage
from langchain_core.tools import tool
from langgraph.checkpoint.memory import InMemorySaver
from langgraph_swarm import create_handoff_tool, create_swarm

from langchain_siliconflow import ChatSiliconFlow
from siliconflow_simulator import when
from tests.apps.conftest import Connect

MODEL = "deepseek-ai/DeepSeek-V3.2"
THREAD: Any = {"configurable": {"thread_id": "1"}}


@tool
def get_weather(city: str) -> str:
    """Get the weather of a city."""
    return f"It is sunny in {city}, 21 degrees."


@pytest.fixture
def swarm(connect: Connect) -> Any:
    answers = [
        when("transfer me", tool="transfer_to_forecaster").calls("transfer_to_forecaster"),
        when("transfer me", tool="transfer_to_poet").says("How can I help?"),
        when("weather", tool="get_weather")
        .calls("get_weather", city="Paris")
        .then.says("It is sunny, 21 degrees."),
    ]
    model = ChatSiliconFlow(model=MODEL, **connect(answers=answers))
    poet = create_agent(
        model,
        [create_handoff_tool(agent_name="forecaster", description="Knows the weather.")],
        system_prompt="You write verses.",
        name="poet",
    )
    forecaster = create_agent(
        model,
        [get_weather, create_handoff_tool(agent_name="poet", description="Writes verses.")],
        system_prompt="You answer with the tools.",
        name="forecaster",
    )
    return create_swarm([poet, forecaster], default_active_agent="poet").compile(
        checkpointer=InMemorySaver()
    )


@pytest.mark.parametrize("way", ["sync", "async"])
async def test_the_conversation_is_handed_on_and_stays_there(
    swarm: Any, sent: list[httpx.Request], way: str
):
    async def ask(text: str) -> dict[str, Any]:
        state = {"messages": [("user", text)]}
        return swarm.invoke(state, THREAD) if way == "sync" else await swarm.ainvoke(state, THREAD)

    first = await ask("Please transfer me to the forecaster.")
    assert first["active_agent"] == "forecaster"
    handed = [
        call["name"]
        for message in first["messages"]
        if isinstance(message, AIMessage)
        for call in message.tool_calls
    ]
    assert handed == ["transfer_to_forecaster"]
    # The forecaster has no such tool, and sees the poet's call of it all the same.
    seen = json.loads(sent[-1].content)
    assert "transfer_to_forecaster" not in [one["function"]["name"] for one in seen["tools"]]
    assert [one["role"] for one in seen["messages"]] == ["system", "user", "assistant", "tool"]

    second = await ask("What is the weather in Paris?")
    assert second["active_agent"] == "forecaster"
    told, said = second["messages"][-2:]
    assert isinstance(told, ToolMessage)
    assert told.content == "It is sunny in Paris, 21 degrees."
    assert "21 degrees" in said.text
    assert said.name == "forecaster"
