"""A server on a raw socket that does what it is told, byte for byte, and stops by itself.

A script is a list of replies, one for each request; the last one repeats. A reply is a list of
acts: bytes to send, or one of the words below. No wait in it is longer than `PATIENCE` seconds,
and a wait ends as soon as the client has left or the test is over.
"""

from __future__ import annotations

import asyncio
import contextlib
import gzip
import json
import select
import socket
import ssl
import struct
import threading
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from types import TracebackType
from typing import Self, TypeAlias

PATIENCE = 10.0


class Close:
    """Close the connection in an orderly way."""


class Reset:
    """Close it with an RST, as a crashed process or a firewall does."""


class Stall:
    """Send nothing more; wait for the client to leave, or for the end of the test."""


@dataclass(frozen=True)
class Drip:
    """Send these bytes one at a time, `pause` seconds apart."""

    content: bytes
    pause: float = 0.0


Act: TypeAlias = bytes | Drip | Callable[[], bytes] | type[Close] | type[Reset] | type[Stall]
"""A function is asked for the bytes when they are sent: they may hold the time of day."""
Reply: TypeAlias = Sequence[Act]


@dataclass
class Seen:
    """One request as it came, and over which connection."""

    head: str
    body: bytes
    connection: int
    headers: dict[str, str] = field(default_factory=dict)


class FaultServer:
    """Use it as a context manager; `url` is the base URL to give to a client."""

    def __init__(self, *script: Reply, tls: ssl.SSLContext | None = None) -> None:
        self.script = script
        self._tls = tls
        self.seen: list[Seen] = []
        self.connections = 0
        self.client_left = threading.Event()
        """Set when a client closed while the server was sending, stalling or dripping."""
        self.asked = threading.Event()
        """Set when a whole request has come."""
        self.replied = threading.Event()
        """Set when a reply is out to its last byte."""
        self.dripped_to_the_end = False
        self.stalled = 0.0
        """Seconds that the server stalled before the client left."""
        self._over = threading.Event()
        self._lock = threading.Lock()
        self._starting = threading.Lock()
        """Held while a thread is listed and not yet started, when nobody can join it."""
        self._threads: list[threading.Thread] = []
        self._listener = socket.create_server(("127.0.0.1", 0), backlog=512)
        self.port = self._listener.getsockname()[1]

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}/v1"

    def is_left(self, seconds: float) -> bool:
        """Whether all clients close all their connections, within so many seconds."""
        until = time.monotonic() + seconds
        with self._starting:
            serving = self._threads[1:]
        for thread in serving:
            thread.join(max(0.0, until - time.monotonic()))
        return not any(thread.is_alive() for thread in self._threads[1:])

    async def saw_client_leave(self) -> bool:
        """Whether a client closed while it was served; the event loop must run on for that."""
        return await asyncio.to_thread(self.client_left.wait, 5)

    def __enter__(self) -> Self:
        self._start(self._accept)
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self._over.set()
        # Wakes the accepting thread, whatever the platform does with a closed listener.
        with contextlib.suppress(OSError):
            socket.create_connection(("127.0.0.1", self.port), timeout=1).close()
        for thread in self._threads:
            thread.join(PATIENCE)
        self._listener.close()
        assert not any(thread.is_alive() for thread in self._threads)

    def _start(self, target, *args: object) -> None:
        thread = threading.Thread(target=target, args=args, daemon=True)
        with self._starting:
            self._threads.append(thread)
            thread.start()

    def _accept(self) -> None:
        while True:
            connection, _ = self._listener.accept()
            if self._over.is_set():
                connection.close()
                return
            self.connections += 1
            connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            self._start(self._serve, connection, self.connections)

    def _serve(self, connection: socket.socket, number: int) -> None:
        with contextlib.suppress(OSError):
            if self._tls is not None:
                connection.settimeout(PATIENCE)
                with connection:
                    connection = self._tls.wrap_socket(connection, server_side=True)
            self._talk(connection, number)

    def _talk(self, connection: socket.socket, number: int) -> None:
        with connection:
            pending = b""
            while True:
                request, pending = self._read_request(connection, pending)
                if request is None:
                    return
                request.connection = number
                self.asked.set()
                with self._lock:
                    self.seen.append(request)
                    reply = self.script[min(len(self.seen), len(self.script)) - 1]
                for act in reply:
                    if not self._do(connection, act):
                        return
                self.replied.set()

    def _read_request(self, connection: socket.socket, data: bytes) -> tuple[Seen | None, bytes]:
        while b"\r\n\r\n" not in data:
            more = self._receive(connection)
            if not more:
                return None, b""
            data += more
            if data[:1] == b"\x16":  # a TLS handshake, where plain HTTP is spoken
                connection.sendall(b"HTTP/1.1 400 Bad Request\r\n\r\n")
                self.seen.append(Seen("TLS", b"", 0))
                return None, b""
        head, _, rest = data.partition(b"\r\n\r\n")
        lines = head.decode("latin-1").split("\r\n")
        headers = {
            name.lower(): value.strip()
            for name, _, value in (line.partition(":") for line in lines[1:])
        }
        length = int(headers.get("content-length", "0"))
        while len(rest) < length:
            more = self._receive(connection)
            if not more:
                return None, b""
            rest += more
        return Seen(lines[0], rest[:length], 0, headers), rest[length:]

    def _receive(self, connection: socket.socket) -> bytes:
        """Wait for bytes, but not beyond the end of the test."""
        while not self._over.is_set():
            held = connection.pending() if isinstance(connection, ssl.SSLSocket) else 0
            if held or select.select([connection], [], [], 0.02)[0]:
                return connection.recv(65_536)
        return b""

    def _do(self, connection: socket.socket, act: Act) -> bool:
        """Do one act; tell whether the connection lives on."""
        if not isinstance(act, type) and callable(act):
            act = act()
        if isinstance(act, bytes):
            try:
                connection.sendall(act)
            except OSError:
                self.client_left.set()
                return False
        elif isinstance(act, Drip):
            return self._drip(connection, act)
        elif act is Stall:
            began = time.monotonic()
            left = self._left_within(connection, PATIENCE)
            self.stalled = time.monotonic() - began
            if left:
                self.client_left.set()
            return False
        elif act is Reset:
            connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
            return False
        else:
            return False
        return True

    def _drip(self, connection: socket.socket, drip: Drip) -> bool:
        for byte in drip.content:
            try:
                connection.sendall(bytes([byte]))
            except OSError:
                self.client_left.set()
                return False
            if drip.pause and self._left_within(connection, drip.pause):
                self.client_left.set()
                return False
        self.dripped_to_the_end = True
        return True

    def _left_within(self, connection: socket.socket, seconds: float) -> bool:
        """Whether the client closed; also ends when the test does."""
        waited = 0.0
        while waited < seconds and not self._over.is_set():
            step = min(0.02, seconds - waited)
            if select.select([connection], [], [], step)[0]:
                try:
                    if not connection.recv(1, socket.MSG_PEEK):
                        return True
                except OSError:
                    return True
                self._over.wait(step)  # the next request has come already
            waited += step
        return False


