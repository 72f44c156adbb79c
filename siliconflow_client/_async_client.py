"""The asynchronous client: the twin of `SiliconFlowClient`."""

from __future__ import annotations

import time
from collections.abc import (
    AsyncGenerator,
    Awaitable,
    Callable,
    Mapping,
    Sequence,
)
from types import TracebackType
from typing import TYPE_CHECKING, Self, TypeVar, Unpack

from siliconflow_client._config import ClientConfig
from siliconflow_client._core import Settings
from siliconflow_client._groups import AsyncGroups
from siliconflow_client._json import JsonValue
from siliconflow_client._lazy import LazyModule
from siliconflow_client.endpoints.chat import ChatCompletion, ChatRequest
from siliconflow_client.endpoints.chat_plans import chat_call, chat_stream_call
from siliconflow_client.endpoints.completions import (
    CompletionRequest,
    TextCompletion,
    completion_call,
    completion_stream_call,
)
from siliconflow_client.endpoints.deltas import Delta
from siliconflow_client.endpoints.embeddings import (
    EmbeddingRequest,
    EmbeddingResult,
    embedding_call,
)
from siliconflow_client.endpoints.models import ModelCard, models_call
from siliconflow_client.endpoints.rerank import (
    RerankRequest,
    RerankResult,
    rerank_call,
)
from siliconflow_client.protocol.actions import Flow
from siliconflow_client.protocol.context import Plan, StreamPlan, StreamState
from siliconflow_client.protocol.options import CallOptions
from siliconflow_client.transport.drivers import drive_async
from siliconflow_client.transport.settings import CallSettings
from siliconflow_client.transport.streams import AsyncItemStream, AsyncStream

if TYPE_CHECKING:
    import httpx

    from siliconflow_client.transport.exchange import AsyncExchange
    from siliconflow_client.transport.pools import LoopClients
else:
    httpx = LazyModule("httpx")

T = TypeVar("T")
D = TypeVar("D")
Item = TypeVar("Item")


class AsyncSiliconFlowClient(AsyncGroups):
    """SiliconFlow's API, asynchronously; one connection pool per event loop.

    A client may be used from several `asyncio.run` in a row: each loop gets connections of its
    own, which close with the loop. On aiohttp where the extra `aiohttp` is installed.

    Args:
        config: Settings made before, to share with other clients.
        sleep: Waits between attempts, in seconds.
        clock: Tells the time that `limits` count in, in seconds.
        **settings: The keywords of `ClientConfig`, when there is no `config`.

    Raises:
        ConfigurationError: A setting cannot be right; `.argument` names it.
    """

    def __init__(
        self,
        config: ClientConfig | None = None,
        *,
        sleep: Callable[[float], Awaitable[None]] | None = None,
        clock: Callable[[], float] = time.monotonic,
        **settings: Unpack[Settings],
    ) -> None:
        super().__init__(config, settings)
        self._clock = clock
        self._sleep = sleep or _sleep
        self._pools: LoopClients | None = None

    async def chat(
        self,
        *,
        options: CallOptions | None = None,
        extra_body: Mapping[str, JsonValue] | None = None,
        **request: Unpack[ChatRequest],
    ) -> ChatCompletion:
        """As `SiliconFlowClient.chat`."""
        plan = chat_call(request, extra_body)
        del request, extra_body  # shown by tracebacks with local variables
        return await self._call(plan, options)

    def stream_chat(
        self,
        *,
        options: CallOptions | None = None,
        extra_body: Mapping[str, JsonValue] | None = None,
        **request: Unpack[ChatRequest],
    ) -> AsyncStream:
        """As `SiliconFlowClient.stream_chat`; called without `await`."""
        return self._stream(chat_stream_call(request, extra_body), options)

    async def complete(
        self,
        *,
        options: CallOptions | None = None,
        extra_body: Mapping[str, JsonValue] | None = None,
        **request: Unpack[CompletionRequest],
    ) -> TextCompletion:
        """As `SiliconFlowClient.complete`."""
        plan = completion_call(request, extra_body)
        del request, extra_body  # shown by tracebacks with local variables
        return await self._call(plan, options)

    def stream_complete(
        self,
        *,
        options: CallOptions | None = None,
        extra_body: Mapping[str, JsonValue] | None = None,
        **request: Unpack[CompletionRequest],
    ) -> AsyncStream:
        """As `SiliconFlowClient.stream_complete`; called without `await`."""
        return self._stream(completion_stream_call(request, extra_body), options)

    async def embed(
        self,
        *,
        options: CallOptions | None = None,
        extra_body: Mapping[str, JsonValue] | None = None,
        **request: Unpack[EmbeddingRequest],
    ) -> EmbeddingResult:
        """As `SiliconFlowClient.embed`."""
        plan = embedding_call(request, extra_body)
        del request, extra_body  # shown by tracebacks with local variables
        return await self._call(plan, options)

    async def rerank(
        self,
        *,
        options: CallOptions | None = None,
        extra_body: Mapping[str, JsonValue] | None = None,
        **request: Unpack[RerankRequest],
    ) -> RerankResult:
        """As `SiliconFlowClient.rerank`."""
        plan = rerank_call(request, extra_body)
        del request, extra_body  # shown by tracebacks with local variables
        return await self._call(plan, options)

    async def models(
        self,
        *,
        type: str | None = None,  # noqa: A002  # the API's own name
        sub_type: str | None = None,
        options: CallOptions | None = None,
    ) -> list[ModelCard]:
        """As `SiliconFlowClient.models`."""
        return await self._call(models_call(type, sub_type), options)

    async def aclose(self) -> None:
        """Close the running loop's connections. Injected clients stay open."""
        if self._pools is not None:
            await self._pools.aclose()

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        await self.aclose()

    async def _call(self, plan: Plan[T], options: CallOptions | None) -> T:
        settings, context = self._layout(options)
        flow = plan.flow(context)
        results: list[T] = []
        async for _ in self._drive(flow, settings, results.append):
            raise AssertionError("a call with one answer emits nothing")
        return results[0]

    def _stream(self, plan: StreamPlan[Delta], options: CallOptions | None) -> AsyncStream:
        return AsyncStream(*self._open(plan, options))

    def _items(self, plan: StreamPlan[D], options: CallOptions | None) -> AsyncItemStream[D]:
        return AsyncItemStream(*self._open(plan, options))

    def _open(
        self, plan: StreamPlan[D], options: CallOptions | None
    ) -> tuple[AsyncGenerator[Sequence[object], None], StreamState[D]]:
        settings, context = self._layout(options)
        state = StreamState[D]()
        flow = plan.flow(context, state)
        return self._drive(flow, settings, _ignore), state

    def _drive(
        self, flow: Flow[T], settings: CallSettings, done: Callable[[T], None]
    ) -> AsyncGenerator[Sequence[object], None]:
        async def opened() -> AsyncExchange:
            from siliconflow_client.transport import exchange

            return exchange.AsyncExchange(await self._http(), settings, self._sleep, self._clock)

        return drive_async(flow, opened, done)

    def _is_injected(self) -> bool:
        return self.config.async_http_client is not None

    async def _http(self) -> httpx.AsyncClient:
        if self.config.async_http_client is not None:
            return self.config.async_http_client
        if self._pools is None:
            from siliconflow_client.transport.pools import LoopClients

            self._pools = LoopClients(self.config.async_transport)
        return await self._pools.get()


async def _sleep(seconds: float) -> None:
    import asyncio

    await asyncio.sleep(seconds)


def _ignore(result: None) -> None:
    """A stream has no result beyond its deltas."""
