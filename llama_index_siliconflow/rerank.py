"""`SiliconFlowRerank`: rerankers as LlamaIndex node postprocessors."""

from __future__ import annotations

import warnings
from collections.abc import Generator, Sequence
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, Unpack

from llama_index.core.bridge.pydantic import Field, SecretStr
from llama_index.core.callbacks import CBEventType, EventPayload
from llama_index.core.instrumentation.events.exception import ExceptionEvent
from llama_index.core.instrumentation.events.rerank import ReRankEndEvent, ReRankStartEvent
from llama_index.core.postprocessor.types import BaseNodePostprocessor
from llama_index.core.schema import MetadataMode, NodeWithScore, QueryBundle
from llama_index_instrumentation import get_dispatcher

from llama_index_siliconflow._connection import Connection, KeySource
from llama_index_siliconflow._keywords import RerankKeywords
from llama_index_siliconflow._media import node_image
from llama_index_siliconflow._settings import one_of
from siliconflow_client import (
    DEFAULT_IMAGE_BATCH,
    DEFAULT_RERANK_MODEL,
    MAX_RERANK_DOCUMENTS,
    ConfigurationError,
    SiliconFlowError,
    image_input,
    lookup_model,
)

if TYPE_CHECKING:
    import httpx

    from siliconflow_client import ManyDocuments, RerankResult, TextOrMedia
else:
    from llama_index_siliconflow._connection import httpx

_dispatcher = get_dispatcher(__name__)


