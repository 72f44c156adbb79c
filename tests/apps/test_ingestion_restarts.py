"""Many passages into a store that is kept, by a program that is killed on the way and started again.

`PASSAGES=100000 make test-apps ARGS="-k ingestion"` takes more of them.
"""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import threading
import time
from collections import Counter
from pathlib import Path

import httpx
import pytest

from tests.apps.ingestion import MODEL, SLICE
from tests.conftest import ROOT
from tests.double import Asked, Double

PASSAGES = int(os.environ.get("PASSAGES", "10000"))
NOT_YET_KEPT = 2 * 8 * 32
"""Texts that may be paid for and not yet handed over: eight requests, and as many results that
wait for the one before them."""


class Embedder:
    """Embeds by the length of the text; kills who sends the request of that number."""

    def __init__(self, kill_at: int) -> None:
        self.seen: Counter[str] = Counter()
        self.requests = 0
        self._kill_at = kill_at
        self._lock = threading.Lock()

    def answer(self, request: Asked) -> httpx.Response:
        if len(request.content) < int(request.headers["content-length"]):
            return httpx.Response(400)  # cut off by the kill
        texts = json.loads(request.content)["input"]
        with self._lock:
            self.requests += 1
            if self.requests == self._kill_at:
                os.kill(int(request.headers["x-pid"]), signal.SIGKILL)
            else:
                self.seen.update(texts)
        data = [
            {"index": n, "embedding": [float(len(text)), 1.0, 0.5, 0.25]}
            for n, text in enumerate(texts)
        ]
        usage = {"prompt_tokens": len(texts), "total_tokens": len(texts)}
        return httpx.Response(200, json={"model": MODEL, "data": data, "usage": usage})


@pytest.mark.timeout(600 + PASSAGES // 10)
@pytest.mark.parametrize(
    ("framework", "twice"), [("llama_index", NOT_YET_KEPT), ("langchain", SLICE)]
)
def test_what_was_kept_before_a_kill_is_not_embedded_again(
    framework: str, twice: int, tmp_path: Path, capsys: pytest.CaptureFixture[str]
):
    """LlamaIndex's cache keeps every batch; LangChain's records, every slice."""
    embedder = Embedder(kill_at=PASSAGES // 64)  # half-way
    with Double(embedder.answer) as server:
        program = [sys.executable, "-m", "tests.apps.ingestion", framework, server.url]
        program += [str(tmp_path), str(PASSAGES)]

        def start() -> subprocess.CompletedProcess[str]:
            return subprocess.run(program, cwd=ROOT, capture_output=True, text=True, check=False)

        began = time.monotonic()
        assert start().returncode == -signal.SIGKILL
        until_kill = time.monotonic() - began
        before = len(embedder.seen)
        assert PASSAGES // 3 < before < PASSAGES
        again = start()
        kept, memory, rest = again.stdout.split()[-3:] or [again.stderr[-2000:], "", ""]
        assert kept == str(PASSAGES)
        assert "100%" in again.stderr, "no progress was shown"
        doubled = sum(embedder.seen.values()) - PASSAGES
        assert doubled <= twice
        asked = embedder.requests
        third = start()
        assert third.returncode == 0
        assert embedder.requests == asked, "a third run asks for nothing"
    assert len(embedder.seen) == PASSAGES
    with capsys.disabled():
        print(  # noqa: T201  # the figures are what is to be shown
            f"\n{framework}: {PASSAGES:,} passages, killed after {until_kill:.0f} s, the rest in "
            f"{rest} s and at most {memory} MB, {doubled} texts embedded twice; a run with nothing "
            f"left to do takes {third.stdout.split()[-1]} s"
        )
