"""What the LangChain tests share: LangChain's own warnings that it is in beta are not ours."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import httpx
import pytest

HERE = Path(__file__).parent
_NOT_OURS = (
    "ignore::langchain_core._api.beta_decorator.LangChainBetaWarning",
    # langchain-tests' test_stream_time measures on replay only, and that is fine.
    "ignore::pytest_benchmark.logger.PytestBenchmarkWarning",
)


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    for item in items:
        if HERE in item.path.parents:
            item.add_marker(pytest.mark.filterwarnings(*_NOT_OURS))


@pytest.fixture
def loopback() -> Iterator[Callable[[httpx.Response], str]]:
    """Serve one answer over a real socket, for what a stand-in transport cannot show."""
    servers: list[ThreadingHTTPServer] = []

    def start(answer: httpx.Response) -> str:
        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_POST(self) -> None:
                self.rfile.read(int(self.headers["content-length"]))
                self.send_response(answer.status_code)
                self.send_header("content-type", answer.headers["content-type"])
                self.send_header("content-length", str(len(answer.content)))
                self.end_headers()
                self.wfile.write(answer.content)

            def log_message(self, *_: object) -> None:
                """Keep the test's output clean."""

        server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        server.daemon_threads = True
        servers.append(server)
        threading.Thread(target=server.serve_forever, daemon=True).start()
        return f"http://127.0.0.1:{server.server_port}/v1"

    yield start
    for server in servers:
        server.shutdown()
        server.server_close()
