"""Answers for the stub, in the API's documented forms and in those that issues report.

A scenario is a script: it answers a plain and a streamed request alike.
"""

from __future__ import annotations

import json
import threading
from collections.abc import Sequence
from typing import Any

from tests.llama_index.stub import Reply, Request, Script

USAGE = {"prompt_tokens": 11, "completion_tokens": 3, "total_tokens": 14}
DONE = b"data: [DONE]\n\n"
# As the in-house back end sends them: every key there, most of them null.
BLANK: dict[str, Any] = {"content": None, "reasoning_content": None, "role": "assistant"}


def dumps(value: object) -> bytes:
    return json.dumps(value, ensure_ascii=False).encode()


def json_reply(body: object, status: int = 200, **headers: str) -> Reply:
    return Reply([dumps(body)], status, {name.replace("_", "-"): v for name, v in headers.items()})


def text_reply(text: str, status: int, content_type: str = "text/plain") -> Reply:
    return Reply([text.encode()], status, {"content-type": content_type})


def event_stream(segments: Sequence[bytes | threading.Event], *, cut: bool = False) -> Reply:
    return Reply(list(segments), headers={"content-type": "text/event-stream"}, cut=cut)


def chunk(
    delta: dict[str, Any] | None = None,
    *,
    finish: str | None = None,
    usage: dict[str, Any] | None = None,
) -> dict[str, Any]:
    choices = [] if delta is None else [{"index": 0, "delta": delta, "finish_reason": finish}]
    body: dict[str, Any] = {
        "id": "0192",
        "object": "chat.completion.chunk",
        "created": 1,
        "model": "m",
        "choices": choices,
    }
    if usage is not None:
        body["usage"] = usage
    return body


def data(body: object, *, space: bool = True, end: str = "\n\n") -> bytes:
    return (b"data: " if space else b"data:") + dumps(body) + end.encode()


def completion(message: dict[str, Any], finish: str = "stop", usage: Any = None) -> dict[str, Any]:
    return {
        "id": "0192",
        "object": "chat.completion",
        "created": 1,
        "model": "m",
        "choices": [
            {"index": 0, "message": {"role": "assistant", **message}, "finish_reason": finish}
        ],
        "usage": usage or USAGE,
        "system_fingerprint": "",
    }


def scenario(
    deltas: Sequence[dict[str, Any]],
    message: dict[str, Any] | None = None,
    *,
    finish: str = "stop",
    usage: dict[str, Any] | None = None,
) -> Script:
    """Answer with `message`, or stream `deltas`, a finish chunk and `[DONE]`."""
    totals = usage or USAGE
    lines = [data(chunk(delta)) for delta in deltas]
    lines.append(data(chunk({"content": ""}, finish=finish, usage=totals)))
    whole = completion(message if message is not None else _message(deltas), finish, totals)

    def script(request: Request) -> Reply:
        if request.body.get("stream"):
            return event_stream([*lines, DONE])
        return json_reply(whole)

    return script


def raw_stream(*segments: bytes | threading.Event, cut: bool = False) -> Script:
    """Stream exactly these segments."""
    return lambda request: event_stream(segments, cut=cut)


def in_turn(*scripts: Script) -> Script:
    """One script per request; the last one answers all further requests."""
    left = list(scripts)

    def script(request: Request) -> Reply:
        answer = left.pop(0) if len(left) > 1 else left[0]
        return answer(request)

    return script


def always(reply: Reply) -> Script:
    return lambda request: reply


def _message(deltas: Sequence[dict[str, Any]]) -> dict[str, Any]:
    """The message that the deltas add up to (one tool call per index)."""
    calls: dict[int, dict[str, Any]] = {}
    for delta in deltas:
        for fragment in delta.get("tool_calls") or []:
            function = fragment.get("function") or {}
            call = calls.setdefault(fragment["index"], {"id": None, "name": None, "arguments": ""})
            call["id"] = call["id"] or fragment.get("id")
            call["name"] = call["name"] or function.get("name")
            call["arguments"] += function.get("arguments") or ""
    message: dict[str, Any] = {
        "content": "".join(delta.get("content") or "" for delta in deltas),
    }
    reasoning = "".join(delta.get("reasoning_content") or "" for delta in deltas)
    if reasoning:
        message["reasoning_content"] = reasoning
    if calls:
        message["tool_calls"] = [
            {
                "id": call["id"],
                "type": "function",
                "function": {"name": call["name"], "arguments": call["arguments"]},
            }
            for call in calls.values()
        ]
    return message


def text(*pieces: str) -> list[dict[str, Any]]:
    return [{**BLANK, "content": piece} for piece in pieces]


def thought(*pieces: str) -> list[dict[str, Any]]:
    return [{**BLANK, "reasoning_content": piece} for piece in pieces]


def fragment(
    arguments: str | None, *, index: int = 0, id: str | None = None, name: str | None = None
) -> dict[str, Any]:
    """One piece of a tool call; without id and name, as later pieces come."""
    return {
        "index": index,
        "id": id,
        "type": None if id is None else "function",
        "function": {"name": name, "arguments": arguments},
    }


def calls(*fragments: dict[str, Any]) -> dict[str, Any]:
    return {**BLANK, "tool_calls": list(fragments)}


