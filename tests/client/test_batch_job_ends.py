"""How waiting, cancelling and sending again end where the site or the disk does not do as expected."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import httpx
import pytest

from siliconflow_client import APIResponseError, ConfigurationError, OverloadedError
from siliconflow_client.bulk import batch_job_results
from siliconflow_client.endpoints.batch_lines import Reading, read_result
from tests.client.batch_site import Site, do, requests, resume, submit, told
from tests.client.callers import Caller

both = pytest.mark.parametrize("kind", ["sync", "async"])


@pytest.fixture
def state(tmp_path: Path) -> Path:
    return tmp_path / "job.json"


@both
async def test_a_cancel_that_is_refused_while_the_batch_goes_on_is_raised(kind: str, state: Path):
    site = Site()

    def refusing(request: httpx.Request) -> httpx.Response:
        return httpx.Response(503) if request.url.path.endswith("/cancel") else site(request)

    async with Caller(kind, refusing, max_retries=0) as ask:
        job = await submit(ask, requests(2), state)
        with pytest.raises(OverloadedError):
            await do(job, "cancel")
        await do(job, "wait")
    assert told(job.results()) == ["answer to item 0", "answer to item 1"]


@both
async def test_a_deadline_that_is_far_away_ends_nothing(kind: str, state: Path):
    async with Caller(kind, Site()) as ask:
        job = await do(await submit(ask, requests(1), state), "wait", poll=5.0, deadline=1e6)
    assert told(job.results()) == ["answer to item 0"]
    assert ask.waits.count(5.0) >= 1


@both
async def test_a_look_that_tells_nothing_new_writes_nothing(kind: str, state: Path):
    class Slow(Site):
        """Each status is told three times."""

        def __init__(self) -> None:
            super().__init__()
            self.said: list[httpx.Response] = []

        def __call__(self, request: httpx.Request) -> httpx.Response:
            if request.method != "GET" or "/batches/" not in request.url.path:
                return super().__call__(request)
            if not self.said:
                answer = super().__call__(request)
                content = b"".join(answer.stream)  # type: ignore[arg-type]  # a synchronous one
                self.said = [httpx.Response(200, content=content) for _ in range(3)]
            return self.said.pop()

    written: list[int] = []
    async with Caller(kind, Slow()) as ask:
        job = await submit(ask, requests(1), state)
        await do(job, "wait", on_progress=lambda _: written.append(state.stat().st_mtime_ns))
    assert told(job.results()) == ["answer to item 0"]
    assert len(written) > len(set(written)) > 1


@both
async def test_what_failed_in_one_part_is_sent_again_without_the_files_of_others(
    kind: str, state: Path
):
    site = Site(faults=["", "batch-expires=1"])
    async with Caller(kind, site) as ask:
        job = await do(await submit(ask, requests(6), state, max_lines=3), "wait")
        failed = [
            n
            for n, text in enumerate(told(job.results(return_exceptions=True)))
            if "answer" not in text
        ]
        assert set(failed) < {0, 1, 2}
        sorted(state.with_name("job.json.parts").glob("*.in"))[1].unlink()
        again = await do(await do(job, "resubmit_failed"), "wait")
    assert told(again.results()) == [f"answer to item {number}" for number in range(6)]


@both
async def test_requests_that_are_not_on_the_disk_any_more_cannot_be_sent_again(
    kind: str, state: Path
):
    site = Site(faults=["", "batch-expires=1"])
    async with Caller(kind, site) as ask:
        job = await do(await submit(ask, requests(3), state), "wait")
        (path,) = state.with_name("job.json.parts").glob("*.in")
        path.write_bytes(b"")
        with pytest.raises(ConfigurationError, match="not beside the state any more"):
            await do(job, "resubmit_failed")
        assert len(site.batches()) == 1
        kept = told(resume(ask, state).results(return_exceptions=True))
    assert sorted(kept).count("BatchExpiredError") == 2


@both
async def test_a_request_that_was_damaged_on_the_disk_costs_no_answer(kind: str, state: Path):
    async with Caller(kind, Site()) as ask:
        await do(await submit(ask, requests(3), state), "wait")
        (path,) = state.with_name("job.json.parts").glob("*.in")
        path.write_bytes(path.read_bytes().replace(b'"body":', b'"body"', 1))
        found = told(resume(ask, state).results(return_exceptions=True))
    assert found == [f"answer to item {number}" for number in range(3)]


@pytest.mark.parametrize("line", [b"", b"{", b"[1]", b"5"])
def test_a_result_that_is_none_is_returned_as_an_error(line: bytes):
    found = read_result(line, None, "b1", "api.siliconflow.cn", "m", Reading())
    assert isinstance(found, APIResponseError)
    assert found.host == "api.siliconflow.cn"


@both
async def test_results_of_more_parts_than_may_be_open_are_all_read(
    kind: str, state: Path, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr(batch_job_results, "_MOST_OPEN", 2)
    async with Caller(kind, Site()) as ask:
        job = await do(await submit(ask, requests(9), state, max_lines=2), "wait")
        results: Any = job.results()
        places = [8, 0, 5, 3, 7, 1]
        assert [results[place].text for place in places] == [f"answer to item {n}" for n in places]
        assert len(job.batch_ids) == 5
