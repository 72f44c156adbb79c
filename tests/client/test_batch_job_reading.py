"""Answers of a batch are read as those of a plain call are, and shared fields are written once."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import httpx
import pytest

from siliconflow_client import (
    CallOptions,
    ChatCompletion,
    ConfigurationError,
    EmptyAnswerError,
    SiliconFlowClient,
)
from siliconflow_simulator import ChatCall
from siliconflow_simulator.answers.answer import Answer
from tests.client.batch_site import Site, do, request, resume, submit
from tests.client.callers import Caller
from tests.client.groups import call

both = pytest.mark.parametrize("kind", ["sync", "async"])

SCHEMA = {"type": "object", "properties": {"city": {"type": "string"}}}
TOOLS: Any = [{"type": "function", "function": {"name": "weather", "parameters": SCHEMA}}]
MARKUP = '<tool_call>{"name": "weather", "arguments": {"city": "Paris"}}</tool_call>'
R1 = "deepseek-ai/DeepSeek-R1"


def says(text: str, reasoning: str = "") -> Any:
    def answer(asked: ChatCall) -> list[Answer]:
        return [Answer(text=text, reasoning=reasoning)]

    return answer


@pytest.fixture
def state(tmp_path: Path) -> Path:
    return tmp_path / "job.json"


@both
@pytest.mark.parametrize(
    ("fields", "said", "options"),
    [
        ({"tools": TOOLS}, MARKUP, None),
        ({"tools": TOOLS}, MARKUP, CallOptions(tool_markup=False)),
        ({"tools": TOOLS, "tool_choice": "none"}, MARKUP, None),
        ({}, MARKUP, None),
        ({"model": R1}, "<think>Hm.</think>Paris.", None),
        ({"enable_thinking": False}, "<think></think>Paris.", None),
    ],
    ids=["tool", "switched off", "no choice", "no tools", "thinking", "no thinking"],
)
async def test_an_answer_says_what_it_says_to_a_plain_call(
    kind: str, fields: Any, said: str, options: CallOptions | None, state: Path
):
    asked: Any = request("Where?", **fields)
    async with Caller(kind, Site(answers=says(said))) as ask:
        plain: Any = await call(ask, "chat", options=options, **asked)
        job = await do(await submit(ask, [asked], state, options=options), "wait")
        [found] = job.results()
        assert found.choices == plain.choices
        # The requests are beside the state, so another process reads alike.
        again = ask.client.batches.resume(state, options=options)
        assert again.results() == [found]


def test_the_cases_above_are_read_in_more_than_one_way(state: Path):
    site = Site(answers=says(MARKUP))
    with httpx.Client(transport=httpx.MockTransport(site)) as http:
        client = SiliconFlowClient(api_key="sk-any", http_client=http, sleep=lambda seconds: None)
        asked: Any = [request("a", tools=TOOLS), request("b")]
        with_tools, without = client.batches.submit(asked, state=state).wait().results()
    assert [tool.name for tool in with_tools.tool_calls] == ["weather"]
    assert (without.tool_calls, without.text) == ([], MARKUP)


@both
async def test_an_answer_of_nothing_is_given_or_is_an_error_as_the_client_says(
    kind: str, state: Path
):
    site = Site(answers=says(""))
    asked = [request("a"), request("b", stop="b")]
    async with Caller(kind, site, empty_answers="raise") as ask:
        job = await do(await submit(ask, asked, state), "wait")
        first, second = job.results(return_exceptions=True)
        assert isinstance(first, EmptyAnswerError)
        assert isinstance(second, ChatCompletion)  # a stop word may end an answer at once
        given = ask.client.batches.resume(state, options=CallOptions(empty_answers="return"))
        assert [result.text for result in given.results()] == ["", ""]


@both
async def test_answers_whose_requests_are_gone_are_read_without_them(kind: str, state: Path):
    async with Caller(kind, Site(answers=says(MARKUP))) as ask:
        job = await do(await submit(ask, [request("a", tools=TOOLS)], state), "wait")
        [part] = state.with_name("job.json.parts").glob("*.in")
        part.unlink()
        assert [result.text for result in resume(ask, state).results()] == [MARKUP]
        assert job.is_done


# --- shared fields --------------------------------------------------------------------------


def bodies(state: Path) -> list[Any]:
    [part] = state.with_name("job.json.parts").glob("*.in")
    return [json.loads(line)["body"] for line in part.read_bytes().splitlines()]


@both
async def test_shared_fields_are_those_of_each_request_that_says_nothing_else(
    kind: str, state: Path
):
    turns: Any = [{"role": "user", "content": "x"}]
    shared = {"model": "deepseek-ai/DeepSeek-V3", "tools": TOOLS, "temperature": 0.5, "seed": None}
    asked: Any = [{"messages": turns}, {"messages": turns, "temperature": 1, "top_k": 3}]
    async with Caller(kind, Site()) as ask:
        await submit(ask, asked, state, shared=shared, extra_body={"top_k": 9, "mine": "ü"})
    base = {"model": "deepseek-ai/DeepSeek-V3", "messages": turns, "tools": TOOLS, "stream": False}
    beyond = {"top_k": 9, "mine": "ü"}
    assert bodies(state) == [
        {**base, "temperature": 0.5, **beyond},
        {**base, "temperature": 1, **beyond},
    ]


@both
async def test_a_shared_schema_is_written_once(kind: str, state: Path):
    turns: Any = [{"role": "user", "content": "x"}]
    schema = {"type": "json_schema", "properties": iter_once()}
    shared = {"model": "deepseek-ai/DeepSeek-V3", "response_format": schema}
    asked: Any = [{"messages": turns}] * 300
    async with Caller(kind, Site()) as ask:
        await submit(ask, asked, state, shared=shared)
    assert [body["response_format"]["properties"] for body in bodies(state)] == [["once"]] * 300


def iter_once() -> Any:
    """Something that JSON can be made of a single time."""
    yield "once"


@both
@pytest.mark.parametrize(
    ("settings", "argument"),
    [
        ({"shared": {"model": "Qwen/Qwen3-8B"}}, "requests[0].model"),
        ({"extra_body": {"n": 2}}, "requests[0].n"),
        ({"extra_body": {"model": "Qwen/Qwen3-8B"}}, "requests[0].model"),
        ({"shared": {"temperature": "hot"}}, "requests[0].temperature"),
        (
            {"extra_body": {"messages": [{"role": "tool", "content": "x"}]}},
            "requests[0].messages",
        ),
        ({"shared": {"user": object()}}, "extra_body"),
    ],
)
async def test_what_is_shared_is_checked_as_well(
    kind: str, settings: dict[str, Any], argument: str, state: Path
):
    site = Site()
    asked: Any = {"messages": [{"role": "user", "content": "x"}]}
    model = {"model": "deepseek-ai/DeepSeek-V3"}
    settings = {**settings, "shared": {**model, **settings.get("shared", {})}}
    async with Caller(kind, site) as ask:
        with pytest.raises(ConfigurationError) as caught:
            await submit(ask, [asked], state, **settings)
    assert (caught.value.argument, site.asked) == (argument, [])
