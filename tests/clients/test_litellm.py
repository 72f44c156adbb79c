"""LiteLLM, by its OpenAI and Anthropic providers."""

from __future__ import annotations

import io
from typing import Any

import litellm
import pytest

from tests.clients.answers import (
    ALICE,
    CHAT,
    COSY,
    EMBEDDING,
    FUNCTION,
    HELLO,
    KEY,
    LISTENER,
    PERSON,
    RERANKER,
    SCHEMAS,
    TEXT,
    THINKER,
    WEATHER,
    Person,
)

ASKED: list[Any] = [{"role": "user", "content": "Hello"}]


@pytest.fixture
def site(simulator_url: str) -> dict[str, Any]:
    return {"api_base": simulator_url, "api_key": KEY}


def test_completion(site: dict[str, Any]) -> None:
    answer: Any = litellm.completion(model=f"openai/{CHAT}", messages=ASKED, **site)
    assert answer.choices[0].message.content == HELLO
    assert answer.usage.total_tokens > 0


def test_stream(site: dict[str, Any]) -> None:
    chunks: Any = litellm.completion(model=f"openai/{CHAT}", messages=ASKED, stream=True, **site)
    assert "".join(chunk.choices[0].delta.content or "" for chunk in chunks) == HELLO


async def test_acompletion(site: dict[str, Any]) -> None:
    answer: Any = await litellm.acompletion(model=f"openai/{CHAT}", messages=ASKED, **site)
    assert answer.choices[0].message.content == HELLO


@pytest.mark.parametrize("streamed", [False, True])
def test_tools(site: dict[str, Any], streamed: bool) -> None:
    answer: Any = litellm.completion(
        model=f"openai/{CHAT}",
        messages=[{"role": "user", "content": WEATHER}],
        tools=[FUNCTION],
        stream=streamed,
        **site,
    )
    if streamed:
        answer = litellm.stream_chunk_builder(list(answer))
    [call] = answer.choices[0].message.tool_calls
    assert (call.function.name, call.function.arguments) == ("get_weather", '{"city": "Paris"}')


def test_a_structure(site: dict[str, Any]) -> None:
    answer: Any = litellm.completion(
        model=f"openai/{SCHEMAS}",
        messages=[{"role": "user", "content": ALICE}],
        response_format=Person,
        **site,
    )
    assert Person.model_validate_json(answer.choices[0].message.content) == PERSON


def test_thinking(site: dict[str, Any]) -> None:
    answer: Any = litellm.completion(model=f"openai/{THINKER}", messages=ASKED, **site)
    assert answer.choices[0].message.reasoning_content
    assert answer.choices[0].message.content == HELLO


def test_by_anthropic_s_form(root: str) -> None:
    answer: Any = litellm.completion(
        model=f"anthropic/{CHAT}", messages=ASKED, api_base=root, api_key=KEY
    )
    assert answer.choices[0].message.content == HELLO


def test_embedding_and_rerank(site: dict[str, Any], simulator_url: str) -> None:
    answer: Any = litellm.embedding(model=f"openai/{EMBEDDING}", input=["a", "b"], **site)
    assert [len(item["embedding"]) for item in answer.data] == [1024, 1024]
    ranked: Any = litellm.rerank(
        model=f"jina_ai/{RERANKER}",
        query="cats",
        documents=["dogs bark", "cats sleep"],
        api_base=f"{simulator_url}/rerank",
        api_key=KEY,
    )
    assert [hit["index"] for hit in ranked.results] == [1, 0]


def test_text_completion(site: dict[str, Any]) -> None:
    answer: Any = litellm.text_completion(
        model=f"text-completion-openai/{TEXT}", prompt="def add(a, b):\n    return ", **site
    )
    assert answer.choices[0].text == "a + b"


def test_speech_and_transcription(site: dict[str, Any]) -> None:
    spoken = litellm.speech(
        model=f"openai/{COSY}",
        voice=f"{COSY}:alex",
        input="Mind the gap",
        response_format="wav",
        **site,
    )
    file = io.BytesIO(spoken.content)
    file.name = "a.wav"
    heard: Any = litellm.transcription(model=f"openai/{LISTENER}", file=file, **site)
    assert heard.text == "Mind the gap"


def test_errors_have_their_classes(site: dict[str, Any]) -> None:
    with pytest.raises(litellm.BadRequestError, match="Model does not exist"):
        litellm.completion(model="openai/nobody/nothing", messages=ASKED, **site)
    with pytest.raises(litellm.RateLimitError):
        litellm.completion(
            model=f"openai/{CHAT}",
            messages=ASKED,
            max_retries=0,
            extra_headers={"x-simulate": "429"},
            **site,
        )
