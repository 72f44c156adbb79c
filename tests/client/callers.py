"""One way to write a call for both clients, so that each test says once what must hold."""

from __future__ import annotations

import asyncio
import functools
import inspect
import ssl
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Self

import httpx

from siliconflow_client import (
    AsyncSiliconFlowClient,
    Delta,
    SiliconFlowClient,
    SiliconFlowError,
    Usage,
)
from tests.double import Double

KEY = "sk-test-0123456789abcdef"
TRACE = "ti_0123456789abcdef"
HI: dict[str, Any] = {
    "model": "deepseek-ai/DeepSeek-V3.2",
    "messages": [{"role": "user", "content": "Hi"}],
}
CALLS: dict[str, dict[str, Any]] = {
    "chat": HI,
    "complete": {"model": "Qwen/Qwen2.5-Coder-7B-Instruct", "prompt": "def add(a, b):"},
    "embed": {"model": "BAAI/bge-m3", "input": ["a", "b"]},
    "rerank": {"model": "BAAI/bge-reranker-v2-m3", "query": "q", "documents": ["a", "b", "c"]},
    "models": {},
}
PATHS = {
    "chat": "/chat/completions",
    "complete": "/completions",
    "embed": "/embeddings",
    "rerank": "/rerank",
    "models": "/models",
}

Handler = Callable[[httpx.Request], httpx.Response]


@dataclass
class Told:
    """All that a stream gave."""

    deltas: list[Delta] = field(default_factory=list)
    error: SiliconFlowError | None = None
    id: str = ""
    model: str = ""
    trace_id: str | None = None
    usage: Usage | None = None

    @property
    def text(self) -> str:
        return "".join(delta.text for delta in self.deltas)

    @property
    def reasoning(self) -> str:
        return "".join(delta.reasoning for delta in self.deltas)

    @property
    def calls(self) -> tuple[tuple[str, str, str], ...]:
        """Whole calls as (id, name, arguments), joined as the docstrings of Delta say."""
        joined: dict[int, list[str]] = {}
        for delta in self.deltas:
            for piece in delta.tool_calls:
                call = joined.setdefault(piece.index, ["", "", ""])
                call[0] += piece.id or ""
                call[1] += piece.name or ""
                call[2] += piece.arguments
        return tuple((call[0], call[1], call[2]) for _, call in sorted(joined.items()))

    @property
    def finish_reason(self) -> str | None:
        return next((d.finish_reason for d in self.deltas if d.finish_reason), None)


@functools.cache
def _ssl_context() -> ssl.SSLContext:
    return httpx.create_ssl_context()


class Caller:
    """A client of one kind.

    `sync` and `async` use plain httpx, over `handler` where one is given; `aiohttp` is the
    asynchronous client with the pool that it makes itself. Waits are written down in `waits`.
    """

    def __init__(self, kind: str, handler: Handler | None = None, **settings: Any) -> None:
        self.kind = kind
        self.waits: list[float] = []
        settings.setdefault("api_key", KEY)
        transport = None if handler is None else httpx.MockTransport(handler)
        self.http: httpx.Client | httpx.AsyncClient | None = None
        self.client: SiliconFlowClient | AsyncSiliconFlowClient
        if kind == "sync":
            if transport is not None:
                self.http = settings["http_client"] = httpx.Client(transport=transport)
            self.client = SiliconFlowClient(sleep=self.waits.append, **settings)
            return
        if kind == "async":
            self.http = httpx.AsyncClient(transport=transport, verify=_ssl_context(), timeout=None)
            settings["async_http_client"] = self.http
        self.client = AsyncSiliconFlowClient(sleep=self._note, **settings)

    async def _note(self, seconds: float) -> None:
        self.waits.append(seconds)
        await asyncio.sleep(0)

    async def __call__(self, method: str, **request: Any) -> Any:
        answer = getattr(self.client, method)(**request)
        return answer if isinstance(self.client, SiliconFlowClient) else await answer

    async def stream(
        self, method: str = "stream_chat", *, take: int | None = None, **request: Any
    ) -> Told:
        """Read a stream, or its first `take` deltas; an error is noted, not raised."""
        told = Told()
        stream = getattr(self.client, method)(**request)
        try:
            if isinstance(self.client, SiliconFlowClient):
                with stream:
                    for delta in stream:
                        told.deltas.append(delta)
                        if len(told.deltas) == take:
                            break
            else:
                async with stream:
                    async for delta in stream:
                        told.deltas.append(delta)
                        if len(told.deltas) == take:
                            break
        except SiliconFlowError as error:
            told.error = error
        told.id, told.model, told.trace_id = stream.id, stream.model, stream.trace_id
        told.usage = stream.usage
        return told

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *exc: object) -> None:
        if isinstance(self.client, SiliconFlowClient):
            self.client.close()
        else:
            await self.client.aclose()
        if isinstance(self.http, httpx.Client):
            self.http.close()
        elif isinstance(self.http, httpx.AsyncClient):
            await self.http.aclose()


async def settled(answer: Any) -> Any:
    """The result of a method of a group, whichever kind of client it belongs to."""
    return await answer if inspect.isawaitable(answer) else answer


def left_in(folder: Path) -> list[Path]:
    """What is in a folder; unfinished files too."""
    return list(folder.iterdir())


def answering(
    content: bytes, status: int = 200, content_type: str = "application/json", **headers: str
) -> Double:
    """A double that always gives the same answer."""
    told = {"content-type": content_type, "x-siliconcloud-trace-id": TRACE, **headers}
    return Double(httpx.Response(status, headers=told, content=content))
