"""deepagents: its own tools, files and subagents around the user's tool."""

from __future__ import annotations

import json
from typing import Any

import httpx
import pytest
from deepagents import create_deep_agent
from langchain_core.messages import AIMessage, AIMessageChunk, ToolMessage
from langchain_core.tools import tool
from langgraph.checkpoint.memory import InMemorySaver

from langchain_siliconflow import ChatSiliconFlow

MODEL = "deepseek-ai/DeepSeek-V3.2"
THREAD: Any = {"configurable": {"thread_id": "1"}}
QUESTION = {"messages": [("user", "What is the weather in Paris?")]}
SUNNY = "It is sunny in Paris, 21 degrees."


@tool
def get_weather(city: str) -> str:
    """Get the weather of a city."""
    return f"It is sunny in {city}, 21 degrees."


@pytest.fixture
def agent(connection: dict[str, Any]) -> Any:
    return create_deep_agent(
        ChatSiliconFlow(model=MODEL, **connection),
        tools=[get_weather],
        system_prompt="You answer with the tools.",
        subagents=[
            {
                "name": "poet",
                "description": "Writes verses.",
                "system_prompt": "You write verses.",
                "tools": [],
            }
        ],
        checkpointer=InMemorySaver(),
    )


@pytest.mark.parametrize("way", ["sync", "async"])
async def test_the_users_tool_is_called_among_the_agents_own(
    agent: Any, sent: list[httpx.Request], way: str
):
    if way == "sync":
        state = agent.invoke(QUESTION, THREAD)
    else:
        state = await agent.ainvoke(QUESTION, THREAD)
    _, asked, told, said = state["messages"]
    assert [call["name"] for call in asked.tool_calls] == ["get_weather"]
    assert isinstance(told, ToolMessage)
    assert (told.content, told.tool_call_id) == (SUNNY, asked.tool_calls[0]["id"])
    assert isinstance(said, AIMessage)
    assert SUNNY in said.text
    assert said.usage_metadata is not None
    offered = {each["function"]["name"] for each in json.loads(sent[0].content)["tools"]}
    assert offered >= {"get_weather", "task", "write_file", "read_file", "ls"}


async def test_a_second_turn_sends_the_first_with_its_calls(agent: Any, sent: list[httpx.Request]):
    await agent.ainvoke(QUESTION, THREAD)
    state = await agent.ainvoke({"messages": [("user", "Thank you.")]}, THREAD)
    assert state["messages"][-1].text
    roles = [message["role"] for message in json.loads(sent[-1].content)["messages"]]
    assert roles == ["system", "user", "assistant", "tool", "assistant", "user"]


@pytest.mark.parametrize("way", ["sync", "async"])
async def test_its_stream_of_messages_adds_up_to_the_answer(agent: Any, way: str):
    if way == "sync":
        pieces = list(agent.stream(QUESTION, THREAD, stream_mode="messages"))
    else:
        pieces = [piece async for piece in agent.astream(QUESTION, THREAD, stream_mode="messages")]
    chunks = [message for message, _ in pieces if isinstance(message, AIMessageChunk)]
    assert "".join(chunk.text for chunk in chunks) == SUNNY
    assert len([chunk for chunk in chunks if chunk.text]) > 1
    assert [
        call["name"] for chunk in chunks for call in chunk.tool_call_chunks if call["name"]
    ] == ["get_weather"]
    assert agent.get_state(THREAD).values["messages"][-1].text == SUNNY
