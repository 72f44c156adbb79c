"""The synchronous client: one typed method per endpoint."""

from __future__ import annotations

import time
from collections.abc import Callable, Generator, Mapping, Sequence
from types import TracebackType
from typing import TYPE_CHECKING, Self, TypeVar, Unpack, cast

from siliconflow_client._config import ClientConfig
from siliconflow_client._core import Pool, Settings
from siliconflow_client._groups import Groups
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
from siliconflow_client.transport.drivers import drive
from siliconflow_client.transport.settings import CallSettings
from siliconflow_client.transport.streams import ItemStream, Stream

if TYPE_CHECKING:
    import httpx
else:
    httpx = LazyModule("httpx")

T = TypeVar("T")
D = TypeVar("D")


class SiliconFlowClient(Groups):
    """SiliconFlow's API, synchronously. Opens nothing before the first request; thread-safe.

    Args:
        config: Settings made before, to share with other clients.
        sleep: Waits between attempts, in seconds.
        clock: Tells the time that `limits` count in, in seconds.
        **settings: The keywords of `ClientConfig`, when there is no `config`.

    Raises:
        ConfigurationError: A setting cannot be right; `.argument` names it.

    Example:
        ```python
        from siliconflow_client import SiliconFlowClient

        with SiliconFlowClient() as client:
            messages = [{"role": "user", "content": "Snow is white. What is white?"}]
            print(client.chat(model="Qwen/Qwen3-8B", messages=messages).text)
        ```
    """

    _pool: Pool | None = None

    def __init__(
        self,
        config: ClientConfig | None = None,
        *,
        sleep: Callable[[float], None] = time.sleep,
        clock: Callable[[], float] = time.monotonic,
        **settings: Unpack[Settings],
    ) -> None:
        super().__init__(config, settings)
        self._clock = clock
        self._sleep = sleep

    def chat(
        self,
        *,
        options: CallOptions | None = None,
        extra_body: Mapping[str, JsonValue] | None = None,
        **request: Unpack[ChatRequest],
    ) -> ChatCompletion:
        """Ask for a whole chat answer (`POST /chat/completions`).

        Args:
            options: Time limits, retries and headers of this call.
            extra_body: Fields that `ChatRequest` does not list; they win over it.
            **request: The body's fields; those that are `None` are not sent.

        Raises:
            ConfigurationError: An argument of the wrong kind, before any request.
            SiliconFlowError: Every other failure; see `siliconflow_client.errors`.
        """
        plan = chat_call(request, extra_body)
        del request, extra_body  # shown by tracebacks with local variables
        return self._call(plan, options)

    def stream_chat(
        self,
        *,
        options: CallOptions | None = None,
        extra_body: Mapping[str, JsonValue] | None = None,
        **request: Unpack[ChatRequest],
    ) -> Stream:
        """Ask for a chat answer in pieces; as `chat`, and nothing is sent before iteration.

        A failure is tried again until the first delta was handed out, never after.
        """
        return self._stream(chat_stream_call(request, extra_body), options)

    def complete(
        self,
        *,
        options: CallOptions | None = None,
        extra_body: Mapping[str, JsonValue] | None = None,
        **request: Unpack[CompletionRequest],
    ) -> TextCompletion:
        """Continue a text, or fill the middle before `suffix` (`POST /completions`)."""
        plan = completion_call(request, extra_body)
        del request, extra_body  # shown by tracebacks with local variables
        return self._call(plan, options)

    def stream_complete(
        self,
        *,
        options: CallOptions | None = None,
        extra_body: Mapping[str, JsonValue] | None = None,
        **request: Unpack[CompletionRequest],
    ) -> Stream:
        """Continue a text in pieces; the text is in each delta's `text`."""
        return self._stream(completion_stream_call(request, extra_body), options)

    def embed(
        self,
        *,
        options: CallOptions | None = None,
        extra_body: Mapping[str, JsonValue] | None = None,
        **request: Unpack[EmbeddingRequest],
    ) -> EmbeddingResult:
        """Embed up to 32 texts (`POST /embeddings`); vectors come in the order of the inputs."""
        plan = embedding_call(request, extra_body)
        del request, extra_body  # shown by tracebacks with local variables
        return self._call(plan, options)

    def rerank(
        self,
        *,
        options: CallOptions | None = None,
        extra_body: Mapping[str, JsonValue] | None = None,
        **request: Unpack[RerankRequest],
    ) -> RerankResult:
        """Order documents by how well they answer a query (`POST /rerank`), best first."""
        plan = rerank_call(request, extra_body)
        del request, extra_body  # shown by tracebacks with local variables
        return self._call(plan, options)

    def models(
        self,
        *,
        type: str | None = None,  # noqa: A002  # the API's own name
        sub_type: str | None = None,
        options: CallOptions | None = None,
    ) -> list[ModelCard]:
        """List the site's models (`GET /models`); the cheapest way to check a key.

        Args:
            type: `text`, `image`, `audio` or `video`.
            sub_type: `chat`, `embedding`, `reranker`, `text-to-image`, `image-to-image`,
                `speech-to-text` or `text-to-video`.
            options: Time limits, retries and headers of this call.
        """
        return self._call(models_call(type, sub_type), options)

    def close(self) -> None:
        """Close the connections; the next call opens new ones. Injected clients stay open."""
        if self._pool is not None:
            self._pool.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self.close()

    def _call(self, plan: Plan[T], options: CallOptions | None) -> T:
        settings, context = self._layout(options)
        flow = plan.flow(context)
        try:
            next(self._drive(flow, settings))
        except StopIteration as stop:
            return cast("T", stop.value)
        raise AssertionError("a call with one answer emits nothing")

    def _stream(self, plan: StreamPlan[Delta], options: CallOptions | None) -> Stream:
        return Stream(*self._open(plan, options))

    def _items(self, plan: StreamPlan[D], options: CallOptions | None) -> ItemStream[D]:
        return ItemStream(*self._open(plan, options))

    def _open(
        self, plan: StreamPlan[D], options: CallOptions | None
    ) -> tuple[Generator[Sequence[object], None, None], StreamState[D]]:
        settings, context = self._layout(options)
        state = StreamState[D]()
        flow = plan.flow(context, state)
        return self._drive(flow, settings), state

    def _drive(self, flow: Flow[T], settings: CallSettings) -> Generator[Sequence[object], None, T]:
        from siliconflow_client.transport.exchange import SyncExchange

        exchange = SyncExchange(self._http(), settings, self._sleep, self._clock)
        return (yield from drive(flow, exchange))

    def _is_injected(self) -> bool:
        return self.config.http_client is not None

    def _http(self) -> httpx.Client:
        if self.config.http_client is not None:
            return self.config.http_client
        pool = self._pool
        if pool is None:
            from siliconflow_client.transport.pools import ProcessClient

            # Of two threads' pools one is kept, without a lock that a fork could leave held.
            made: Pool = self.__dict__.setdefault("_pool", ProcessClient())
            return made.get()
        return pool.get()
