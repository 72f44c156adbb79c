"""What a chat request holds: settings, extras, tools; and the plain answer."""

from __future__ import annotations

from typing import Any

import pytest
from llama_index.core.base.llms.types import ChatMessage, TextBlock, ThinkingBlock
from llama_index.core.tools import FunctionTool

from llama_index_siliconflow import SiliconFlow, SiliconFlowCompletion
from siliconflow_client import ConfigurationError
from tests.llama_index import scenarios as s
from tests.llama_index.conftest import Make, Way
from tests.llama_index.stub import Stub

U = [ChatMessage(role="user", content="hi")]
WIRE = [{"role": "user", "content": "hi"}]


def add(a: int, b: int) -> int:
    """Add two numbers."""
    return a + b


@pytest.mark.parametrize(("name", "stream"), [("chat", False), ("stream_chat", True)])
async def test_a_bare_request_holds_nothing_unasked(
    llm: SiliconFlow, stub: Stub, way: Way, name: str, stream: bool
) -> None:
    """`n`, `tools: null` and other defaults went out with every request."""
    await way(llm, name, U)
    body = dict(stub.last.body)
    body.pop("stream_options", None)
    assert body == {"model": "m", "messages": WIRE, "stream": stream}


CALL: dict[str, Any] = {
    "enable_thinking": False,
    "thinking_budget": 1024,
    "min_p": 0.05,
    "top_k": 20,
    "temperature": 0.0,
}
FIELDS: dict[str, Any] = {
    **CALL,
    "max_tokens": 10,
    "top_p": 0.9,
    "frequency_penalty": 0.5,
    "presence_penalty": -0.5,
    "seed": 7,
    "stop": ["a", "b"],
    "response_format": {"type": "json_object"},
    "reasoning_effort": "high",
    "parallel_tool_calls": False,
    "logprobs": True,
    "top_logprobs": 2,
    "logit_bias": {"5": -1.0},
    "user": "u1",
    "prefix": "def f(",
    "suffix": "return 1",
    "n": 1,
}


@pytest.mark.parametrize("where", ["field", "call", "additional_kwargs"])
async def test_every_parameter_arrives(stub: Stub, way: Way, make: Make, where: str) -> None:
    """Parameters of a call and of the constructor were ignored without a word."""
    fields = FIELDS if where == "field" else {}
    fields = {"additional_kwargs": FIELDS} if where == "additional_kwargs" else fields
    await way(make(SiliconFlow, **fields), "chat", U, **(FIELDS if where == "call" else {}))
    assert stub.last.body == {"model": "m", "messages": WIRE, "stream": False, **FIELDS}


async def test_parameters_without_a_name_go_through(llm: SiliconFlow, stub: Stub, way: Way) -> None:
    """Parameters that the class did not know were ignored without a word."""
    await way(llm, "chat", U, brand_new=1, extra_body={"nested": {"a": None}})
    assert stub.last.body["brand_new"] == 1
    assert stub.last.body["nested"] == {"a": None}


async def test_openai_like_s_extras_inside_additional_kwargs(
    stub: Stub, way: Way, make: Make
) -> None:
    extras = {"extra_body": {"enable_thinking": False}, "extra_headers": {"x-one": "1"}}
    await way(make(SiliconFlow, additional_kwargs=extras), "chat", U)
    assert stub.last.body == {
        "model": "m",
        "messages": WIRE,
        "stream": False,
        "enable_thinking": False,
    }
    assert stub.last.headers["x-one"] == "1"


async def test_a_call_s_word_beats_additional_kwargs_which_beat_fields(
    stub: Stub, way: Way, make: Make
) -> None:
    llm = make(SiliconFlow, temperature=0.1, top_p=0.1, additional_kwargs={"temperature": 0.2})
    await way(llm, "chat", U, model="other")
    assert (stub.last.body["temperature"], stub.last.body["top_p"]) == (0.2, 0.1)
    assert stub.last.body["model"] == "other"
    await way(llm, "chat", U, temperature=0.3)
    assert stub.last.body["temperature"] == 0.3


async def test_none_is_never_sent(stub: Stub, way: Way, make: Make) -> None:
    llm = make(SiliconFlow, temperature=0.1)
    await way(llm, "chat", U, temperature=None, tool_choice=None, brand_new=None)
    assert stub.last.body == {"model": "m", "messages": WIRE, "stream": False}


