"""Those who ask in the soak: every call carries a mark, and its answer must bring it back."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Any, TypeAlias

from siliconflow_client import (
    AsyncSiliconFlowClient,
    OverloadedError,
    SiliconFlowClient,
    SiliconFlowError,
    StreamInterruptedError,
)

KEY = "sk-soak-0123456789"
MODEL = "deepseek-ai/DeepSeek-V3.2"
AFTER_THE_FIRST_DELTA = (StreamInterruptedError, OverloadedError)
"""What a stream may end with once it has begun; nobody but the caller may ask again then."""

Ask: TypeAlias = Callable[[int], Awaitable[bool]]


@dataclass
class Counts:
    """What was asked.

    Attributes:
        calls: Calls that were made, each until it had its answer.
        wrong: Answers that were another's, or none.
        again: Streams that broke after their first delta and were asked for anew.
    """

    calls: int = 0
    wrong: int = 0
    again: int = 0


def question(mark: int) -> dict[str, Any]:
    return {"model": MODEL, "messages": [{"role": "user", "content": f"Which? #{mark}#"}]}


def texts(mark: int) -> list[str]:
    return [f"#{mark}#", "b", "c"]


def right(text: object, mark: int) -> bool:
    return text == f"It is #{mark}#."


def ranked(result: Any, mark: int) -> bool:
    scores = [(hit.index, hit.relevance_score) for hit in result.results]
    return scores == [(place, mark / 2**20 + place) for place in (2, 1, 0)]


def embedded(result: Any, mark: int) -> bool:
    return result.vectors == [[float(mark), float(place)] for place in range(3)]


def hasty(client: Any) -> Any:
    """Let a client wait nowhere."""

    async def later(_: float) -> None:
        await asyncio.sleep(0)

    client._sleep = (lambda _: None) if isinstance(client, SiliconFlowClient) else later
    return client


def by_client(client: SiliconFlowClient, mark: int) -> bool:
    """One call of one of the four kinds, on a thread."""
    match mark % 4:
        case 0:
            return right(client.chat(**question(mark)).text, mark)
        case 1:
            with client.stream_chat(**question(mark)) as stream:
                return right("".join(delta.text for delta in stream), mark)
        case 2:
            return embedded(client.embed(model="BAAI/bge-m3", input=texts(mark)), mark)
        case _:
            model = "BAAI/bge-reranker-v2-m3"
            return ranked(client.rerank(model=model, query="q", documents=texts(mark)), mark)


async def by_async_client(client: AsyncSiliconFlowClient, mark: int) -> bool:
    """The same in a task."""
    match mark % 4:
        case 0:
            return right((await client.chat(**question(mark))).text, mark)
        case 1:
            async with client.stream_chat(**question(mark)) as stream:
                return right("".join([delta.text async for delta in stream]), mark)
        case 2:
            return embedded(await client.embed(model="BAAI/bge-m3", input=texts(mark)), mark)
        case _:
            model = "BAAI/bge-reranker-v2-m3"
            result = await client.rerank(model=model, query="q", documents=texts(mark))
            return ranked(result, mark)


def by_langchain(model: Any, mark: int) -> bool:
    asked = f"Which? #{mark}#"
    if mark % 2:
        return right("".join(chunk.text for chunk in model.stream(asked)), mark)
    return right(model.invoke(asked).text, mark)


async def by_langchain_async(model: Any, mark: int) -> bool:
    asked = f"Which? #{mark}#"
    if mark % 2:
        return right("".join([chunk.text async for chunk in model.astream(asked)]), mark)
    return right((await model.ainvoke(asked)).text, mark)


def by_llama_index(llm: Any, mark: int) -> bool:
    asked = f"Which? #{mark}#"
    if mark % 2:
        return right("".join(piece.delta or "" for piece in llm.stream_complete(asked)), mark)
    return right(llm.complete(asked).text, mark)


async def by_llama_index_async(llm: Any, mark: int) -> bool:
    asked = f"Which? #{mark}#"
    if mark % 2:
        source = await llm.astream_complete(asked)
        return right("".join([piece.delta or "" async for piece in source]), mark)
    return right((await llm.acomplete(asked)).text, mark)


def ask(counts: Counts, call: Callable[[Any, int], bool], target: Any, mark: int) -> None:
    """Ask until there is an answer; a stream that broke after its first delta once more."""
    counts.calls += 1
    while True:
        try:
            counts.wrong += not call(target, mark)
            return
        except AFTER_THE_FIRST_DELTA as error:
            _check_partial(error)
            counts.again += 1


async def ask_async(
    counts: Counts, call: Callable[[Any, int], Awaitable[bool]], target: Any, mark: int
) -> None:
    """The same in a task."""
    counts.calls += 1
    while True:
        try:
            counts.wrong += not await call(target, mark)
            return
        except AFTER_THE_FIRST_DELTA as error:
            _check_partial(error)
            counts.again += 1


def _check_partial(error: SiliconFlowError) -> None:
    """Before the first delta the client asks again by itself; the server relents by then."""
    if isinstance(error, StreamInterruptedError):
        assert error.partial == "It"
