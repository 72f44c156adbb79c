"""Many texts: batches that the API takes, and vectors in the texts' order."""

from __future__ import annotations

import itertools
import sys
from collections.abc import (
    AsyncIterable,
    AsyncIterator,
    Iterable,
    Iterator,
    Mapping,
    Sequence,
)
from dataclasses import dataclass
from types import TracebackType
from typing import Literal, Required, Self, TypedDict, cast

from siliconflow_client._json import JsonValue
from siliconflow_client.bulk.failures import AddsToFailure
from siliconflow_client.bulk.progress import Progress, ProgressTeller
from siliconflow_client.catalogue.facts import lookup_model
from siliconflow_client.catalogue.lengths import cut_to, estimate_tokens, longest
from siliconflow_client.endpoints.checks import check_many, check_texts, check_whole
from siliconflow_client.endpoints.embeddings import (
    SERVER_EMBEDDING_INPUTS,
    EmbeddingRequest,
    EmbeddingResult,
    embedding_call,
)
from siliconflow_client.endpoints.media_inputs import TextOrMedia, text_of
from siliconflow_client.endpoints.usage import Usage
from siliconflow_client.errors.tree import (
    APIStatusError,
    BadRequestError,
    PayloadTooLargeError,
    SiliconFlowError,
)
from siliconflow_client.protocol.actions import Flow
from siliconflow_client.protocol.context import RequestContext
from siliconflow_client.protocol.flow import Call
from siliconflow_client.protocol.options import CallOptions

DEFAULT_WIDTH = 8
"""Requests in flight at once."""
_DEFAULT_MAX_TOKENS = 512
"""Where the catalogue does not know a model: the smallest limit of those it knows."""


def checked_width(width: object) -> int:
    """Refuse a number of requests at once that cannot be meant.

    Raises:
        ConfigurationError: It is no whole number above 0.
    """
    check_whole(width, "width", 1)
    return cast("int", width)


class EmbeddingSettings(TypedDict, total=False):
    """An `EmbeddingRequest` without its `input`."""

    model: Required[str]
    dimensions: int
    encoding_format: Literal["float", "base64"]
    user: str
    truncate: Literal["left", "right"]


class ManyEmbeddings(EmbeddingSettings, total=False):
    """The keywords of `embed_many`."""

    batch_size: int
    width: int
    start: int
    shorten: bool
    progress: Progress
    options: CallOptions | None
    extra_body: Mapping[str, JsonValue] | None


@dataclass(frozen=True, slots=True)
class EmbeddedBatch:
    """The vectors of consecutive texts.

    Attributes:
        start: Position of the first text among all.
        vectors: `list[list[float]]`, in the order of the texts.
        model: The model that answered.
        usage: Token totals of this request.
        trace_id: The `x-siliconcloud-trace-id` header.
    """

    start: int
    vectors: list[list[float]]
    model: str
    usage: Usage | None
    trace_id: str | None


@dataclass(frozen=True, slots=True)
class TextBatch:
    """Consecutive texts, or objects for a model that sees, that go into one request."""

    start: int
    texts: list[TextOrMedia]


class EmbeddingJob:
    """What one call of `embed_many` asks for, without I/O.

    Args:
        batch_size: Texts in a request.
        shorten: Whether texts that may be too long are cut.
        settings: The request without its input.
        extra_body: Fields beyond it.

    Raises:
        ConfigurationError: `batch_size` cannot be sent.
    """

    __slots__ = ("_batch_size", "_extra_body", "_max_tokens", "_model", "_settings", "_shorten")

    def __init__(
        self,
        batch_size: int,
        settings: EmbeddingSettings,
        extra_body: Mapping[str, JsonValue] | None,
        *,
        shorten: bool,
    ) -> None:
        check_whole(batch_size, "batch_size", 1, SERVER_EMBEDDING_INPUTS)
        self._batch_size = batch_size
        self._settings = settings
        self._extra_body = extra_body
        self._shorten = shorten
        self._model = str(settings.get("model"))
        self._max_tokens = lookup_model(self._model).max_input_tokens or _DEFAULT_MAX_TOKENS

    def batches(self, texts: Iterable[TextOrMedia], start: int) -> Iterator[TextBatch]:
        """Cut the texts from position `start` on into batches.

        Raises:
            ConfigurationError: Something is no string, and no object that the model takes; of
                a list before anything is sent.
        """
        check_many(texts, "texts", "a list of strings")
        check_whole(start, "start", 0, sys.maxsize)
        if isinstance(texts, Sequence):
            check_texts(cast("Sequence[object]", texts), "texts", self._model)
        return self._cut(itertools.islice(texts, start, None), start)

    async def batches_of(
        self, texts: AsyncIterable[TextOrMedia], start: int
    ) -> AsyncIterator[TextBatch]:
        """The same of texts that are waited for."""
        check_whole(start, "start", 0, sys.maxsize)
        held: list[TextOrMedia] = []
        skipped = 0
        async for text in texts:
            if skipped < start:
                skipped += 1
                continue
            held.append(text)
            if len(held) == self._batch_size:
                yield self._batch(start, held)
                start += len(held)
                skipped, held = start, []
        if held:
            yield self._batch(start, held)

    def _cut(self, texts: Iterator[TextOrMedia], start: int) -> Iterator[TextBatch]:
        while batch := list(itertools.islice(texts, self._batch_size)):
            yield self._batch(start, batch)
            start += len(batch)

    def _batch(self, start: int, texts: list[TextOrMedia]) -> TextBatch:
        check_texts(texts, "texts", self._model, first=start)
        if self._shorten:
            texts = [self._shortened(text) for text in texts]
        return TextBatch(start, texts)

    def _shortened(self, text: TextOrMedia) -> TextOrMedia:
        if isinstance(text, str):
            return cut_to(text, self._max_tokens)
        told = text_of(text)
        return {**text, "text": cut_to(told, self._max_tokens)} if told else text

    def plan(self, batch: TextBatch) -> EmbeddingPlan:
        """What is asked for one batch."""
        request: EmbeddingRequest = {**self._settings, "input": batch.texts}
        with NamingLongTexts(batch, self._max_tokens) as naming:
            return EmbeddingPlan(batch.start, embedding_call(request, self._extra_body), naming)


