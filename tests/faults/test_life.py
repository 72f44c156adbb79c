"""Connections over their life: reused, given back, closed; loops, threads, cancellation."""

from __future__ import annotations

import asyncio
import gc
import threading
import warnings
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import httpx
import pytest

from siliconflow_client import (
    APIConnectionError,
    APITimeoutError,
    AsyncSiliconFlowClient,
    AsyncStream,
    CallOptions,
    SiliconFlowClient,
)
from tests.client.callers import HI, KEY, Caller
from tests.faults.server import (
    GOOD,
    GOOD_STREAM,
    STREAM,
    Close,
    Drip,
    FaultServer,
    Stall,
    body,
    chunked,
    piece,
)

BUSY = body(b'"busy"', 503)


async def test_a_connection_is_used_again(kind: str):
    with FaultServer(
        GOOD, GOOD_STREAM, BUSY, GOOD, body(b'"no"', 400), GOOD_STREAM, GOOD
    ) as server:
        async with Caller(kind, base_url=server.url) as ask:
            assert (await ask("chat", **HI)).text == "Hello"
            assert (await ask.stream(**HI)).text == "Hello"
            assert (await ask("chat", **HI)).text == "Hello"  # after a 503
            with pytest.raises(Exception, match="no"):
                await ask("chat", **HI)
            assert (await ask.stream(**HI)).text == "Hello"
            assert (await ask("chat", **HI)).text == "Hello"
    assert len(server.seen) == 7
    assert server.connections == 1


async def test_bytes_after_done_are_drained_so_that_the_connection_is_used_again(kind: str):
    late_end = [*chunked(*STREAM, end=False), Drip(b"0\r\n\r\n", 0.01)]
    with FaultServer(late_end) as server:
        async with Caller(kind, base_url=server.url) as ask:
            for _ in range(3):
                assert (await ask.stream(**HI)).text == "Hello"
    assert server.connections == 1


async def test_leaving_a_stream_early_frees_its_connection(kind: str):
    long = [*chunked(piece("Hel"), piece("lo"), end=False), Stall]
    with FaultServer(long, GOOD) as server:
        async with Caller(kind, base_url=server.url) as ask:
            assert (await ask.stream(take=1, **HI)).text == "Hel"
            assert await server.saw_client_leave()
            assert (await ask("chat", **HI)).text == "Hello"


async def test_closing_twice_and_after_the_end_is_harmless(kind: str):
    with FaultServer(GOOD_STREAM) as server:
        async with Caller(kind, base_url=server.url) as ask:
            client = ask.client
            if isinstance(client, SiliconFlowClient):
                stream = client.stream_chat(**HI)
                first = next(stream)
                stream.close()
                stream.close()
                assert list(stream) == []
                client.close()
                client.close()
            else:
                told = client.stream_chat(**HI)
                first = await anext(told)
                await told.aclose()
                await told.aclose()
                assert [delta async for delta in told] == []
                await client.aclose()
                await client.aclose()
    assert first.text == "Hel"


async def test_a_stream_that_was_never_begun_sends_nothing(kind: str):
    with FaultServer(GOOD_STREAM) as server:
        async with Caller(kind, base_url=server.url) as ask:
            told = ask.client.stream_chat(**HI)
            await (
                told.aclose() if isinstance(told, AsyncStream) else asyncio.to_thread(told.close)
            )
    assert (server.connections, server.seen) == (0, [])


async def test_a_closed_client_opens_anew(kind: str):
    with FaultServer(GOOD) as server:
        async with Caller(kind, base_url=server.url) as ask:
            if kind == "async":
                pytest.skip("an injected httpx.AsyncClient is not ours to close")
            await ask("chat", **HI)
            await (
                ask.client.aclose()
                if isinstance(ask.client, AsyncSiliconFlowClient)
                else asyncio.to_thread(ask.client.close)
            )
            assert (await ask("chat", **HI)).text == "Hello"
    assert server.connections == 2


def test_refused():
    with FaultServer() as server:
        url = server.url
    client = SiliconFlowClient(api_key=KEY, base_url=url, max_retries=0)
    with client, pytest.raises(APIConnectionError, match="could not connect") as caught:
        client.chat(**HI)
    assert caught.value.host == url.removeprefix("http://").removesuffix("/v1")
    assert caught.value.__cause__ is not None


@pytest.mark.parametrize("plain", [True, False])
def test_refused_asynchronously(plain: bool):
    async def main() -> APIConnectionError:
        async with Caller("async" if plain else "aiohttp", base_url=url, max_retries=2) as ask:
            with pytest.raises(APIConnectionError, match="could not connect") as caught:
                await ask("chat", **HI)
        assert len(ask.waits) == 2
        return caught.value

    with FaultServer() as server:
        url = server.url
    assert not isinstance(asyncio.run(main()), APITimeoutError)


async def test_tls_where_plain_http_is_spoken(kind: str):
    with FaultServer(GOOD) as server:
        url = server.url.replace("http:", "https:")
        async with Caller(kind, base_url=url, max_retries=1) as ask:
            with pytest.raises(APIConnectionError) as caught:
                await ask("chat", **HI)
    assert not isinstance(caught.value, APITimeoutError)
    assert {request.head for request in server.seen} == {"TLS"}


