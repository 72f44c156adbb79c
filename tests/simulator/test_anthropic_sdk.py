"""Anthropic's own SDK against the simulator, over a socket: create, stream, tools, errors."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import anthropic
import pytest

from tests.simulator.asking import ANTHROPIC_WEATHER, DEFAULT_MODEL

HELLO: list[Any] = [{"role": "user", "content": "Hello"}]


@pytest.fixture(params=["api_key", "auth_token"])
def client(request: pytest.FixtureRequest, simulator_url: str) -> Iterator[anthropic.Anthropic]:
    """With the key in `x-api-key`, and as Bearer; the SDK adds `/v1` itself."""
    key: Any = {request.param: "sk-test"}
    root = simulator_url.removesuffix("/v1")
    with anthropic.Anthropic(**key, base_url=root, max_retries=0) as made:
        yield made


def test_create(client: anthropic.Anthropic) -> None:
    answer = client.messages.create(model=DEFAULT_MODEL, messages=HELLO, max_tokens=100)
    assert answer.content[-1].text == "Hello! How can I help you today?"
    assert answer.stop_reason == "end_turn"
    assert answer.usage.output_tokens > 0


def test_thinking(client: anthropic.Anthropic) -> None:
    answer = client.messages.create(
        model=DEFAULT_MODEL,
        messages=HELLO,
        max_tokens=4000,
        thinking={"type": "enabled", "budget_tokens": 1024},
    )
    assert [block.type for block in answer.content] == ["thinking", "text"]


def test_stream(client: anthropic.Anthropic) -> None:
    with client.messages.stream(model=DEFAULT_MODEL, messages=HELLO, max_tokens=100) as stream:
        text = "".join(stream.text_stream)
        final = stream.get_final_message()
    assert text == final.content[-1].text == "Hello! How can I help you today?"
    assert final.usage.output_tokens > 0


def test_raw_events(client: anthropic.Anthropic) -> None:
    events = client.messages.create(
        model=DEFAULT_MODEL, messages=HELLO, max_tokens=100, stream=True
    )
    kinds = [event.type for event in events]
    assert (kinds[0], kinds[-1]) == ("message_start", "message_stop")


@pytest.mark.parametrize("streamed", [False, True])
def test_tools(client: anthropic.Anthropic, streamed: bool) -> None:
    def ask(messages: list[Any]) -> Any:
        asked: Any = {
            "model": DEFAULT_MODEL, "messages": messages, "max_tokens": 500, "tools": [ANTHROPIC_WEATHER],
        }  # fmt: skip
        if not streamed:
            return client.messages.create(**asked)
        with client.messages.stream(**asked) as stream:
            return stream.get_final_message()

    turns: list[Any] = [{"role": "user", "content": "What is the weather in Paris?"}]
    first = ask(turns)
    [used] = [block for block in first.content if block.type == "tool_use"]
    assert (used.name, used.input, first.stop_reason) == (
        "get_weather",
        {"city": "Paris"},
        "tool_use",
    )
    result = {"type": "tool_result", "tool_use_id": used.id, "content": "Sunny in Paris."}
    turns += [
        {"role": "assistant", "content": first.content},
        {"role": "user", "content": [result]},
    ]
    last = ask(turns)
    assert last.content[-1].text == "Sunny in Paris."


def test_errors(client: anthropic.Anthropic) -> None:
    with pytest.raises(anthropic.BadRequestError) as caught:
        client.messages.create(model="nobody/nothing", messages=HELLO, max_tokens=10)
    assert caught.value.body["error"]["code"] == 20012
    with pytest.raises(anthropic.RateLimitError):
        client.messages.create(
            model=DEFAULT_MODEL,
            messages=HELLO,
            max_tokens=10,
            extra_headers={"x-simulate": "429"},
        )


async def test_the_async_client(simulator_url: str) -> None:
    root = simulator_url.removesuffix("/v1")
    async with (
        anthropic.AsyncAnthropic(api_key="sk-test", base_url=root) as client,
        client.messages.stream(model=DEFAULT_MODEL, messages=HELLO, max_tokens=100) as stream,
    ):
        text = "".join([piece async for piece in stream.text_stream])
    assert text == "Hello! How can I help you today?"
