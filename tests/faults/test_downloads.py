"""Files that an answer named, and files that are sent, over real sockets on the three transports."""

from __future__ import annotations

import asyncio
import contextlib
import json
import socket
import threading
import tracemalloc
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from siliconflow_client import (
    APIConnectionError,
    APIResponseError,
    APITimeoutError,
    CallOptions,
    SiliconFlowError,
    StreamInterruptedError,
)
from tests.client.callers import KEY, Caller, left_in, settled
from tests.faults.server import Close, Drip, FaultServer, Reply, Reset, Stall, body, chunked, head

CAT: dict[str, Any] = {"model": "Kwai-Kolors/Kolors", "prompt": "a cat"}
WAVES: dict[str, Any] = {"model": "Wan-AI/Wan2.2-T2V-A14B", "prompt": "waves"}
SAY: dict[str, Any] = {"model": "FunAudioLLM/CosyVoice2-0.5B", "input": "Hi", "voice": "alex"}
PNG = b"\x89PNG\r\n\x1a\n" + b"0" * 5000
GOOD = body(PNG, 200, "image/png")


def named(*urls: str) -> Reply:
    return body(json.dumps({"images": [{"url": url} for url in urls]}).encode())


async def save(kind: str, storage: FaultServer, folder: Path, **settings: Any) -> list[Path]:
    """Ask one server for an image, and fetch it from the other."""
    limit = settings.pop("max_bytes", 10**6)
    with FaultServer(named(f"http://127.0.0.1:{storage.port}/a.png?signature=s")) as api:
        async with Caller(kind, base_url=api.url, **settings) as ask:
            result = await settled(ask.client.images.generate(**CAT))
            return await settled(ask.client.images.save(result, folder, max_bytes=limit))


async def test_the_storage_is_told_nothing(kind: str, tmp_path: Path):
    with FaultServer(GOOD) as storage:
        (path,) = await save(kind, storage, tmp_path, default_headers={"x-mine": "secret"})
    (request,) = storage.seen
    assert path.read_bytes() == PNG
    assert request.head == "GET /a.png?signature=s HTTP/1.1"
    assert KEY not in str(request)
    assert "secret" not in str(request)
    assert "authorization" not in request.headers


BROKEN: dict[str, Reply] = {
    "cut short": [head(200, "image/png", len(PNG) + 9), PNG, Close],
    "reset in the middle": [head(200, "image/png", len(PNG) + 9), PNG, Reset],
    "closed without an answer": [Close],
    "chunks that break off": [*chunked(PNG, content_type="image/png", end=False), Close],
    "a 503": body(b"busy", 503, "text/plain"),
}


@pytest.mark.parametrize("broken", BROKEN)
async def test_a_download_that_failed_leaves_no_file(kind: str, broken: str, tmp_path: Path):
    with FaultServer(BROKEN[broken]) as storage:
        with pytest.raises(SiliconFlowError):
            await save(kind, storage, tmp_path, max_retries=1)
    assert left_in(tmp_path) == []
    # aiohttp itself asks once more after a GET that was answered with nothing at all.
    twice = kind == "aiohttp" and broken == "closed without an answer"
    assert len(storage.seen) == (4 if twice else 2)


@pytest.mark.parametrize("broken", BROKEN)
async def test_a_download_is_tried_again_from_its_beginning(kind: str, broken: str, tmp_path: Path):
    with FaultServer(BROKEN[broken], GOOD) as storage:
        (path,) = await save(kind, storage, tmp_path, max_retries=1)
    assert path.read_bytes() == PNG
    assert left_in(tmp_path) == [path]


async def test_a_download_that_stalls_ends_with_the_deadline(kind: str, tmp_path: Path):
    stalling: Reply = [head(200, "image/png", len(PNG)), PNG[:100], Stall]
    with FaultServer(stalling) as storage:
        with pytest.raises(APITimeoutError) as caught:
            await save(kind, storage, tmp_path, deadline=0.4)
        assert await storage.saw_client_leave()
    assert caught.value.phase == "deadline"
    assert left_in(tmp_path) == []


@pytest.mark.parametrize(
    "large",
    [
        [head(200, "image/png", 10**9), Stall],
        [
            head(200, "image/png", transfer_encoding="chunked"),
            *[b"3e8\r\n" + bytes(1000) + b"\r\n"] * 50,
            Stall,
        ],
        [head(200, "image/png"), Drip(bytes(10), 0), bytes(20_000), Stall],
    ],
    ids=["by its length", "in chunks", "until it closes"],
)
async def test_more_than_the_limit_is_not_read(kind: str, large: Reply, tmp_path: Path):
    with FaultServer(large) as storage:
        with pytest.raises(APIResponseError, match="more than 10,000 bytes"):
            await save(kind, storage, tmp_path, max_bytes=10_000)
        assert await storage.saw_client_leave()
    assert left_in(tmp_path) == []


async def test_a_redirect_to_another_host_is_not_followed(kind: str, tmp_path: Path):
    with FaultServer(GOOD) as other:
        away: Reply = [head(302, None, 0, location=f"http://127.0.0.1:{other.port}/a.png")]
        with FaultServer(away) as storage:
            with pytest.raises(APIResponseError):
                await save(kind, storage, tmp_path)
    assert (other.seen, left_in(tmp_path)) == ([], [])


async def test_a_task_that_is_cancelled_leaves_no_file(async_kind: str, tmp_path: Path):
    stalling: Reply = [head(200, "image/png", len(PNG)), PNG[:100], Stall]
    with FaultServer(stalling) as storage:
        task = asyncio.create_task(save(async_kind, storage, tmp_path))
        async with asyncio.timeout(5):
            while not left_in(tmp_path):
                await asyncio.sleep(0.01)
        task.cancel()
        with pytest.raises(asyncio.CancelledError) as held:
            await task
        assert left_in(tmp_path) == [], "while the error is still held"
        assert await storage.saw_client_leave()
    assert held


