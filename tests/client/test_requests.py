"""Bad input is told before any request, by the argument's name; good input is sent as it is."""

from __future__ import annotations

import json
from decimal import Decimal
from typing import Any

import httpx
import pytest

from siliconflow_client import ConfigurationError, SiliconFlowError
from siliconflow_client.endpoints.chat import nearest_effort
from tests.client.callers import CALLS, HI, PATHS, Caller

both = pytest.mark.parametrize("kind", ["sync", "async"])
USER = {"role": "user", "content": "Hi"}
NAN, INF = float("nan"), float("inf")


class Odd:
    """Not data. Its repr is part of test names, so it may hold no address."""

    def __repr__(self) -> str:
        return "Odd()"


OBJECT = Odd()


class Sent:
    """Keeps what goes out, and answers nothing useful."""

    def __init__(self) -> None:
        self.requests: list[httpx.Request] = []

    def __call__(self, request: httpx.Request) -> httpx.Response:
        self.requests.append(request)
        return httpx.Response(400, json={"code": 20015, "message": "seen"})

    @property
    def body(self) -> Any:
        return json.loads(self.requests[-1].content)


WRONG: list[tuple[str, dict[str, Any], str]] = [
    # chat
    ("chat", {"model": None}, "model"),
    ("chat", {"model": ""}, "model"),
    ("chat", {"model": " "}, "model"),
    ("chat", {"model": 5}, "model"),
    ("chat", {"messages": None}, "messages"),
    ("chat", {"messages": []}, "messages"),
    ("chat", {"messages": ()}, "messages"),
    ("chat", {"messages": "Hi"}, "messages"),
    ("chat", {"messages": 5}, "messages"),
    ("chat", {"messages": USER}, "messages"),
    ("chat", {"messages": ["Hi"]}, "messages[0]"),
    ("chat", {"messages": [USER, None]}, "messages[1]"),
    ("chat", {"messages": [{"content": "Hi"}]}, "messages[0]['role']"),
    ("chat", {"messages": [{"role": "user"}]}, "messages[0]['content']"),
    ("chat", {"messages": [{"role": "user", "content": 5}]}, "messages[0]['content']"),
    ("chat", {"messages": [USER, {"role": "assistant", "content": None}]}, "messages[1]['content']"),
    ("chat", {"messages": [{"role": "system", "content": "x"}]}, "messages"),
    ("chat", {"max_tokens": 0}, "max_tokens"),
    ("chat", {"max_tokens": -1}, "max_tokens"),
    ("chat", {"max_tokens": 1.0}, "max_tokens"),
    ("chat", {"max_tokens": "5"}, "max_tokens"),
    ("chat", {"max_tokens": True}, "max_tokens"),
    ("chat", {"n": 0}, "n"),
    ("chat", {"top_k": 1.5}, "top_k"),
    ("chat", {"seed": "1"}, "seed"),
    ("chat", {"thinking_budget": 0}, "thinking_budget"),
    ("chat", {"temperature": "0.5"}, "temperature"),
    ("chat", {"temperature": True}, "temperature"),
    ("chat", {"temperature": NAN}, "temperature"),
    ("chat", {"temperature": INF}, "temperature"),
    ("chat", {"temperature": Decimal(1)}, "temperature"),
    ("chat", {"extra_body": "x"}, "extra_body"),
    ("chat", {"extra_body": 5}, "extra_body"),
    ("chat", {"options": {"timeout": 5}}, "options"),
    ("chat", {"top_p": [1]}, "top_p"),
    ("chat", {"min_p": "x"}, "min_p"),
    ("chat", {"frequency_penalty": -INF}, "frequency_penalty"),
    ("chat", {"enable_thinking": "false"}, "enable_thinking"),
    ("chat", {"enable_thinking": 0}, "enable_thinking"),
    ("chat", {"reasoning_effort": 3}, "reasoning_effort"),
    ("chat", {"stop": 5}, "stop"),
    ("chat", {"stop": [1]}, "stop"),
    ("chat", {"prefix": 5}, "prefix"),
    ("chat", {"messages": [USER], "user": OBJECT}, "user"),
    ("chat", {"extra_body": {"x": OBJECT}}, "extra_body"),
    ("chat", {"messages": [{"role": "user", "content": "\ud800"}]}, "extra_body"),
    ("chat", {"extra_body": {"model": 5}}, "model"),
    ("chat", {"extra_body": {"messages": []}}, "messages"),
    # complete
    ("complete", {"prompt": None}, "prompt"),
    ("complete", {"prompt": ""}, "prompt"),
    ("complete", {"prompt": ["a"]}, "prompt"),
    ("complete", {"suffix": 5}, "suffix"),
    ("complete", {"repetition_penalty": "1"}, "repetition_penalty"),
    # embed
    ("embed", {"model": None}, "model"),
    ("embed", {"input": None}, "input"),
    ("embed", {"input": []}, "input"),
    ("embed", {"input": 5}, "input"),
    ("embed", {"input": {"text": "x"}}, "input"),
    ("embed", {"input": {"a"}}, "input"),
    ("embed", {"input": ["a", None]}, "input[1]"),
    ("embed", {"input": ["a", 5]}, "input[1]"),
    ("embed", {"input": [["a"]]}, "input[0]"),
    ("embed", {"input": [b"a"]}, "input[0]"),
    ("embed", {"input": ["a"] * 65}, "input"),
    ("embed", {"dimensions": "1024"}, "dimensions"),
    ("embed", {"dimensions": 0}, "dimensions"),
    ("embed", {"encoding_format": "hex"}, "encoding_format"),
    ("embed", {"encoding_format": 5}, "encoding_format"),
    # rerank
    ("rerank", {"query": None}, "query"),
    ("rerank", {"query": ""}, "query"),
    ("rerank", {"query": 5}, "query"),
    ("rerank", {"documents": None}, "documents"),
    ("rerank", {"documents": []}, "documents"),
    ("rerank", {"documents": "one text"}, "documents"),
    ("rerank", {"documents": {"a"}}, "documents"),
    ("rerank", {"documents": ["a", 5]}, "documents[1]"),
    ("rerank", {"documents": ["a", None, "b"]}, "documents[1]"),
    ("rerank", {"documents": [b"a"]}, "documents[0]"),
    ("rerank", {"top_n": 0}, "top_n"),
    ("rerank", {"top_n": "3"}, "top_n"),
    ("rerank", {"top_n": 2.0}, "top_n"),
    ("rerank", {"return_documents": "yes"}, "return_documents"),
    ("rerank", {"instruction": 5}, "instruction"),
    ("rerank", {"max_chunks_per_doc": "5"}, "max_chunks_per_doc"),
    ("rerank", {"overlap_tokens": 1.5}, "overlap_tokens"),
]  # fmt: skip


