"""Around a failure by another request: a stream inside after a 504, another model when one is busy."""

from __future__ import annotations

import json
import logging
from typing import Any, cast

import httpx
import pytest

from siliconflow_client import (
    AsyncStream,
    CallOptions,
    ChatCompletion,
    ConfigurationError,
    GatewayTimeoutError,
    OverloadedError,
    ServerError,
    SiliconFlowClient,
    Stream,
)
from siliconflow_client.endpoints.chat import read_chat
from siliconflow_client.endpoints.chat_stream import ChatDecoder
from siliconflow_client.endpoints.deltas import Delta
from siliconflow_client.endpoints.joining import join_deltas
from siliconflow_client.errors.response import Head
from tests.client.by_hand import ASKED, NOW
from tests.client.callers import HI, TRACE, Caller
from tests.fixtures import INDEX

both = pytest.mark.parametrize("kind", ["sync", "async"])
WHOLE = INDEX["chat/nonstream_tool_calls.json"].json()
HEAD = Head(200, {"x-siliconcloud-trace-id": TRACE}, NOW)


class Gateway:
    """Gives up on plain calls (504); streams work, after those that are to fail."""

    def __init__(self, *streams: str, plain: int = 504) -> None:
        self.streams = list(streams) or [stream_of(WHOLE)]
        self.plain = plain
        self.bodies: list[dict[str, Any]] = []

    def __call__(self, request: httpx.Request) -> httpx.Response:
        body = json.loads(request.content)
        self.bodies.append(body)
        headers = {"x-siliconcloud-trace-id": TRACE}
        if not body["stream"]:
            return httpx.Response(self.plain, headers=headers, json=WHOLE)
        content = self.streams.pop(0) if len(self.streams) > 1 else self.streams[0]
        return httpx.Response(
            200, headers={**headers, "content-type": "text/event-stream"}, text=content
        )


def stream_of(whole: dict[str, Any], *, end: bool = True) -> str:
    """The same answer in pieces: a character of text, and of arguments, each."""
    base = {"id": whole["id"], "model": whole["model"], "created": whole.get("created", 0)}
    events: list[dict[str, Any]] = []
    for choice in whole["choices"]:
        message = choice["message"]
        deltas: list[dict[str, Any]] = [
            {"content": character} for character in message.get("content") or ""
        ]
        deltas += [{"reasoning_content": part} for part in message.get("reasoning_content") or ""]
        for index, call in enumerate(message.get("tool_calls") or []):
            function = call["function"]
            deltas.append(
                {
                    "tool_calls": [
                        {
                            "index": index,
                            "id": call["id"],
                            "type": "function",
                            "function": {"name": function["name"], "arguments": ""},
                        }
                    ]
                }
            )
            deltas += [
                {"tool_calls": [{"index": index, "function": {"arguments": part}}]}
                for part in function["arguments"]
            ]
        events += [
            {**base, "choices": [{"index": choice["index"], "delta": delta, "finish_reason": None}]}
            for delta in deltas
        ]
        events.append(
            {
                **base,
                "choices": [
                    {
                        "index": choice["index"],
                        "delta": {},
                        "finish_reason": choice["finish_reason"],
                    }
                ],
            }
        )
    events.append({**base, "choices": [], "usage": whole.get("usage")})
    lines = [f"data: {json.dumps(event)}\n\n" for event in (events if end else events[:3])]
    return "".join(lines) + ("data: [DONE]\n\n" if end else "")


async def ask_once(
    kind: str, server: Any, options: CallOptions | None = None, **settings: Any
) -> ChatCompletion:
    request = settings.pop("request", HI)
    async with Caller(kind, server, **settings) as ask:
        return await ask("chat", **request, options=options)


FILES = [
    "chat/nonstream_default.json",
    "chat/nonstream_reasoning.json",
    "chat/nonstream_text_deepseek_v3.json",
    "chat/nonstream_tool_calls.json",
]


