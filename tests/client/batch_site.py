"""A simulated site for batch jobs that notes what reaches it, and loses what it is told to."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any

import httpx

from siliconflow_client import (
    AsyncBatchJob,
    AsyncSiliconFlowClient,
    BatchJob,
    ChatCompletion,
    ChatRequest,
)
from siliconflow_simulator import ChatCall, Simulator
from siliconflow_simulator.answers.answer import Answer
from tests.client.callers import Caller
from tests.client.groups import call

MODEL = "deepseek-ai/DeepSeek-V3"


def request(text: str, **fields: Any) -> ChatRequest:
    made: Any = {"model": MODEL, "messages": [{"role": "user", "content": text}], **fields}
    return made


def requests(count: int) -> list[ChatRequest]:
    return [request(f"item {number}") for number in range(count)]


def echo(asked: ChatCall) -> list[Answer]:
    """Says what it was asked; "bad" in the question is refused."""
    if "bad" in asked.question:
        return [Answer(error=(400, {"code": 20015, "message": "Bad.", "data": None}))]
    return [Answer(text=f"answer to {asked.question}")]


class Site:
    """The simulator behind a handler that can lose answers and requests.

    Attributes:
        asked: Method and path of each request that came.
        lose: Told method, path and how often it was asked; `before` loses the request, `after`
            its answer, a status replaces the answer of what was done.
    """

    def __init__(
        self,
        lose: Callable[[str, str, int], str | int | None] | None = None,
        **settings: Any,
    ) -> None:
        settings.setdefault("answers", echo)
        self.simulator = Simulator(**settings)
        self.handle = self.simulator.transport().handler
        self.lose = lose
        self.asked: list[tuple[str, str]] = []

    def __call__(self, request: httpx.Request) -> httpx.Response:
        what = (request.method, request.url.path)
        self.asked.append(what)
        fate = self.lose(*what, self.asked.count(what)) if self.lose else None
        if fate == "before":
            raise httpx.ReadError("lost")
        response: Any = self.handle(request)
        if fate == "after":
            raise httpx.ReadError("lost")
        return response if fate is None else httpx.Response(int(fate))

    @property
    def created(self) -> list[Any]:
        """The bodies of all creates that came."""
        return [r.body for r in self.simulator.requests if (r.method, r.path) == CREATE]

    def batches(self) -> list[Any]:
        """The batches that exist."""
        found: list[Any] = []
        after = ""
        while True:
            url = f"https://api.siliconflow.cn/v1/batches?limit=100&after={after}"
            headers = {"authorization": "Bearer sk-any"}
            answer: Any = self.handle(httpx.Request("GET", url, headers=headers))
            page = json.loads(b"".join(answer.stream))
            found += page["data"]
            if not page["has_more"]:
                return found
            after = page["last_id"]


CREATE = ("POST", "/v1/batches")


async def submit(ask: Caller, asked: Iterable[Any], state: Path, **settings: Any) -> Any:
    return await call(ask, "batches.submit", asked, state=state, **settings)


async def do(job: Any, method: str, **arguments: Any) -> Any:
    answer = getattr(job, method)(**arguments)
    return await answer if isinstance(job, AsyncBatchJob) else answer


def resume(ask: Caller, state: Path) -> Any:
    if isinstance(ask.client, AsyncSiliconFlowClient):
        return AsyncBatchJob.resume(state, ask.client)
    return BatchJob.resume(state, ask.client)


def told(results: Iterable[Any]) -> list[str]:
    """Texts, and the names of errors."""
    return [
        result.text if isinstance(result, ChatCompletion) else type(result).__name__
        for result in results
    ]
