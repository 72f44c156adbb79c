"""Notebooks: nothing on standard error when an LLM or a stream is dropped, nest_asyncio or not.

nest_asyncio's loops do not watch asynchronous generators: one that is collected there and wants to
wait is a traceback. Every program here runs in an interpreter of its own.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from tests.conftest import ROOT
from tests.llama_index import scenarios as s
from tests.llama_index.stub import Request, Stub

HEAD = """
import asyncio, gc, sys, urllib.request
from llama_index.core.base.llms.types import ChatMessage
from llama_index_siliconflow import SiliconFlow

U = [ChatMessage(content="hi")]

def new():
    return SiliconFlow(api_key="sk-secret", base_url=URL, model="m")
"""
NESTED = """
import nest_asyncio
nest_asyncio.apply()
"""
# What users write into cells. All run in one interpreter, since each needs seconds to start.
CELLS = {
    "an LLM that is dropped": """
llm = new()
asyncio.run(llm.achat(U))
asyncio.run(llm.achat(U))
del llm
gc.collect()
""",
    "an LLM inside a coroutine": """
async def main():
    await new().achat(U)
asyncio.run(main())
gc.collect()
asyncio.run(main())
gc.collect()
""",
    "a stream that is left early": """
async def main():
    async for piece in await new().astream_chat(U):
        break
    gc.collect()
asyncio.run(main())
gc.collect()
""",
    "a stream that is left in the run's last line": """
async def main():
    async for piece in await new().astream_chat(U):
        break
asyncio.run(main())
""",
    "a stream that outlives its run": """
llm = new()
async def main():
    stream = await llm.astream_chat(U)
    await anext(stream)
    return stream
stream = asyncio.run(main())
del stream
gc.collect()
asyncio.run(llm.achat(U))
del llm
gc.collect()
""",
    "several at once": """
async def main():
    llm = new()
    await asyncio.gather(*[llm.achat(U) for _ in range(4)])
    streams = [await llm.astream_chat(U) for _ in range(3)]
    await asyncio.gather(*[anext(stream) for stream in streams])
asyncio.run(main())
gc.collect()
asyncio.run(main())
""",
    "a cycle": """
llm = new()
async def main():
    holder = {"llm": llm, "stream": await llm.astream_chat(U)}
    holder["self"] = holder
    await anext(holder["stream"])
asyncio.run(main())
del llm
gc.collect()
""",
    "runs inside runs": """
async def outer():
    llm = new()
    asyncio.run(llm.achat(U))
    async def inner():
        stream = await llm.astream_chat(U)
        await anext(stream)
    asyncio.run(inner())
    del llm
    gc.collect()
    await asyncio.sleep(0)
if NEST:
    asyncio.run(outer())
gc.collect()
""",
    "a loop of one's own": """
loop = asyncio.new_event_loop()
llm = new()
async def main():
    stream = await llm.astream_chat(U)
    await anext(stream)
loop.run_until_complete(main())
gc.collect()
loop.run_until_complete(llm.achat(U))
if not NEST:
    loop.run_until_complete(loop.shutdown_asyncgens())
loop.close()
del llm
gc.collect()
""",
    "many LLMs, one after the other": """
async def main():
    await new().achat(U)
for _ in range(5):
    asyncio.run(main())
    gc.collect()
open_now = int(urllib.request.urlopen(URL.replace("/v1", "/open")).read())
# The last LLM's connection, and the one that asks.
assert open_now <= 2, open_now
""",
    "a stream and an LLM that are still there at exit": """
llm = new()
async def main():
    stream = await llm.astream_chat(U)
    await anext(stream)
    return stream
stream = asyncio.run(main())
""",
}


def run(stub: Stub, transport: str, *parts: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-c", "\n".join([f"URL = {stub.url!r}", *parts])],
        cwd=ROOT,
        env={**os.environ, "SILICONFLOW_ASYNC_TRANSPORT": transport},
        capture_output=True,
        text=True,
        check=False,
        timeout=100,
    )


without_nesting = pytest.mark.skipif(
    sys.version_info >= (3, 14),
    reason="nest_asyncio 1.6.0, its last release, hides the current task from asyncio on Python 3.14",
)


@pytest.mark.parametrize("transport", ["aiohttp", "httpx"])
@pytest.mark.parametrize(
    "nested",
    [pytest.param(True, marks=without_nesting), False],
    ids=["nest_asyncio", "asyncio"],
)
def test_nothing_is_printed_on_standard_error(stub: Stub, nested: bool, transport: str) -> None:
    answer = stub.script

    def script(request: Request) -> Any:
        if request.path == "/open":
            return s.text_reply(str(len(stub._open)), 200)
        return answer(request)

    stub.script = script
    cells = [f"{cell}\nprint({name!r})" for name, cell in CELLS.items()]
    done = run(stub, transport, f"NEST = {nested}", HEAD, NESTED if nested else "", *cells)
    assert done.stderr == "", done.stdout
    assert done.returncode == 0
    assert done.stdout.splitlines() == list(CELLS)


# --- a real kernel --------------------------------------------------------------------------

NOTEBOOK = """
import json, sys
import nbformat
from nbclient import NotebookClient

cells = json.loads(sys.stdin.read())
book = nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell(cell) for cell in cells])
NotebookClient(book, timeout=60, kernel_name="python3").execute(cwd=sys.argv[1])
print(json.dumps([[dict(output) for output in cell["outputs"]] for cell in book["cells"]]))
"""
KERNEL_CELLS = [
    """
llm = new()
print((await llm.achat(U)).message.content)
async for piece in await llm.astream_chat(U):
    break
""",
    """
stream = await llm.astream_chat(U)
print((await anext(stream)).delta)
del stream
llm = new()
gc.collect()
print((await llm.achat(U)).message.content)
print(llm.chat(U).message.content)
""",
    """
del llm
gc.collect()
""",
    "gc.collect(); print('done')",
]
NESTED_CELLS = [
    NESTED,
    *KERNEL_CELLS,
    """
print(asyncio.run(new().achat(U)).message.content)
gc.collect()
""",
    """
async def main():
    stream = await new().astream_chat(U)
    await anext(stream)
asyncio.run(main())
gc.collect()
""",
    "gc.collect(); print('done')",
]


def test_cells_of_a_real_kernel_print_nothing_on_standard_error(stub: Stub, tmp_path: Path) -> None:
    nested = NESTED_CELLS if sys.version_info < (3, 14) else []  # as above
    done = subprocess.run(
        [sys.executable, "-c", NOTEBOOK, str(ROOT)],
        input=json.dumps([f"URL = {stub.url!r}\n{HEAD}", *KERNEL_CELLS, *nested]),
        env={**os.environ, "IPYTHONDIR": str(tmp_path), "JUPYTER_PLATFORM_DIRS": "1"},
        capture_output=True,
        text=True,
        check=False,
        timeout=110,
    )
    assert done.returncode == 0, done.stderr
    outputs = [output for cell in json.loads(done.stdout) for output in cell]
    assert not [output for output in outputs if output["output_type"] == "error"]
    printed = [output for output in outputs if output["output_type"] == "stream"]
    assert [output["text"] for output in printed if output["name"] == "stderr"] == []
    times = 3 if nested else 1
    assert "".join(output["text"] for output in printed).count("done\n") == times
