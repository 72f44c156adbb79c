"""Keywords of the chat class: its own, ChatOpenAI's, unknown ones; constructor, bind, call."""

from __future__ import annotations

import asyncio
import re
from typing import Any

import pytest
from langchain_core.messages import AIMessage, HumanMessage, SystemMessage
from pydantic import SecretStr

from langchain_siliconflow import (
    ChatSiliconFlow,
    SiliconFlowEmbeddings,
    SiliconFlowLLM,
    SiliconFlowRerank,
)
from siliconflow_client import ConfigurationError
from tests.langchain.wire import Server, model_for, plain_s
from tests.parameters import CHAT_PARAMETERS


def test_none_is_never_sent() -> None:
    server = Server(plain_s())
    fields = [name for name in CHAT_PARAMETERS if name not in {"tools", "tool_choice"}]
    model_for(server, **dict.fromkeys(fields)).invoke("x", temperature=None)
    assert set(server.body) == {"model", "messages", "stream"}


def test_a_call_can_unset_a_field() -> None:
    server = Server(plain_s())
    model_for(server, temperature=1.0, stop=["a"]).invoke("x", temperature=None, stop=[])
    assert set(server.body) == {"model", "messages", "stream"}


def test_extra_body_carries_anything() -> None:
    server = Server(plain_s())
    model = model_for(server, extra_body={"a": 1, "b": 1}, model_kwargs={"d": 4})
    model.invoke("x", extra_body={"b": 2, "c": 3})
    assert {key: server.body[key] for key in "abcd"} == {"a": 1, "b": 2, "c": 3, "d": 4}


def test_call_options() -> None:
    server = Server(plain_s())
    model_for(server, default_headers={"x-one": "1"}).invoke(
        "x", extra_headers={"x-two": "2"}, timeout=5
    )
    headers = server.requests[0].headers
    assert (headers["x-one"], headers["x-two"]) == ("1", "2")
    assert server.requests[0].extensions["timeout"]["read"] == 5
    assert "langchain-core/" in headers["user-agent"]


def test_the_keywords_of_chat_openai() -> None:
    server = Server(plain_s())
    clients = server.clients
    model = ChatSiliconFlow(
        model_name="m",
        openai_api_key="sk-test",
        openai_api_base="https://api.siliconflow.com/v1",
        request_timeout=7,
        max_completion_tokens=11,
        stop_sequences=["E"],
        default_headers={"x-a": "1"},
        model_kwargs={"enable_thinking": False},
        http_client=clients["http_client"],
        http_async_client=clients["async_http_client"],
        stream_usage=True,
    )
    model.invoke("x")
    assert str(server.requests[0].url) == "https://api.siliconflow.com/v1/chat/completions"
    assert server.body == {
        "model": "m",
        "messages": [{"role": "user", "content": "x"}],
        "stream": False,
        "max_tokens": 11,
        "stop": ["E"],
        "enable_thinking": False,
    }
    asyncio.run(model.ainvoke("x"))
    assert len(server.requests) == 2


CHAT_OPENAI: dict[str, tuple[Any, str, Any]] = {
    "model": ("m", "model_name", "m"),
    "model_name": ("m", "model_name", "m"),
    "temperature": (0.5, "temperature", 0.5),
    "max_tokens": (5, "max_tokens", 5),
    "max_completion_tokens": (5, "max_tokens", 5),
    "timeout": (5, "timeout", 5),
    "request_timeout": (5, "timeout", 5),
    "max_retries": (1, "max_retries", 1),
    "base_url": ("https://api.siliconflow.com/v1", "base_url", "https://api.siliconflow.com/v1"),
    "openai_api_base": ("https://a.example/v1", "base_url", "https://a.example/v1"),
    "streaming": (True, "streaming", True),
    "stream_usage": (False, "stream_usage", False),
    "n": (2, "n", 2),
    "top_p": (0.5, "top_p", 0.5),
    "presence_penalty": (0.5, "presence_penalty", 0.5),
    "frequency_penalty": (0.5, "frequency_penalty", 0.5),
    "seed": (1, "seed", 1),
    "logprobs": (True, "logprobs", True),
    "top_logprobs": (2, "top_logprobs", 2),
    "logit_bias": ({1: -100}, "logit_bias", {1: -100}),
    "stop": (["a"], "stop", ["a"]),
    "stop_sequences": (["a"], "stop", ["a"]),
    "model_kwargs": ({"top_k": 2, "x": 1}, "model_kwargs", {"x": 1}),
    "default_headers": ({"a": "b"}, "default_headers", {"a": "b"}),
    "extra_body": ({"x": 1}, "extra_body", {"x": 1}),
    "reasoning_effort": ("low", "reasoning_effort", "low"),
    "verbose": (True, "verbose", True),
    "tags": (["t"], "tags", ["t"]),
    "disable_streaming": (True, "disable_streaming", True),
    "output_version": ("v1", "output_version", "v1"),
    "name": ("chat", "name", "chat"),
    "http_client": (None, "http_client", None),
    "http_async_client": (None, "async_http_client", None),
}


@pytest.mark.parametrize("keyword", CHAT_OPENAI)
def test_a_keyword_of_chat_openai_sets_its_field(keyword: str) -> None:
    given, field, value = CHAT_OPENAI[keyword]
    assert getattr(ChatSiliconFlow(api_key="k", **{keyword: given}), field) == value


def test_the_key_under_chat_openais_name() -> None:
    key = ChatSiliconFlow(openai_api_key="sk-a").api_key
    assert isinstance(key, SecretStr)
    assert key.get_secret_value() == "sk-a"


