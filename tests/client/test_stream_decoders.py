"""Streams that are not chat: a decoder of their own is all that they need."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import httpx
import pytest

from siliconflow_client import (
    APIResponseError,
    ServerError,
    SiliconFlowClient,
    StreamInterruptedError,
)
from siliconflow_client.errors.mapping import error_from_event, unexpected_answer
from siliconflow_client.errors.response import Head, Target
from siliconflow_client.protocol.decoders import Partial
from siliconflow_client.protocol.flow import StreamCall
from siliconflow_client.protocol.requests import EVENT_STREAM, Request, json_content
from siliconflow_client.protocol.sse import DONE, SSEDecoder
from tests.client.callers import Caller

both = pytest.mark.parametrize("kind", ["sync", "async"])


class AnthropicDecoder:
    """`POST /messages`: named events, ended by `message_stop`, or by `[DONE]`."""

    def __init__(self, target: Target, head: Head) -> None:
        self._target, self._head = target, head
        self._events = SSEDecoder()
        self._text: list[str] = []
        self.is_complete = False

    @property
    def partial(self) -> Partial:
        return Partial("".join(self._text))

    def feed(self, piece: bytes, out: list[dict[str, Any]]) -> None:
        for data in self._events.feed(piece):
            if data == DONE:
                self.is_complete = True
                return
            event = json.loads(data)
            if event["type"] == "error":
                error = error_from_event(event, self._head, self._target)
                assert error is not None
                raise error
            out.append(event)
            self._text.append(event.get("delta", {}).get("text", ""))
            self.is_complete = event["type"] == "message_stop"

    def finish(self, out: list[dict[str, Any]]) -> None:
        if not self.is_complete:
            raise StreamInterruptedError("The stream ended early.", partial=self.partial.text)


class FileDecoder:
    """`POST /audio/speech`: bytes that go to a file; the items are how many came."""

    is_complete = False
    partial = Partial()

    def __init__(self, path: Path) -> None:
        self._path = path

    def feed(self, piece: bytes, out: list[int]) -> None:
        with self._path.open("ab") as file:
            out.append(file.write(piece))

    def finish(self, out: list[int]) -> None:
        assert self._path.stat().st_size > 0


class JsonLinesDecoder:
    """Results of a batch: an object a line."""

    is_complete = False
    partial = Partial()

    def __init__(self, target: Target, head: Head) -> None:
        self._target, self._head, self._rest = target, head, b""

    def feed(self, piece: bytes, out: list[Any]) -> None:
        *lines, self._rest = (self._rest + piece).split(b"\n")
        for line in lines:
            try:
                out.append(json.loads(line))
            except ValueError as error:
                raise unexpected_answer(line, self._head, self._target, "not JSON") from error

    def finish(self, out: list[Any]) -> None:
        if self._rest:
            out.append(json.loads(self._rest))


class Pieces(httpx.SyncByteStream, httpx.AsyncByteStream):
    def __init__(self, *pieces: bytes | Exception) -> None:
        self.pieces = pieces

    def __iter__(self):
        for piece in self.pieces:
            if isinstance(piece, Exception):
                raise piece
            yield piece

    async def __aiter__(self):
        for piece in self:
            yield piece


async def read(kind: str, call: StreamCall[Any], *replies: httpx.Response, **settings: Any):
    """Everything that comes, the error it ends with, and how often it was asked."""
    left = list(replies)
    items: list[Any] = []
    async with Caller(kind, lambda request: left.pop(0), **settings) as ask:
        try:
            if isinstance(ask.client, SiliconFlowClient):
                items.extend(ask.client._items(call, None))
            else:
                async for item in ask.client._items(call, None):
                    items.append(item)
        except (APIResponseError, ServerError, StreamInterruptedError) as error:
            return items, error, len(replies) - len(left)
    return items, None, len(replies) - len(left)


def event(kind: str, **data: Any) -> bytes:
    return f"event: {kind}\ndata: {json.dumps({'type': kind, **data})}\n\n".encode()


HELLO = [
    event("message_start", message={"id": "m1"}),
    event("content_block_delta", delta={"type": "text_delta", "text": "Hel"}),
    event("content_block_delta", delta={"type": "text_delta", "text": "lo"}),
]
MESSAGES = StreamCall(
    Request("POST", "/messages", json_content({}), accept=EVENT_STREAM), AnthropicDecoder
)


def streamed(*pieces: bytes | Exception, content_type: str = EVENT_STREAM) -> httpx.Response:
    return httpx.Response(200, headers={"content-type": content_type}, stream=Pieces(*pieces))


@both
@pytest.mark.parametrize(
    "end", [event("message_stop"), b"data: [DONE]\n\n"], ids=["message_stop", "[DONE]"]
)
async def test_anthropic_events_end_in_either_way(kind: str, end: bytes):
    items, error, _ = await read(
        kind, MESSAGES, streamed(*HELLO, end, b": never read as an event\n\n")
    )
    assert error is None
    assert "".join(item.get("delta", {}).get("text", "") for item in items) == "Hello"


@both
async def test_anthropic_events_that_break_off_keep_what_came(kind: str):
    items, error, asked = await read(kind, MESSAGES, streamed(*HELLO[:2], httpx.ReadError("x")))
    assert isinstance(error, StreamInterruptedError)
    assert (error.partial, len(items), asked) == ("Hel", 2, 1)


@both
async def test_an_error_event_is_raised_after_what_came_before_it(kind: str):
    said = event("error", error={"type": "api_error", "message": "broken"})
    items, error, _ = await read(kind, MESSAGES, streamed(HELLO[0] + said))
    assert isinstance(error, ServerError)
    assert len(items) == 1


@both
async def test_a_stream_of_another_kind_is_tried_again_before_its_first_item(kind: str):
    items, error, asked = await read(
        kind,
        MESSAGES,
        httpx.Response(503),
        streamed(httpx.ReadError("x")),
        streamed(*HELLO, event("message_stop")),
    )
    assert (error, asked, len(items)) == (None, 3, 4)


@both
async def test_bytes_go_to_a_file(kind: str, tmp_path: Path):
    path = tmp_path / "speech.mp3"
    request = Request(
        "POST", "/audio/speech", json_content({}), accept="audio/*", resend="if_not_sent"
    )
    call = StreamCall(
        request, lambda target, head: FileDecoder(path), content_types=("audio/", "octet-stream")
    )
    items, error, _ = await read(kind, call, streamed(b"abc", b"de", content_type="audio/mpeg"))
    assert (items, error) == ([3, 2], None)
    assert path.read_bytes() == b"abcde"


@both
async def test_json_where_bytes_were_asked_for_is_an_unexpected_answer(kind: str, tmp_path: Path):
    call = StreamCall(
        Request("POST", "/audio/speech", json_content({}), resend="if_not_sent"),
        lambda target, head: FileDecoder(tmp_path / "x"),
        content_types=("audio/",),
    )
    _, error, asked = await read(
        kind, call, httpx.Response(200, json={"code": 50505, "message": "busy"})
    )
    assert isinstance(error, APIResponseError | ServerError)
    assert asked == 1


@both
async def test_json_lines_are_cut_where_they_end(kind: str):
    call = StreamCall(
        Request("GET", "/files/f/content"), JsonLinesDecoder, content_types=("jsonl", "text/")
    )
    items, error, _ = await read(
        kind, call, streamed(b'{"a":1}\n{"a"', b':2}\n{"a":3}', content_type="text/plain")
    )
    assert (items, error) == ([{"a": 1}, {"a": 2}, {"a": 3}], None)


@both
async def test_a_broken_line_is_raised_after_the_lines_before_it(kind: str):
    call = StreamCall(
        Request("GET", "/files/f/content"), JsonLinesDecoder, content_types=("jsonl",)
    )
    items, error, _ = await read(
        kind, call, streamed(b'{"a":1}\nnonsense\n', content_type="application/jsonl")
    )
    assert items == [{"a": 1}]
    assert isinstance(error, APIResponseError)
