"""A batch job that is killed at any step boundary is gone on with, and no batch is made twice."""

from __future__ import annotations

import json
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest

from siliconflow_client import BatchJob, SiliconFlowClient
from tests.client.batch_site import Site, do, requests, resume, submit, told
from tests.client.callers import Caller
from tests.conftest import ROOT

both = pytest.mark.parametrize("kind", ["sync", "async"])
COUNT = 7
PARTS = 3
ANSWERS = [f"answer to item {number}" for number in range(COUNT)]


class Killed(BaseException):
    """No error that anything would handle."""


class Boundaries:
    """Counts what is done to the world, and dies before or after the wanted one."""

    def __init__(self, die_at: int | None = None) -> None:
        self.die_at = die_at
        self.count = 0

    def step(self) -> None:
        self.count += 1
        if self.count == self.die_at:
            raise Killed

    def handler(self, site: Site) -> Any:
        def handle(request: httpx.Request) -> httpx.Response:
            self.step()
            response = site(request)
            self.step()
            return response

        return handle


@pytest.fixture
def moving(monkeypatch: pytest.MonkeyPatch) -> Iterator[list[Boundaries]]:
    """Moving a file is a boundary too, before and after it; the last of the list counts."""
    counting: list[Boundaries] = []
    replace = Path.replace

    def move(self: Path, target: Path) -> Path:
        counting[-1].step()
        moved = replace(self, target)
        counting[-1].step()
        return moved

    monkeypatch.setattr(Path, "replace", move)
    return iter([counting])


async def run(kind: str, boundaries: Boundaries, site: Site, state: Path) -> list[str]:
    """What a user's program does, started for the first time or again."""
    async with Caller(kind, boundaries.handler(site)) as ask:
        if state in state.parent.iterdir():
            job = resume(ask, state)
        else:
            job = await submit(ask, requests(COUNT), state, max_lines=3)
        await do(job, "wait")
        return told(job.results())


@both
async def test_killed_at_every_boundary(kind: str, tmp_path: Path, moving: Any):
    counting = next(moving)
    whole = Boundaries()
    counting.append(whole)
    assert await run(kind, whole, Site(), tmp_path / "whole.json") == ANSWERS
    assert whole.count > 50
    for die_at in range(1, whole.count + 1):
        site, state = Site(), tmp_path / f"{die_at}.json"
        dying = Boundaries(die_at)
        counting.append(dying)
        with pytest.raises(Killed):
            await run(kind, dying, site, state)
        counting.append(Boundaries())
        assert await run(kind, counting[-1], site, state) == ANSWERS, die_at
        assert len(site.batches()) == PARTS, die_at


@both
async def test_killed_twice_while_batches_are_created(kind: str, tmp_path: Path, moving: Any):
    counting = next(moving)
    for first in range(3, 40, 5):
        for second in range(2, 16, 4):
            site, state = Site(), tmp_path / f"{first}-{second}.json"
            for die_at in (first, second):
                counting.append(Boundaries(die_at))
                with pytest.raises(Killed):
                    await run(kind, counting[-1], site, state)
            counting.append(Boundaries())
            assert await run(kind, counting[-1], site, state) == ANSWERS, (first, second)
            assert len(site.batches()) == PARTS, (first, second)


@both
async def test_killed_while_failed_requests_are_sent_again(kind: str, tmp_path: Path, moving: Any):
    counting = next(moving)

    async def again(boundaries: Boundaries, site: Site, state: Path) -> list[str]:
        counting.append(boundaries)
        async with Caller(kind, boundaries.handler(site)) as ask:
            job = resume(ask, state)
            if not job.is_done:
                await do(job, "wait")
            if "BatchExpiredError" in told(job.results(return_exceptions=True)):
                await do(job, "resubmit_failed")
            await do(job, "wait")
            return told(job.results())

    async def expired(name: str) -> tuple[Site, Path]:
        counting.append(Boundaries())
        site, state = Site(faults=["", "batch-expires=1"]), tmp_path / f"{name}.json"
        async with Caller(kind, site) as ask:
            await do(await submit(ask, requests(COUNT), state), "wait")
        return site, state

    whole = Boundaries()
    assert await again(whole, *await expired("whole")) == ANSWERS
    assert whole.count > 15
    for die_at in range(1, whole.count + 1):
        site, state = await expired(str(die_at))
        with pytest.raises(Killed):
            await again(Boundaries(die_at), site, state)
        assert await again(Boundaries(), site, state) == ANSWERS, die_at
        assert len(site.batches()) == 2, die_at


# --- by the system --------------------------------------------------------------------------

PROGRAM = """
import os, signal, sys
from pathlib import Path
import httpx
from siliconflow_client import BatchJob, SiliconFlowClient

url, state, label, wanted, when = sys.argv[1:]
seen = 0

def boundary(name, moment):
    global seen
    if name == label and moment == "before":
        seen += 1
    if name == label and seen == int(wanted) and moment == when:
        os.kill(os.getpid(), signal.SIGKILL)

class Transport(httpx.HTTPTransport):
    def handle_request(self, request):
        name = f"{request.method} {request.url.path.rpartition('/')[2]}"
        boundary(name, "before")
        response = super().handle_request(request)
        boundary(name, "after")
        return response

replace = Path.replace
def move(self, target):
    boundary("move", "before")
    replace(self, target)
    boundary("move", "after")
Path.replace = move

requests = [
    {"model": "deepseek-ai/DeepSeek-V3", "messages": [{"role": "user", "content": f"item {n}"}]}
    for n in range(7)
]
with httpx.Client(transport=Transport()) as http:
    client = SiliconFlowClient(
        api_key="sk-any", base_url=url, http_client=http, sleep=lambda seconds: None
    )
    client.batches.submit(requests, state=state, max_lines=3).wait()
"""


@pytest.mark.parametrize(
    ("label", "count", "when"),
    [
        ("move", 1, "before"),
        ("move", 1, "after"),
        ("POST files", 2, "after"),
        ("POST batches", 1, "before"),
        ("POST batches", 2, "after"),
        ("move", 4, "before"),
        ("GET content", 1, "after"),
        ("move", 12, "before"),
    ],
)
def test_killed_by_the_system(
    label: str, count: int, when: str, tmp_path: Path, simulator_url: str
):
    state = tmp_path / "job.json"
    program = [sys.executable, "-c", PROGRAM, simulator_url, str(state), label, str(count), when]
    done = subprocess.run(
        program, check=False, cwd=ROOT, capture_output=True, text=True, timeout=60
    )
    assert done.returncode == -signal.SIGKILL, done.stderr
    with SiliconFlowClient(
        api_key="sk-any", base_url=simulator_url, sleep=lambda seconds: None
    ) as client:
        before = [batch.id for batch in client.batches.list(limit=100)]
        if state.exists():
            job = BatchJob.resume(state, client)
        else:  # killed before anything was sent: the program is simply started again
            asked: Any = requests(COUNT)
            job = client.batches.submit(asked, state=state, max_lines=3)
        results = job.wait().results()
        run = json.loads(state.read_bytes())["run"]
        mine = [batch for batch in client.batches.list() if batch.metadata.get("run") == run]
        assert len(before) == len(set(before))
    assert [result.text.count(f"item {number}") for number, result in enumerate(results)] == [1] * 7
    assert sorted(batch.metadata["part"] for batch in mine) == ["0", "1", "2"]
