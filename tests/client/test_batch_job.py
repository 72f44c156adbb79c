"""`client.batches.submit` and `BatchJob`: many chat requests as batches."""

from __future__ import annotations

import json
import stat
import threading
import tracemalloc
from pathlib import Path
from typing import Any

import httpx
import pytest

from siliconflow_client import (
    BATCH_MODELS,
    APIConnectionError,
    APIResponseError,
    APITimeoutError,
    AsyncBatchJob,
    AuthenticationError,
    BadRequestError,
    BatchExpiredError,
    BatchJob,
    BatchProgress,
    ConfigurationError,
    OverloadedError,
    SiliconFlowClient,
    SiliconFlowError,
)
from siliconflow_client.bulk.batch_job_parts import PartFiles, write_requests
from siliconflow_client.bulk.batch_job_state import JobFiles, JobState
from siliconflow_client.endpoints.batch_lines import LineWriter
from tests.client.batch_site import CREATE, MODEL, Site, do, request, requests, resume, submit, told
from tests.client.callers import KEY, Caller
from tests.client.groups import call

both = pytest.mark.parametrize("kind", ["sync", "async"])


@pytest.fixture
def state(tmp_path: Path) -> Path:
    return tmp_path / "job.json"


def written(state: Path, kind: str = "in") -> list[list[Any]]:
    """The lines of all parts' files."""
    folder = state.with_name("job.json.parts")
    return [
        [json.loads(line) for line in path.read_bytes().splitlines()]
        for path in sorted(folder.glob(f"*.{kind}"))
    ]


@both
@pytest.mark.parametrize("output", ["id", "url"])
async def test_answers_come_in_the_order_of_the_requests(kind: str, output: str, state: Path):
    site = Site(batch_output=output)
    told_progress: list[BatchProgress] = []
    async with Caller(kind, site) as ask:
        job = await submit(ask, iter(requests(23)), state, max_lines=10)
        assert isinstance(job, BatchJob if kind == "sync" else AsyncBatchJob)
        await do(job, "wait", on_progress=told_progress.append, poll=7.0)
    assert told(job.results()) == [f"answer to item {number}" for number in range(23)]
    assert [len(part) for part in written(state)] == [10, 10, 3]
    # The files' own order is another one, or this would show nothing.
    shuffled = [line["custom_id"] for line in written(state, "out")[0]]
    assert shuffled != [line["custom_id"] for line in written(state)[0]]
    assert [waited for waited in ask.waits if waited] == [7.0, 7.0]
    assert [progress.completed for progress in told_progress] == [0, 0, 23]
    assert str(told_progress[-1]).startswith("23 of 23 requests done, 0 failed (3 of 3 batches")


@both
async def test_what_is_sent_is_what_the_batch_guide_asks_for(kind: str, state: Path):
    site = Site()
    asked = [request("a", temperature=0.5, n=1), request("b", max_tokens=9)]
    async with Caller(kind, site) as ask:
        job = await submit(ask, asked, state, completion_window="48h", metadata={"who": "me"})
    [part] = written(state)
    assert part == [
        {
            "custom_id": f"{part[0]['custom_id'].rpartition('-')[0]}-{number}",
            "method": "POST",
            "url": "/v1/chat/completions",
            "body": {**made, "stream": False},
        }
        for number, made in enumerate(asked)
    ]
    [create] = site.created
    run = create["metadata"].pop("run")
    assert create == {
        "input_file_id": create["input_file_id"],
        "endpoint": "/v1/chat/completions",
        "completion_window": "48h",
        "metadata": {"who": "me", "part": "0"},
    }
    assert part[0]["custom_id"] == f"{run}-0"
    [batch] = site.batches()
    assert job.batch_ids == [batch["id"]]


