"""`/v1/files` and `/v1/batches`: uploads, statuses that advance, results, refusals."""

from __future__ import annotations

import json
from typing import Any

import pytest

from siliconflow_simulator import SimRequest, SimResponse, Simulator, fails
from tests.fixtures import INDEX
from tests.simulator.asking import KEY, body_of, post

MODEL = "deepseek-ai/DeepSeek-V3"


def line(custom_id: str, text: str = "Hello", **body: Any) -> dict[str, Any]:
    messages = [{"role": "user", "content": text}]
    return {
        "custom_id": custom_id,
        "method": "POST",
        "url": "/v1/chat/completions",
        "body": {"model": MODEL, "messages": messages, **body},
    }


def get(simulator: Simulator, path: str, headers: Any = KEY, **query: str) -> SimResponse:
    return simulator.handle(SimRequest("GET", path, headers, query=query))


def form(content: bytes, purpose: str | None = "batch", name: str = "file") -> SimResponse | Any:
    parts = [
        f'--b\r\nContent-Disposition: form-data; name="{name}"; filename="in.jsonl"\r\n'
        "Content-Type: application/jsonl\r\n\r\n".encode()
        + content
    ]
    if purpose is not None:
        head = b'--b\r\nContent-Disposition: form-data; name="purpose"\r\n\r\n'
        parts.append(head + purpose.encode())
    return b"\r\n".join([*parts, b"--b--\r\n"])


def upload(simulator: Simulator, body: bytes, kind: str = "multipart/form-data; boundary=b") -> Any:
    headers = {**KEY, "Content-Type": kind}
    return simulator.handle(SimRequest("POST", "/v1/files", headers, body))


def created(simulator: Simulator, *lines: Any, simulate: str = "", **fields: Any) -> SimResponse:
    content = b"\n".join(x if isinstance(x, bytes) else json.dumps(x).encode() for x in lines)
    file = body_of(upload(simulator, form(content)))["data"]["id"]
    body = {
        "input_file_id": file,
        "endpoint": "/v1/chat/completions",
        "completion_window": "24h",
        **fields,
    }
    return post("/v1/batches", body, simulator=simulator, simulate=simulate)


def ended(simulator: Simulator, batch: str) -> tuple[list[str], Any]:
    """All statuses until the last one, and the batch."""
    seen: list[str] = []
    now: Any = None
    while not seen or seen[-1] not in ("completed", "expired", "cancelled"):
        now = body_of(get(simulator, f"/v1/batches/{batch}"))
        seen.append(now["status"])
        assert len(seen) < 9
    return seen, now


def results(simulator: Simulator, file: str | None) -> dict[str, Any]:
    if file is None:
        return {}
    content = get(simulator, f"/v1/files/{file}/content").content()
    return {found["custom_id"]: found for found in map(json.loads, content.splitlines())}


def test_an_upload_is_answered_in_the_documented_envelope() -> None:
    content = b"any \r\n--line\r\n--\r\n at all"
    simulator = Simulator()
    answer = body_of(upload(simulator, form(content)))
    documented = INDEX["files/upload.json"].json()
    assert answer.keys() == documented.keys()
    assert answer["data"].keys() == documented["data"].keys()
    assert (answer["code"], answer["data"]["bytes"]) == (20000, len(content))
    assert answer["data"]["filename"] == "in.jsonl"
    kept = get(simulator, f"/v1/files/{answer['data']['id']}/content")
    assert kept.content() == content


@pytest.mark.parametrize(
    ("body", "kind"),
    [
        (b"{}", "application/json"),
        (form(b"x"), "multipart/form-data"),
        (form(b"x", purpose=None), "multipart/form-data; boundary=b"),
        (form(b"x", purpose="other"), "multipart/form-data; boundary=b"),
        (form(b"x", name="other"), "multipart/form-data; boundary=b"),
        (form(b"x")[:-9], "multipart/form-data; boundary=b"),
        (b"--b\r\n\r\nbatch\r\n--b--\r\n", "multipart/form-data; boundary=b"),
        (form(b"x", name="a\"; n*=utf-8''b; n*0=\"c"), "multipart/form-data; boundary=b"),
    ],
    ids=["json", "no boundary", "no purpose", "purpose", "no file", "cut", "no name", "odd"],
)
def test_what_is_no_upload_is_refused(body: bytes, kind: str) -> None:
    assert upload(Simulator(), body, kind).status == 400


