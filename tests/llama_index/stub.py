"""A server of scripted answers on a raw socket, for what no well-behaved server would send.

Each answer is a list of segments. A segment travels as one chunk of HTTP's chunked encoding, which
keeps its boundaries whatever the kernel merges; a `threading.Event` in the list makes the server
wait there until the test sets it. The server listens on loopback, gives a client up after
`PATIENCE` seconds of silence, and ends with its `with` block.
"""

from __future__ import annotations

import json
import socket
import threading
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Any, Self

PATIENCE = 10.0


@dataclass
class Request:
    """What a client sent."""

    method: str
    path: str
    headers: dict[str, str]
    body: Any


@dataclass
class Reply:
    """What the server sends: the segments of a body, or a wait."""

    segments: list[bytes | threading.Event | threading.Barrier]
    status: int = 200
    headers: dict[str, str] = field(default_factory=dict)
    cut: bool = False  # close the connection without ending the body


Script = Callable[[Request], Reply]


class Stub:
    """The server. `script` answers each request; it may be exchanged at any time."""

    def __init__(self, script: Script) -> None:
        self.script = script
        self.requests: list[Request] = []
        self.connections = 0
        # Without a time limit: worker processes can need long until they ask for the first time.
        self._listener = socket.create_server(("127.0.0.1", 0))
        self._open: set[socket.socket] = set()
        self._threads: list[threading.Thread] = []
        self._closing = False

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self._listener.getsockname()[1]}/v1"

    @property
    def bodies(self) -> list[Any]:
        return [request.body for request in self.requests]

    @property
    def last(self) -> Request:
        return self.requests[-1]

    def __enter__(self) -> Self:
        self._start(self._accept)
        return self

    def __exit__(self, *exc: object) -> None:
        self._closing = True
        # A connection of our own wakes the thread that waits in accept().
        socket.create_connection(self._listener.getsockname()).close()
        for connection in list(self._open):
            with suppress(OSError):  # the client was faster
                connection.shutdown(socket.SHUT_RDWR)
        for thread in self._threads:
            thread.join(PATIENCE)
            assert not thread.is_alive()
        self._listener.close()

    def _start(self, target: Callable[..., None], *args: object) -> None:
        thread = threading.Thread(target=target, args=args, daemon=True)
        self._threads.append(thread)
        thread.start()

    def _accept(self) -> None:
        while True:
            connection, _ = self._listener.accept()
            if self._closing:
                connection.close()
                return
            self.connections += 1
            connection.settimeout(PATIENCE)
            connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            self._open.add(connection)
            self._start(self._serve, connection)

    def _serve(self, connection: socket.socket) -> None:
        reader = connection.makefile("rb")
        try:
            while (request := _read(reader)) is not None:
                self.requests.append(request)
                if not _send(connection, self.script(request)):
                    break
        except OSError:
            pass  # the client went away, as some tests want
        finally:
            reader.close()
            connection.close()
            self._open.discard(connection)


def _read(reader: Any) -> Request | None:
    line = reader.readline()
    if not line:
        return None
    method, path, _ = line.decode("ascii").split()
    headers: dict[str, str] = {}
    while (line := reader.readline().strip()) != b"":
        name, _, value = line.decode("latin-1").partition(":")
        headers[name.lower()] = value.strip()
    content = reader.read(int(headers.get("content-length", "0")))
    return Request(method, path, headers, json.loads(content) if content else None)


def _send(connection: socket.socket, reply: Reply) -> bool:
    headers = {
        "content-type": "application/json",
        "x-siliconcloud-trace-id": "ti_stub0001",
        "transfer-encoding": "chunked",
        **reply.headers,
    }
    head = f"HTTP/1.1 {reply.status} X\r\n"
    head += "".join(f"{name}: {value}\r\n" for name, value in headers.items())
    connection.sendall(head.encode("latin-1") + b"\r\n")
    for segment in reply.segments:
        if isinstance(segment, bytes):
            connection.sendall(f"{len(segment):x}\r\n".encode() + segment + b"\r\n")
        else:
            segment.wait(PATIENCE)
    if reply.cut:
        return False
    connection.sendall(b"0\r\n\r\n")
    return True
