"""One field of an otherwise good answer is not what the documentation says."""

from __future__ import annotations

import copy
import json
from typing import Any

from siliconflow_client import APIResponseError
from tests.faults.server import DONE, Reply, body, chunked, event, piece
from tests.faults.table.row import Row

CALL = {"id": "c", "type": "function", "function": {"name": "f", "arguments": "{}"}}
CHAT: dict[str, Any] = {
    "id": "f1",
    "object": "chat.completion",
    "created": 1,
    "model": "m",
    "system_fingerprint": "",
    "choices": [
        {
            "index": 0,
            "message": {"role": "assistant", "content": "Hello", "reasoning_content": "Hm."},
            "finish_reason": "stop",
            "logprobs": None,
        }
    ],
    "usage": {
        "prompt_tokens": 1,
        "completion_tokens": 2,
        "total_tokens": 3,
        "completion_tokens_details": {"reasoning_tokens": 1},
        "prompt_tokens_details": {"cached_tokens": 1},
        "prompt_cache_hit_tokens": 1,
        "prompt_cache_miss_tokens": 0,
    },
}
VECTORS: dict[str, Any] = {
    "object": "list",
    "model": "m",
    "data": [
        {"object": "embedding", "index": 0, "embedding": [1.0, 0.5]},
        {"object": "embedding", "index": 1, "embedding": [0.5, 1.0]},
    ],
    "usage": {"prompt_tokens": 2, "completion_tokens": 0, "total_tokens": 2},
}
RANKS: dict[str, Any] = {
    "id": "r",
    "results": [
        {"index": 1, "relevance_score": 0.75, "document": {"text": "b"}},
        {"index": 0, "relevance_score": 0.5, "document": {"text": "a"}},
        {"index": 2, "relevance_score": 0.25, "document": {"text": "c"}},
    ],
    "meta": {"tokens": {"input_tokens": 3, "output_tokens": 0}},
}
CHUNK: dict[str, Any] = {
    "id": "f1",
    "object": "chat.completion.chunk",
    "created": 1,
    "model": "m",
    "choices": [{"index": 0, "delta": {"content": "lo", "role": "assistant"}, "finish_reason": None, "logprobs": None}],
    "usage": {"prompt_tokens": 1, "completion_tokens": 1, "total_tokens": 2},
}  # fmt: skip


def replaced(answer: dict[str, Any], path: str, value: object) -> dict[str, Any]:
    """A copy in which the value at `path` (`choices.0.index`) is another one."""
    copied = copy.deepcopy(answer)
    *above, last = path.split(".")
    inside: Any = copied
    for name in above:
        inside = inside[int(name) if isinstance(inside, list) else name]
    inside[int(last) if isinstance(inside, list) else last] = value
    return copied


def told(answer: dict[str, Any]) -> Reply:
    return body(json.dumps(answer).encode())


def streamed(chunk: dict[str, Any]) -> Reply:
    return chunked(piece("Hel"), event(chunk), piece("", finish="stop"), DONE)


