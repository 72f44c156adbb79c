"""Whole applications, built from LangChain's and LangGraph's own parts, on the simulator.

Nothing in them knows of SiliconFlow but the constructor calls at the top.
"""

from __future__ import annotations

import asyncio
from typing import Any

import httpx
import pytest
from langchain.agents import create_agent
from langchain_classic.chains import create_history_aware_retriever, create_retrieval_chain
from langchain_classic.chains.combine_documents import create_stuff_documents_chain
from langchain_classic.retrievers import ContextualCompressionRetriever
from langchain_core.messages import AIMessage, AIMessageChunk, HumanMessage, ToolMessage
from langchain_core.output_parsers import StrOutputParser
from langchain_core.prompts import ChatPromptTemplate, MessagesPlaceholder
from langchain_core.runnables import RunnablePassthrough
from langchain_core.tools import tool
from langchain_core.vectorstores import InMemoryVectorStore
from langgraph.checkpoint.memory import InMemorySaver
from langgraph.graph import END, START, MessagesState, StateGraph
from langgraph.types import Command

from langchain_siliconflow import ChatSiliconFlow, SiliconFlowEmbeddings, SiliconFlowRerank
from siliconflow_simulator import Simulator

MODEL = "deepseek-ai/DeepSeek-V3.2"


@pytest.fixture(params=["inhouse", "vllm"])
def connection(request: pytest.FixtureRequest) -> dict[str, Any]:
    simulator = Simulator(
        stream_style=request.param, text_before_tools=True, empty_follow_up_ids=True
    )
    transport = simulator.transport()
    return {
        "api_key": "sk-test",
        "http_client": httpx.Client(transport=transport),
        "async_http_client": httpx.AsyncClient(transport=transport),
    }


# --- an agent with two tools and a memory -----------------------------------------------------


@tool
def get_weather(city: str) -> str:
    """Get the weather of a city."""
    return f"It is sunny in {city}, 21 degrees."


@tool
def convert_currency(amount: float, currency: str) -> str:
    """Convert an amount of euros into another currency."""
    return f"{amount} euros are {amount * 2} {currency}."


def weather_agent(connection: dict[str, Any]) -> Any:
    return create_agent(
        ChatSiliconFlow(model=MODEL, enable_thinking=True, **connection),
        [get_weather, convert_currency],
        system_prompt="You answer with the tools.",
        checkpointer=InMemorySaver(),
    )


THREAD: Any = {"configurable": {"thread_id": "1"}}


def test_agent_with_two_tools_and_a_checkpointer(connection: dict[str, Any]) -> None:
    agent = weather_agent(connection)
    first = agent.invoke({"messages": [HumanMessage("What is the weather in Paris?")]}, THREAD)
    calls = [
        call for one in first["messages"] if isinstance(one, AIMessage) for call in one.tool_calls
    ]
    assert [call["name"] for call in calls] == ["get_weather"]
    results = [one.content for one in first["messages"] if isinstance(one, ToolMessage)]
    assert len(results) == 1
    assert "sunny" in first["messages"][-1].text

    second = agent.invoke(
        {"messages": [HumanMessage("Convert 5 euros into the currency dollars.")]}, THREAD
    )
    assert len(second["messages"]) > len(first["messages"])
    last_calls = [
        call
        for one in second["messages"][len(first["messages"]) :]
        if isinstance(one, AIMessage)
        for call in one.tool_calls
    ]
    assert [call["name"] for call in last_calls] == ["convert_currency"]


@pytest.mark.parametrize("mode", ["sync", "async"])
def test_the_agent_streams_tokens_and_steps(connection: dict[str, Any], mode: str) -> None:
    agent = weather_agent(connection)
    given: Any = {"messages": [HumanMessage("What is the weather in Paris?")]}

    async def collect() -> list[Any]:
        return [
            part async for part in agent.astream(given, THREAD, stream_mode=["messages", "updates"])
        ]

    if mode == "sync":
        parts = list(agent.stream(given, THREAD, stream_mode=["messages", "updates"]))
    else:
        parts = asyncio.run(collect())
    tokens = [data[0] for kind, data in parts if kind == "messages"]
    pieces = [one for one in tokens if isinstance(one, AIMessageChunk)]
    assert sum(one.usage_metadata is not None for one in pieces) == 2
    assert any(one.additional_kwargs.get("reasoning_content") for one in pieces)
    updates = [data for kind, data in parts if kind == "updates"]
    assert [next(iter(update)) for update in updates] == ["model", "tools", "model"]
    first = updates[0]["model"]["messages"][0]
    assert [call["name"] for call in first.tool_calls] == ["get_weather"]


# --- a retrieval chain with history --------------------------------------------------------------

TEXTS = [
    "The gzip module compresses and decompresses files.",
    "The csv module reads and writes tables.",
    "The json module encodes and decodes data.",
    "The sqlite3 module stores tables in a file.",
]


