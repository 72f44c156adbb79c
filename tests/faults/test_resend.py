"""A request that costs money each time is sent again only if the server cannot have seen it."""

from __future__ import annotations

import json
import socket
import threading
from typing import Any

import httpx
import pytest

from siliconflow_client import (
    APIConnectionError,
    APITimeoutError,
    CallOptions,
    RateLimitError,
    SiliconFlowClient,
    SiliconFlowError,
)
from siliconflow_client.protocol.flow import Call
from siliconflow_client.protocol.requests import Request, Resend, json_content
from tests.client.callers import Caller
from tests.faults.server import CHAT, GOOD, Close, FaultServer, Reply, Reset, Stall, body, head


def submit(resend: Resend) -> Call[Any]:
    request = Request("POST", "/video/submit", json_content({"prompt": "a cat"}), resend=resend)
    return Call(request, lambda content, _head: json.loads(content))


async def run(ask: Caller, plan: Call[Any], options: CallOptions | None = None) -> Any:
    answer = ask.client._call(plan, options)
    return answer if ask.kind == "sync" else await answer


LOST: dict[str, Reply] = {
    "closed after the request": [Close],
    "reset after the request": [Reset],
    "a 500": body(b'{"code":50507,"message":"Request failed: Unknown error."}', 500),
    "a 503": body(b'{"code":50505,"message":"Model service overloaded."}', 503),
    "a 504": body(b"<html>504</html>", 504, "text/html"),
    "cut short": [head(200, length=len(CHAT) + 9), CHAT, Close],
    "not HTTP": [b"nonsense\r\n\r\n", Close],
}


@pytest.mark.parametrize("lost", LOST)
async def test_a_job_is_not_submitted_twice_when_its_answer_was_lost(kind: str, lost: str):
    with FaultServer(LOST[lost], GOOD) as server:
        async with Caller(kind, base_url=server.url) as ask:
            with pytest.raises(SiliconFlowError):
                await run(ask, submit("if_not_sent"))
        assert len(server.seen) == 1
        assert ask.waits == []


@pytest.mark.parametrize("lost", LOST)
async def test_a_request_that_costs_nothing_is_sent_again(kind: str, lost: str):
    with FaultServer(LOST[lost], GOOD) as server:
        async with Caller(kind, base_url=server.url) as ask:
            assert (await run(ask, submit("always")))["id"] == "f1"
        assert len(server.seen) == 2


async def test_a_read_that_times_out_does_not_submit_a_job_twice(kind: str):
    with FaultServer([Stall], GOOD) as server:
        async with Caller(kind, base_url=server.url, timeout=0.2) as ask:
            with pytest.raises(APITimeoutError) as caught:
                await run(ask, submit("if_not_sent"))
        assert len(server.seen) == 1
    assert caught.value.phase == "read"
    assert not caught.value.never_sent


async def test_a_job_that_was_turned_away_for_its_rate_is_submitted_again(kind: str):
    turned_away = body(b'{"code":50604,"message":"IPM limit reached."}', 429)
    with FaultServer(turned_away, GOOD) as server:
        async with Caller(kind, base_url=server.url) as ask:
            assert (await run(ask, submit("if_not_sent")))["id"] == "f1"
        assert len(server.seen) == 2


async def test_only_the_status_429_is_a_definite_no(kind: str):
    """Words about rate limits under another status do not say that no job was begun."""
    with FaultServer(body(b'{"message":"rate limit reached"}', 500), GOOD) as server:
        async with Caller(kind, base_url=server.url) as ask:
            with pytest.raises(RateLimitError):
                await run(ask, submit("if_not_sent"))
        assert len(server.seen) == 1


async def test_a_connection_that_was_refused_is_tried_again(kind: str):
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port = listener.getsockname()[1]
    async with Caller(kind, base_url=f"http://127.0.0.1:{port}/v1", max_retries=2) as ask:
        with pytest.raises(APIConnectionError) as caught:
            await run(ask, submit("if_not_sent"))
    assert caught.value.never_sent
    assert len(ask.waits) == 2


async def test_a_kept_connection_that_the_server_closed_is_not_a_reason_to_submit_again(kind: str):
    """The server read the request on a connection in use and closed it without a word."""
    with FaultServer(GOOD, [Close], GOOD) as server:
        async with Caller(kind, base_url=server.url, max_retries=0) as ask:
            await run(ask, submit("if_not_sent"))
        async with Caller(kind, base_url=server.url) as ask:
            with pytest.raises(APIConnectionError) as caught:
                await run(ask, submit("if_not_sent"))
        assert len(server.seen) == 2
    assert not caught.value.never_sent


def test_waiting_for_a_free_connection_is_not_sending():
    """The only connection is taken by a request whose answer does not come."""
    with (
        FaultServer([Stall]) as server,
        httpx.Client(limits=httpx.Limits(max_connections=1)) as http,
    ):

        def hold() -> None:
            with pytest.raises(httpx.ReadTimeout):
                http.get(server.url, timeout=1.0)

        holder = threading.Thread(target=hold)
        holder.start()
        assert server.asked.wait(5)
        client = SiliconFlowClient(
            api_key="k", base_url=server.url, http_client=http, max_retries=0
        )
        with pytest.raises(APITimeoutError) as caught:
            client._call(submit("if_not_sent"), CallOptions(timeout=0.1))
        holder.join(10)
    assert caught.value.phase == "pool"
    assert caught.value.never_sent