def test_no_free_connection_is_a_pool_timeout():
    limits = httpx.Limits(max_connections=1)
    stalling = FaultServer([*chunked(piece("Hel"), end=False), Stall])
    with stalling as server, httpx.Client(limits=limits) as http:
        client = SiliconFlowClient(
            api_key=KEY, base_url=server.url, http_client=http, max_retries=0
        )
        with client.stream_chat(**HI) as stream:
            assert next(stream).text == "Hel"
            with pytest.raises(APITimeoutError) as caught:
                client.chat(**HI, options=CallOptions(timeout=0.1))
    assert caught.value.phase == "pool"


@pytest.mark.parametrize("plain", [True, False])
@pytest.mark.parametrize("when", ["waiting for headers", "reading", "waiting to try again"])
def test_a_cancelled_call_frees_its_connection(plain: bool, when: str):
    replies = {
        "waiting for headers": [Stall],
        "reading": [*chunked(piece("Hel"), end=False), Stall],
        "waiting to try again": BUSY,
    }
    reached = asyncio.Event()

    async def main() -> None:
        async with Caller("async" if plain else "aiohttp", base_url=server.url) as ask:

            async def wait_for_ever(seconds: float) -> None:
                reached.set()
                await asyncio.Event().wait()

            client = ask.client
            assert isinstance(client, AsyncSiliconFlowClient)
            client._sleep = wait_for_ever

            async def read() -> None:
                async for _ in client.stream_chat(**HI):
                    reached.set()

            task = asyncio.create_task(read())
            if when == "waiting for headers":
                assert await asyncio.to_thread(server.asked.wait, 5)
            else:
                await reached.wait()
            task.cancel()
            with pytest.raises(asyncio.CancelledError):
                await task
            if when != "waiting to try again":
                assert await server.saw_client_leave()

    with FaultServer(replies[when]) as server:
        asyncio.run(main())
        assert len(server.seen) == 1


@pytest.mark.parametrize("async_transport", ["aiohttp", "httpx"])
def test_four_event_loops_in_a_row(async_transport: Any):
    async def main() -> list[str]:
        answers = await asyncio.gather(*(client.chat(**HI) for _ in range(3)))
        return [answer.text for answer in answers]

    with FaultServer(GOOD) as server:
        client = AsyncSiliconFlowClient(
            api_key=KEY, base_url=server.url, async_transport=async_transport
        )
        with warnings.catch_warnings():
            warnings.simplefilter("error", ResourceWarning)
            for _ in range(4):
                assert asyncio.run(main()) == ["Hello"] * 3
            gc.collect()
        assert client._pools is not None
        assert len(client._pools._pools) <= 1, "pools of closed loops are kept"
        assert len(server.seen) == 12


def test_eight_threads_share_a_client():
    with (
        FaultServer(GOOD) as server,
        SiliconFlowClient(api_key=KEY, base_url=server.url) as client,
        ThreadPoolExecutor(8) as pool,
    ):
        texts = list(pool.map(lambda _: client.chat(**HI).text, range(80)))
    assert texts == ["Hello"] * 80
    assert server.connections <= 8


def test_eight_threads_with_loops_of_their_own_share_a_client():
    with FaultServer(GOOD) as server:
        client = AsyncSiliconFlowClient(api_key=KEY, base_url=server.url)
        start = threading.Barrier(8)

        async def ask() -> str:
            return (await client.chat(**HI)).text

        def loops(_: int) -> list[str]:
            start.wait(5)
            return [asyncio.run(ask()) for _ in range(5)]

        with ThreadPoolExecutor(8) as pool:
            texts = [text for each in pool.map(loops, range(8)) for text in each]
    assert texts == ["Hello"] * 40


async def test_sixty_four_calls_at_once(async_kind: str):
    with FaultServer(GOOD) as server:
        async with Caller(async_kind, base_url=server.url) as ask:
            answers = await asyncio.gather(*(ask("chat", **HI) for _ in range(64)))
    assert [answer.text for answer in answers] == ["Hello"] * 64
    assert server.connections <= 64


def test_many_calls_leave_the_number_of_open_files_flat():
    files = Path("/proc/self/fd")
    if not files.exists():
        pytest.skip("needs /proc")
    with (
        FaultServer() as server,
        SiliconFlowClient(api_key=KEY, base_url=server.url, sleep=lambda _: None) as client,
    ):
        server.script = [GOOD]
        client.chat(**HI)
        before = len(list(files.iterdir()))
        for _ in range(100):
            client.chat(**HI)
        server.script = [GOOD_STREAM]
        for _ in range(20):
            with client.stream_chat(**HI) as stream:
                next(stream)
        server.script = [[Close]]
        for _ in range(5):
            with pytest.raises(APIConnectionError):
                client.chat(**HI)
        after = len(list(files.iterdir()))
    # The other end of each connection is in this process too, and closes a little later.
    assert after - before <= 8