async def test_headers_of_one_call(llm: SiliconFlow, stub: Stub, way: Way) -> None:
    await way(llm, "chat", U, extra_headers={"x-one": "1"}, timeout=5.0, max_retries=0)
    assert stub.last.headers["x-one"] == "1"
    assert stub.last.body == {"model": "m", "messages": WIRE, "stream": False}


@pytest.mark.parametrize("name", ["chat_with_tools", "stream_chat_with_tools"])
async def test_a_function_that_is_no_tool_is_refused_by_name(
    llm: SiliconFlow, stub: Stub, way: Way, name: str
) -> None:
    with pytest.raises(ConfigurationError, match=r"tools\[1\] must be a tool, not function"):
        await way(llm, name, [FunctionTool.from_defaults(add), add], user_msg="x")
    assert stub.requests == []


@pytest.mark.parametrize("name", ["chat", "stream_chat"])
async def test_a_message_in_openais_form_is_refused_without_its_text(
    llm: SiliconFlow, stub: Stub, way: Way, name: str
) -> None:
    with pytest.raises(ConfigurationError, match=r"messages\[1\] must be a ChatMessage") as caught:
        await way(llm, name, [*U, {"role": "user", "content": "a private question"}])
    assert "private" not in str(caught.value)
    assert stub.requests == []


@pytest.mark.parametrize(
    "name", ["api_key", "api_base", "base_url", "default_headers", "http_client"]
)
@pytest.mark.parametrize("cls", [SiliconFlow, SiliconFlowCompletion])
async def test_a_setting_of_the_constructor_does_not_travel_in_the_body(
    stub: Stub, way: Way, make: Make, cls: type, name: str
) -> None:
    llm = make(cls)
    for method in ("complete", "stream_complete"):
        with pytest.raises(ConfigurationError, match=f"^{name} is a setting of ") as caught:
            await way(llm, method, "hi", **{name: "sk-secret-of-a-call"})
        assert caught.value.argument == name
        assert "sk-secret" not in str(caught.value)
    assert stub.requests == []


@pytest.mark.parametrize("cls", [SiliconFlow, SiliconFlowCompletion])
async def test_token_ids_of_a_bias_may_be_numbers(
    stub: Stub, way: Way, make: Make, cls: type
) -> None:
    llm = make(cls, logit_bias={12: -100})
    await way(llm, "complete", "hi")
    assert stub.last.body["logit_bias"] == {"12": -100}
    assert type(llm).from_dict({**llm.to_dict(), "api_key": "sk-x"}).logit_bias == {12: -100}


@pytest.mark.parametrize(
    ("messages", "kwargs", "argument"),
    [
        ([], {}, "messages"),
        (U, {"max_tokens": "many"}, "max_tokens"),
        (U, {"enable_thinking": "yes"}, "enable_thinking"),
    ],
)
async def test_wrong_arguments_are_named_before_any_request(
    llm: SiliconFlow, stub: Stub, way: Way, messages: Any, kwargs: Any, argument: str
) -> None:
    for name in ("chat", "stream_chat"):
        with pytest.raises(ConfigurationError) as caught:
            await way(llm, name, messages, **kwargs)
        assert caught.value.argument == argument
    assert stub.requests == []


# --- usage of streams -----------------------------------------------------------------------

USAGE_WANTED = {"stream_options": {"include_usage": True}}


async def test_streams_ask_for_their_usage_and_plain_calls_do_not(
    llm: SiliconFlow, stub: Stub, way: Way
) -> None:
    await way(llm, "stream_chat", U)
    assert stub.last.body == {"model": "m", "messages": WIRE, "stream": True, **USAGE_WANTED}
    await way(llm, "stream_complete", "hi")
    assert stub.last.body["stream_options"] == {"include_usage": True}
    for name, given in (("chat", U), ("complete", "hi")):
        await way(llm, name, given)
        assert "stream_options" not in stub.last.body


@pytest.mark.parametrize("where", ["field", "call"])
async def test_the_usage_of_streams_can_be_left_alone(
    stub: Stub, way: Way, make: Make, where: str
) -> None:
    setting = {"stream_usage": False}
    llm = make(SiliconFlow, **(setting if where == "field" else {}))
    await way(llm, "stream_chat", U, **(setting if where == "call" else {}))
    assert stub.last.body == {"model": "m", "messages": WIRE, "stream": True}


