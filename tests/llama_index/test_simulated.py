"""Whole uses of LlamaIndex against the simulator, which answers as the documents say."""

from __future__ import annotations

import base64
from collections.abc import AsyncIterator
from typing import Any

import httpx
import pytest
from llama_index.core import Document, PromptTemplate, VectorStoreIndex
from llama_index.core.agent.workflow import (
    AgentStream,
    AgentWorkflow,
    FunctionAgent,
    ReActAgent,
    ToolCallResult,
)
from llama_index.core.base.llms.types import ChatMessage, ImageBlock, TextBlock, ThinkingBlock
from llama_index.core.chat_engine import CondensePlusContextChatEngine, SimpleChatEngine
from llama_index.core.ingestion import IngestionCache, IngestionPipeline
from llama_index.core.memory import ChatMemoryBuffer, Memory
from llama_index.core.node_parser import SentenceSplitter
from pydantic import BaseModel

from llama_index_siliconflow import SiliconFlow, SiliconFlowEmbedding, SiliconFlowRerank
from siliconflow_client import (
    ModelNotFoundError,
    OverloadedError,
    RateLimitError,
    StreamInterruptedError,
    UnsupportedParameterError,
)
from siliconflow_simulator import Rule, Simulator, when
from tests.llama_index.conftest import Way, agents_warn

V32 = "deepseek-ai/DeepSeek-V3.2"  # the in-house stream style
QWEN35 = "Qwen/Qwen3.5-4B"  # the vLLM stream style, JSON schema
PNG = base64.b64decode(
    "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg=="
)
SUM = "Multiply a 7 by b 6, please."
LOANS = "The library lends books for four weeks."
GARDEN = "Tomatoes need water in the morning."
DOCUMENTS = [
    Document(text=text, id_=text[:5])
    for text in ("Cats sleep most of the day.", LOANS, GARDEN, "Bread rises because of yeast.")
]


def multiply(a: float, b: float) -> float:
    """Multiply two numbers."""
    return a * b


@pytest.fixture
def script() -> list[Rule] | None:
    """What the simulator answers; a test whose prompt is taught to a model writes its own."""
    return None


@pytest.fixture
async def wired(script: list[Rule] | None) -> AsyncIterator[dict[str, Any]]:
    """Give the constructor keywords that connect a component to a simulator of its own."""
    transport = Simulator(answers=script).transport()
    with httpx.Client(transport=transport) as client:
        async with httpx.AsyncClient(transport=transport) as async_client:
            yield {
                "api_key": "sk-test",
                "http_client": client,
                "async_http_client": async_client,
                "max_retries": 0,
            }


@pytest.fixture(params=[V32, QWEN35])
def llm(request: pytest.FixtureRequest, wired: dict[str, Any]) -> SiliconFlow:
    return SiliconFlow(model=request.param, enable_thinking=False, **wired)


@pytest.fixture
def index(wired: dict[str, Any]) -> VectorStoreIndex:
    return VectorStoreIndex.from_documents(DOCUMENTS, embed_model=SiliconFlowEmbedding(**wired))


async def test_plain_and_streamed_answers_agree(llm: SiliconFlow, way: Way) -> None:
    question = [ChatMessage(role="user", content=f"{LOANS} How long does the library lend?")]
    whole = await way(llm, "chat", question)
    pieces = await way(llm, "stream_chat", question)
    assert whole.message.content == LOANS
    assert "".join(piece.delta for piece in pieces) == LOANS
    assert pieces[-1].message == whole.message
    assert pieces[-1].additional_kwargs == whole.additional_kwargs
    assert pieces[-1].raw["trace_id"]


async def test_thinking(wired: dict[str, Any], way: Way) -> None:
    llm = SiliconFlow(model="Qwen/Qwen3-8B", enable_thinking=True, **wired)
    question = [ChatMessage(role="user", content=f"{LOANS} How long does the library lend?")]
    pieces = await way(llm, "stream_chat", question)
    thinking, text = pieces[-1].message.blocks
    assert isinstance(thinking, ThinkingBlock)
    thoughts = [piece.additional_kwargs.get("thinking_delta") or "" for piece in pieces]
    assert "".join(thoughts) == thinking.content
    assert thinking.num_tokens == pieces[-1].additional_kwargs["reasoning_tokens"] > 0
    assert text.text == LOANS


