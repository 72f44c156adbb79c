"""Who asks: the ways into the API that users have, each behind the same few methods."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Mapping
from dataclasses import dataclass
from typing import Any

from siliconflow_client import AsyncSiliconFlowClient, SiliconFlowClient
from tests.client.callers import CALLS, HI, KEY, settled

TEXTS = CALLS["embed"]["input"]
DOCUMENTS = CALLS["rerank"]["documents"]
OF_CHAT = ("long_answers", "empty_answers")
"""Settings that the classes for chat have, and those for vectors and ranks do not."""


class User:
    """Someone who asks; `text` grows while a stream is read, `waits` with every retry."""

    is_async = False

    def __init__(self, url: str, settings: Mapping[str, object], *, chats: bool) -> None:
        self.text = ""
        self.waits: list[float] = []
        self.settings = {"api_key": KEY, "base_url": url, **settings}
        self.settings = {
            name: value for name, value in self.settings.items() if chats or name not in OF_CHAT
        }
        self.make()

    def make(self) -> None:
        """Construct what asks."""
        raise NotImplementedError

    async def chat(self) -> object:
        raise NotImplementedError

    def open_stream(self) -> Any:
        raise NotImplementedError

    def text_of(self, item: Any) -> str:
        raise NotImplementedError

    async def embed(self) -> object:
        raise NotImplementedError

    async def rerank(self) -> object:
        raise NotImplementedError

    async def close(self) -> None:
        raise NotImplementedError

    async def stream(self, take: int | None = None) -> object:
        """Read a stream, or its first pieces, and close it."""
        source = await settled(self.open_stream())
        taken = 0
        try:
            async for item in each(source):
                self.text += self.text_of(item)
                taken += 1
                if taken == take:
                    break
        finally:
            await settled(source.aclose() if hasattr(source, "aclose") else source.close())
        return self.text

    def note(self, client: Any) -> None:
        """Let a client write its waits down in place of waiting."""

        async def later(seconds: float) -> None:
            self.waits.append(seconds)
            await asyncio.sleep(0)

        is_sync = isinstance(client, SiliconFlowClient)
        client._sleep = self.waits.append if is_sync else later


async def each(source: Any) -> AsyncIterator[Any]:
    """The items of a stream of either kind."""
    if hasattr(source, "__anext__"):
        async for item in source:
            yield item
    else:
        for item in source:
            yield item


class ClientUser(User):
    """The client itself."""

    def make(self) -> None:
        if self.is_async:
            self.client: Any = AsyncSiliconFlowClient(**self.settings)
        else:
            self.client = SiliconFlowClient(**self.settings)
        self.note(self.client)

    async def chat(self) -> object:
        return (await settled(self.client.chat(**HI))).text

    def open_stream(self) -> Any:
        return self.client.stream_chat(**HI)

    def text_of(self, item: Any) -> str:
        return item.text

    async def embed(self) -> object:
        return (await settled(self.client.embed(**CALLS["embed"]))).vectors

    async def rerank(self) -> object:
        result = await settled(self.client.rerank(**CALLS["rerank"]))
        return [(hit.index, hit.relevance_score) for hit in result.results]

    async def close(self) -> None:
        await settled(self.client.aclose() if self.is_async else self.client.close())


class AsyncClientUser(ClientUser):
    """The client on httpx's own pools."""

    is_async = True

    def make(self) -> None:
        self.settings["async_transport"] = "httpx"
        super().make()


class AiohttpClientUser(ClientUser):
    """The client on aiohttp."""

    is_async = True

    def make(self) -> None:
        self.settings["async_transport"] = "aiohttp"
        super().make()


