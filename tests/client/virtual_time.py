"""An event loop whose clock runs only while everything waits, and a model of the vendor's limits."""

from __future__ import annotations

import asyncio
import json
import selectors
from collections import deque
from collections.abc import Coroutine
from typing import Any, TypeVar

import httpx

T = TypeVar("T")


class _Selector(selectors.SelectSelector):
    """Does not wait: it moves the clock on by as much as it would have waited."""

    now = 0.0

    def select(self, timeout: float | None = None) -> Any:
        found = super().select(0)
        if not found and timeout:
            self.now += timeout
        return found


class VirtualLoop(asyncio.SelectorEventLoop):
    """Hours pass in moments."""

    def __init__(self) -> None:
        self.selector = _Selector()
        super().__init__(self.selector)

    def time(self) -> float:
        return self.selector.now


def run_in_virtual_time(main: Coroutine[Any, Any, T]) -> tuple[T, float]:
    """Return the result, and the virtual seconds that it took."""
    loop = VirtualLoop()
    try:
        result = loop.run_until_complete(main)
        loop.run_until_complete(loop.shutdown_asyncgens())
        return result, loop.time()
    finally:
        loop.close()


class Vendor:
    """Takes up to `rpm` requests and `tpm` tokens in any 60 seconds; an answer takes `latency`."""

    def __init__(self, rpm: int, tpm: int, tokens: int, latency: float) -> None:
        self.rpm, self.tpm, self.tokens, self.latency = rpm, tpm, tokens, latency
        self.taken: deque[tuple[float, int]] = deque()
        self.requests = self.refused = self.answered = 0

    async def answer(self, request: httpx.Request) -> httpx.Response:
        now = asyncio.get_running_loop().time()
        self.requests += 1
        while self.taken and self.taken[0][0] <= now - 60:
            self.taken.popleft()
        over_tokens = sum(tokens for _, tokens in self.taken) + self.tokens > self.tpm
        if over_tokens or len(self.taken) >= self.rpm:
            self.refused += 1
            await asyncio.sleep(0.05)
            limit = "TPM" if over_tokens else "RPM"
            said = {"code": 50602, "message": f"rate limiting. Details: {limit} limit reached."}
            return httpx.Response(429, json=said)
        self.taken.append((now, self.tokens))
        await asyncio.sleep(self.latency)
        self.answered += 1
        choice = {
            "index": 0,
            "message": {"role": "assistant", "content": "ok"},
            "finish_reason": "stop",
        }
        usage = {
            "prompt_tokens": 20,
            "completion_tokens": self.tokens - 20,
            "total_tokens": self.tokens,
        }
        body = {"id": "x", "model": "m", "choices": [choice], "usage": usage}
        return httpx.Response(200, content=json.dumps(body))
