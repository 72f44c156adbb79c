"""Long lists: how long they take where a request takes its time, and what memory they cost."""

from __future__ import annotations

import asyncio
import math
import resource
import time
from collections.abc import Callable

from calls import made

WIDTH = 8
TEXTS = 512
DOCUMENTS = 1024
"""Of a reranking, 64 in a request: as many requests as the texts make."""
REQUESTS = 16
ROUNDS = 3
PATIENCE = 4.0
"""Seconds after which no further round is begun."""


def texts(count: int) -> list[str]:
    return [f"a passage, number {number}" for number in range(count)]


def waiting(url: str, milliseconds: int) -> str:
    return f"{url.removesuffix('/v1')}/wait/{milliseconds}/v1"


def timed(call: Callable[[], object], milliseconds: int) -> dict[str, float]:
    """How often the time that `WIDTH` requests at once need; after one round to warm up."""
    began, best = time.perf_counter(), float("inf")
    for _ in range(1 + ROUNDS):
        started = time.perf_counter()
        call()
        best = min(best, time.perf_counter() - started)
        if time.perf_counter() - began > PATIENCE:
            break
    ideal = math.ceil(REQUESTS / WIDTH) * milliseconds / 1000
    return {"ideal": best / ideal, "seconds": best}


def timed_async(call: Callable[[], object], milliseconds: int) -> dict[str, float]:
    async def main() -> dict[str, float]:
        began, best = time.perf_counter(), float("inf")
        for _ in range(1 + ROUNDS):
            started = time.perf_counter()
            await call()
            best = min(best, time.perf_counter() - started)
            if time.perf_counter() - began > PATIENCE:
                break
        ideal = math.ceil(REQUESTS / WIDTH) * milliseconds / 1000
        return {"ideal": best / ideal, "seconds": best}

    return asyncio.run(main())


def langchain(name: str, url: str, milliseconds: int) -> dict[str, float]:
    model = made(name, waiting(url, milliseconds))
    return timed(lambda: model.embed_documents(texts(TEXTS)), milliseconds)


def langchain_async(name: str, url: str, milliseconds: int) -> dict[str, float]:
    model = made(name, waiting(url, milliseconds))
    return timed_async(lambda: model.aembed_documents(texts(TEXTS)), milliseconds)


def llama(name: str, url: str, milliseconds: int) -> dict[str, float]:
    model = made(name, waiting(url, milliseconds))
    return timed(lambda: model.get_text_embedding_batch(texts(TEXTS)), milliseconds)


def llama_async(name: str, url: str, milliseconds: int) -> dict[str, float]:
    model = made(name, waiting(url, milliseconds))
    return timed_async(lambda: model.aget_text_embedding_batch(texts(TEXTS)), milliseconds)


def langchain_rerank(name: str, url: str, milliseconds: int) -> dict[str, float]:
    from langchain_core.documents import Document

    model = made(name, waiting(url, milliseconds))
    documents = [Document(text) for text in texts(DOCUMENTS)]
    return timed(lambda: model.compress_documents(documents, "which?"), milliseconds)


def llama_rerank(name: str, url: str, milliseconds: int) -> dict[str, float]:
    from llama_index.core.schema import NodeWithScore, TextNode

    model = made(name, waiting(url, milliseconds))
    nodes = [NodeWithScore(node=TextNode(text=text)) for text in texts(DOCUMENTS)]
    return timed(lambda: model.postprocess_nodes(nodes, query_str="which?"), milliseconds)


# --- memory ---------------------------------------------------------------------------------


def grown(name: str, url: str, work: Callable[[object, list[str]], object], count: int):
    """Megabytes of peak memory beyond what one request needs, and the seconds that it took."""
    model = made(name, url)
    work(model, texts(32))
    given = texts(count)
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    started = time.perf_counter()
    kept = work(model, given)
    seconds = time.perf_counter() - started
    after = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    del kept
    return {"megabytes": (after - before) / 1024, "seconds": seconds}


def corpus_many(name: str, url: str, count: int) -> dict[str, float]:
    def work(client: object, given: list[str]) -> object:
        return sum(len(one.vectors) for one in client.embed_many(given, model="BAAI/bge-m3"))

    return grown(name, url, work, count)


def corpus_langchain(name: str, url: str, count: int) -> dict[str, float]:
    return grown(name, url, lambda model, given: model.embed_documents(given), count)


def corpus_llama(name: str, url: str, count: int) -> dict[str, float]:
    return grown(name, url, lambda model, given: model.get_text_embedding_batch(given), count)
