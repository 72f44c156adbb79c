"""What a chat call mends by itself: answers of nothing, and thinking that a history has lost."""

from __future__ import annotations

import json
import logging
from typing import Any

import httpx
import pytest

from siliconflow_client import (
    BadRequestError,
    CallOptions,
    ConfigurationError,
    EmptyAnswerError,
)
from tests.client.callers import HI, TRACE, Caller
from tests.faults.server import STREAM, event

both = pytest.mark.parametrize("kind", ["sync", "async"])
streamed = pytest.mark.parametrize("streams", [False, True], ids=["plain", "stream"])


class Server:
    """Answers with the messages given, one after the other; an int is an HTTP status."""

    def __init__(self, *answers: dict[str, Any] | str) -> None:
        self.answers = list(answers)
        self.bodies: list[dict[str, Any]] = []

    def __call__(self, request: httpx.Request) -> httpx.Response:
        body = json.loads(request.content)
        self.bodies.append(body)
        answer = self.answers[min(len(self.bodies), len(self.answers)) - 1]
        headers = {"x-siliconcloud-trace-id": TRACE}
        if isinstance(answer, str):
            refusal = {"code": 20015, "message": answer, "data": None}
            return httpx.Response(400, headers=headers, json=refusal)
        choice: dict[str, Any] = {"index": 0, "finish_reason": "stop"}
        if not body["stream"]:
            full = {"id": "x", "model": "m", "choices": [{**choice, "message": answer}]}
            return httpx.Response(200, headers=headers, json=full)
        events = [
            {
                "id": "x",
                "model": "m",
                "choices": [{"index": 0, "delta": answer, "finish_reason": None}],
            },
            {
                "id": "x",
                "model": "m",
                "choices": [{**choice, "delta": {}}],
                "usage": {"prompt_tokens": 5},
            },
        ]
        content = "".join(f"data: {json.dumps(event)}\n\n" for event in events) + "data: [DONE]\n\n"
        return httpx.Response(
            200, headers={**headers, "content-type": "text/event-stream"}, text=content
        )


NOTHING: dict[str, Any] = {"role": "assistant", "content": ""}
SOMETHING: dict[str, Any] = {"role": "assistant", "content": "Hello"}


async def ask_once(
    kind: str,
    server: Server,
    streams: bool,
    request: Any = None,
    options: Any = None,
    **settings: Any,
):
    """Text and finish reason of one answer; an error is raised."""
    request = request or HI
    async with Caller(kind, server, **settings) as ask:
        if streams:
            told = await ask.stream(**request, options=options)
            if told.error is not None:
                raise told.error
            return told.text, told.finish_reason
        answer = await ask("chat", **request, options=options)
        return answer.text, answer.finish_reason


@both
@streamed
async def test_an_answer_of_nothing_is_asked_for_once_more(kind: str, streams: bool):
    server = Server(NOTHING, SOMETHING)
    assert await ask_once(kind, server, streams) == ("Hello", "stop")
    assert len(server.bodies) == 2


@both
@streamed
async def test_then_it_is_returned_as_it_is_with_one_warning(
    kind: str, streams: bool, caplog: pytest.LogCaptureFixture
):
    server = Server(NOTHING)
    caplog.set_level(logging.WARNING, logger="siliconflow")
    assert await ask_once(kind, server, streams) == ("", "stop")
    assert len(server.bodies) == 2
    (warning,) = [
        record.getMessage() for record in caplog.records if record.levelno == logging.WARNING
    ]
    assert TRACE in warning
    assert "empty_answers" in warning


@both
async def test_the_usage_of_an_empty_stream_is_told(kind: str):
    async with Caller(kind, Server(NOTHING)) as ask:
        told = await ask.stream(**HI)
    assert told.deltas[-1].usage is not None
    assert told.deltas[-1].usage.prompt_tokens == 5


@both
@streamed
@pytest.mark.parametrize(
    ("settings", "options"),
    [({"empty_answers": "raise"}, None), ({}, CallOptions(empty_answers="raise"))],
    ids=["of the client", "of the call"],
)
async def test_it_may_be_an_error_instead(kind: str, streams: bool, settings: Any, options: Any):
    server = Server(NOTHING)
    with pytest.raises(EmptyAnswerError) as caught:
        await ask_once(kind, server, streams, options=options, **settings)
    assert isinstance(caught.value, ValueError)
    assert caught.value.is_retryable
    assert caught.value.trace_id == TRACE
    assert len(server.bodies) == 2


@both
async def test_a_call_may_return_it_although_the_client_raises(kind: str):
    server = Server(NOTHING)
    options = CallOptions(empty_answers="return")
    assert await ask_once(kind, server, False, options=options, empty_answers="raise") == (
        "",
        "stop",
    )


@both
@streamed
async def test_without_retries_it_is_returned_at_once(kind: str, streams: bool):
    server = Server(NOTHING)
    assert await ask_once(kind, server, streams, max_retries=0) == ("", "stop")
    assert len(server.bodies) == 1


