"""Calls at the same time: CPU of each, and how long all of them take."""

from __future__ import annotations

import asyncio
import json
import threading
import time
from collections.abc import Awaitable, Callable

from contenders import KEY, MODEL

HI = [{"role": "user", "content": "Hi"}]
BODY = {"model": MODEL, "messages": HI}
ROUNDS = 3
PATIENCE = 15.0
FEWEST = 64
"""Calls of a round, at least."""

Ask = Callable[[], Awaitable[object]]


def seconds_each(width: int) -> float:
    """How long the server takes: long enough that all calls are in flight at once."""
    return {1: 0.003, 8: 0.02, 16: 0.04}.get(width, max(0.1, width / 600))


def waves(width: int) -> int:
    return max(2, FEWEST // width)


def waiting(url: str, width: int) -> str:
    return f"{url.removesuffix('/v1')}/wait/{round(seconds_each(width) * 1000)}/v1"


# --- asynchronous ---------------------------------------------------------------------------


def client_httpx(url: str, _: float) -> Ask:
    return _client(url, "httpx")


def client_aiohttp(url: str, _: float) -> Ask:
    return _client(url, "aiohttp")


def _client(url: str, transport: str) -> Ask:
    from siliconflow_client import AsyncSiliconFlowClient

    client = AsyncSiliconFlowClient(
        api_key=KEY, base_url=url, async_transport=transport, max_retries=0
    )
    return lambda: client.chat(model=MODEL, messages=HI)


def httpx_alone(url: str, _: float) -> Ask:
    import httpx

    limits = httpx.Limits(max_connections=None, max_keepalive_connections=None)
    client = httpx.AsyncClient(limits=limits, timeout=300)

    async def ask() -> object:
        answer = await client.post(f"{url}/chat/completions", json=BODY)
        return json.loads(answer.content)

    return ask


def aiohttp_alone(url: str, _: float) -> Ask:
    import aiohttp

    session = aiohttp.ClientSession(connector=aiohttp.TCPConnector(limit=0))

    async def ask() -> object:
        async with session.post(f"{url}/chat/completions", json=BODY) as answer:
            return json.loads(await answer.read())

    return ask


def httpx_objects_on_aiohttp(url: str, _: float) -> Ask:
    """What our client stands on there; beside aiohttp alone it tells what httpx's objects cost."""
    import httpx
    from httpx_aiohttp import AiohttpTransport

    transport = AiohttpTransport(limits=httpx.Limits(max_connections=0))  # none
    address = httpx.URL(f"{url}/chat/completions")
    limits = dict.fromkeys(("connect", "read", "write", "pool"), 300.0)

    async def ask() -> object:
        request = httpx.Request("POST", address, json=BODY, extensions={"timeout": limits})
        answer = await transport.handle_async_request(request)
        answer.request = request
        return json.loads(await answer.aread())

    return ask


def httpx_on_aiohttp(url: str, _: float) -> Ask:
    """The same with httpx's client around it."""
    import httpx
    from httpx_aiohttp import AiohttpTransport

    limits = httpx.Limits(max_connections=0)  # none
    client = httpx.AsyncClient(transport=AiohttpTransport(limits=limits), timeout=300)

    async def ask() -> object:
        answer = await client.post(f"{url}/chat/completions", json=BODY)
        return json.loads(answer.content)

    return ask


def async_openai(url: str, _: float) -> Ask:
    from openai import AsyncOpenAI

    client = AsyncOpenAI(api_key=KEY, base_url=url, max_retries=0)
    return lambda: client.chat.completions.create(model=MODEL, messages=HI)


def langchain_ours(url: str, _: float) -> Ask:
    from langchain_siliconflow import ChatSiliconFlow

    model = ChatSiliconFlow(model=MODEL, api_key=KEY, base_url=url, max_retries=0)
    return lambda: model.ainvoke("Hi")


def langchain_floor(_: str, seconds: float) -> Ask:
    """LangChain's own cost: a model that waits instead of asking."""
    from langchain_core.language_models.chat_models import BaseChatModel
    from langchain_core.messages import AIMessage
    from langchain_core.outputs import ChatGeneration, ChatResult

    class Floor(BaseChatModel):
        @property
        def _llm_type(self) -> str:
            return "floor"

        def _generate(self, *args: object, **kwargs: object) -> ChatResult:
            raise NotImplementedError("only asynchronous calls are measured")

        async def _agenerate(self, *args: object, **kwargs: object) -> ChatResult:
            await asyncio.sleep(seconds)
            return ChatResult(generations=[ChatGeneration(message=AIMessage(content="ok"))])

    model = Floor()
    return lambda: model.ainvoke("Hi")


def chat_openai(url: str, _: float) -> Ask:
    from langchain_openai import ChatOpenAI

    model = ChatOpenAI(model=MODEL, api_key=KEY, base_url=url, max_retries=0)
    return lambda: model.ainvoke("Hi")


def flights(name: str, url: str, width: int) -> dict[str, float]:
    return asyncio.run(_flights(name, url, width))


async def _flights(name: str, url: str, width: int) -> dict[str, float]:
    ask: Ask = globals()[name](waiting(url, width), seconds_each(width))

    async def worker() -> None:
        for _ in range(waves(width)):
            await ask()

    async def one_round() -> tuple[float, float]:
        started, wall = time.process_time(), time.perf_counter()
        await asyncio.gather(*(worker() for _ in range(width)))
        return time.process_time() - started, time.perf_counter() - wall

    began = time.perf_counter()
    best = await one_round()
    for _ in range(ROUNDS):
        if time.perf_counter() - began > PATIENCE:
            break
        best = min(best, await one_round())
    return _figures(best, width)


def _figures(best: tuple[float, float], width: int) -> dict[str, float]:
    calls = waves(width) * width
    ideal = waves(width) * seconds_each(width)
    return {"cpu": best[0] / calls * 1e6, "ideal": best[1] / ideal}


# --- threads --------------------------------------------------------------------------------


def client_sync(url: str) -> Callable[[], object]:
    from siliconflow_client import SiliconFlowClient

    client = SiliconFlowClient(api_key=KEY, base_url=url, max_retries=0)
    return lambda: client.chat(model=MODEL, messages=HI)


def httpx_sync(url: str) -> Callable[[], object]:
    import httpx

    limits = httpx.Limits(max_connections=None, max_keepalive_connections=None)
    client = httpx.Client(limits=limits, timeout=300)
    return lambda: json.loads(client.post(f"{url}/chat/completions", json=BODY).content)


def openai_sync(url: str) -> Callable[[], object]:
    from openai import OpenAI

    client = OpenAI(api_key=KEY, base_url=url, max_retries=0)
    return lambda: client.chat.completions.create(model=MODEL, messages=HI)


def threads(name: str, url: str, width: int) -> dict[str, float]:
    ask: Callable[[], object] = globals()[name](waiting(url, width))

    def one_round() -> tuple[float, float]:
        ready = threading.Barrier(width + 1)

        def worker() -> None:
            ready.wait()
            for _ in range(waves(width)):
                ask()

        crew = [threading.Thread(target=worker) for _ in range(width)]
        for thread in crew:
            thread.start()
        ready.wait()
        started, wall = time.process_time(), time.perf_counter()
        for thread in crew:
            thread.join()
        return time.process_time() - started, time.perf_counter() - wall

    began = time.perf_counter()
    best = one_round()
    for _ in range(ROUNDS):
        if time.perf_counter() - began > PATIENCE:
            break
        best = min(best, one_round())
    return _figures(best, width)
