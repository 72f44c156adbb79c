"""`client.files`: uploads from wherever, listings in pages, downloads by id and by URL."""

from __future__ import annotations

import io
import json
import traceback
import tracemalloc
from pathlib import Path
from typing import Any

import httpx
import pytest

from siliconflow_client import (
    APIConnectionError,
    APIResponseError,
    BadRequestError,
    ConfigurationError,
    FileObject,
    NotFoundError,
    Page,
    SiliconFlowError,
)
from siliconflow_simulator import Simulator
from tests.client.callers import KEY, TRACE, Caller, answering
from tests.client.groups import call, items
from tests.faults.server import Close, FaultServer, body
from tests.fixtures import INDEX

both = pytest.mark.parametrize("kind", ["sync", "async"])
three = pytest.mark.parametrize("kind", ["sync", "async", "aiohttp"])
UPLOAD = INDEX["files/upload.json"]


@both
@pytest.mark.parametrize("form", ["envelope", "bare"])
async def test_an_upload_is_read_in_its_envelope_and_bare(kind: str, form: str):
    answer = UPLOAD.json() if form == "envelope" else UPLOAD.json()["data"]
    async with Caller(kind, answering(json.dumps(answer).encode())) as ask:
        file = await call(ask, "files.create", file=b"{}", purpose="batch")
    assert isinstance(file, FileObject)
    assert (file.id, file.bytes, file.purpose) == ("file-jkvytbjtow", 8509, "batch")
    assert (file.filename, file.created_at, file.trace_id) == ("requests.jsonl", 1741685396, TRACE)


@both
@pytest.mark.parametrize("data", [{}, {"id": None, "bytes": None, "createdAt": None}])
async def test_every_field_may_be_missing(kind: str, data: dict[str, Any]):
    content = json.dumps({"code": 20000, "data": data}).encode()
    async with Caller(kind, answering(content)) as ask:
        file = await call(ask, "files.create", file=b"{}")
    assert (file.id, file.bytes, file.created_at) == ("", 0, 0)


@both
async def test_an_envelope_of_an_error_under_200_is_that_error(kind: str):
    content = b'{"code":20087,"message":"too large","status":false,"data":null}'
    async with Caller(kind, answering(content)) as ask:
        with pytest.raises(BadRequestError) as caught:
            await call(ask, "files.create", file=b"{}")
    assert caught.value.code == 20087


def as_path(path: Path) -> Any:
    return path


def as_text(path: Path) -> Any:
    return str(path)


def as_bytes(path: Path) -> Any:
    return path.read_bytes()


def as_file(path: Path) -> Any:
    return path.open("rb")


@three
@pytest.mark.parametrize("form", [as_path, as_text, as_bytes, as_file])
async def test_a_file_is_sent_from_wherever_it_is(kind: str, form: Any, tmp_path: Path):
    path = tmp_path / "requests.jsonl"
    path.write_bytes(b'{"line": 1}\n' * 1000)
    source = form(path)
    with FaultServer(body(b"{}", 429), body(UPLOAD.content)) as server:
        async with Caller(kind, base_url=server.url) as ask:
            file = await call(ask, "files.create", file=source, purpose="batch")
    if isinstance(source, io.IOBase):
        source.close()
    assert file.id == "file-jkvytbjtow"
    # Turned away for sure the first time, so it was read from its beginning again.
    assert len(server.seen) == 2
    for seen in server.seen:
        assert seen.head.startswith("POST /v1/files ")
        assert seen.body.count(b'{"line": 1}\n') == 1000
        assert b'name="purpose"\r\n\r\nbatch' in seen.body
        name = b"batch.jsonl" if form is as_bytes else b"requests.jsonl"
        assert b'filename="' + name + b'"' in seen.body


@three
async def test_an_upload_whose_answer_was_lost_is_not_sent_again(kind: str):
    with FaultServer([Close], body(UPLOAD.content)) as server:
        async with Caller(kind, base_url=server.url) as ask:
            with pytest.raises(APIConnectionError):
                await call(ask, "files.create", file=b"{}")
        assert len(server.seen) == 1


class Failing(io.BytesIO):
    """A file on a disk that fails in the middle."""

    def __init__(self) -> None:
        super().__init__(bytes(2**20))
        self.failed = 0

    def read(self, size: int | None = -1) -> bytes:
        if self.tell() >= 2**18:
            self.failed += 1
            raise OSError(5, "Input/output error", "/home/ada/secret.jsonl")
        return super().read(size)


