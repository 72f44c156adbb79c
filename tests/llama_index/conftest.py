"""Fixtures of the LlamaIndex tests: the stub, components that talk to it, both ways of calling.

A docstring in the past tense below a test's name tells what went wrong in the SiliconFlow packages
that users come from (llama-index-llms-siliconflow, -embeddings-siliconflow and
-postprocessor-siliconflow-rerank).
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Iterator
from typing import Any

import pytest
from llama_index.core.base.llms.types import ChatMessage
from llama_index.core.instrumentation import get_dispatcher
from llama_index.core.instrumentation.event_handlers import BaseEventHandler
from llama_index.core.instrumentation.events import BaseEvent
from llama_index.core.memory import Memory
from llama_index.core.rate_limiter import BaseRateLimiter
from llama_index.core.schema import NodeWithScore, TextNode

from llama_index_siliconflow import (
    SiliconFlow,
    SiliconFlowCompletion,
    SiliconFlowEmbedding,
    SiliconFlowRerank,
)
from tests.llama_index import scenarios
from tests.llama_index.stub import Reply, Request, Stub


def agents_warn(test: Any) -> Any:
    """Mark a test of agents: LlamaIndex's workflows use deprecated parts of pydantic and of theirs."""
    for ignored in (
        "ignore::pydantic.warnings.PydanticDeprecationWarning",
        "ignore:is_running called from within a step:DeprecationWarning",
        "ignore:Skipping serialization of known unserializable key",
    ):
        test = pytest.mark.filterwarnings(ignored)(test)
    return test


def loops_closed_by_hand(test: Any) -> Any:
    """Mark a test in which LlamaIndex closes event loops by hand: sockets are left to the collector.

    It says so only where warnings are switched on, as here.
    """
    for ignored in (
        "ignore:unclosed:ResourceWarning",
        "ignore::pytest.PytestUnraisableExceptionWarning",
    ):
        test = pytest.mark.filterwarnings(ignored)(test)
    return test


class Way:
    """Calls a method, or its asynchronous twin; streams are collected into a list."""

    def __init__(self, asynchronous: bool) -> None:
        self.asynchronous = asynchronous

    async def __call__(self, target: Any, name: str, *args: Any, **kwargs: Any) -> Any:
        if not self.asynchronous:
            result = getattr(target, name)(*args, **kwargs)
            return list(result) if hasattr(result, "__next__") else result
        result = await getattr(target, f"a{name}")(*args, **kwargs)
        return [item async for item in result] if hasattr(result, "__anext__") else result

    async def each(self, target: Any, name: str, *args: Any, **kwargs: Any) -> AsyncIterator[Any]:
        """Hand out a stream's items as they come."""
        if self.asynchronous:
            async for item in await getattr(target, f"a{name}")(*args, **kwargs):
                yield item
        else:
            for item in getattr(target, name)(*args, **kwargs):
                yield item

    async def drain(
        self, into: list[Any], target: Any, name: str, *args: Any, **kwargs: Any
    ) -> None:
        """Collect a stream's items into a list that keeps them when the stream fails."""
        async for item in self.each(target, name, *args, **kwargs):
            into.append(item)  # a comprehension would lose them


@pytest.fixture(params=[False, True], ids=["sync", "async"])
def way(request: pytest.FixtureRequest) -> Way:
    return Way(request.param)


def by_endpoint(request: Request) -> Reply:
    """Embeddings and rerankings as asked; a plain answer to chats."""
    if request.path.endswith("/embeddings"):
        return scenarios.embeddings(request)
    if request.path.endswith("/rerank"):
        return scenarios.reranking(request)
    return scenarios.PLAIN(request)


@pytest.fixture
def stub() -> Iterator[Stub]:
    with Stub(by_endpoint) as running:
        yield running


Make = Callable[..., Any]


@pytest.fixture
async def make(stub: Stub) -> AsyncIterator[Make]:
    """Make components that talk to the stub, and close their connections at the end."""
    made: list[Any] = []

    def component(cls: type, **settings: Any) -> Any:
        defaults: dict[str, Any] = {"api_key": "sk-secret", "base_url": stub.url}
        if cls is SiliconFlow:
            defaults["model"] = "m"
        made.append(cls(**{**defaults, **settings}))
        return made[-1]

    yield component
    for component_made in made:
        component_made.close()
        await component_made.aclose()


@pytest.fixture
def llm(make: Make) -> SiliconFlow:
    return make(SiliconFlow)


@pytest.fixture
def embedding(make: Make) -> SiliconFlowEmbedding:
    return make(SiliconFlowEmbedding)


@pytest.fixture
def rerank(make: Make) -> SiliconFlowRerank:
    return make(SiliconFlowRerank, top_n=2)


class Events(BaseEventHandler):
    """Keeps all events of LlamaIndex's instrumentation."""

    seen: list[BaseEvent] = []  # noqa: RUF012  # a pydantic field

    def handle(self, event: BaseEvent, **kwargs: Any) -> None:
        self.seen.append(event)

    def names(self, prefix: str = "") -> list[str]:
        return [name for event in self.seen if (name := event.class_name()).startswith(prefix)]


@pytest.fixture
def events() -> Iterator[Events]:
    handler = Events()
    root = get_dispatcher()
    root.add_event_handler(handler)
    yield handler
    root.event_handlers.remove(handler)


class CountingLimiter(BaseRateLimiter):
    """Counts how often a request was asked for."""

    def __init__(self) -> None:
        self.n = 0

    def acquire(self, num_tokens: int = 0) -> None:
        self.n += 1

    async def async_acquire(self, num_tokens: int = 0) -> None:
        self.n += 1


@pytest.fixture
def limiter() -> CountingLimiter:
    return CountingLimiter()


@pytest.fixture
async def memory() -> AsyncIterator[Memory]:
    """Give LlamaIndex's memory; its SQLite connection has to be closed by hand."""
    made = Memory.from_defaults(session_id="s", token_limit=4000)
    yield made
    engine = made.sql_store._async_engine
    if engine is not None:
        await engine.dispose()


CLASSES = [SiliconFlow, SiliconFlowCompletion, SiliconFlowEmbedding, SiliconFlowRerank]


async def use(component: Any, way: Way) -> Any:
    """Make one call of the component's kind."""
    if isinstance(component, SiliconFlow):
        return (await way(component, "chat", [ChatMessage(content="hi")])).message.content
    if isinstance(component, SiliconFlowCompletion):
        return (await way(component, "complete", "hi")).text
    if isinstance(component, SiliconFlowEmbedding):
        return await way(component, "get_text_embedding", "t1")
    nodes = [NodeWithScore(node=TextNode(text="apple"))]
    return [n.score for n in await way(component, "postprocess_nodes", nodes, query_str="apple")]