async def test_an_image(wired: dict[str, Any], way: Way) -> None:
    blocks = [TextBlock(text="What is in the picture?"), ImageBlock(image=PNG)]
    question = [ChatMessage(role="user", blocks=blocks)]
    eyes = SiliconFlow(model="Qwen/Qwen3-VL-32B-Instruct", **wired)
    assert (await way(eyes, "chat", question)).message.content
    blind = SiliconFlow(model=V32, **wired)
    with pytest.raises(UnsupportedParameterError) as caught:
        await way(blind, "chat", question)
    assert caught.value.code == 20041


# --- agents ---------------------------------------------------------------------------------


def react() -> list[Rule]:
    """Write what a model says that has been taught to think, act and observe in its text."""
    act = 'Thought: I need a tool.\nAction: multiply\nAction Input: {"a": 7, "b": 6}'
    return [
        when(SUM, system="Action Input:").says(act),
        when("Observation: 42", system="Action Input:").says("Thought: I know.\nAnswer: It is 42."),
    ]


@agents_warn
@pytest.mark.parametrize("streaming", [True, False])
@pytest.mark.parametrize(
    ("kind", "script"), [(FunctionAgent, None), (ReActAgent, react())], ids=["tools", "react"]
)
async def test_agents_use_their_tool(llm: SiliconFlow, kind: type, streaming: bool) -> None:
    handler = kind(tools=[multiply], llm=llm, streaming=streaming).run(SUM)
    results = [e async for e in handler.stream_events() if isinstance(e, ToolCallResult)]
    assert [float(result.tool_output.content) for result in results] == [42.0]
    assert "42" in str(await handler)


@agents_warn
async def test_a_thinking_agent_sends_its_thinking_back(wired: dict[str, Any]) -> None:
    llm = SiliconFlow(model=V32, enable_thinking=True, **wired)
    handler = FunctionAgent(tools=[multiply], llm=llm).run(SUM)
    events = [e async for e in handler.stream_events() if isinstance(e, AgentStream)]
    assert "42" in str(await handler)
    assert any(event.thinking_delta for event in events)


HAND_OFF = [
    when(SUM, tool="multiply").calls("multiply", a=7, b=6).then.says("It is 42."),
    when(SUM, tool="handoff").calls("handoff", to_agent="calculator", reason="A sum."),
]


@agents_warn
@pytest.mark.parametrize("script", [HAND_OFF], ids=["hand off"])
async def test_a_workflow_hands_off(llm: SiliconFlow) -> None:
    greeter = FunctionAgent(
        name="greeter",
        description="Greets people.",
        system_prompt="Hand over sums.",
        llm=llm,
        can_handoff_to=["calculator"],
    )
    calculator = FunctionAgent(
        name="calculator", description="Multiplies.", llm=llm, tools=[multiply]
    )
    handler = AgentWorkflow(agents=[greeter, calculator], root_agent="greeter").run(
        f"{SUM} Hand over to the calculator."
    )
    results = [e async for e in handler.stream_events() if isinstance(e, ToolCallResult)]
    assert [result.tool_name for result in results] == ["handoff", "multiply"]
    assert "42" in str(await handler)


@agents_warn
async def test_an_agent_with_memory(llm: SiliconFlow, memory: Memory) -> None:
    agent = FunctionAgent(tools=[multiply], llm=llm)
    await agent.run(SUM, memory=memory)
    await agent.run("What was the result of multiply?", memory=memory)
    roles = [message.role.value for message in await memory.aget_all()]
    assert roles[:4] == ["user", "assistant", "tool", "assistant"]
    assert roles[4:] in (["user", "assistant"], ["user", "assistant", "tool", "assistant"])


# --- structures -----------------------------------------------------------------------------


class Person(BaseModel):
    """A person."""

    name: str
    age: int


WHO = PromptTemplate("Alice is 30 years old. Who is {what}?")
ALICE = Person(name="Alice", age=30)


