"""langmem: memories that a model extracts, keeps in a store that our vectors index, and sums up."""

from __future__ import annotations

import json
from typing import Any

import httpx
import pytest
from langchain.agents import create_agent
from langchain_core.messages import AIMessage, HumanMessage
from langgraph.store.memory import InMemoryStore
from langmem import create_manage_memory_tool, create_memory_manager, create_search_memory_tool
from langmem.short_term import SummarizationNode
from pydantic import BaseModel

from langchain_siliconflow import ChatSiliconFlow, SiliconFlowEmbeddings
from siliconflow_simulator import when
from tests.apps.conftest import Connect

MODEL = "deepseek-ai/DeepSeek-V3.2"
TALK = [HumanMessage("I am Ada, and I never eat meat."), AIMessage("I will remember that.")]


class Preference(BaseModel):
    """What the user likes or not."""

    subject: str
    likes: bool


@pytest.mark.parametrize("way", ["sync", "async"])
async def test_memories_are_extracted_by_calls(connect: Connect, way: str):
    model = ChatSiliconFlow(
        model=MODEL,
        **connect(
            answers=[when(tool="Preference").calls("Preference", subject="meat", likes=False)]
        ),
    )
    manager = create_memory_manager(model, schemas=[Preference], enable_updates=False)
    if way == "sync":
        found = manager.invoke({"messages": TALK})
    else:
        found = await manager.ainvoke({"messages": TALK})
    assert [one.content for one in found] == [Preference(subject="meat", likes=False)]


@pytest.mark.parametrize("way", ["sync", "async"])
async def test_an_agent_keeps_and_finds_memories(
    connect: Connect, sent: list[httpx.Request], way: str
):
    connection = connect(
        answers=[
            when("Remember")
            .calls("manage_memory", content="Ada eats no meat.", action="create")
            .then.says("Noted."),
            when("What do I eat").calls("search_memory", query="meat").then.says("No meat."),
        ]
    )
    index: Any = {"embed": SiliconFlowEmbeddings(**connection), "dims": 1024}
    agent = create_agent(
        ChatSiliconFlow(model=MODEL, **connection),
        [create_manage_memory_tool(("memories",)), create_search_memory_tool(("memories",))],
        store=InMemoryStore(index=index),
    )

    async def ask(text: str) -> Any:
        state: Any = {"messages": [("user", text)]}
        told = agent.invoke(state) if way == "sync" else await agent.ainvoke(state)
        return told["messages"]

    assert (await ask("Remember that I eat no meat."))[-1].text == "Noted."
    _, _, told, said = await ask("What do I eat?")
    assert "Ada eats no meat." in told.text
    assert said.text == "No meat."
    paths = {request.url.path for request in sent}
    assert paths == {"/v1/chat/completions", "/v1/embeddings"}


@pytest.mark.parametrize("way", ["sync", "async"])
async def test_a_long_conversation_is_summed_up(
    connect: Connect, sent: list[httpx.Request], way: str
):
    model = ChatSiliconFlow(
        model=MODEL, **connect(answers=[when("summary").says("Ada eats no meat.")])
    )
    node = SummarizationNode(
        model=model.bind(max_tokens=50),
        max_tokens=200,
        max_tokens_before_summary=100,
        max_summary_tokens=50,
    )
    messages = [*TALK * 8, HumanMessage("And what shall I cook?")]
    messages = [one.model_copy(update={"id": str(number)}) for number, one in enumerate(messages)]
    state = {"messages": messages, "context": {}}
    told = node.invoke(state) if way == "sync" else await node.ainvoke(state)
    short = told["summarized_messages"]
    assert "Ada eats no meat." in short[0].text
    assert len(short) < len(messages)
    assert json.loads(sent[0].content)["max_tokens"] == 50
