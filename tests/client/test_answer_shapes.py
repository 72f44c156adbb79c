"""Answers of another shape than the documented one, and answers that lack what makes them one."""

from __future__ import annotations

from typing import Any

import httpx
import pytest

from siliconflow_client import (
    APIResponseError,
    BadRequestError,
    ConfigurationError,
    EmptyAnswerError,
    ServerError,
    SiliconFlowClient,
    parameters_of,
)
from siliconflow_client.catalogue.file_heads import image_size
from siliconflow_client.endpoints.joining import join_deltas
from siliconflow_client.endpoints.messages_shapes import answer_from_wire
from siliconflow_client.endpoints.video_jobs import read_job
from siliconflow_client.endpoints.voices import read_voice, read_voices
from siliconflow_client.errors.mapping import UndocumentedShapeError
from siliconflow_client.errors.response import Head
from tests.client.callers import CALLS, HI, KEY, Caller, answering, settled
from tests.client.groups import items
from tests.client.test_answers import wire
from tests.client.test_messages import ASKED as MESSAGE
from tests.client.test_messages import ENDS, START, event
from tests.client.test_tool_markup import chunk, read

both = pytest.mark.parametrize("kind", ["sync", "async"])
HEAD = Head(200, {}, 0.0)


@pytest.mark.parametrize("body", [[], {}, {"requestId": None}, {"requestId": ""}])
def test_a_job_without_an_id_is_none(body: Any):
    with pytest.raises(UndocumentedShapeError):
        read_job(wire(body), HEAD)


@pytest.mark.parametrize("body", [[], {}, {"uri": None}, {"uri": ""}])
def test_a_voice_without_a_uri_is_none(body: Any):
    with pytest.raises(UndocumentedShapeError):
        read_voice(wire(body), HEAD, request={"customName": "a"})


@pytest.mark.parametrize("body", [[], {"results": {}}, {"result": "x"}, {"results": [5]}])
def test_another_shape_of_a_list_of_voices(body: Any):
    with pytest.raises(UndocumentedShapeError):
        read_voices(wire(body), HEAD)


@pytest.mark.parametrize("body", [{}, {"content": None}, {"content": "Hello"}, {"content": {}}])
def test_another_shape_of_a_message(body: Any):
    with pytest.raises(UndocumentedShapeError):
        answer_from_wire(body, None)


@both
async def test_a_call_without_arguments_and_a_block_of_a_later_kind_are_read_in_a_stream(kind: str):
    called = {"type": "tool_use", "id": "t1", "name": "now", "input": {}}
    later = {"type": "server_tool_use", "id": "s1", "name": "search"}
    content = [START, event("content_block_start", index=0, content_block=called)]
    content += [event("content_block_start", index=1, content_block=later)]
    content += [event("message_delta", delta={"stop_reason": "tool_use"}, usage=None)]
    async with Caller(
        kind,
        answering(b"".join([*content, ENDS["message_stop"]]), content_type="text/event-stream"),
    ) as ask:
        answer = (await items(ask, "messages.stream", **MESSAGE))[-1].answer
    [used, other] = answer.content
    assert (used.id, used.name, used.input) == ("t1", "now", {})
    assert other.type == "server_tool_use"
    assert answer.usage.input_tokens == 7


@both
@pytest.mark.parametrize(("method", "given"), [("chat", HI), ("complete", CALLS["complete"])])
async def test_a_stream_that_is_joined_tells_when_it_was_made(
    kind: str, method: str, given: dict[str, Any]
):
    """The kind of a field may be another in any piece."""
    ends = {"index": 0, "text": "Hello", "delta": {"content": "Hello"}, "finish_reason": "stop"}
    events = [{"created": made, "choices": [ends]} for made in ("soon", None, [7], 1790000000)]
    content = b"".join(b"data: " + wire(event) + b"\n\n" for event in events) + b"data: [DONE]\n\n"
    reply = answering(content, content_type="text/event-stream")
    async with Caller(kind, reply, long_answers="stream") as ask:
        answer = await ask(method, **given)
    assert answer.created == 1790000000


