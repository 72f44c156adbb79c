"""SiliconFlow's embedding models for LangChain."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, ClassVar, Literal, Self

from langchain_core.embeddings import Embeddings
from pydantic import Field, PrivateAttr

from langchain_siliconflow._errors import langchain_errors
from langchain_siliconflow._lengths import cut_to, estimate_tokens, longest
from langchain_siliconflow._params import CONNECTION_ALIASES
from langchain_siliconflow._settings import ConnectionSettings
from siliconflow_client import (
    DEFAULT_EMBEDDING_MODEL,
    APIStatusError,
    BadRequestError,
    ConfigurationError,
    Gate,
    PayloadTooLargeError,
    split_batches,
)

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from siliconflow_client import EmbeddingRequest

_DEFAULT_MAX_TOKENS = 512
"""Where the catalogue does not know a model: the smallest limit of those it knows."""


class SiliconFlowEmbeddings(ConnectionSettings, Embeddings):
    """Turn texts into vectors with a model of SiliconFlow.

    Vectors come as `list[list[float]]`, one per text and in the order of the texts, each of the
    model's dimensions (or of `dimensions`).

    ```python
    from langchain_siliconflow import SiliconFlowEmbeddings

    embeddings = SiliconFlowEmbeddings(model="BAAI/bge-m3")
    print(len(embeddings.embed_documents(["one text", "another"])))
    ```
    """

    _aliases: ClassVar[Mapping[str, str]] = {**CONNECTION_ALIASES, "model_name": "model"}

    model: str = DEFAULT_EMBEDDING_MODEL
    """Id of the model."""

    dimensions: int | None = None
    """Size of the vectors; Qwen3-Embedding models only (others answer 400)."""

    encoding_format: Literal["float", "base64"] | None = None
    """How vectors travel. `base64` is smaller and gives the same floats; left out by default,
    since a 400 was reported for sending it."""

    chunk_size: int = Field(default=32, ge=1, le=64)
    """Texts in a request: 32 by the documentation, and the server refuses more than 64."""

    max_concurrency: int = Field(default=8, ge=1)
    """Requests in flight at once in the asynchronous methods."""

    truncate: bool = False
    """Cut texts that may be too long for the model, by an estimate that errs on the short side.
    Without it such a text raises an error that names its position."""

    show_progress_bar: bool = False
    """Show a bar; needs tqdm."""

    user: str | None = None
    """Your name for the end user; only the vision models take it."""

    model_kwargs: dict[str, Any] = Field(default_factory=dict)
    """Anything else for the body of the request."""

    def __init__(self, **data: Any) -> None:
        """See the fields; other packages' names for them work too."""
        super().__init__(**data)

    _gate: Gate = PrivateAttr(default_factory=Gate)

    def embed_documents(self, texts: list[str], chunk_size: int | None = None) -> list[list[float]]:
        """Embed texts, `chunk_size` in a request, one request after the other.

        Args:
            texts: The texts; an empty list costs no request.
            chunk_size: Texts in a request, for this call.

        Returns:
            `list[list[float]]`, in the order of `texts`.

        Raises:
            PayloadTooLargeError: A text is too long; the message names its position.
            SiliconFlowError: See `langchain_siliconflow`'s error classes.
        """
        batches = self._batches(texts, chunk_size)
        vectors: list[list[float]] = []
        with self._progress(len(texts)) as bar:
            for first, batch in batches:
                with _naming_position(first, batch, self._max_tokens), langchain_errors():
                    result = self._client.embed(
                        extra_body=self.model_kwargs or None, **self._request(batch)
                    )
                vectors.extend(result.vectors)
                bar.update(len(batch))
        return vectors

    async def aembed_documents(
        self, texts: list[str], chunk_size: int | None = None
    ) -> list[list[float]]:
        """Embed texts as `embed_documents` does, with `max_concurrency` requests in flight."""
        batches = self._batches(texts, chunk_size)
        with self._progress(len(texts)) as bar:

            async def embed(numbered: tuple[int, Sequence[str]]) -> list[list[float]]:
                first, batch = numbered
                with _naming_position(first, batch, self._max_tokens), langchain_errors():
                    result = await self._async_client.embed(
                        extra_body=self.model_kwargs or None, **self._request(batch)
                    )
                bar.update(len(batch))
                return result.vectors

            parts = await self._gate.map(embed, batches, width=self.max_concurrency)
        return [vector for part in parts for vector in part]

    def embed_query(self, text: str) -> list[float]:
        """Embed one text as `list[float]`."""
        return self.embed_documents([text])[0]

    async def aembed_query(self, text: str) -> list[float]:
        """Embed one text as `list[float]`."""
        return (await self.aembed_documents([text]))[0]

    # --- parts ------------------------------------------------------------------------------

    @property
    def _max_tokens(self) -> int:
        from siliconflow_client import lookup_model

        return lookup_model(self.model).max_input_tokens or _DEFAULT_MAX_TOKENS

    def _batches(
        self, texts: Sequence[object], chunk_size: int | None
    ) -> list[tuple[int, Sequence[str]]]:
        """Number the batches by the position of their first text."""
        size = self.chunk_size if chunk_size is None else chunk_size
        with langchain_errors():
            if not 1 <= size <= 64:
                raise ConfigurationError(
                    f"chunk_size must be 1 to 64, not {size!r}", argument="chunk_size"
                )
            if isinstance(texts, str):
                raise ConfigurationError(
                    "texts must be a list of strings, not one string", argument="texts"
                )
            checked: list[str] = []
            for position, text in enumerate(texts):
                if not isinstance(text, str):
                    raise ConfigurationError(
                        f"texts[{position}] must be a string, not {type(text).__name__}",
                        argument=f"texts[{position}]",
                    )
                checked.append(text)
        if self.truncate:
            limit = self._max_tokens
            checked = [cut_to(text, limit) for text in checked]
        return [(number * size, batch) for number, batch in enumerate(split_batches(checked, size))]

    def _request(self, batch: Sequence[str]) -> EmbeddingRequest:
        request: EmbeddingRequest = {"model": self.model, "input": list(batch)}
        if self.dimensions is not None:
            request["dimensions"] = self.dimensions
        if self.encoding_format is not None:
            request["encoding_format"] = self.encoding_format
        if self.user is not None:
            request["user"] = self.user
        return request

    def _progress(self, total: int) -> _Bar:
        return _Bar(total, shown=self.show_progress_bar)