@dataclass(frozen=True, slots=True)
class EmbeddingPlan:
    """The request for consecutive texts.

    Attributes:
        start: Position of the first text among all.
        call: The request.
        naming: Says which text is too long.
    """

    start: int
    call: Call[EmbeddingResult]
    naming: NamingLongTexts

    def flow(self, context: RequestContext) -> Flow[EmbeddedBatch]:
        """Ask; the result is what is handed out for the batch."""
        with self.naming:
            result = yield from self.call.flow(context)
        return EmbeddedBatch(
            self.start, result.vectors, result.model, result.usage, result.trace_id
        )


def embedding_teller(progress: Progress, texts: object) -> ProgressTeller[EmbeddedBatch]:
    """Tells how many texts are done.

    Raises:
        ConfigurationError: A bar is wanted and tqdm is not installed.
    """
    return ProgressTeller(
        progress, "Embedding", texts, size=lambda batch: len(batch.vectors), unit="text"
    )


class EmbeddingCollector(AddsToFailure):
    """All vectors of `embed_many` as one list; what came stays on the error of one that fails.

    Args:
        total: How many texts there are.
        progress: `True` shows a bar (needs tqdm); a function is told how many texts each batch
            held.

    Raises:
        ConfigurationError: A bar is wanted and tqdm is not installed.
    """

    def __init__(self, total: int, progress: Progress = False) -> None:
        self._total = total
        self._told = embedding_teller(progress, range(total))
        self.vectors: list[list[float]] = []

    def add(self, batch: EmbeddedBatch) -> None:
        """Take the next batch."""
        self.vectors.extend(batch.vectors)
        self._told.tell(batch)

    def __enter__(self) -> Self:
        self._told.__enter__()
        return super().__enter__()

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self._told.__exit__(kind, error, traceback)
        super().__exit__(kind, error, traceback)

    def _complete(self, error: SiliconFlowError) -> None:
        """Put on a failure a vector, or `None`, for each text."""
        known: list[list[float] | None] = [*self.vectors]
        known += [None] * (self._total - len(known))
        for batch in error.partial:
            if isinstance(batch, EmbeddedBatch):
                known[batch.start : batch.start + len(batch.vectors)] = batch.vectors
        error.partial = known


class NamingLongTexts(AddsToFailure):
    """Says which text is too long when the server only says that one is."""

    __slots__ = ("_batch", "_max_tokens")

    def __init__(self, batch: TextBatch, max_tokens: int) -> None:
        self._batch = batch
        self._max_tokens = max_tokens

    def _complete(self, error: SiliconFlowError) -> None:
        """Name the texts, where the error is about their length."""
        if isinstance(error, APIStatusError) and self._is_about_length(error):
            error.message = f"{error.message.rstrip('.')}. {self._culprits()}"

    def _is_about_length(self, error: APIStatusError) -> bool:
        """413 says so; 400 with 20015 is what newer servers answer to the same."""
        if isinstance(error, PayloadTooLargeError):
            return "batch size" not in error.message
        return isinstance(error, BadRequestError) and (
            "token" in error.message or bool(self._too_long())
        )

    def _too_long(self) -> list[int]:
        return [
            position
            for position, text in enumerate(self._texts())
            if estimate_tokens(text) > self._max_tokens
        ]

    def _texts(self) -> list[str]:
        return [text_of(text) for text in self._batch.texts]

    def _culprits(self) -> str:
        texts = self._texts()
        suspects = self._too_long() or [longest(texts)]
        named = ", ".join(
            f"texts[{self._batch.start + position}] ({len(texts[position])} characters)"
            for position in suspects
        )
        verb = "is" if len(suspects) == 1 else "are"
        return (
            f"By estimate {named} {verb} too long: the model takes {self._max_tokens} tokens a "
            "text. Split it, or set truncate=True (embed_many: shorten=True)"
        )