async def test_one_s_own_stream_options_are_sent_as_they_are(
    stub: Stub, way: Way, make: Make
) -> None:
    mine = {"include_usage": True, "continuous_usage_stats": True}
    await way(make(SiliconFlow), "stream_chat", U, stream_options=mine)
    assert stub.last.body["stream_options"] == mine
    await way(make(SiliconFlow, additional_kwargs={"stream_options": mine}), "stream_chat", U)
    assert stub.last.body["stream_options"] == mine


async def test_a_stream_that_is_asked_for_without_streaming_asks_for_no_usage(
    stub: Stub, way: Way, make: Make
) -> None:
    # This model streams broken tool calls, so its streams with tools are plain calls.
    llm = make(SiliconFlow, model="THUDM/GLM-4-9B-0414")
    await way(llm, "stream_chat_with_tools", [FunctionTool.from_defaults(add)], user_msg="x")
    assert stub.last.body["stream"] is False
    assert "stream_options" not in stub.last.body


# --- answers --------------------------------------------------------------------------------


async def test_a_plain_answer(llm: SiliconFlow, way: Way) -> None:
    response = await way(llm, "chat", U)
    assert response.message.content == "你好，世界"
    assert type(response.raw) is dict
    assert response.raw["usage"]["completion_tokens"] == 3
    assert response.raw["trace_id"] == "ti_stub0001"
    assert response.additional_kwargs == s.USAGE
    assert response.message.additional_kwargs == {}


async def test_an_answer_with_thinking(llm: SiliconFlow, stub: Stub, way: Way) -> None:
    """`reasoning_content` was dropped."""
    stub.script = s.REASON
    response = await way(llm, "chat", U)
    assert response.message.blocks == [
        ThinkingBlock(content="Okay, think", num_tokens=2),
        TextBlock(text="The answer is 4."),
    ]
    assert response.additional_kwargs["reasoning_tokens"] == 2


@pytest.mark.parametrize(
    ("message", "content"),
    [
        ({"content": None, "reasoning_content": "hm"}, None),
        ({"reasoning_content": "hm"}, None),
        ({"content": "", "reasoning_content": "hm"}, None),
        ({"content": "x", "reasoning_content": None}, "x"),
        ({"content": "x", "tool_calls": None}, "x"),
    ],
)
async def test_keys_that_are_null_or_missing(
    llm: SiliconFlow, stub: Stub, way: Way, message: dict[str, Any], content: str | None
) -> None:
    """`message["content"]` was indexed where the key may be absent."""
    stub.script = s.always(s.json_reply(s.completion(message)))
    assert (await way(llm, "chat", U)).message.content == content


async def test_a_completion(llm: SiliconFlow, way: Way) -> None:
    """`tool_calls: None` stood in the additional_kwargs of every plain answer."""
    response = await way(llm, "complete", "hi")
    assert response.text == "你好，世界"
    assert response.raw["usage"] == s.USAGE
    assert response.additional_kwargs == s.USAGE
    pieces = await way(llm, "stream_complete", "hi")
    assert [piece.delta for piece in pieces] == ["你好", "，世界", ""]
    assert pieces[-1].text == "你好，世界"
    assert pieces[-1].additional_kwargs == s.USAGE


async def test_log_probabilities(llm: SiliconFlow, stub: Stub, way: Way) -> None:
    body = s.completion({"content": "ab"})
    body["choices"][0]["logprobs"] = {
        "content": [
            {
                "token": "a",
                "logprob": -0.1,
                "bytes": [97],
                "top_logprobs": [
                    {"token": "a", "logprob": -0.1, "bytes": [97]},
                    {"token": "b", "logprob": -2.0, "bytes": None},
                ],
            },
            {"token": "b", "logprob": -0.2},
        ]
    }
    stub.script = s.always(s.json_reply(body))
    tokens = (await way(llm, "chat", U, logprobs=True)).logprobs
    assert [[entry.token for entry in token] for token in tokens] == [["a", "b"], ["b"]]
    assert tokens[0][1].bytes == []


async def test_several_answers_are_in_raw(llm: SiliconFlow, stub: Stub, way: Way) -> None:
    body = s.completion({"content": "first"})
    body["choices"].append({**s.completion({"content": "second"})["choices"][0], "index": 1})
    stub.script = s.always(s.json_reply(body))
    response = await way(llm, "chat", U, n=2)
    assert response.message.content == "first"
    assert response.raw["choices"][1]["message"]["content"] == "second"
