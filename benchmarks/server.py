"""A server that costs as little as it can: canned answers over raw asyncio, on loopback.

Below `/wait/150/v1` an answer takes 150 ms. Run as `python -m benchmarks.server`;
prints its port, and stops by itself after an hour or when its standard input closes.
"""

from __future__ import annotations

import asyncio
import base64
import json
import random
import sys
from array import array

LIFETIME = 3600.0
WORDS = ["alpha ", "beta ", "gamma ", "delta ", "epsilon "]


def chunk(delta: dict[str, object], finish: str | None, tokens: int) -> bytes:
    """One chunk in the in-house style: usage as a running total in each."""
    data = {
        "id": "019d0000000000000000000000000010",
        "object": "chat.completion.chunk",
        "created": 1790000000,
        "model": "deepseek-ai/DeepSeek-V3.2",
        "choices": [{"index": 0, "delta": delta, "finish_reason": finish}],
        "system_fingerprint": "",
        "usage": {"prompt_tokens": 12, "completion_tokens": tokens, "total_tokens": 12 + tokens},
    }
    return b"data: " + json.dumps(data).encode() + b"\n\n"


def stream_body(count: int) -> bytes:
    pieces = [chunk({"role": "assistant", "content": ""}, None, 0)]
    pieces += [
        chunk({"content": WORDS[i % len(WORDS)], "reasoning_content": None}, None, i + 1)
        for i in range(count)
    ]
    pieces += [chunk({"content": ""}, "stop", count), b"data: [DONE]\n\n"]
    return b"".join(pieces)


def chat_body() -> bytes:
    answer = {
        "id": "019d0000000000000000000000000011",
        "object": "chat.completion",
        "created": 1790000000,
        "model": "deepseek-ai/DeepSeek-V3.2",
        "choices": [
            {
                "index": 0,
                "message": {"role": "assistant", "content": "A short answer, as they often are."},
                "finish_reason": "stop",
            }
        ],
        "usage": {"prompt_tokens": 12, "completion_tokens": 9, "total_tokens": 21},
        "system_fingerprint": "",
    }
    return json.dumps(answer).encode()


def embedding_body(count: int, *, as_base64: bool = False, dimensions: int = 1024) -> bytes:
    draw = random.Random(7)
    data = []
    for index in range(count):
        vector = [round(draw.uniform(-1, 1), 9) for _ in range(dimensions)]
        packed = base64.b64encode(array("f", vector).tobytes()).decode()
        data.append(
            {"object": "embedding", "index": index, "embedding": packed if as_base64 else vector}
        )
    usage = {"prompt_tokens": 9, "completion_tokens": 0, "total_tokens": 9}
    return json.dumps(
        {"object": "list", "model": "BAAI/bge-m3", "data": data, "usage": usage}
    ).encode()


def rerank_body(count: int) -> bytes:
    draw = random.Random(7)
    hits = [{"index": index, "relevance_score": draw.random()} for index in range(count)]
    hits.sort(key=lambda hit: -hit["relevance_score"])
    tokens = {"tokens": {"input_tokens": 9, "output_tokens": 0}}
    return json.dumps({"id": "r", "results": hits, "meta": tokens}).encode()


def answer(content_type: str, body: bytes) -> bytes:
    head = f"HTTP/1.1 200 OK\r\ncontent-type: {content_type}\r\ncontent-length: {len(body)}\r\n\r\n"
    return head.encode() + body


class Canned:
    """Answers made once."""

    def __init__(self) -> None:
        self._chat = answer("application/json", chat_body())
        self._streams: dict[int, bytes] = {}
        self._embeddings: dict[tuple[int, bool], bytes] = {}

    def reply(self, path: str, body: bytes) -> bytes:
        asked = json.loads(body) if body else {}
        if path.endswith("/embeddings"):
            inputs = asked["input"]
            count = len(inputs) if isinstance(inputs, list) else 1
            packed = asked.get("encoding_format") == "base64"
            if (count, packed) not in self._embeddings:
                body = embedding_body(count, as_base64=packed)
                self._embeddings[count, packed] = answer("application/json", body)
            return self._embeddings[count, packed]
        if path.endswith("/rerank"):
            return answer("application/json", rerank_body(len(asked["documents"])))
        if asked.get("stream"):
            count = int(asked["messages"][-1]["content"])
            if count not in self._streams:
                self._streams[count] = answer("text/event-stream", stream_body(count))
            return self._streams[count]
        return self._chat


async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter, canned: Canned) -> None:
    try:
        while True:
            head = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1")
            path = head.split(" ", 2)[1]
            fields = dict(
                line.lower().split(": ", 1) for line in head.split("\r\n")[1:] if ": " in line
            )
            body = await reader.readexactly(int(fields.get("content-length", "0")))
            if path.startswith("/wait/"):
                await asyncio.sleep(int(path.split("/", 3)[2]) / 1000)
            writer.write(canned.reply(path, body))
            await writer.drain()
    except (asyncio.IncompleteReadError, ConnectionError, asyncio.CancelledError):
        writer.close()  # the end of the server cancels what still waits for a request


async def main() -> None:
    canned = Canned()
    server = await asyncio.start_server(
        lambda r, w: serve(r, w, canned), "127.0.0.1", 0, backlog=2048
    )
    print(server.sockets[0].getsockname()[1], flush=True)
    loop = asyncio.get_running_loop()
    closed = loop.run_in_executor(None, sys.stdin.read)
    await asyncio.wait([asyncio.ensure_future(closed)], timeout=LIFETIME)
    server.close()


if __name__ == "__main__":
    asyncio.run(main())
