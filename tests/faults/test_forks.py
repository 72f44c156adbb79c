"""A client that was used before a fork: each process gets its own answers, on its own connections."""

from __future__ import annotations

import os
import subprocess
import sys
import textwrap

import pytest

pytestmark = pytest.mark.skipif(not hasattr(os, "fork"), reason="this system cannot fork")

SHARED = """
import asyncio, os, sys, threading
from siliconflow_client import AsyncSiliconFlowClient, SiliconFlowClient

MODEL = "deepseek-ai/DeepSeek-V3.2"
URL = sys.argv[1]

def asking(mark):
    return {"model": MODEL, "messages": [{"role": "user", "content": f"Is {mark} here?"}]}

def wait_for(children):
    codes = [os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) for child in children]
    assert codes == [0] * len(children), codes

def fork(work):
    child = os.fork()
    if child:
        return child
    code = 1
    try:
        work()
        code = 0
    finally:
        sys.stderr.flush()
        os._exit(code)
"""

SYNC = """
client = SiliconFlowClient(api_key="k", base_url=URL)

def ask(name):
    for number in range(20):
        mark = f"{name}x{number}"
        with client.stream_chat(**asking(mark)) as stream:
            text = "".join(delta.text for delta in stream)
        assert mark in text, (mark, text)

ask("before")
open_one = client.stream_chat(**asking("open"))
first = next(open_one)

def in_child():
    try:
        list(open_one)
    except Exception as error:
        assert "belongs to the process" in str(error), error
    else:
        raise AssertionError("the child read the parent's stream")
    open_one.close()
    ask(f"child{os.getpid()}")
    client.close()

children = [fork(in_child) for _ in range(4)]
ask("parent")
wait_for(children)
rest = "".join(delta.text for delta in open_one)
assert "open" in first.text + rest, rest
ask("after")
print("done")
"""

LOCKED = """
client = SiliconFlowClient(api_key="k", base_url=URL)
client.chat(**asking("warm"))
client._pool._lock.acquire()
client._pool._client = None
children = [fork(lambda: client.chat(**asking("child")))]
wait_for(children)
print("done")
"""

ASYNC = """
client = AsyncSiliconFlowClient(api_key="k", base_url=URL)

async def ask(name, times=20):
    async def one(mark):
        stream = client.stream_chat(**asking(mark))
        async with stream:
            text = "".join([delta.text async for delta in stream])
        assert mark in text, (mark, text)
    for number in range(times):
        await asyncio.gather(one(f"{name}x{number}a"), one(f"{name}x{number}b"))

async def main():
    await ask("before", 2)
    open_one = client.stream_chat(**asking("open"))
    first = await anext(open_one)

    def in_child():
        asyncio.run(ask(f"child{os.getpid()}"))
        asyncio.run(ask(f"again{os.getpid()}", 2))

    children = [fork(in_child) for _ in range(3)]
    await ask("parent")
    await asyncio.to_thread(wait_for, children)
    rest = "".join([delta.text async for delta in open_one])
    assert "open" in first.text + rest, rest
    await ask("after", 2)

asyncio.run(main())
print("done")
"""


@pytest.mark.parametrize(
    "script",
    [
        pytest.param(SYNC, id="sync"),
        pytest.param(ASYNC, id="async"),
        pytest.param(LOCKED, id="a lock held"),
    ],
)
@pytest.mark.filterwarnings("ignore:This process.*is multi-threaded:DeprecationWarning")
def test_parent_and_children_get_their_own_answers(script: str, simulator_url: str):
    done = subprocess.run(
        [sys.executable, "-c", textwrap.dedent(SHARED + script), simulator_url],
        check=False,
        capture_output=True,
        text=True,
        timeout=60,
    )
    assert (done.returncode, done.stdout, done.stderr) == (0, "done\n", "")
