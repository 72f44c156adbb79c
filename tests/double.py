"""One stand-in for the API: a test gives its answers, and reads what was asked.

    server = Double(calls("get_weather", city="Paris"), says("Sunny."))
    model = ChatSiliconFlow(model="m", **server.clients)

An answer may be a script of the simulator (`says`, `calls`, `fails`, an `Answer`, a text), which is
sent in the form that the API has, plain or streamed as the request asks; or, for what no API would
send, an `httpx.Response`, a `Reply`, an exception, or a function of the request. Answers are given
in turn, the last one for ever. Used as a context manager, it also answers at `url`, over a socket.
"""

from __future__ import annotations

import json
import socket
import threading
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Any, Self, TypeAlias

import httpx

from siliconflow_simulator import Answer, Script, SimRequest, Simulator

PATIENCE = 10.0
"""Seconds of silence after which a client is given up."""

TRACE = "ti_1"


class Asked(httpx.Request):
    """A request that came in."""

    @property
    def path(self) -> str:
        return self.url.path

    @property
    def body(self) -> Any:
        """The parsed JSON, `None` where there is none."""
        return json.loads(self.content) if self.content else None


@dataclass
class Reply:
    """An answer piece by piece: each keeps its boundaries, whatever lies between.

    A socket waits for an event, or at a barrier, that stands among the segments.
    """

    segments: list[bytes | threading.Event | threading.Barrier]
    status: int = 200
    headers: dict[str, str] = field(default_factory=dict)
    cut: bool = False  # close the connection without ending the body


Scripted: TypeAlias = str | Answer | Script
Given: TypeAlias = "Scripted | httpx.Response | Reply | Exception | Callable[[Asked], Given]"


class Double:
    """Gives its answers in turn, the last one for ever, and keeps the requests.

    Args:
        *answers: See above.
        trace: The trace id of each `Reply`; a script's is made from the request.
        **settings: How the API behaves around scripted answers; see `Simulator`.
    """

    def __init__(self, *answers: Given, trace: str = TRACE, **settings: Any) -> None:
        self._answers = list(answers)
        self._trace = trace
        self._settings = {"any_model": True, "keep_requests": 0, **settings}
        self._lock = threading.Lock()
        self._given = 0
        self._listener: socket.socket | None = None
        self._open: set[socket.socket] = set()
        self._threads: list[threading.Thread] = []
        self._closing = False
        self.requests: list[Asked] = []
        self.connections = 0

    # --- what was asked ---------------------------------------------------------------------

    @property
    def bodies(self) -> list[Any]:
        return [request.body for request in self.requests]

    @property
    def last(self) -> Asked:
        return self.requests[-1]

    @property
    def body(self) -> Any:
        return self.last.body

    # --- what is answered -------------------------------------------------------------------

    @property
    def answer(self) -> Given:
        """What answers the next request; it may be exchanged at any time."""
        return self._answers[min(self._given, len(self._answers) - 1)]

    @answer.setter
    def answer(self, answer: Given) -> None:
        with self._lock:
            self._answers, self._given = [answer], 0

    def _next(self, asked: Asked) -> Scripted | httpx.Response | Reply | Exception:
        with self._lock:
            self.requests.append(asked)
            given = self.answer
            self._given += 1
        while callable(given):
            given = given(asked)
        return given

    def _simulator(self, scripted: Scripted) -> Simulator:
        return Simulator(answers=lambda call: scripted, **self._settings)

    # --- in process -------------------------------------------------------------------------

    @property
    def clients(self) -> dict[str, Any]:
        """Keywords that point any of our classes at this server."""
        transport = httpx.MockTransport(self)
        return {
            "api_key": "sk-test",
            "http_client": httpx.Client(transport=transport),
            "async_http_client": httpx.AsyncClient(transport=transport),
        }

    def __call__(self, request: httpx.Request) -> httpx.Response:
        asked = Asked(
            request.method,
            request.url,
            headers=request.headers,
            content=request.content,
            extensions=request.extensions,
        )
        given = self._next(asked)
        match given:
            case Exception():
                raise given
            case httpx.Response():
                return _again(given)
            case Reply():
                headers = {**self._headers(given), "transfer-encoding": "chunked"}
                return httpx.Response(given.status, headers=headers, stream=_Pieces(given, asked))
            case _:
                answered = self._simulator(given).transport().handler(asked)
                assert isinstance(answered, httpx.Response)
                return answered

    def _headers(self, reply: Reply) -> dict[str, str]:
        always = {"content-type": "application/json", "x-siliconcloud-trace-id": self._trace}
        return {**always, **reply.headers}

    # --- over a socket ----------------------------------------------------------------------

    @property
    def url(self) -> str:
        """Base URL of the server that runs inside of its `with` block."""
        assert self._listener is not None, "use it as a context manager"
        return f"http://127.0.0.1:{self._listener.getsockname()[1]}/v1"

    def __enter__(self) -> Self:
        # Without a time limit: worker processes can need long until they ask for the first time.
        self._listener = socket.create_server(("127.0.0.1", 0), backlog=512)
        self._start(self._accept, self._listener)
        return self

    def __exit__(self, *exc: object) -> None:
        assert self._listener is not None
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

    def _accept(self, listener: socket.socket) -> None:
        while True:
            connection, _ = listener.accept()
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
            while (asked := _read(reader, self.url)) is not None:
                if not _send(connection, *self._reply(asked)):
                    break
        except OSError:
            pass  # the client went away, as some tests want
        finally:
            reader.close()
            connection.close()
            self._open.discard(connection)

    def _reply(self, asked: Asked) -> tuple[Reply, dict[str, str]]:
        given = self._next(asked)
        match given:
            case Exception():
                reply = Reply([], cut=True)
            case httpx.Response():
                reply = Reply([given.content], given.status_code, dict(given.headers))
            case Reply():
                reply = given
            case _:
                headers = dict(asked.headers)
                told = self._simulator(given).handle(
                    SimRequest(asked.method, asked.path, headers, asked.content)
                )
                pieces = [chunk.data for chunk in told.pieces() if chunk.data]
                cut = told.ending == "dropped"
                reply = Reply([*pieces], told.status, dict(told.headers), cut)
        return reply, self._headers(reply)