@both
async def test_requests_of_several_models_become_batches_of_one_model_each(kind: str, state: Path):
    asked = [
        {**request(f"item {number}"), "model": BATCH_MODELS[number % 3]} for number in range(9)
    ]
    site = Site()
    async with Caller(kind, site) as ask:
        job = await do(await submit(ask, asked, state), "wait")
    assert told(job.results()) == [f"answer to item {number}" for number in range(9)]
    assert [r.model for r in job.results()] == [made["model"] for made in asked]
    assert len(site.batches()) == 3


@both
async def test_no_requests_are_no_batches(kind: str, state: Path):
    site = Site()
    async with Caller(kind, site) as ask:
        job = await do(await submit(ask, [], state), "wait")
    assert (job.results(), site.asked) == ([], [])


async def test_a_part_has_at_most_5000_lines_and_the_bytes_that_a_file_may_have(state: Path):
    site = Site()
    async with Caller("sync", site) as ask:
        await submit(ask, requests(5001), state)
    assert [len(part) for part in written(state)] == [5000, 1]
    files = JobFiles(state.with_name("other.json"))
    files.begin()
    target = PartFiles(files, 0, 5000, 100)
    for position in range(7):
        target.add(position, MODEL, b"x" * 33)
    with pytest.raises(ConfigurationError, match="larger"):
        target.add(7, MODEL, b"x" * 101)
    target.close()
    assert [part.lines for part in target.parts] == [3, 3, 1]
    assert [part.ranges for part in target.parts] == [[[0, 3]], [[3, 6]], [[6, 7]]]


@pytest.mark.parametrize("kind", ["sync", "async", "aiohttp"])
async def test_a_job_goes_its_way_over_a_socket(kind: str, state: Path, simulator_url: str):
    async with Caller(kind, base_url=simulator_url) as ask:
        job = await do(await submit(ask, requests(5), state, max_lines=2), "wait")
    assert [f"item {number}" in text for number, text in enumerate(told(job.results()))] == (
        [True] * 5
    )


# --- refused before anything is sent --------------------------------------------------------

ASSISTANT = {"role": "assistant", "content": "x"}
USER = {"role": "user", "content": "x"}


@both
@pytest.mark.parametrize(
    ("wrong", "argument", "words"),
    [
        (request("x", messages=[USER, ASSISTANT]), "requests[1].messages", "user message"),
        (
            request("x", messages=[USER, {"role": "tool", "content": "x"}, USER]),
            "requests[1].messages[1]",
            "'tool'",
        ),
        (
            request("x", messages=[{"role": "developer", "content": "x"}, USER]),
            "requests[1].messages[0]",
            "'developer'",
        ),
        (request("x", model="Qwen/Qwen3-8B"), "requests[1].model", "Qwen/Qwen3-8B"),
        (request("x", n=2), "requests[1].n", "n=2"),
        (request("x", temperature="hot"), "requests[1].temperature", "number"),
        (request("x", messages=[]), "requests[1].messages", "empty"),
        ("x", "requests[1]", "mapping"),
    ],
    ids=["last", "tool", "developer", "model", "n", "kind", "empty", "text"],
)
async def test_what_the_batch_api_would_refuse_is_refused_by_name(
    kind: str, wrong: Any, argument: str, words: str, state: Path
):
    site = Site()
    async with Caller(kind, site) as ask:
        with pytest.raises(ConfigurationError, match=words) as caught:
            await submit(ask, [request("fine"), wrong], state)
        assert caught.value.argument == argument
        assert (site.asked, [*state.parent.glob("job.json")]) == ([], [])
        # Nothing stands in the way of the next try.
        await submit(ask, [request("fine")], state)
    assert len(site.batches()) == 1


@both
async def test_other_models_may_be_asked_where_that_is_said(kind: str, state: Path):
    site = Site()
    async with Caller(kind, site) as ask:
        asked = [request("a", model="Qwen/Qwen3-8B")]
        job = await do(await submit(ask, asked, state, allow_unlisted=True), "wait")
    assert told(job.results()) == ["answer to a"]


