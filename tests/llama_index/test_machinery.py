"""LlamaIndex's own machinery on top: events, callbacks, token counts, engines, agents."""

from __future__ import annotations

import gc
import threading
from collections.abc import Iterator
from importlib import metadata
from typing import Any

import pytest
from llama_index.core import PromptTemplate, Settings, VectorStoreIndex
from llama_index.core.base.llms.types import ChatMessage
from llama_index.core.callbacks import (
    CallbackManager,
    CBEventType,
    LlamaDebugHandler,
    TokenCountingHandler,
)
from llama_index.core.chat_engine import CondensePlusContextChatEngine, SimpleChatEngine
from llama_index.core.instrumentation import get_dispatcher
from llama_index.core.instrumentation.span_handlers import SimpleSpanHandler
from llama_index.core.memory import ChatMemoryBuffer
from llama_index.core.schema import TextNode
from packaging.version import Version

from llama_index_siliconflow import SiliconFlow, SiliconFlowEmbedding
from siliconflow_client import RateLimitError
from tests.llama_index import scenarios as s
from tests.llama_index.conftest import CountingLimiter, Events, Make, Way, loops_closed_by_hand
from tests.llama_index.stub import Stub

U = [ChatMessage(role="user", content="hi")]
HANDS_ON = Version(metadata.version("llama-index-core")) >= Version("0.14.25")
"""Whether engines that refine an answer hand out its tokens as they come."""
CALLS = [("chat", U), ("stream_chat", U), ("complete", "hi"), ("stream_complete", "hi")]


# --- one of each: events, callbacks, limits, spans, tokens ----------------------------------


@pytest.mark.parametrize(("name", "given"), CALLS)
async def test_a_call_is_counted_once(
    way: Way, make: Make, limiter: CountingLimiter, events: Events, name: str, given: Any
) -> None:
    """Calls made no event and took no permit, and streams' token counts failed."""
    counter = TokenCountingHandler(tokenizer=list)
    debug = LlamaDebugHandler(print_trace_on_end=False)
    llm = make(SiliconFlow, callback_manager=CallbackManager([counter, debug]))
    llm.rate_limiter = limiter
    result = await way(llm, name, given)
    (count,) = counter.llm_token_counts
    assert (count.prompt_token_count, count.completion_token_count) == (11, 3)
    assert limiter.n == 1
    assert len(debug.get_event_pairs(CBEventType.LLM)) == 1
    kind = "LLMChat" if "chat" in name else "LLMCompletion"
    middle = [f"{kind}InProgressEvent"] * len(result) if isinstance(result, list) else []
    assert events.names("LLM") == [f"{kind}StartEvent", *middle, f"{kind}EndEvent"]


@pytest.fixture
def spans() -> Iterator[SimpleSpanHandler]:
    handler = SimpleSpanHandler()
    root = get_dispatcher()
    root.add_span_handler(handler)
    yield handler
    root.span_handlers.remove(handler)


@pytest.mark.parametrize(("name", "given"), CALLS)
async def test_a_call_is_one_span(
    llm: SiliconFlow, way: Way, spans: SimpleSpanHandler, name: str, given: Any
) -> None:
    await way(llm, name, given)
    assert len(spans.completed_spans) == 1
    assert not spans.open_spans


@pytest.mark.parametrize(("name", "given"), CALLS)
async def test_a_failure_is_an_event_too(
    stub: Stub, way: Way, make: Make, events: Events, name: str, given: Any
) -> None:
    """A retry decorator below LlamaIndex's own hid failures from events."""
    debug = LlamaDebugHandler(print_trace_on_end=False)
    llm = make(SiliconFlow, callback_manager=CallbackManager([debug]), max_retries=0)
    stub.script = s.ERR429
    with pytest.raises(RateLimitError):
        await way(llm, name, given)
    assert len(debug.get_event_pairs(CBEventType.LLM)) == 1
    assert not [event for event in events.names() if event.endswith("EndEvent")]


def test_events_tell_the_model_and_no_secret(llm: SiliconFlow, events: Events) -> None:
    llm.chat(U)
    start = events.seen[0].model_dump()
    assert start["model_dict"]["model_name"] == "m"
    assert start["model_dict"]["class_name"] == "SiliconFlow"
    assert "sk-secret" not in str([event.model_dump() for event in events.seen])


# --- predict, stream, prompts ---------------------------------------------------------------


async def test_predict(llm: SiliconFlow, stub: Stub, way: Way) -> None:
    prompt = PromptTemplate("Say {word}")
    assert await way(llm, "predict", prompt, word="hi") == "你好，世界"
    assert stub.last.body["messages"] == [{"role": "user", "content": "Say hi"}]
    assert "".join(await way(llm, "stream", prompt, word="hi")) == "你好，世界"


async def test_a_system_prompt(stub: Stub, way: Way, make: Make) -> None:
    llm = make(SiliconFlow, system_prompt="Be brief.")
    await way(llm, "predict", PromptTemplate("Hi"))
    assert [turn["role"] for turn in stub.last.body["messages"]] == ["system", "user"]


# --- chat and query engines -----------------------------------------------------------------


async def test_simple_chat_engine(llm: SiliconFlow, stub: Stub, way: Way) -> None:
    """`tool_calls: None` on plain answers broke every streaming chat engine."""
    engine = SimpleChatEngine.from_defaults(llm=llm, memory=ChatMemoryBuffer.from_defaults(llm=llm))
    if way.asynchronous:
        streaming = await engine.astream_chat("hi")
        tokens = [token async for token in streaming.async_response_gen()]
    else:
        streaming = engine.stream_chat("hi")
        tokens = list(streaming.response_gen)
    assert "".join(tokens) == "你好，世界"
    assert engine.chat_history[-1].content == "你好，世界"
    answer = await way(engine, "chat", "again")
    assert str(answer) == "你好，世界"
    assert [turn["role"] for turn in stub.last.body["messages"]] == ["user", "assistant", "user"]


