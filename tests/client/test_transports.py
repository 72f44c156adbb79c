"""Which transport carries requests, and that many small pools do what one pool did."""

from __future__ import annotations

import asyncio
import re
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import httpcore
import httpx
import pytest

from siliconflow_client import (
    APIConnectionError,
    AsyncSiliconFlowClient,
    ConfigurationError,
    SiliconFlowClient,
    StreamInterruptedError,
)
from siliconflow_client.transport import choice, small_pools
from siliconflow_client.transport.choice import is_patched, takes_aiohttp
from siliconflow_client.transport.small_pools import POOL_SIZE, AsyncSmallPools, SmallPools
from tests.client.callers import HI, KEY
from tests.faults.server import CHAT, GOOD, STREAM, FaultServer, Stall, body, chunked

# --- which one ------------------------------------------------------------------------------


@contextmanager
def patched(owner: type, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """As libraries for mocks do it: another function in the place of the one that sends."""

    async def answer(self: Any, request: Any) -> httpx.Response:
        return httpx.Response(200, content=CHAT)

    with monkeypatch.context() as patch:
        patch.setattr(owner, "handle_async_request", answer)
        yield


@pytest.mark.parametrize("owner", [httpx.AsyncHTTPTransport, httpcore.AsyncConnectionPool])
def test_a_patch_is_seen_while_it_lasts(owner: type, monkeypatch: pytest.MonkeyPatch):
    assert not is_patched()
    with patched(owner, monkeypatch):
        assert is_patched()
        assert not takes_aiohttp("auto")
        assert takes_aiohttp("aiohttp")
    assert not is_patched()
    assert takes_aiohttp("auto")


async def test_a_mock_of_httpx_is_not_passed_by_even_after_a_real_call(
    monkeypatch: pytest.MonkeyPatch,
):
    with FaultServer(GOOD) as server:
        async with AsyncSiliconFlowClient(api_key=KEY, base_url=server.url) as client:
            await client.chat(**HI)
            with patched(httpx.AsyncHTTPTransport, monkeypatch):
                assert (await client.chat(**HI)).text == "Hello"
            assert len(server.seen) == 1, "the mocked call reached the network"
            await client.chat(**HI)
            assert len(server.seen) == 2


def test_without_the_extra_auto_is_httpx_and_aiohttp_is_an_error(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(choice, "_is_installed", lambda: False)
    assert not takes_aiohttp("auto")
    with pytest.raises(ConfigurationError, match="aiohttp") as caught:
        takes_aiohttp("aiohttp")
    assert caught.value.argument == "async_transport"


def test_the_environment_chooses_too(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv("SILICONFLOW_ASYNC_TRANSPORT", "httpx")
    assert AsyncSiliconFlowClient(api_key=KEY).config.async_transport == "httpx"
    assert (
        AsyncSiliconFlowClient(api_key=KEY, async_transport="auto").config.async_transport == "auto"
    )
    monkeypatch.setenv("SILICONFLOW_ASYNC_TRANSPORT", "curl")
    with pytest.raises(ConfigurationError, match="SILICONFLOW_ASYNC_TRANSPORT"):
        AsyncSiliconFlowClient(api_key=KEY)


@pytest.mark.parametrize("transport", ["httpx", "aiohttp"])
async def test_no_call_waits_until_another_has_ended(transport: Any):
    crowd = asyncio.Barrier(300)  # aiohttp's own pool has 100 connections

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        head = await reader.readuntil(b"\r\n\r\n")
        await reader.readexactly(int(re.findall(rb"(?i)content-length: (\d+)", head)[0]))
        await crowd.wait()
        writer.write(b"HTTP/1.1 200 OK\r\ncontent-length: %d\r\n\r\n" % len(CHAT) + CHAT)
        writer.close()

    async with asyncio.timeout(30):
        server = await asyncio.start_server(serve, "127.0.0.1", 0, backlog=crowd.parties)
        port = server.sockets[0].getsockname()[1]
        async with AsyncSiliconFlowClient(
            api_key=KEY, base_url=f"http://127.0.0.1:{port}", async_transport=transport
        ) as client:
            answers = await asyncio.gather(*(client.chat(**HI) for _ in range(crowd.parties)))
        server.close()
    assert [answer.text for answer in answers] == ["Hello"] * crowd.parties


# --- small pools ----------------------------------------------------------------------------


class Transport(httpx.BaseTransport, httpx.AsyncBaseTransport):
    """Answers with a body that is read later; knows how many it carries."""

    def __init__(self) -> None:
        self.carries = self.most = 0
        self.closed = False

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        self.carries += 1
        self.most = max(self.most, self.carries)
        if request.url.path == "/broken":
            self.carries -= 1
            raise httpx.ReadError("broken")
        return httpx.Response(200, stream=Body(self))

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        response = self.handle_request(request)
        if request.url.path == "/slow":
            try:
                await asyncio.Event().wait()
            finally:
                self.carries -= 1
        return response

    def close(self) -> None:
        self.closed = True

    async def aclose(self) -> None:
        self.closed = True


class Body(httpx.SyncByteStream, httpx.AsyncByteStream):
    def __init__(self, owner: Transport) -> None:
        self.owner = owner

    def __iter__(self):
        yield b"ok"

    async def __aiter__(self):
        yield b"ok"

    def close(self) -> None:
        self.owner.carries -= 1

    async def aclose(self) -> None:
        self.close()


def test_a_request_goes_to_the_first_pool_with_room():
    made: list[Transport] = []

    def make() -> Transport:
        made.append(Transport())
        return made[-1]

    with httpx.Client(transport=SmallPools(make)) as client:
        send = lambda: client.send(client.build_request("GET", "https://x"), stream=True)  # noqa: E731
        held = [send() for _ in range(10)]
        assert [one.carries for one in made] == [4, 4, 2]
        held.pop(0).close()
        held.append(send())
        assert [one.carries for one in made] == [4, 4, 2], "the first place that is free"
        for response in held:
            response.close()
            response.close()
        assert [one.carries for one in made] == [0, 0, 0]
        assert all(one.most <= POOL_SIZE for one in made)
    assert all(one.closed for one in made)


def test_a_request_that_fails_gives_its_place_back():
    made = [Transport()]
    with httpx.Client(transport=SmallPools(lambda: made[0])) as client:
        for _ in range(3 * POOL_SIZE):
            with pytest.raises(httpx.ReadError):
                client.get("https://x/broken")
        assert client.get("https://x").text == "ok"
    assert made[0].carries == 0


async def test_the_same_asynchronously_and_when_cancelled():
    made: list[Transport] = []

    def make() -> Transport:
        made.append(Transport())
        return made[-1]

    async with httpx.AsyncClient(transport=AsyncSmallPools(make)) as client:
        answers = await asyncio.gather(*(client.get("https://x") for _ in range(50)))
        assert [answer.text for answer in answers] == ["ok"] * 50
        task = asyncio.create_task(client.get("https://x/slow"))
        while not any(one.carries for one in made):
            await asyncio.sleep(0)
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
        assert (await client.get("https://x")).text == "ok"
        with pytest.raises(httpx.ReadError):
            await client.get("https://x/broken")
        assert sum(one.carries for one in made) == 0
    assert all(one.closed for one in made)


def test_the_last_pool_is_closed_when_it_was_idle_for_long(monkeypatch: pytest.MonkeyPatch):
    made: list[Transport] = []
    now = [0.0]
    monkeypatch.setattr(small_pools.time, "monotonic", lambda: now[0])

    def make() -> Transport:
        made.append(Transport())
        return made[-1]

    with httpx.Client(transport=SmallPools(make)) as client:
        held = [
            client.send(client.build_request("GET", "https://x"), stream=True) for _ in range(9)
        ]
        for response in held:
            response.close()
        client.get("https://x")
        assert [one.closed for one in made] == [False] * 3
        now[0] = 31.0
        client.get("https://x")
        assert [one.closed for one in made] == [False, False, True]
        client.get("https://x")
        assert [one.closed for one in made] == [False, True, True]
        client.get("https://x")
        assert not made[0].closed, "the first stays"


@pytest.mark.parametrize("name", ["HTTP_PROXY", "ALL_PROXY"])
def test_proxies_of_the_environment_are_used(name: str, monkeypatch: pytest.MonkeyPatch):
    with FaultServer(GOOD) as proxy:
        monkeypatch.setenv(name, proxy.url.removesuffix("/v1"))
        monkeypatch.delenv("NO_PROXY", raising=False)
        client = SiliconFlowClient(api_key=KEY, base_url="http://example.invalid", allow_http=True)
        with client:
            assert client.chat(**HI).text == "Hello"
        assert proxy.seen[0].head.startswith("POST http://example.invalid/v1/chat/completions")


def test_threads_share_the_pools_and_lose_nothing():
    with FaultServer(GOOD) as server:
        with SiliconFlowClient(api_key=KEY, base_url=server.url) as client:
            texts: list[str] = []

            def ask() -> None:
                texts.extend(client.chat(**HI).text for _ in range(10))

            threads = [threading.Thread(target=ask) for _ in range(16)]
            for thread in threads:
                thread.start()
            for thread in threads:
                thread.join(30)
        assert texts == ["Hello"] * 160
        assert server.connections <= 20


@pytest.mark.parametrize("kind", ["sync", "httpx", "aiohttp"])
async def test_cookies_are_neither_kept_nor_sent(kind: str):
    with FaultServer(body(CHAT, set_cookie="route=a1; Path=/"), GOOD) as server:
        if kind == "sync":
            with SiliconFlowClient(api_key=KEY, base_url=server.url) as client:
                await asyncio.to_thread(lambda: [client.chat(**HI) for _ in range(2)])
                assert len(client._http().cookies.jar) == 0
        else:
            transport: Any = kind
            async with AsyncSiliconFlowClient(
                api_key=KEY, base_url=server.url, async_transport=transport
            ) as client:
                for _ in range(2):
                    await client.chat(**HI)
        assert len(server.seen) == 2
        assert "cookie" not in server.seen[1].headers


# --- past httpx's `send`, unless someone looks at it -----------------------------------------


@pytest.mark.parametrize("owner", [httpx.Client, httpx.AsyncClient])
async def test_a_tracer_of_httpx_clients_sees_every_request(
    owner: type[Any], monkeypatch: pytest.MonkeyPatch
):
    seen: list[str] = []
    send = owner.send

    def traced(self: Any, request: httpx.Request, **keywords: Any) -> Any:
        seen.append(request.url.path)
        return send(self, request, **keywords)

    with FaultServer(GOOD) as server:
        for _ in range(2):
            assert await asked(owner, server.url) == "Hello"
            with monkeypatch.context() as patch:
                patch.setattr(owner, "send", traced)
                assert await asked(owner, server.url) == "Hello"
        assert len(server.seen) == 4
    assert seen == ["/v1/chat/completions"] * 2


@pytest.mark.parametrize("owner", [httpx.Client, httpx.AsyncClient])
async def test_the_log_of_httpx_has_its_line_where_it_is_wanted(
    owner: type[Any], caplog: pytest.LogCaptureFixture
):
    with FaultServer(GOOD) as server:
        with caplog.at_level("INFO", logger="httpx"):
            await asked(owner, server.url)
        assert [record.getMessage() for record in caplog.records if record.name == "httpx"] == [
            f'HTTP Request: POST {server.url}/chat/completions "HTTP/1.1 200 X"'
        ]
        caplog.clear()
        with caplog.at_level("WARNING", logger="httpx"):
            await asked(owner, server.url)
        assert not caplog.records


async def asked(owner: type[Any], url: str) -> str:
    """One answer, with one client or the other."""
    if owner is httpx.Client:
        with SiliconFlowClient(api_key=KEY, base_url=url) as client:
            return (await asyncio.to_thread(client.chat, **HI)).text
    async with AsyncSiliconFlowClient(api_key=KEY, base_url=url, async_transport="httpx") as client:
        return (await client.chat(**HI)).text


# --- closed meanwhile ---------------------------------------------------------------------------

CLOSED = "the client was closed while the call was under way"


def test_a_client_that_another_thread_closes_says_so_at_the_next_attempt():
    def close(seconds: float) -> None:
        client.close()

    with FaultServer(body(b"{}", 503), GOOD) as server:
        client = SiliconFlowClient(api_key=KEY, base_url=server.url, sleep=close)
        with pytest.raises(APIConnectionError, match=CLOSED) as caught:
            client.chat(**HI)
        assert (caught.value.attempts, len(server.seen)) == (2, 1)
        assert client.chat(**HI).text == "Hello"
        client.close()


@pytest.mark.parametrize("kind", ["httpx", "aiohttp"])
async def test_so_does_one_that_another_task_closes(kind: Any):
    async def close(seconds: float) -> None:
        await client.aclose()

    with FaultServer(body(b"{}", 503), GOOD) as server:
        client = AsyncSiliconFlowClient(
            api_key=KEY, base_url=server.url, sleep=close, async_transport=kind
        )
        with pytest.raises(APIConnectionError, match=CLOSED) as caught:
            await client.chat(**HI)
        assert (caught.value.attempts, len(server.seen)) == (2, 1)
        assert (await client.chat(**HI)).text == "Hello"
        await client.aclose()


def test_a_stream_whose_client_was_closed_says_so():
    with FaultServer([*chunked(STREAM[0], end=False), Stall]) as server:
        client = SiliconFlowClient(api_key=KEY, base_url=server.url)
        told = client.stream_chat(**HI)
        next(told)
        client.close()
        with pytest.raises(StreamInterruptedError, match=CLOSED):
            list(told)
