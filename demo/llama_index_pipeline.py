"""The pipeline as a LlamaIndex user would write it."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import cast

from llama_index.core import VectorStoreIndex
from llama_index.core.base.llms.types import ChatMessage, ChatResponse, MessageRole
from llama_index.core.schema import NodeWithScore, QueryBundle, TextNode
from llama_index.core.tools import FunctionTool

from demo.corpus import Passage
from demo.pipeline import (
    FOUND,
    INSTRUCTIONS,
    Hit,
    Pipeline,
    Tokens,
    ToolUse,
    question_prompt,
    tool_prompt,
)
from demo.vectors import KeptVectors
from llama_index_siliconflow import SiliconFlow, SiliconFlowEmbedding, SiliconFlowRerank
from siliconflow_client import ChatChunkDict
from siliconflow_simulator import LocalSettings


class LlamaIndexPipeline(Pipeline):
    """Embeddings in LlamaIndex's in-memory index, a node postprocessor, an LLM."""

    framework = "LlamaIndex"

    def __init__(self, settings: LocalSettings, vectors: KeptVectors) -> None:
        self.tokens = Tokens()
        self.vectors = vectors
        self._llm = SiliconFlow(**settings)
        self._reranker = SiliconFlowRerank(top_n=FOUND, **settings)
        self._embedding = SiliconFlowEmbedding(**settings)
        self._store = VectorStoreIndex(nodes=[], embed_model=self._embedding)
        self._passages: dict[str, Passage] = {}

    async def embed(self, texts: Sequence[str]) -> list[list[float]]:
        return await self._embedding.aget_text_embedding_batch(list(texts))

    def add(self, passages: Sequence[Passage], vectors: Sequence[list[float]]) -> None:
        nodes: list[TextNode] = []
        for passage, vector in zip(passages, vectors, strict=True):
            self._passages[passage.title] = passage
            node = _node(passage)
            node.embedding = vector
            nodes.append(node)
        self._store.insert_nodes(nodes)

    def search(self, question: str) -> list[Hit]:
        retriever = self._store.as_retriever(similarity_top_k=FOUND)
        return [self._hit(found) for found in retriever.retrieve(question)]

    def rerank(self, question: str, hits: Sequence[Hit]) -> list[Hit]:
        nodes = [NodeWithScore(node=_node(hit.passage), score=hit.score) for hit in hits]
        best = self._reranker.postprocess_nodes(nodes, query_bundle=QueryBundle(question))
        return [self._hit(node) for node in best]

    def answer(self, question: str, hits: Sequence[Hit]) -> Iterator[str]:
        messages = [
            ChatMessage(INSTRUCTIONS, role=MessageRole.SYSTEM),
            ChatMessage(question_prompt(question, hits)),
        ]
        response: ChatResponse | None = None
        for response in self._llm.stream_chat(messages):
            if response.delta:
                yield response.delta
        self._count(response)

    def use_tool(self, title: str) -> ToolUse:
        tool = FunctionTool.from_defaults(self._open_passage, name="open_passage")
        question = ChatMessage(tool_prompt(title))
        request = self._llm.chat_with_tools([tool], user_msg=question)
        self._count(request)
        calls = self._llm.get_tool_calls_from_response(request, error_on_no_tool_call=False)
        if not calls:
            return ToolUse("", {}, "", request.message.content or "")
        call = calls[0]
        # Not `tool(**…)`: what a model leaves out, or makes up, would be a TypeError.
        result = self._open_passage(str(call.tool_kwargs.get("title", "")))
        told = ChatMessage(
            result, role=MessageRole.TOOL, additional_kwargs={"tool_call_id": call.tool_id}
        )
        reply = self._llm.chat([question, request.message, told])
        self._count(reply)
        return ToolUse(call.tool_name, call.tool_kwargs, result, reply.message.content or "")

    def _open_passage(self, title: str) -> str:
        """Give the whole text of the passage with this title."""
        passage = self._passages.get(title)
        return passage.text if passage else f"There is no passage called {title!r}."

    def _hit(self, found: NodeWithScore) -> Hit:
        return Hit(self._passages[found.node.metadata["title"]], found.score or 0.0)

    def _count(self, response: ChatResponse | None) -> None:
        raw = cast("ChatChunkDict | None", response.raw if response else None)
        if raw and (usage := raw.get("usage")):
            self.tokens += Tokens(usage.get("prompt_tokens", 0), usage.get("completion_tokens", 0))


def _node(passage: Passage) -> TextNode:
    title = {"title": passage.title}
    hidden = list(title)  # the title is in the text already
    return TextNode(
        text=passage.content,
        metadata=title,
        excluded_embed_metadata_keys=hidden,
        excluded_llm_metadata_keys=hidden,
    )
