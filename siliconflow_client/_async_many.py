"""Many texts, documents or questions at once: the methods that split, bound and put in order."""

from __future__ import annotations

from collections.abc import (
    AsyncIterable,
    AsyncIterator,
    Callable,
    Coroutine,
    Iterable,
    Mapping,
    Sequence,
)
from typing import TYPE_CHECKING, Protocol, TypeVar, Unpack

from siliconflow_client._core import ClientCore
from siliconflow_client._json import JsonValue
from siliconflow_client._lazy import LazyModule
from siliconflow_client.bulk.embedding import (
    DEFAULT_WIDTH,
    EmbeddedBatch,
    EmbeddingJob,
    EmbeddingSettings,
    TextBatch,
    checked_width,
    embedding_teller,
)
from siliconflow_client.bulk.progress import Progress, ProgressTeller
from siliconflow_client.bulk.reranking import DocumentBatch, RankedBatch, RerankJob, RerankSettings
from siliconflow_client.endpoints.chat import ChatCompletion, ChatRequest
from siliconflow_client.endpoints.chat_plans import chat_call
from siliconflow_client.endpoints.completions import (
    CompletionRequest,
    TextCompletion,
    completion_call,
)
from siliconflow_client.endpoints.embeddings import (
    MAX_EMBEDDING_INPUTS,
)
from siliconflow_client.endpoints.media_inputs import TextOrMedia
from siliconflow_client.endpoints.rerank import (
    MAX_RERANK_DOCUMENTS,
    RerankResult,
)
from siliconflow_client.protocol.context import Plan
from siliconflow_client.protocol.options import CallOptions

if TYPE_CHECKING:
    import asyncio
else:
    asyncio = LazyModule("asyncio")

T = TypeVar("T")
Item = TypeVar("Item")


class Slots(Protocol):
    """Bounds how many requests are in flight at once."""

    def slots(self, width: int) -> asyncio.Semaphore:
        """The running loop's semaphore of this width."""
        ...


class AsyncManyCalls(ClientCore):
    """The methods of a client that take any number of things; see `AsyncSiliconFlowClient`."""

    _limiter: Slots | None = None

    def embed_many(
        self,
        texts: Iterable[TextOrMedia] | AsyncIterable[TextOrMedia],
        *,
        batch_size: int = MAX_EMBEDDING_INPUTS,
        width: int = DEFAULT_WIDTH,
        start: int = 0,
        shorten: bool = False,
        progress: Progress = False,
        options: CallOptions | None = None,
        extra_body: Mapping[str, JsonValue] | None = None,
        **settings: Unpack[EmbeddingSettings],
    ) -> AsyncIterator[EmbeddedBatch]:
        """As `SiliconFlowClient.embed_many`; called without `await`, used with `async for`.

        The texts may be an asynchronous iterable.
        `width` bounds all calls of this client in one event loop together.
        """
        job = EmbeddingJob(batch_size, settings, extra_body, shorten=shorten)

        async def embed(batch: TextBatch) -> EmbeddedBatch:
            with job.naming_long_texts(batch):
                return job.result(batch, await self._call(job.call(batch), options))

        batches = (
            job.batches_of(texts, start)
            if isinstance(texts, AsyncIterable)
            else job.batches(texts, start)
        )
        return self._map(embed, batches, width, embedding_teller(progress, texts), shared=True)

    async def rerank_many(
        self,
        query: TextOrMedia,
        documents: Sequence[TextOrMedia],
        *,
        top_n: int | None = None,
        batch_size: int = MAX_RERANK_DOCUMENTS,
        width: int = DEFAULT_WIDTH,
        progress: Progress = False,
        options: CallOptions | None = None,
        extra_body: Mapping[str, JsonValue] | None = None,
        **settings: Unpack[RerankSettings],
    ) -> RerankResult:
        """As `SiliconFlowClient.rerank_many`."""
        job = RerankJob(query, batch_size, top_n, settings, extra_body)

        async def rank(batch: DocumentBatch) -> RankedBatch:
            return job.ranked(batch, await self._call(job.call(batch), options))

        batches = job.batches(documents)
        told = job.teller(progress, documents)
        with job.collector() as collected:
            async for ranked in self._map(rank, batches, width, told):
                collected.add(ranked)
        return collected.merged()

    def chat_many(
        self,
        requests: Iterable[ChatRequest] | AsyncIterable[ChatRequest],
        *,
        width: int = DEFAULT_WIDTH,
        progress: Progress = False,
        options: CallOptions | None = None,
        extra_body: Mapping[str, JsonValue] | None = None,
    ) -> AsyncIterator[ChatCompletion]:
        """As `SiliconFlowClient.chat_many`; called without `await`, used with `async for`."""

        async def ask(request: ChatRequest) -> ChatCompletion:
            return await self._call(chat_call(request, extra_body), options)

        told = ProgressTeller[ChatCompletion](progress, "Chat", requests)
        return self._map(ask, requests, width, told)

    def complete_many(
        self,
        requests: Iterable[CompletionRequest] | AsyncIterable[CompletionRequest],
        *,
        width: int = DEFAULT_WIDTH,
        progress: Progress = False,
        options: CallOptions | None = None,
        extra_body: Mapping[str, JsonValue] | None = None,
    ) -> AsyncIterator[TextCompletion]:
        """As `chat_many`, for texts to continue."""

        async def ask(request: CompletionRequest) -> TextCompletion:
            return await self._call(completion_call(request, extra_body), options)

        told = ProgressTeller[TextCompletion](progress, "Completion", requests)
        return self._map(ask, requests, width, told)

    def _map(
        self,
        work: Callable[[Item], Coroutine[None, None, T]],
        items: Iterable[Item] | AsyncIterable[Item],
        width: int,
        told: ProgressTeller[T],
        *,
        shared: bool = False,
    ) -> AsyncIterator[T]:
        from siliconflow_client.bulk.tasks import ConcurrencyLimiter, amap_ordered

        slots = None
        if shared:
            self._limiter = self._limiter or ConcurrencyLimiter()
            slots = self._limiter.slots(checked_width(width))
        return amap_ordered(work, items, checked_width(width), slots, told)

    async def _call(self, plan: Plan[T], options: CallOptions | None) -> T:
        raise NotImplementedError("the client runs plans")
