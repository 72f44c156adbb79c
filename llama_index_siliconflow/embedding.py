"""`SiliconFlowEmbedding`: embedding models for LlamaIndex."""

from __future__ import annotations

import uuid
from collections.abc import AsyncIterator, Iterable, Iterator
from typing import TYPE_CHECKING, Any, ClassVar, Final, Literal, Unpack

from llama_index.core.base.embeddings.base import BaseEmbedding
from llama_index.core.bridge.pydantic import Field, SecretStr
from llama_index.core.callbacks import CallbackManager

from llama_index_siliconflow._connection import Connection, KeySource
from llama_index_siliconflow._keywords import EmbeddingKeywords
from llama_index_siliconflow._settings import one_of
from llama_index_siliconflow._text_batches import CACHE, TextBatches, counted
from siliconflow_client import DEFAULT_EMBEDDING_MODEL, MAX_EMBEDDING_INPUTS, EmbeddingCollector

if TYPE_CHECKING:
    import httpx

    from siliconflow_client import EmbeddedBatch, ManyEmbeddings, TextOrMedia
else:
    from llama_index_siliconflow._connection import httpx

_NO_NAME: Final = "unknown"  # in dicts that the older package wrote


class SiliconFlowEmbedding(Connection, BaseEmbedding):
    """SiliconFlow's embedding models: bge, bce, Qwen3-Embedding.

    Whatever `embed_batch_size` says, a request holds at most `max_batch` texts; a list's requests
    run `max_concurrency` (or `num_workers`, where set) at a time, in synchronous calls too. What
    was finished before a failure is in the error's `.partial`, a vector or `None` for each text.
    All that changes
    the vectors is part of the serialised form, and so of an ingestion cache's key; the key, time
    limits and retries are not.

    Args:
        model: The model's id; `model_name` means the same.
        api_key: The key, or a function that tells it; else `SILICONFLOW_API_KEY`.
        base_url: The site; else `SILICONFLOW_BASE_URL`, else `https://api.siliconflow.cn/v1`.
        encoding_format: How vectors travel: "float" or "base64", which is half the bytes or less
            and gives the same vectors. Floats by default, since a 400 was reported for base64.
            `make live` compares both at the API itself (docs/wire.md#unsettled-points,
            `base64-order`); until it has run, this is for you to try.
        max_retries: Further tries after the first.
        callback_manager: LlamaIndex's callbacks.
        model_name: Another name for `model`.
        http_client: An `httpx.Client` for synchronous calls.
        async_http_client: An `httpx.AsyncClient` for asynchronous calls.
        fields: All other fields, by name.

    Raises:
        ConfigurationError: A wrong URL or key. A missing key is missed at the first call.

    Examples:
        ```python
        from llama_index_siliconflow import SiliconFlowEmbedding

        embed_model = SiliconFlowEmbedding(model="Qwen/Qwen3-Embedding-0.6B", dimensions=256)
        vectors = embed_model.get_text_embedding_batch(["one text", "another text"])
        print(len(vectors), len(vectors[0]))
        ```
    """

    _first_choice: ClassVar[str] = DEFAULT_EMBEDDING_MODEL
    """The model where none is named."""

    model: str = Field(default=DEFAULT_EMBEDDING_MODEL, description="The model's id.")
    dimensions: int | None = Field(
        default=None, description="Floats per vector; Qwen3-Embedding only.", gt=0
    )
    encoding_format: Literal["float", "base64"] | None = Field(
        default=None, description="How vectors travel; not sent when it is float."
    )
    query_instruction: str | None = Field(
        default=None, description="Text to put before every query (not before documents)."
    )
    additional_kwargs: dict[str, Any] = Field(
        default_factory=dict, description="Merged into the body at top level."
    )
    embed_batch_size: int = Field(
        default=MAX_EMBEDDING_INPUTS,
        description="Texts per batch of LlamaIndex's (one event each).",
        gt=0,
        le=2048,
    )
    max_batch: int = Field(
        default=MAX_EMBEDDING_INPUTS,
        description="Texts per request. Documented: 32; the server was seen to take 64.",
        gt=0,
        le=64,
        exclude=True,
    )
    max_concurrency: int = Field(
        default=8, description="Requests in flight at once.", gt=0, exclude=True
    )
    timeout: float | None = Field(
        default=None, description="Seconds without a byte. Default: 300.", gt=0, exclude=True
    )
    deadline: float | None = Field(
        default=None, description="Seconds for a request, retries included.", gt=0, exclude=True
    )
    max_retries: int = Field(
        default=3, description="Further tries after the first.", ge=0, exclude=True
    )

    async_transport: Literal["auto", "httpx", "aiohttp"] | None = Field(
        default=None, description="What carries asynchronous calls.", exclude=True
    )
    max_answer_bytes: int | None = Field(
        default=None, description="The longest answer that is read.", gt=0, exclude=True
    )

    # LlamaIndex's own field, serialised there: JSON fails, and ingestion hashes hold its address.
    embeddings_cache: Any | None = Field(
        default=None, description="A key-value store for vectors.", exclude=True
    )

    def __init__(
        self,
        model: str | None = None,
        api_key: str | SecretStr | KeySource | None = None,
        base_url: str | None = None,
        encoding_format: Literal["float", "base64"] | None = None,
        max_retries: int = 3,
        callback_manager: CallbackManager | None = None,
        *,
        model_name: str | None = None,
        http_client: httpx.Client | None = None,
        async_http_client: httpx.AsyncClient | None = None,
        **fields: Unpack[EmbeddingKeywords],
    ) -> None:
        if model_name == _NO_NAME:
            model_name = None
        name = one_of("model", model, "model_name", model_name) or self._first_choice
        super().__init__(
            model=name,
            model_name=name,
            api_key=api_key,
            base_url=base_url,
            encoding_format=encoding_format,
            max_retries=max_retries,
            callback_manager=callback_manager,
            http_client=http_client,
            async_http_client=async_http_client,
            **fields,
        )

    @classmethod
    def class_name(cls) -> str:
        """Name the class in serialised form."""
        return "SiliconFlowEmbedding"

    def __setattr__(self, name: str, value: object) -> None:
        super().__setattr__(name, value)
        # LlamaIndex's events and caches read `model_name`; the two never differ.
        twin = {"model": "model_name", "model_name": "model"}.get(name)
        if twin is not None:
            super().__setattr__(twin, value)

    def get_text_embedding_batch(
        self, texts: list[str], show_progress: bool = False, **kwargs: Any
    ) -> list[list[float]]:
        """Embed texts, `max_concurrency` requests at a time.

        Events, callbacks, cache and rate limiter are used in the caller's thread, in the order of
        the batches of `embed_batch_size` texts.

        Returns:
            `list[list[float]]`, in the order of `texts`.

        Raises:
            SiliconFlowError: A request failed for good. Nothing further was begun; `.partial`
                holds, for each text, its vector or `None`.
        """
        client, request = self._sync_client(), self._list_request()
        texts = counted(texts)
        client.embed_many(texts, **request)  # refuses at once what cannot be sent
        cache = self.embeddings_cache

        def asked() -> Iterator[str]:
            for batch in run.begun():
                known = (
                    [cache.get(key=text, collection=CACHE) for text in batch.texts]
                    if cache
                    else None
                )
                missing = run.asked_for(batch, known)
                if missing and self.rate_limiter is not None:
                    self.rate_limiter.acquire()
                yield from missing

        def end(answered: EmbeddedBatch | None) -> None:
            for batch in run.ended(answered):
                if cache:
                    for text, vector in run.fresh(batch):
                        cache.put(key=text, val={str(uuid.uuid4()): vector}, collection=CACHE)

        with TextBatches(self, texts, show_progress) as run:
            for answered in client.embed_many(asked(), **request):
                end(answered)
            end(None)  # those that the cache knew
        return run.vectors

    async def aget_text_embedding_batch(
        self, texts: list[str], show_progress: bool = False, **kwargs: Any
    ) -> list[list[float]]:
        """Embed texts as `get_text_embedding_batch` does."""
        client, request = self._async_client(), self._list_request()
        texts = counted(texts)
        client.embed_many(texts, **request)  # as above
        cache = self.embeddings_cache

        async def asked() -> AsyncIterator[str]:
            for batch in run.begun():
                known = (
                    [await cache.aget(key=text, collection=CACHE) for text in batch.texts]
                    if cache
                    else None
                )
                missing = run.asked_for(batch, known)
                if missing and self.rate_limiter is not None:
                    await self.rate_limiter.async_acquire()
                for text in missing:
                    yield text

        async def end(answered: EmbeddedBatch | None) -> None:
            for batch in run.ended(answered):
                if cache:
                    for text, vector in run.fresh(batch):
                        val = {str(uuid.uuid4()): vector}
                        await cache.aput(key=text, val=val, collection=CACHE)

        with TextBatches(self, texts, show_progress) as run:
            async for answered in client.embed_many(asked(), **request):
                await end(answered)
            await end(None)
        return run.vectors

    def _get_query_embedding(self, query: str) -> list[float]:
        return self._get_text_embeddings([self._query(query)])[0]

    async def _aget_query_embedding(self, query: str) -> list[float]:
        return (await self._aget_text_embeddings([self._query(query)]))[0]

    def _get_text_embedding(self, text: str) -> list[float]:
        return self._get_text_embeddings([text])[0]

    async def _aget_text_embedding(self, text: str) -> list[float]:
        return (await self._aget_text_embeddings([text]))[0]

    def _get_text_embeddings(self, texts: list[str]) -> list[list[float]]:
        return self._embed(texts, len(texts), self.max_batch)

    async def _aget_text_embeddings(self, texts: list[str]) -> list[list[float]]:
        return await self._aembed(texts, len(texts), self.max_batch)

    def _embed(
        self, inputs: Iterable[TextOrMedia], total: int, batch_size: int
    ) -> list[list[float]]:
        with EmbeddingCollector(total) as collected:
            for batch in self._sync_client().embed_many(inputs, **self._request(batch_size)):
                collected.add(batch)
        return collected.vectors

    async def _aembed(
        self, inputs: Iterable[TextOrMedia], total: int, batch_size: int
    ) -> list[list[float]]:
        request = self._request(batch_size)
        with EmbeddingCollector(total) as collected:
            async for batch in self._async_client().embed_many(inputs, **request):
                collected.add(batch)
        return collected.vectors

    def _query(self, query: str) -> str:
        return query if self.query_instruction is None else self.query_instruction + query

    def _list_request(self) -> ManyEmbeddings:
        return self._request(min(self.embed_batch_size, self.max_batch))

    def _request(self, batch_size: int) -> ManyEmbeddings:
        request: ManyEmbeddings = {
            "model": self.model,
            "batch_size": batch_size,
            "width": self.num_workers or self.max_concurrency,
            "options": self._options(),
            "extra_body": self.additional_kwargs,
        }
        if self.dimensions is not None:
            request["dimensions"] = self.dimensions
        # One project blames `encoding_format` for a 400: it is left out where it says nothing.
        if self.encoding_format == "base64":
            request["encoding_format"] = "base64"
        return request