def test_files_are_listed_in_pages_the_newest_first() -> None:
    simulator = Simulator()
    ids = [body_of(upload(simulator, form(b"%d" % n)))["data"]["id"] for n in range(5)]
    first = body_of(get(simulator, "/v1/files", limit="2"))["data"]
    assert [file["id"] for file in first["data"]] == [ids[4], ids[3]]
    assert (first["has_more"], first["last_id"]) == (True, ids[3])
    last = body_of(get(simulator, "/v1/files", after=ids[1]))["data"]
    assert ([file["id"] for file in last["data"]], last["has_more"]) == ([ids[0]], False)
    assert get(simulator, "/v1/files", limit="0").status == 400


def test_the_memory_for_files_is_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("siliconflow_simulator.api._files._MOST_BYTES", 25)
    simulator = Simulator()
    ids = [body_of(upload(simulator, form(b"x" * 10)))["data"]["id"] for _ in range(4)]
    assert [get(simulator, f"/v1/files/{id}/content").status for id in ids] == [404, 404, 200, 200]


def test_a_part_s_name_may_stand_behind_other_headers() -> None:
    body = form(b"x").replace(b"--b\r\nContent-Disp", b"--b\r\nX-Other: 1\r\nContent-Disp")
    assert b"X-Other" in body
    assert upload(Simulator(), body).status == 200


@pytest.mark.parametrize("most", [9, 10])
def test_a_file_that_is_too_large_is_refused(monkeypatch: pytest.MonkeyPatch, most: int) -> None:
    monkeypatch.setattr("siliconflow_simulator.api.files._MOST_BYTES", most)
    answer = upload(Simulator(), form(b"x" * 10))
    assert (answer.status, body_of(answer)["code"]) == ((400, 20087) if most < 10 else (200, 20000))


