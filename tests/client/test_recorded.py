"""Whole exchanges under the API's true URLs, replayed; sync and async share each cassette."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import httpx
import pytest

from siliconflow_client import (
    AsyncSiliconFlowClient,
    BadRequestError,
    Delta,
    ModelNotFoundError,
    SiliconFlowClient,
)
from siliconflow_client import Tool as WireTool

pytestmark = pytest.mark.vcr

cassette = pytest.mark.default_cassette

WEATHER: WireTool = {
    "type": "function",
    "function": {
        "name": "get_weather",
        "description": "Tell the weather in a city.",
        "parameters": {
            "type": "object",
            "properties": {"city": {"type": "string"}},
            "required": ["city"],
        },
    },
}


class Asker:
    """One way to write a call for both clients; keeps the bodies that went out."""

    def __init__(self, client: SiliconFlowClient | AsyncSiliconFlowClient) -> None:
        self.client = client
        self.sent: list[Any] = []

    async def __call__(self, method: str, **request: Any) -> Any:
        answer = getattr(self.client, method)(**request)
        return answer if isinstance(self.client, SiliconFlowClient) else await answer

    async def stream(self, **request: Any) -> list[Delta]:
        if isinstance(self.client, SiliconFlowClient):
            with self.client.stream_chat(**request) as stream:
                return list(stream)
        async with self.client.stream_chat(**request) as stream:
            return [delta async for delta in stream]


@pytest.fixture(params=["sync", "async"])
def ask(
    request: pytest.FixtureRequest,
    recorded_api_key: str,
    recorded_http_client: httpx.Client,
    recorded_async_http_client: httpx.AsyncClient,
) -> Asker:
    clients: dict[str, Callable[[], SiliconFlowClient | AsyncSiliconFlowClient]] = {
        "sync": lambda: SiliconFlowClient(
            api_key=recorded_api_key, http_client=recorded_http_client
        ),
        "async": lambda: AsyncSiliconFlowClient(
            api_key=recorded_api_key, async_http_client=recorded_async_http_client
        ),
    }
    asker = Asker(clients[request.param]())

    def keep(sent: httpx.Request) -> None:
        assert sent.headers["authorization"] == f"Bearer {recorded_api_key}"
        asker.sent.append(json.loads(sent.content or b"null"))

    async def keep_async(sent: httpx.Request) -> None:
        keep(sent)

    recorded_http_client.event_hooks["request"].append(keep)
    recorded_async_http_client.event_hooks["request"].append(keep_async)
    return asker


@cassette("chat")
async def test_chat(ask: Asker):
    answer = await ask(
        "chat",
        model="deepseek-ai/DeepSeek-V3.2",
        messages=[{"role": "user", "content": "Say in one sentence why the sky is blue."}],
        max_tokens=200,
    )
    assert answer.text
    assert answer.finish_reason == "stop"
    assert answer.usage.total_tokens == answer.usage.prompt_tokens + answer.usage.completion_tokens
    assert answer.trace_id
    assert ask.sent == [
        {
            "model": "deepseek-ai/DeepSeek-V3.2",
            "messages": [{"role": "user", "content": "Say in one sentence why the sky is blue."}],
            "max_tokens": 200,
            "stream": False,
        }
    ]


@cassette("stream")
async def test_stream_with_reasoning(ask: Asker):
    deltas = await ask.stream(
        model="Qwen/Qwen3-8B",
        messages=[{"role": "user", "content": "Which is larger, 9.11 or 9.9?"}],
        enable_thinking=True,
    )
    assert "".join(delta.reasoning for delta in deltas)
    assert "".join(delta.text for delta in deltas)
    assert deltas[-1].finish_reason == "stop"
    assert deltas[-1].usage
    assert deltas[-1].usage.completion_tokens
    assert all(delta.usage is None for delta in deltas[:-1])
    assert ask.sent[0]["stream"] is True


@cassette("tools")
async def test_a_tool_call_and_its_result(ask: Asker):
    question = {"role": "user", "content": "What is the weather in Paris?"}
    request = await ask(
        "chat", model="deepseek-ai/DeepSeek-V3.2", messages=[question], tools=[WEATHER]
    )
    (call,) = request.tool_calls
    assert call.name == "get_weather"
    assert json.loads(call.arguments) == {"city": "Paris"}
    function = {"name": call.name, "arguments": call.arguments}
    calls = [{"id": call.id, "type": "function", "function": function}]
    answer = await ask(
        "chat",
        model="deepseek-ai/DeepSeek-V3.2",
        messages=[
            question,
            {"role": "assistant", "content": "", "tool_calls": calls},
            {"role": "tool", "tool_call_id": call.id, "content": "18 °C and sunny"},
        ],
        tools=[WEATHER],
    )
    assert "18" in answer.text


@cassette("tools_stream")
async def test_a_streamed_tool_call(ask: Asker):
    deltas = await ask.stream(
        model="Qwen/Qwen3-8B",
        messages=[{"role": "user", "content": "What is the weather in Paris?"}],
        tools=[WEATHER],
        tool_choice="required",
        enable_thinking=False,
    )
    pieces = [piece for delta in deltas for piece in delta.tool_calls]
    assert [piece.name for piece in pieces if piece.name] == ["get_weather"]
    assert json.loads("".join(piece.arguments for piece in pieces)) == {"city": "Paris"}


@cassette("embeddings")
async def test_embeddings(ask: Asker):
    texts = ["A cat sleeps.", "The cat is asleep.", "Interest rates rise."]
    result = await ask("embed", model="Qwen/Qwen3-Embedding-0.6B", input=texts, dimensions=64)
    assert [len(vector) for vector in result.vectors] == [64, 64, 64]
    cat, asleep, rates = result.vectors

    def likeness(one: list[float], other: list[float]) -> float:
        return sum(a * b for a, b in zip(one, other, strict=True))

    assert likeness(cat, asleep) > likeness(cat, rates)
    assert result.usage.prompt_tokens > 0


@cassette("rerank")
async def test_rerank(ask: Asker):
    documents = ["Paint the shed green.", "Water tomatoes in the morning.", "Sow in May."]
    result = await ask(
        "rerank",
        model="BAAI/bge-reranker-v2-m3",
        query="When do I water tomatoes?",
        documents=documents,
        top_n=2,
    )
    assert result.results[0].index == 1
    assert len(result.results) == 2
    assert result.results[0].relevance_score > result.results[1].relevance_score


@cassette("models")
async def test_the_model_list(ask: Asker):
    cards = await ask("models", type="text", sub_type="reranker")
    assert "BAAI/bge-reranker-v2-m3" in {card.id for card in cards}


@cassette("unknown_model")
async def test_an_unknown_model(ask: Asker):
    with pytest.raises(ModelNotFoundError) as caught:
        await ask("chat", model="nobody/none", messages=[{"role": "user", "content": "Hi"}])
    assert caught.value.code == 20012
    assert caught.value.trace_id


@cassette("thinking_refused")
async def test_a_parameter_that_the_model_does_not_take(ask: Asker):
    with pytest.raises(BadRequestError) as caught:
        await ask(
            "chat",
            model="Qwen/Qwen3-Coder-30B-A3B-Instruct",
            messages=[{"role": "user", "content": "Hi"}],
            enable_thinking=True,
        )
    assert caught.value.code == 20015
