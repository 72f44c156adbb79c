"""`client.messages`: chat in Anthropic's form, plain and streamed."""

from __future__ import annotations

import json
from typing import Any

import httpx
import pytest

from siliconflow_client import (
    APIResponseError,
    APIStatusError,
    AuthenticationError,
    BadRequestError,
    ConfigurationError,
    ContextLengthError,
    MessagesAnswer,
    MessagesUsage,
    ModelNotFoundError,
    OtherBlock,
    OverloadedError,
    RateLimitError,
    ServerError,
    SiliconFlowError,
    StreamInterruptedError,
    TextBlock,
    ThinkingBlock,
    ToolUseBlock,
)
from siliconflow_simulator import Script, Simulator, calls
from tests.client.callers import KEY, TRACE, Caller, answering
from tests.client.groups import call, items
from tests.faults.server import Close, FaultServer, body, chunked
from tests.fixtures import INDEX

both = pytest.mark.parametrize("kind", ["sync", "async"])
three = pytest.mark.parametrize("kind", ["sync", "async", "aiohttp"])
ASKED: dict[str, Any] = {
    "model": "deepseek-ai/DeepSeek-V3.2",
    "messages": [{"role": "user", "content": "Hi"}],
    "max_tokens": 1000,
}
WEATHER = {
    "name": "get_weather",
    "description": "Get the weather at a location.",
    "input_schema": {
        "type": "object",
        "properties": {"city": {"type": "string"}},
        "required": ["city"],
    },
}


@both
async def test_the_documented_thinking_answer_is_read(kind: str):
    content = INDEX["messages/nonstream_thinking.json"].content
    async with Caller(kind, answering(content)) as ask:
        answer = await call(ask, "messages.create", **ASKED)
    assert isinstance(answer, MessagesAnswer)
    assert answer.content == [ThinkingBlock("...", "tvshsltrjs"), TextBlock("Hello!...")]
    assert (answer.text, answer.reasoning, answer.stop_reason) == ("Hello!...", "...", "end_turn")
    assert answer.usage == MessagesUsage(6, 215)
    assert (answer.model, answer.trace_id) == ("Pro/zai-org/GLM-4.7", TRACE)


@both
async def test_the_documented_tool_call_is_read(kind: str):
    content = INDEX["messages/nonstream_tool_use.json"].content
    async with Caller(kind, answering(content)) as ask:
        answer = await call(ask, "messages.create", **ASKED, tools=[WEATHER])
    [used] = answer.tool_uses
    assert (used.name, used.input) == ("get_weather", {"location": "San Francisco, CA"})
    assert json.loads(used.input_json) == used.input
    assert answer.stop_reason == "tool_use"


@both
async def test_every_field_may_be_missing(kind: str):
    wire = {
        "content": [
            {"type": "text", "text": None},
            {"type": "tool_use", "input": None},
            {"type": "tool_use", "input": "{broken"},
            {"type": "server_tool"},
        ],
        "usage": {"input_tokens": None},
    }
    async with Caller(kind, answering(json.dumps(wire).encode())) as ask:
        answer = await call(ask, "messages.create", **ASKED)
    assert answer.content == [
        TextBlock(""),
        ToolUseBlock("", "", {}, "{}"),
        ToolUseBlock("", "", {}, "{broken"),
        OtherBlock("server_tool", {"type": "server_tool"}),
    ]
    assert (answer.id, answer.stop_reason, answer.usage) == ("", None, MessagesUsage(0, 0))


@both
async def test_the_request_is_sent_as_it_is_with_a_bearer_key(kind: str):
    seen: list[httpx.Request] = []

    def handle(request: httpx.Request) -> httpx.Response:
        seen.append(request)
        return httpx.Response(200, json={"content": []})

    given = {**ASKED, "system": "Be brief.", "stop_sequences": ["x"], "top_k": None}
    async with Caller(kind, handle) as ask:
        await call(ask, "messages.create", **given, extra_body={"metadata": {"user_id": "u"}})
    [request] = seen
    sent = {name: value for name, value in given.items() if value is not None}
    assert json.loads(request.content) == {**sent, "metadata": {"user_id": "u"}, "stream": False}
    assert request.url.path == "/v1/messages"
    assert request.headers["authorization"] == f"Bearer {KEY}"


@both
@pytest.mark.parametrize(
    "messages", [None, [], "Hi", ["Hi"]], ids=["none", "empty", "text", "texts"]
)
async def test_messages_that_are_none_cost_no_request(kind: str, messages: Any):
    async with Caller(kind, answering(b"{}", 500)) as ask:
        with pytest.raises(ConfigurationError) as caught:
            await call(ask, "messages.create", **{**ASKED, "messages": messages})
    assert (caught.value.argument or "").startswith("messages")


# --- errors ---------------------------------------------------------------------------------