@both
@pytest.mark.parametrize(
    ("settings", "argument"),
    [
        ({"completion_window": "1h"}, "completion_window"),
        ({"max_lines": 5001}, "max_lines"),
        ({"max_lines": 0}, "max_lines"),
        ({"metadata": {"run": "mine"}}, "metadata"),
        ({"state": ""}, "state"),
        ({"state": None}, "state"),
        ({"state": "/nowhere/at/all/job.json"}, "state"),
    ],
)
async def test_settings_are_checked_before_the_requests_are_looked_at(
    kind: str, settings: dict[str, Any], argument: str, state: Path
):
    def never() -> Any:
        raise AssertionError("looked at")
        yield

    async with Caller(kind, Site()) as ask:
        with pytest.raises(ConfigurationError) as caught:
            await submit(ask, never(), **{"state": state, **settings})
    assert caught.value.argument == argument


@both
async def test_a_job_is_not_submitted_a_second_time(kind: str, state: Path):
    site = Site()
    async with Caller(kind, site) as ask:
        await submit(ask, requests(2), state)
        with pytest.raises(ConfigurationError, match="already") as caught:
            await submit(ask, requests(2), state)
    assert "resume" in str(caught.value.hint)
    assert len(site.batches()) == 1


# --- what went wrong with some --------------------------------------------------------------


@both
async def test_a_failed_request_has_its_error_in_its_place(kind: str, state: Path):
    asked = [request("a"), request("bad"), request("c")]
    async with Caller(kind, Site()) as ask:
        job = await do(await submit(ask, asked, state), "wait")
    found = job.results(return_exceptions=True)
    assert told(found) == ["answer to a", "BadRequestError", "answer to c"]
    assert (found[1].code, found[1].status_code, found[1].model) == (20015, 400, MODEL)
    assert found[1].trace_id
    with pytest.raises(BadRequestError) as caught:
        job.results()
    assert told(caught.value.partial) == ["answer to a", "answer to c"]
    assert told(job.iter_results()) == told(found)


@both
async def test_an_expired_batch_gives_what_is_there(kind: str, state: Path):
    site = Site(faults=["", "batch-expires=3"])
    async with Caller(kind, site) as ask:
        job = await do(await submit(ask, requests(5), state), "wait")
    found = job.results(return_exceptions=True)
    errors = [result for result in found if isinstance(result, BatchExpiredError)]
    assert len(errors) == 2
    assert [
        told([result])[0] in (f"answer to item {number}", "BatchExpiredError")
        for number, result in enumerate(found)
    ] == [True] * 5
    assert {error.batch_id for error in errors} == set(job.batch_ids)
    assert {error.code for error in errors} == {"batch_expired"}
    assert "resubmit_failed" in str(errors[0])
    with pytest.raises(BatchExpiredError):
        job.results()


@both
async def test_only_what_failed_is_sent_again_and_both_answers_are_given(kind: str, state: Path):
    site = Site(faults=["", "batch-expires=1", "", "batch-expires=2"])
    async with Caller(kind, site) as ask:
        job = await do(await submit(ask, requests(6), state, max_lines=3), "wait")
        before = job.results(return_exceptions=True)
        failed = [number for number, text in enumerate(told(before)) if "answer" not in text]
        again = await do(job, "resubmit_failed", completion_window="72h")
        assert not again.is_done
        with pytest.raises(ConfigurationError, match="not done"):
            again.results()
        await do(again, "wait")
        assert told(again.results()) == [f"answer to item {number}" for number in range(6)]
        assert len(failed) == 3
        sent = [line["custom_id"] for part in written(state)[2:] for line in part]
        assert sorted(int(name.rpartition("-")[2]) for name in sent) == failed
        assert [batch["completion_window"] for batch in reversed(site.batches())] == [
            "24h", "24h", "72h",
        ]  # fmt: skip
        # Nothing is left to send, and another process knows all of it.
        asked = len(site.asked)
        await do(again, "resubmit_failed")
        assert len(site.asked) == asked
        assert told(resume(ask, state).results()) == told(again.results())