@both
@pytest.mark.parametrize(("method", "change", "argument"), WRONG, ids=lambda value: str(value)[:60])
async def test_bad_input_names_the_argument_and_costs_no_request(
    kind: str, method: str, change: dict[str, Any], argument: str
):
    sent = Sent()
    async with Caller(kind, sent) as ask:
        with pytest.raises(ConfigurationError) as caught:
            await ask(method, **CALLS[method] | change)
    assert caught.value.argument == argument
    assert argument.split("[", maxsplit=1)[0] in str(caught.value) or argument == "extra_body"
    assert sent.requests == []
    assert isinstance(caught.value, ValueError)


@both
@pytest.mark.parametrize(
    ("change", "argument"),
    [(change, argument) for method, change, argument in WRONG if method == "chat"],
    ids=lambda value: str(value)[:60],
)
async def test_a_stream_of_bad_input_is_refused_when_it_is_asked_for(kind, change, argument):
    sent = Sent()
    async with Caller(kind, sent) as ask:
        with pytest.raises(ConfigurationError) as caught:
            ask.client.stream_chat(**HI | change)
    assert caught.value.argument == argument
    assert sent.requests == []


BAD_OPTIONS = [
    {"timeout": -1}, {"timeout": "5"}, {"deadline": -1}, {"deadline": 0}, {"max_retries": -1},
    {"max_retries": "3"}, {"headers": {"x": "ä"}}, {"headers": {"x": "a\nb"}}, {"headers": {"x": None}},
]  # fmt: skip