LOST: dict[str, Reply] = {
    "closed after the request": [Close],
    "reset after the request": [Reset],
    "a 500": body(b'{"code":50507,"message":"Request failed: Unknown error."}', 500),
    "a 504": body(b"<html>504</html>", 504, "text/html"),
    "cut short": [head(200, length=50), b"{", Close],
}
PAID: dict[str, Any] = {
    "images": lambda client, folder: client.images.generate(**CAT),
    "video": lambda client, folder: client.videos.submit(**WAVES),
    "speech": lambda client, folder: client.audio.speech.create(**SAY),
    "speech to a file": lambda client, folder: client.audio.speech.stream(**SAY).save(folder / "x"),
    "voice": lambda client, folder: client.voices.create(
        model="m", customName="n", text="t", file=b"ID3"
    ),
}


@pytest.mark.parametrize("lost", LOST)
@pytest.mark.parametrize("paid", PAID)
async def test_what_costs_money_is_never_sent_twice(
    kind: str, paid: str, lost: str, tmp_path: Path
):
    with FaultServer(LOST[lost]) as server:
        async with Caller(kind, base_url=server.url) as ask:
            with pytest.raises(SiliconFlowError):
                await settled(PAID[paid](ask.client, tmp_path))
        assert (len(server.seen), ask.waits) == (1, [])
    assert left_in(tmp_path) == []


@pytest.mark.parametrize("paid", PAID)
async def test_what_was_never_sent_is_tried_again(kind: str, paid: str, tmp_path: Path):
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port = listener.getsockname()[1]
    async with Caller(kind, base_url=f"http://127.0.0.1:{port}/v1", max_retries=2) as ask:
        with pytest.raises(APIConnectionError) as caught:
            await settled(PAID[paid](ask.client, tmp_path))
    assert (caught.value.never_sent, len(ask.waits)) == (True, 2)


async def test_a_sound_that_breaks_off_leaves_no_file(kind: str, tmp_path: Path):
    cut = [*chunked(b"ID3", b"more", content_type="audio/mpeg", end=False), Close]
    with FaultServer(cut) as server:
        async with Caller(kind, base_url=server.url) as ask:
            with pytest.raises(StreamInterruptedError):
                await settled(ask.client.audio.speech.stream(**SAY).save(tmp_path / "a.mp3"))
    assert (left_in(tmp_path), len(server.seen)) == ([], 1)


# --- large files ------------------------------------------------------------------------------

LARGE = 300_000_000
PIECE = bytes(65_536)


class Bulk:
    """A server that takes in or gives out `LARGE` bytes, and holds none of them."""

    def __init__(self) -> None:
        self.taken = 0
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.port = self._listener.getsockname()[1]

    def serve(self) -> None:
        with contextlib.suppress(OSError):
            while True:
                connection, _ = self._listener.accept()
                with connection, contextlib.suppress(OSError):
                    while self._answer(connection):
                        pass

    def _answer(self, connection: socket.socket) -> bool:
        data = b""
        while b"\r\n\r\n" not in data:
            more = connection.recv(4096)
            if not more:
                return False
            data += more
        top, _, rest = data.partition(b"\r\n\r\n")
        if top.startswith(b"GET"):
            connection.sendall(head(200, "image/png", LARGE))
            for _ in range(LARGE // len(PIECE)):
                connection.sendall(PIECE)
            connection.sendall(PIECE[: LARGE % len(PIECE)])
            return True
        headers = top.decode("latin-1").lower()
        length = int(headers.partition("content-length:")[2].split("\r\n")[0])
        buffer = bytearray(65_536)
        self.taken = len(rest)
        while self.taken < length:
            self.taken += connection.recv_into(buffer)
        url = f"http://127.0.0.1:{self.port}/a.png"
        answer = json.dumps({"uri": "speech:x", "images": [{"url": url}]}).encode()
        for act in body(answer):
            connection.sendall(act)
        return True

    def close(self) -> None:
        self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()


@pytest.fixture
def bulk() -> Iterator[Bulk]:
    server = Bulk()
    thread = threading.Thread(target=server.serve, daemon=True)
    thread.start()
    yield server
    server.close()
    thread.join(10)
    assert not thread.is_alive()


@contextlib.contextmanager
def little_memory() -> Iterator[None]:
    tracemalloc.start()
    try:
        yield
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert peak < 20_000_000, f"{peak:,} bytes at the most"


async def test_a_large_file_is_sent_from_disk(kind: str, bulk: Bulk, tmp_path: Path):
    path = tmp_path / "large.mp3"
    with path.open("wb") as file:
        file.write(b"ID3")
        file.truncate(LARGE)
    async with Caller(kind, base_url=f"http://127.0.0.1:{bulk.port}/v1") as ask:
        await settled(ask.client.images.generate(**CAT))
        with little_memory():
            voice = await settled(
                ask.client.voices.create(model="m", customName="n", text="t", file=path)
            )
    assert (voice.uri, bulk.taken > LARGE) == ("speech:x", True)


async def test_a_large_file_is_fetched_to_disk(kind: str, bulk: Bulk, tmp_path: Path):
    async with Caller(kind, base_url=f"http://127.0.0.1:{bulk.port}/v1") as ask:
        result = await settled(ask.client.images.generate(**CAT))
        with little_memory():
            (path,) = await settled(
                ask.client.images.save(result, tmp_path, options=CallOptions(max_retries=0))
            )
    assert path.stat().st_size == LARGE
