"""Every way to get an answer out of a LangChain chat model, as one kind of function."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from functools import reduce
from operator import add
from typing import Any

from langchain_core.language_models import BaseChatModel
from langchain_core.messages import AIMessage, AIMessageChunk, BaseMessage, HumanMessage
from langchain_core.runnables import Runnable
from langgraph.graph import END, START, MessagesState, StateGraph

Model = Runnable[Any, AIMessage]
Surface = Callable[[Any, Any], AIMessage]


def _sum(chunks: list[Any]) -> AIMessage:
    total: AIMessage = reduce(add, chunks)
    return total


def invoke(model: Any, prompt: Any) -> AIMessage:
    return model.invoke(prompt)


def ainvoke(model: Any, prompt: Any) -> AIMessage:
    return asyncio.run(model.ainvoke(prompt))


def stream(model: Any, prompt: Any) -> AIMessage:
    return _sum(list(model.stream(prompt)))


def astream(model: Any, prompt: Any) -> AIMessage:
    async def run() -> AIMessage:
        return _sum([chunk async for chunk in model.astream(prompt)])

    return asyncio.run(run())


def stream_events_v3(model: Any, prompt: Any) -> AIMessage:
    return model.stream_events(prompt, version="v3").output


def astream_events_v3(model: Any, prompt: Any) -> AIMessage:
    async def run() -> AIMessage:
        events = await model.astream_events(prompt, version="v3")
        return await events.output

    return asyncio.run(run())


def astream_events_v2(model: Any, prompt: Any) -> AIMessage:
    async def run() -> AIMessage:
        outputs = [
            event["data"]["output"]
            async for event in model.astream_events(prompt, version="v2")
            if event["event"] == "on_chat_model_end"
        ]
        return outputs[-1]

    return asyncio.run(run())


def _graph(model: Any) -> Any:
    async def anode(state: MessagesState) -> dict[str, list[BaseMessage]]:
        return {"messages": [await model.ainvoke(state["messages"])]}

    def node(state: MessagesState) -> dict[str, list[BaseMessage]]:
        return {"messages": [model.invoke(state["messages"])]}

    from langgraph._internal._runnable import RunnableCallable

    graph = StateGraph(MessagesState)
    graph.add_node("model", RunnableCallable(node, anode))
    graph.add_edge(START, "model")
    graph.add_edge("model", END)
    return graph.compile()


def _state(prompt: Any) -> dict[str, Any]:
    return {"messages": [HumanMessage(prompt)] if isinstance(prompt, str) else prompt}


def langgraph_messages(model: Any, prompt: Any) -> AIMessage:
    parts = [part for part, _ in _graph(model).stream(_state(prompt), stream_mode="messages")]
    return _sum([part for part in parts if isinstance(part, AIMessageChunk)])


def alanggraph_messages(model: Any, prompt: Any) -> AIMessage:
    async def run() -> AIMessage:
        stream = _graph(model).astream(_state(prompt), stream_mode="messages")
        parts = [part async for part, _ in stream]
        return _sum([part for part in parts if isinstance(part, AIMessageChunk)])

    return asyncio.run(run())


SURFACES: dict[str, Surface] = {
    surface.__name__: surface
    for surface in (
        invoke,
        ainvoke,
        stream,
        astream,
        stream_events_v3,
        astream_events_v3,
        astream_events_v2,
        langgraph_messages,
        alanggraph_messages,
    )
}
V3 = frozenset({"stream_events_v3", "astream_events_v3"})


def text_of(message: AIMessage) -> str:
    return str(message.text)


def blocks_of(message: AIMessage) -> list[dict[str, Any]]:
    """Standard blocks, without the marks that only streams have."""
    return [
        {key: value for key, value in block.items() if key not in ("index", "extras")}
        for block in message.content_blocks
    ]


def same_model(model: BaseChatModel, **changes: Any) -> BaseChatModel:
    return model.model_copy(update=changes)
