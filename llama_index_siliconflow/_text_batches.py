"""What LlamaIndex is told of a list's batches while their requests run side by side.

The base class embeds one batch after the other. Here the texts of all batches flow into requests,
several at a time; events, callbacks, cache and rate limiter of a batch are used in the caller's
thread, in the batches' order.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Self, TypeVar, cast

from llama_index.core.callbacks import CBEventType, EventPayload
from llama_index.core.instrumentation.events.embedding import (
    EmbeddingEndEvent,
    EmbeddingStartEvent,
)
from llama_index_instrumentation import get_dispatcher

from siliconflow_client import ConfigurationError, EmbeddedBatch, SiliconFlowError

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence
    from types import TracebackType

    from llama_index.core.base.embeddings.base import BaseEmbedding

T = TypeVar("T")

_dispatcher = get_dispatcher(__name__)
CACHE = "embeddings"
"""The collection in which LlamaIndex caches vectors."""


def counted(items: Iterable[T], name: str = "texts", wanted: str = "strings") -> list[T]:
    """Count out what has no length, such as a generator.

    Args:
        items: What is to be embedded.
        name: What an error calls it.
        wanted: What it has to hold.

    Raises:
        ConfigurationError: It is one string, or nothing that holds any.
    """
    if isinstance(items, list):
        return items
    given = cast("object", items)
    if isinstance(given, str) or not isinstance(given, Iterable):
        what = "one string" if isinstance(given, str) else type(given).__name__
        raise ConfigurationError(f"{name} must be a list of {wanted}, not {what}.", argument=name)
    return list(items)


@dataclass(slots=True)
class TextBatch:
    """Texts of one start event and one end event.

    Attributes:
        first: Position of the first among all texts.
        texts: As given.
        event_id: Of the callback.
        asked: Positions of those that were in no cache.
        last_asked: How many texts were asked for up to the end of this batch.
    """

    first: int
    texts: list[str]
    event_id: str
    asked: list[int] = field(default_factory=list[int])
    last_asked: int = 0


class TextBatches:
    """One call of `get_text_embedding_batch`, without its requests.

    Args:
        embedding: Whose callbacks and batch size count.
        texts: All of them.
        show_progress: Whether to show LlamaIndex's bar, where tqdm is installed.
    """

    def __init__(self, embedding: BaseEmbedding, texts: Sequence[str], show_progress: bool) -> None:
        self._texts = texts
        self._size = embedding.embed_batch_size
        self._model = embedding.to_payload()
        self._callbacks = embedding.callback_manager
        self._shown = show_progress
        self._bar: Any = None
        self._open: deque[TextBatch] = deque()
        self._asked: list[int] = []
        self._answered = 0
        self._vectors: list[list[float] | None] = [None] * len(texts)

    @property
    def vectors(self) -> list[list[float]]:
        """All of them, at the end."""
        return cast("list[list[float]]", self._vectors)

    def begun(self) -> Iterator[TextBatch]:
        """Begin one batch after the other, as there is room for its texts."""
        for first in range(0, len(self._texts), self._size):
            _dispatcher.event(EmbeddingStartEvent(model_dict=self._model))
            event_id = self._callbacks.on_event_start(
                CBEventType.EMBEDDING, payload={EventPayload.SERIALIZED: self._model}
            )
            batch = TextBatch(first, list(self._texts[first : first + self._size]), event_id)
            self._open.append(batch)
            yield batch

    def asked_for(
        self, batch: TextBatch, cached: Iterable[Mapping[str, Any] | None] | None
    ) -> list[str]:
        """The texts of a batch that have to be asked for.

        Args:
            batch: One that was begun.
            cached: What the cache said of each text, in order; `None` without a cache.
        """
        if cached is None:
            batch.asked = list(range(batch.first, batch.first + len(batch.texts)))
        else:
            for position, entry in enumerate(cached, batch.first):
                if entry is None:
                    batch.asked.append(position)
                else:
                    self._vectors[position] = next(iter(entry.values()))
        self._asked += batch.asked
        batch.last_asked = len(self._asked)
        return [self._texts[position] for position in batch.asked]

    def ended(self, answered: EmbeddedBatch | None) -> Iterator[TextBatch]:
        """Take vectors; yield the batches that are whole now, and tell that they ended."""
        if answered is not None:
            self._take(answered)
            self._answered += len(answered.vectors)
        while self._open and self._answered >= self._open[0].last_asked:
            batch = self._open[0]
            yield batch
            self._open.popleft()
            self._tell(batch)

    def fresh(self, batch: TextBatch) -> Iterator[tuple[str, list[float]]]:
        """The texts of a whole batch that were in no cache, with their vectors."""
        for position in batch.asked:
            yield self._texts[position], self.vectors[position]

    def _take(self, answered: EmbeddedBatch) -> None:
        for number, vector in enumerate(answered.vectors, answered.start):
            self._vectors[self._asked[number]] = vector

    def _tell(self, batch: TextBatch) -> None:
        vectors = self.vectors[batch.first : batch.first + len(batch.texts)]
        self._callbacks.on_event_end(
            CBEventType.EMBEDDING,
            payload={EventPayload.CHUNKS: batch.texts, EventPayload.EMBEDDINGS: vectors},
            event_id=batch.event_id,
        )
        _dispatcher.event(EmbeddingEndEvent(chunks=batch.texts, embeddings=vectors))
        if self._bar is not None:
            self._bar.update(len(batch.texts))

    def __enter__(self) -> Self:
        if self._shown:
            try:
                from tqdm.auto import tqdm
            except ModuleNotFoundError:  # as LlamaIndex does without it
                return self
            self._bar = tqdm(total=len(self._texts), desc="Generating embeddings")
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        """End what is open, and put on a failure a vector, or `None`, for each text."""
        if self._bar is not None:
            self._bar.close()
        if isinstance(error, SiliconFlowError):
            for batch in error.partial:
                if isinstance(batch, EmbeddedBatch):
                    self._take(batch)
            error.partial = self._vectors
        for open_batch in self._open:
            self._callbacks.on_event_end(
                CBEventType.EMBEDDING,
                payload={EventPayload.EXCEPTION: error},
                event_id=open_batch.event_id,
            )
