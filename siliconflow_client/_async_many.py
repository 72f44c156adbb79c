"""Many texts, documents or questions at once: the methods that split, bound and put in order."""

from __future__ import annotations

import functools
from collections.abc import (
    AsyncIterable,
    AsyncIterator,
    Callable,
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
    checked_width,
    embedding_teller,
)
from siliconflow_client.bulk.progress import Progress, ProgressTeller
from siliconflow_client.bulk.reranking import RerankJob, RerankSettings
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

        batches = (
            job.batches_of(texts, start)
            if isinstance(texts, AsyncIterable)
            else job.batches(texts, start)
        )
        told = embedding_teller(progress, texts)
        return self._map(job.plan, batches, width, told, options, shared=True)

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

        batches = job.batches(documents)
        told = job.teller(progress, documents)
        with job.collector() as collected:
            async for ranked in self._map(job.plan, batches, width, told, options):
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
        plan = functools.partial(chat_call, extra_body=extra_body)
        told = ProgressTeller[ChatCompletion](progress, "Chat", requests)
        return self._map(plan, requests, width, told, options)

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
        plan = functools.partial(completion_call, extra_body=extra_body)
        told = ProgressTeller[TextCompletion](progress, "Completion", requests)
        return self._map(plan, requests, width, told, options)

    def _map(
        self,
        plan: Callable[[Item], Plan[T]],
        items: Iterable[Item] | AsyncIterable[Item],
        width: int,
        told: ProgressTeller[T],
        options: CallOptions | None,
        *,
        shared: bool = False,
    ) -> AsyncIterator[T]:
        from siliconflow_client.bulk.tasks import ConcurrencyLimiter, amap_ordered

        slots = None
        if shared:
            self._limiter = self._limiter or ConcurrencyLimiter()
            slots = self._limiter.slots(checked_width(width))

        async def work(item: Item) -> T:
            return await self._call(plan(item), options)

        return amap_ordered(work, items, checked_width(width), slots, told)

    async def _call(self, plan: Plan[T], options: CallOptions | None) -> T:
        raise NotImplementedError("the client runs plans")
