"""Text completion and fill-in-the-middle, over both endpoints."""

from __future__ import annotations

import asyncio
import json
import pickle
from typing import Any

import httpx
import pytest
from langchain_core.callbacks import BaseCallbackHandler
from langchain_core.exceptions import ModelAuthenticationError
from langchain_core.load import dumps

from langchain_siliconflow import ConfigurationError, SiliconFlowLLM
from siliconflow_simulator import Simulator
from tests.langchain.wire import Server, completion, error, event, plain_s, sse, stream_s, usage


def text_completion(request: httpx.Request) -> httpx.Response:
    body = json.loads(request.content)
    base = {"id": "c", "object": "text_completion", "created": 1, "model": body["model"]}
    if not body["stream"]:
        choice = {"index": 0, "text": "Hi", "finish_reason": "stop"}
        return httpx.Response(200, json={**base, "choices": [choice], "usage": usage(3)})
    lines = [
        {**base, "choices": [{"index": 0, "text": "H", "finish_reason": None}]},
        {
            **base,
            "choices": [{"index": 0, "text": "i", "finish_reason": "stop"}],
            "usage": usage(3),
        },
    ]
    return sse(*(f"data: {json.dumps(line)}\n\n" for line in lines), "data: [DONE]\n\n")


def chat(request: httpx.Request) -> httpx.Response:
    return stream_s() if json.loads(request.content)["stream"] else plain_s()


ANSWERS = {"chat": chat, "completions": text_completion}


class Heard(BaseCallbackHandler):
    def __init__(self) -> None:
        self.tokens: list[str] = []

    def on_llm_new_token(self, token: str, **_: Any) -> None:
        self.tokens.append(token)


def run(llm: SiliconFlowLLM, way: str, **kwargs: Any) -> str:
    async def collect() -> str:
        return "".join([part async for part in llm.astream("def f():", **kwargs)])

    if way == "invoke":
        return llm.invoke("def f():", **kwargs)
    if way == "ainvoke":
        return asyncio.run(llm.ainvoke("def f():", **kwargs))
    if way == "stream":
        return "".join(llm.stream("def f():", **kwargs))
    return asyncio.run(collect())


WAYS = ["invoke", "ainvoke", "stream", "astream"]


@pytest.mark.parametrize("endpoint", ANSWERS)
@pytest.mark.parametrize("way", WAYS)
def test_completion(endpoint: Any, way: str) -> None:
    server = Server(ANSWERS[endpoint])
    llm = SiliconFlowLLM(model="m", endpoint=endpoint, **server.clients)
    assert run(llm, way) == "Hi"
    prompt = (
        {"messages": [{"role": "user", "content": "def f():"}]}
        if endpoint == "chat"
        else {"prompt": "def f():"}
    )
    asked = {"stream_options": {"include_usage": True}} if "stream" in way else {}
    assert server.body == {"model": "m", "stream": "stream" in way, **prompt, **asked}


@pytest.mark.parametrize("endpoint", ANSWERS)
@pytest.mark.parametrize("way", WAYS)
def test_fill_in_the_middle(endpoint: Any, way: str) -> None:
    server = Server(ANSWERS[endpoint])
    llm = SiliconFlowLLM(model="m", endpoint=endpoint, suffix="wrong", **server.clients)
    assert run(llm, way, suffix="return x") == "Hi"
    sent = server.body
    assert sent["suffix"] == "return x"
    assert sent["prefix" if endpoint == "chat" else "prompt"] == "def f():"


def test_fields_stop_and_extra_body() -> None:
    server = Server(chat)
    llm = SiliconFlowLLM(
        model_name="m", max_completion_tokens=5, temperature=0.5, stop="E", **server.clients
    )
    llm.invoke("x", stop=["F"], extra_body={"a": 1})
    assert server.body == {
        "model": "m",
        "messages": [{"role": "user", "content": "x"}],
        "stream": False,
        "max_tokens": 5,
        "temperature": 0.5,
        "stop": ["F"],
        "a": 1,
    }
    with pytest.raises(ConfigurationError, match="did you mean 'temperature'"):
        llm.invoke("x", temperatur=1)


def test_thinking_needs_chat() -> None:
    server = Server(text_completion)
    llm = SiliconFlowLLM(model="m", endpoint="completions", enable_thinking=False, **server.clients)
    with pytest.raises(ConfigurationError, match="enable_thinking"):
        llm.invoke("x")
    assert server.requests == []


