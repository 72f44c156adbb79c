"""A client that no one here wrote gets its calls answered, in process and over a socket."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import httpx
import openai
import pytest
from pydantic import BaseModel

from siliconflow_simulator import Simulator
from tests.simulator.asking import DEFAULT_MODEL, SIMULATOR, WEATHER, called, messages

HELLO = "Hello! How can I help you today?"
CITIES = [{"city": "Paris"}, {"city": "Rome"}]
QUESTION = messages("What is the weather in Paris and in Rome?")


@pytest.fixture(params=["transport", "socket"])
def client(request: pytest.FixtureRequest) -> Iterator[openai.OpenAI]:
    if request.param == "transport":
        http = httpx.Client(transport=SIMULATOR.transport())
        url = "https://api.siliconflow.cn/v1"
    else:
        http, url = httpx.Client(), request.getfixturevalue("simulator_url")
    with openai.OpenAI(api_key="sk-test", base_url=url, http_client=http, max_retries=0) as made:
        yield made


def test_chat(client: openai.OpenAI) -> None:
    answer = client.chat.completions.create(model=DEFAULT_MODEL, messages=messages("Hello"))
    assert answer.choices[0].message.content == "Hello! How can I help you today?"
    assert answer.usage.total_tokens == answer.usage.prompt_tokens + answer.usage.completion_tokens


@pytest.mark.parametrize("model", [DEFAULT_MODEL, "Qwen/Qwen3.5-4B", "deepseek-ai/DeepSeek-V4-Pro"])
def test_stream(client: openai.OpenAI, model: str) -> None:
    stream = client.chat.completions.create(
        model=model, messages=messages("Hello"), stream=True, extra_body={"enable_thinking": True}
    )
    chunks = list(stream)
    text = "".join(c.choices[0].delta.content or "" for c in chunks if c.choices)
    thought = "".join(
        getattr(c.choices[0].delta, "reasoning_content", None) or "" for c in chunks if c.choices
    )
    assert text == "Hello! How can I help you today?"
    assert thought.startswith("The user asks")
    assert [c.usage for c in chunks if c.usage][-1].completion_tokens > 0


def test_tool_calls(client: openai.OpenAI) -> None:
    answer = client.chat.completions.create(
        model=DEFAULT_MODEL, messages=QUESTION, tools=[WEATHER], parallel_tool_calls=False
    )
    [call] = answer.choices[0].message.tool_calls or []
    assert json.loads(call.function.arguments) == {"city": "Paris"}
    history = [*QUESTION, answer.choices[0].message]
    history.append({"role": "tool", "tool_call_id": call.id, "content": "Sunny in Paris."})
    history += called("get_weather", '{"city": "Rome"}', "Rain in Rome.")
    last = client.chat.completions.create(model=DEFAULT_MODEL, messages=history, tools=[WEATHER])
    assert last.choices[0].message.content == "Sunny in Paris. Rain in Rome."


@pytest.mark.parametrize("model", [DEFAULT_MODEL, "Qwen/Qwen3.5-4B"])
def test_streamed_tool_calls(client: openai.OpenAI, model: str) -> None:
    stream = client.chat.completions.create(
        model=model,
        messages=QUESTION,
        tools=[WEATHER],
        stream=True,
        extra_body={"enable_thinking": False},
    )
    arguments: dict[int, str] = {}
    reasons: list[str] = []
    for chunk in stream:
        for choice in chunk.choices:
            reasons += [choice.finish_reason] if choice.finish_reason else []
            for piece in choice.delta.tool_calls or []:
                said = arguments.get(piece.index, "") + piece.function.arguments
                arguments[piece.index] = said
    assert [json.loads(text) for text in arguments.values()] == [
        {"city": "Paris"},
        {"city": "Rome"},
    ]
    assert reasons == ["tool_calls"]


@pytest.mark.parametrize("encoding", ["float", "base64"])
def test_embeddings(client: openai.OpenAI, encoding: str) -> None:
    # Left to itself, the SDK asks for base64 and decodes it.
    answer = client.embeddings.create(
        model="Qwen/Qwen3-Embedding-0.6B",
        input=["a", "b"],
        dimensions=64,
        encoding_format=encoding if encoding == "float" else openai.omit,
    )
    assert [len(item.embedding) for item in answer.data] == [64, 64]
    assert all(isinstance(number, float) for number in answer.data[0].embedding)


def test_completions_and_models(client: openai.OpenAI) -> None:
    answer = client.completions.create(
        model="Qwen/Qwen2.5-Coder-7B-Instruct", prompt="def add(a, b):\n    return ", suffix="\n"
    )
    assert answer.choices[0].text == "a + b"
    assert "BAAI/bge-m3" in {model.id for model in client.models.list()}


def test_errors(client: openai.OpenAI) -> None:
    with pytest.raises(openai.BadRequestError):
        client.chat.completions.create(model="nobody/nothing", messages=messages("Hello"))
    with pytest.raises(openai.RateLimitError) as caught:
        client.chat.completions.create(
            model=DEFAULT_MODEL,
            messages=messages("Hello"),
            extra_headers={"x-simulate": "429-retry-after=7"},
        )
    assert caught.value.response.headers["retry-after"] == "7"


async def test_the_async_client() -> None:
    http = httpx.AsyncClient(transport=SIMULATOR.transport())
    url = "https://api.siliconflow.cn/v1"
    async with openai.AsyncOpenAI(api_key="sk-test", base_url=url, http_client=http) as client:
        stream = await client.chat.completions.create(
            model=DEFAULT_MODEL, messages=messages("Hello"), stream=True
        )
        text = "".join([chunk.choices[0].delta.content or "" async for chunk in stream])
    assert text == "Hello! How can I help you today?"


# --- the helper that puts a stream together -----------------------------------------------------

STYLES: list[Any] = ["inhouse", "vllm", "mixed"]


def helper_client(simulator: Simulator) -> openai.OpenAI:
    http = httpx.Client(transport=simulator.transport())
    return openai.OpenAI(
        api_key="sk-test", base_url="https://api.siliconflow.cn/v1", http_client=http
    )


@pytest.mark.parametrize("style", STYLES)
def test_the_stream_helper_joins_text_and_thinking(style) -> None:
    with (
        helper_client(Simulator(stream_style=style)) as client,
        client.chat.completions.stream(
            model="Qwen/Qwen3.5-4B",
            messages=messages("Hello"),
            extra_body={"enable_thinking": True},
            stream_options={"include_usage": True},
        ) as stream,
    ):
        pieces = [event.delta for event in stream if event.type == "content.delta"]
        answer = stream.get_final_completion()
    assert "".join(pieces) == answer.choices[0].message.content == HELLO
    assert answer.usage is not None
    assert answer.usage.completion_tokens > len(pieces)


class Person(BaseModel):
    name: str
    age: int


@pytest.mark.parametrize("style", STYLES)
def test_the_stream_helper_parses_a_structure(style) -> None:
    with (
        helper_client(Simulator(stream_style=style)) as client,
        client.chat.completions.stream(
            model="Qwen/Qwen3.5-4B",
            messages=messages("Alice is 30 years old."),
            response_format=Person,
            extra_body={"enable_thinking": False},
        ) as stream,
    ):
        parsed = stream.get_final_completion().choices[0].message.parsed
    assert parsed == Person(name="Alice", age=30)


@pytest.mark.parametrize("style", STYLES)
def test_the_stream_helper_joins_calls_whose_later_pieces_are_bare(style) -> None:
    simulator = Simulator(stream_style=style, bare_follow_ups=True)
    with (
        helper_client(simulator) as client,
        client.chat.completions.stream(
            model=DEFAULT_MODEL, messages=QUESTION, tools=[WEATHER]
        ) as stream,
    ):
        done = [e for e in stream if e.type == "tool_calls.function.arguments.done"]
        calls = stream.get_final_completion().choices[0].message.tool_calls or []
    assert [json.loads(call.function.arguments) for call in calls] == CITIES
    assert [json.loads(event.arguments) for event in done] == CITIES


def test_the_stream_helper_stumbles_over_the_null_type_that_the_api_was_seen_to_send() -> None:
    with (
        helper_client(Simulator(stream_style="inhouse")) as client,
        client.chat.completions.stream(
            model=DEFAULT_MODEL, messages=QUESTION, tools=[WEATHER]
        ) as stream,
        pytest.raises(AssertionError),
    ):
        stream.until_done()


# --- files and batches, as the vendor's batch guide writes them ----------------------------------


def test_the_batch_guide_s_samples(client: openai.OpenAI) -> None:
    body = {"model": "deepseek-ai/DeepSeek-V3", "messages": messages("Hello"), "stream": True}
    lines = [
        {"custom_id": f"r{n}", "method": "POST", "url": "/v1/chat/completions", "body": body}
        for n in range(3)
    ]
    content = "\n".join(json.dumps(line) for line in lines).encode()
    file: Any = client.files.create(file=("in.jsonl", content), purpose="batch")
    batch = client.batches.create(
        input_file_id=file.data["id"],
        endpoint="/v1/chat/completions",
        completion_window="24h",
        metadata={"description": "nightly eval job"},
        extra_body={"replace": {"model": "deepseek-ai/DeepSeek-V3"}},
    )
    while batch.status != "completed":
        batch = client.batches.retrieve(batch.id)
    assert batch.id in {known.id for known in client.batches.list(limit=20)}
    results = client.files.content(batch.output_file_id).text
    assert {json.loads(line)["custom_id"] for line in results.splitlines()} == {"r0", "r1", "r2"}


def test_a_batch_is_cancelled(client: openai.OpenAI) -> None:
    body = {"model": "deepseek-ai/DeepSeek-V3", "messages": messages("Hello")}
    content = json.dumps({"custom_id": "a", "body": body}).encode()
    file: Any = client.files.create(file=("in.jsonl", content), purpose="batch")
    batch = client.batches.create(
        input_file_id=file.data["id"], endpoint="/v1/chat/completions", completion_window="24h"
    )
    assert client.batches.cancel(batch.id).status == "cancelling"
