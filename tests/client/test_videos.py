"""`client.videos`: submitted once, waited for in one flow, fetched at once."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import httpx
import pytest

from siliconflow_client import (
    APIResponseError,
    APITimeoutError,
    CallOptions,
    ConfigurationError,
    JobFailedError,
    NotFoundError,
    ServerError,
    VideoJob,
    VideoStatus,
)
from siliconflow_simulator import Simulator
from tests.client.callers import Caller, answering, left_in, settled
from tests.fixtures import INDEX

both = pytest.mark.parametrize("kind", ["sync", "async"])

WAVES: dict[str, Any] = {"model": "Wan-AI/Wan2.2-T2V-A14B", "prompt": "waves"}


class Job:
    """A site with one job, whose statuses come one after the other; the last one stays."""

    def __init__(self, *statuses: dict[str, Any]) -> None:
        self.statuses = list(statuses)
        self.asked: list[httpx.Request] = []

    def __call__(self, request: httpx.Request) -> httpx.Response:
        self.asked.append(request)
        if request.url.path.endswith("/submit"):
            return httpx.Response(200, json={"requestId": "r1"})
        if request.url.path.endswith("/status"):
            answer = self.statuses.pop(0) if len(self.statuses) > 1 else self.statuses[0]
            return httpx.Response(200, json=answer)
        return httpx.Response(200, headers={"content-type": "video/mp4"}, content=b"film")


async def never_awaited(status: VideoStatus) -> None: ...


DONE = {"status": "Succeed", "results": {"videos": [{"url": "https://s.example.com/a.mp4"}]}}


@both
async def test_a_film_is_ordered_as_documented(kind: str):
    job = Job(DONE)
    async with Caller(kind, job) as ask:
        made = await settled(ask.client.videos.submit(**WAVES, image=b"\xff\xd8\xff", seed=1))
    assert made == VideoJob("r1", None)
    sent = json.loads(job.asked[0].content)
    assert sent == {**WAVES, "image": "data:image/jpeg;base64,/9j/", "seed": 1}
    assert job.asked[0].url.path == "/v1/video/submit"


@both
@pytest.mark.parametrize("status", [500, 503, 504])
async def test_a_job_is_never_submitted_twice(kind: str, status: int):
    asked: list[str] = []

    def fail(request: httpx.Request) -> httpx.Response:
        asked.append(request.url.path)
        return httpx.Response(status, json={"message": "x"})

    async with Caller(kind, fail) as ask:
        with pytest.raises(ServerError):
            await settled(ask.client.videos.submit(**WAVES))
    assert asked == ["/v1/video/submit"]


@both
@pytest.mark.parametrize("file", ["status_failed", "status_in_progress", "status_succeed"])
async def test_the_documented_statuses_are_read(kind: str, file: str):
    payload = INDEX[f"video/{file}.json"]
    async with Caller(kind, answering(payload.content)) as ask:
        status = await settled(ask.client.videos.status("r1"))
    assert isinstance(status, VideoStatus)
    assert status.status == payload.json()["status"]
    assert (status.is_done, status.is_failed) == ("succeed" in file, "failed" in file)
    assert status.reason == ("content risk" if "failed" in file else "")
    assert [video.url for video in status.videos] == (
        ["https://example.com/a.mp4"] if "succeed" in file else []
    )
    assert status.raw == payload.json()


@both
@pytest.mark.parametrize(
    "answer",
    [{}, {"status": None}, {"status": "Succeed"}, {"status": "Succeed", "results": {"videos": []}}],
)
async def test_an_answer_that_tells_nothing_is_an_unexpected_one(kind: str, answer: Any):
    async with Caller(kind, lambda request: httpx.Response(200, json=answer)) as ask:
        with pytest.raises(APIResponseError):
            await settled(ask.client.videos.status("r1"))
        with pytest.raises(APIResponseError):
            await settled(ask.client.videos.wait("r1"))


@both
async def test_a_film_is_waited_for_and_fetched_at_once(kind: str, tmp_path: Path):
    simulator = Simulator()
    seen: list[tuple[str, int | None]] = []
    async with Caller(kind, simulator.transport().handler) as ask:
        job = await settled(ask.client.videos.submit(**WAVES))
        made = await settled(
            ask.client.videos.wait(
                job,
                poll=2.5,
                on_progress=lambda status: seen.append((status.status, status.position)),
                save_to=tmp_path,
            )
        )
    assert seen == [("InQueue", 2), ("InQueue", 1), ("InProgress", 0), ("Succeed", 0)]
    assert ask.waits == [2.5, 2.5, 2.5]
    assert made.files == left_in(tmp_path)
    assert made.files[0].read_bytes().startswith(b"\x89PNG")
    paths = [request.path.rpartition("/")[0] for request in simulator.requests]
    assert paths == ["/v1/video", *["/v1/video"] * 4, "/outputs"]


@both
async def test_a_film_can_be_fetched_later_too(kind: str, tmp_path: Path):
    async with Caller(kind, Job(DONE)) as ask:
        made = await settled(ask.client.videos.wait("r1"))
        assert made.files == []
        (path,) = await settled(ask.client.videos.save(made, tmp_path))
    assert (path.read_bytes(), path.suffix) == (b"film", ".mp4")


@both
async def test_a_word_that_nobody_documents_is_not_an_end(kind: str):
    job = Job({"status": "Warming"}, {"status": "InQueue", "position": None}, DONE)
    async with Caller(kind, job) as ask:
        made = await settled(ask.client.videos.wait(VideoJob("r1"), poll=1))
    assert (made.is_done, len(ask.waits)) == (True, 2)
    assert {request.content for request in job.asked} == {b'{"requestId":"r1"}'}


@both
async def test_a_film_that_failed_is_an_error_with_the_reason(kind: str):
    async with Caller(kind, Simulator(faults=["", "failed"]).transport().handler) as ask:
        job = await settled(ask.client.videos.submit(**WAVES))
        with pytest.raises(JobFailedError) as caught:
            await settled(ask.client.videos.wait(job))
    assert (caught.value.reason, caught.value.job) == ("content risk", job.request_id)
    assert "content risk" in str(caught.value)
    assert caught.value.trace_id
    assert not caught.value.is_retryable


@both
async def test_a_reason_shows_no_key(kind: str):
    job = Job({"status": "Failed", "reason": "for sk-0123456789abcdef\x1b[31m" + "x" * 10**6})
    async with Caller(kind, job) as ask:
        with pytest.raises(JobFailedError) as caught:
            await settled(ask.client.videos.wait("r1"))
    assert "sk-0123456789abcdef" not in str(caught.value) + caught.value.reason
    assert "\x1b" not in str(caught.value)
    assert len(str(caught.value)) < 1000


@both
async def test_a_task_that_has_expired_says_so(kind: str):
    async with Caller(kind, Simulator().transport().handler) as ask:
        with pytest.raises(NotFoundError) as caught:
            await settled(ask.client.videos.wait("nowhere"))
    assert caught.value.code == 20063
    assert "ten minutes" in str(caught.value.hint)


@both
async def test_a_poll_that_fails_is_tried_again_and_the_job_is_not(kind: str):
    simulator = Simulator(faults=["", "503", "drop", ""])
    async with Caller(kind, simulator.transport().handler) as ask:
        job = await settled(ask.client.videos.submit(**WAVES))
        assert (await settled(ask.client.videos.wait(job, poll=1))).is_done
    paths = [request.path for request in simulator.requests]
    assert paths.count("/v1/video/submit") == 1


@both
async def test_a_wait_that_would_outlast_the_deadline_is_not_begun(kind: str):
    job = Job({"status": "InQueue", "position": 7})
    async with Caller(kind, job) as ask:
        with pytest.raises(APITimeoutError) as caught:
            await settled(ask.client.videos.wait("r1", poll=5, deadline=4))
        with pytest.raises(APITimeoutError):
            await settled(ask.client.videos.wait("r1", poll=5, options=CallOptions(deadline=3)))
    assert (caught.value.phase, caught.value.limit) == ("deadline", 4)
    assert "InQueue" in str(caught.value)
    assert "goes on" in str(caught.value.hint)
    assert (len(job.asked), ask.waits) == (2, [])


@both
async def test_the_deadline_of_ordinary_calls_is_not_that_of_a_film(kind: str):
    job = Job({"status": "InQueue"}, DONE)
    async with Caller(kind, job, deadline=2.0) as ask:
        assert (await settled(ask.client.videos.wait("r1", poll=5))).is_done
    assert ask.waits == [5]


@both
@pytest.mark.parametrize(
    ("argument", "value"),
    [
        ("poll", 0),
        ("poll", "5"),
        ("poll", float("nan")),
        ("poll", True),
        ("deadline", 0),
        ("max_bytes", 0),
        ("on_progress", 5),
        ("on_progress", never_awaited),
    ],
)
async def test_a_wait_that_cannot_be_meant_costs_no_request(kind: str, argument: str, value: Any):
    job = Job(DONE)
    async with Caller(kind, job) as ask:
        with pytest.raises(ConfigurationError) as caught:
            await settled(ask.client.videos.wait("r1", **{argument: value}))
    assert (caught.value.argument, job.asked) == (argument, [])


@both
@pytest.mark.parametrize("name", ["", None, 5])
async def test_a_job_needs_an_id(kind: str, name: Any):
    job = Job(DONE)
    async with Caller(kind, job) as ask:
        for method in (ask.client.videos.status, ask.client.videos.wait):
            with pytest.raises(ConfigurationError) as caught:
                await settled(method(name))
            assert caught.value.argument == "request_id"
    assert job.asked == []


@both
async def test_an_error_in_the_callers_own_function_ends_the_wait(kind: str):
    job = Job({"status": "InQueue"})

    def stop(status: VideoStatus) -> None:
        raise KeyError(status.status)

    async with Caller(kind, job) as ask:
        with pytest.raises(KeyError, match="InQueue"):
            await settled(ask.client.videos.wait("r1", on_progress=stop))
    assert len(job.asked) == 1
