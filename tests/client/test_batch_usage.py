"""`on_usage` and batch jobs: each answer is told of once, when its results are fetched."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import httpx
import pytest

from siliconflow_client import BATCH_MODELS, UsageMeter, UsageReport
from siliconflow_client.endpoints.batch_lines import usage_of_line
from siliconflow_simulator.answers.answer import Answer
from tests.client.batch_site import MODEL, Site, do, echo, request, requests, resume, submit
from tests.client.callers import Caller

both = pytest.mark.parametrize("kind", ["sync", "async"])


@pytest.fixture
def state(tmp_path: Path) -> Path:
    return tmp_path / "job.json"


@both
async def test_each_answer_of_a_batch_is_told_of(kind: str, state: Path):
    asked = [
        {**request(f"item {number}"), "model": BATCH_MODELS[number % 2]} for number in range(6)
    ]
    reports: list[UsageReport] = []
    async with Caller(kind, Site(), on_usage=reports.append) as ask:
        job = await do(await submit(ask, asked, state), "wait")
    results = job.results()
    assert sorted((r.model, r.usage.total_tokens, r.trace_id) for r in reports) == sorted(
        (answer.model, answer.usage.total_tokens, answer.trace_id) for answer in results
    )
    assert {report.path for report in reports} == {"/batches"}
    assert len({report.trace_id for report in reports}) == 6


@both
async def test_what_was_told_of_is_not_told_of_again(kind: str, state: Path):
    meter = UsageMeter()
    site = Site()
    async with Caller(kind, site, on_usage=meter) as ask:
        job = await do(await submit(ask, requests(3), state), "wait")
        for _ in range(2):
            job.results()
            await do(job, "wait")
        job.close()
        await do(resume(ask, state), "wait")
    assert meter.answers == 3
    assert meter.by_model[MODEL].total_tokens == sum(
        answer.usage.total_tokens for answer in job.results()
    )


@both
async def test_requests_that_failed_cost_nothing_until_they_are_answered(kind: str, state: Path):
    told: list[UsageReport] = []
    refused = True

    def answers(call: Any) -> Any:
        return [Answer(text="at last")] if not refused else echo(call)

    site = Site(answers=answers)
    async with Caller(kind, site, on_usage=told.append) as ask:
        asked = [request("item 1"), request("bad"), request("item 2")]
        job = await do(await submit(ask, asked, state), "wait")
        assert len(told) == 2
        refused = False
        await do(await do(job, "resubmit_failed"), "wait")
    assert len(told) == 3
    assert [answer.text for answer in job.results()][1] == "at last"


@both
async def test_a_function_that_raises_spoils_no_job(
    kind: str, state: Path, caplog: pytest.LogCaptureFixture
):
    def broken(report: UsageReport) -> None:
        raise KeyError(report.model)

    async with Caller(kind, Site(), on_usage=broken) as ask:
        job = await do(await submit(ask, requests(2), state), "wait")
    assert len(job.results()) == 2
    assert "on_usage raised KeyError" in caplog.text


@both
async def test_a_job_of_many_answers_counts_them_all(kind: str, state: Path):
    meter = UsageMeter()
    async with Caller(kind, Site(), on_usage=meter) as ask:
        await do(await submit(ask, requests(450), state, max_lines=300), "wait")
    assert meter.answers == 450


BODY = {"model": "m", "choices": [], "usage": {"prompt_tokens": 2, "total_tokens": 2}}


def line(**fields: Any) -> bytes:
    response = {"status_code": 200, "request_id": "t-1", "body": BODY}
    return json.dumps({"custom_id": "r-0", "response": response, **fields}).encode()


def test_a_line_tells_its_tokens_and_its_trace():
    told = usage_of_line(line())
    assert told is not None
    assert (told.custom_id, told.usage.total_tokens, told.trace_id) == ("r-0", 2, "t-1")


@pytest.mark.parametrize(
    "odd",
    [
        b"",
        b"not JSON",
        b"[]",
        line(response=None),
        line(response={}),
        line(response={"body": None}),
        line(response={"body": {"usage": None}}),
        line(response={"body": {"usage": "many"}}),
        line(custom_id=None),
        line(custom_id=7),
    ],
)
def test_a_line_that_tells_nothing_is_passed_over(odd: bytes):
    assert usage_of_line(odd) is None


@both
async def test_lines_of_others_and_second_lines_do_not_count(kind: str, state: Path):
    meter = UsageMeter()
    site = Site()
    plain = site.handle
    spoiled: list[str] = []

    def doubled(asked: httpx.Request) -> Any:
        response: Any = plain(asked)
        if not asked.url.path.endswith("/content"):
            return response
        body = b"".join(response.stream)
        spoiled.append(asked.url.path)
        return httpx.Response(200, content=body + body + line(custom_id="another-0") + b"\n")

    site.handle = doubled
    async with Caller(kind, site, on_usage=meter) as ask:
        await do(await submit(ask, requests(2), state), "wait")
    assert spoiled, "no file of results was fetched"
    assert meter.answers == 2
