"""The stand-in itself: what it is told to answer is what a client gets, in process and by socket."""

from __future__ import annotations

import socket
import threading
from collections.abc import Iterator
from typing import Any

import httpx
import pytest

from siliconflow_client import (
    APIConnectionError,
    OverloadedError,
    SiliconFlowClient,
    StreamInterruptedError,
)
from siliconflow_simulator import Answer, calls, fails, says
from tests.double import TRACE, Asked, Double, Reply

HI: dict[str, Any] = {"model": "m", "messages": [{"role": "user", "content": "Hi"}]}
STREAM = {"content-type": "text/event-stream"}


@pytest.fixture(params=["in process", "socket"])
def face(request: pytest.FixtureRequest) -> Iterator[Any]:
    """Make a client of a double, by either way."""
    closing: list[Any] = []

    def client_of(double: Double) -> SiliconFlowClient:
        if request.param == "socket":
            url = double.__enter__().url
            closing.append(double)
            client = SiliconFlowClient(api_key="sk-test", base_url=url, max_retries=0)
        else:
            http = double.clients["http_client"]
            client = SiliconFlowClient(api_key="sk-test", http_client=http, max_retries=0)
        closing.append(client)
        return client

    yield client_of
    for one in reversed(closing):
        one.__exit__(None, None, None)


def test_scripts_are_answered_in_turn_and_the_last_for_ever(face: Any) -> None:
    client = face(Double("one", says("two"), Answer(text="three")))
    said = [client.chat(**HI).choices[0].text for _ in range(5)]
    assert said == ["one", "two", "three", "three", "three"]


def test_a_script_is_streamed_where_a_stream_is_asked_for(face: Any) -> None:
    client = face(Double(says("Hel", "lo").thinks("Hm.").calls("f", a=1)))
    with client.stream_chat(**HI) as stream:
        deltas = list(stream)
    assert [delta.text for delta in deltas if delta.text] == ["Hel", "lo"]
    assert "".join(delta.reasoning for delta in deltas) == "Hm."
    plain = client.chat(**HI).choices[0]
    assert (plain.text, plain.reasoning) == ("Hello", "Hm.")
    assert [(call.name, call.arguments) for call in plain.tool_calls] == [("f", '{"a":1}')]


def test_what_was_asked_is_kept(face: Any) -> None:
    double = Double("ok")
    client = face(double)
    client.chat(**HI, temperature=0.5)
    client.embed(model="m", input=["a"])
    chat, embed = double.requests
    assert (chat.method, chat.path, chat.body["temperature"]) == (
        "POST",
        "/v1/chat/completions",
        0.5,
    )
    assert chat.headers["authorization"] == "Bearer sk-test"
    assert double.last is embed
    assert double.body["input"] == ["a"]
    assert [body["model"] for body in double.bodies] == ["m", "m"]


def test_a_failure_of_the_api(face: Any) -> None:
    client = face(Double(fails(503), "fine"))
    with pytest.raises(OverloadedError):
        client.chat(**HI)
    assert client.chat(**HI).choices[0].text == "fine"


def test_what_no_api_would_send(face: Any) -> None:
    odd = httpx.Response(200, json={"choices": [{"index": 0, "message": {"content": "odd"}}]})
    client = face(Double(odd))
    assert client.chat(**HI).choices[0].text == client.chat(**HI).choices[0].text == "odd"


def test_a_broken_connection(face: Any) -> None:
    double = Double(httpx.ConnectError("refused"))
    with pytest.raises(APIConnectionError):
        face(double).chat(**HI)
    assert len(double.requests) == 1


PIECE = b'data: {"choices":[{"index":0,"delta":{"content":"par"},"finish_reason":null}]}\n\n'


def test_segments_keep_their_boundaries_and_the_trace(face: Any) -> None:
    end = b'data: {"choices":[{"index":0,"delta":{},"finish_reason":"stop"}]}\n\ndata: [DONE]\n\n'
    client = face(Double(Reply([PIECE[:20], PIECE[20:], end], headers=STREAM)))
    with client.stream_chat(**HI) as stream:
        assert "".join(delta.text for delta in stream) == "par"
    assert stream.trace_id == TRACE


def test_a_reply_that_is_cut(face: Any) -> None:
    client = face(Double(Reply([PIECE], headers=STREAM, cut=True)))
    with client.stream_chat(**HI) as stream, pytest.raises(StreamInterruptedError) as caught:
        list(stream)
    assert caught.value.partial == "par"


def test_an_answer_may_depend_on_what_is_asked(face: Any) -> None:
    def echo(asked: Asked) -> str:
        return asked.body["messages"][-1]["content"] + "!"

    assert face(Double(echo)).chat(**HI).choices[0].text == "Hi!"


def test_the_answer_may_be_exchanged(face: Any) -> None:
    double = Double("one", "two")
    client = face(double)
    assert client.chat(**HI).choices[0].text == "one"
    double.answer = calls("f")
    assert [client.chat(**HI).choices[0].tool_calls[0].name for _ in range(2)] == ["f", "f"]


def test_the_api_s_own_checks_stand_before_a_script(face: Any) -> None:
    response = face(Double("ok"))
    with pytest.raises(Exception, match="20015"):
        response.chat(**HI, temperature=9)


def test_a_socket_waits_where_a_segment_says_so() -> None:
    go_on = threading.Event()
    end = b'data: {"choices":[{"index":0,"delta":{},"finish_reason":"stop"}]}\n\ndata: [DONE]\n\n'
    with (
        Double(Reply([PIECE, go_on, end], headers=STREAM)) as double,
        SiliconFlowClient(api_key="sk-test", base_url=double.url) as client,
        client.stream_chat(**HI) as stream,
    ):
        assert next(iter(stream)).text == "par"
        go_on.set()
        list(stream)
    assert double.connections == 1


async def test_async_clients_get_the_same() -> None:
    double = Double(says("Hello"), httpx.ReadTimeout("late"))
    async with double.clients["async_http_client"] as http:
        url = "https://api.siliconflow.cn/v1/chat/completions"
        headers = {"authorization": "Bearer sk-test"}
        answer = await http.post(url, json=HI, headers=headers)
        assert answer.json()["choices"][0]["message"]["content"] == "Hello"
        with pytest.raises(httpx.ReadTimeout):
            await http.post(url, json=HI, headers=headers)


@pytest.mark.parametrize(
    "sent",
    [
        b"POST /v1/chat/completions HTTP/1.1\r\ncontent-le",
        b"POST /v1/chat/completions HTTP/1.1\r\ncontent-length: 9\r\n",
        b"POST /v1/chat/completions HTTP/1.1\r\ncontent-length: 9\r\n\r\n{",
    ],
    ids=["in a header", "after a header", "in the body"],
)
def test_half_a_request_is_none(sent: bytes) -> None:
    """A process that is killed leaves one."""
    with Double("one") as double:
        host, port = double.url.removeprefix("http://").removesuffix("/v1").split(":")
        with socket.create_connection((host, int(port))) as connection:
            connection.sendall(sent)
            connection.shutdown(socket.SHUT_WR)
            assert connection.recv(1) == b""
        assert double.requests == []
