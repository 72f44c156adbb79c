"""The face for tests: a small server on this machine, made of the standard library alone."""

from __future__ import annotations

import contextlib
import selectors
import socket
import socketserver
import sys
import threading
from http.server import BaseHTTPRequestHandler
from typing import TYPE_CHECKING
from urllib.parse import parse_qsl, unquote, urlsplit

from siliconflow_simulator._wire import NEVER, SimRequest

if TYPE_CHECKING:
    from collections.abc import Callable

    from siliconflow_simulator._wire import SimResponse

HOST = "127.0.0.1"


class LoopbackServer:
    """Answers at a free port until it is closed.

    It never waits by itself: a chunk's delay is handed to `spend`. A stalled answer stalls until
    the client leaves or the server is closed.

    Args:
        handle: Answers a request; called in the thread of its connection.
        spend: Takes the seconds that would have passed before a chunk.

    Raises:
        OSError: There is no port to listen on.
    """

    def __init__(
        self, handle: Callable[[SimRequest], SimResponse], spend: Callable[[float], None]
    ) -> None:
        self.handle = handle
        self.spend = spend
        self.closing = threading.Event()
        self._listener = _Listener(self)
        self._bell, self._ring = socket.socketpair()
        self._thread = threading.Thread(target=self._accept, daemon=True)
        self._thread.start()

    @property
    def url(self) -> str:
        """Scheme, host and port."""
        return f"http://{HOST}:{self._listener.server_address[1]}"

    def close(self) -> None:
        """End all connections and free the port."""
        self.closing.set()
        self._ring.send(b"x")
        self._thread.join()
        self._listener.hang_up()
        self._listener.server_close()
        self._bell.close()
        self._ring.close()

    def _accept(self) -> None:
        with selectors.DefaultSelector() as waiting:
            waiting.register(self._listener, selectors.EVENT_READ)
            # No connection of our own wakes it: a test may have forbidden to connect by then.
            waiting.register(self._bell, selectors.EVENT_READ)
            while waiting.select() and not self.closing.is_set():
                self._listener.handle_request()


class _Listener(socketserver.ThreadingTCPServer):
    # Its threads are waited for at the end, so that none outlives its test.
    daemon_threads = False
    block_on_close = True
    request_queue_size = 128

    def __init__(self, face: LoopbackServer) -> None:
        self._open: set[socket.socket] = set()
        self._lock = threading.Lock()

        def answer(
            connection: socket.socket, address: object, server: socketserver.BaseServer
        ) -> _Connection:
            return _Connection(face, connection, address, server)

        super().__init__((HOST, 0), answer)

    def get_request(self) -> tuple[socket.socket, object]:
        connection, address = super().get_request()
        with self._lock:
            self._open.add(connection)
        return connection, address

    def shutdown_request(self, request: socket.socket | tuple[bytes, socket.socket]) -> None:
        if isinstance(request, socket.socket):
            with self._lock:
                self._open.discard(request)
        super().shutdown_request(request)

    def hang_up(self) -> None:
        """End the connections that clients keep open for their next request."""
        with self._lock:
            for connection in self._open:
                with contextlib.suppress(OSError):
                    connection.shutdown(socket.SHUT_RDWR)

    def handle_error(self, request: object, client_address: object) -> None:
        # A client that leaves is an everyday thing; anything else is told as usual.
        if not isinstance(sys.exception(), OSError):
            super().handle_error(request, client_address)  # type: ignore[arg-type]  # typeshed wants the private union


class _Connection(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True

    def __init__(
        self,
        face: LoopbackServer,
        connection: socket.socket,
        address: object,
        server: socketserver.BaseServer,
    ) -> None:
        self._face = face
        super().__init__(connection, address, server)

    def log_message(self, format: str, *args: object) -> None:
        """Say nothing: what came in is kept by the simulator."""

    def _answer(self) -> None:
        request = self._request()
        if request is None:
            self.close_connection = True
            return
        response = self._face.handle(request)
        self.send_response_only(response.status)
        for name, value in response.headers.items():
            self.send_header(name, value)
        whole = response.body is not None
        if response.body is not None:
            self.send_header("content-length", str(len(response.body)))
        else:
            self.send_header("transfer-encoding", "chunked")
        self.end_headers()
        for chunk in response.pieces():
            if chunk.delay == NEVER:
                self._stall()
                return
            self._face.spend(chunk.delay)
            self._send(chunk.data, whole=whole)
        if response.ending == "dropped":
            self.close_connection = True
        elif not whole:
            self.wfile.write(b"0\r\n\r\n")

    do_GET = do_POST = do_PUT = do_PATCH = do_DELETE = _answer  # noqa: N815  names of the base

    def _send(self, data: bytes, *, whole: bool) -> None:
        if data and whole:
            self.wfile.write(data)
        elif data:
            self.wfile.write(b"%x\r\n%b\r\n" % (len(data), data))

    def _stall(self) -> None:
        """Wait for the client to leave, or for the end of the test, which hangs up too."""
        self.close_connection = True
        while self.rfile.read(1):
            pass

    def _request(self) -> SimRequest | None:
        """Read the request; `None` where the client left before its end, or spoke no HTTP."""
        try:
            parts = urlsplit(self.path)
        except ValueError:
            return None
        body = self._body()
        if body is None:
            return None
        return SimRequest(
            method=self.command,
            path=unquote(parts.path),
            headers=dict(self.headers.items()),
            body=body,
            query=dict(parse_qsl(parts.query, keep_blank_values=True)),
            scheme="http",
        )

    def _body(self) -> bytes | None:
        if "chunked" not in self.headers.get("transfer-encoding", "").lower():
            return self._bytes(self.headers.get("content-length", "0"), 10)
        pieces: list[bytes] = []
        while piece := self._bytes(self.rfile.readline().partition(b";")[0], 16):
            pieces.append(piece)
            self.rfile.readline()
        if piece is None:
            return None
        while self.rfile.readline().strip():
            pass
        return b"".join(pieces)

    def _bytes(self, length: str | bytes, base: int) -> bytes | None:
        """Read as many as a text says; `None` where it is no number, or fewer came."""
        try:
            wanted = int(length, base)
        except ValueError:
            return None
        content = self.rfile.read(wanted) if wanted >= 0 else b""
        return content if len(content) == wanted else None