PLAIN = scenario(text("你好", "，世界"))
REASON_USAGE = {
    "prompt_tokens": 11,
    "completion_tokens": 8,
    "total_tokens": 19,
    "completion_tokens_details": {"reasoning_tokens": 2},
}
REASON = scenario([*thought("Okay", ", think"), *text("The answer", " is 4.")], usage=REASON_USAGE)
ADD = '{"a": 2, "b": 3}'
MUL = '{"a": 4, "b": 5}'
TOOL1 = scenario(
    [
        calls(fragment("", id="call_a", name="add")),
        calls(fragment('{"a": 2')),
        calls(fragment(', "b": 3}')),
    ],
    finish="tool_calls",
)
TOOL2 = scenario(
    [
        calls(fragment(ADD, id="call_a", name="add")),
        calls(fragment(MUL, index=1, id="call_b", name="mul")),
    ],
    finish="tool_calls",
)
TOOL2_ONE_DELTA = scenario(
    [
        calls(
            fragment(ADD, id="call_a", name="add"),
            fragment(MUL, index=1, id="call_b", name="mul"),
        )
    ],
    finish="tool_calls",
)
TOOL2_INTERLEAVED = scenario(
    [
        calls(fragment("", id="call_a", name="add")),
        calls(fragment("", index=1, id="call_b", name="mul")),
        calls(fragment('{"a": 2,')),
        calls(fragment('{"a": 4,', index=1)),
        calls(fragment(' "b": 3}')),
        calls(fragment(' "b": 5}', index=1)),
    ],
    finish="tool_calls",
)
TOOL_REPEAT = scenario(
    [
        calls(fragment('{"a": 2', id="call_a", name="add")),
        calls(fragment(', "b": 3}', id="call_a", name="add")),
    ],
    finish="tool_calls",
)
TOOL_EMPTYID = scenario(
    [
        calls(fragment('{"a": 2', id="call_a", name="add")),
        calls(fragment(', "b": 3}', id="", name="")),
    ],
    finish="tool_calls",
)
TOOL_NOARGS = scenario(
    [calls(fragment("", id="call_a", name="add"))],
    finish="tool_calls",
)
TOOL_BADJSON = scenario(
    [calls(fragment('{"a": 2, "b": ', id="call_a", name="add"))], finish="tool_calls"
)
TOOL_STRUCT = scenario(
    [
        calls(fragment("", id="call_p", name="Person")),
        calls(fragment('{"name": "Al')),
        calls(fragment('ice", "age"')),
        calls(fragment(": 30}")),
    ],
    finish="tool_calls",
)
STRUCT = scenario(text('{"name": "Al', 'ice", "age"', ": 30}"))
FINAL_SUM = scenario(text("The sum", " is 5."))

ERR401 = always(json_reply("Invalid token", 401))
ERR429 = always(
    json_reply(
        {"code": 50603, "message": "Request was rejected due to rate limiting.", "data": None}, 429
    )
)
ERR503 = always(
    json_reply({"code": 50505, "message": "Model service overloaded.", "data": None}, 503)
)
ERR504HTML = always(text_reply("<html>504 Gateway Time-out</html>", 504, "text/html"))
ERR_MID = raw_stream(
    data(chunk({"content": "partial"})),
    data({"code": 50505, "message": "Model service overloaded.", "data": None}),
)
CUT = raw_stream(data(chunk({"content": "partial"})))


def embeddings(
    request: Request, *, size: int = 4, shuffled: bool = False, short: bool = False
) -> Reply:
    """Give each text the vector [number in its tail, 0, …]; `dimensions` is honoured."""
    texts = request.body["input"]
    texts = [texts] if isinstance(texts, str) else texts
    size = request.body.get("dimensions", size)
    rows: list[dict[str, Any]] = [
        {"object": "embedding", "embedding": vector(text, size), "index": index}
        for index, text in enumerate(texts)
    ]
    if request.body.get("encoding_format") == "base64":
        import base64
        import struct

        for row in rows:
            packed = struct.pack(f"<{size}f", *row["embedding"])
            row["embedding"] = base64.b64encode(packed).decode()
    if shuffled:
        rows.reverse()
    if short:
        rows.pop()
    usage = {"prompt_tokens": len(texts), "completion_tokens": 0, "total_tokens": len(texts)}
    return json_reply(
        {"object": "list", "model": request.body["model"], "data": rows, "usage": usage}
    )


def vector(text: str, size: int = 4) -> list[float]:
    number = float("".join(filter(str.isdigit, text)) or 0)
    return [number, 0.5, *[0.0] * (size - 2)]


def reranking(request: Request) -> Reply:
    """Score documents by the share of the query's words that they hold."""
    words = set(request.body["query"].split())
    scored = [
        (len(words & set(document.split())) / len(words), index)
        for index, document in enumerate(request.body["documents"])
    ]
    scored.sort(key=lambda pair: (-pair[0], pair[1]))
    results = [
        {"index": index, "relevance_score": score, "document": None}
        for score, index in scored[: request.body["top_n"]]
    ]
    tokens = {"input_tokens": 5, "output_tokens": 0}
    return json_reply({"id": "r1", "results": results, "meta": {"tokens": tokens}})
