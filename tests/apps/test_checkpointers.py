"""LangGraph's SQLite checkpointer: a thread that another provider began goes on in a new process."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import httpx
import pytest
from langchain.agents import create_agent
from langchain_core.language_models.fake_chat_models import GenericFakeChatModel
from langchain_core.messages import AIMessage, HumanMessage, ToolMessage
from langchain_core.tools import tool
from langgraph.checkpoint.sqlite import SqliteSaver
from langgraph.checkpoint.sqlite.aio import AsyncSqliteSaver

from langchain_siliconflow import ChatSiliconFlow
from siliconflow_simulator import when
from tests.apps.conftest import Connect

THREAD: Any = {"configurable": {"thread_id": "1"}}
MODEL = "deepseek-ai/DeepSeek-V3.2"


@tool
def get_weather(city: str) -> str:
    """Get the weather of a city."""
    return f"It is sunny in {city}, 21 degrees."


# What an Anthropic model with web search leaves in a thread.
BEGUN = [
    HumanMessage("Who won?"),
    AIMessage(
        [
            {"type": "thinking", "thinking": "I should search.", "signature": "c2ln"},
            {"type": "server_tool_use", "id": "srvtoolu_1", "name": "web_search", "input": {}},
            {"type": "web_search_tool_result", "tool_use_id": "srvtoolu_1", "content": []},
            {"type": "tool_use", "id": "toolu_1", "name": "get_weather", "input": {"city": "Rome"}},
        ],
        tool_calls=[
            {"type": "tool_call", "id": "toolu_1", "name": "get_weather", "args": {"city": "Rome"}}
        ],
    ),
    ToolMessage("Sunny.", tool_call_id="toolu_1", name="get_weather"),
]


class Other(GenericFakeChatModel):
    """Another provider's model, as far as an agent can see."""

    def bind_tools(self, tools: Any, **kwargs: Any) -> Any:
        return self


@pytest.mark.filterwarnings("ignore:SiliconFlow, in the history")
@pytest.mark.parametrize("way", ["sync", "async", "stream"])
async def test_a_thread_goes_on_in_a_later_process(
    connect: Connect, sent: list[httpx.Request], tmp_path: Path, way: str
):
    file = str(tmp_path / "threads.sqlite")
    with SqliteSaver.from_conn_string(file) as saver:
        other = Other(messages=iter([AIMessage("Rome won.")]))
        create_agent(other, [get_weather], checkpointer=saver).invoke({"messages": BEGUN}, THREAD)

    async def ask(question: str) -> list[Any]:
        """Each time as a new process would: with a model and a saver of its own."""
        model = ChatSiliconFlow(
            model=MODEL,
            **connect(
                answers=[
                    when("weather").thinks("Look.").calls("get_weather", city="Paris").then
                    .says("Sunny in Paris."),
                    when("Thank").says("You are welcome."),
                ]
            ),
        )  # fmt: skip
        state: Any = {"messages": [("user", question)]}
        if way == "sync":
            with SqliteSaver.from_conn_string(file) as saver:
                agent = create_agent(model, [get_weather], checkpointer=saver)
                return agent.invoke(state, THREAD)["messages"]
        async with AsyncSqliteSaver.from_conn_string(file) as saver:
            agent = create_agent(model, [get_weather], checkpointer=saver)
            if way == "async":
                return (await agent.ainvoke(state, THREAD))["messages"]
            async for _ in agent.astream(state, THREAD, stream_mode="messages"):
                pass
            return (await agent.aget_state(THREAD)).values["messages"]

    assert (await ask("What is the weather in Paris?"))[-1].text == "Sunny in Paris."
    messages = await ask("Thank you.")
    assert messages[-1].text == "You are welcome."
    assert len(messages) == 4 + 4 + 2
    last = json.loads(sent[-1].content)["messages"]
    assert [one["role"] for one in last] == [
        *("user", "assistant", "tool", "assistant"),
        *("user", "assistant", "tool", "assistant"),
        "user",
    ]
    # What was thought beside a call goes back with it, out of the database too.
    assert last[5]["reasoning_content"] == "Look."