@both
async def test_a_cancelled_job_gives_what_is_there(kind: str, state: Path):
    async with Caller(kind, Site()) as ask:
        job = await submit(ask, requests(4), state, max_lines=2)
        await do(job, "cancel")
        await do(job, "wait")
        found = told(job.results(return_exceptions=True))
    assert found.count("BatchExpiredError") == 2
    assert len([text for text in found if text.startswith("answer to")]) == 2


@both
async def test_a_batch_that_ended_before_it_was_cancelled_stays_as_it_is(kind: str, state: Path):
    site = Site()
    async with Caller(kind, site) as ask:
        job = await submit(ask, requests(2), state)
        while (await call(ask, "batches.retrieve", job.batch_ids[0])).status != "completed":
            pass
        await do(job, "cancel")
        await do(job, "wait")
    assert told(job.results()) == ["answer to item 0", "answer to item 1"]


def result_lines(*lines: Any) -> bytes:
    return b"".join(
        line if isinstance(line, bytes) else json.dumps(line).encode() + b"\n" for line in lines
    )


class Files:
    """A site whose one batch ended as told, with these files."""

    def __init__(self, status: str = "completed", errors: Any = None, **files: Any) -> None:
        self.batch = {"id": "b1", "status": status, "errors": errors}
        self.files = files
        self.run = ""
        self.looks = 0

    def __call__(self, request: httpx.Request) -> httpx.Response:
        path = request.url.path.removeprefix("/v1")
        if path == "/files":
            return httpx.Response(200, json={"id": "f1"})
        if request.method == "POST":
            self.run = json.loads(request.content)["metadata"]["run"]
            return httpx.Response(200, json={"id": "b1", "status": "in_queue"})
        if path == "/batches/b1":
            self.looks += 1
            named = {f"{kind}_file_id": kind for kind in self.files}
            return httpx.Response(200, json={**self.batch, **named})
        lines = [
            {**line, "custom_id": line["custom_id"].replace("RUN", self.run)}
            if isinstance(line, dict)
            else line
            for line in self.files[path.split("/")[2]]
        ]
        return httpx.Response(200, content=result_lines(*lines))


def answered(text: str) -> dict[str, Any]:
    message = {"role": "assistant", "content": text}
    return {"status_code": 200, "body": {"choices": [{"index": 0, "message": message}]}}


@both
async def test_every_form_of_a_result_is_read(kind: str, state: Path):
    output = [
        {"custom_id": "RUN-3", "response": answered("three"), "error": None},
        b"not json at all\n",
        b'{"custom_id": 5}\n',
        {"custom_id": "foreign-0", "response": answered("foreign")},
        {"custom_id": "RUN-999", "response": answered("foreign")},
        {"custom_id": "RUN-0", "response": answered("zero")},
        {"custom_id": "RUN-4", "response": {"status_code": 200, "body": {"choices": None}}},
        {"custom_id": "RUN-7", "response": answered("")},
    ]
    error = [
        {"custom_id": "RUN-0", "response": None, "error": {"code": "x", "message": "earlier"}},
        {"custom_id": "RUN-1", "response": {"status_code": 503, "body": "busy"}},
        {"custom_id": "RUN-2", "response": None, "error": {"code": 50505, "message": "busy"}},
        {"custom_id": "RUN-5", "response": None, "error": "words"},
        {"custom_id": "RUN-6", "response": None, "error": {"code": "batch_expired"}},
    ]
    async with Caller(kind, Files(output=output, error=error)) as ask:
        job = await do(await submit(ask, requests(9), state), "wait")
        found = job.results(return_exceptions=True)
    assert told(found) == [
        "zero", "OverloadedError", "OverloadedError", "three", "APIResponseError", "ServerError",
        "BatchExpiredError", "", "APIResponseError",
    ]  # fmt: skip
    assert all(isinstance(error, SiliconFlowError) for error in found[4:7])
    assert "hold no result" in str(found[8])
    assert not [note for error in found for note in getattr(error, "__notes__", [])]