@both
@pytest.mark.parametrize("options", BAD_OPTIONS, ids=str)
async def test_bad_options_name_the_argument_and_cost_no_request(kind: str, options: Any):
    from siliconflow_client import CallOptions

    sent = Sent()
    async with Caller(kind, sent) as ask:
        with pytest.raises(ConfigurationError) as caught:
            await ask("chat", **HI, options=CallOptions(**options))
    assert next(iter(options)) in str(caught.value.argument)
    assert sent.requests == []


# --- what is sent ---------------------------------------------------------------------------


async def sent_by(kind: str, method: str, **change: Any) -> Any:
    sent = Sent()
    async with Caller(kind, sent) as ask:
        with pytest.raises(SiliconFlowError, match="seen"):
            await ask(method, **CALLS[method] | change)
    (request,) = sent.requests
    assert request.method == "POST"
    assert request.url.path == f"/v1{PATHS[method]}"
    return json.loads(request.content)


FULL_CHAT: dict[str, Any] = {
    "model": "deepseek-ai/DeepSeek-V3.2",
    "messages": [
        {"role": "system", "content": "s"},
        {"role": "user", "content": [{"type": "text", "text": "你好\u2028"}]},
        {"role": "assistant", "content": "", "tool_calls": []},
        {"role": "tool", "content": "1", "tool_call_id": "a"},
    ],
    "max_tokens": 1, "temperature": 0, "top_p": 0.5, "top_k": 0, "min_p": 0.0, "seed": 0, "n": 2,
    "frequency_penalty": -1, "presence_penalty": 1.5, "stop": ["a", "b"],
    "response_format": {"type": "json_object"}, "tools": [{"type": "function", "function": {"name": "f"}}],
    "tool_choice": "auto", "parallel_tool_calls": False, "enable_thinking": False,
    "thinking_budget": 128, "prefix": "", "suffix": "x", "logprobs": True, "top_logprobs": 2,
    "logit_bias": {"1": 2.0}, "user": "u",
}  # fmt: skip


@both
async def test_every_field_is_sent_as_it_is_falsy_ones_too(kind: str):
    body = await sent_by(kind, "chat", **FULL_CHAT)
    assert body.pop("stream", False) is False
    assert body == FULL_CHAT


@both
@pytest.mark.parametrize("method", ["chat", "complete", "embed", "rerank"])
async def test_none_is_never_sent(kind: str, method: str):
    nothing = dict.fromkeys(
        ["max_tokens", "temperature", "stop", "tools", "dimensions", "top_n", "instruction",
         "encoding_format", "enable_thinking", "reasoning_effort", "user", "invented"]
    )  # fmt: skip
    body = await sent_by(kind, method, **nothing)
    body.pop("stream", None)
    assert body == CALLS[method]


@both
async def test_a_file_can_be_filled_in_from_its_start(kind: str):
    body = await sent_by(kind, "complete", prompt="", suffix="return 1")
    assert (body["prompt"], body["suffix"]) == ("", "return 1")


TEXT, IMAGE = {"text": "a car"}, {"image": "https://example.com/car.png"}


@both
@pytest.mark.parametrize(
    ("method", "request_fields"),
    [
        ("embed", {"input": IMAGE}),
        ("embed", {"input": [IMAGE, TEXT]}),
        ("embed", {"input": ["a car", IMAGE]}),
        ("rerank", {"query": TEXT, "documents": [IMAGE, {"video": "https://example.com/a.mp4"}]}),
        ("rerank", {"query": IMAGE, "documents": ["a car", TEXT]}),
    ],
    ids=str,
)
async def test_vision_models_take_objects_as_inputs(kind: str, method: str, request_fields: Any):
    model = {"embed": "Qwen/Qwen3-VL-Embedding-8B", "rerank": "Qwen/Qwen3-VL-Reranker-8B"}[method]
    body = await sent_by(kind, method, model=model, **request_fields)
    assert {name: body[name] for name in request_fields} == request_fields