@three
async def test_a_file_that_fails_in_the_middle_is_no_broken_connection(kind: str):
    """It was sent again as often as a lost connection, and told as one."""
    file = Failing()
    with FaultServer(body(UPLOAD.content)) as server:
        async with Caller(kind, base_url=server.url) as ask:
            with pytest.raises(ConfigurationError, match="Input/output error") as caught:
                await call(ask, "files.create", file=file)
            assert await call(ask, "files.create", file=b"{}")
    assert file.failed == 1
    assert caught.value.argument == "file"
    assert "secret" not in "".join(traceback.format_exception(caught.value))
    assert len(server.seen) == 1


@both
async def test_a_large_file_is_streamed_from_disk(kind: str, tmp_path: Path):
    path = tmp_path / "large.jsonl"
    with path.open("wb") as file:
        file.truncate(64 * 1024 * 1024)  # a sparse file: as long, and costs the disk nothing
    sent = 0

    class Sink(httpx.BaseTransport, httpx.AsyncBaseTransport):
        def handle_request(self, request: httpx.Request) -> httpx.Response:
            nonlocal sent
            stream: Any = request.stream
            for piece in stream:
                sent += len(piece)
            return httpx.Response(200, content=UPLOAD.content)

        async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
            nonlocal sent
            stream: Any = request.stream
            async for piece in stream:
                sent += len(piece)
            return httpx.Response(200, content=UPLOAD.content)

    ask = Caller(kind, lambda request: httpx.Response(500))
    assert ask.http is not None
    ask.http._transport = Sink()
    async with ask:
        tracemalloc.start()
        await call(ask, "files.create", file=path)
        _, peak = tracemalloc.get_traced_memory()
        tracemalloc.stop()
    assert sent > 64 * 1024 * 1024
    assert peak < 8 * 1024 * 1024


@both
@pytest.mark.parametrize("file", [io.StringIO("text"), 5, None])
async def test_what_is_no_file_is_named_before_anything_is_sent(kind: str, file: Any):
    async with Caller(kind, answering(UPLOAD.content)) as ask:
        with pytest.raises(ConfigurationError) as caught:
            await call(ask, "files.create", file=file)
    assert caught.value.argument == "file"


# --- listings -------------------------------------------------------------------------------


def pages_of(**fields: Any) -> Any:
    """A server of five files that keeps to `limit` and `after`; notes what it was asked."""
    asked: list[dict[str, str]] = []

    def handle(request: httpx.Request) -> httpx.Response:
        asked.append(dict(request.url.params))
        after = int(request.url.params.get("after", "f0")[1:])
        limit = int(request.url.params.get("limit", "2"))
        data = [{"id": f"f{n}"} for n in range(after + 1, min(after + limit, 5) + 1)]
        more = {"has_more": after + limit < 5} if fields.get("tells", True) else {}
        listing: Any = {"object": "list", "data": data, **more}
        if fields.get("form") == "envelope":
            listing = {"code": 20000, "status": True, "data": listing}
        elif fields.get("form") == "list in envelope":
            listing = {"code": 20000, "status": True, "data": data, **more}
        return httpx.Response(200, json=listing)

    return handle, asked


@both
@pytest.mark.parametrize("form", ["bare", "envelope", "list in envelope"])
@pytest.mark.parametrize("tells", [True, False])
async def test_all_pages_are_turned(kind: str, form: str, tells: bool):
    handle, asked = pages_of(form=form, tells=tells)
    async with Caller(kind, handle) as ask:
        found = await items(ask, "files.list", limit=2)
    assert [file.id for file in found] == ["f1", "f2", "f3", "f4", "f5"]
    assert asked[:3] == [
        {"limit": "2"},
        {"limit": "2", "after": "f2"},
        {"limit": "2", "after": "f4"},
    ]
    assert len(asked) == (3 if tells else 4)


@both
async def test_a_server_without_pages_is_not_asked_for_ever(kind: str):
    asked: list[str] = []

    def handle(request: httpx.Request) -> httpx.Response:
        asked.append(str(request.url))
        return httpx.Response(200, json={"data": [{"id": "a"}, {"id": "b"}]})

    async with Caller(kind, handle) as ask:
        assert [file.id for file in await items(ask, "files.list")] == ["a", "b"]
    assert len(asked) == 2


@both
async def test_one_page_may_be_asked_for(kind: str):
    handle, asked = pages_of()
    async with Caller(kind, handle) as ask:
        page = await call(ask, "files.page", after="f1", limit=3)
    assert isinstance(page, Page)
    assert (page.ids, page.last_id, page.has_more) == (["f2", "f3", "f4"], "f4", True)
    assert asked == [{"limit": "3", "after": "f1"}]


@both
@pytest.mark.parametrize("content", [b"5", b'{"data": {}}', b'{"data": [5]}'])
async def test_a_listing_of_another_shape_is_an_unexpected_answer(kind: str, content: bytes):
    async with Caller(kind, answering(content)) as ask:
        with pytest.raises(APIResponseError):
            await items(ask, "files.list")