def test_another_word_is_refused():
    with pytest.raises(ConfigurationError) as caught:
        CallOptions(empty_answers="ignore")  # type: ignore[arg-type]  # the point of the test
    assert caught.value.argument == "empty_answers"


# --- thinking that the history has lost -----------------------------------------------------

REFUSALS = [
    "thinking is enabled but reasoning_content is missing in assistant tool call message at index 1",
    "The reasoning_content in the thinking mode must be passed back to the API.",
]
EVENTS = {"content-type": "text/event-stream"}
CALL = {"id": "c1", "type": "function", "function": {"name": "f", "arguments": "{}"}}
HISTORY: list[Any] = [
    {"role": "user", "content": "q"},
    {"role": "assistant", "content": "", "tool_calls": [CALL]},
    {"role": "tool", "content": "1", "tool_call_id": "c1"},
    {"role": "assistant", "content": "", "tool_calls": [CALL], "reasoning_content": "kept"},
    {"role": "tool", "content": "1", "tool_call_id": "c1"},
]


def history(model: str, **more: Any) -> dict[str, Any]:
    return {"model": model, "messages": HISTORY, **more}


@both
@streamed
@pytest.mark.parametrize("refusal", REFUSALS)
async def test_a_model_with_a_switch_is_asked_once_more_without_thinking(
    kind: str, streams: bool, refusal: str
):
    server = Server(refusal, SOMETHING)
    text, _ = await ask_once(
        kind, server, streams, history("moonshotai/Kimi-K2.5", temperature=0.5)
    )
    assert text == "Hello"
    first, second = server.bodies
    assert "enable_thinking" not in first
    assert second == {**first, "enable_thinking": False}


@both
@streamed
async def test_a_model_without_one_is_sent_empty_thinking_where_there_is_none(
    kind: str, streams: bool
):
    server = Server(REFUSALS[0], SOMETHING)
    text, _ = await ask_once(kind, server, streams, history("moonshotai/Kimi-K2-Thinking"))
    assert text == "Hello"
    sent = [turn.get("reasoning_content") for turn in server.bodies[1]["messages"]]
    assert sent == [None, "", None, "kept", None]


@both
@streamed
async def test_a_model_whose_thinking_is_off_already_is_sent_empty_thinking(
    kind: str, streams: bool
):
    server = Server(REFUSALS[0], SOMETHING)
    asked = history("moonshotai/Kimi-K2.5", enable_thinking=False)
    text, _ = await ask_once(kind, server, streams, asked)
    assert text == "Hello"
    sent = [turn.get("reasoning_content") for turn in server.bodies[1]["messages"]]
    assert sent == [None, "", None, "kept", None]
    assert server.bodies[1]["enable_thinking"] is False


@both
async def test_where_nothing_is_missing_the_refusal_stands(kind: str):
    server = Server(REFUSALS[0], SOMETHING)
    whole = history("moonshotai/Kimi-K2-Thinking", messages=[HISTORY[0], *HISTORY[3:]])
    with pytest.raises(BadRequestError):
        await ask_once(kind, server, False, whole)
    assert len(server.bodies) == 1


class Refusing(httpx.SyncByteStream, httpx.AsyncByteStream):
    """A stream that tells the refusal and does not end; knows whether it was closed."""

    is_closed = False
    said = event({"code": 20015, "message": REFUSALS[1], "data": None})

    def __iter__(self):
        while True:
            yield self.said

    async def __aiter__(self):
        while True:
            yield self.said

    def close(self) -> None:
        self.is_closed = True

    async def aclose(self) -> None:
        self.is_closed = True


@both
async def test_a_stream_that_told_it_and_goes_on_is_closed(kind: str):
    refusing = Refusing()
    second = httpx.Response(200, content=b"".join(STREAM), headers=EVENTS)
    answers = iter([httpx.Response(200, stream=refusing, headers=EVENTS), second])
    async with Caller(kind, lambda request: next(answers)) as ask:
        told = await ask.stream(**history("moonshotai/Kimi-K2-Thinking"))
    assert told.text == "Hello"
    assert refusing.is_closed


@both
@streamed
async def test_it_is_tried_once_and_then_the_refusal_is_raised(kind: str, streams: bool):
    server = Server(REFUSALS[0])
    with pytest.raises(BadRequestError, match="reasoning_content is missing"):
        await ask_once(kind, server, streams, history("moonshotai/Kimi-K2.5"))
    assert len(server.bodies) == 2


@both
async def test_it_can_be_switched_off(kind: str):
    server = Server(REFUSALS[0], SOMETHING)
    with pytest.raises(BadRequestError):
        await ask_once(kind, server, False, history("moonshotai/Kimi-K2.5"), mend_reasoning=False)
    assert len(server.bodies) == 1


@both
async def test_another_refusal_is_not_mended(kind: str):
    server = Server("The parameter is invalid. Please check again.", SOMETHING)
    with pytest.raises(BadRequestError):
        await ask_once(kind, server, False, history("moonshotai/Kimi-K2.5"))
    assert len(server.bodies) == 1
