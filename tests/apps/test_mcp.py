"""MCP servers: a screenshot in a tool's result ends no conversation, in either framework."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any

import httpx
import pytest
from langchain.agents import create_agent
from langchain_core.messages import ToolMessage
from langchain_mcp_adapters.client import MultiServerMCPClient
from langchain_mcp_adapters.tools import load_mcp_tools
from langgraph.checkpoint.memory import InMemorySaver
from llama_index.core.agent.workflow import FunctionAgent
from llama_index.core.memory import ChatMemoryBuffer
from llama_index.tools.mcp import McpToolSpec
from mcp.shared.memory import create_connected_server_and_client_session

from langchain_siliconflow import ChatSiliconFlow
from llama_index_siliconflow import SiliconFlow
from siliconflow_simulator import ChatCall, when
from tests.apps.conftest import Connect
from tests.apps.mcp_server import server

SEES = "Qwen/Qwen3.5-4B"
READS = "deepseek-ai/DeepSeek-V3.2"
THREAD: Any = {"configurable": {"thread_id": "1"}}
LOOK = "What does example.com look like?"
LINKS = "How many links has it?"


@pytest.fixture
def browsing(connect: Connect) -> dict[str, Any]:
    def shown(call: ChatCall) -> bool:
        """Whether the request ends with a picture: for models that see it follows the result."""
        return bool(call.turns[-1].media)

    return connect(
        answers=[
            when(shown).says("It is one pixel."),
            when("look like")
            .calls("take_screenshot", url="example.com")
            .then.says("It is one pixel."),
            when("links").calls("count_links", url="example.com").then.says("It has three links."),
        ]
    )


def last_messages(sent: list[httpx.Request]) -> list[Any]:
    return json.loads(sent[-1].content)["messages"]


def pictures(messages: list[Any]) -> list[str]:
    return [
        part["image_url"]["url"]
        for message in messages
        if isinstance(message["content"], list)
        for part in message["content"]
        if part["type"] == "image_url"
    ]


@pytest.mark.parametrize("model", [SEES, READS])
@pytest.mark.parametrize("streamed", [False, True])
async def test_a_langchain_agent_goes_on_after_a_screenshot(
    browsing: dict[str, Any], sent: list[httpx.Request], model: str, streamed: bool
):
    async with create_connected_server_and_client_session(server) as session:
        agent = create_agent(
            ChatSiliconFlow(model=model, **browsing),
            await load_mcp_tools(session),
            checkpointer=InMemorySaver(),
        )

        async def ask(question: str) -> Any:
            asked: Any = {"messages": [("user", question)]}
            if streamed:
                async for _ in agent.astream(asked, THREAD, stream_mode="messages"):
                    pass
                return (await agent.aget_state(THREAD)).values["messages"]
            return (await agent.ainvoke(asked, THREAD))["messages"]

        first = await ask(LOOK)
        assert first[-1].text == "It is one pixel."
        shown = next(one for one in first if isinstance(one, ToolMessage))
        assert [block["type"] for block in shown.content_blocks] == ["text", "image"]
        result = next(one for one in last_messages(sent) if one["role"] == "tool")
        assert result["content"].startswith("Screenshot of example.com")
        assert ("[image omitted: " in result["content"]) is (model == READS)
        # The picture is in the thread for good.
        assert (await ask(LINKS))[-1].text == "It has three links."
    seen = pictures(last_messages(sent))
    assert len(seen) == (1 if model == SEES else 0)
    assert all(url.startswith("data:image/png;base64,") for url in seen)


async def test_a_langchain_agent_uses_a_server_that_is_a_program(
    browsing: dict[str, Any], sent: list[httpx.Request]
):
    program: Any = {
        "transport": "stdio",
        "command": sys.executable,
        "args": [str(Path(__file__).with_name("mcp_server.py"))],
    }
    async with MultiServerMCPClient({"browser": program}).session("browser") as session:
        agent = create_agent(ChatSiliconFlow(model=SEES, **browsing), await load_mcp_tools(session))
        state = await agent.ainvoke({"messages": [("user", LOOK)]})
    assert state["messages"][-1].text == "It is one pixel."
    assert len(pictures(last_messages(sent))) == 1


@pytest.mark.parametrize("streaming", [True, False])
async def test_a_llama_index_agent_goes_on_after_a_screenshot(
    browsing: dict[str, Any], sent: list[httpx.Request], streaming: bool
):
    memory = ChatMemoryBuffer.from_defaults()
    async with create_connected_server_and_client_session(server) as session:
        agent = FunctionAgent(
            tools=await McpToolSpec(client=session).to_tool_list_async(),
            llm=SiliconFlow(model=READS, **browsing),
            streaming=streaming,
        )
        assert str(await agent.run(LOOK, memory=memory)) == "It is one pixel."
        assert str(await agent.run(LINKS, memory=memory)) == "It has three links."
    results = [one["content"] for one in last_messages(sent) if one["role"] == "tool"]
    assert "Screenshot of example.com" in results[0]
    assert "example.com has 3 links." in results[1]
