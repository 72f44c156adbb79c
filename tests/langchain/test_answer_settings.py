"""What becomes of empty answers, of long ones, and of models that cannot answer: fields and keywords."""

from __future__ import annotations

import json
from typing import Any

import httpx
import pytest
from langchain_core.exceptions import ModelError

from langchain_siliconflow import (
    ChatSiliconFlow,
    EmptyAnswerError,
    GatewayTimeoutError,
    SiliconFlowLLM,
)

HELLO = {"role": "assistant", "content": "Hello"}
NOTHING = {"role": "assistant", "content": ""}


class Site:
    """Plain calls get `plain` (a message or a status), streams the message `streamed`."""

    def __init__(self, plain: Any = HELLO, streamed: Any = HELLO, busy: str = "") -> None:
        self.plain, self.streamed, self.busy = plain, streamed, busy
        self.bodies: list[dict[str, Any]] = []

    def __call__(self, request: httpx.Request) -> httpx.Response:
        body = json.loads(request.content)
        self.bodies.append(body)
        if body["model"] == self.busy:
            return httpx.Response(503, json={"code": 50505, "message": "overloaded"})
        message = self.streamed if body["stream"] else self.plain
        if isinstance(message, int):
            return httpx.Response(message)
        if not body["stream"]:
            choice = {"index": 0, "message": message, "finish_reason": "stop"}
            return httpx.Response(
                200, json={"id": "x", "model": body["model"], "choices": [choice]}
            )
        chunk = {
            "id": "x",
            "model": body["model"],
            "choices": [{"index": 0, "delta": message, "finish_reason": "stop"}],
        }
        text = f"data: {json.dumps(chunk)}\n\ndata: [DONE]\n\n"
        return httpx.Response(200, headers={"content-type": "text/event-stream"}, text=text)


def model_for(site: Site, **fields: Any) -> ChatSiliconFlow:
    http = httpx.Client(transport=httpx.MockTransport(site))
    ahttp = httpx.AsyncClient(transport=httpx.MockTransport(site))
    fields.setdefault("max_retries", 1)
    return ChatSiliconFlow(
        api_key="k", model="a", http_client=http, async_http_client=ahttp, **fields
    )


async def ways(model: Any, **kwargs: Any) -> list[str]:
    return [
        model.invoke("x", **kwargs).text,
        (await model.ainvoke("x", **kwargs)).text,
        "".join(chunk.text for chunk in model.stream("x", **kwargs)),
        "".join([chunk.text async for chunk in model.astream("x", **kwargs)]),
    ]


async def test_an_answer_of_nothing_is_an_answer_everywhere():
    site = Site(NOTHING, NOTHING)
    assert await ways(model_for(site)) == [""] * 4
    assert len(site.bodies) == 8, "each was asked for once more"


@pytest.mark.parametrize("by_field", [True, False])
async def test_it_may_be_an_error(by_field: bool):
    setting = {"empty_answers": "raise"}
    model = model_for(Site(NOTHING, NOTHING), **(setting if by_field else {}))
    with pytest.raises(EmptyAnswerError) as caught:
        model.invoke("x", **({} if by_field else setting))
    assert isinstance(caught.value, ModelError | ValueError)
    assert caught.value.is_retryable
    with pytest.raises(EmptyAnswerError):
        await model.ainvoke("x", **({} if by_field else setting))


@pytest.mark.parametrize("by_field", [True, False])
async def test_calls_that_were_written_as_text_may_stay_text(by_field: bool):
    written = '<tool_call>{"name": "now", "arguments": {}}</tool_call>'
    said = {"role": "assistant", "content": written}
    setting: Any = {"tool_markup": False}
    model = model_for(Site(said, said), **(setting if by_field else {}))
    offered = [
        {
            "type": "function",
            "function": {"name": "now", "parameters": {"type": "object", "properties": {}}},
        }
    ]
    bound = model.bind_tools(offered, **({} if by_field else setting))
    assert await ways(bound) == [written] * 4
    assert model_for(Site(said, said)).bind_tools(offered).invoke("x").tool_calls


async def test_one_empty_answer_among_many_loses_no_other():
    class OneEmpty(Site):
        def __call__(self, request: httpx.Request) -> httpx.Response:
            self.plain = NOTHING if b"q7" in request.content else HELLO
            return super().__call__(request)

    answers = model_for(OneEmpty()).batch([f"q{n}" for n in range(20)])
    assert [answer.text for answer in answers] == ["Hello"] * 7 + [""] + ["Hello"] * 12


async def test_a_long_answer_goes_on_as_a_stream():
    site = Site(plain=504)
    message = await model_for(site).ainvoke("x")
    assert message.text == "Hello"
    assert [body["stream"] for body in site.bodies] == [False, True]
    site.bodies.clear()
    assert model_for(site, long_answers="stream").invoke("x").text == "Hello"
    assert [body["stream"] for body in site.bodies] == [True]
    with pytest.raises(GatewayTimeoutError):
        model_for(site).invoke("x", long_answers="never")


async def test_another_model_answers_and_the_metadata_says_so():
    model = model_for(Site(busy="a"), fallback_models=["b"])
    assert await ways(model) == ["Hello"] * 4
    answer = model.invoke("x")
    assert answer.response_metadata["model_name"] == "b"
    assert answer.response_metadata["fallback_from"] == "a"
    told = [chunk.response_metadata.get("fallback_from") for chunk in model.stream("x")]
    assert [name for name in told if name is not None] == ["a"]
    streamed = model.stream_events("x", version="v3").output
    assert streamed.response_metadata["fallback_from"] == "a"
    assert "fallback_from" not in model_for(Site()).invoke("x").response_metadata


@pytest.mark.parametrize("endpoint", ["chat", "completions"])
async def test_another_model_continues_a_text_and_its_generations_say_so(endpoint: str):
    def answer(request: httpx.Request) -> httpx.Response:
        body = json.loads(request.content)
        if body["model"] == "a":
            return httpx.Response(503, json={"code": 50505, "message": "overloaded"})
        key = "delta" if body["stream"] else "message"
        said = {"text": "Hello"} if endpoint == "completions" else {key: HELLO}
        whole = {
            "id": "x",
            "model": body["model"],
            "choices": [{"index": 0, **said, "finish_reason": "stop"}],
        }
        if not body["stream"]:
            return httpx.Response(200, json=whole)
        text = f"data: {json.dumps(whole)}\n\ndata: [DONE]\n\n"
        return httpx.Response(200, headers={"content-type": "text/event-stream"}, text=text)

    transport = httpx.MockTransport(answer)
    model = SiliconFlowLLM(
        api_key="k",
        model="a",
        endpoint=endpoint,
        fallback_models=["b"],
        max_retries=0,
        http_client=httpx.Client(transport=transport),
        async_http_client=httpx.AsyncClient(transport=transport),
    )
    whole = [model.generate(["x"]), await model.agenerate(["x"])]
    for [[generation]] in (result.generations for result in whole):
        assert generation.text == "Hello"
        assert generation.generation_info is not None
        assert generation.generation_info["fallback_from"] == "a"
    streamed = [[*model._stream("x")], [chunk async for chunk in model._astream("x")]]
    for pieces in streamed:
        assert pieces[-1].generation_info is not None
        assert pieces[-1].generation_info["fallback_from"] == "a"
