"""SiliconFlow's rerankers for LangChain."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from copy import deepcopy
from typing import TYPE_CHECKING, Any, ClassVar, Unpack, cast

from langchain_core.callbacks import Callbacks
from langchain_core.documents import Document
from langchain_core.documents.compressor import BaseDocumentCompressor
from pydantic import Field

from langchain_siliconflow._errors import langchain_errors
from langchain_siliconflow._keywords import RerankKeywords
from langchain_siliconflow._params import CONNECTION_ALIASES
from langchain_siliconflow._settings import ConnectionSettings
from siliconflow_client import DEFAULT_RERANK_MODEL, ConfigurationError, TextOrMedia

if TYPE_CHECKING:
    from siliconflow_client import ManyDocuments, RerankResult


class SiliconFlowRerank(ConnectionSettings, BaseDocumentCompressor):
    """Order documents by how well they answer a query, with a model of SiliconFlow.

    ```python
    from langchain_core.callbacks import Callbacks
    from langchain_core.documents import Document

    from langchain_siliconflow import SiliconFlowRerank

    documents = [Document("gzip compresses files"), Document("Paris is in France")]
    best = SiliconFlowRerank(top_n=1).compress_documents(documents, "What is gzip?")
    print(best[0].metadata["relevance_score"])
    ```
    """

    _aliases: ClassVar[Mapping[str, str]] = {**CONNECTION_ALIASES, "model_name": "model"}

    model: str = DEFAULT_RERANK_MODEL
    """Id of the model."""

    top_n: int | None = Field(default=3, ge=1)
    """Documents to keep; `None` keeps all."""

    instruction: str | None = None
    """What counts as relevant, in words; Qwen3-Reranker models only."""

    max_chunks_per_doc: int | None = None
    """Pieces that a long document is cut into; bge-reranker-v2-m3 and bce-reranker only."""

    overlap_tokens: int | None = None
    """Tokens that neighbouring pieces share, 0 to 80; the same models only."""

    chunk_size: int = Field(default=64, ge=1)
    """Documents in a request; longer lists go in several, merged by score."""

    max_concurrency: int = Field(default=8, ge=1)
    """Requests in flight at once."""

    show_progress_bar: bool = False
    """Show a bar over the documents of a call; needs tqdm. It moves by `chunk_size`."""

    model_kwargs: dict[str, Any] = Field(default_factory=dict)
    """Anything else for the body of the request."""

    def __init__(self, **data: Unpack[RerankKeywords]) -> None:
        """See the fields; other packages' names for them work too."""
        super().__init__(**data)

    def compress_documents(
        self,
        documents: Sequence[Document],
        query: str,
        callbacks: Callbacks | None = None,
    ) -> Sequence[Document]:
        """Return copies of the `top_n` best documents, best first.

        Each copy has `metadata["relevance_score"]`, 0 to 1; the documents given stay as they
        are. An empty list costs no request.
        """
        listed = _listed(documents)
        return _ranked(listed, self.rerank(listed, query))

    async def acompress_documents(
        self,
        documents: Sequence[Document],
        query: str,
        callbacks: Callbacks | None = None,
    ) -> Sequence[Document]:
        """Do as `compress_documents`."""
        listed = _listed(documents)
        return _ranked(listed, await self.arerank(listed, query))

    def rerank(
        self,
        documents: Sequence[TextOrMedia | Document],
        query: TextOrMedia,
        *,
        top_n: int | None = None,
    ) -> list[dict[str, Any]]:
        """Score documents.

        Args:
            documents: Texts, or documents whose `page_content` counts. Models that see take
                objects among them: `{"text": …}`, `{"image": "https://…"}`, `{"video": …}`.
            query: The question; for models that see, an object too.
            top_n: How many to return; the field when `None`.

        Returns:
            `[{"index": 2, "relevance_score": 0.9}, ...]`, best first; `index` counts in
            `documents`.

        Raises:
            SiliconFlowError: A request failed for good; `.partial` holds the rankings of the
                batches that were finished.
        """
        with langchain_errors():
            texts, request = self._request(documents, top_n)
            return _hits(self._client.rerank_many(query, texts, **request))

    async def arerank(
        self,
        documents: Sequence[TextOrMedia | Document],
        query: TextOrMedia,
        *,
        top_n: int | None = None,
    ) -> list[dict[str, Any]]:
        """Score documents as `rerank` does."""
        with langchain_errors():
            texts, request = self._request(documents, top_n)
            return _hits(await self._async_client.rerank_many(query, texts, **request))

    def _request(
        self, documents: Sequence[object], top_n: int | None
    ) -> tuple[list[TextOrMedia], ManyDocuments]:
        texts: list[TextOrMedia] = []
        for position, document in enumerate(documents):
            text = document.page_content if isinstance(document, Document) else document
            if not isinstance(text, str | Mapping):
                raise ConfigurationError(
                    f"documents[{position}] must be a string or a Document, not "
                    f"{type(text).__name__}",
                    argument=f"documents[{position}]",
                )
            texts.append(cast("TextOrMedia", text))
        request: ManyDocuments = {
            "model": self.model,
            "top_n": top_n or self.top_n,
            "batch_size": self.chunk_size,
            "width": self.max_concurrency,
            "progress": self.show_progress_bar,
            "return_documents": False,
            "extra_body": self.model_kwargs or None,
        }
        if self.instruction is not None:
            request["instruction"] = self.instruction
        if self.max_chunks_per_doc is not None:
            request["max_chunks_per_doc"] = self.max_chunks_per_doc
        if self.overlap_tokens is not None:
            request["overlap_tokens"] = self.overlap_tokens
        return texts, request


def _listed(documents: Iterable[Document]) -> list[Document]:
    """Keep what an iterator gives once: it is sent, and looked up again by position."""
    if isinstance(cast("object", documents), Iterable):
        return list(documents)
    with langchain_errors():
        raise ConfigurationError(
            f"documents must be a list of documents, not {type(documents).__name__}.",
            argument="documents",
        )


def _hits(result: RerankResult) -> list[dict[str, Any]]:
    return [{"index": hit.index, "relevance_score": hit.relevance_score} for hit in result.results]


def _ranked(documents: Sequence[Document], hits: Iterable[dict[str, Any]]) -> list[Document]:
    ranked: list[Document] = []
    for hit in hits:
        index: int = hit["index"]
        document = documents[index]
        metadata = deepcopy(document.metadata)
        metadata["relevance_score"] = hit["relevance_score"]
        ranked.append(document.model_copy(update={"metadata": metadata}))
    return ranked