@pytest.fixture
def index(embedding: SiliconFlowEmbedding) -> VectorStoreIndex:
    nodes = [TextNode(text=f"passage t{number}") for number in range(3)]
    return VectorStoreIndex(nodes, embed_model=embedding)


async def test_condense_plus_context_chat_engine(
    llm: SiliconFlow, index: VectorStoreIndex, stub: Stub, way: Way
) -> None:
    engine = CondensePlusContextChatEngine.from_defaults(
        index.as_retriever(), llm=llm, memory=ChatMemoryBuffer.from_defaults(llm=llm)
    )
    await way(engine, "chat", "t1?")
    answer = await way(engine, "chat", "and t2?")
    assert str(answer) == "你好，世界"
    assert len(answer.source_nodes) == 2


async def test_query_engine(
    llm: SiliconFlow, index: VectorStoreIndex, stub: Stub, way: Way
) -> None:
    engine = index.as_query_engine(llm=llm, similarity_top_k=2)
    assert str(await way(engine, "query", "t1?")) == "你好，世界"
    streaming = index.as_query_engine(llm=llm, streaming=True)
    response = await way(streaming, "query", "t1?")
    if way.asynchronous:
        tokens = [token async for token in response.response_gen]
    else:
        tokens = list(response.response_gen)
    pieces = ["你好", "，世界"]
    assert [token for token in tokens if token] == (pieces if HANDS_ON else ["".join(pieces)])


@pytest.mark.parametrize("kind", ["query engine", "chat engine", "context chat engine"])
async def test_engines_hand_out_tokens_as_they_arrive(
    llm: SiliconFlow, index: VectorStoreIndex, stub: Stub, way: Way, kind: str
) -> None:
    """A stream was read whole before its first token was handed out."""
    if kind != "chat engine" and not HANDS_ON:
        pytest.skip("this LlamaIndex reads the whole stream before an engine hands anything out")
    gate = threading.Event()
    first, second = (s.data(s.chunk({"content": text})) for text in ("你好", "，世界"))
    end = s.data(s.chunk({"content": ""}, finish="stop", usage=s.USAGE))
    streamed = s.raw_stream(first, gate, second, end, s.DONE)
    stub.script = lambda request: (streamed if "chat" in request.path else s.embeddings)(request)
    memory = ChatMemoryBuffer.from_defaults(llm=llm)
    engine: Any
    if kind == "query engine":
        engine = index.as_query_engine(llm=llm, streaming=True)
        response = await way(engine, "query", "t1?")
    elif kind == "chat engine":
        engine = SimpleChatEngine.from_defaults(llm=llm, memory=memory)
        response = await way(engine, "stream_chat", "t1?")
    else:
        engine = index.as_chat_engine(chat_mode="context", llm=llm, memory=memory)
        response = await way(engine, "stream_chat", "t1?")
    got: list[str] = []
    if not way.asynchronous:
        for token in response.response_gen:
            got.append(token)
            gate.set()  # the server goes on only after the first token was read
    else:
        tokens = response.response_gen if kind == "query engine" else response.async_response_gen()
        async for token in tokens:
            got.append(token)
            gate.set()
    assert "".join(got) == "你好，世界"
    assert got[0] == "你好"


@pytest.mark.parametrize(
    "mode", ["simple", "context", "condense_question", "condense_plus_context"]
)
async def test_chat_engines_of_an_index(
    llm: SiliconFlow, index: VectorStoreIndex, way: Way, mode: Any
) -> None:
    memory = ChatMemoryBuffer.from_defaults(llm=llm)
    engine = index.as_chat_engine(chat_mode=mode, llm=llm, memory=memory)
    for _ in range(2):
        assert str(await way(engine, "chat", "t1?")) == "你好，世界"
        response = await way(engine, "stream_chat", "t1?")
        if way.asynchronous:
            tokens = [token async for token in response.async_response_gen()]
        else:
            tokens = list(response.response_gen)
        assert "".join(tokens) == "你好，世界"
    assert [message.role.value for message in engine.chat_history] == ["user", "assistant"] * 4


@loops_closed_by_hand
@pytest.mark.parametrize("mode", ["refine", "tree_summarize", "accumulate", "compact"])
async def test_query_engines_that_ask_in_parallel(
    llm: SiliconFlow,
    index: VectorStoreIndex,
    way: Way,
    mode: Any,
    capfd: pytest.CaptureFixture[str],
) -> None:
    # With use_async, a synchronous query runs in an event loop that LlamaIndex closes by hand.
    engine = index.as_query_engine(llm=llm, similarity_top_k=3, response_mode=mode, use_async=True)
    for _ in range(2):
        assert "你好，世界" in str(await way(engine, "query", "t1?"))
    await llm.aclose()
    gc.collect()
    assert capfd.readouterr().err == ""


async def test_engines_take_the_llm_from_settings(
    llm: SiliconFlow, embedding: SiliconFlowEmbedding, index: VectorStoreIndex, way: Way
) -> None:
    Settings.llm = llm
    Settings.embed_model = embedding
    try:
        assert str(await way(index.as_query_engine(), "query", "t1?")) == "你好，世界"
    finally:
        Settings._llm = None
        Settings._embed_model = None


def test_memory_takes_its_limit_from_the_window(llm: SiliconFlow) -> None:
    """Memory was cut to a window of 3900 tokens, whatever the model."""
    assert ChatMemoryBuffer.from_defaults(llm=llm).token_limit == 24576