@both
async def test_a_stream_that_is_joined_keeps_the_log_probabilities(kind: str):
    """A long answer is asked for as a stream, and handed out whole."""
    tokens = [{"token": "Hel", "logprob": -0.1}, {"token": "lo", "logprob": -0.2}]
    deltas = read(*({"content": token["token"]} for token in tokens))
    assert join_deltas(deltas, None).choices[0].logprobs is None
    events = [chunk({"content": token["token"]}, logprobs={"content": [token]}) for token in tokens]
    events += [chunk({"content": ""}, logprobs={"content": None}), chunk({}, finish="stop")]
    content = b"".join(b"data: " + wire(event) + b"\n\n" for event in events) + b"data: [DONE]\n\n"

    def answer(request: httpx.Request) -> httpx.Response:
        return httpx.Response(200, content=content, headers={"content-type": "text/event-stream"})

    async with Caller(kind, answer, long_answers="stream") as ask:
        told = await ask("chat", **HI)
    assert (told.text, told.choices[0].logprobs) == ("Hello", {"content": tokens})


@both
async def test_a_stream_of_nothing_that_is_joined_is_an_empty_answer(kind: str):
    content = b"data: " + wire(chunk({}, finish="stop")) + b"\n\ndata: [DONE]\n\n"

    def answer(request: httpx.Request) -> httpx.Response:
        return httpx.Response(200, content=content, headers={"content-type": "text/event-stream"})

    settings: Any = {"long_answers": "stream", "max_retries": 0, "empty_answers": "raise"}
    async with Caller(kind, answer, **settings) as ask:
        with pytest.raises(EmptyAnswerError) as caught:
            await ask("chat", **HI)
    answered: Any = caught.value.answer
    assert (answered.text, answered.choices[0].finish_reason) == ("", "stop")


def test_long_answers_are_asked_for_in_one_of_three_ways():
    with pytest.raises(ConfigurationError, match="after_504, stream, never, not 'always'"):
        SiliconFlowClient(api_key=KEY, long_answers="always")  # type: ignore[arg-type]  # refused


@both
async def test_an_upload_that_names_no_file_ends_the_submission(kind: str, tmp_path: Any):
    def answer(request: httpx.Request) -> httpx.Response:
        return httpx.Response(200, json={"code": 20000, "data": {"object": "file"}})

    state = tmp_path / "job.json"
    async with Caller(kind, answer) as ask:
        with pytest.raises(APIResponseError, match="without an id"):
            await settled(
                ask.client.batches.submit([{**HI, "model": "deepseek-ai/DeepSeek-V3"}], state=state)
            )


@pytest.mark.parametrize(("status", "error"), [(400, BadRequestError), (500, ServerError)])
@both
async def test_an_upload_that_fails_for_good_is_raised(
    kind: str, status: int, error: type[Exception], tmp_path: Any
):
    asked: list[str] = []

    def answer(request: httpx.Request) -> httpx.Response:
        asked.append(request.url.path)
        return httpx.Response(status, json={"code": 1, "message": "no"})

    async with Caller(kind, answer, max_retries=1) as ask:
        with pytest.raises(error):
            await settled(
                ask.client.batches.submit(
                    [{**HI, "model": "deepseek-ai/DeepSeek-V3"}], state=tmp_path / "job.json"
                )
            )
    assert set(asked) == {"/v1/files"}
    assert len(asked) == (1 if status == 400 else 2)


@both
async def test_batches_of_documents_are_of_one_at_least(kind: str):
    def answer(request: httpx.Request) -> httpx.Response:
        raise AssertionError("nothing is to be sent")

    async with Caller(kind, answer) as ask:
        with pytest.raises(ConfigurationError, match="batch_size must be 1 or more, not 0"):
            await ask("rerank_many", query="q", documents=["a"], model="m", batch_size=0)


def test_a_jpeg_whose_parts_do_not_follow_each_other_has_no_known_size():
    part = b"\xff\xe0\x00\x10" + b"\x00" * 14
    frame = b"\xff\xc0\x00\x11\x08\x00\x10\x00\x20\x03"
    assert image_size(b"\xff\xd8" + part + frame) == (32, 16)
    assert image_size(b"\xff\xd8" + part + b"\x00" + frame) is None


def test_the_range_of_a_parameter_with_words_is_its_words():
    parameters = {parameter.name: parameter for parameter in parameters_of("speech").values()}
    form = parameters["response_format"]
    assert form.range == ", ".join(form.choices)
    assert "mp3" in form.choices
