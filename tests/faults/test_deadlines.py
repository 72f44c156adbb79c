"""`deadline` bounds a whole call, whatever the server does; outcomes are checked, not clocks."""

from __future__ import annotations

import threading

import httpx
import pytest

from siliconflow_client import APITimeoutError, CallOptions, ServerError, SiliconFlowClient
from tests.client.callers import HI, KEY, Caller
from tests.faults.server import (
    CHAT,
    GOOD,
    STREAM,
    Drip,
    FaultServer,
    Reply,
    Stall,
    body,
    chunked,
    head,
    piece,
)

SLOW_BODY: Reply = [head(200, length=len(CHAT)), Drip(CHAT, 0.05)]
SLOW_STREAM: Reply = [
    head(200, "text/event-stream", transfer_encoding="chunked"),
    *(Drip(b"%x\r\n%s\r\n" % (len(piece("x")), piece("x")), 0.002) for _ in range(200)),
]


@pytest.mark.parametrize(
    "reply",
    [
        pytest.param([Stall], id="no answer"),
        pytest.param([head(200, length=9), Stall], id="headers, then nothing"),
        pytest.param([head(500, length=9), b"x", Stall], id="half an error, then nothing"),
        pytest.param(SLOW_BODY, id="one byte each 50 ms"),
        pytest.param([head(200), Drip(CHAT, 0.05)], id="the same without a length"),
    ],
)
async def test_a_deadline_ends_a_call(kind: str, reply: Reply):
    with FaultServer(reply) as server:
        async with Caller(kind, base_url=server.url, deadline=0.3) as ask:
            with pytest.raises(APITimeoutError) as caught:
                await ask("chat", **HI)
        assert await server.saw_client_leave(), "the connection was left open"
        assert not server.dripped_to_the_end
    assert (caught.value.phase, caught.value.limit) == ("deadline", 0.3)
    assert not caught.value.is_retryable
    assert "0.3 s" in str(caught.value)
    assert (len(server.seen), ask.waits) == (1, [])


SLOW_HEADERS: Reply = [Drip(b"HTTP/1.1 200 OK\r\nx-slow: " + b"y" * 40, 0.02), Stall]


async def test_a_deadline_ends_a_call_whose_headers_drip(kind: str):
    with FaultServer(SLOW_HEADERS) as server:
        async with Caller(kind, base_url=server.url, deadline=0.2, max_retries=0) as ask:
            with pytest.raises(APITimeoutError) as caught:
                await ask("chat", **HI)
        assert caught.value.phase == "deadline"
        assert await server.saw_client_leave()
        assert not server.dripped_to_the_end


ENDLESS_102: Reply = [Drip(b"HTTP/1.1 102 Processing\r\n\r\n" * 200, 0.002), Stall]


async def test_a_deadline_ends_a_call_that_is_told_to_wait_for_ever(kind: str):
    with FaultServer(ENDLESS_102) as server:
        async with Caller(kind, base_url=server.url, deadline=0.2, max_retries=0) as ask:
            with pytest.raises(APITimeoutError) as caught:
                await ask("chat", **HI)
        assert caught.value.phase == "deadline"
        assert await server.saw_client_leave()
        assert not server.dripped_to_the_end


async def test_the_deadline_reaches_connections_that_were_open_before(kind: str):
    """Opened by a call without a deadline; the next call's headers drip on the same connection."""
    with FaultServer(GOOD, SLOW_HEADERS) as server:
        async with Caller(kind, base_url=server.url, max_retries=0) as ask:
            assert (await ask("chat", **HI)).text == "Hello"
            with pytest.raises(APITimeoutError) as caught:
                await ask("chat", options=CallOptions(deadline=0.2), **HI)
        assert caught.value.phase == "deadline"
        assert await server.saw_client_leave()
        assert server.connections == 1


def test_no_call_starts_a_thread():
    before = threading.active_count()
    with FaultServer(chunked(*STREAM)) as server:
        running = threading.active_count()
        with SiliconFlowClient(api_key=KEY, base_url=server.url, deadline=30.0) as client:
            with client.stream_chat(**HI) as stream:
                during = [threading.active_count() for _ in stream]
        assert max(during) == running + 1, "the server's thread for the connection is the only one"
    assert threading.active_count() == before