def _again(response: httpx.Response) -> httpx.Response:
    """Copy a response, which can be read once only; one that streams is handed out as it is."""
    if not response.is_closed:
        return response
    return httpx.Response(response.status_code, headers=response.headers, content=response.content)


class _Pieces(httpx.SyncByteStream, httpx.AsyncByteStream):
    """A reply's segments, one read each."""

    def __init__(self, reply: Reply, asked: Asked) -> None:
        self._reply = reply
        self._asked = asked

    def __iter__(self) -> Iterator[bytes]:
        for segment in self._reply.segments:
            if isinstance(segment, bytes):
                yield segment
            else:
                segment.wait(PATIENCE)
        if self._reply.cut:
            raise httpx.RemoteProtocolError("incomplete chunked read", request=self._asked)

    async def __aiter__(self) -> Any:
        for segment in self:
            yield segment


def _read(reader: Any, base: str) -> Asked | None:
    line = reader.readline()
    if not line:
        return None
    method, path, _ = line.decode("ascii").split()
    headers: list[tuple[bytes, bytes]] = []
    while (line := reader.readline()).strip() != b"":
        name, _, value = line.partition(b":")
        headers.append((name.strip(), value.strip()))
    length = int(dict(httpx.Headers(headers)).get("content-length", "0"))
    content = reader.read(length)
    if not line or len(content) < length:
        return None  # the client went away, or was killed, in the middle
    origin = base.removesuffix("/v1")
    return Asked(method, f"{origin}{path}", headers=headers, content=content)


def _send(connection: socket.socket, reply: Reply, headers: dict[str, str]) -> bool:
    """Send a reply; tell whether the connection lives on."""
    framing = {"content-length", "transfer-encoding", "content-encoding"}
    kept = {name: value for name, value in headers.items() if name.lower() not in framing}
    head = f"HTTP/1.1 {reply.status} X\r\ntransfer-encoding: chunked\r\n"
    head += "".join(f"{name}: {value}\r\n" for name, value in kept.items())
    connection.sendall(head.encode("latin-1") + b"\r\n")
    for segment in reply.segments:
        if not isinstance(segment, bytes):
            segment.wait(PATIENCE)
        elif segment:
            connection.sendall(f"{len(segment):x}\r\n".encode() + segment + b"\r\n")
    if reply.cut:
        return False
    connection.sendall(b"0\r\n\r\n")
    return True