@both
async def test_a_batch_that_failed_as_a_whole_says_why(kind: str, state: Path):
    errors = {"data": [{"code": "invalid_json_line", "message": "Line 1 is broken."}]}
    async with Caller(kind, Files("failed", errors)) as ask:
        job = await do(await submit(ask, requests(1), state), "wait")
        again = resume(ask, state)
    for known in (job, again):
        [error] = known.results(return_exceptions=True)
        assert isinstance(error, BadRequestError)
        assert "Line 1 is broken." in str(error)


@both
async def test_a_completed_batch_that_names_no_file_yet_is_looked_at_again(kind: str, state: Path):
    site = Files()
    async with Caller(kind, site) as ask:
        job = await do(await submit(ask, requests(1), state), "wait")
    assert site.looks == 3
    assert told(job.results(return_exceptions=True)) == ["APIResponseError"]


@both
async def test_a_url_that_is_not_wanted_is_not_fetched(kind: str, state: Path):
    site = Site(batch_output="url")
    async with Caller(kind, site) as ask:
        job = await submit(ask, requests(1), state, output_urls=False)
        with pytest.raises(ConfigurationError) as caught:
            await do(job, "wait")
    assert caught.value.argument == "output_urls"


# --- waiting --------------------------------------------------------------------------------


@both
async def test_waiting_ends_with_the_deadline_and_can_go_on_elsewhere(kind: str, state: Path):
    async with Caller(kind, Site()) as ask:
        job = await submit(ask, requests(2), state)
        with pytest.raises(APITimeoutError) as caught:
            await do(job, "wait", poll=60.0, deadline=30.0)
        assert (caught.value.phase, caught.value.limit) == ("deadline", 30.0)
        with pytest.raises(ConfigurationError, match="0 of 2 requests done"):
            job.results()
        assert told((await do(resume(ask, state), "wait")).results())[0] == "answer to item 0"


@both
@pytest.mark.parametrize("argument", ["poll", "deadline"])
async def test_waits_that_cannot_be_meant_are_refused(kind: str, argument: str, state: Path):
    async with Caller(kind, Site()) as ask:
        job = await submit(ask, requests(1), state)
        with pytest.raises(ConfigurationError) as caught:
            await do(job, "wait", **{argument: 0.0})
    assert caught.value.argument == argument


@both
async def test_the_deadline_of_a_client_is_for_its_calls_and_not_for_a_job(kind: str, state: Path):
    async with Caller(kind, Site(), deadline=1e-6) as ask:
        with pytest.raises(APITimeoutError):
            await call(ask, "batches.retrieve", "b1")
        job = await do(await submit(ask, requests(1), state), "wait")
    assert told(job.results()) == ["answer to item 0"]


@both
async def test_waiting_outlasts_looks_that_fail_for_a_while(kind: str, state: Path):
    def lose(method: str, path: str, time: int) -> int | None:
        return 503 if method == "GET" and 1 < time < 7 else None

    async with Caller(kind, Site(lose), max_retries=0) as ask:
        job = await do(await submit(ask, requests(1), state), "wait")
    assert told(job.results()) == ["answer to item 0"]


@both
async def test_waiting_gives_up_when_looks_fail_for_good(kind: str, state: Path):
    async with Caller(
        kind, Site(lambda method, path, time: 503 if method == "GET" else None), max_retries=0
    ) as ask:
        job = await submit(ask, requests(1), state)
        with pytest.raises(OverloadedError):
            await do(job, "wait")


@both
async def test_a_download_that_breaks_off_is_begun_anew(kind: str, state: Path):
    def handle(request: httpx.Request) -> httpx.Response:
        response = site(request)
        if request.url.path.endswith("/content") and not broken:
            broken.append(response)
            return httpx.Response(200, stream=Half(b'{"custom_id":"half of a li'))
        return response

    broken: list[Any] = []
    site = Site()
    async with Caller(kind, handle) as ask:
        job = await do(await submit(ask, requests(3), state), "wait")
    assert broken
    assert told(job.results()) == [f"answer to item {number}" for number in range(3)]