SAID: list[tuple[int, dict[str, Any], type[APIStatusError]]] = [
    (400, {"type": "invalid_request_error", "message": "wrong"}, BadRequestError),
    (
        400,
        {"type": "invalid_request_error", "code": 20015, "message": "… max_prompt_tokens (9) …"},
        ContextLengthError,
    ),
    (400, {"type": "invalid_request_error", "code": 20012, "message": "none"}, ModelNotFoundError),
    (401, {"type": "authentication_error", "message": "Token is invalid."}, AuthenticationError),
    (429, {"type": "rate_limit_error", "message": "TPM limit reached"}, RateLimitError),
    (500, {"type": "api_error", "message": "broken"}, ServerError),
    (503, {"type": "overloaded_error", "message": "busy"}, OverloadedError),
]


@both
@pytest.mark.parametrize(("status", "error", "cls"), SAID, ids=[e["type"] for _, e, _ in SAID])
async def test_an_error_in_its_own_shape_is_one_of_ours(
    kind: str, status: int, error: dict[str, Any], cls: type[APIStatusError]
):
    content = json.dumps({"type": "error", "error": error}).encode()
    async with Caller(kind, answering(content, status), max_retries=0) as ask:
        with pytest.raises(cls) as caught:
            await call(ask, "messages.create", **ASKED)
    assert type(caught.value) is cls
    assert caught.value.message == error["message"]
    assert caught.value.code == error.get("code", error["type"])


@both
@pytest.mark.parametrize(("status", "error", "cls"), SAID, ids=[e["type"] for _, e, _ in SAID])
async def test_the_same_error_in_a_stream_is_the_same_class(
    kind: str, status: int, error: dict[str, Any], cls: type[APIStatusError]
):
    content = event("error", error=error)
    async with Caller(kind, answering(content, content_type="text/event-stream")) as ask:
        with pytest.raises(cls) as caught:
            await items(ask, "messages.stream", **ASKED)
    assert caught.value.status_code == status


# --- streams --------------------------------------------------------------------------------


def event(kind: str, **fields: Any) -> bytes:
    return f"event: {kind}\ndata: {json.dumps({'type': kind, **fields})}\n\n".encode()


def delta(index: int, kind: str, **fields: Any) -> bytes:
    return event("content_block_delta", index=index, delta={"type": kind, **fields})


START = event(
    "message_start",
    message={
        "id": "msg_1",
        "model": "m",
        "content": [],
        "usage": {"input_tokens": 7, "output_tokens": 0, "cache_read_input_tokens": 3},
    },
)
WHOLE = [
    START,
    event("ping"),
    event("content_block_start", index=0, content_block={"type": "thinking", "thinking": ""}),
    delta(0, "thinking_delta", thinking="Let me "),
    delta(0, "thinking_delta", thinking="see."),
    delta(0, "signature_delta", signature="sig"),
    event("content_block_stop", index=0),
    event("content_block_start", index=1, content_block={"type": "text", "text": ""}),
    delta(1, "text_delta", text="Sun"),
    delta(1, "text_delta", text="ny\u2028day"),
    event("content_block_stop", index=1),
    event(
        "content_block_start",
        index=2,
        content_block={"type": "tool_use", "id": "t1", "name": "get_weather", "input": {}},
    ),
    delta(2, "input_json_delta", partial_json='{"ci'),
    delta(2, "input_json_delta", partial_json='ty": "Paris"}'),
    event("content_block_stop", index=2),
    event("message_delta", delta={"stop_reason": "tool_use"}, usage={"output_tokens": 9}),
]
ENDS = {"message_stop": event("message_stop"), "[DONE]": b"data: [DONE]\n\n"}


@three
@pytest.mark.parametrize("end", ENDS)
@pytest.mark.parametrize("size", [1, 7, 100_000])
async def test_a_stream_gives_events_and_at_its_end_the_whole_answer(
    kind: str, end: str, size: int
):
    content = b"".join([*WHOLE, ENDS[end]])
    pieces = [content[at : at + size] for at in range(0, len(content), size)]
    with FaultServer(chunked(*pieces)) as server:
        async with Caller(kind, base_url=server.url) as ask:
            events = await items(ask, "messages.stream", **ASKED)
    assert json.loads(server.seen[0].body)["stream"] is True
    assert len(events) == len(WHOLE) + 1
    assert "".join(event.text for event in events) == "Sunny\u2028day"
    assert "".join(event.reasoning for event in events) == "Let me see."
    assert "".join(event.input_json for event in events) == '{"city": "Paris"}'
    assert [event.answer for event in events[:-1]] == [None] * len(WHOLE)
    last = events[-1]
    assert last.type == "message_stop"
    assert last.answer.content == [
        ThinkingBlock("Let me see.", "sig"),
        TextBlock("Sunny\u2028day"),
        ToolUseBlock("t1", "get_weather", {"city": "Paris"}, '{"city": "Paris"}'),
    ]
    assert last.answer.usage == MessagesUsage(7, 9, 3)
    assert (last.answer.id, last.answer.stop_reason) == ("msg_1", "tool_use")