def test_a_file_that_fills_the_memory_alone_is_kept(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("siliconflow_simulator.api._files._MOST_BYTES", 5)
    simulator = Simulator()
    id = body_of(upload(simulator, form(b"x" * 10)))["data"]["id"]
    assert get(simulator, f"/v1/files/{id}/content").content() == b"x" * 10


@pytest.mark.parametrize("how", ["html-200", "broken-json"])
def test_a_line_whose_answer_is_no_json_is_one_that_failed(how: str) -> None:
    simulator = Simulator(answers=[fails(how)])
    batch = body_of(created(simulator, line("a")))["id"]
    _, now = ended(simulator, batch)
    found = results(simulator, now["error_file_id"])
    assert (now["request_counts"]["failed"], found["a"]["response"]["status_code"]) == (1, 500)


def test_a_batch_is_created_as_documented_and_advances_with_every_look() -> None:
    simulator = Simulator()
    batch = body_of(created(simulator, line("a"), metadata={"x": "y"}))
    documented = INDEX["batches/create.json"].json()
    assert set(batch) <= set(documented)
    assert (batch["status"], batch["metadata"]) == ("validating", {"x": "y"})
    seen, last = ended(simulator, batch["id"])
    assert seen == ["in_progress", "finalizing", "completed"]
    assert last["request_counts"] == {"total": 1, "completed": 1, "failed": 0}
    assert body_of(get(simulator, f"/v1/batches/{batch['id']}")) == last


def test_lines_are_answered_by_the_chat_endpoint_in_another_order_each_time_the_same() -> None:
    lines = [line(f"r{n}", f"What is {n} + {n}?") for n in range(9)]
    orders: list[list[str]] = []
    found: dict[str, Any] = {}
    last: Any = None
    for _ in range(2):
        simulator = Simulator()
        _, last = ended(simulator, body_of(created(simulator, *lines))["id"])
        found = results(simulator, last["output_file_id"])
        orders.append(list(found))
    asked = post("/v1/chat/completions", {**lines[3]["body"], "stream": False})
    assert found["r3"]["response"]["status_code"] == 200
    assert found["r3"]["response"]["body"]["choices"] == body_of(asked)["choices"]
    assert orders[0] == orders[1] != sorted(orders[0])
    assert last["error_file_id"] is None


def test_a_stream_is_answered_whole_and_a_replaced_model_is_asked() -> None:
    simulator = Simulator()
    batch = body_of(
        created(simulator, line("a", stream=True), replace={"model": "deepseek-ai/DeepSeek-R1"})
    )
    _, last = ended(simulator, batch["id"])
    body = results(simulator, last["output_file_id"])["a"]["response"]["body"]
    assert (body["object"], body["model"]) == ("chat.completion", "deepseek-ai/DeepSeek-R1")


def test_a_line_that_is_refused_goes_to_the_error_file() -> None:
    simulator = Simulator()
    batch = body_of(created(simulator, line("good"), line("bad", temperature=9)))
    _, last = ended(simulator, batch["id"])
    assert list(results(simulator, last["output_file_id"])) == ["good"]
    bad = results(simulator, last["error_file_id"])["bad"]
    assert (bad["response"]["status_code"], bad["response"]["body"]["code"]) == (400, 20015)
    assert last["request_counts"] == {"total": 2, "completed": 1, "failed": 1}


def test_a_batch_can_be_ordered_to_expire() -> None:
    simulator = Simulator()
    lines = [line(f"r{n}") for n in range(5)]
    batch = body_of(created(simulator, *lines, simulate="batch-expires=2"))
    seen, last = ended(simulator, batch["id"])
    assert seen[-1] == "expired"
    assert len(results(simulator, last["output_file_id"])) == 2
    late = results(simulator, last["error_file_id"])
    assert {found["error"]["code"] for found in late.values()} == {"batch_expired"}
    assert len(late) == 3


def test_a_cancelled_batch_keeps_what_was_done() -> None:
    simulator = Simulator()
    batch = body_of(created(simulator, *[line(f"r{n}") for n in range(4)]))["id"]
    assert body_of(post(f"/v1/batches/{batch}/cancel", {}, simulator=simulator))["status"] == (
        "cancelling"
    )
    seen, last = ended(simulator, batch)
    assert seen == ["cancelled"]
    assert len(results(simulator, last["output_file_id"])) == 2
    assert post(f"/v1/batches/{batch}/cancel", {}, simulator=simulator).status == 400


def test_results_may_be_named_by_urls_that_take_no_key() -> None:
    simulator = Simulator(batch_output="url")
    _, last = ended(simulator, body_of(created(simulator, line("a")))["id"])
    url = last["output_file_id"]
    assert url.startswith("https://api.siliconflow.cn/batch-output/file-")
    path, _, query = url.removeprefix("https://api.siliconflow.cn").partition("?")
    signature = {"signature": query.removeprefix("signature=")}
    assert get(simulator, path, {}, **signature).status == 200
    assert get(simulator, path, {}).status == 403
    assert get(simulator, path, KEY, **signature).status == 400
    named = {**KEY, "Host": "127.0.0.1:9"}
    again = SimRequest("GET", f"/v1/batches/{last['id']}", named, scheme="http")
    batch = body_of(simulator.handle(again))
    assert batch["output_file_id"].startswith("http://127.0.0.1:9/batch-output/")


def test_batches_are_listed_without_being_looked_at() -> None:
    simulator = Simulator()
    ids = [body_of(created(simulator, line("a")))["id"] for _ in range(3)]
    pages = [body_of(get(simulator, "/v1/batches", limit="2")) for _ in range(4)]
    page = pages[-1]
    assert [batch["id"] for batch in page["data"]] == [ids[2], ids[1]]
    assert {batch["status"] for batch in page["data"]} == {"validating"}


BAD_LINES: dict[str, list[Any]] = {
    "nothing": [],
    "too many": [b'{"custom_id": "x"}'] * 5001,
    "not json": [b"nonsense"],
    "no id": [{"body": {}}],
    "twice": [line("a"), line("a")],
    "models": [line("a"), line("b", model="deepseek-ai/DeepSeek-R1")],
    "no messages": [line("a", messages=[])],
    "role": [line("a", messages=[{"role": "tool", "content": "x"}])],
    "last": [line("a", messages=[{"role": "assistant", "content": "x"}])],
}


@pytest.mark.parametrize("lines", BAD_LINES.values(), ids=BAD_LINES)
def test_a_file_that_breaks_the_rules_is_refused(lines: list[Any]) -> None:
    response = created(Simulator(), *lines)
    assert response.status == 400
    assert 20067 <= body_of(response)["code"] <= 20080


@pytest.mark.parametrize(
    ("fields", "status"),
    [
        ({"input_file_id": "file-none"}, 404),
        ({"input_file_id": None}, 400),
        ({"endpoint": "/v1/embeddings"}, 400),
        ({"completion_window": "23h"}, 400),
        ({"completion_window": "337h"}, 400),
    ],
)
def test_a_batch_that_cannot_be_made_is_refused(fields: dict[str, Any], status: int) -> None:
    assert created(Simulator(), line("a"), **fields).status == status


def test_a_batch_that_is_not_there_is_a_404() -> None:
    assert get(Simulator(), "/v1/batches/none").status == 404
