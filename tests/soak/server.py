"""A server that spoils three answers in ten, in ways of its own choosing: `python server.py`.

It runs in a process of its own, so that what is measured in the other one is the clients'. Every
request holds a mark (`#12#`), which its answer repeats, so that no one can be given another's.
A mark is spoiled three times at most: whoever asks again three times gets an answer.
"""

from __future__ import annotations

import asyncio
import json
import random
import re
from typing import Final

MARK: Final = re.compile(rb"#(\d+)#")
SPOILED: Final = 0.3
MOST: Final = 3
JSON: Final = "application/json"
EVENTS: Final = "text/event-stream"


class BrokenError(Exception):
    """Ends a connection."""


def head(status: int, kind: str, framing: str) -> bytes:
    return f"HTTP/1.1 {status} X\r\ncontent-type: {kind}\r\nx-siliconcloud-trace-id: ti\r\n{framing}\r\n\r\n".encode()


def whole(content: bytes, status: int = 200, kind: str = JSON) -> bytes:
    return head(status, kind, f"content-length: {len(content)}") + content


def chunk(data: bytes) -> bytes:
    return b"%x\r\n%s\r\n" % (len(data), data)


def event(delta: dict[str, str], reason: str | None = None) -> bytes:
    choice = {"index": 0, "delta": delta, "finish_reason": reason}
    return b"data: " + json.dumps({"id": "c", "model": "m", "choices": [choice]}).encode() + b"\n\n"


def answer(path: str, request: dict, mark: int) -> object:
    """What is right: the mark comes back, as text, as a vector, as a score."""
    if path.endswith("/embeddings"):
        vectors = [[float(mark), float(place)] for place, _ in enumerate(request["input"])]
        return {
            "model": "m",
            "data": [{"index": n, "embedding": vector} for n, vector in enumerate(vectors)],
        }
    if path.endswith("/rerank"):
        scores = [mark / 2**20 + place for place, _ in enumerate(request["documents"])]
        return {
            "id": "r",
            "results": [{"index": n, "relevance_score": score} for n, score in enumerate(scores)],
        }
    message = {"role": "assistant", "content": f"It is #{mark}#."}
    choice = {"index": 0, "message": message, "finish_reason": "stop"}
    return {"id": "c", "model": "m", "choices": [choice], "usage": {"prompt_tokens": 1}}


class Server:
    """Counts what it was asked, and what it spoiled."""

    def __init__(self) -> None:
        self.requests = 0
        self.spoiled = 0
        self.times: dict[int, int] = {}
        self.chance = random.Random(20_261_121)

    def _spoils(self, mark: int) -> bool:
        spoiled = self.times.get(mark, 0)
        if spoiled >= MOST or self.chance.random() >= SPOILED:
            return False
        self.times[mark] = spoiled + 1
        self.spoiled += 1
        return True

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            while True:
                first = await reader.readuntil(b"\r\n\r\n")
                path = first.split(b" ", 2)[1].decode()
                length = re.search(rb"content-length: (\d+)", first, re.IGNORECASE)
                content = await reader.readexactly(int(length[1]) if length else 0)
                await self._reply(writer, path, content)
        except (asyncio.IncompleteReadError, ConnectionError, BrokenError):
            pass
        finally:
            writer.close()

    async def _reply(self, writer: asyncio.StreamWriter, path: str, content: bytes) -> None:
        if path == "/counts":
            writer.write(whole(json.dumps([self.requests, self.spoiled]).encode()))
            return
        self.requests += 1
        request = json.loads(content)
        found = MARK.search(content)
        mark = int(found[1]) if found else 0
        streams = bool(request.get("stream"))
        if self._spoils(mark):
            await self._spoil(writer, streams)
        elif streams:
            writer.write(head(200, EVENTS, "transfer-encoding: chunked") + self._stream(mark))
        else:
            writer.write(whole(json.dumps(answer(path, request, mark)).encode()))
        await writer.drain()

    def _stream(self, mark: int) -> bytes:
        pieces = [event({"content": text}) for text in ("It", " is ", f"#{mark}", "#.")]
        return b"".join(map(chunk, [*pieces, event({}, "stop"), b"data: [DONE]\n\n", b""]))

    async def _spoil(self, writer: asyncio.StreamWriter, streams: bool) -> None:
        busy = b'{"code":50505,"message":"Model service overloaded.","data":null}'
        limited = b'{"code":50602,"message":"rate limiting. Details: TPM limit reached."}'
        opened = head(200, EVENTS, "transfer-encoding: chunked")
        # What is sent, and whether the connection lives on.
        ways: list[tuple[bytes, bool]] = [
            (whole(busy, 503), True),
            (whole(limited, 429), True),
            (whole(b"<html><title>Bad gateway</title>", 502, "text/html"), True),
            (whole(b'"no"', 500), True),
            (whole(busy), True),
            (b"HTTP/1.1 200 OK\r\nconte", False),
            (head(200, JSON, "content-length: 500") + b'{"id":', False),
            (b"nonsense\r\n\r\n", False),
            (b"", False),
        ]
        if streams:
            error = chunk(b"data: " + busy + b"\n\n") + chunk(b"")
            begun = opened + chunk(event({"content": "It"}))
            ways += [(opened, False), (opened + error, True), (opened + chunk(b": c\n\n"), False)]
            # After the first delta nobody but the caller may ask again.
            ways += [(begun, False), (begun + error, True)]
        content, lives_on = self.chance.choice(ways)
        if not content:
            writer.transport.abort()
        writer.write(content)
        await writer.drain()
        if not lives_on:
            raise BrokenError


async def main() -> None:
    server = await asyncio.start_server(Server().serve, "127.0.0.1", 0, backlog=512)
    print(server.sockets[0].getsockname()[1], flush=True)  # noqa: T201  # whoever started it reads it
    await server.serve_forever()


if __name__ == "__main__":
    asyncio.run(main())
