"""What the client does with a whole conversation, seen from LangChain's messages.

Its rules are the client's `normalise_messages`; these tests say that nothing of the adapter stands
in their way.
"""

from __future__ import annotations

import asyncio
import json
from typing import Any

import httpx
import pytest
from langchain.agents import create_agent
from langchain_core.messages import AIMessage, AnyMessage, HumanMessage, SystemMessage, ToolMessage
from langchain_core.messages.tool import invalid_tool_call, tool_call
from langgraph.checkpoint.memory import InMemorySaver

from langchain_siliconflow import ChatSiliconFlow
from langchain_siliconflow._messages import to_wire
from siliconflow_simulator import Simulator
from tests.langchain.wire import Server, by_stream, call, completion, plain_s, stream_s

THOUGHT = {"reasoning_content": "Hm."}
CALLS = [tool_call(name="f", args={}, id="c1")]


def get_weather(city: str) -> str:
    """Get the weather of a city."""
    return f"Sunny in {city}."


# --- reasoning goes back on every turn with tool calls --------------------------------------------


def test_reasoning_goes_back_on_every_tool_turn_and_on_no_plain_one() -> None:
    messages: list[AnyMessage] = [
        HumanMessage("q1"),
        AIMessage("", additional_kwargs=THOUGHT, tool_calls=CALLS),
        ToolMessage("r", tool_call_id="c1"),
        AIMessage("plain", additional_kwargs=THOUGHT),
        HumanMessage("q2"),
        AIMessage([{"type": "reasoning", "reasoning": "Hm."}], tool_calls=CALLS),
        ToolMessage("r", tool_call_id="c1"),
        AIMessage("plain", additional_kwargs=THOUGHT),
        HumanMessage("q3"),
    ]
    turns = [turn for turn in to_wire(messages) if turn["role"] == "assistant"]
    assert ["reasoning_content" in turn for turn in turns] == [True, False, True, False]


def test_a_plain_turn_that_is_merged_into_a_tool_turn_leaves_its_reasoning_behind() -> None:
    messages: list[AnyMessage] = [
        HumanMessage("q"),
        AIMessage("First.", additional_kwargs={"reasoning_content": "plain thought"}),
        AIMessage("", additional_kwargs=THOUGHT, tool_calls=CALLS),
        ToolMessage("r", tool_call_id="c1"),
    ]
    assert to_wire(messages)[1]["reasoning_content"] == "Hm."


def test_reasoning_stays_beside_a_picture_that_moved() -> None:
    """The picture becomes a user message, which must not end the tool loop."""
    picture = {"type": "image", "base64": "AA", "mime_type": "image/png"}
    messages: list[AnyMessage] = [
        HumanMessage("q"),
        AIMessage("", additional_kwargs=THOUGHT, tool_calls=CALLS),
        ToolMessage([picture], tool_call_id="c1"),
    ]
    wire = to_wire(messages, model="Qwen/Qwen3.5-27B")
    assert [turn["role"] for turn in wire] == ["user", "assistant", "tool", "user"]
    assert wire[1]["reasoning_content"] == "Hm."


@pytest.mark.parametrize("mode", ["sync", "async", "stream"])
@pytest.mark.parametrize("model", ["moonshotai/Kimi-K2.5", "deepseek-ai/DeepSeek-V3.2"])
def test_an_agent_with_memory_answers_its_second_question(model: str, mode: str) -> None:
    """The simulator refuses a tool turn without its reasoning, as the API does."""
    transport = Simulator().transport()
    chat = ChatSiliconFlow(
        model=model,
        api_key="sk-test",
        **({"enable_thinking": True} if "DeepSeek" in model else {}),
        http_client=httpx.Client(transport=transport),
        async_http_client=httpx.AsyncClient(transport=transport),
    )
    agent: Any = create_agent(chat, [get_weather], checkpointer=InMemorySaver())
    thread: Any = {"configurable": {"thread_id": "1"}}
    for city in ("Paris", "Rome"):
        question = {"messages": [HumanMessage(f"What is the weather in {city}?")]}
        if mode == "async":
            state = asyncio.run(agent.ainvoke(question, thread))
        elif mode == "sync":
            state = agent.invoke(question, thread)
        else:
            list(agent.stream(question, thread, stream_mode="messages"))
            state = agent.get_state(thread).values
        assert f"Sunny in {city}." in state["messages"][-1].text


# --- broken arguments -----------------------------------------------------------------------------


@pytest.mark.parametrize("raw", ["{bad", '{"a": 1', "[1]", "42", '"text"', "null x", "{'a': 1}"])
def test_broken_arguments_travel_as_an_object_that_holds_them(raw: str) -> None:
    broken = invalid_tool_call(name="f", args=raw, id="c1", error="no")
    wire = to_wire([HumanMessage("q"), AIMessage("", invalid_tool_calls=[broken])])
    (sent,) = wire[1]["tool_calls"]
    assert json.loads(sent["function"]["arguments"]) == {"__invalid_arguments__": raw}


def test_half_a_character_in_broken_arguments_does_no_harm() -> None:
    broken = invalid_tool_call(name="f", args='{"a": "\ud83d', id="c1", error="no")
    wire = to_wire([HumanMessage("q"), AIMessage("", invalid_tool_calls=[broken])])
    (sent,) = wire[1]["tool_calls"]
    assert json.loads(sent["function"]["arguments"]) == {"__invalid_arguments__": '{"a": "?'}


@pytest.mark.parametrize("surface", ["invoke", "stream"])
def test_a_broken_call_of_our_own_goes_back_as_an_object(surface: str) -> None:
    server = Server(
        completion("", tool_calls=[call("f", '{"city": "Par')], finish="length"),
        by_stream(plain_s(), stream_s()),
    )
    model = ChatSiliconFlow(model="deepseek-ai/DeepSeek-V3.2", **server.clients)
    first = model.invoke("q")
    messages = [HumanMessage("q"), first, HumanMessage("Again, please.")]
    model.invoke(messages) if surface == "invoke" else list(model.stream(messages))
    (sent,) = server.body["messages"][1]["tool_calls"]
    assert json.loads(sent["function"]["arguments"]) == {"__invalid_arguments__": '{"city": "Par'}


# --- a history without a user message ---------------------------------------------------------------


def test_system_text_alone_is_sent_as_the_users() -> None:
    server = Server(plain_s())
    model = ChatSiliconFlow(model="Qwen/Qwen3-8B", **server.clients)
    model.invoke([SystemMessage("Sum up: ice floats.")])
    assert server.body["messages"] == [{"role": "user", "content": "Sum up: ice floats."}]


def test_a_history_trimmed_to_system_and_tool_turns_is_sent() -> None:
    server = Server(plain_s())
    model = ChatSiliconFlow(model="Qwen/Qwen3-8B", **server.clients)
    model.invoke(
        [SystemMessage("s"), AIMessage("", tool_calls=CALLS), ToolMessage("r", tool_call_id="c1")]
    )
    roles = [turn["role"] for turn in server.body["messages"]]
    assert roles == ["user", "assistant", "tool"]
