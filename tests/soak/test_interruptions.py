"""Calls that are given up at any moment: cancelled tasks, Ctrl-C, forks, loops that end."""

from __future__ import annotations

import asyncio
import os
import signal
import subprocess
import sys
import threading
import warnings
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest

from siliconflow_client import AsyncSiliconFlowClient, SiliconFlowClient
from tests.faults.server import (
    GOOD,
    GOOD_STREAM,
    Drip,
    FaultServer,
    Stall,
    body,
    chunked,
    event,
    piece,
)
from tests.soak import askers
from tests.soak.askers import KEY, Counts

TRANSPORTS = pytest.mark.parametrize("transport", ["aiohttp", "httpx"])
ROOT = Path(__file__).parents[2]
STEPS = 200
BUSY = body(b'"busy"', 503)
SLOW = chunked(piece("Hel"), *[event({"choices": []})] * 20, piece("lo"), piece("", finish="stop"))


@TRANSPORTS
@pytest.mark.parametrize("script", [[GOOD_STREAM], [BUSY, BUSY, GOOD_STREAM], [SLOW]], ids=["a stream", "after retries", "a longer stream"])  # fmt: skip
def test_a_call_may_be_cancelled_at_each_of_its_steps(transport: Any, script: list[Any]):
    """A step is a turn of the event loop; the next call on the same client is right every time."""
    finished = 0

    async def main(server: FaultServer) -> set[asyncio.Task[Any]]:
        nonlocal finished
        client = askers.hasty(
            AsyncSiliconFlowClient(api_key=KEY, base_url=server.url, async_transport=transport)
        )

        async def read() -> str:
            async with client.stream_chat(**askers.question(1)) as stream:
                return "".join([delta.text async for delta in stream])

        for steps in range(STEPS):
            server.seen.clear()
            server.script = script
            task = asyncio.create_task(read())
            for _ in range(steps):
                await asyncio.sleep(0)
            task.cancel()
            try:
                assert await task == "Hello"
                finished += 1
            except asyncio.CancelledError:
                pass
            server.script = [GOOD]
            assert (await client.chat(**askers.question(1))).text == "Hello"
        await client.aclose()
        await asyncio.sleep(0.05)
        return asyncio.all_tasks() - {asyncio.current_task()}

    before = threading.active_count()
    with FaultServer() as server:
        left = asyncio.run(main(server))
        assert server.is_left(5), "a connection was left open"
    assert not left
    assert threading.active_count() == before
    assert finished < STEPS, "nothing was cancelled"


@TRANSPORTS
def test_eight_threads_with_four_loops_each_share_a_client(transport: Any, soak_url: str):
    client = askers.hasty(
        AsyncSiliconFlowClient(api_key=KEY, base_url=soak_url, async_transport=transport)
    )
    start = threading.Barrier(8)

    def loops(thread: int) -> Counts:
        counts = Counts()
        start.wait(10)
        for loop in range(4):
            first = 100_000 * (thread + 1) + 1_000 * loop

            async def main(first: int = first) -> None:
                asked = (
                    askers.ask_async(counts, askers.by_async_client, client, first + number)
                    for number in range(20)
                )
                await asyncio.gather(*asked)

            asyncio.run(main())
        return counts

    with ThreadPoolExecutor(8) as pool:
        every = list(pool.map(loops, range(8)))
    assert sum(counts.calls for counts in every) == 8 * 4 * 20
    assert sum(counts.wrong for counts in every) == 0


@pytest.mark.skipif(not hasattr(os, "fork"), reason="this system cannot fork")
def test_forked_children_and_their_parent_get_their_own_answers(soak_url: str):
    client = askers.hasty(SiliconFlowClient(api_key=KEY, base_url=soak_url))

    def work(first: int) -> Counts:
        counts = Counts()
        for number in range(100):
            askers.ask(counts, askers.by_client, client, first + number)
        return counts

    assert work(1_000).wrong == 0
    children: list[int] = []
    for number in range(6):
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", DeprecationWarning)  # threads of other tests
            child = os.fork()
        if not child:
            code = 1
            try:
                code = min(work(10_000 * (number + 1)).wrong, 99)
            finally:
                os._exit(code)
        children.append(child)
    told = work(2_000)
    codes = [os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) for child in children]
    assert codes == [0] * len(children)
    assert (told.calls, told.wrong) == (100, 0)
    client.close()


READING = """
import asyncio, sys
from siliconflow_client import AsyncSiliconFlowClient, SiliconFlowClient

url, kind = sys.argv[1:]
asked = {"model": "m", "messages": [{"role": "user", "content": "Hi"}]}

def told(delta):
    print(delta.text, flush=True)

def read():
    with SiliconFlowClient(api_key="k", base_url=url) as client:
        for delta in client.stream_chat(**asked):
            told(delta)

async def read_async():
    settings = {"api_key": "k", "base_url": url, "async_transport": kind}
    async with AsyncSiliconFlowClient(**settings) as client:
        async for delta in client.stream_chat(**asked):
            told(delta)

if kind == "sync":
    read()
else:
    asyncio.run(read_async())
"""


@pytest.mark.parametrize("kind", ["sync", "aiohttp", "httpx"])
@pytest.mark.parametrize("ends", ["stalls", "goes on"])
def test_ctrl_c_ends_a_stream_at_once_and_says_nothing_else(kind: str, ends: str):
    begun = chunked(piece("Hel"), end=False)
    rest = Stall if ends == "stalls" else Drip(b"8\r\n: ping\n\n\r\n" * 500, 0.005)
    command = [sys.executable, "-c", READING]
    streams = {"stdout": subprocess.PIPE, "stderr": subprocess.PIPE, "text": True}
    with (
        FaultServer([*begun, rest]) as server,
        subprocess.Popen([*command, server.url, kind], cwd=ROOT, **streams) as process,
    ):
        assert process.stdout is not None
        assert process.stdout.readline() == "Hel\n"
        process.send_signal(signal.SIGINT)
        _, words = process.communicate(timeout=20)
        assert server.client_left.wait(5)
    assert process.returncode in (-signal.SIGINT, 130)
    assert words.strip().endswith("KeyboardInterrupt")
    for noise in ("Exception ignored", "was destroyed", "Unclosed", "never retrieved"):
        assert noise not in words
