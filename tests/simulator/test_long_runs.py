"""What a simulator keeps when it serves for weeks: bounded, and the latest of it."""

from __future__ import annotations

import json
from typing import Any

import pytest

from siliconflow_simulator import SimRequest, Simulator, _received
from siliconflow_simulator.api import _batch_jobs, _files
from tests.simulator.asking import KEY, messages

LINE = {"model": "Qwen/Qwen3-8B", "messages": messages("Why does ice float?")}


def call(simulator: Simulator, path: str, body: object = None) -> Any:
    method = "GET" if body is None else "POST"
    sent = b"" if body is None else json.dumps(body).encode()
    return json.loads(simulator.handle(SimRequest(method, path, KEY, sent)).content())


def upload(simulator: Simulator, content: bytes) -> str:
    head = b'--b\r\ncontent-disposition: form-data; name="'
    purpose = head + b'purpose"\r\n\r\nbatch\r\n'
    file = head + b'file"; filename="a.jsonl"\r\n\r\n' + content + b"\r\n--b--\r\n"
    headers = {**KEY, "content-type": "multipart/form-data; boundary=b"}
    asked = SimRequest("POST", "/v1/files", headers, purpose + file)
    return json.loads(simulator.handle(asked).content())["data"]["id"]


def batch(simulator: Simulator, file: str) -> str:
    wanted = {"endpoint": "/v1/chat/completions", "completion_window": "24h"}
    return str(call(simulator, "/v1/batches", {"input_file_id": file, **wanted})["id"])


def test_requests_with_large_bodies_are_kept_while_they_have_room(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(_received, "_MOST_BYTES", 2500)
    simulator = Simulator()
    for number in range(5):
        call(simulator, "/v1/rerank", {"number": number, "query": "x" * 1000})
    assert [request.body["number"] for request in simulator.requests] == [3, 4]
    call(simulator, "/v1/rerank", {"number": 5, "query": "x" * 9000})
    assert [request.body["number"] for request in simulator.requests] == [5]


def test_the_last_requests_are_kept_and_no_more() -> None:
    simulator = Simulator(keep_requests=3)
    for number in range(5):
        call(simulator, "/v1/rerank", {"number": number})
    assert [request.body["number"] for request in simulator.requests] == [2, 3, 4]


def test_batches_are_forgotten_the_oldest_first_and_no_id_comes_twice(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(_batch_jobs, "_KEPT", 3)
    simulator = Simulator()
    file = upload(simulator, json.dumps({"custom_id": "1", "body": LINE}).encode())
    made = [batch(simulator, file) for _ in range(6)]
    assert len(set(made)) == 6
    listed = call(simulator, "/v1/batches")["data"]
    assert [one["id"] for one in listed] == made[:2:-1]
    assert call(simulator, f"/v1/batches/{made[0]}")["code"] == 20011


def test_a_batch_that_has_ended_keeps_its_counts_and_not_its_lines() -> None:
    simulator = Simulator()
    lines = [json.dumps({"custom_id": str(number), "body": LINE}) for number in range(3)]
    name = batch(simulator, upload(simulator, "\n".join(lines).encode()))
    told: Any = None
    for _ in range(3):
        told = call(simulator, f"/v1/batches/{name}")
    assert told["status"] == "completed"
    assert told["request_counts"] == {"total": 3, "completed": 3, "failed": 0}
    store = simulator._service.kept(_batch_jobs.BatchStore)
    assert store.get(name).lines == []


def test_files_are_forgotten_the_oldest_first(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(_files, "_MOST_BYTES", 2500)
    simulator = Simulator()
    made = [upload(simulator, b"x" * 1000) for _ in range(4)]
    listed = call(simulator, "/v1/files")["data"]["data"]
    assert [one["id"] for one in listed] == made[:1:-1]
    upload(simulator, b"x" * 9000)
    assert len(call(simulator, "/v1/files")["data"]["data"]) == 1
