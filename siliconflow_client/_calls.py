"""What the synchronous and the asynchronous client share: how a call is laid out."""

from __future__ import annotations

import functools
import random
from dataclasses import dataclass
from typing import TYPE_CHECKING, Generic, TypedDict, TypeVar

from siliconflow_client._answers import (
    read_chat,
    read_completion,
    read_embeddings,
    read_models,
    read_reranking,
)
from siliconflow_client._config import CallOptions, ClientConfig
from siliconflow_client._diagnosis import Asked
from siliconflow_client._errors import ConfigurationError
from siliconflow_client._flow import PlainCall, StreamCall, plain_flow, stream_flow
from siliconflow_client._requests import (
    HttpRequest,
    chat_request,
    completion_request,
    embedding_request,
    may_be_empty,
    models_request,
    rerank_request,
)
from siliconflow_client._retry import RetryPolicy

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from typing import Self

    import httpx

    from siliconflow_client._config import Secret
    from siliconflow_client._exchange import Order
    from siliconflow_client._flow import Flow, Progress
    from siliconflow_client._results import (
        ChatCompletion,
        EmbeddingResult,
        ModelCard,
        RerankResult,
        TextCompletion,
    )
    from siliconflow_client._types import (
        ChatRequest,
        CompletionRequest,
        EmbeddingRequest,
        JsonValue,
        RerankRequest,
    )

T = TypeVar("T")


class Settings(TypedDict, total=False):
    """The keywords of `ClientConfig`."""

    api_key: str | Secret | None
    base_url: str | None
    timeout: float | httpx.Timeout | None
    deadline: float | None
    max_retries: int | None
    default_headers: Mapping[str, str] | None
    allow_http: bool
    http_client: httpx.Client | None
    async_http_client: httpx.AsyncClient | None
    framework: str | None


class LaidOutClient:
    """Settings, and from them the flows that the drivers run."""

    def __init__(self, config: ClientConfig | None, settings: Settings) -> None:
        if config is not None and settings:
            raise ConfigurationError(
                f"Pass either config or {', '.join(settings)}, not both.", argument="config"
            )
        self.config = config if config is not None else ClientConfig(**settings)
        self._headers = self.config.headers()
        self._host = self.config.host

    def __repr__(self) -> str:
        return f"{type(self).__name__}({self.config!r})"

    def __reduce__(self) -> tuple[type[Self], tuple[ClientConfig]]:
        return type(self), (self.config,)

    def _order(self, request: HttpRequest, options: CallOptions | None) -> Order:
        from siliconflow_client._exchange import Order

        config = self.config
        options = options or _NO_OPTIONS
        headers = self._headers
        if options.headers:
            headers = {**headers, **{k.lower(): v for k, v in options.headers.items()}}
        retries = config.max_retries if options.max_retries is None else options.max_retries
        deadline = config.deadline if options.deadline is None else options.deadline
        return Order(
            request=request,
            url=config.base_url + request.path,
            headers=headers,
            timeout=config.timeout if options.timeout is None else options.timeout,
            policy=RetryPolicy(retries, deadline),
            asked=Asked(self._host, request.path, request.model),
            is_injected=self._is_injected(),
        )

    def _is_injected(self) -> bool:
        """Whether the caller's own httpx client is used."""
        raise NotImplementedError("each world knows its own httpx client")


def flow_of(order: Order, parse: Callable[[bytes, str | None], T]) -> Flow[T]:
    """The life of a call with one answer."""
    return plain_flow(PlainCall(order.asked, parse), order.policy, random.random)


def stream_flow_of(order: Order, progress: Progress, *, may_be_empty: bool) -> Flow[None]:
    """The life of a call that is answered by a stream."""
    return stream_flow(StreamCall(order.asked, may_be_empty), order.policy, random.random, progress)


@dataclass(frozen=True, slots=True)
class Plain(Generic[T]):
    """A checked request, and how to read its answer."""

    request: HttpRequest
    parse: Callable[[bytes, str | None], T]


@dataclass(frozen=True, slots=True)
class Streamed:
    """A checked request for a stream."""

    request: HttpRequest
    may_be_empty: bool


def chat(request: ChatRequest, extra: Mapping[str, JsonValue] | None) -> Plain[ChatCompletion]:
    """`POST /chat/completions` for a whole answer."""
    parse = functools.partial(read_chat, may_be_empty=may_be_empty(request))
    return Plain(chat_request(request, extra, stream=False), parse)


def stream_chat(request: ChatRequest, extra: Mapping[str, JsonValue] | None) -> Streamed:
    """`POST /chat/completions` for a stream."""
    return Streamed(chat_request(request, extra, stream=True), may_be_empty(request))


def complete(
    request: CompletionRequest, extra: Mapping[str, JsonValue] | None
) -> Plain[TextCompletion]:
    """`POST /completions` for a whole answer."""
    return Plain(completion_request(request, extra, stream=False), read_completion)


def stream_complete(request: CompletionRequest, extra: Mapping[str, JsonValue] | None) -> Streamed:
    """`POST /completions` for a stream."""
    return Streamed(completion_request(request, extra, stream=True), may_be_empty=True)


def embed(
    request: EmbeddingRequest, extra: Mapping[str, JsonValue] | None
) -> Plain[EmbeddingResult]:
    """`POST /embeddings`."""
    http_request, expected = embedding_request(request, extra)
    return Plain(http_request, functools.partial(read_embeddings, expected=expected))


def rerank(request: RerankRequest, extra: Mapping[str, JsonValue] | None) -> Plain[RerankResult]:
    """`POST /rerank`."""
    http_request, documents = rerank_request(request, extra)
    return Plain(http_request, functools.partial(read_reranking, documents=documents))


def models(kind: str | None, sub_type: str | None) -> Plain[list[ModelCard]]:
    """`GET /models`."""
    return Plain(models_request(kind, sub_type), read_models)


_NO_OPTIONS = CallOptions()