# What is wrong, and what must come: the answer all the same, or an error, where the field carries
# the answer or nothing else could be made of it.
GOOD = "Hello"
BAD = APIResponseError
NAMELESS = "a call without a name"
IN_CHAT: list[tuple[str, object, object]] = [
    ("id", 5, BAD),
    ("id", None, GOOD),
    ("object", 5, GOOD),
    ("created", "x", GOOD),
    ("created", 1.5, GOOD),
    ("model", 5, BAD),
    ("model", None, GOOD),
    ("system_fingerprint", 5, BAD),
    ("choices", "x", BAD),
    ("choices", {}, BAD),
    ("choices", 5, BAD),
    ("choices.0", 5, BAD),
    ("choices.0", None, BAD),
    ("choices.0.index", "x", GOOD),
    ("choices.0.index", -1, GOOD),
    ("choices.0.index", None, GOOD),
    ("choices.0.message", "Hello", BAD),
    ("choices.0.message", None, BAD),
    ("choices.0.message", [], BAD),
    ("choices.0.message.role", 5, GOOD),
    ("choices.0.message.role", None, GOOD),
    ("choices.0.message.role", "robot", GOOD),
    ("choices.0.message.content", 5, BAD),
    ("choices.0.message.content", {}, BAD),
    ("choices.0.message.content", True, BAD),
    ("choices.0.message.content", [{"type": "text", "text": "Hello"}], BAD),
    ("choices.0.message.reasoning_content", 5, BAD),
    ("choices.0.message.reasoning_content", None, GOOD),
    ("choices.0.message.tool_calls", "x", BAD),
    ("choices.0.message.tool_calls", {"a": 1}, BAD),
    ("choices.0.message.tool_calls", [5], BAD),
    ("choices.0.message.tool_calls", [None], BAD),
    ("choices.0.message.tool_calls", [{}], NAMELESS),
    ("choices.0.message.tool_calls", [{**CALL, "id": 5}], BAD),
    ("choices.0.message.tool_calls", [{**CALL, "id": None}], GOOD),
    ("choices.0.message.tool_calls", [{**CALL, "type": 5}], GOOD),
    ("choices.0.message.tool_calls", [{**CALL, "function": "f"}], BAD),
    ("choices.0.message.tool_calls", [{**CALL, "function": None}], NAMELESS),
    ("choices.0.message.tool_calls", [{**CALL, "function": {"name": 5}}], BAD),
    ("choices.0.message.tool_calls", [{**CALL, "function": {"name": "f", "arguments": {"a": 1}}}], GOOD),
    ("choices.0.message.tool_calls", [{**CALL, "function": {"name": "f", "arguments": 5}}], GOOD),
    ("choices.0.message.tool_calls", [{**CALL, "function": {"name": "f", "arguments": None}}], GOOD),
    ("choices.0.message.tool_calls", [{**CALL, "function": {"name": "f", "arguments": "{broken"}}], GOOD),
    ("choices.0.finish_reason", 5, GOOD),
    ("choices.0.finish_reason", {"a": 1}, GOOD),
    ("choices.0.finish_reason", None, GOOD),
    ("choices.0.logprobs", "x", GOOD),
    ("choices.0.logprobs", 5, GOOD),
    ("choices.0.logprobs", {"content": "x"}, GOOD),
    ("choices.0.logprobs", {"content": [5]}, GOOD),
    ("choices.0.logprobs", {"content": [{"token": 5, "logprob": "x", "top_logprobs": "x"}]}, GOOD),
    ("usage", "x", BAD),
    ("usage", 5, BAD),
    ("usage", None, GOOD),
    ("usage", [], GOOD),
    ("usage.prompt_tokens", "x", GOOD),
    ("usage.prompt_tokens", 1.5, GOOD),
    ("usage.prompt_tokens", None, GOOD),
    ("usage.prompt_tokens", -1, GOOD),
    ("usage.completion_tokens", {}, GOOD),
    ("usage.total_tokens", True, GOOD),
    ("usage.completion_tokens_details", "x", GOOD),
    ("usage.completion_tokens_details", [1], GOOD),
    ("usage.completion_tokens_details.reasoning_tokens", "x", GOOD),
    ("usage.prompt_tokens_details", 5, GOOD),
    ("usage.prompt_tokens_details.cached_tokens", [], GOOD),
    ("usage.prompt_cache_hit_tokens", "x", GOOD),
    ("usage.prompt_cache_miss_tokens", "x", GOOD),
]  # fmt: skip
IN_CHUNK: list[tuple[str, object, object]] = [
    ("id", 5, GOOD),
    ("object", 5, GOOD),
    ("created", "x", GOOD),
    ("model", 5, GOOD),
    ("choices", "x", BAD),
    ("choices", 5, BAD),
    ("choices.0", 5, BAD),
    ("choices.0.index", "x", GOOD),
    ("choices.0.delta", "lo", BAD),
    ("choices.0.delta", 5, BAD),
    ("choices.0.delta.content", 5, BAD),
    ("choices.0.delta.content", ["lo"], BAD),
    ("choices.0.delta.content", {"a": 1}, BAD),
    ("choices.0.delta.role", 5, GOOD),
    ("choices.0.delta.reasoning_content", 5, BAD),
    ("choices.0.delta.reasoning_content", None, GOOD),
    ("choices.0.delta.tool_calls", "x", BAD),
    ("choices.0.delta.tool_calls", [5], BAD),
    ("choices.0.delta.tool_calls", [{"index": "x", "function": {}}], GOOD),
    ("choices.0.delta.tool_calls", [{"index": 0, "function": "f"}], BAD),
    ("choices.0.finish_reason", {}, GOOD),
    ("choices.0.logprobs", "x", GOOD),
    ("choices.0.logprobs", {"content": "x"}, GOOD),
    ("usage", "x", BAD),
    ("usage", 5, BAD),
    ("usage.prompt_tokens", "x", GOOD),
    ("usage.completion_tokens_details", "x", GOOD),
]
IN_VECTORS: list[tuple[str, object, object]] = [
    ("object", 5, [[1.0, 0.5], [0.5, 1.0]]),
    ("model", 5, BAD),
    ("model", None, [[1.0, 0.5], [0.5, 1.0]]),
    ("data", "x", BAD),
    ("data", None, BAD),
    ("data", [], BAD),
    ("data", {"0": 1}, BAD),
    ("data", [5, 5], BAD),
    ("data", VECTORS["data"][:1], BAD),
    ("data", [*VECTORS["data"], VECTORS["data"][0]], BAD),
    ("data", VECTORS["data"][::-1], [[1.0, 0.5], [0.5, 1.0]]),
    ("data.0", None, BAD),
    ("data.0.object", 5, [[1.0, 0.5], [0.5, 1.0]]),
    ("data.0.index", "x", [[1.0, 0.5], [0.5, 1.0]]),
    ("data.0.index", None, [[1.0, 0.5], [0.5, 1.0]]),
    ("data.0.index", 1, [[1.0, 0.5], [0.5, 1.0]]),
    ("data.0.index", True, [[1.0, 0.5], [0.5, 1.0]]),
    ("data.0.embedding", None, BAD),
    ("data.0.embedding", [], BAD),
    ("data.0.embedding", {}, BAD),
    ("data.0.embedding", 5, BAD),
    ("data.0.embedding", "not base64", BAD),
    ("data.0.embedding", "AACAPw==", BAD),
    ("data.0.embedding", "AADAfwAAgD8=", BAD),
    ("data.0.embedding", "AACAPwAAAD8=", [[1.0, 0.5], [0.5, 1.0]]),
    ("data.0.embedding", ["x", "y"], BAD),
    ("data.0.embedding", [True, False], BAD),
    ("data.0.embedding", [None, 1.0], BAD),
    ("data.0.embedding", [1, 0.5], [[1.0, 0.5], [0.5, 1.0]]),
    ("data.0.embedding", [float("nan"), 1.0], BAD),
    ("data.0.embedding", [float("inf"), 1.0], BAD),
    ("data.0.embedding", [[1.0], [0.5]], BAD),
    ("data.0.embedding", [1.0, 0.5, 0.25], BAD),
    ("usage", "x", BAD),
    ("usage", None, [[1.0, 0.5], [0.5, 1.0]]),
    ("usage.prompt_tokens", "x", [[1.0, 0.5], [0.5, 1.0]]),
]
RANKED = [(1, 0.75), (0, 0.5), (2, 0.25)]
IN_RANKS: list[tuple[str, object, object]] = [
    ("id", 5, BAD),
    ("id", None, RANKED),
    ("results", "x", BAD),
    ("results", None, BAD),
    ("results", {}, BAD),
    ("results", [], []),
    ("results", [5], BAD),
    ("results", RANKS["results"][:2], [(1, 0.75), (0, 0.5)]),
    ("results", RANKS["results"][::-1], RANKED),
    ("results.0.index", "x", BAD),
    ("results.0.index", None, BAD),
    ("results.0.index", True, BAD),
    ("results.0.index", 1.0, BAD),
    ("results.0.index", 3, BAD),
    ("results.0.index", -1, BAD),
    ("results.0.index", 0, BAD),
    ("results.0.relevance_score", "x", BAD),
    ("results.0.relevance_score", None, BAD),
    ("results.0.relevance_score", True, BAD),
    ("results.0.relevance_score", float("nan"), BAD),
    ("results.0.relevance_score", float("-inf"), BAD),
    ("results.0.document", 5, RANKED),
    ("results.0.document", None, RANKED),
    ("results.0.document", "b", RANKED),
    ("meta", "x", RANKED),
    ("meta", None, RANKED),
    ("meta.tokens", 5, RANKED),
    ("meta.tokens.input_tokens", "x", RANKED),
]


def _name(path: str, value: object) -> str:
    text = json.dumps(value, ensure_ascii=False)
    return f"{path}: {text if len(text) <= 110 else text[:109] + '…'}"


CHAT_FIELDS = [
    Row(
        _name(path, value),
        [told(replaced(CHAT, path, value))],
        GOOD if outcome == NAMELESS else outcome,
        # LlamaIndex's agents have no place for a call that cannot be made; LangChain's have one.
        but={"LlamaIndex": BAD} if outcome == NAMELESS else {},
    )
    for path, value, outcome in IN_CHAT
]
CHUNK_FIELDS = [
    Row(
        _name(path, value),
        [streamed(replaced(CHUNK, path, value))],
        outcome,
        text="" if outcome == GOOD else "Hel",
    )
    for path, value, outcome in IN_CHUNK
]
VECTOR_FIELDS = [
    Row(_name(path, value), [told(replaced(VECTORS, path, value))], outcome)
    for path, value, outcome in IN_VECTORS
]
RANK_FIELDS = [
    Row(_name(path, value), [told(replaced(RANKS, path, value))], outcome)
    for path, value, outcome in IN_RANKS
]
