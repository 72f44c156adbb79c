"""Who is measured: each function makes one contender. Imported in both environments, by need."""

from __future__ import annotations

from collections.abc import Iterator

CHUNKS = 2000
KEY = "sk-benchmark"
MODEL = "deepseek-ai/DeepSeek-V3.2"


# --- LangChain -----------------------------------------------------------------------------


def langchain_floor(_: str) -> object:
    """LangChain's own cost: a model without a wire, that makes each chunk of a ready text."""
    from langchain_core.language_models.chat_models import BaseChatModel
    from langchain_core.messages import AIMessageChunk
    from langchain_core.outputs import ChatGenerationChunk, ChatResult

    class Floor(BaseChatModel):
        @property
        def _llm_type(self) -> str:
            return "floor"

        def _generate(self, *args: object, **kwargs: object) -> ChatResult:
            raise NotImplementedError("only streams are measured")

        def _stream(self, *args: object, **kwargs: object) -> Iterator[ChatGenerationChunk]:
            for _ in range(CHUNKS - 1):
                yield ChatGenerationChunk(message=AIMessageChunk(content="alpha "))
            last = AIMessageChunk(content="beta", chunk_position="last")
            yield ChatGenerationChunk(message=last)

    return Floor()


def langchain_bare_floor(_: str) -> object:
    """The same with the same chunk objects again and again: not even their making counts."""
    from langchain_core.language_models.chat_models import BaseChatModel
    from langchain_core.messages import AIMessageChunk
    from langchain_core.outputs import ChatGenerationChunk, ChatResult

    ready = [ChatGenerationChunk(message=AIMessageChunk(content="alpha ")) for _ in range(CHUNKS)]

    class BareFloor(BaseChatModel):
        @property
        def _llm_type(self) -> str:
            return "floor"

        def _generate(self, *args: object, **kwargs: object) -> ChatResult:
            raise NotImplementedError("only streams are measured")

        def _stream(self, *args: object, **kwargs: object) -> Iterator[ChatGenerationChunk]:
            yield from ready

    return BareFloor()


def chat_siliconflow_ours(url: str) -> object:
    from langchain_siliconflow import ChatSiliconFlow

    return ChatSiliconFlow(model=MODEL, api_key=KEY, base_url=url)


def client_ours(url: str) -> object:
    from siliconflow_client import SiliconFlowClient

    return SiliconFlowClient(api_key=KEY, base_url=url)


def chat_openai(url: str) -> object:
    from langchain_openai import ChatOpenAI

    return ChatOpenAI(model=MODEL, api_key=KEY, base_url=url)


def chat_siliconflow_100(url: str) -> object:
    from langchain_siliconflow import ChatSiliconFlow

    return ChatSiliconFlow(model=MODEL, api_key=KEY, base_url=url)


def chat_mistral(url: str) -> object:
    from langchain_mistralai import ChatMistralAI

    return ChatMistralAI(model=MODEL, api_key=KEY, endpoint=url)


def embeddings_ours(url: str) -> object:
    from langchain_siliconflow import SiliconFlowEmbeddings

    return SiliconFlowEmbeddings(model="BAAI/bge-m3", api_key=KEY, base_url=url)


def embeddings_ours_base64(url: str) -> object:
    from langchain_siliconflow import SiliconFlowEmbeddings

    return SiliconFlowEmbeddings(
        model="BAAI/bge-m3", api_key=KEY, base_url=url, encoding_format="base64"
    )


def embeddings_openai(url: str) -> object:
    from langchain_openai import OpenAIEmbeddings

    return OpenAIEmbeddings(
        model="BAAI/bge-m3",
        api_key=KEY,
        base_url=url,
        check_embedding_ctx_length=False,
        chunk_size=32,
    )


def rerank_ours(url: str) -> object:
    from langchain_siliconflow import SiliconFlowRerank

    return SiliconFlowRerank(api_key=KEY, base_url=url, top_n=None)


# --- LlamaIndex ----------------------------------------------------------------------------


def llama_ours(url: str) -> object:
    from llama_index_siliconflow import SiliconFlow

    return SiliconFlow(model=MODEL, api_key=KEY, base_url=url)


def llama_siliconflow(url: str) -> object:
    from llama_index.llms.siliconflow import SiliconFlow

    return SiliconFlow(api_key=KEY, model=MODEL, base_url=f"{url}/chat/completions")


def llama_openai_like(url: str) -> object:
    from llama_index.llms.openai_like import OpenAILike

    return OpenAILike(
        model=MODEL, api_key=KEY, api_base=url, is_chat_model=True, context_window=32768
    )


def llama_embedding_ours(url: str) -> object:
    from llama_index_siliconflow import SiliconFlowEmbedding

    return SiliconFlowEmbedding(model="BAAI/bge-m3", api_key=KEY, base_url=url)


def llama_embedding_siliconflow(url: str) -> object:
    from llama_index.embeddings.siliconflow import SiliconFlowEmbedding

    return SiliconFlowEmbedding(
        model="BAAI/bge-m3", api_key=KEY, base_url=f"{url}/embeddings", embed_batch_size=32
    )


def llama_embedding_openai_like(url: str) -> object:
    from llama_index.embeddings.openai_like import OpenAILikeEmbedding

    return OpenAILikeEmbedding(
        model_name="BAAI/bge-m3", api_key=KEY, api_base=url, embed_batch_size=32
    )


def llama_rerank_ours(url: str) -> object:
    from llama_index_siliconflow import SiliconFlowRerank

    return SiliconFlowRerank(api_key=KEY, base_url=url, top_n=2000)


# --- no package at all ---------------------------------------------------------------------


class RawEmbeddings:
    """httpx and json, and nothing else."""

    def __init__(self, url: str) -> None:
        import httpx

        self._client = httpx.Client()
        self._url = f"{url}/embeddings"

    def embed_documents(self, texts: list[str]) -> list[list[float]]:
        import json

        found: list[list[float]] = []
        for first in range(0, len(texts), 32):
            body = {"model": "BAAI/bge-m3", "input": texts[first : first + 32]}
            answer = self._client.post(self._url, json=body)
            found += [item["embedding"] for item in json.loads(answer.content)["data"]]
        return found


def embeddings_raw(url: str) -> object:
    return RawEmbeddings(url)
