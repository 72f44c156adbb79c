"""SiliconFlow's embedding models for LangChain."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, Any, ClassVar, Literal, Unpack, cast

from langchain_core.embeddings import Embeddings
from pydantic import Field

from langchain_siliconflow._errors import langchain_errors
from langchain_siliconflow._keywords import EmbeddingKeywords
from langchain_siliconflow._params import CONNECTION_ALIASES
from langchain_siliconflow._settings import ConnectionSettings
from siliconflow_client import (
    DEFAULT_EMBEDDING_MODEL,
    DEFAULT_IMAGE_BATCH,
    ConfigurationError,
    EmbeddingCollector,
    ImageSource,
    TextOrMedia,
    image_inputs,
)

if TYPE_CHECKING:
    from siliconflow_client import ManyEmbeddings


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
    """How vectors travel. `base64` is half the bytes or less and gives the same floats; left out
    by default, since a 400 was reported for sending it. `make live` compares both at the API itself
    (docs/wire.md#unsettled-points, `base64-order`); until it has run, this is for you to try."""

    chunk_size: int = Field(default=32, ge=1, le=64)
    """Texts in a request: 32 by the documentation, and the server refuses more than 64."""

    max_concurrency: int = Field(default=8, ge=1)
    """Requests in flight at once."""

    truncate: bool = False
    """Cut texts that may be too long for the model, by an estimate that errs on the short side.
    Without it such a text raises an error that names its position."""

    show_progress_bar: bool = False
    """Show a bar over the texts of a call; needs tqdm."""

    user: str | None = None
    """Your name for the end user; only the vision models take it."""

    model_kwargs: dict[str, Any] = Field(default_factory=dict)
    """Anything else for the body of the request."""

    def __init__(self, **data: Unpack[EmbeddingKeywords]) -> None:
        """See the fields; other packages' names for them work too."""
        super().__init__(**data)

    def embed_documents(
        self, texts: Sequence[TextOrMedia], chunk_size: int | None = None
    ) -> list[list[float]]:
        """Embed texts, `chunk_size` in a request and `max_concurrency` requests at a time.

        Args:
            texts: The texts; an empty list costs no request. Models that see take objects among
                them: `{"text": "a red car"}`, `{"image": "https://…"}`.
            chunk_size: Texts in a request, for this call.

        Returns:
            `list[list[float]]`, in the order of `texts`.

        Raises:
            PayloadTooLargeError: A text is too long; the message names its position.
            SiliconFlowError: Any other failure. `.partial` holds, for each text, its vector or
                `None`.
        """
        listed = _listed(texts)
        return self._embed(listed, len(listed), chunk_size)

    async def aembed_documents(
        self, texts: Sequence[TextOrMedia], chunk_size: int | None = None
    ) -> list[list[float]]:
        """Embed texts as `embed_documents` does."""
        listed = _listed(texts)
        return await self._aembed(listed, len(listed), chunk_size)

    def embed_query(self, text: TextOrMedia) -> list[float]:
        """Embed one text as `list[float]`."""
        return self.embed_documents([text])[0]

    async def aembed_query(self, text: TextOrMedia) -> list[float]:
        """Embed one text as `list[float]`."""
        return (await self.aembed_documents([text]))[0]

    def embed_image(
        self, uris: Sequence[ImageSource], chunk_size: int | None = None
    ) -> list[list[float]]:
        """Embed images, into the same space as texts, with a model that sees.

        Vector stores that take images call it: `Chroma(…).add_images(uris)`.

        Args:
            uris: URLs, which the server fetches; data URIs; files, by path or `file://` URI,
                which are sent along (PNG, JPEG, GIF, WebP, BMP, TIFF, up to 20 MiB); or bytes.
            chunk_size: Images in a request, for this call; otherwise 8, or the field if smaller.

        Returns:
            `list[list[float]]`, in the order of `uris`.

        Raises:
            ConfigurationError: The model takes no images, or one cannot be sent.
            SiliconFlowError: Any other failure. `.partial` holds, for each image, its vector or
                `None`.
        """
        return self._embed(self._images(uris), len(uris), self._image_batch(chunk_size))

    async def aembed_image(
        self, uris: Sequence[ImageSource], chunk_size: int | None = None
    ) -> list[list[float]]:
        """Embed images as `embed_image` does."""
        return await self._aembed(self._images(uris), len(uris), self._image_batch(chunk_size))

    # --- parts ------------------------------------------------------------------------------

    def _embed(
        self, inputs: Iterable[TextOrMedia], total: int, size: int | None
    ) -> list[list[float]]:
        with langchain_errors(), EmbeddingCollector(total, self.show_progress_bar) as collected:
            for batch in self._client.embed_many(inputs, **self._request(size)):
                collected.add(batch)
        return collected.vectors

    async def _aembed(
        self, inputs: Iterable[TextOrMedia], total: int, size: int | None
    ) -> list[list[float]]:
        with langchain_errors(), EmbeddingCollector(total, self.show_progress_bar) as collected:
            async for batch in self._async_client.embed_many(inputs, **self._request(size)):
                collected.add(batch)
        return collected.vectors

    def _images(self, uris: Sequence[ImageSource]) -> Iterable[TextOrMedia]:
        with langchain_errors():
            return image_inputs(uris, self.model, "uris")

    def _image_batch(self, chunk_size: int | None) -> int:
        return min(self.chunk_size, DEFAULT_IMAGE_BATCH) if chunk_size is None else chunk_size

    def _request(self, chunk_size: int | None) -> ManyEmbeddings:
        size = self.chunk_size if chunk_size is None else chunk_size
        if not 1 <= size <= 64:
            raise ConfigurationError(
                f"chunk_size must be 1 to 64, not {size!r}", argument="chunk_size"
            )
        request: ManyEmbeddings = {
            "model": self.model,
            "batch_size": size,
            "width": self.max_concurrency,
            "shorten": self.truncate,
            "extra_body": self.model_kwargs or None,
        }
        if self.dimensions is not None:
            request["dimensions"] = self.dimensions
        if self.encoding_format is not None:
            request["encoding_format"] = self.encoding_format
        if self.user is not None:
            request["user"] = self.user
        return request


def _listed(texts: Iterable[TextOrMedia]) -> Sequence[TextOrMedia]:
    """Count out what has no length, such as a generator."""
    if isinstance(texts, Sequence):
        return texts  # one string too, which is refused by name later
    if isinstance(cast("object", texts), Iterable):
        return list(texts)
    with langchain_errors():
        raise ConfigurationError(
            f"texts must be a list of strings, not {type(texts).__name__}.", argument="texts"
        )