# --- what replies are made of -----------------------------------------------------------------


def head(
    status: int | str = 200,
    content_type: str | None = "application/json",
    length: int | None = None,
    **headers: str,
) -> bytes:
    """Status line and headers; `**headers` with `_` for `-`."""
    status = f"{status} X" if isinstance(status, int) else status
    lines = [f"HTTP/1.1 {status}", "x-siliconcloud-trace-id: ti_fault"]
    if content_type is not None:
        lines.append(f"content-type: {content_type}")
    if length is not None:
        lines.append(f"content-length: {length}")
    lines += [f"{name.replace('_', '-')}: {value}" for name, value in headers.items()]
    return ("\r\n".join(lines) + "\r\n\r\n").encode()


def body(
    content: bytes,
    status: int | str = 200,
    content_type: str | None = "application/json",
    **headers: str,
) -> list[Act]:
    """A whole answer on a connection that stays open."""
    return [head(status, content_type, len(content), **headers), content]


def chunked(
    *pieces: bytes, content_type: str | None = "text/event-stream", end: bool = True
) -> list[Act]:
    """An answer in HTTP chunks."""
    acts: list[Act] = [head(200, content_type, transfer_encoding="chunked")]
    acts += [f"{len(piece):x}\r\n".encode() + piece + b"\r\n" for piece in pieces]
    return [*acts, b"0\r\n\r\n"] if end else acts


def event(data: object) -> bytes:
    """One server-sent event."""
    return b"data: " + json.dumps(data, ensure_ascii=False).encode() + b"\n\n"


def piece(text: str | None = None, finish: str | None = None, **delta: object) -> bytes:
    """One chunk of a chat stream."""
    choice = {"index": 0, "delta": {"content": text, **delta}, "finish_reason": finish}
    return event({"id": "f1", "model": "m", "choices": [choice]})


DONE = b"data: [DONE]\n\n"
CHAT = json.dumps(
    {
        "id": "f1",
        "object": "chat.completion",
        "created": 1,
        "model": "m",
        "choices": [
            {
                "index": 0,
                "message": {"role": "assistant", "content": "Hello"},
                "finish_reason": "stop",
            }
        ],
        "usage": {"prompt_tokens": 1, "completion_tokens": 2, "total_tokens": 3},
    }
).encode()
STREAM = (piece("Hel"), piece("lo"), piece("", finish="stop"), DONE)
GOOD = body(CHAT)
GOOD_STREAM = chunked(*STREAM)


def gzipped(content: bytes) -> bytes:
    """Compressed, always the same way."""
    return gzip.compress(content, mtime=0)