@pytest.mark.parametrize("mode", ["sync", "async"])
def test_several_prompts(mode: str) -> None:
    llm = SiliconFlowLLM(model="Qwen/Qwen3-8B", **Server(chat).clients)
    prompts = ["a", "b"]
    result = llm.generate(prompts) if mode == "sync" else asyncio.run(llm.agenerate(prompts))
    assert [one[0].text for one in result.generations] == ["Hi", "Hi"]
    assert result.llm_output is not None
    assert result.llm_output["token_usage"]["total_tokens"] == 40
    info = result.generations[0][0].generation_info
    assert info == {
        "finish_reason": "stop",
        "model_name": "Qwen/Qwen3-8B",
        "trace_id": "ti_1",
        "reasoning_content": "Let me.",
    }


@pytest.mark.parametrize("endpoint", ANSWERS)
@pytest.mark.parametrize("way", ["stream", "astream"])
@pytest.mark.parametrize("by_field", [True, False])
def test_several_completions_cannot_be_streamed(endpoint: Any, way: str, by_field: bool) -> None:
    server = Server(ANSWERS[endpoint])
    settings: Any = {"n": 2} if by_field else {}
    llm = SiliconFlowLLM(model="m", endpoint=endpoint, **settings, **server.clients)
    with pytest.raises(ConfigurationError, match="n > 1 cannot be streamed") as caught:
        run(llm, way, **({} if by_field else {"n": 2}))
    assert caught.value.argument == "n"
    assert server.bodies == []


def test_tokens_are_told_to_callbacks() -> None:
    heard = Heard()
    llm = SiliconFlowLLM(model="m", endpoint="completions", **Server(text_completion).clients)
    list(llm.stream("x", {"callbacks": [heard]}))
    assert "".join(heard.tokens) == "Hi"


def test_errors() -> None:
    server = Server(error(401, "Invalid token"))
    llm = SiliconFlowLLM(model="m", **server.clients)
    with pytest.raises(ModelAuthenticationError):
        llm.invoke("x")
    with pytest.raises(ModelAuthenticationError):
        list(llm.stream("x"))


def test_serialising_and_tokens() -> None:
    llm = SiliconFlowLLM(model="m", api_key="sk-secret")
    assert "sk-secret" not in dumps(llm) + repr(llm) + str(llm)
    assert pickle.loads(pickle.dumps(llm)).model_dump() == llm.model_dump()
    assert 1 < llm.get_num_tokens("some words") < 15
    counted = SiliconFlowLLM(api_key="k", custom_get_token_ids=lambda text: [0] * len(text))
    assert counted.get_num_tokens("four") == 4
    assert llm._get_ls_params()["ls_provider"] == "siliconflow"


@pytest.mark.parametrize("endpoint", ANSWERS)
def test_on_the_simulator(endpoint: Any) -> None:
    transport = Simulator().transport()
    llm = SiliconFlowLLM(
        model="Qwen/Qwen2.5-Coder-32B-Instruct",
        endpoint=endpoint,
        api_key="k",
        http_client=httpx.Client(transport=transport),
    )
    whole = llm.invoke("def add(a, b):\n", suffix="\nprint(add(1, 2))")
    assert whole
    assert "".join(llm.stream("def add(a, b):\n", suffix="\nprint(add(1, 2))")) == whole


def test_an_answer_that_broke_off_raises() -> None:
    server = Server(sse(event({"content": "He"})))
    with pytest.raises(Exception, match="ended") as caught:
        list(SiliconFlowLLM(model="m", **server.clients).stream("x"))
    assert caught.value.partial == "He"


def test_whole_answers_without_usage() -> None:
    body = completion().json()
    del body["usage"]
    llm = SiliconFlowLLM(model="m", **Server(httpx.Response(200, json=body)).clients)
    assert llm.generate(["x"]).llm_output["token_usage"] == {}


def test_model_kwargs_go_into_the_body_and_fields_among_them_to_the_fields() -> None:
    server = Server(completion("Hi"))
    llm = SiliconFlowLLM(
        model_kwargs={"temperature": 0.5, "max_completion_tokens": 9, "new_field": 1},
        **server.clients,
    )
    assert (llm.temperature, llm.max_tokens, llm.model_kwargs) == (0.5, 9, {"new_field": 1})
    llm.invoke("x")
    assert server.body["new_field"] == 1
    assert server.body["max_tokens"] == 9
    llm.invoke("x", extra_body={"new_field": 2})
    assert server.body["new_field"] == 2
    assert llm._identifying_params["model_kwargs"] == {"new_field": 1}
    with pytest.raises(ConfigurationError, match="'temperature' is given as a keyword"):
        SiliconFlowLLM(api_key="k", temperature=1, model_kwargs={"temperature": 0.5})
