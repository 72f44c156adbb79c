"""Many documents: batches that the API takes, and one ranking of all."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Required, TypedDict, cast

from siliconflow_client._json import JsonValue
from siliconflow_client.bulk.failures import AddsToFailure
from siliconflow_client.bulk.progress import Progress, ProgressTeller
from siliconflow_client.endpoints.checks import (
    as_sequence,
    check_positive,
    check_texts,
    check_whole,
    wrong,
)
from siliconflow_client.endpoints.media_inputs import TextOrMedia
from siliconflow_client.endpoints.rerank import RerankHit, RerankRequest, RerankResult, rerank_call
from siliconflow_client.errors.tree import SiliconFlowError
from siliconflow_client.protocol.actions import Flow
from siliconflow_client.protocol.context import RequestContext
from siliconflow_client.protocol.flow import Call
from siliconflow_client.protocol.options import CallOptions


class RerankSettings(TypedDict, total=False):
    """A `RerankRequest` without its query, its documents and `top_n`."""

    model: Required[str]
    return_documents: bool
    instruction: str
    max_chunks_per_doc: int
    overlap_tokens: int


class ManyDocuments(RerankSettings, total=False):
    """The keywords of `rerank_many`."""

    top_n: int | None
    batch_size: int
    width: int
    progress: Progress
    options: CallOptions | None
    extra_body: Mapping[str, JsonValue] | None


@dataclass(frozen=True, slots=True)
class DocumentBatch:
    """Consecutive documents that go into one request."""

    start: int
    documents: list[TextOrMedia]


@dataclass(frozen=True, slots=True)
class RankedBatch:
    """The ranking of consecutive documents; `index` of its hits counts from `start`.

    Attributes:
        start: Position of the first document among all.
        result: Their ranking.
        count: How many there are.
    """

    start: int
    result: RerankResult
    count: int = 0


class RerankJob:
    """What one call of `rerank_many` asks for, without I/O.

    Args:
        query: What the documents should answer.
        batch_size: Documents in a request.
        top_n: How many to return in the end; `None` for all.
        settings: The request without its documents.
        extra_body: Fields beyond it.

    Raises:
        ConfigurationError: `batch_size` cannot be sent.
    """

    __slots__ = ("_batch_size", "_extra_body", "_query", "_settings", "_top_n")

    def __init__(
        self,
        query: TextOrMedia,
        batch_size: int,
        top_n: int | None,
        settings: RerankSettings,
        extra_body: Mapping[str, JsonValue] | None,
    ) -> None:
        check_whole(batch_size, "batch_size", 1)
        check_positive(top_n, "top_n")
        self._query = query
        self._batch_size = batch_size
        self._top_n = top_n
        self._settings = settings
        self._extra_body = extra_body

    def batches(self, documents: Sequence[TextOrMedia]) -> Iterator[DocumentBatch]:
        """Cut the documents into batches.

        Raises:
            ConfigurationError: Something is no string, and no object that the model takes.
        """
        given = as_sequence(documents)
        if given is None:
            raise wrong("documents", "a list of strings", documents)
        # All of them, since a request's own check counts from the first of its batch.
        check_texts(given, "documents", str(self._settings.get("model")))
        size = self._batch_size
        return (
            DocumentBatch(start, list(documents[start : start + size]))
            for start in range(0, len(documents), size)
        )

    def plan(self, batch: DocumentBatch) -> RerankPlan:
        """What is asked for one batch."""
        fields: dict[str, object] = {
            **self._settings,
            "query": self._query,
            "documents": batch.documents,
        }
        if self._top_n is not None:
            fields["top_n"] = min(self._top_n, len(batch.documents))
        call = rerank_call(cast("RerankRequest", fields), self._extra_body)
        return RerankPlan(batch.start, len(batch.documents), call)

    def teller(self, progress: Progress, documents: object) -> ProgressTeller[RankedBatch]:
        """Tells how many documents are done."""
        return ProgressTeller(
            progress, "Reranking", documents, size=lambda batch: batch.count, unit="document"
        )

    def collector(self) -> RankingCollector:
        """Puts the rankings of the batches together."""
        return RankingCollector(self._top_n)


@dataclass(frozen=True, slots=True)
class RerankPlan:
    """The request for consecutive documents.

    Attributes:
        start: Position of the first document among all.
        count: How many there are.
        call: The request.
    """

    start: int
    count: int
    call: Call[RerankResult]

    def flow(self, context: RequestContext) -> Flow[RankedBatch]:
        """Ask; the result is what is put together for the batch."""
        return RankedBatch(self.start, (yield from self.call.flow(context)), self.count)


class RankingCollector(AddsToFailure):
    """The rankings of batches as one; what came stays on the error of one that fails."""

    __slots__ = ("_parts", "_top_n")

    def __init__(self, top_n: int | None) -> None:
        self._top_n = top_n
        self._parts: list[RankedBatch] = []

    def add(self, batch: RankedBatch) -> None:
        """Take the next batch."""
        self._parts.append(batch)

    def merged(self) -> RerankResult:
        """One ranking of all documents, best score first.

        A model scores each document by itself, so scores of different requests compare.
        """
        parts = self._parts
        hits = [
            RerankHit(part.start + hit.index, hit.relevance_score, hit.document)
            for part in parts
            for hit in part.result.results
        ]
        hits.sort(key=lambda hit: (-hit.relevance_score, hit.index))
        first = parts[0].result if parts else None
        return RerankResult(
            id=first.id if first else "",
            results=hits[: self._top_n],
            input_tokens=_total(part.result.input_tokens for part in parts),
            output_tokens=_total(part.result.output_tokens for part in parts),
            trace_id=first.trace_id if first else None,
        )

    def _complete(self, error: SiliconFlowError) -> None:
        """Put the rankings that came before on a failure."""
        error.partial = [*self._parts, *error.partial]


def _total(counts: Iterable[int | None]) -> int | None:
    """The sum, where all are known."""
    known = [*counts]
    return None if not known or None in known else sum(count or 0 for count in known)