class LangChainUser(User):
    """The classes for LangChain; asynchronous methods are named with an `a` in front."""

    def make(self) -> None:
        self.made: list[Any] = []

    def _new(self, name: str, **fields: object) -> Any:
        import langchain_siliconflow

        model = getattr(langchain_siliconflow, name)(**{**self.settings, **fields})
        self.note(model._client)
        self.note(model._async_client)
        self.made.append(model)
        return model

    def _call(self, target: Any, name: str, *args: object) -> Any:
        return getattr(target, f"a{name}" if self.is_async else name)(*args)

    def _chat_model(self) -> Any:
        found = next((model for model in self.made if hasattr(model, "invoke")), None)
        return found or self._new("ChatSiliconFlow", model=HI["model"])

    async def chat(self) -> object:
        return (await settled(self._call(self._chat_model(), "invoke", "Hi"))).text

    def open_stream(self) -> Any:
        return self._call(self._chat_model(), "stream", "Hi")

    def text_of(self, item: Any) -> str:
        return item.text

    async def embed(self) -> object:
        model = self._new("SiliconFlowEmbeddings")
        return await settled(self._call(model, "embed_documents", TEXTS))

    async def rerank(self) -> object:
        from langchain_core.documents import Document

        documents = [Document(text) for text in DOCUMENTS]
        model = self._new("SiliconFlowRerank", top_n=None)
        ranked = await settled(self._call(model, "compress_documents", documents, "q"))
        return [
            (DOCUMENTS.index(one.page_content), one.metadata["relevance_score"]) for one in ranked
        ]

    async def close(self) -> None:
        for model in self.made:
            model.close()
            await model.aclose()


class AsyncLangChainUser(LangChainUser):
    is_async = True


class LlamaIndexUser(User):
    """The classes for LlamaIndex."""

    def make(self) -> None:
        self.made: list[Any] = []

    def _new(self, name: str, **fields: object) -> Any:
        import llama_index_siliconflow

        component = getattr(llama_index_siliconflow, name)(**{**self.settings, **fields})
        self.note(component._sync_client())
        self.note(component._async_client())
        self.made.append(component)
        return component

    def _call(self, target: Any, name: str, *args: object, **fields: object) -> Any:
        return getattr(target, f"a{name}" if self.is_async else name)(*args, **fields)

    def _llm(self) -> Any:
        found = next((one for one in self.made if hasattr(one, "stream_chat")), None)
        return found or self._new("SiliconFlow", model=HI["model"])

    def _question(self) -> list[Any]:
        from llama_index.core.base.llms.types import ChatMessage

        return [ChatMessage("Hi")]

    async def chat(self) -> object:
        answer = await settled(self._call(self._llm(), "chat", self._question()))
        return answer.message.content or ""

    def open_stream(self) -> Any:
        return self._call(self._llm(), "stream_chat", self._question())

    def text_of(self, item: Any) -> str:
        return item.delta or ""

    async def embed(self) -> object:
        model = self._new("SiliconFlowEmbedding")
        name = "get_text_embedding_batch"
        method = getattr(model, f"a{name}" if self.is_async else name)
        return await settled(method(TEXTS))

    async def rerank(self) -> object:
        from llama_index.core.schema import NodeWithScore, TextNode

        nodes = [NodeWithScore(node=TextNode(text=text)) for text in DOCUMENTS]
        model = self._new("SiliconFlowRerank", top_n=len(nodes))
        ranked = await settled(self._call(model, "postprocess_nodes", nodes, query_str="q"))
        return [(DOCUMENTS.index(one.node.text), one.score) for one in ranked]

    async def close(self) -> None:
        for component in self.made:
            component.close()
            await component.aclose()


class AsyncLlamaIndexUser(LlamaIndexUser):
    is_async = True


@dataclass(frozen=True)
class Column:
    """A way to ask, under the name that the page gives it."""

    name: str
    user: Callable[..., User]


COLUMNS = (
    Column("client", ClientUser),
    Column("client, async on httpx", AsyncClientUser),
    Column("client, async on aiohttp", AiohttpClientUser),
    Column("LangChain", LangChainUser),
    Column("LangChain, async", AsyncLangChainUser),
    Column("LlamaIndex", LlamaIndexUser),
    Column("LlamaIndex, async", AsyncLlamaIndexUser),
)