@both
@pytest.mark.parametrize(("argument", "value"), [("limit", 0), ("limit", "2"), ("after", 5)])
async def test_a_listing_s_arguments_are_checked(kind: str, argument: str, value: Any):
    async with Caller(kind, answering(b"{}")) as ask:
        with pytest.raises(ConfigurationError) as caught:
            await items(ask, "files.list", **{argument: value})
    assert caught.value.argument == argument


# --- downloads ------------------------------------------------------------------------------

SIGNED = "https://results.example.com/batch/out.jsonl?signature=s3cr3t"


class Storage:
    """The API, and a storage host that refuses keys, as such hosts do."""

    def __init__(self) -> None:
        self.asked: list[httpx.Request] = []

    def __call__(self, request: httpx.Request) -> httpx.Response:
        self.asked.append(request)
        if request.url.host == "results.example.com" and "gone" in request.url.path:
            return httpx.Response(404, text=f"no such thing: {request.url}")
        return httpx.Response(200, content=b'{"a": 1}\n', headers={"content-type": "text/plain"})


@both
async def test_a_file_is_downloaded_by_its_id(kind: str):
    storage = Storage()
    async with Caller(kind, storage) as ask:
        assert await call(ask, "files.content", "file-1") == b'{"a": 1}\n'
        assert await items(ask, "files.stream", "file-1") == [b'{"a": 1}\n']
    assert {request.url.path for request in storage.asked} == {"/v1/files/file-1/content"}
    assert all(request.headers["authorization"] == f"Bearer {KEY}" for request in storage.asked)


@both
@pytest.mark.parametrize("key", [KEY, lambda: KEY], ids=["text", "function"])
async def test_a_url_is_asked_without_the_key_and_without_headers_that_may_hold_one(
    kind: str, key: Any
):
    storage = Storage()
    headers = {"x-gateway-token": "confidential"}
    async with Caller(kind, storage, api_key=key, default_headers=headers) as ask:
        assert ask.http is not None
        # What an injected client adds by itself is not for foreign hosts either.
        ask.http.headers["x-of-client"] = "confidential"
        ask.http.auth = httpx.BasicAuth("user", "confidential")
        ask.http.cookies.set("session", "confidential")
        assert await call(ask, "files.content", SIGNED) == b'{"a": 1}\n'
    [request] = storage.asked
    assert str(request.url) == SIGNED
    assert "authorization" not in request.headers
    assert not [value for value in request.headers.values() if "confidential" in value]


@both
async def test_an_error_of_a_url_names_its_host_and_not_its_signature(kind: str):
    async with Caller(kind, Storage()) as ask:
        with pytest.raises(NotFoundError) as caught:
            await call(ask, "files.content", SIGNED.replace("out", "gone"))
    assert caught.value.host == "results.example.com"


@three
async def test_a_url_is_asked_over_a_socket(kind: str):
    with FaultServer(body(b"results", content_type="text/plain")) as storage:
        url = f"http://127.0.0.1:{storage.port}/out.jsonl?signature=1"
        async with Caller(kind) as ask:
            assert await call(ask, "files.content", url) == b"results"
    assert storage.seen[0].head == "GET /out.jsonl?signature=1 HTTP/1.1"
    assert "authorization" not in storage.seen[0].headers


@both
async def test_urls_may_be_refused(kind: str):
    storage = Storage()
    async with Caller(kind, storage) as ask:
        with pytest.raises(ConfigurationError) as caught:
            await call(ask, "files.content", SIGNED, output_urls=False)
    assert (caught.value.argument, storage.asked) == ("output_urls", [])
    assert "s3cr3t" not in str(caught.value)


@both
@pytest.mark.parametrize("file", ["../user/info", "a/b", "", "ftp://x/y", None, "..", "f?x=1"])
async def test_what_is_neither_id_nor_url_is_refused(kind: str, file: Any):
    storage = Storage()
    async with Caller(kind, storage) as ask:
        with pytest.raises(ConfigurationError):
            await call(ask, "files.content", file)
    assert storage.asked == []


# --- the simulator --------------------------------------------------------------------------


@both
async def test_the_simulator_keeps_lists_and_gives_back(kind: str):
    simulator = Simulator()
    async with Caller(kind, simulator.transport().handler) as ask:
        made = [await call(ask, "files.create", file=f"{n}\n".encode() * 9) for n in range(5)]
        found = await items(ask, "files.list", limit=2)
        assert [file.id for file in found] == [file.id for file in reversed(made)]
        assert await call(ask, "files.content", made[3].id) == b"3\n" * 9
        with pytest.raises(SiliconFlowError) as caught:
            await call(ask, "files.content", "file-none")
    assert caught.value.code == 20022
