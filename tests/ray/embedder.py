"""An API that embeds `t7` as [7.0, 0.5], ranks by the number and answers with it."""

from __future__ import annotations

import base64
import json
import os
import re
import signal
import struct
import threading
from collections import Counter
from typing import Any

import httpx

from tests.double import Asked


def number_in(text: str) -> int:
    found = re.search(r"\d+", text)
    return int(found[0]) if found else 0


class Embedder:
    """Counts the texts, refuses those that hold `bad`, and may kill a worker on the way.

    Attributes:
        url: Where it is.
        seen: How often each text was embedded.
        asked: The fields of each request for vectors, without the texts.
        most_in_flight: The most requests that it answered at the same time.
        together: What requests wait at for each other, if at all.
        refuses: Whether it refuses anything.
        kill_after: The request after whose answer its sender is killed, which told its process id.
    """

    def __init__(self) -> None:
        self.url = ""
        self.seen: Counter[str] = Counter()
        self.requests = 0
        self.asked: list[dict[str, Any]] = []
        self.refuses = True
        self.kill_after: int | None = None
        self.killed: int | None = None
        self.most_in_flight = self._in_flight = 0
        self.together: threading.Barrier | None = None
        self._lock = threading.Lock()

    @property
    def settings(self) -> dict[str, Any]:
        return {"api_key": "sk-cluster", "base_url": self.url, "max_retries": 0}

    @property
    def twice(self) -> float:
        """The share of the texts that were embedded more than once."""
        return sum(count - 1 for count in self.seen.values()) / max(1, len(self.seen))

    def answer(self, request: Asked) -> httpx.Response:
        with self._lock:
            self.requests += 1
            last = self.requests == self.kill_after
            self._in_flight += 1
            self.most_in_flight = max(self.most_in_flight, self._in_flight)
        try:
            if self.together is not None:
                self.together.wait()
            return self._answer(request, last=last)
        finally:
            with self._lock:
                self._in_flight -= 1

    def _answer(self, request: Asked, *, last: bool) -> httpx.Response:
        body = json.loads(request.content)
        if "documents" in body:
            return self._ranked(body)
        if "messages" in body:
            return self._answered(body)
        texts = body["input"]
        if self.refuses and any("bad" in text for text in texts):
            said = {"code": 20015, "message": "The parameter is invalid."}
            return httpx.Response(400, json=said)
        with self._lock:
            self.asked.append({name: body[name] for name in body.keys() - {"input"}})
            self.seen.update(texts)
        if last:
            self.killed = int(request.headers["x-pid"])
            os.kill(self.killed, signal.SIGKILL)
        vectors: list[Any] = [[float(number_in(text)), 0.5] for text in texts]
        if body.get("encoding_format") == "base64":
            vectors = [base64.b64encode(struct.pack("<2f", *vector)).decode() for vector in vectors]
        data = [{"index": n, "embedding": vector} for n, vector in enumerate(vectors)]
        usage = {"prompt_tokens": len(texts), "total_tokens": len(texts)}
        return httpx.Response(200, json={"model": "m", "data": data, "usage": usage})

    def _ranked(self, body: dict[str, Any]) -> httpx.Response:
        if "bad" in body["query"]:
            return httpx.Response(400, json={"code": 20015, "message": "Invalid."})
        hits = [
            {"index": n, "relevance_score": number_in(text) / 1000}
            for n, text in enumerate(body["documents"])
        ]
        hits.sort(key=lambda hit: -hit["relevance_score"])
        return httpx.Response(200, json={"id": "r", "results": hits[: body.get("top_n")]})

    def _answered(self, body: dict[str, Any]) -> httpx.Response:
        asked = body["messages"][-1]["content"]
        if "bad" in asked:
            return httpx.Response(400, json={"code": 20015, "message": "Invalid."})
        said = "no JSON" if "odd" in asked else json.dumps({"number": number_in(asked)})
        choice = {"index": 0, "message": {"content": said}, "finish_reason": "stop"}
        return httpx.Response(200, json={"id": "x", "model": "m", "choices": [choice]})
