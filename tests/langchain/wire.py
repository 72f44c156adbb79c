"""Answers as this API writes them, by hand; `tests.double` gives them."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import httpx

from langchain_siliconflow import ChatSiliconFlow
from tests.double import TRACE, Asked, Double

Server = Double
MODEL = "Qwen/Qwen3-8B"


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


def model_for(server: Double, **fields: Any) -> ChatSiliconFlow:
    """Make a chat model that a double answers."""
    return ChatSiliconFlow(**{"model": MODEL, **server.clients, **fields})


def unlisted_model_for(server: Double, **fields: Any) -> ChatSiliconFlow:
    """Make a chat model of which the catalogue knows nothing."""
    return model_for(server, **{"model": "m", **fields})


def by_stream(plain: httpx.Response, streamed: httpx.Response) -> Callable[[Asked], httpx.Response]:
    """Answer whole or in pieces, as the request asks."""
    return lambda asked: streamed if asked.body.get("stream") else plain
