"""Whole uses under the API's true URLs, replayed; sync and async share each cassette."""

from __future__ import annotations

import json
from typing import Any

import httpx
import pytest
from llama_index.core import PromptTemplate
from llama_index.core.agent.workflow import FunctionAgent
from llama_index.core.base.llms.types import ChatMessage, ThinkingBlock
from llama_index.core.schema import NodeWithScore, QueryBundle, TextNode
from llama_index.core.tools import FunctionTool
from pydantic import BaseModel

from llama_index_siliconflow import (
    ModelNotFoundError,
    SiliconFlow,
    SiliconFlowCompletion,
    SiliconFlowEmbedding,
    SiliconFlowRerank,
)
from tests.llama_index.conftest import Way, agents_warn

pytestmark = pytest.mark.vcr

cassette = pytest.mark.default_cassette

V32 = "deepseek-ai/DeepSeek-V3.2"
QWEN3 = "Qwen/Qwen3-8B"
QWEN35 = "Qwen/Qwen3.5-4B"


class Recorded:
    """Make components over the recorded clients; keep the bodies that they send."""

    def __init__(self, settings: dict[str, Any]) -> None:
        self.settings = settings
        self.sent: list[Any] = []

    def __call__(self, cls: type, **settings: Any) -> Any:
        return cls(**self.settings, **settings)


@pytest.fixture
def recorded(
    recorded_api_key: str,
    recorded_http_client: httpx.Client,
    recorded_async_http_client: httpx.AsyncClient,
) -> Recorded:
    made = Recorded(
        {
            "api_key": recorded_api_key,
            "http_client": recorded_http_client,
            "async_http_client": recorded_async_http_client,
            "max_retries": 0,
        }
    )

    def keep(sent: httpx.Request) -> None:
        assert sent.headers["authorization"] == f"Bearer {recorded_api_key}"
        made.sent.append(json.loads(sent.content))

    async def keep_async(sent: httpx.Request) -> None:
        keep(sent)

    recorded_http_client.event_hooks["request"].append(keep)
    recorded_async_http_client.event_hooks["request"].append(keep_async)
    return made


def asked(text: str) -> list[ChatMessage]:
    return [ChatMessage(role="user", content=text)]


@cassette("chat")
async def test_chat(recorded: Recorded, way: Way) -> None:
    llm = recorded(SiliconFlow, model=V32, max_tokens=200)
    response = await way(llm, "chat", asked("Say in one sentence why the sky is blue."))
    assert response.message.content
    assert response.raw["choices"][0]["finish_reason"] == "stop"
    assert response.raw["trace_id"]
    counts = response.additional_kwargs
    assert counts["total_tokens"] == counts["prompt_tokens"] + counts["completion_tokens"]
    assert recorded.sent == [
        {
            "model": V32,
            "messages": [{"role": "user", "content": "Say in one sentence why the sky is blue."}],
            "max_tokens": 200,
            "stream": False,
        }
    ]


@cassette("stream")
async def test_a_stream_with_thinking(recorded: Recorded, way: Way) -> None:
    llm = recorded(SiliconFlow, model=QWEN3, enable_thinking=True)
    pieces = await way(llm, "stream_chat", asked("Which is larger, 9.11 or 9.9?"))
    last = pieces[-1]
    thoughts = "".join(piece.additional_kwargs.get("thinking_delta") or "" for piece in pieces)
    assert thoughts
    assert [block.content for block in last.message.blocks if isinstance(block, ThinkingBlock)] == [
        thoughts
    ]
    assert last.message.content == "".join(piece.delta for piece in pieces) != ""
    assert last.additional_kwargs["completion_tokens"] > 0
    assert last.raw["trace_id"]
    assert recorded.sent[0]["stream_options"] == {"include_usage": True}


def get_weather(city: str) -> str:
    """Tell the weather in a city."""
    return f"18 °C and sunny in {city}"


WEATHER = FunctionTool.from_defaults(get_weather)


@cassette("tools")
async def test_a_tool_call_and_its_result(recorded: Recorded, way: Way) -> None:
    llm = recorded(SiliconFlow, model=V32)
    question = asked("What is the weather in Paris?")
    response = await way(llm, "chat_with_tools", [WEATHER], chat_history=question)
    (call,) = llm.get_tool_calls_from_response(response)
    assert (call.tool_name, call.tool_kwargs) == ("get_weather", {"city": "Paris"})
    result = ChatMessage(
        role="tool",
        content=get_weather(**call.tool_kwargs),
        additional_kwargs={"tool_call_id": call.tool_id},
    )
    history = [*question, response.message, result]
    answer = await way(llm, "chat_with_tools", [WEATHER], chat_history=history)
    assert "18" in answer.message.content