class Half(httpx.SyncByteStream, httpx.AsyncByteStream):
    def __init__(self, content: bytes) -> None:
        self.content = content

    def __iter__(self):
        yield self.content
        raise httpx.ReadError("broken off")

    async def __aiter__(self):
        for piece in self:
            yield piece


# --- never billed twice ---------------------------------------------------------------------

LOST_CREATES: dict[str, Any] = {
    "the answer is lost": "after",
    "the request is lost": "before",
    "a 504 for a batch that exists": 504,
    "a 500 for a batch that exists": 500,
}


@both
@pytest.mark.parametrize("fate", LOST_CREATES)
@pytest.mark.parametrize("times", [1, 2])
async def test_a_create_whose_answer_was_lost_makes_one_batch(
    kind: str, fate: str, times: int, state: Path
):
    def lose(method: str, path: str, time: int) -> Any:
        return LOST_CREATES[fate] if (method, path) == CREATE and time <= times else None

    site = Site(lose)
    async with Caller(kind, site) as ask:
        job = await do(await submit(ask, requests(4), state, max_lines=2), "wait")
    assert told(job.results()) == [f"answer to item {number}" for number in range(4)]
    assert len(site.batches()) == 2


@both
@pytest.mark.parametrize("echoed", [True, False])
async def test_a_lost_batch_is_found_on_a_later_page_by_metadata_or_by_its_file(
    kind: str, echoed: bool, state: Path
):
    def lose(method: str, path: str, time: int) -> Any:
        return "after" if (method, path) == CREATE and time == 1 else None

    def handle(request: httpx.Request) -> httpx.Response:
        if request.method == "GET" and request.url.path == "/v1/batches":
            asked = request.url.copy_merge_params({"limit": "1"})
            answer = json.loads(
                b"".join(site(httpx.Request("GET", asked, headers=request.headers)).stream)
            )
            for batch in answer["data"]:
                batch["metadata" if not echoed else "input_file_id"] = None
            return httpx.Response(200, json=answer)
        return site(request)

    site = Site()
    async with Caller(kind, handle) as ask:
        for number in range(3):  # others' batches, which are no one's to adopt
            await submit(ask, requests(1), state.with_name(f"{number}.json"))
        site.asked.clear()
        site.lose = lose
        lost = await submit(ask, requests(1), state)
        for number in range(3, 5):
            await submit(ask, requests(1), state.with_name(f"{number}.json"))
    assert len(site.batches()) == 6
    assert len(set(lost.batch_ids)) == 1


@both
async def test_no_batch_is_created_where_it_cannot_be_seen_whether_there_is_one(
    kind: str, state: Path
):
    def lose(method: str, path: str, time: int) -> Any:
        if (method, path) == CREATE and time == 1:
            return "after"
        return 503 if (method, path) == ("GET", "/v1/batches") and not mended else None

    mended: list[bool] = []
    site = Site(lose)
    async with Caller(kind, site) as ask:
        with pytest.raises(OverloadedError):
            await submit(ask, requests(1), state)
        assert site.asked.count(CREATE) == 1
        mended.append(True)
        job = await do(resume(ask, state), "wait")
    assert told(job.results()) == ["answer to item 0"]
    assert (site.asked.count(CREATE), len(site.batches())) == (1, 1)


@both
async def test_a_create_that_is_lost_for_good_is_looked_for_when_the_job_goes_on(
    kind: str, state: Path
):
    site = Site(lambda method, path, time: "before" if (method, path) == CREATE else None)
    async with Caller(kind, site, max_retries=1) as ask:
        with pytest.raises(APIConnectionError):
            await submit(ask, requests(1), state)
        assert site.asked.count(CREATE) == 2
        site.lose = None
        job = await do(resume(ask, state), "wait")
    assert told(job.results()) == ["answer to item 0"]
    assert len(site.batches()) == 1


