"""Packages that others publish, given our model where they take a chat model.

`langgraph-supervisor` builds the supervisor graph and its hand-over tools, `trustcall` extracts
and patches structured data; neither knows this package.
"""

from __future__ import annotations

import warnings
from typing import Any

import pytest
from langchain.agents import create_agent
from langchain_core.messages import AIMessage, AIMessageChunk, ToolMessage
from langchain_core.tools import tool
from langgraph_supervisor import create_supervisor
from pydantic import BaseModel

from langchain_siliconflow import ChatSiliconFlow
from siliconflow_simulator import local_settings, when

with warnings.catch_warnings():
    warnings.simplefilter("ignore")  # trustcall imports a name from where LangGraph moved it
    from trustcall import create_extractor

# Both packages still build on names that LangGraph 1.0 has moved.
pytestmark = pytest.mark.filterwarnings("ignore::langgraph.warnings.LangGraphDeprecatedSinceV10")

MODELS = ["Qwen/Qwen3-8B", "Qwen/Qwen3.5-4B"]  # one of each stream style


@tool
def get_weather(city: str) -> str:
    """Get the weather of a city."""
    return f"{city}: sunny, 21 degrees"


@tool
def add(a: float, b: float) -> float:
    """Add two numbers."""
    return a + b


SCRIPT = [
    when("weather", tool="transfer_to_weather_expert")
    .calls("transfer_to_weather_expert")
    .then.says("The expert says: sunny, 21 degrees."),
    when("weather", tool="get_weather")
    .calls("get_weather", city="Paris")
    .then.says("It is sunny, 21 degrees in Paris."),
]


def supervisor(name: str) -> Any:
    model = ChatSiliconFlow(model=name, **local_settings(answers=SCRIPT))
    experts = [
        create_agent(model, [get_weather], name="weather_expert"),
        create_agent(model, [add], name="math_expert"),
    ]
    prompt = "You hand questions about the weather to weather_expert, and sums to math_expert."
    return create_supervisor(experts, model=model, prompt=prompt).compile()


QUESTION = {"messages": [("user", "What is the weather in Paris?")]}


@pytest.mark.parametrize("name", MODELS)
def test_a_published_supervisor_hands_over_and_answers(name: str) -> None:
    messages = supervisor(name).invoke(QUESTION)["messages"]
    handed = [message.name for message in messages if isinstance(message, ToolMessage)]
    assert handed[0] == "transfer_to_weather_expert"
    assert "transfer_to_math_expert" not in handed
    experts = [message for message in messages if message.name == "weather_expert"]
    assert "sunny, 21 degrees" in experts[0].text
    assert isinstance(messages[-1], AIMessage)
    assert "sunny, 21 degrees" in messages[-1].text


@pytest.mark.parametrize("name", MODELS)
def test_a_published_supervisor_streams_the_experts_words(name: str) -> None:
    words: dict[str, str] = {}
    pieces = 0
    for _, (chunk, metadata) in supervisor(name).stream(
        QUESTION, stream_mode="messages", subgraphs=True
    ):
        if isinstance(chunk, AIMessageChunk) and chunk.text:
            agent = str(metadata.get("lc_agent_name") or metadata["langgraph_node"])
            words[agent] = words.get(agent, "") + chunk.text
            pieces += 1
    assert any("sunny, 21 degrees" in text for text in words.values()), words
    assert pieces > 4


class Person(BaseModel):
    """A person that the text is about."""

    name: str
    age: int


@pytest.mark.parametrize("name", MODELS)
async def test_a_published_extractor_fills_a_schema(name: str) -> None:
    model = ChatSiliconFlow(model=name, **local_settings())
    extractor = create_extractor(model, tools=[Person], tool_choice="Person")
    found = await extractor.ainvoke({"messages": [("user", "Alice is 30 years old.")]})
    assert found["responses"] == [Person(name="Alice", age=30)]
