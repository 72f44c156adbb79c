"""Many machines: classes for `map_batches` of Ray Data, and limits that a cluster shares.

Needs the extra `ray`. Each class is given to `map_batches` with `batch_format="pyarrow"`, adds its
columns to the table, and leaves the others alone. A row that fails is kept, with a null for its
result and the failure in the column `error`; nothing that the API says aborts the job.

    ds.repartition(target_num_rows_per_block=BLOCK_ROWS).map_batches(
        EmbedColumn,
        fn_constructor_kwargs={"model": "BAAI/bge-m3", "limits": shared_limits(tpm=500_000)},
        **map_settings(workers=2),
    )

Blocks are small since what a worker has in hand when it dies is done again; a worker has two of
them in hand, so that its requests never wait for the end of one.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from importlib import import_module
from typing import TYPE_CHECKING, Literal, Protocol, Self, TypeVar, cast

from siliconflow_client.bulk.embedding import (
    DEFAULT_WIDTH,
    EmbeddingJob,
    EmbeddingSettings,
    checked_width,
)
from siliconflow_client.bulk.ray_blocks import BLOCK_ROWS, MapSettings, map_settings
from siliconflow_client.bulk.ray_limits import shared_limits
from siliconflow_client.bulk.threads import map_ordered
from siliconflow_client.errors.tree import (
    BadRequestError,
    ConfigurationError,
    ContentRejectedError,
    PayloadTooLargeError,
    SiliconFlowError,
)

if TYPE_CHECKING:
    from pydantic import BaseModel

    from siliconflow_client._client import SiliconFlowClient
    from siliconflow_client._json import JsonObject
    from siliconflow_client.endpoints.chat import ChatRequest

__all__ = [
    "BLOCK_ROWS",
    "AskModel",
    "EmbedColumn",
    "MapSettings",
    "RerankColumn",
    "map_settings",
    "shared_limits",
]

Item = TypeVar("Item")
Result = TypeVar("Result")

_ABOUT_ONE_INPUT = (BadRequestError, ContentRejectedError, PayloadTooLargeError, ConfigurationError)
"""Refusals of which a single text of a request may be the cause."""


class Table(Protocol):
    """What is used of a `pyarrow.Table`."""

    column_names: list[str]

    def column(self, name: str) -> _Column: ...

    def to_pylist(self) -> list[dict[str, object]]: ...

    def append_column(self, name: str, column: object) -> Self: ...


class _Column(Protocol):
    def to_pylist(self) -> list[object]: ...


class _Arrow(Protocol):
    """What is used of pyarrow."""

    def array(self, values: Sequence[object], type: object) -> object: ...  # noqa: A002

    def list_(self, kind: object) -> object: ...

    def struct(self, fields: Mapping[str, object]) -> object: ...

    def float32(self) -> object: ...

    def float64(self) -> object: ...

    def int64(self) -> object: ...

    def string(self) -> object: ...


def _arrow() -> _Arrow:
    return cast("_Arrow", import_module("pyarrow"))


class _ColumnWork:
    """A client per worker, which stays when the next block comes."""

    def __init__(self, settings: Mapping[str, object], error: str, width: int) -> None:
        from siliconflow_client._client import SiliconFlowClient

        self._client: SiliconFlowClient = SiliconFlowClient(**settings)  # type: ignore[arg-type]  # checked there
        self._error = error
        self._width = checked_width(width)
        self._slots = threading.BoundedSemaphore(width)

    def _ordered(self, work: Callable[[Item], Result], items: Iterable[Item]) -> Iterator[Result]:
        """Work on all items; what is in flight counts for all blocks in hand together."""

        def bounded(item: Item) -> Result:
            with self._slots:
                return work(item)

        return map_ordered(bounded, items, self._width)

    def _with(
        self, table: Table, name: str, kind: object, outcomes: Iterable[tuple[object, str | None]]
    ) -> Table:
        results: list[object] = []
        errors: list[object] = []
        for result, error in outcomes:
            results.append(result)
            errors.append(error)
        arrow = _arrow()
        with_results = table.append_column(name, arrow.array(results, kind))
        return with_results.append_column(self._error, arrow.array(errors, arrow.string()))


class EmbedColumn(_ColumnWork):
    """Adds the vectors of a column of texts, as lists of float32.

    A request that is refused because of one of its texts is halved until that one is found.

    Args:
        model: The embedding model.
        column: The texts.
        output: The column to add.
        error: The column for failures; null where all is well.
        batch_size: Texts in a request.
        width: Requests in flight at once, in each worker.
        dimensions: Floats of a vector, for models that can choose.
        encoding_format: How vectors travel; see `EmbeddingRequest`.
        **settings: The keywords of `ClientConfig`, such as `api_key` and `limits`.

    Raises:
        ConfigurationError: A setting cannot be right.
    """

    def __init__(
        self,
        *,
        model: str,
        column: str = "text",
        output: str = "embedding",
        error: str = "error",
        batch_size: int = 32,
        width: int = DEFAULT_WIDTH,
        dimensions: int | None = None,
        encoding_format: Literal["float", "base64"] | None = None,
        **settings: object,
    ) -> None:
        super().__init__(settings, error, width)
        self._request: EmbeddingSettings = {"model": model}
        if dimensions is not None:
            self._request["dimensions"] = dimensions
        if encoding_format is not None:
            self._request["encoding_format"] = encoding_format
        EmbeddingJob(batch_size, self._request, None, shorten=False)  # refuses what cannot be sent
        self._column = column
        self._output = output
        self._batch_size = batch_size

    def __call__(self, table: Table) -> Table:
        """Embed one block."""
        texts = table.column(self._column).to_pylist()
        size = self._batch_size
        parts = [texts[start : start + size] for start in range(0, len(texts), size)]
        outcomes = (one for part in self._ordered(self._embed, parts) for one in part)
        arrow = _arrow()
        return self._with(table, self._output, arrow.list_(arrow.float32()), outcomes)

    def _embed(self, texts: list[object]) -> list[tuple[object, str | None]]:
        try:
            found = self._client.embed(**self._request, input=cast("list[str]", texts))
        except SiliconFlowError as error:
            if len(texts) > 1 and isinstance(error, _ABOUT_ONE_INPUT):
                middle = len(texts) // 2
                return self._embed(texts[:middle]) + self._embed(texts[middle:])
            return [(None, _told(error))] * len(texts)
        return [(vector, None) for vector in found.vectors]


class RerankColumn(_ColumnWork):
    """Adds to each row the ranking of its documents for its query, best first.

    The column is a list of `{"index": …, "relevance_score": …}`; `index` counts in the documents.

    Args:
        model: The reranker.
        query: The column of queries.
        documents: The column of lists of texts.
        top_n: How many to keep; all when `None`.
        output: The column to add.
        error: The column for failures.
        width: Rows in flight at once, in each worker.
        **settings: The keywords of `ClientConfig`.
    """

    def __init__(
        self,
        *,
        model: str,
        query: str = "query",
        documents: str = "documents",
        top_n: int | None = None,
        output: str = "ranking",
        error: str = "error",
        width: int = DEFAULT_WIDTH,
        **settings: object,
    ) -> None:
        super().__init__(settings, error, width)
        self._model = model
        self._query = query
        self._documents = documents
        self._top_n = top_n
        self._output = output

    def __call__(self, table: Table) -> Table:
        """Rank the rows of one block."""
        queries = table.column(self._query).to_pylist()
        documents = table.column(self._documents).to_pylist()
        rows = list(zip(queries, documents, strict=True))
        arrow = _arrow()
        hit = arrow.struct({"index": arrow.int64(), "relevance_score": arrow.float64()})
        outcomes = self._ordered(self._rank, rows)
        return self._with(table, self._output, arrow.list_(hit), outcomes)

    def _rank(self, row: tuple[object, object]) -> tuple[object, str | None]:
        query, documents = row
        try:
            found = self._client.rerank_many(
                cast("str", query),
                cast("list[str]", documents),
                model=self._model,
                top_n=self._top_n,
                width=1,
            )
        except SiliconFlowError as error:
            return None, _told(error)
        hits = [
            {"index": hit.index, "relevance_score": hit.relevance_score} for hit in found.results
        ]
        return hits, None


class AskModel(_ColumnWork):
    """Asks a model about each row, and adds the answer: text, or JSON that keeps to a schema.

    Args:
        model: The chat model.
        prompt: The column of prompts, or a function that makes a prompt of a row.
        schema: A pydantic class, or a JSON schema, that answers must keep to. The answers of a
            class are checked by it; they stand in the column as JSON.
        output: The column to add.
        error: The column for failures.
        width: Rows in flight at once, in each worker.
        parameters: Further fields of the request, such as `max_tokens`.
        **settings: The keywords of `ClientConfig`.
    """

    def __init__(
        self,
        *,
        model: str,
        prompt: str | Callable[[dict[str, object]], str] = "prompt",
        schema: type[BaseModel] | JsonObject | None = None,
        output: str = "answer",
        error: str = "error",
        width: int = DEFAULT_WIDTH,
        parameters: JsonObject | None = None,
        **settings: object,
    ) -> None:
        super().__init__(settings, error, width)
        self._prompt = prompt
        self._output = output
        self._checked = None if schema is None or isinstance(schema, Mapping) else schema
        written = schema if self._checked is None else self._checked.model_json_schema()
        self._request: dict[str, object] = {"model": model, **(parameters or {})}
        if written is not None:
            name = "answer" if self._checked is None else self._checked.__name__
            self._request["response_format"] = {
                "type": "json_schema",
                "json_schema": {"name": name, "schema": written, "strict": True},
            }

    def __call__(self, table: Table) -> Table:
        """Ask about the rows of one block."""
        outcomes = self._ordered(self._ask, self._prompts(table))
        return self._with(table, self._output, _arrow().string(), outcomes)

    def _prompts(self, table: Table) -> Iterator[object]:
        if isinstance(self._prompt, str):
            return iter(table.column(self._prompt).to_pylist())
        return map(self._prompt, table.to_pylist())

    def _ask(self, prompt: object) -> tuple[object, str | None]:
        request = {**self._request, "messages": [{"role": "user", "content": prompt}]}
        try:
            answer = self._client.chat(**cast("ChatRequest", request)).text
        except SiliconFlowError as error:
            return None, _told(error)
        if self._checked is not None:
            try:
                answer = self._checked.model_validate_json(answer).model_dump_json()
            except ValueError as error:
                # Not its words, which quote the answer.
                return None, f"{type(error).__name__}: the answer is no {self._checked.__name__}."
        return answer, None


def _told(error: SiliconFlowError) -> str:
    return f"{type(error).__name__}: {error}"
