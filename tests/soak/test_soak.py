"""12,000 calls, by threads and tasks at once, of which the server spoils three in ten."""

from __future__ import annotations

import asyncio
import gc
import json
import threading
import time
import urllib.request
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from langchain_siliconflow import ChatSiliconFlow
from llama_index_siliconflow import SiliconFlow
from siliconflow_client import AsyncSiliconFlowClient, SiliconFlowClient
from tests.soak import askers
from tests.soak.askers import KEY, MODEL, Counts

ROUNDS = 4
THREADS = 16
TASKS = 64
PAGE = 4096

SYNC: list[tuple[str, int]] = [("client", 750), ("langchain", 250), ("llama_index", 250)]
"""Who asks on threads, and how often in a round."""
ASYNC: list[tuple[str, int]] = [
    ("aiohttp", 750),
    ("httpx", 500),
    ("langchain", 250),
    ("llama_index", 250),
]


class Everyone:
    """One of each, shared by all threads and tasks."""

    def __init__(self, url: str) -> None:
        settings: dict[str, Any] = {"api_key": KEY, "base_url": url, "timeout": 30.0}
        self.client = SiliconFlowClient(**settings)
        self.aiohttp = AsyncSiliconFlowClient(async_transport="aiohttp", **settings)
        self.httpx = AsyncSiliconFlowClient(async_transport="httpx", **settings)
        self.langchain = ChatSiliconFlow(model=MODEL, **settings)
        self.llama_index = SiliconFlow(model=MODEL, **settings)
        for client in (
            self.client,
            self.aiohttp,
            self.httpx,
            self.langchain._client,
            self.langchain._async_client,
            self.llama_index._sync_client(),
            self.llama_index._async_client(),
        ):
            askers.hasty(client)

    async def close(self) -> None:
        self.client.close()
        await self.aiohttp.aclose()
        await self.httpx.aclose()
        for one in (self.langchain, self.llama_index):
            one.close()
            await one.aclose()


def on_threads() -> dict[str, Callable[[Any, int], bool]]:
    return {
        "client": askers.by_client,
        "langchain": askers.by_langchain,
        "llama_index": askers.by_llama_index,
    }


def in_tasks() -> dict[str, Any]:
    return {
        "aiohttp": askers.by_async_client,
        "httpx": askers.by_async_client,
        "langchain": askers.by_langchain_async,
        "llama_index": askers.by_llama_index_async,
    }


async def one_round(everyone: Everyone, pool: ThreadPoolExecutor, first: int) -> Counts:
    """3,000 calls; marks count up from `first`."""
    counts = Counts()
    lock = threading.Lock()
    marks = iter(range(first, first + 1_000_000))
    sync, asynchronous = on_threads(), in_tasks()

    def work(name: str, mark: int) -> None:
        own = Counts()
        askers.ask(own, sync[name], getattr(everyone, name), mark)
        with lock:
            counts.calls += own.calls
            counts.wrong += own.wrong
            counts.again += own.again

    threads = [pool.submit(work, name, next(marks)) for name, times in SYNC for _ in range(times)]
    left = [(name, next(marks)) for name, times in ASYNC for _ in range(times)]
    left.reverse()
    told = Counts()

    async def worker() -> None:
        while left:
            name, mark = left.pop()
            await askers.ask_async(told, asynchronous[name], getattr(everyone, name), mark)

    await asyncio.gather(*(worker() for _ in range(TASKS)))
    for future in threads:
        await asyncio.wrap_future(future)
    return Counts(counts.calls + told.calls, counts.wrong + told.wrong, counts.again + told.again)


def resident() -> int:
    """Bytes of memory that this process holds."""
    gc.collect()
    return int(Path("/proc/self/statm").read_text().split()[1]) * PAGE


def descriptors() -> int:
    return len(list(Path("/proc/self/fd").iterdir()))


@contextmanager
def timed() -> Iterator[list[float]]:
    seconds: list[float] = []
    began = time.monotonic()
    yield seconds
    seconds.append(time.monotonic() - began)


@pytest.mark.timeout(400)
@pytest.mark.skipif(not Path("/proc/self/statm").exists(), reason="needs /proc")
def test_nothing_is_lost_and_nothing_is_left(soak_url: str, capsys: pytest.CaptureFixture[str]):
    memory: list[int] = []
    open_files: list[int] = []
    rounds: list[Counts] = []
    tasks: set[asyncio.Task[Any]] = set()

    async def main() -> None:
        everyone = Everyone(soak_url)
        with ThreadPoolExecutor(THREADS) as pool:
            for number in range(ROUNDS):
                rounds.append(await one_round(everyone, pool, 10_000 * (number + 1)))
                memory.append(resident())
                open_files.append(descriptors())
        await everyone.close()
        await asyncio.sleep(0.1)  # aiohttp's transports are closed by the loop's next steps
        tasks.update(asyncio.all_tasks() - {asyncio.current_task()})

    threads_before = threading.active_count()
    files_before = descriptors()
    with timed() as seconds:
        asyncio.run(main())
    gc.collect()
    with urllib.request.urlopen(soak_url.removesuffix("/v1") + "/counts") as answer:
        requests, spoiled = json.load(answer)
    calls, wrong, again = (
        sum(getattr(one, name) for one in rounds) for name in ("calls", "wrong", "again")
    )
    with capsys.disabled():
        print(  # noqa: T201  # the figures are what it is run for
            f"\n{calls:,} calls in {seconds[0]:.0f} s ({calls / seconds[0]:.0f}/s), "
            f"{requests:,} requests, {spoiled:,} spoiled ({spoiled / requests:.0%}), "
            f"{again:,} streams asked for anew, {wrong} wrong\n"
            f"memory after each round: {', '.join(f'{one / 2**20:.0f} MiB' for one in memory)}; "
            f"open files: {open_files} during, {files_before} before, {descriptors()} after; "
            f"threads: {threads_before} before, {threading.active_count()} after; "
            f"tasks left: {len(tasks)}"
        )
    assert (calls, wrong) == (12_000, 0)
    assert spoiled > 0.25 * requests
    assert not tasks
    assert threading.active_count() == threads_before
    assert descriptors() <= files_before + 1
    # One connection for each call at a time, in seven pools: three of threads, four of tasks.
    assert max(open_files) <= files_before + 3 * THREADS + 4 * TASKS + 20
    assert open_files[-1] <= open_files[0] + 24
    assert memory[-1] - memory[0] < 24 * 2**20
    assert seconds[0] < 180
