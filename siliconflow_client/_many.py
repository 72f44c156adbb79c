"""Many texts, documents or questions at once: the methods that split, bound and put in order."""

from __future__ import annotations

import functools
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from typing import TypeVar, Unpack

from siliconflow_client._core import ClientCore
from siliconflow_client._json import JsonValue
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

Item = TypeVar("Item")
Result = TypeVar("Result")


class ManyCalls(ClientCore):
    """The methods of a client that take any number of things; see `SiliconFlowClient`."""

    def embed_many(
        self,
        texts: Iterable[TextOrMedia],
        *,
        batch_size: int = MAX_EMBEDDING_INPUTS,
        width: int = DEFAULT_WIDTH,
        start: int = 0,
        shorten: bool = False,
        progress: Progress = False,
        options: CallOptions | None = None,
        extra_body: Mapping[str, JsonValue] | None = None,
        **settings: Unpack[EmbeddingSettings],
    ) -> Iterator[EmbeddedBatch]:
        """Embed any number of texts, `width` requests at a time; batches come in order.

        Args:
            texts: Taken as there is room, so memory does not grow with their number. A list is
                checked before anything is sent. Models that see take objects beside texts:
                `{"text": …}`, `{"image": …}` (see `image_input`).
            batch_size: Texts in a request: 32 by the documentation, and the server refuses more
                than 64.
            width: Requests in flight at once.
            start: How many texts to skip, since they are done; positions count from the first.
            shorten: Cut texts that may be too long, by an estimate that errs on the short side.
            progress: `True` shows a bar (needs tqdm); a function is told how many texts each batch
                held.
            options: Time limits, retries and headers of each request.
            extra_body: Fields that `EmbeddingRequest` does not list.
            **settings: The request's fields but `input`.

        Raises:
            ConfigurationError: An argument of the wrong kind, before any request.
            SiliconFlowError: A request failed for good. Nothing further was begun; `.partial`
                holds the batches that were finished and not handed out.
        """
        job = EmbeddingJob(batch_size, settings, extra_body, shorten=shorten)

        told = embedding_teller(progress, texts)
        return self._map(job.plan, job.batches(texts, start), width, told, options)

    def rerank_many(
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
        """Order any number of documents, `width` requests at a time, as one ranking.

        Args:
            query: What the documents should answer.
            documents: Texts; `index` of the hits counts in them. None cost no request. Models
                that see take objects, here and as query: `{"text": …}`, `{"image": …}` (see
                `image_input`), `{"video": …}`.
            top_n: How many hits to return; all when `None`.
            batch_size: Documents in a request.
            width: Requests in flight at once.
            progress: `True` shows a bar (needs tqdm); a function is told how many documents each
                request ranked.
            options: Time limits, retries and headers of each request.
            extra_body: Fields that `RerankRequest` does not list.
            **settings: The request's other fields.

        Raises:
            ConfigurationError: An argument of the wrong kind.
            SiliconFlowError: A request failed for good; `.partial` holds the rankings that were
                finished.
        """
        job = RerankJob(query, batch_size, top_n, settings, extra_body)

        batches = job.batches(documents)
        told = job.teller(progress, documents)
        with job.collector() as collected:
            for ranked in self._map(job.plan, batches, width, told, options):
                collected.add(ranked)
        return collected.merged()

    def chat_many(
        self,
        requests: Iterable[ChatRequest],
        *,
        width: int = DEFAULT_WIDTH,
        progress: Progress = False,
        options: CallOptions | None = None,
        extra_body: Mapping[str, JsonValue] | None = None,
    ) -> Iterator[ChatCompletion]:
        """Ask many things, `width` requests at a time; answers come in the requests' order.

        Args:
            requests: Taken as there is room.
            width: Requests in flight at once.
            progress: `True` shows a bar (needs tqdm); a function is told of each answer.
            options: Time limits, retries and headers of each request.
            extra_body: Fields that `ChatRequest` does not list, for each.

        Raises:
            SiliconFlowError: A request failed for good. Nothing further was begun; `.partial`
                holds the answers that were finished and not handed out.
        """
        plan = functools.partial(chat_call, extra_body=extra_body)
        told = ProgressTeller[ChatCompletion](progress, "Chat", requests)
        return self._map(plan, requests, width, told, options)

    def complete_many(
        self,
        requests: Iterable[CompletionRequest],
        *,
        width: int = DEFAULT_WIDTH,
        progress: Progress = False,
        options: CallOptions | None = None,
        extra_body: Mapping[str, JsonValue] | None = None,
    ) -> Iterator[TextCompletion]:
        """As `chat_many`, for texts to continue."""
        plan = functools.partial(completion_call, extra_body=extra_body)
        told = ProgressTeller[TextCompletion](progress, "Completion", requests)
        return self._map(plan, requests, width, told, options)

    def _map(
        self,
        plan: Callable[[Item], Plan[Result]],
        items: Iterable[Item],
        width: int,
        told: ProgressTeller[Result],
        options: CallOptions | None,
    ) -> Iterator[Result]:
        from siliconflow_client.bulk.threads import map_ordered  # when there is work for them

        def work(item: Item) -> Result:
            return self._call(plan(item), options)

        return map_ordered(work, items, checked_width(width), told)

    def _call(self, plan: Plan[Result], options: CallOptions | None) -> Result:
        raise NotImplementedError("the client runs plans")
