"""Arguments that stand in no table: of listings, files, batches, jobs. They are sent, and looked at."""

from __future__ import annotations

import json
from collections.abc import Callable
from contextlib import suppress
from typing import Any

import pytest

from siliconflow_client import APIStatusError
from siliconflow_simulator import Received, SimRequest, Simulator
from tests.client.callers import Caller
from tests.simulator.asking import KEY
from tests.simulator.test_every_call import TEXT, result

ID = "file-4db5a6b1a8"
BATCH: dict[str, Any] = {"input_file_id": ID}


def in_query(name: str, value: str) -> Callable[[Received], bool]:
    return lambda received: received.query.get(name) == value


def in_path(value: str) -> Callable[[Received], bool]:
    return lambda received: value in received.path.split("/")


def in_body(name: str, value: Any) -> Callable[[Received], bool]:
    return lambda received: received.body.get(name) == value


def in_form(value: bytes) -> Callable[[Any], bool]:
    return lambda received: value in received.body


# The arguments of a call, and where the server finds one of them.
ARGUMENTS: dict[tuple[str, str], tuple[dict[str, Any], Callable[[Received], bool]]] = {
    ("models", "type"): ({"type": "image"}, in_query("type", "image")),
    ("models", "sub_type"): ({"sub_type": "chat"}, in_query("sub_type", "chat")),
    ("videos.status", "request_id"): ({"request_id": "r1"}, in_body("requestId", "r1")),
    ("voices.delete", "uri"): ({"uri": "speech:a"}, in_body("uri", "speech:a")),
    ("files.create", "file"): ({"file": TEXT}, in_form(TEXT)),
    ("files.create", "purpose"): ({"file": TEXT, "purpose": "batch"}, in_form(b"\r\n\r\nbatch\r\n")),
    ("files.create", "filename"): ({"file": TEXT, "filename": "my.jsonl"}, in_form(b'"my.jsonl"')),
    ("files.list", "after"): ({"after": ID}, in_query("after", ID)),
    ("files.list", "limit"): ({"limit": 7}, in_query("limit", "7")),
    ("files.content", "file_id"): ({"file_id": ID}, in_path(ID)),
    ("batches.create", "input_file_id"): (BATCH, in_body("input_file_id", ID)),
    ("batches.create", "completion_window"): (
        {**BATCH, "completion_window": "48h"},
        in_body("completion_window", "48h"),
    ),
    ("batches.create", "endpoint"): (
        {**BATCH, "endpoint": "/v1/chat/completions"},
        in_body("endpoint", "/v1/chat/completions"),
    ),
    ("batches.create", "metadata"): ({**BATCH, "metadata": {"a": "b"}}, in_body("metadata", {"a": "b"})),
    ("batches.retrieve", "batch_id"): ({"batch_id": "batch_1"}, in_path("batch_1")),
    ("batches.cancel", "batch_id"): ({"batch_id": "batch_1"}, in_path("batch_1")),
    ("batches.list", "after"): ({"after": "batch_1"}, in_query("after", "batch_1")),
    ("batches.list", "limit"): ({"limit": 7}, in_query("limit", "7")),
}  # fmt: skip


@pytest.mark.parametrize(("method", "name"), ARGUMENTS)
@pytest.mark.parametrize("kind", ["sync", "async"])
async def test_an_argument_is_sent(kind: str, method: str, name: str) -> None:
    arguments, is_there = ARGUMENTS[method, name]
    simulator = Simulator()
    async with Caller(kind, simulator.transport().handler, max_retries=0) as caller:
        # What is asked for need not be there.
        with suppress(APIStatusError):
            await result(caller, method, **arguments)
    [received] = simulator.requests
    assert is_there(received)


# --- what the simulator makes of them -------------------------------------------------------------


def answered(simulator: Simulator, method: str, path: str, body: Any = None, **query: str) -> Any:
    content = b"" if body is None else json.dumps(body).encode()
    return simulator.handle(SimRequest(method, path, KEY, content, query))


@pytest.mark.parametrize("path", ["/v1/files", "/v1/batches"])
@pytest.mark.parametrize("limit", ["0", "101", "many"])
def test_a_limit_beyond_the_documented_is_refused(path: str, limit: str) -> None:
    assert answered(Simulator(), "GET", path, limit=limit).status == 400


@pytest.mark.parametrize(
    ("path", "body", "status"),
    [
        ("/v1/video/status", {"requestId": "none"}, 404),
        ("/v1/audio/voice/deletions", {"uri": "speech:none"}, 400),
        ("/v1/batches", {"input_file_id": "none"}, 404),
        ("/v1/batches/none/cancel", {}, 404),
    ],
)
def test_what_was_never_made_is_not_found(path: str, body: Any, status: int) -> None:
    assert answered(Simulator(), "POST", path, body).status == status


@pytest.mark.parametrize("path", ["/v1/files/none/content", "/v1/batches/none"])
def test_nor_is_what_was_never_kept(path: str) -> None:
    assert answered(Simulator(), "GET", path).status == 404


async def test_pages_go_on_where_the_last_one_ended() -> None:
    simulator = Simulator()
    async with Caller("sync", simulator.transport().handler) as caller:
        made = [await result(caller, "files.create", file=TEXT) for _ in range(3)]
        after = await result(caller, "files.list", after=made[-1].id)
        [first] = (await result(caller, "files.page", limit=1)).data
    assert [file.id for file in after] == [made[1].id, made[0].id]
    assert first.id == made[2].id
