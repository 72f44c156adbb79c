"""What one call, one chunk or one document costs: CPU of this process."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable

import contenders

DOCUMENTS = 320
CALLS = 200
ROUNDS = 7
PATIENCE = 15.0
"""Seconds after which no further round is begun."""


def cpu(work: Callable[[], int], rounds: int = ROUNDS) -> dict[str, float]:
    """Microseconds of CPU per unit: the least of several rounds, after one to warm up."""
    return in_turns({"cpu": work}, rounds)


def in_turns(works: dict[str, Callable[[], int]], rounds: int = ROUNDS) -> dict[str, float]:
    """The same of works that take turns, for ratios that a busy moment must not bend."""
    began = time.perf_counter()
    for work in works.values():
        work()
    best = dict.fromkeys(works, float("inf"))
    for _ in range(rounds):
        for name, work in works.items():
            started = time.process_time()
            units = work()
            best[name] = min(best[name], (time.process_time() - started) / units)
        if time.perf_counter() - began > PATIENCE:
            break
    return {name: seconds * 1e6 for name, seconds in best.items()}


def made(name: str, url: str) -> object:
    return getattr(contenders, name)(url)


def exhaust(stream: Iterable[object]) -> int:
    return sum(1 for _ in stream)


def repeat(call: Callable[[], object], times: int = CALLS) -> Callable[[], int]:
    def work() -> int:
        for _ in range(times):
            call()
        return times

    return work


def langchain_stream(name: str, url: str, _: int) -> dict[str, float]:
    model = made(name, url)
    return cpu(lambda: exhaust(model.stream(str(contenders.CHUNKS))))


def langchain_invoke(name: str, url: str, _: int) -> dict[str, float]:
    model = made(name, url)
    return cpu(repeat(lambda: model.invoke("Hi")))


def langchain_embed(name: str, url: str, _: int) -> dict[str, float]:
    model = made(name, url)
    texts = [f"a passage, number {number}" for number in range(DOCUMENTS)]
    return cpu(lambda: len(model.embed_documents(texts)))


def llama_stream(name: str, url: str, _: int) -> dict[str, float]:
    from llama_index.core.instrumentation import get_dispatcher
    from llama_index.core.instrumentation.event_handlers.base import BaseEventHandler
    from llama_index.core.llms import ChatMessage

    class Count(BaseEventHandler):
        def handle(self, event: object, **kwargs: object) -> None:
            """Events are on; what becomes of them is not measured."""

    model = made(name, url)
    get_dispatcher().add_event_handler(Count())
    messages = [ChatMessage(role="user", content=str(contenders.CHUNKS))]
    return cpu(lambda: exhaust(model.stream_chat(messages)))


def llama_chat(name: str, url: str, _: int) -> dict[str, float]:
    from llama_index.core.llms import ChatMessage

    model = made(name, url)
    messages = [ChatMessage(role="user", content="Hi")]
    return cpu(repeat(lambda: model.chat(messages)))


def llama_embed(name: str, url: str, _: int) -> dict[str, float]:
    model = made(name, url)
    texts = [f"a passage, number {number}" for number in range(DOCUMENTS)]
    return cpu(lambda: len(model.get_text_embedding_batch(texts)))


def client_chat(name: str, url: str, _: int) -> dict[str, float]:
    client = made(name, url)

    def chat() -> object:
        return client.chat(model=contenders.MODEL, messages=[{"role": "user", "content": "Hi"}])

    def stream() -> int:
        one = [{"role": "user", "content": "1"}]
        return exhaust(client.stream_chat(model=contenders.MODEL, messages=one))

    return in_turns({"cpu": repeat(chat), "stream": repeat(stream)})


def construct(name: str, url: str, _: int) -> dict[str, float]:
    """Constructing a model, after the first."""
    made(name, url)
    return cpu(repeat(lambda: made(name, url), 20))
