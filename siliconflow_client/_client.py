"""The synchronous client: one typed method per endpoint."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, TypeVar, Unpack, cast

from siliconflow_client import _calls
from siliconflow_client._calls import LaidOutClient, Settings, flow_of, stream_flow_of
from siliconflow_client._flow import Progress
from siliconflow_client._stream import Stream, drive

if TYPE_CHECKING:
    from collections.abc import Callable, Generator, Mapping
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
    from siliconflow_client._transport import ProcessClient
    from siliconflow_client._types import (
        ChatRequest,
        CompletionRequest,
        EmbeddingRequest,
        JsonValue,
        RerankRequest,
    )

T = TypeVar("T")


class SiliconFlowClient(LaidOutClient):
    """SiliconFlow's API, synchronously. Opens nothing before the first request; thread-safe.

    Args:
        config: Settings made before, to share with other clients.
        sleep: Waits between tries, in seconds.
        **settings: The keywords of `ClientConfig`, when there is no `config`.

    Raises:
        ConfigurationError: A setting cannot be right; `.argument` names it.

    Example:
        >>> with SiliconFlowClient(api_key="sk-…") as client:
        ...     print(
        ...         client.chat(
        ...             model="deepseek-ai/DeepSeek-V3.2",
        ...             messages=[{"role": "user", "content": "Hi"}],
        ...         ).text
        ...     )
    """

    _pool: ProcessClient | None = None

    def __init__(
        self,
        config: ClientConfig | None = None,
        *,
        sleep: Callable[[float], None] = time.sleep,
        **settings: Unpack[Settings],
    ) -> None:
        super().__init__(config, settings)
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
            SiliconFlowError: Every other failure; see `siliconflow_client._errors`.
        """
        return self._call(_calls.chat(request, extra_body), options)

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
        return self._stream(_calls.stream_chat(request, extra_body), options)

    def complete(
        self,
        *,
        options: CallOptions | None = None,
        extra_body: Mapping[str, JsonValue] | None = None,
        **request: Unpack[CompletionRequest],
    ) -> TextCompletion:
        """Continue a text, or fill the middle before `suffix` (`POST /completions`)."""
        return self._call(_calls.complete(request, extra_body), options)

    def stream_complete(
        self,
        *,
        options: CallOptions | None = None,
        extra_body: Mapping[str, JsonValue] | None = None,
        **request: Unpack[CompletionRequest],
    ) -> Stream:
        """Continue a text in pieces; the text is in each delta's `text`."""
        return self._stream(_calls.stream_complete(request, extra_body), options)

    def embed(
        self,
        *,
        options: CallOptions | None = None,
        extra_body: Mapping[str, JsonValue] | None = None,
        **request: Unpack[EmbeddingRequest],
    ) -> EmbeddingResult:
        """Embed up to 32 texts (`POST /embeddings`); vectors come in the order of the inputs."""
        return self._call(_calls.embed(request, extra_body), options)

    def rerank(
        self,
        *,
        options: CallOptions | None = None,
        extra_body: Mapping[str, JsonValue] | None = None,
        **request: Unpack[RerankRequest],
    ) -> RerankResult:
        """Order documents by how well they answer a query (`POST /rerank`), best first."""
        return self._call(_calls.rerank(request, extra_body), options)

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
        return self._call(_calls.models(type, sub_type), options)

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

    def _call(self, call: Plain[T], options: CallOptions | None) -> T:
        order = self._order(call.request, options)
        batches = self._drive(flow_of(order, call.parse), order)
        try:
            next(batches)
        except StopIteration as stop:
            return cast("T", stop.value)
        raise AssertionError("a call with one answer emits nothing")

    def _stream(self, call: Streamed, options: CallOptions | None) -> Stream:
        order, progress = self._order(call.request, options), Progress()
        flow = stream_flow_of(order, progress, may_be_empty=call.may_be_empty)
        return Stream(self._drive(flow, order), progress)

    def _drive(self, flow: Flow[T], order: Order) -> Generator[list[Delta], None, T]:
        from siliconflow_client._exchange import SyncExchange

        exchange = SyncExchange(self._http(), order, self._sleep)
        return (yield from drive(flow, exchange))

    def _is_injected(self) -> bool:
        return self.config.http_client is not None

    def _http(self) -> httpx.Client:
        if self.config.http_client is not None:
            return self.config.http_client
        pool = self._pool
        if pool is None:
            from siliconflow_client._transport import ProcessClient

            # Of two threads' pools one is kept, without a lock that a fork could leave held.
            made: ProcessClient = self.__dict__.setdefault("_pool", ProcessClient())
            return made.get()
        return pool.get()