@pytest.mark.parametrize(
    ("reply", "text"),
    [
        pytest.param([*chunked(piece("Hel"), end=False), Stall], "Hel", id="stall"),
        pytest.param(SLOW_STREAM, None, id="an endless trickle"),
    ],
)
async def test_a_deadline_ends_a_stream_and_what_came_is_kept(
    kind: str, reply: Reply, text: str | None
):
    with FaultServer(reply) as server:
        async with Caller(kind, base_url=server.url, deadline=0.4) as ask:
            told = await ask.stream(**HI)
        assert await server.saw_client_leave()
    assert isinstance(told.error, APITimeoutError)
    assert told.error.phase == "deadline"
    assert told.error.partial == told.text
    assert told.text == text or (text is None and set(told.text) <= {"x"})
    assert told.error.trace_id == "ti_fault"
    assert len(server.seen) == 1


async def test_a_deadline_of_one_call(kind: str):
    with FaultServer([Stall], GOOD) as server:
        async with Caller(kind, base_url=server.url) as ask:
            with pytest.raises(APITimeoutError) as caught:
                await ask("chat", options=CallOptions(deadline=0.2), **HI)
            assert caught.value.limit == 0.2
            assert (await ask("chat", **HI)).text == "Hello"


async def test_a_wait_that_would_outlast_the_deadline_is_not_begun(kind: str):
    reply = body(b'"busy"', 503, retry_after="60")
    with FaultServer(reply) as server:
        async with Caller(kind, base_url=server.url, deadline=5.0) as ask:
            with pytest.raises(ServerError):
                await ask("chat", **HI)
    assert (len(server.seen), ask.waits) == (1, [])


async def test_a_deadline_that_is_kept_changes_nothing(kind: str):
    with FaultServer(GOOD, chunked(*STREAM)) as server:
        async with Caller(kind, base_url=server.url, deadline=30.0) as ask:
            assert (await ask("chat", **HI)).text == "Hello"
            assert (await ask.stream(**HI)).text == "Hello"
        assert server.connections == 1


async def test_after_done_a_deadline_does_not_make_the_caller_wait(kind: str):
    """The server keeps the connection open after [DONE]; only a short while is spent on it."""
    with FaultServer([*chunked(*STREAM, end=False), Stall]) as server:
        async with Caller(kind, base_url=server.url, deadline=3.0) as ask:
            told = await ask.stream(**HI, options=CallOptions(timeout=2.0))
            assert told.text == "Hello"
            assert await server.saw_client_leave()
    assert server.stalled < 1.5


async def test_headers_that_come_too_late_do_not_keep_their_connection():
    late = head(200, length=1_000)
    with FaultServer([Drip(late, 0.3 / len(late)), Stall], GOOD) as server:
        with httpx.Client(limits=httpx.Limits(max_connections=1)) as http:
            client = SiliconFlowClient(api_key=KEY, base_url=server.url, http_client=http)
            with pytest.raises(APITimeoutError) as caught:
                client.chat(**HI, options=CallOptions(deadline=0.15))
            assert caught.value.phase == "deadline"
            answer = client.chat(**HI, options=CallOptions(timeout=1.0, max_retries=0))
    assert answer.text == "Hello"


async def test_the_deadline_of_a_stream_does_not_cut_the_next_user_of_its_connection():
    """Without [DONE] the body is at its end, and the connection free, before the last delta."""
    slow: Reply = [head(200, length=len(CHAT)), Drip(CHAT[:60], 0.01), CHAT[60:]]
    with FaultServer(chunked(*STREAM[:-1]), slow) as server:
        with SiliconFlowClient(api_key=KEY, base_url=server.url) as client:
            stream = client.stream_chat(**HI, options=CallOptions(deadline=0.3))
            with stream:
                while not next(stream).finish_reason:
                    pass
                answer = client.chat(**HI, options=CallOptions(max_retries=0))
    assert answer.text == "Hello"
    assert server.connections == 1