@both
async def test_an_upload_whose_answer_was_lost_is_made_again(kind: str, state: Path):
    def lose(method: str, path: str, time: int) -> Any:
        return "after" if (method, path) == ("POST", "/v1/files") and time == 1 else None

    site = Site(lose)
    async with Caller(kind, site) as ask:
        job = await do(await submit(ask, requests(2), state), "wait")
    assert told(job.results()) == ["answer to item 0", "answer to item 1"]
    assert len(site.batches()) == 1


@both
async def test_a_refused_create_is_raised_and_can_be_tried_again(kind: str, state: Path):
    site = Site(faults=["", "401"])
    async with Caller(kind, site) as ask:
        with pytest.raises(AuthenticationError):
            await submit(ask, requests(1), state)
        asked = len(site.asked)
        job = await do(resume(ask, state), "wait")
    # It was a definite no, so nothing is looked for.
    assert site.asked[asked] == CREATE
    assert told(job.results()) == ["answer to item 0"]


# --- the state ------------------------------------------------------------------------------


@both
async def test_the_state_holds_no_key_and_only_the_user_may_read_the_prompts(
    kind: str, state: Path
):
    async with Caller(kind, Site()) as ask:
        await do(await submit(ask, requests(2), state), "wait")
    folder = state.with_name("job.json.parts")
    for path in [state, *folder.iterdir()]:
        assert KEY.encode() not in path.read_bytes()
        assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert stat.S_IMODE(folder.stat().st_mode) == 0o700
    [found] = [path for path in state.parent.iterdir() if path.is_file()]
    assert b"item 0" not in found.read_bytes()


@both
@pytest.mark.parametrize("content", [None, b"", b"{", b"{}", b'{"format": 99}', b"[]"])
async def test_what_is_no_state_is_named(kind: str, content: bytes | None, state: Path):
    if content is not None:
        with open(state, "wb") as file:  # noqa: ASYNC230, PTH123  # a test has nobody to keep waiting
            file.write(content)
    async with Caller(kind, Site()) as ask:
        with pytest.raises(ConfigurationError) as caught:
            resume(ask, state)
    assert caught.value.argument == "state"


@both
async def test_a_job_of_another_site_is_refused(kind: str, state: Path):
    async with Caller(kind, Site()) as ask:
        await submit(ask, requests(1), state)
    async with Caller(kind, Site(), base_url="https://api.siliconflow.com/v1") as ask:
        with pytest.raises(ConfigurationError, match=r"api\.siliconflow\.cn"):
            resume(ask, state)


async def test_a_disk_that_refuses_is_one_of_our_errors(state: Path):
    state.with_name("job.json.parts").write_text("in the way")
    async with Caller("sync", Site()) as ask:
        with pytest.raises(ConfigurationError) as caught:
            await submit(ask, requests(1), state)
    assert caught.value.argument == "state"