@pytest.mark.parametrize("mode", [None, "json_object", "json_schema"])
async def test_structures(wired: dict[str, Any], way: Way, mode: Any) -> None:
    llm = SiliconFlow(model=QWEN35, enable_thinking=False, structured_output_mode=mode, **wired)
    assert await way(llm, "structured_predict", Person, WHO, what="it") == ALICE
    objects = await way(llm, "stream_structured_predict", Person, WHO, what="it")
    assert objects[-1] == ALICE


async def test_a_model_without_json_mode_says_so(wired: dict[str, Any], way: Way) -> None:
    llm = SiliconFlow(
        model="deepseek-ai/DeepSeek-R1", structured_output_mode="json_object", **wired
    )
    with pytest.raises(UnsupportedParameterError) as caught:
        await way(llm, "structured_predict", Person, WHO, what="it")
    assert caught.value.code == 20024


# --- documents ------------------------------------------------------------------------------


async def test_a_query_engine_with_rerank(
    llm: SiliconFlow, index: VectorStoreIndex, wired: dict[str, Any], way: Way
) -> None:
    engine = index.as_query_engine(
        llm=llm, similarity_top_k=4, node_postprocessors=[SiliconFlowRerank(top_n=2, **wired)]
    )
    answer = await way(engine, "query", "How long does the library lend books?")
    assert str(answer) == LOANS
    assert answer.source_nodes[0].node.get_content() == LOANS
    assert answer.source_nodes[0].score > answer.source_nodes[1].score


async def test_a_chat_engine_over_documents(
    llm: SiliconFlow, index: VectorStoreIndex, way: Way
) -> None:
    engine = CondensePlusContextChatEngine.from_defaults(
        index.as_retriever(), llm=llm, memory=ChatMemoryBuffer.from_defaults(llm=llm)
    )
    assert str(await way(engine, "chat", "How long does the library lend books?")) == LOANS
    assert "Tomatoes" in str(await way(engine, "chat", "When do tomatoes need water?"))


async def test_a_plain_chat_engine_streams(llm: SiliconFlow) -> None:
    engine = SimpleChatEngine.from_defaults(llm=llm, memory=ChatMemoryBuffer.from_defaults(llm=llm))
    streaming = engine.stream_chat(f"{LOANS} How long does the library lend books?")
    assert "".join(streaming.response_gen) == LOANS
    assert engine.chat_history[-1].content == LOANS


async def test_an_ingestion_pipeline_with_a_cache(wired: dict[str, Any], way: Way) -> None:
    asked: list[str] = []

    def count(request: httpx.Request) -> None:
        asked.append(request.url.path)

    async def acount(request: httpx.Request) -> None:
        count(request)

    wired["http_client"].event_hooks = {"request": [count]}
    wired["async_http_client"].event_hooks = {"request": [acount]}
    pipeline = IngestionPipeline(
        transformations=[SentenceSplitter(), SiliconFlowEmbedding(**wired)],
        cache=IngestionCache(),
    )
    first = await way(pipeline, "run", documents=DOCUMENTS)
    again = await way(pipeline, "run", documents=DOCUMENTS)
    assert [len(node.embedding) for node in first] == [1024] * 4
    assert [node.embedding for node in again] == [node.embedding for node in first]
    assert asked == ["/v1/embeddings"]


async def test_dimensions(wired: dict[str, Any], way: Way) -> None:
    embedding = SiliconFlowEmbedding(model="Qwen/Qwen3-Embedding-0.6B", dimensions=256, **wired)
    assert len(await way(embedding, "get_text_embedding", LOANS)) == 256


# --- faults ---------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("fault", "error"),
    [("429", RateLimitError), ("503", OverloadedError), ("cut-stream", StreamInterruptedError)],
)
async def test_ordered_faults(
    wired: dict[str, Any], way: Way, fault: str, error: type[Exception]
) -> None:
    llm = SiliconFlow(model=V32, default_headers={"x-simulate": fault}, **wired)
    with pytest.raises(error):
        await way(llm, "stream_chat", [ChatMessage(role="user", content=f"{LOANS} How long?")])


async def test_an_unknown_model(wired: dict[str, Any], way: Way) -> None:
    llm = SiliconFlow(model="acme/none", **wired)
    with pytest.raises(ModelNotFoundError):
        await way(llm, "complete", "hi")
