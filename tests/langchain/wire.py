"""A stand-in for the socket: hand-written answers in, what was asked out."""

from __future__ import annotations

import json
import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import httpx

TRACE = "ti_1"
MODEL = "Qwen/Qwen3-8B"
Answer = httpx.Response | Exception | Callable[[httpx.Request], httpx.Response]


def usage(completion: int, *, reasoning: int | None = 2, cached: int | None = 4) -> dict[str, Any]:
    """Running totals, as the in-house back end puts them on every chunk."""
    counts: dict[str, Any] = {
        "prompt_tokens": 17,
        "completion_tokens": completion,
        "total_tokens": 17 + completion,
    }
    if reasoning is not None:
        counts["completion_tokens_details"] = {"reasoning_tokens": reasoning}
    if cached is not None:
        counts["prompt_tokens_details"] = {"cached_tokens": cached}
    return counts


def event(
    delta: dict[str, Any],
    finish: str | None = None,
    used: dict[str, Any] | None = None,
    model: str = MODEL,
) -> str:
    chunk: dict[str, Any] = {
        "id": "0197f1",
        "object": "chat.completion.chunk",
        "created": 1,
        "model": model,
        "choices": [{"index": 0, "delta": delta, "finish_reason": finish}],
    }
    if used is not None:
        chunk["usage"] = used
    return "data: " + json.dumps(chunk, ensure_ascii=False) + "\n\n"


def end(finish: str | None = "stop", completion: int = 3) -> str:
    return (
        event({"content": "", "reasoning_content": None}, finish, usage(completion))
        + "data: [DONE]\n\n"
    )


def tool_delta(arguments: str | None, **fields: Any) -> dict[str, Any]:
    """A tool-call fragment; `name` goes into its function, everything else beside it."""
    function = {"arguments": arguments}
    if "name" in fields:
        function["name"] = fields.pop("name")
    return {"tool_calls": [{**fields, "function": function}]}


def sse(*parts: str, headers: dict[str, str] | None = None) -> httpx.Response:
    return httpx.Response(
        200,
        headers={
            "content-type": "text/event-stream",
            "x-siliconcloud-trace-id": TRACE,
            **(headers or {}),
        },
        content="".join(parts).encode(),
    )


FIXTURE_S = (
    event({"role": "assistant", "content": "", "reasoning_content": None}, used=usage(0)),
    event({"content": None, "reasoning_content": "Let "}, used=usage(1)),
    event({"content": None, "reasoning_content": "me."}, used=usage(2)),
    event({"content": "Hi", "reasoning_content": None}, used=usage(3)),
    end(),
)
"""The stream of reference case S: thinking, text, cumulative usage, trace header."""


def stream_s() -> httpx.Response:
    return sse(*FIXTURE_S)


def completion(
    content: str | None = "Hi",
    *,
    reasoning: str | None = None,
    tool_calls: list[dict[str, Any]] | None = None,
    finish: str = "stop",
    used: dict[str, Any] | None = None,
    model: str = MODEL,
    choices: int = 1,
) -> httpx.Response:
    message: dict[str, Any] = {"role": "assistant", "content": content}
    if reasoning is not None:
        message["reasoning_content"] = reasoning
    if tool_calls is not None:
        message["tool_calls"] = tool_calls
    body = {
        "id": "0197f1",
        "object": "chat.completion",
        "created": 1,
        "model": model,
        "choices": [
            {"index": number, "message": message, "finish_reason": finish}
            for number in range(choices)
        ],
        "usage": used or usage(3),
        "system_fingerprint": "",
    }
    return httpx.Response(200, json=body, headers={"x-siliconcloud-trace-id": TRACE})


def plain_s() -> httpx.Response:
    """The same answer as `stream_s`, whole."""
    return completion("Hi", reasoning="Let me.")


def call(name: str, arguments: str | None, call_id: str = "c1", **extra: Any) -> dict[str, Any]:
    return {
        "id": call_id,
        "type": "function",
        "function": {"name": name, "arguments": arguments},
        **extra,
    }


def error(status: int, body: Any, **headers: str) -> httpx.Response:
    content = body if isinstance(body, str) and body.startswith("<") else json.dumps(body)
    return httpx.Response(
        status, content=content, headers={"x-siliconcloud-trace-id": TRACE, **headers}
    )


class Server:
    """Gives its answers in turn (the last one for ever) and keeps the requests."""

    def __init__(self, *answers: Answer | Sequence[Answer]) -> None:
        self._answers = list(answers)
        self.requests: list[httpx.Request] = []

    @property
    def bodies(self) -> list[dict[str, Any]]:
        return [json.loads(request.content) for request in self.requests]

    @property
    def body(self) -> dict[str, Any]:
        return self.bodies[-1]

    def __call__(self, request: httpx.Request) -> httpx.Response:
        position = min(len(self.requests), len(self._answers) - 1)
        self.requests.append(request)
        answer = self._answers[position]
        if isinstance(answer, Exception):
            raise answer
        if isinstance(answer, httpx.Response):
            # A response can be read once only, and the same answer may be given again.
            return httpx.Response(
                answer.status_code, headers=answer.headers, content=answer.content
            )
        return answer(request)

    @property
    def clients(self) -> dict[str, Any]:
        """Keywords that point any of our classes at this server."""
        return {
            "api_key": "sk-test",
            "http_client": httpx.Client(transport=httpx.MockTransport(self)),
            "async_http_client": httpx.AsyncClient(transport=httpx.MockTransport(self)),
        }


def by_stream(plain: httpx.Response, streamed: httpx.Response) -> Answer:
    """Answer whole or in pieces, as the request asks."""

    def answer(request: httpx.Request) -> httpx.Response:
        chosen = streamed if json.loads(request.content).get("stream") else plain
        return httpx.Response(chosen.status_code, headers=chosen.headers, content=chosen.content)

    return answer


@contextmanager
def served(answer: httpx.Response) -> Iterator[str]:
    """Serve one answer over a real socket, for what a stand-in transport cannot show."""

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
    threading.Thread(target=server.serve_forever, daemon=True).start()
    try:
        yield f"http://127.0.0.1:{server.server_port}/v1"
    finally:
        server.shutdown()
        server.server_close()
