"""One contender, one task, one process: prints CPU seconds per unit as JSON.

`python contenders.py TASK CONTENDER BASE_URL`. It must run in both environments, so it imports
only what the contender needs.
"""

from __future__ import annotations

import json
import sys
import time
from collections.abc import Callable, Iterable, Iterator

CHUNKS = 2000
DOCUMENTS = 320
CALLS = 200
ROUNDS = 7
KEY = "sk-benchmark"
MODEL = "deepseek-ai/DeepSeek-V3.2"


def cpu(work: Callable[[], int]) -> float:
    """Microseconds of CPU per unit: the least of several rounds, after one to warm up."""
    work()
    best = float("inf")
    for _ in range(ROUNDS):
        started = time.process_time()
        units = work()
        best = min(best, (time.process_time() - started) / units)
    return best * 1e6


def exhaust(stream: Iterable[object]) -> int:
    return sum(1 for _ in stream)


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


# --- tasks ---------------------------------------------------------------------------------


def task_langchain_stream(model: object) -> float:
    return cpu(lambda: exhaust(model.stream(str(CHUNKS))))


def task_langchain_invoke(model: object) -> float:
    def work() -> int:
        for _ in range(CALLS):
            model.invoke("Hi")
        return CALLS

    return cpu(work)


def task_langchain_embed(model: object) -> float:
    texts = [f"a passage, number {number}" for number in range(DOCUMENTS)]
    return cpu(lambda: len(model.embed_documents(texts)))


def task_llama_stream(model: object) -> float:
    from llama_index.core.instrumentation import get_dispatcher
    from llama_index.core.instrumentation.event_handlers.base import BaseEventHandler
    from llama_index.core.llms import ChatMessage

    class Count(BaseEventHandler):
        def handle(self, event: object, **kwargs: object) -> None:
            """Events are on; what becomes of them is not measured."""

    get_dispatcher().add_event_handler(Count())
    messages = [ChatMessage(role="user", content=str(CHUNKS))]
    return cpu(lambda: exhaust(model.stream_chat(messages)))


def task_llama_chat(model: object) -> float:
    from llama_index.core.llms import ChatMessage

    messages = [ChatMessage(role="user", content="Hi")]

    def work() -> int:
        for _ in range(CALLS):
            model.chat(messages)
        return CALLS

    return cpu(work)


def task_llama_embed(model: object) -> float:
    texts = [f"a passage, number {number}" for number in range(DOCUMENTS)]
    return cpu(lambda: len(model.get_text_embedding_batch(texts)))


def construct(contender: Callable[[str], object], url: str) -> float:
    """Microseconds to construct a model, after the first."""
    contender(url)

    def work() -> int:
        for _ in range(20):
            contender(url)
        return 20

    return cpu(work)


def main() -> None:
    task, name, url = sys.argv[1:]
    contender: Callable[[str], object] = globals()[name]
    if task == "construct":
        figure = construct(contender, url)
    else:
        figure = globals()[f"task_{task}"](contender(url))
    print(json.dumps(figure))


if __name__ == "__main__":
    main()
