"""What grows: streams, histories, tools. CPU of this process."""

from __future__ import annotations

from calls import cpu, exhaust, in_turns, made, repeat
from contenders import MODEL

STREAM_CHUNKS = 2000
"""Chunks of a round: short streams are repeated."""


def _rounds(chunks: int) -> int:
    return 2 if chunks >= 10_000 else 5


# --- streams --------------------------------------------------------------------------------


def streams_client(name: str, url: str, chunks: int) -> dict[str, float]:
    client = made(name, url)
    messages = [{"role": "user", "content": str(chunks)}]
    return _streams(lambda: exhaust(client.stream_chat(model=MODEL, messages=messages)), chunks)


def streams_langchain(name: str, url: str, chunks: int) -> dict[str, float]:
    model = made(name, url)
    return _streams(lambda: exhaust(model.stream(str(chunks))), chunks)


def streams_llama(name: str, url: str, chunks: int) -> dict[str, float]:
    from llama_index.core.llms import ChatMessage

    model = made(name, url)
    messages = [ChatMessage(role="user", content=str(chunks))]
    return _streams(lambda: exhaust(model.stream_chat(messages)), chunks)


def _streams(stream, chunks: int) -> dict[str, float]:
    times = max(1, min(200, STREAM_CHUNKS // chunks))
    each = cpu(repeat(stream, times), _rounds(chunks))["cpu"]
    return {"cpu": each / chunks, "stream": each}


# --- histories ------------------------------------------------------------------------------


def histories_langchain(name: str, url: str, count: int) -> dict[str, float]:
    from langchain_core.messages import AIMessage, HumanMessage

    kinds = (HumanMessage, AIMessage)
    history = [kinds[n % 2](f"message number {n}") for n in range(count - 1 + count % 2)]
    return _history(made(name, url).invoke, history)


def histories_llama(name: str, url: str, count: int) -> dict[str, float]:
    from llama_index.core.llms import ChatMessage

    kinds = ("user", "assistant")
    history = [
        ChatMessage(role=kinds[n % 2], content=f"message number {n}")
        for n in range(count - 1 + count % 2)
    ]
    return _history(made(name, url).chat, history)


def neighbours_langchain(name: str, url: str, count: int) -> dict[str, float]:
    from langchain_core.messages import HumanMessage

    return _history(
        made(name, url).invoke, [HumanMessage(f"message number {n}") for n in range(count)]
    )


def neighbours_llama(name: str, url: str, count: int) -> dict[str, float]:
    from llama_index.core.llms import ChatMessage

    history = [ChatMessage(role="user", content=f"message number {n}") for n in range(count)]
    return _history(made(name, url).chat, history)


def _history(call, history: list[object]) -> dict[str, float]:
    times = max(1, min(50, 2000 // len(history)))
    figure = cpu(repeat(lambda: call(history), times), 5)["cpu"]
    return {"cpu": figure, "message": figure / len(history)}


# --- tools ----------------------------------------------------------------------------------


def look_up(city: str, day: int = 0, exact: bool = False) -> str:
    """Look something up about a city.

    Args:
        city: Its name.
        day: Days from today.
        exact: Whether to look twice.
    """
    return city


def tools_langchain(name: str, url: str, count: int) -> dict[str, float]:
    from langchain_core.tools import StructuredTool

    model = made(name, url)
    if count:
        model = model.bind_tools(
            [StructuredTool.from_function(look_up, name=f"tool_{n}") for n in range(count)]
        )
    return cpu(repeat(lambda: model.invoke("Hi"), 50), 5)


def tools_llama(name: str, url: str, count: int) -> dict[str, float]:
    from llama_index.core.llms import ChatMessage
    from llama_index.core.tools import FunctionTool

    model = made(name, url)
    messages = [ChatMessage(role="user", content="Hi")]
    plain = repeat(lambda: model.chat(messages), 50)
    if not count:
        return cpu(plain, 5)
    tools = [FunctionTool.from_defaults(look_up, name=f"tool_{n}") for n in range(count)]
    asked = repeat(lambda: model.chat_with_tools(tools, user_msg="Hi"), 50)
    return in_turns({"cpu": asked, "plain": plain}, 5)