class _Bar:
    """tqdm's bar, or nothing."""

    def __init__(self, total: int, *, shown: bool) -> None:
        self._bar = None
        if shown:
            try:
                from tqdm.auto import tqdm
            except ModuleNotFoundError as error:
                raise ImportError("show_progress_bar needs tqdm: pip install tqdm") from error
            self._bar = tqdm(total=total, desc="Embedding", unit="text")

    def update(self, count: int) -> None:
        """Move the bar on."""
        if self._bar is not None:
            self._bar.update(count)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        if self._bar is not None:
            self._bar.close()


class _naming_position:  # noqa: N801 - used like a function, as contextlib's are
    """Say which text is too long when the server only says that one is."""

    def __init__(self, first: int, batch: Sequence[str], max_tokens: int) -> None:
        self._first = first
        self._batch = batch
        self._max_tokens = max_tokens

    def __enter__(self) -> None:
        return None

    def __exit__(self, kind: object, error: BaseException | None, traceback: object) -> None:
        if isinstance(error, APIStatusError) and self._is_about_length(error):
            error.message = f"{error.message.rstrip('.')}. {self._culprits()}"

    def _is_about_length(self, error: APIStatusError) -> bool:
        """413 says so; 400 with 20015 is what newer servers answer to the same."""
        if isinstance(error, PayloadTooLargeError):
            return "batch size" not in error.message
        return isinstance(error, BadRequestError) and (
            "token" in error.message or any(self._too_long())
        )

    def _too_long(self) -> Iterator[int]:
        for position, text in enumerate(self._batch):
            if estimate_tokens(text) > self._max_tokens:
                yield position

    def _culprits(self) -> str:
        suspects = list(self._too_long()) or [longest(self._batch)]
        named = ", ".join(
            f"texts[{self._first + position}] ({len(self._batch[position])} characters)"
            for position in suspects
        )
        verb = "is" if len(suspects) == 1 else "are"
        return (
            f"By estimate {named} {verb} too long: the model takes {self._max_tokens} tokens a "
            "text. Split it, or set truncate=True"
        )