class SiliconFlowRerank(Connection, BaseNodePostprocessor):
    """SiliconFlow's rerankers: bge, bce, Qwen3-Reranker, Qwen3-VL-Reranker.

    A model that sees ranks a node with an image by the image (a URL is passed on, a file is sent
    along), and takes the image of a query without text.

    Nodes come back as new `NodeWithScore`s, best first, with scores from 0 to 1; those handed in
    keep their scores. More than `max_batch` nodes (8, with images among them) are ranked in several
    requests and merged: a reranker scores each document by itself, so scores of different requests
    compare.

    Args:
        model: The model's id.
        base_url: The site; else `SILICONFLOW_BASE_URL`, else `https://api.siliconflow.cn/v1`.
        api_key: The key, or a function that tells it; else `SILICONFLOW_API_KEY`.
        top_n: Nodes to keep.
        return_documents: Have the server echo the texts; nothing here needs it.
        max_chunks_per_doc: Chunks that a long document is cut into (bge and bce only).
        overlap_tokens: Tokens that neighbouring chunks share, 0 to 80 (bge and bce only).
        instruction: What relevance means here (Qwen3-Reranker only).
        http_client: An `httpx.Client` for synchronous calls.
        async_http_client: An `httpx.AsyncClient` for asynchronous calls.
        fields: All other fields, by name.

    Raises:
        ConfigurationError: A wrong URL or key. A missing key is missed at the first call.

    Examples:
        ```python
        from llama_index.core import Document, VectorStoreIndex
        from llama_index_siliconflow import SiliconFlow, SiliconFlowEmbedding, SiliconFlowRerank

        documents = [Document(text="Bread rises."), Document(text="Snow is white.")]
        index = VectorStoreIndex.from_documents(documents, embed_model=SiliconFlowEmbedding())
        engine = index.as_query_engine(
            llm=SiliconFlow(),
            similarity_top_k=12,
            node_postprocessors=[SiliconFlowRerank(top_n=3)],
        )
        print(engine.query("What is white?"))
        ```
    """

    model: str = Field(default=DEFAULT_RERANK_MODEL, description="The model's id.")
    top_n: int = Field(default=4, description="Nodes to keep.", gt=0)
    return_documents: bool | None = Field(default=None, description="Echo the texts.")
    instruction: str | None = Field(default=None, description="Qwen3-Reranker only.")
    max_chunks_per_doc: int | None = Field(default=None, description="bge and bce only.", gt=0)
    overlap_tokens: int | None = Field(
        default=None, description="0 to 80; bge and bce only.", ge=0, le=80
    )
    additional_kwargs: dict[str, Any] = Field(
        default_factory=dict, description="Merged into the body at top level."
    )
    max_batch: int = Field(default=MAX_RERANK_DOCUMENTS, description="Documents per request.", gt=0)
    max_concurrency: int = Field(
        default=8, description="Requests in flight at once, for more than one batch.", gt=0
    )
    show_progress: bool = Field(
        default=False, description="Show a bar over the nodes of a call; it moves by max_batch."
    )

    def __init__(
        self,
        model: str | None = None,
        base_url: str | None = None,
        api_key: str | SecretStr | KeySource | None = None,
        top_n: int = 4,
        return_documents: bool | None = None,
        max_chunks_per_doc: int | None = None,
        overlap_tokens: int | None = None,
        *,
        instruction: str | None = None,
        model_name: str | None = None,
        http_client: httpx.Client | None = None,
        async_http_client: httpx.AsyncClient | None = None,
        **fields: Unpack[RerankKeywords],
    ) -> None:
        if fields.get("callback_manager") is None:
            fields.pop("callback_manager", None)  # LlamaIndex's base class would keep the None
        super().__init__(
            model=one_of("model", model, "model_name", model_name) or DEFAULT_RERANK_MODEL,
            base_url=base_url,
            api_key=api_key,
            top_n=top_n,
            return_documents=return_documents,
            instruction=instruction,
            max_chunks_per_doc=max_chunks_per_doc,
            overlap_tokens=overlap_tokens,
            http_client=http_client,
            async_http_client=async_http_client,
            **fields,
        )

    @classmethod
    def class_name(cls) -> str:
        """Name the class in serialised form."""
        return "SiliconFlowRerank"

    def _postprocess_nodes(
        self, nodes: list[NodeWithScore], query_bundle: QueryBundle | None = None
    ) -> list[NodeWithScore]:
        with self._ranking(nodes, query_bundle) as ranking:
            ranking.result = self._sync_client().rerank_many(
                ranking.query, ranking.documents, **self._request(ranking)
            )
        return ranking.ranked

    async def _apostprocess_nodes(
        self, nodes: list[NodeWithScore], query_bundle: QueryBundle | None = None
    ) -> list[NodeWithScore]:
        with self._ranking(nodes, query_bundle) as ranking:
            ranking.result = await self._async_client().rerank_many(
                ranking.query, ranking.documents, **self._request(ranking)
            )
        return ranking.ranked

    @contextmanager
    def _ranking(
        self, nodes: Sequence[NodeWithScore], query_bundle: QueryBundle | None
    ) -> Generator[_Ranking, None, None]:
        """Surround the requests with events and callbacks, on every path."""
        if query_bundle is None:
            raise ConfigurationError("Missing query bundle in extra info.", argument="query_bundle")
        ranking = self._ranking_of(nodes, query_bundle)
        _dispatcher.event(
            ReRankStartEvent(
                query=query_bundle, nodes=list(nodes), top_n=self.top_n, model_name=self.model
            )
        )
        payload: dict[str, Any] = {
            EventPayload.NODES: nodes,
            EventPayload.MODEL_NAME: self.model,
            EventPayload.QUERY_STR: query_bundle.query_str,
            EventPayload.TOP_K: self.top_n,
        }
        with self.callback_manager.event(CBEventType.RERANKING, payload=payload) as event:
            try:
                yield ranking
            except SiliconFlowError as error:
                _dispatcher.event(ExceptionEvent(exception=error))
                raise
            if ranking.result is not None:
                ranking.ranked = [
                    NodeWithScore(node=nodes[hit.index].node, score=hit.relevance_score)
                    for hit in ranking.result.results
                ]
            event.on_end(payload={EventPayload.NODES: ranking.ranked})
        _dispatcher.event(ReRankEndEvent(nodes=ranking.ranked))

    def _ranking_of(self, nodes: Sequence[NodeWithScore], bundle: QueryBundle) -> _Ranking:
        sees = "image" in lookup_model(self.model).inputs
        query: TextOrMedia = bundle.query_str
        if sees and bundle.image_path and not query:
            query = image_input(bundle.image_path, "query_bundle.image_path")
        documents: list[TextOrMedia] = []
        for position, node in enumerate(nodes):
            image = node_image(node.node) if sees else None
            documents.append(
                node.node.get_content(metadata_mode=MetadataMode.EMBED)
                if image is None
                else image_input(image, f"nodes[{position}]")
            )
        return _Ranking(query, documents)

    def _request(self, ranking: _Ranking) -> ManyDocuments:
        most = DEFAULT_IMAGE_BATCH if ranking.has_images else self.max_batch
        request: ManyDocuments = {
            "model": self.model,
            "top_n": self.top_n,
            "batch_size": min(self.max_batch, most),
            "width": self.max_concurrency,
            "progress": self.show_progress,
            "options": self._options(),
            "extra_body": self.additional_kwargs,
        }
        if self.return_documents is not None:
            request["return_documents"] = self.return_documents
        facts = lookup_model(self.model)
        if self.instruction is not None and self._takes("instruction", facts.instruction):
            request["instruction"] = self.instruction
        chunks = facts.chunk_parameters
        if self.max_chunks_per_doc is not None and self._takes("max_chunks_per_doc", chunks):
            request["max_chunks_per_doc"] = self.max_chunks_per_doc
        if self.overlap_tokens is not None and self._takes("overlap_tokens", chunks):
            request["overlap_tokens"] = self.overlap_tokens
        return request

    def _takes(self, parameter: str, takes: bool) -> bool:
        if not takes:
            warnings.warn(f"{self.model} does not take {parameter}; it is not sent", stacklevel=2)
        return takes


class _Ranking:
    """One ranking on its way: texts and images in, results and ranked nodes out."""

    __slots__ = ("documents", "query", "ranked", "result")

    def __init__(self, query: TextOrMedia, documents: list[TextOrMedia]) -> None:
        self.query = query
        self.documents = documents
        self.result: RerankResult | None = None
        self.ranked: list[NodeWithScore] = []

    @property
    def has_images(self) -> bool:
        return not all(isinstance(document, str) for document in self.documents)