NOTHING = {
    "organization": None,
    "openai_organization": None,
    "openai_proxy": None,
    "default_query": None,
    "reasoning": None,
    "use_responses_api": False,
    "include_response_headers": False,
    "store": False,
    "disabled_params": None,
}


@pytest.mark.parametrize("keyword", NOTHING)
def test_keywords_that_ask_for_nothing_are_taken(keyword: str) -> None:
    assert ChatSiliconFlow(api_key="k", **{keyword: NOTHING[keyword]}).model_kwargs == {}
    with pytest.raises(ConfigurationError, match=keyword):
        ChatSiliconFlow(api_key="k", **{keyword: "something"})


def test_thinking_switched_off_by_another_name_is_not_ignored() -> None:
    with pytest.raises(ConfigurationError, match="use enable_thinking"):
        ChatSiliconFlow(api_key="k", thinking=False)


def test_a_field_in_model_kwargs_and_beside_it() -> None:
    both = {"api_key": "k", "model_kwargs": {"temperature": 1.0}}
    assert ChatSiliconFlow(**both).temperature == 1.0
    assert ChatSiliconFlow(**both, temperature=None).temperature == 1.0
    assert ChatSiliconFlow(**both, temperature=1.0).temperature == 1.0
    with pytest.raises(ConfigurationError, match="'temperature' is given as a keyword"):
        ChatSiliconFlow(**both, temperature=0.5)


@pytest.mark.parametrize(
    ("keyword", "words"),
    [
        ("temprature", "did you mean 'temperature'?"),
        ("max_token", "did you mean 'max_tokens'?"),
        ("thinking", "use enable_thinking"),
        ("use_responses_api", "chat completions only"),
        ("functions", "use bind_tools"),
        ("function_call", "use tool_choice"),
        ("repetition_penalty", "extra_body where the server takes it"),
        ("zzz", "extra_body"),
    ],
)
def test_unknown_keywords_suggest_the_nearest(keyword: str, words: str) -> None:
    server = Server(plain_s())
    for act in (
        lambda: model_for(server, **{keyword: 1}),
        lambda: model_for(server).invoke("x", **{keyword: 1}),
    ):
        with pytest.raises(ConfigurationError) as caught:
            act()
        assert words in str(caught.value)
        assert caught.value.argument == keyword
    assert server.requests == []


@pytest.mark.parametrize(
    ("make", "keyword", "words"),
    [
        (ChatSiliconFlow, "stream_options", "use stream_usage"),
        (SiliconFlowLLM, "streaming", "call stream()"),
    ],
)
def test_keywords_that_another_class_or_a_call_takes(make: Any, keyword: str, words: str) -> None:
    with pytest.raises(ConfigurationError, match=re.escape(words)):
        make(api_key="k", **{keyword: {"include_usage": True}})


def test_token_ids_may_be_numbers() -> None:
    assert SiliconFlowLLM(api_key="k", logit_bias={12: -100}).logit_bias == {12: -100}


def test_one_field_under_two_names() -> None:
    assert ChatSiliconFlow(api_key="k", model="a", model_name="a").model == "a"
    with pytest.raises(ConfigurationError, match="both set 'model_name'"):
        ChatSiliconFlow(api_key="k", model="a", model_name="b")


def test_wrong_values_are_named() -> None:
    with pytest.raises(ValueError, match="temperature"):
        ChatSiliconFlow(api_key="k", temperature="hot")
    with pytest.raises(ConfigurationError, match="base_url"):
        ChatSiliconFlow(api_key="k", base_url="ftp://x")
    with pytest.raises(ConfigurationError, match="http"):
        ChatSiliconFlow(api_key="k", base_url="http://example.com/v1")


def test_reasoning_replay_per_call() -> None:
    server = Server(plain_s())
    thought = AIMessage("a", additional_kwargs={"reasoning_content": "Hm."})
    for replay in ("always", "never"):
        model_for(server).invoke(["q", thought, HumanMessage("q2")], reasoning_replay=replay)
        assert ("reasoning_content" in server.body["messages"][1]) is (replay == "always")
    with pytest.raises(ConfigurationError, match="tool_loop, always, never"):
        model_for(server).invoke("x", reasoning_replay="sometimes")


def test_no_message_costs_no_request() -> None:
    server = Server(plain_s())
    with pytest.raises(ConfigurationError):
        model_for(server).invoke([])
    assert server.requests == []


def test_a_lone_system_message_is_sent_as_the_users() -> None:
    server = Server(plain_s())
    model_for(server).invoke([SystemMessage("s")])
    assert server.body["messages"] == [{"role": "user", "content": "s"}]


def test_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SILICONFLOW_API_KEY", "sk-env")
    monkeypatch.setenv("SILICONFLOW_BASE_URL", "https://api.siliconflow.com/v1")
    model = ChatSiliconFlow()
    assert isinstance(model.api_key, SecretStr)
    assert model.api_key.get_secret_value() == "sk-env"
    assert model.asdict()["base_url"] == "https://api.siliconflow.com/v1"


@pytest.mark.parametrize(
    "cls", [ChatSiliconFlow, SiliconFlowLLM, SiliconFlowEmbeddings, SiliconFlowRerank]
)
def test_the_sites_keyword_of_chat_deepseek(cls: Any) -> None:
    model = cls(api_key="k", api_base="https://api.siliconflow.com/v1")
    assert model._client.config.base_url == "https://api.siliconflow.com/v1"
    with pytest.raises(ConfigurationError, match="both set 'base_url'"):
        cls(api_key="k", api_base="https://a.example/v1", base_url="https://b.example/v1")
