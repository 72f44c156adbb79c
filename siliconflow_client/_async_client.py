"""The asynchronous client: the twin of `SiliconFlowClient`."""

from __future__ import annotations

import contextlib
from typing import TYPE_CHECKING, TypeVar, Unpack

from siliconflow_client import _calls
from siliconflow_client._calls import LaidOutClient, Settings, flow_of, stream_flow_of
from siliconflow_client._flow import Progress
from siliconflow_client._stream import AsyncStream, drive_async

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator, Awaitable, Callable, Mapping
    from types import TracebackType
    from typing import Self

    import httpx

    from siliconflow_client._calls import Plain, Streamed
    from siliconflow_client._config import CallOptions, ClientConfig
    from siliconflow_client._exchange import Order
    from siliconflow_client._flow import Flow
    from siliconflow_client._results import (
        ChatCompletion,
        Delta,
        EmbeddingResult,
        ModelCard,
        RerankResult,
        TextCompletion,
    )
    from siliconflow_client._transport import LoopClients
    from siliconflow_client._types import (
        ChatRequest,
        CompletionRequest,
        EmbeddingRequest,
        JsonValue,
        RerankRequest,
    )

T = TypeVar("T")


class AsyncSiliconFlowClient(LaidOutClient):
    """SiliconFlow's API, asynchronously; one connection pool per event loop.

    A client may be used from several `asyncio.run` in a row: each loop gets connections of its
    own, which close with the loop. On aiohttp where the extra `aiohttp` is installed.

    Args:
        config: Settings made before, to share with other clients.
        sleep: Waits between tries, in seconds.
        **settings: The keywords of `ClientConfig`, when there is no `config`.

    Raises:
        ConfigurationError: A setting cannot be right; `.argument` names it.
    """

    def __init__(
        self,
        config: ClientConfig | None = None,
        *,
        sleep: Callable[[float], Awaitable[None]] | None = None,
        **settings: Unpack[Settings],
    ) -> None:
        super().__init__(config, settings)
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
        return await self._call(_calls.chat(request, extra_body), options)

    def stream_chat(
        self,
        *,
        options: CallOptions | None = None,
        extra_body: Mapping[str, JsonValue] | None = None,
        **request: Unpack[ChatRequest],
    ) -> AsyncStream:
        """As `SiliconFlowClient.stream_chat`; called without `await`."""
        return self._stream(_calls.stream_chat(request, extra_body), options)

    async def complete(
        self,
        *,
        options: CallOptions | None = None,
        extra_body: Mapping[str, JsonValue] | None = None,
        **request: Unpack[CompletionRequest],
    ) -> TextCompletion:
        """As `SiliconFlowClient.complete`."""
        return await self._call(_calls.complete(request, extra_body), options)

    def stream_complete(
        self,
        *,
        options: CallOptions | None = None,
        extra_body: Mapping[str, JsonValue] | None = None,
        **request: Unpack[CompletionRequest],
    ) -> AsyncStream:
        """As `SiliconFlowClient.stream_complete`; called without `await`."""
        return self._stream(_calls.stream_complete(request, extra_body), options)

    async def embed(
        self,
        *,
        options: CallOptions | None = None,
        extra_body: Mapping[str, JsonValue] | None = None,
        **request: Unpack[EmbeddingRequest],
    ) -> EmbeddingResult:
        """As `SiliconFlowClient.embed`."""
        return await self._call(_calls.embed(request, extra_body), options)

    async def rerank(
        self,
        *,
        options: CallOptions | None = None,
        extra_body: Mapping[str, JsonValue] | None = None,
        **request: Unpack[RerankRequest],
    ) -> RerankResult:
        """As `SiliconFlowClient.rerank`."""
        return await self._call(_calls.rerank(request, extra_body), options)

    async def models(
        self,
        *,
        type: str | None = None,  # noqa: A002  # the API's own name
        sub_type: str | None = None,
        options: CallOptions | None = None,
    ) -> list[ModelCard]:
        """As `SiliconFlowClient.models`."""
        return await self._call(_calls.models(type, sub_type), options)

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

    async def _call(self, call: Plain[T], options: CallOptions | None) -> T:
        order = self._order(call.request, options)
        results: list[T] = []
        async for _ in self._drive(flow_of(order, call.parse), order, results.append):
            raise AssertionError("a call with one answer emits nothing")
        return results[0]

    def _stream(self, call: Streamed, options: CallOptions | None) -> AsyncStream:
        order, progress = self._order(call.request, options), Progress()
        flow = stream_flow_of(order, progress, may_be_empty=call.may_be_empty)
        return AsyncStream(self._drive(flow, order, _ignore), progress)

    async def _drive(
        self, flow: Flow[T], order: Order, done: Callable[[T], None]
    ) -> AsyncGenerator[list[Delta], None]:
        from siliconflow_client._exchange import AsyncExchange

        exchange = AsyncExchange(await self._http(), order, self._sleep)
        async with contextlib.aclosing(drive_async(flow, exchange, done)) as batches:
            async for batch in batches:
                yield batch

    def _is_injected(self) -> bool:
        return self.config.async_http_client is not None

    async def _http(self) -> httpx.AsyncClient:
        if self.config.async_http_client is not None:
            return self.config.async_http_client
        if self._pools is None:
            from siliconflow_client._transport import LoopClients

            self._pools = LoopClients()
        return await self._pools.get()


async def _sleep(seconds: float) -> None:
    import asyncio

    await asyncio.sleep(seconds)


def _ignore(result: None) -> None:
    """A stream has no result beyond its deltas."""
