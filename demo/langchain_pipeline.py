"""The pipeline as a LangChain user would write it."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from langchain_core.documents import Document
from langchain_core.messages import AIMessage, AIMessageChunk, AnyMessage, HumanMessage
from langchain_core.tools import BaseTool, tool
from langchain_core.vectorstores import InMemoryVectorStore

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
from langchain_siliconflow import ChatSiliconFlow, SiliconFlowEmbeddings, SiliconFlowRerank
from siliconflow_simulator import LocalSettings


class LangChainPipeline(Pipeline):
    """Embeddings in LangChain's in-memory store, a document compressor, a chat model."""

    framework = "LangChain"

    def __init__(self, settings: LocalSettings, vectors: KeptVectors) -> None:
        self.tokens = Tokens()
        self.vectors = vectors
        self._chat = ChatSiliconFlow(**settings)
        self._reranker = SiliconFlowRerank(top_n=FOUND, **settings)
        self._embeddings = SiliconFlowEmbeddings(**settings)
        self._store = InMemoryVectorStore(self._embeddings)
        self._passages: dict[str, Passage] = {}

    async def embed(self, texts: Sequence[str]) -> list[list[float]]:
        return await self._embeddings.aembed_documents(list(texts))

    def add(self, passages: Sequence[Passage], vectors: Sequence[list[float]]) -> None:
        # What add_documents() does, with vectors that are there already.
        for passage, vector in zip(passages, vectors, strict=True):
            self._passages[passage.title] = passage
            self._store.store[passage.title] = {
                "id": passage.title,
                "vector": vector,
                "text": passage.content,
                "metadata": {"title": passage.title},
            }

    def search(self, question: str) -> list[Hit]:
        found = self._store.similarity_search_with_score(question, k=FOUND)
        return [self._hit(document, score) for document, score in found]

    def rerank(self, question: str, hits: Sequence[Hit]) -> list[Hit]:
        documents = [_document(hit.passage) for hit in hits]
        best = self._reranker.compress_documents(documents, question)
        return [self._hit(document, document.metadata["relevance_score"]) for document in best]

    def answer(self, question: str, hits: Sequence[Hit]) -> Iterator[str]:
        messages = [("system", INSTRUCTIONS), ("human", question_prompt(question, hits))]
        for chunk in self._chat.stream(messages):
            self._count(chunk)
            if chunk.text:
                yield chunk.text

    def use_tool(self, title: str) -> ToolUse:
        open_passage = self._open_passage()
        chat = self._chat.bind_tools([open_passage])
        messages: list[AnyMessage] = [HumanMessage(tool_prompt(title))]
        request = chat.invoke(messages)
        self._count(request)
        if not request.tool_calls:
            return ToolUse("", {}, "", request.text)
        call = request.tool_calls[0]
        result = open_passage.invoke(call)
        reply = chat.invoke([*messages, request, result])
        self._count(reply)
        return ToolUse(call["name"], call["args"], result.text, reply.text)

    def _open_passage(self) -> BaseTool:
        passages = self._passages

        @tool
        def open_passage(title: str) -> str:
            """Give the whole text of the passage with this title."""
            passage = passages.get(title)
            return passage.text if passage else f"There is no passage called {title!r}."

        open_passage.handle_validation_error = True  # what a model leaves out is told to it
        return open_passage

    def _hit(self, document: Document, score: float) -> Hit:
        return Hit(self._passages[document.metadata["title"]], score)

    def _count(self, message: AIMessage | AIMessageChunk) -> None:
        if usage := message.usage_metadata:
            self.tokens += Tokens(usage["input_tokens"], usage["output_tokens"])


def _document(passage: Passage) -> Document:
    return Document(passage.content, metadata={"title": passage.title})