@both
async def test_extra_body_wins_but_cannot_turn_a_plain_call_into_a_stream(kind: str):
    body = await sent_by(
        kind, "chat", temperature=0.5, extra_body={"temperature": 1, "new": [1], "stream": True}
    )
    assert (body["temperature"], body["new"]) == (1, [1])
    assert body["stream"] is False


@both
async def test_a_stream_says_so(kind: str):
    sent = Sent()
    async with Caller(kind, sent) as ask:
        told = await ask.stream(**HI, extra_body={"stream": False})
        assert told.error is not None
        assert sent.body == {**HI, "stream": True}
        assert sent.requests[0].headers["accept"] == "text/event-stream"
        assert sent.requests[0].headers["accept-encoding"] == "identity"
        await ask.stream("stream_complete", **CALLS["complete"])
        assert sent.body == {**CALLS["complete"], "stream": True}
        assert sent.requests[1].url.path == "/v1/completions"


@both
@pytest.mark.parametrize(
    ("arguments", "query"),
    [
        ({}, ""),
        ({"type": "text"}, "type=text"),
        ({"sub_type": "chat"}, "sub_type=chat"),
        ({"type": "text", "sub_type": "chat"}, "type=text&sub_type=chat"),
        ({"type": None}, ""),
    ],
)
async def test_the_model_list_is_filtered_by_the_query(kind, arguments, query):
    sent = Sent()
    async with Caller(kind, sent) as ask:
        with pytest.raises(SiliconFlowError):
            await ask("models", **arguments)
    (request,) = sent.requests
    assert (request.method, request.url.path, request.url.query.decode()) == (
        "GET",
        "/v1/models",
        query,
    )
    assert request.content == b""
    assert "content-type" not in request.headers


@both
async def test_the_arguments_are_not_changed(kind: str):
    import copy

    request = copy.deepcopy(FULL_CHAT)
    await sent_by(kind, "chat", **request)
    assert request == FULL_CHAT


@both
@pytest.mark.parametrize("count", [1, 32, 64])
async def test_up_to_sixty_four_inputs_are_sent(kind: str, count: int):
    assert len((await sent_by(kind, "embed", input=["a"] * count))["input"]) == count


# --- efforts --------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("effort", "known", "sent"),
    [
        ("low", ("high", "max"), "high"),
        ("medium", ("high", "max"), "high"),
        ("high", ("high", "max"), "high"),
        ("xhigh", ("high", "max"), "max"),
        ("max", ("high", "max"), "max"),
        ("minimal", ("low", "high", "max"), "low"),
        ("low", ("low", "high", "max"), "low"),
        ("medium", ("low", "high", "max"), "high"),
        ("max", ("low", "high"), "high"),
        ("medium", (), "medium"),
        ("none", ("high", "max"), "none"),
        ("enormous", ("high", "max"), "enormous"),
    ],
)
def test_an_effort_is_moved_to_the_next_one_up(effort: str, known: tuple[str, ...], sent: str):
    assert nearest_effort(effort, known) == sent


@both
@pytest.mark.parametrize(
    ("model", "effort", "sent"),
    [
        ("deepseek-ai/DeepSeek-V4-Flash", "medium", "high"),
        ("deepseek-ai/DeepSeek-V4-Flash", "xhigh", "max"),
        ("zai-org/GLM-5.3", "low", "low"),
        ("nobody/knows-this", "medium", "medium"),
    ],
)
async def test_the_effort_that_is_sent_is_one_the_model_knows(kind, model, effort, sent):
    assert (await sent_by(kind, "chat", model=model, reasoning_effort=effort))[
        "reasoning_effort"
    ] == sent
