"""The anthropic SDK: create, stream, tools."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import anthropic
import pytest

from tests.clients.answers import CHAT, HELLO, KEY, SUNNY, WEATHER, get_weather
from tests.simulator.asking import ANTHROPIC_WEATHER


@pytest.fixture
def client(root: str) -> Iterator[anthropic.Anthropic]:
    with anthropic.Anthropic(api_key=KEY, base_url=root, max_retries=0) as made:
        yield made


def test_create_and_stream(client: anthropic.Anthropic) -> None:
    asked: Any = {
        "model": CHAT,
        "max_tokens": 100,
        "messages": [{"role": "user", "content": "Hello"}],
    }
    assert client.messages.create(**asked).content[-1].text == HELLO
    with client.messages.stream(**asked) as stream:
        assert "".join(stream.text_stream) == HELLO
        assert stream.get_final_message().stop_reason == "end_turn"


@pytest.mark.parametrize("streamed", [False, True])
def test_tools(client: anthropic.Anthropic, streamed: bool) -> None:
    turns: list[Any] = [{"role": "user", "content": WEATHER}]
    answer: Any = None
    for _ in range(3):
        asked: Any = {
            "model": CHAT,
            "max_tokens": 500,
            "messages": turns,
            "tools": [ANTHROPIC_WEATHER],
        }
        if streamed:
            with client.messages.stream(**asked) as stream:
                answer = stream.get_final_message()
        else:
            answer = client.messages.create(**asked)
        if answer.stop_reason != "tool_use":
            break
        turns.append({"role": "assistant", "content": answer.content})
        results = [
            {"type": "tool_result", "tool_use_id": block.id, "content": get_weather(**block.input)}
            for block in answer.content
            if block.type == "tool_use"
        ]
        turns.append({"role": "user", "content": results})
    assert len(turns) == 3
    assert answer.content[-1].text == SUNNY
