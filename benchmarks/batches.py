"""What it costs to submit 50,000 inputs as a batch job: CPU time a line, and memory.

    python -m benchmarks.batches

Each way runs in a process of its own. Nothing is sent: the transport refuses the first upload,
which comes after all requests are written. Time is CPU time of the process; memory is how much its
peak grew over what it had after the first hundred inputs. The floor writes the same lines with
`json.dumps`, tools and prompt each time anew.
"""

from __future__ import annotations

import contextlib
import json
import resource
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

COUNT = 50_000
WARM = 100
SYSTEM = "You read letters of customers, carefully, and note what they want. " * 30  # 2 KB
LETTER = "The name is Anna, the age is {}. " + "I write because of the garden chairs. " * 15
MODEL = "deepseek-ai/DeepSeek-V3"
LIMIT_MICROSECONDS, LIMIT_MEGABYTES = 300, 100

Way = Callable[[Path, Iterator[str]], object]


def letters(count: int) -> Iterator[str]:
    return (LETTER.format(number) for number in range(count))


def person() -> Any:
    from pydantic import BaseModel, Field

    class Person(BaseModel):
        """A person in the text."""

        name: str = Field(description="first name, as it is written in the letter")
        age: int = Field(description="age in years")
        wishes: list[str] = Field(description="what the person wants, each in a few words")

    return Person


def refusing() -> Any:
    import httpx

    def refuse(request: httpx.Request) -> httpx.Response:
        raise httpx.ConnectError("no network here")

    return httpx.Client(transport=httpx.MockTransport(refuse))


def langchain() -> Way:
    from langchain_core.prompts import ChatPromptTemplate

    from langchain_siliconflow import BatchJob, ChatSiliconFlow

    chat = ChatSiliconFlow(model=MODEL, api_key="sk-any", http_client=refusing(), max_retries=0)
    prompt = ChatPromptTemplate([("system", SYSTEM), ("human", "{text}")])
    chain = prompt | chat.with_structured_output(person())
    return lambda state, texts: BatchJob.submit(
        chain, ({"text": text} for text in texts), state=state
    )


def llama_index() -> Way:
    from llama_index.core.base.llms.types import ChatMessage

    from llama_index_siliconflow import BatchJob, SiliconFlow

    llm = SiliconFlow(model=MODEL, api_key="sk-any", http_client=refusing(), max_retries=0)
    system = ChatMessage(role="system", content=SYSTEM)
    return lambda state, texts: BatchJob.submit(
        llm,
        ([system, ChatMessage(role="user", content=text)] for text in texts),
        state=state,
        output_cls=person(),
    )


def tools() -> list[dict[str, Any]]:
    function = {"name": "Person", "parameters": person().model_json_schema()}
    return [{"type": "function", "function": function}]


def turns(text: str) -> list[dict[str, str]]:
    return [{"role": "system", "content": SYSTEM}, {"role": "user", "content": text}]


def client() -> Way:
    from siliconflow_client import SiliconFlowClient

    made = SiliconFlowClient(api_key="sk-any", http_client=refusing(), max_retries=0)
    shared = {"model": MODEL, "tools": tools()}
    return lambda state, texts: made.batches.submit(
        ({"messages": turns(text)} for text in texts), state=state, shared=shared
    )


def floor() -> Way:
    offered = tools()

    def write(state: Path, texts: Iterator[str]) -> None:
        with state.open("w") as file:
            for number, text in enumerate(texts):
                body = {"model": MODEL, "messages": turns(text), "tools": offered, "stream": False}
                line = {"custom_id": str(number), "method": "POST", "url": "/", "body": body}
                file.write(json.dumps(line) + "\n")

    return write


WAYS: dict[str, Callable[[], Way]] = {
    "json.dumps": floor,
    "client": client,
    "LangChain": langchain,
    "LlamaIndex": llama_index,
}


def peak() -> float:
    """Megabytes; Linux counts in kilobytes."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


def measure(name: str) -> None:
    from siliconflow_client import APIConnectionError

    way = WAYS[name]()
    with tempfile.TemporaryDirectory() as folder:
        took = grown = 0.0
        for count in (WARM, COUNT):
            before, began = peak(), time.process_time()
            with contextlib.suppress(APIConnectionError):
                way(Path(folder) / f"{count}.json", letters(count))
            took, grown = time.process_time() - began, peak() - before
    print(json.dumps([took / COUNT * 1e6, grown]))


def main() -> None:
    if sys.argv[1:]:
        measure(sys.argv[1])
        return
    print(f"{COUNT:,} inputs; at most {LIMIT_MICROSECONDS} µs and {LIMIT_MEGABYTES} MB are allowed")
    base = 0.0
    for name in WAYS:
        program = [sys.executable, "-m", "benchmarks.batches", name]
        done = subprocess.run(program, check=True, capture_output=True, text=True)  # noqa: S603  # ourselves
        each, grown = json.loads(done.stdout)
        base = base or each
        print(f"{name:12} {each:6.0f} µs a line ({each / base:4.1f} × json.dumps), {grown:5.1f} MB")


if __name__ == "__main__":
    main()
