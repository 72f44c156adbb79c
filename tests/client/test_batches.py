"""`client.batches`: create, retrieve, list, cancel."""

from __future__ import annotations

import json
from typing import Any

import httpx
import pytest

from siliconflow_client import (
    APIResponseError,
    Batch,
    ConfigurationError,
    OverloadedError,
    RequestCounts,
)
from siliconflow_simulator import Simulator
from tests.client.callers import TRACE, Caller, answering
from tests.client.groups import call, items
from tests.faults.server import Close, FaultServer, body
from tests.fixtures import INDEX

both = pytest.mark.parametrize("kind", ["sync", "async"])
CREATED = INDEX["batches/create.json"]
LINE = {
    "custom_id": "a",
    "body": {"model": "deepseek-ai/DeepSeek-V3", "messages": [{"role": "user", "content": "Hi"}]},
}


@both
@pytest.mark.parametrize("form", ["bare", "envelope"])
async def test_the_documented_answer_is_read_bare_and_in_an_envelope(kind: str, form: str):
    wire = CREATED.json()
    sent: list[Any] = []

    def handle(request: httpx.Request) -> httpx.Response:
        sent.append(json.loads(request.content))
        answer = wire if form == "bare" else {"code": 20000, "status": True, "data": wire}
        return httpx.Response(200, json=answer, headers={"x-siliconcloud-trace-id": TRACE})

    async with Caller(kind, handle) as ask:
        batch = await call(
            ask,
            "batches.create",
            input_file_id="file-1",
            completion_window="48h",
            metadata={"description": "nightly eval job"},
            extra_body={"replace": {"model": "deepseek-ai/DeepSeek-V3"}},
        )
    assert isinstance(batch, Batch)
    assert (batch.id, batch.status, batch.has_ended) == ("batch_rdyqgrcgjg", "in_queue", False)
    assert (batch.output_file_id, batch.error_file_id, batch.request_counts) == ("", "", None)
    assert (batch.created_at, batch.expires_at) == (1741685413, 1741771813)
    assert batch.metadata == {"description": "nightly eval job"}
    assert (batch.trace_id, batch.raw) == (TRACE, wire)
    assert sent == [
        {
            "input_file_id": "file-1",
            "endpoint": "/v1/chat/completions",
            "completion_window": "48h",
            "metadata": {"description": "nightly eval job"},
            "replace": {"model": "deepseek-ai/DeepSeek-V3"},
        }
    ]


@both
async def test_every_field_but_the_id_may_be_missing(kind: str):
    async with Caller(kind, answering(b'{"id":"b1","request_counts":{"total":null}}')) as ask:
        batch = await call(ask, "batches.retrieve", "b1")
    assert (batch.status, batch.metadata) == ("", {})
    assert batch.request_counts == RequestCounts(0, 0, 0)


@both
async def test_a_batch_without_an_id_is_an_unexpected_answer(kind: str):
    async with Caller(kind, answering(b"{}")) as ask:
        with pytest.raises(APIResponseError):
            await call(ask, "batches.create", input_file_id="f")


@both
@pytest.mark.parametrize("lost", [[Close], body(b'{"code":50505,"message":"busy"}', 503)])
async def test_a_batch_is_never_created_twice(kind: str, lost: Any):
    with FaultServer(lost, body(CREATED.content)) as server:
        async with Caller(kind, base_url=server.url) as ask:
            with pytest.raises(Exception, match=r"Connection|503"):
                await call(ask, "batches.create", input_file_id="f")
        assert len(server.seen) == 1


@both
async def test_looks_are_tried_again(kind: str):
    busy = body(b'{"code":50505,"message":"busy"}', 503)
    with FaultServer(busy, body(CREATED.content)) as server:
        async with Caller(kind, base_url=server.url) as ask:
            assert (await call(ask, "batches.retrieve", "b1")).status == "in_queue"
    with FaultServer(busy) as server:
        async with Caller(kind, base_url=server.url, max_retries=0) as ask:
            with pytest.raises(OverloadedError):
                await call(ask, "batches.retrieve", "b1")


@both
@pytest.mark.parametrize(
    ("method", "arguments", "argument"),
    [
        ("batches.create", {"input_file_id": ""}, "input_file_id"),
        ("batches.create", {"input_file_id": "f", "completion_window": "23h"}, "completion_window"),
        (
            "batches.create",
            {"input_file_id": "f", "completion_window": "337h"},
            "completion_window",
        ),
        ("batches.create", {"input_file_id": "f", "completion_window": 24}, "completion_window"),
        ("batches.retrieve", {"batch_id": "../files"}, "batch_id"),
        ("batches.cancel", {"batch_id": None}, "batch_id"),
    ],
)
async def test_what_cannot_be_right_costs_no_request(
    kind: str, method: str, arguments: dict[str, Any], argument: str
):
    async with Caller(kind, answering(b"{}", 500)) as ask:
        with pytest.raises(ConfigurationError) as caught:
            await call(ask, method, **arguments)
    assert caught.value.argument == argument


@both
@pytest.mark.parametrize("output", ["id", "url"])
async def test_a_batch_of_the_simulator_goes_its_way(kind: str, output: Any):
    simulator = Simulator(batch_output=output)
    async with Caller(kind, simulator.transport().handler) as ask:
        lines = [{**LINE, "custom_id": f"r{n}"} for n in range(4)]
        content = "\n".join(json.dumps(line) for line in lines).encode()
        file = await call(ask, "files.create", file=content)
        batch = await call(ask, "batches.create", input_file_id=file.id, metadata={"a": "b"})
        seen = [batch.status]
        while not batch.has_ended:
            batch = await call(ask, "batches.retrieve", batch.id)
            seen.append(batch.status)
        results = await call(ask, "files.content", batch.output_file_id)
        [listed] = await items(ask, "batches.list")
    assert seen == ["validating", "in_progress", "finalizing", "completed"]
    assert batch.output_file_id.startswith("https://" if output == "url" else "file-")
    assert batch.request_counts == RequestCounts(4, 4, 0)
    assert (listed.id, listed.metadata) == (batch.id, {"a": "b"})
    ids = [json.loads(line)["custom_id"] for line in results.splitlines()]
    assert sorted(ids) == ["r0", "r1", "r2", "r3"]


@both
async def test_a_batch_of_the_simulator_is_cancelled(kind: str):
    async with Caller(kind, Simulator().transport().handler) as ask:
        file = await call(ask, "files.create", file=json.dumps(LINE).encode())
        batch = await call(ask, "batches.create", input_file_id=file.id)
        assert (await call(ask, "batches.cancel", batch.id)).status == "cancelling"
        assert (await call(ask, "batches.retrieve", batch.id)).status == "cancelled"