@three
@pytest.mark.parametrize("properly", [True, False])
async def test_a_stream_that_ends_early_keeps_what_came(kind: str, properly: bool):
    reply = chunked(*WHOLE[:9], end=properly)
    with FaultServer(reply if properly else [*reply, Close]) as server:
        async with Caller(kind, base_url=server.url) as ask:
            with pytest.raises(StreamInterruptedError) as caught:
                await items(ask, "messages.stream", **ASKED)
        assert len(server.seen) == 1
    assert caught.value.partial == "Sun"
    assert caught.value.partial_reasoning == "Let me see."


@both
async def test_even_a_told_stop_reason_is_no_end(kind: str):
    content = b"".join(WHOLE)
    async with Caller(kind, answering(content, content_type="text/event-stream")) as ask:
        with pytest.raises(StreamInterruptedError):
            await items(ask, "messages.stream", **ASKED)


@both
async def test_a_stream_is_asked_for_again_before_its_first_event(kind: str):
    replies = [body(b"{}", 503), chunked(*WHOLE, ENDS["message_stop"])]
    with FaultServer(*replies) as server:
        async with Caller(kind, base_url=server.url) as ask:
            events = await items(ask, "messages.stream", **ASKED)
    assert events[-1].answer.text == "Sunny\u2028day"
    assert len(ask.waits) == 1


@both
@pytest.mark.parametrize(
    "content",
    [b"data: nonsense\n\n", b"data: []\n\n", b'data: {"type":"message_start"}\n\n', b"data: {}\n\n",
     b'{"type":"message"}', b"<html>",
     b'data: {"type":"message_start","message":{"id":5}}\n\ndata: {"type":"message_stop"}\n\n',
     b'data: {"type":"message_delta","delta":{"stop_reason":5}}\n\ndata: [DONE]\n\n',
     b'data: {"type":"content_block_start","content_block":{"type":"tool_use","id":5}}\n\n'
     b"data: [DONE]\n\n"],
)  # fmt: skip
async def test_a_stream_of_another_shape_is_an_unexpected_answer(kind: str, content: bytes):
    async with Caller(kind, answering(content, content_type="text/event-stream")) as ask:
        with pytest.raises(APIResponseError):
            await items(ask, "messages.stream", **ASKED)


@both
async def test_deltas_without_a_beginning_are_read_all_the_same(kind: str):
    content = delta(0, "text_delta", text="a") + delta(1, "input_json_delta", partial_json="{")
    content += event("message_stop")
    async with Caller(kind, answering(content, content_type="text/event-stream")) as ask:
        events = await items(ask, "messages.stream", **ASKED)
    assert events[-1].answer.content == [TextBlock("a"), ToolUseBlock("", "", {}, "{")]


# --- the simulator --------------------------------------------------------------------------


@both
@pytest.mark.parametrize("end", ["message_stop", "done"])
@pytest.mark.parametrize("streamed", [False, True])
async def test_the_simulator_answers_and_calls_tools(kind: str, end: Any, streamed: bool):
    script = [calls("get_weather", city="Paris"), Script().thinks("It said so.").says("Sunny.")]
    simulator = Simulator(answers=script, messages_end=end)

    async def ask_for(ask: Caller, turns: list[Any]) -> MessagesAnswer:
        given = {**ASKED, "messages": turns, "tools": [WEATHER]}
        if not streamed:
            return await call(ask, "messages.create", **given)
        return (await items(ask, "messages.stream", **given))[-1].answer

    async with Caller(kind, simulator.transport().handler) as ask:
        turns: list[Any] = [{"role": "user", "content": "How is the weather in Paris?"}]
        first = await ask_for(ask, turns)
        [used] = first.tool_uses
        assert (used.name, used.input, first.stop_reason) == (
            "get_weather",
            {"city": "Paris"},
            "tool_use",
        )
        turns += [
            {"role": "assistant", "content": first.raw["content"] if not streamed else [
                {"type": "tool_use", "id": used.id, "name": used.name, "input": used.input}
            ]},
            {"role": "user", "content": [
                {"type": "tool_result", "tool_use_id": used.id, "content": "sunny"}
            ]},
        ]  # fmt: skip
        last = await ask_for(ask, turns)
    assert (last.text, last.reasoning, last.stop_reason) == ("Sunny.", "It said so.", "end_turn")
    assert last.usage is not None
    assert last.usage.output_tokens > 0


@both
async def test_a_broken_stream_of_the_simulator_is_named(kind: str):
    simulator = Simulator(faults=["drop=6"])
    async with Caller(kind, simulator.transport().handler) as ask:
        with pytest.raises(SiliconFlowError) as caught:
            await items(ask, "messages.stream", **ASKED)
    assert isinstance(caught.value, StreamInterruptedError)
    assert caught.value.partial