def retriever_of(connection: dict[str, Any]) -> ContextualCompressionRetriever:
    store = InMemoryVectorStore(SiliconFlowEmbeddings(**connection))
    store.add_texts(TEXTS)
    return ContextualCompressionRetriever(
        base_compressor=SiliconFlowRerank(top_n=2, **connection),
        base_retriever=store.as_retriever(search_kwargs={"k": 4}),
    )


@pytest.mark.parametrize("mode", ["sync", "async"])
def test_retrieval_chain_with_history(connection: dict[str, Any], mode: str) -> None:
    model = ChatSiliconFlow(model=MODEL, **connection)
    rephrase = ChatPromptTemplate.from_messages(
        [
            MessagesPlaceholder("chat_history"),
            ("human", "{input}"),
            ("human", "Write a search query for this conversation. Answer with the query only."),
        ]
    )
    answer = ChatPromptTemplate.from_messages(
        [
            ("system", "Answer from these passages:\n\n{context}"),
            MessagesPlaceholder("chat_history"),
            ("human", "{input}"),
        ]
    )
    chain = create_retrieval_chain(
        create_history_aware_retriever(model, retriever_of(connection), rephrase),
        create_stuff_documents_chain(model, answer),
    )
    first = chain.invoke({"input": "Which module compresses files?", "chat_history": []})
    assert first["context"][0].page_content == TEXTS[0]
    assert "gzip" in first["answer"]

    history = [HumanMessage("Which module compresses files?"), AIMessage(first["answer"])]
    later: Any = {"input": "And which module decodes json data?", "chat_history": history}

    async def collect() -> list[Any]:
        return [part async for part in chain.astream(later)]

    parts = list(chain.stream(later)) if mode == "sync" else asyncio.run(collect())
    streamed = "".join(part["answer"] for part in parts if "answer" in part)
    assert streamed
    assert len([part for part in parts if "answer" in part]) > 1


def test_expression_language_chain(connection: dict[str, Any]) -> None:
    prompt = ChatPromptTemplate.from_template(
        "Answer from these passages.\n\n{context}\n\nQuestion: {question}"
    )
    model: Any = ChatSiliconFlow(model=MODEL, **connection)
    chain: Any = (
        {
            "context": retriever_of(connection)
            | (lambda found: "\n".join(one.page_content for one in found)),
            "question": RunnablePassthrough(),
        }
        | prompt
        | model
        | StrOutputParser()
    )
    question = "Which module compresses files?"
    whole = chain.invoke(question)
    assert "gzip" in whole
    assert "".join(chain.stream(question)) == whole
    assert chain.batch([question, question]) == [whole, whole]
    assert asyncio.run(chain.ainvoke(question)) == whole


# --- a supervisor with two workers ----------------------------------------------------------------


def supervisor_graph(connection: dict[str, Any]) -> Any:
    model = ChatSiliconFlow(model=MODEL, **connection)
    weather = create_agent(model, [get_weather], name="weather_worker")
    money = create_agent(model, [convert_currency], name="money_worker")

    @tool
    def ask_weather_worker(city: str) -> str:
        """Hand a question about the weather of a city to the weather worker."""
        return city

    @tool
    def ask_money_worker(amount: float) -> str:
        """Hand a question about money and currency to the money worker."""
        return str(amount)

    router = model.bind_tools([ask_weather_worker, ask_money_worker], tool_choice="any")

    def supervisor(state: MessagesState) -> Command[Any]:
        if isinstance(state["messages"][-1], AIMessage):
            return Command(goto=END)
        choice = router.invoke(state["messages"])
        assert isinstance(choice, AIMessage)
        if choice.tool_calls[0]["name"] == "ask_weather_worker":
            return Command(goto="weather_worker")
        return Command(goto="money_worker")

    def run(worker: Any, name: str) -> Any:
        def node(state: MessagesState) -> Command[Any]:
            result = worker.invoke({"messages": state["messages"]})
            said = AIMessage(result["messages"][-1].text, name=name)
            return Command(update={"messages": [said]}, goto="supervisor")

        return node

    graph = StateGraph(MessagesState)
    workers = ("weather_worker", "money_worker")
    graph.add_node("supervisor", supervisor, destinations=(*workers, END))
    for name, worker in zip(workers, (weather, money), strict=True):
        graph.add_node(name, run(worker, name), destinations=("supervisor",))
    graph.add_edge(START, "supervisor")
    return graph.compile()


def test_supervisor_graph_with_streaming(connection: dict[str, Any]) -> None:
    graph = supervisor_graph(connection)
    parts = list(
        graph.stream(
            {"messages": [HumanMessage("What is the weather in Rome?")]},
            stream_mode=["messages", "values"],
            subgraphs=True,
        )
    )
    pieces = [data[0] for _, kind, data in parts if kind == "messages"]
    text = "".join(str(one.text) for one in pieces if isinstance(one, AIMessageChunk))
    assert "sunny" in text
    final = [data for space, kind, data in parts if kind == "values" and not space][-1]
    assert final["messages"][-1].name == "weather_worker"
    assert "sunny" in final["messages"][-1].text