@pytest.mark.parametrize("file", FILES)
def test_a_joined_stream_is_the_plain_answer(file: str):
    whole = INDEX[file].json()
    plain = read_chat(INDEX[file].content, HEAD, may_be_empty=True)
    decoder = ChatDecoder(ASKED, HEAD, may_be_empty=True)
    deltas: list[Delta] = []
    decoder.feed(stream_of(whole).encode(), deltas)
    decoder.finish(deltas)
    joined = join_deltas(deltas, TRACE)
    for name in ("id", "model", "created", "trace_id", "text", "reasoning", "finish_reason"):
        assert getattr(joined, name) == getattr(plain, name), name
    assert [(c.name, c.arguments) for c in joined.tool_calls] == [
        (c.name, c.arguments) for c in plain.tool_calls
    ]
    assert joined.usage is not None
    assert plain.usage is not None
    assert joined.usage.total_tokens == plain.usage.total_tokens
    again = read_chat(json.dumps(joined.raw).encode(), HEAD, may_be_empty=True)
    assert (again.text, again.reasoning, again.tool_calls) == (
        joined.text,
        joined.reasoning,
        joined.tool_calls,
    )


@both
async def test_after_a_504_the_answer_comes_as_a_stream_that_is_joined_inside(kind: str):
    server = Gateway()
    answer = await ask_once(kind, server)
    assert (
        answer.tool_calls[0].name
        == WHOLE["choices"][0]["message"]["tool_calls"][0]["function"]["name"]
    )
    assert answer.trace_id == TRACE
    assert [body["stream"] for body in server.bodies] == [False, True]
    assert server.bodies[1] == {
        **server.bodies[0],
        "stream": True,
        "stream_options": {"include_usage": True},
    }


@both
async def test_a_stream_that_breaks_inside_is_tried_again(kind: str):
    server = Gateway(stream_of(WHOLE, end=False), stream_of(WHOLE))
    answer = await ask_once(kind, server)
    assert answer.finish_reason == WHOLE["choices"][0]["finish_reason"]
    assert [body["stream"] for body in server.bodies] == [False, True, True]


@both
async def test_it_may_stream_from_the_start(kind: str):
    server = Gateway()
    await ask_once(kind, server, long_answers="stream")
    assert [body["stream"] for body in server.bodies] == [True]


@both
@pytest.mark.parametrize(
    ("options", "settings"),
    [(CallOptions(long_answers="never"), {}), (None, {"long_answers": "never"})],
    ids=["of the call", "of the client"],
)
async def test_it_can_be_switched_off(kind: str, options: Any, settings: Any):
    server = Gateway()
    with pytest.raises(GatewayTimeoutError):
        await ask_once(kind, server, options, max_retries=1, **settings)
    assert [body["stream"] for body in server.bodies] == [False, False]


TOOLS = [{"type": "function", "function": {"name": "f", "parameters": {}}}]


@both
@pytest.mark.parametrize(
    "request_",
    [{**HI, "n": 2}, {**HI, "model": "THUDM/GLM-4-9B-0414", "tools": TOOLS}],
    ids=["several answers", "a model that streams broken calls"],
)
async def test_not_where_a_stream_gives_something_else(kind: str, request_: Any):
    server = Gateway()
    with pytest.raises(GatewayTimeoutError):
        await ask_once(kind, server, max_retries=1, request=request_)
    assert [body["stream"] for body in server.bodies] == [False, False]


@both
async def test_without_retries_nothing_more_is_asked(kind: str):
    server = Gateway()
    with pytest.raises(GatewayTimeoutError):
        await ask_once(kind, server, max_retries=0)
    assert len(server.bodies) == 1


# --- another model --------------------------------------------------------------------------


class Busy:
    """Some models cannot answer; the others do, and say who they are."""

    def __init__(self, **failures: tuple[int, Any]) -> None:
        self.failures = failures
        self.asked: list[str] = []

    def __call__(self, request: httpx.Request) -> httpx.Response:
        body = json.loads(request.content)
        self.asked.append(body["model"])
        if body["model"] in self.failures:
            status, said = self.failures[body["model"]]
            return httpx.Response(status, json=said)
        message = {"role": "assistant", "content": "Hello"}
        if body["stream"]:
            chunk = {
                "id": "x",
                "model": body["model"],
                "choices": [{"index": 0, "delta": message, "finish_reason": "stop"}],
            }
            text = f"data: {json.dumps(chunk)}\n\ndata: [DONE]\n\n"
            return httpx.Response(200, headers={"content-type": "text/event-stream"}, text=text)
        choice = {"index": 0, "message": message, "finish_reason": "stop"}
        return httpx.Response(200, json={"id": "x", "model": body["model"], "choices": [choice]})