async def test_threads_may_write_the_state_of_one_job(state: Path):
    """As several waits for it do; each gives its file a name of its own until it is whole."""
    async with Caller("sync", Site()) as ask:
        await submit(ask, requests(1), state)
    files = JobFiles(state)
    known = files.load()
    start = threading.Barrier(8)
    failures: list[SiliconFlowError] = []

    def save() -> None:
        start.wait()
        try:
            for _ in range(20):
                files.save(known)
        except SiliconFlowError as error:
            failures.append(error)

    threads = [threading.Thread(target=save) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert failures == []
    assert files.load() == known
    assert not list(state.parent.rglob("*.new"))
    files.close()


@both
async def test_a_link_to_a_state_leads_to_its_job(kind: str, state: Path, tmp_path: Path):
    """The files beside it hold what was paid for."""
    link = tmp_path / "link.json"
    link.symlink_to(state)
    async with Caller(kind, Site()) as ask:
        await submit(ask, requests(2), state)
        job = resume(ask, link)
        await do(job, "wait")
        texts = [answer.text for answer in job.results()]
    assert texts == ["answer to item 0", "answer to item 1"]
    assert link.is_symlink()


async def test_a_job_shows_how_far_it_is(state: Path):
    async with Caller("sync", Site()) as ask:
        job = await submit(ask, requests(3), state)
    assert repr(job) == (
        f"BatchJob({str(state)!r}: 0 of 3 requests done, 0 failed "
        "(0 of 1 batches ended: 1 validating))"
    )
    assert (job.path, job.is_done) == (str(state), False)


@both
async def test_a_page_in_place_of_results_is_raised_and_they_can_be_fetched_later(
    kind: str, state: Path
):
    """A storage host's page about an expired signature must not make paid answers vanish."""
    site = Files(output=[b"<html>expired</html>\n"])
    async with Caller(kind, site) as ask:
        job = await submit(ask, requests(1), state)
        with pytest.raises(APIResponseError):
            await do(job, "wait")
        assert not resume(ask, state).is_done
        site.files = {"output": [{"custom_id": "RUN-0", "response": answered("here")}]}
        await do(job, "wait")
    assert told(job.results()) == ["here"]


def test_a_job_can_be_gone_on_with_through_the_class_and_through_the_client(state: Path):
    site = Site()
    with httpx.Client(transport=httpx.MockTransport(site)) as http:
        client = SiliconFlowClient(api_key=KEY, http_client=http)
        client.batches.submit(requests(1), state=str(state))
        assert BatchJob.resume(state, client).batch_ids == client.batches.resume(state).batch_ids


@both
async def test_parts_that_were_not_created_are_not_created_by_a_cancel(kind: str, state: Path):
    def lose(method: str, path: str, time: int) -> Any:
        return "before" if (method, path) == CREATE and time > 1 else None

    site = Site(lose)
    async with Caller(kind, site, max_retries=0) as ask:
        with pytest.raises(APIConnectionError):
            await submit(ask, requests(6), state, max_lines=2)
        job = resume(ask, state)
        await do(job, "cancel")
        await do(job, "wait")
    found = told(job.results(return_exceptions=True))
    # Of the one batch that there is, half was done; the other two never began.
    assert "BatchExpiredError" in found[:2]
    assert found[2:] == ["BatchExpiredError"] * 4
    assert len(site.batches()) == 1


@both
async def test_a_batch_that_was_created_without_anyone_noticing_is_cancelled_too(
    kind: str, state: Path
):
    def lose(method: str, path: str, time: int) -> Any:
        if (method, path) == CREATE:
            return "after"
        return 503 if (method, path) == ("GET", "/v1/batches") and not mended else None

    mended: list[bool] = []
    site = Site(lose)
    async with Caller(kind, site, max_retries=0) as ask:
        with pytest.raises(OverloadedError):
            await submit(ask, requests(2), state)
        mended.append(True)
        await do(resume(ask, state), "cancel")
    assert [batch["status"] for batch in site.batches()] == ["cancelling"]


def test_lines_are_not_kept_in_memory_while_they_are_written(tmp_path: Path):
    function = {"name": "f", "description": "x " * 200, "parameters": {"type": "object"}}
    tools = [{"type": "function", "function": function}] * 10

    def write(count: int) -> int:
        """The bytes that came of it."""
        asked = (request(f"item {number} " + "y" * 1000, tools=tools) for number in range(count))
        known = JobState(f"{count:016}", "host", 0, "24h")
        files = JobFiles(tmp_path / f"{count}.json")
        files.begin()
        target = PartFiles(files, 0, 5000, 10**9)
        for _ in write_requests(asked, LineWriter(), known, target):
            pass
        assert (known.total, [part.lines for part in target.parts]) == (count, [count])
        return files.part(0, "in").stat().st_size

    tracemalloc.start()
    assert write(1000) > 5000 * 1000
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert peak < 1_000_000
