"""The openai SDK: chat, its stream helper with tools and structures, embeddings, media, batches."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from typing import Any

import openai
import pytest
from pydantic import BaseModel, Field

from siliconflow_simulator import Simulator
from tests.clients.answers import (
    ALICE,
    CHAT,
    COSY,
    EMBEDDING,
    HELLO,
    KEY,
    LISTENER,
    PAINTER,
    PERSON,
    SCHEMAS,
    TEXT,
    THINKER,
    Person,
)

STYLES: list[Any] = ["inhouse", "vllm", "mixed", "vllm-native"]
CITIES: list[Any] = [{"role": "user", "content": "What is the weather in Paris and in Rome?"}]


class Weather(BaseModel):
    """Get the weather at a location."""

    city: str = Field(description="The city.")


TOOL: Any = openai.pydantic_function_tool(Weather, name="get_weather")
FOUND = [Weather(city="Paris"), Weather(city="Rome")]


def said(text: str) -> list[Any]:
    return [{"role": "user", "content": text}]


@pytest.fixture
def client(site: dict[str, Any]) -> Iterator[openai.OpenAI]:
    with openai.OpenAI(**site, max_retries=0) as made:
        yield made


def test_the_major_release_that_the_other_tests_do_not_have() -> None:
    assert openai.__version__.startswith("2.")


def test_chat_and_stream(client: openai.OpenAI) -> None:
    answer = client.chat.completions.create(model=CHAT, messages=said("Hello"))
    assert answer.choices[0].message.content == HELLO
    stream = client.chat.completions.create(model=CHAT, messages=said("Hello"), stream=True)
    assert "".join(c.choices[0].delta.content or "" for c in stream if c.choices) == HELLO


def test_thinking(client: openai.OpenAI) -> None:
    message: Any = (
        client.chat.completions.create(model=THINKER, messages=said("Hello")).choices[0].message
    )
    assert message.reasoning_content
    assert message.content == HELLO


async def test_the_async_client(site: dict[str, Any]) -> None:
    async with openai.AsyncOpenAI(**site) as client:
        stream = await client.chat.completions.create(
            model=CHAT, messages=said("Hello"), stream=True
        )
        text = "".join([c.choices[0].delta.content or "" async for c in stream if c.choices])
    assert text == HELLO


# --- structures and tools ---------------------------------------------------------------------------


def test_parse_returns_a_structure_and_arguments(client: openai.OpenAI) -> None:
    made = client.chat.completions.parse(
        model=SCHEMAS, messages=said(ALICE), response_format=Person
    )
    assert made.choices[0].message.parsed == PERSON
    called = client.chat.completions.parse(model=CHAT, messages=CITIES, tools=[TOOL])
    calls = called.choices[0].message.tool_calls or []
    assert [call.function.parsed_arguments for call in calls] == FOUND


@pytest.mark.parametrize(
    "choice", ["required", {"type": "function", "function": {"name": "Person"}}]
)
def test_a_call_that_is_demanded(client: openai.OpenAI, choice: Any) -> None:
    tool = openai.pydantic_function_tool(Person)
    made = client.chat.completions.create(
        model=CHAT, messages=said(ALICE), tools=[tool], tool_choice=choice
    )
    [call] = made.choices[0].message.tool_calls or []
    assert Person.model_validate_json(call.function.arguments) == PERSON


@pytest.mark.parametrize("style", STYLES)
def test_the_stream_helper_parses_a_structure(
    style: Any, serve: Callable[[Simulator], str]
) -> None:
    url = serve(Simulator(stream_style=style))
    with (
        openai.OpenAI(base_url=url, api_key=KEY) as client,
        client.chat.completions.stream(
            model=SCHEMAS, messages=said(ALICE), response_format=Person
        ) as stream,
    ):
        parsed = [event.parsed for event in stream if event.type == "content.delta"]
        final = stream.get_final_completion().choices[0].message.parsed
    assert final == PERSON
    assert parsed[-1] == PERSON.model_dump()


@pytest.mark.parametrize("style", STYLES)
def test_the_stream_helper_parses_tool_calls(style: Any, serve: Callable[[Simulator], str]) -> None:
    url = serve(Simulator(stream_style=style, bare_follow_ups=True))
    with (
        openai.OpenAI(base_url=url, api_key=KEY) as client,
        client.chat.completions.stream(model=CHAT, messages=CITIES, tools=[TOOL]) as stream,
    ):
        done = [e for e in stream if e.type == "tool_calls.function.arguments.done"]
        message = stream.get_final_completion().choices[0].message
    assert [event.parsed_arguments for event in done] == FOUND
    assert [call.function.parsed_arguments for call in message.tool_calls or []] == FOUND


# --- embeddings, completions, models ------------------------------------------------------------------


def test_embeddings_completions_and_models(client: openai.OpenAI) -> None:
    vectors = client.embeddings.create(model=EMBEDDING, input=["a", "b"]).data
    assert [len(vector.embedding) for vector in vectors] == [1024, 1024]
    text = client.completions.create(model=TEXT, prompt="def add(a, b):\n    return ")
    assert text.choices[0].text == "a + b"
    assert EMBEDDING in {model.id for model in client.models.list()}


# --- media --------------------------------------------------------------------------------------------


def test_images_speech_and_transcription(client: openai.OpenAI) -> None:
    # `size` goes along unread: the API names it image_size.
    made: Any = client.images.generate(
        model=PAINTER, prompt="a cat", size="512x512", extra_body={"image_size": "960x1280"}
    )
    assert made.images[0]["url"].startswith("http://127.0.0.1:")
    voice: Any = f"{COSY}:alex"
    spoken = client.audio.speech.create(
        model=COSY, voice=voice, input="Mind the gap", response_format="wav"
    )
    heard = client.audio.transcriptions.create(model=LISTENER, file=("a.wav", spoken.content))
    assert heard.text == "Mind the gap"


# --- files and batches --------------------------------------------------------------------------------


def test_files_and_batches(client: openai.OpenAI) -> None:
    body = {"model": "deepseek-ai/DeepSeek-V3", "messages": said("Hello")}
    content = b"\n".join(json.dumps({"custom_id": str(n), "body": body}).encode() for n in range(3))
    uploaded: Any = client.files.create(file=("in.jsonl", content), purpose="batch")
    batch = client.batches.create(
        input_file_id=uploaded.data["id"],
        endpoint="/v1/chat/completions",
        completion_window="24h",
    )
    seen = [batch.status]
    while batch.status != "completed":
        batch = client.batches.retrieve(batch.id)
        seen.append(batch.status)
    assert seen == ["validating", "in_progress", "finalizing", "completed"]
    lines = client.files.content(batch.output_file_id or "").text.splitlines()
    answers = {
        line["custom_id"]: line["response"]["body"]["choices"][0]["message"]["content"]
        for line in map(json.loads, lines)
    }
    assert answers == dict.fromkeys("012", HELLO)
    assert batch.id in {known.id for known in client.batches.list(limit=20)}
    files: Any = client.files.list()
    assert uploaded.data["id"] in {file["id"] for file in files.data["data"]}