@cassette("tools_stream")
async def test_a_streamed_tool_call(recorded: Recorded, way: Way) -> None:
    llm = recorded(SiliconFlow, model=QWEN3, enable_thinking=False)
    pieces = await way(
        llm,
        "stream_chat_with_tools",
        [WEATHER],
        chat_history=asked("What is the weather in Paris?"),
        tool_required=True,
    )
    (call,) = llm.get_tool_calls_from_response(pieces[-1])
    assert (call.tool_name, call.tool_kwargs) == ("get_weather", {"city": "Paris"})
    assert recorded.sent[0]["tool_choice"] == "required"


@agents_warn
@cassette("agent")
async def test_an_agent(recorded: Recorded) -> None:
    llm = recorded(SiliconFlow, model=V32)
    agent = FunctionAgent(tools=[get_weather], llm=llm)
    answer = await agent.run("What is the weather in Paris?")
    assert [call.tool_name for call in answer.tool_calls] == ["get_weather"]
    assert "18" in str(answer)


class Person(BaseModel):
    """A person."""

    name: str
    age: int


PROMPT = PromptTemplate("Alice is 30 years old. Who is {who}?")


@cassette("structured")
async def test_an_object_by_a_tool_call(recorded: Recorded, way: Way) -> None:
    llm = recorded(SiliconFlow, model=V32)
    found = await way(llm, "structured_predict", Person, PROMPT, who="Alice")
    assert found == Person(name="Alice", age=30)
    assert recorded.sent[0]["tool_choice"] == "required"


@cassette("structured_stream")
async def test_an_object_that_grows(recorded: Recorded, way: Way) -> None:
    llm = recorded(SiliconFlow, model=QWEN3, enable_thinking=False)
    found = await way(llm, "stream_structured_predict", Person, PROMPT, who="Alice")
    assert found[-1] == Person(name="Alice", age=30)


@cassette("structured_json_schema")
async def test_an_object_by_a_response_format(recorded: Recorded, way: Way) -> None:
    llm = recorded(
        SiliconFlow, model=QWEN35, enable_thinking=False, structured_output_mode="json_schema"
    )
    found = await way(llm, "structured_predict", Person, PROMPT, who="Alice")
    assert found == Person(name="Alice", age=30)
    assert recorded.sent[0]["response_format"]["type"] == "json_schema"


@cassette("completion")
async def test_infill(recorded: Recorded, way: Way) -> None:
    llm = recorded(SiliconFlowCompletion, model="Qwen/Qwen2.5-Coder-32B-Instruct", max_tokens=100)
    response = await way(llm, "complete", "def add(a, b):\n", suffix="\nprint(add(1, 2))")
    assert "return" in response.text
    assert recorded.sent[0]["prefix"] == "def add(a, b):\n"


@cassette("embeddings")
async def test_embeddings(recorded: Recorded, way: Way) -> None:
    embedding = recorded(SiliconFlowEmbedding, model="Qwen/Qwen3-Embedding-0.6B", dimensions=64)
    texts = ["A cat sleeps.", "The cat is asleep.", "Interest rates rise."]
    vectors = await way(embedding, "get_text_embedding_batch", texts)
    query = await way(embedding, "get_query_embedding", "A sleeping cat.")
    assert [len(vector) for vector in [*vectors, query]] == [64] * 4
    cat, asleep, rates = vectors
    assert embedding.similarity(cat, asleep) > embedding.similarity(cat, rates)
    assert [len(body["input"]) for body in recorded.sent] == [3, 1]


@cassette("rerank")
async def test_rerank(recorded: Recorded, way: Way) -> None:
    rerank = recorded(SiliconFlowRerank, top_n=2)
    texts = ["Paint the shed green.", "Water tomatoes in the morning.", "Sow in May."]
    nodes = [NodeWithScore(node=TextNode(text=text)) for text in texts]
    question = QueryBundle("When do I water tomatoes?")
    best, second = await way(rerank, "postprocess_nodes", nodes, query_bundle=question)
    assert best.node.get_content() == texts[1]
    assert best.score > second.score


@cassette("unknown_model")
async def test_an_unknown_model(recorded: Recorded, way: Way) -> None:
    llm = recorded(SiliconFlow, model="acme/none")
    with pytest.raises(ModelNotFoundError) as caught:
        await way(llm, "chat", asked("Hi"))
    assert caught.value.code == 20012
    assert caught.value.trace_id
