"""Several requests as one flow, written once: it runs the same in both clients."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx
import pytest

from siliconflow_client import GatewayTimeoutError, OverloadedError, ServerError
from siliconflow_client.endpoints.chat_stream import ChatDecoder
from siliconflow_client.protocol.actions import Flow, Wait
from siliconflow_client.protocol.context import RequestContext, StreamState
from siliconflow_client.protocol.flow import Call, StreamCall
from siliconflow_client.protocol.requests import (
    EVENT_STREAM,
    FilePart,
    Multipart,
    Request,
    json_content,
)
from tests.client.callers import Caller
from tests.faults.server import CHAT, STREAM

both = pytest.mark.parametrize("kind", ["sync", "async"])


def parsed(content: bytes, _head: Any) -> Any:
    return json.loads(content)


def post(path: str, **body: Any) -> Request:
    return Request("POST", path, json_content(body), model=body.get("model"))


class Site:
    """Answers each path with a function; notes what came."""

    def __init__(self, **answers: Callable[[httpx.Request], httpx.Response]) -> None:
        self.answers = answers
        self.paths: list[str] = []

    def __call__(self, request: httpx.Request) -> httpx.Response:
        path = request.url.path.removeprefix("/v1/")
        self.paths.append(path)
        return self.answers[path.partition("/")[0]](request)


async def run(kind: str, site: Site, plan: Any, **settings: Any) -> tuple[Any, list[float]]:
    async with Caller(kind, site, **settings) as ask:
        answer = ask.client._call(plan, None)
        return (answer if kind == "sync" else await answer), ask.waits


# --- another model --------------------------------------------------------------------------


@dataclass(frozen=True)
class FirstThatAnswers:
    models: tuple[str, ...]

    def flow(self, context: RequestContext) -> Flow[Any]:
        for model in self.models[:-1]:
            try:
                return (yield from Call(post("/chat", model=model), parsed).flow(context))
            except OverloadedError:
                continue
        return (yield from Call(post("/chat", model=self.models[-1]), parsed).flow(context))


@both
async def test_a_flow_may_go_on_with_another_model(kind: str):
    asked: list[str] = []

    def answer(request: httpx.Request) -> httpx.Response:
        asked.append(json.loads(request.content)["model"])
        return httpx.Response(200 if asked[-1] == "c" else 503, json={"by": asked[-1]})

    result, waits = await run(
        kind, Site(chat=answer), FirstThatAnswers(("a", "b", "c")), max_retries=1
    )
    assert result == {"by": "c"}
    assert asked == ["a", "a", "b", "b", "c"]
    assert len(waits) == 2


# --- another form ---------------------------------------------------------------------------


@dataclass(frozen=True)
class StreamedAfter504:
    def flow(self, context: RequestContext) -> Flow[str]:
        try:
            answer = yield from Call(post("/chat", model="m"), parsed).flow(context)
            return str(answer["choices"][0]["message"]["content"])
        except GatewayTimeoutError:
            request = Request("POST", "/chat", json_content({"stream": True}), accept=EVENT_STREAM)
            call = StreamCall(
                request, lambda target, head: ChatDecoder(target, head, may_be_empty=False)
            )
            return "".join(d.text for d in (yield from call.collected(context, StreamState())))


@both
async def test_a_flow_may_go_on_in_another_form_and_a_stream_inside_is_tried_again(kind: str):
    streams = [b"".join(STREAM[:1]), b"".join(STREAM)]

    def answer(request: httpx.Request) -> httpx.Response:
        if not json.loads(request.content).get("stream"):
            return httpx.Response(504)
        return httpx.Response(200, headers={"content-type": EVENT_STREAM}, content=streams.pop(0))

    site = Site(chat=answer)
    result, _ = await run(kind, site, StreamedAfter504(), max_retries=1)
    assert result == "Hello"
    assert len(site.paths) == 4


# --- a job ----------------------------------------------------------------------------------


@dataclass(frozen=True)
class Job:
    poll: float
    seen: list[str]

    def flow(self, context: RequestContext) -> Flow[str]:
        submit = Request("POST", "/submit", json_content({}), resend="if_not_sent")
        job = yield from Call(submit, parsed).flow(context)
        while True:
            status = yield from Call(post("/status", id=job["id"]), parsed).flow(context)
            self.seen.append(status["status"])
            if status["status"] == "Succeed":
                return str(status["url"])
            yield Wait(self.poll)


@both
async def test_a_flow_may_wait_for_a_job(kind: str):
    statuses = iter(["InQueue", "InProgress", "Succeed"])

    def status(request: httpx.Request) -> httpx.Response:
        assert json.loads(request.content) == {"id": "j1"}
        return httpx.Response(200, json={"status": next(statuses), "url": "https://x/y"})

    site = Site(submit=lambda request: httpx.Response(200, json={"id": "j1"}), status=status)
    job = Job(2.5, [])
    result, waits = await run(kind, site, job)
    assert result == "https://x/y"
    assert job.seen == ["InQueue", "InProgress", "Succeed"]
    assert waits == [2.5, 2.5]
    assert site.paths == ["submit", "status", "status", "status"]


@both
async def test_a_job_whose_submission_failed_on_the_server_is_not_submitted_again(kind: str):
    site = Site(submit=lambda request: httpx.Response(500))
    with pytest.raises(ServerError):
        await run(kind, site, Job(1, []))
    assert site.paths == ["submit"]


# --- pages ----------------------------------------------------------------------------------


class AllPages:
    def flow(self, context: RequestContext) -> Flow[list[int]]:
        found: list[int] = []
        after: str | None = ""
        while after is not None:
            query = {"after": after} if after else None
            page = yield from Call(Request("GET", "/files", query=query), parsed).flow(context)
            found += page["data"]
            after = page["next"]
        return found


@both
async def test_a_flow_may_turn_pages(kind: str):
    pages = {None: ([1, 2], "2"), "2": ([3], "3"), "3": ([4], None)}

    def files(request: httpx.Request) -> httpx.Response:
        data, after = pages[request.url.params.get("after")]
        return httpx.Response(200, json={"data": data, "next": after})

    result, _ = await run(kind, Site(files=files), AllPages())
    assert result == [1, 2, 3, 4]


# --- upload, create, wait, download ---------------------------------------------------------


@dataclass(frozen=True)
class Batch:
    path: Path

    def flow(self, context: RequestContext) -> Flow[bytes]:
        part = FilePart("file", self.path, "in.jsonl", "application/jsonl")
        upload = Request(
            "POST", "/upload", Multipart(part, {"purpose": "batch"}), resend="if_not_sent"
        )
        file = yield from Call(upload, parsed).flow(context)
        create = Request("POST", "/batches", json_content(file), resend="if_not_sent")
        batch = yield from Call(create, parsed).flow(context)
        while batch["status"] != "completed":
            yield Wait(1.0)
            batch = yield from Call(Request("GET", f"/batches/{batch['id']}"), parsed).flow(context)
        return (
            yield from Call(Request("GET", "/output"), lambda content, head: content).flow(context)
        )


@both
async def test_a_flow_may_upload_create_wait_and_download(kind: str, tmp_path: Path):
    path = tmp_path / "in.jsonl"
    path.write_bytes(b'{"line": 1}\n' * 3)
    uploads: list[tuple[str, bytes]] = []

    def upload(request: httpx.Request) -> httpx.Response:
        uploads.append((request.headers["content-type"], request.content))
        # The first is turned away for sure (429), so the file is read from its beginning again.
        return httpx.Response(429 if len(uploads) == 1 else 200, json={"id": "f1"})

    def batches(request: httpx.Request) -> httpx.Response:
        if request.method == "POST":
            assert json.loads(request.content) == {"id": "f1"}
            return httpx.Response(200, json={"id": "b1", "status": "in_queue"})
        return httpx.Response(200, json={"id": "b1", "status": "completed"})

    site = Site(
        upload=upload, batches=batches, output=lambda request: httpx.Response(200, content=CHAT)
    )
    result, _ = await run(kind, site, Batch(path), max_retries=1)
    assert result == CHAT
    assert site.paths == ["upload", "upload", "batches", "batches/b1", "output"]
    for content_type, content in uploads:
        assert content_type.startswith("multipart/form-data; boundary=")
        assert content.count(b'{"line": 1}') == 3
        assert b'name="purpose"\r\n\r\nbatch' in content
        assert b'filename="in.jsonl"' in content


@both
async def test_a_file_that_is_not_there_is_named_before_anything_is_sent(kind: str, tmp_path: Path):
    from siliconflow_client import ConfigurationError

    site = Site()
    with pytest.raises(ConfigurationError, match="cannot be read") as caught:
        await run(kind, site, Batch(tmp_path / "none.jsonl"))
    assert caught.value.argument == "file"
    assert site.paths == []