FAILURES = {
    "overloaded": (503, {"code": 50505, "message": "Model service overloaded."}),
    "rate limited": (429, {"code": 50602, "message": "TPM limit reached."}),
    "disabled": (403, {"code": 30003, "message": "Model disabled."}),
    "unknown": (400, {"code": 20012, "message": "Model does not exist."}),
    "retired": (410, {"code": 20092, "message": "gone"}),
}


@both
@pytest.mark.parametrize("why", FAILURES)
async def test_the_next_model_answers_and_the_answer_says_so(
    kind: str, why: str, caplog: pytest.LogCaptureFixture
):
    caplog.set_level(logging.WARNING, logger="siliconflow")
    server = Busy(a=FAILURES[why])
    answer = await ask_once(
        kind, server, fallback_models=["b"], max_retries=0, request={**HI, "model": "a"}
    )
    assert (answer.model, answer.fallback_from, answer.text) == ("b", "a", "Hello")
    assert server.asked == ["a", "b"]
    assert any("Going on with model b" in record.getMessage() for record in caplog.records)


@both
async def test_each_model_has_its_retries_first(kind: str):
    server = Busy(a=FAILURES["overloaded"], b=FAILURES["overloaded"])
    answer = await ask_once(
        kind,
        server,
        CallOptions(fallback_models=["b", "c"]),
        max_retries=1,
        request={**HI, "model": "a"},
    )
    assert answer.model == "c"
    assert server.asked == ["a", "a", "b", "b", "c"]


@both
async def test_the_last_failure_is_raised(kind: str):
    server = Busy(a=FAILURES["overloaded"], b=FAILURES["overloaded"])
    with pytest.raises(OverloadedError) as caught:
        await ask_once(
            kind, server, fallback_models=["b"], max_retries=0, request={**HI, "model": "a"}
        )
    assert caught.value.model == "b"


@both
async def test_a_failure_of_another_kind_stays_with_its_model(kind: str):
    server = Busy(a=(500, {"code": 50507, "message": "Request failed: Unknown error."}))
    with pytest.raises(ServerError):
        await ask_once(
            kind, server, fallback_models=["b"], max_retries=0, request={**HI, "model": "a"}
        )
    assert server.asked == ["a"]


@both
async def test_a_stream_goes_on_with_the_next_model_before_its_first_delta(kind: str):
    server = Busy(a=FAILURES["overloaded"])
    async with Caller(kind, server, fallback_models=["b"], max_retries=0) as ask:
        stream = ask.client.stream_chat(**{**HI, "model": "a"})
        if isinstance(ask.client, SiliconFlowClient):
            text = "".join(delta.text for delta in cast("Stream", stream))
        else:
            text = "".join([delta.text async for delta in cast("AsyncStream", stream)])
    assert (text, stream.model, stream.fallback_from) == ("Hello", "b", "a")


@both
async def test_a_stream_that_has_begun_stays_with_its_model(kind: str):
    said = {"id": "x", "choices": [{"index": 0, "delta": {"content": "Hel"}}]}
    broken = {"code": 50505, "message": "Model service overloaded."}
    asked: list[str] = []

    def answer(request: httpx.Request) -> httpx.Response:
        asked.append(json.loads(request.content)["model"])
        text = f"data: {json.dumps(said)}\n\ndata: {json.dumps(broken)}\n\n"
        return httpx.Response(200, headers={"content-type": "text/event-stream"}, text=text)

    async with Caller(kind, answer, fallback_models=["b"], max_retries=0) as ask:
        told = await ask.stream(**{**HI, "model": "a"})
    assert isinstance(told.error, OverloadedError)
    assert (told.text, asked) == ("Hel", ["a"])


@pytest.mark.parametrize("models", ["b", ["b", 5], [""]])
def test_a_list_of_names_is_wanted(models: Any):
    with pytest.raises(ConfigurationError) as caught:
        SiliconFlowClient(api_key="k", fallback_models=models)
    assert caught.value.argument == "fallback_models"
