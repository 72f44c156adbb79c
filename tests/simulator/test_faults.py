"""Faults on order."""

from __future__ import annotations

import json
import math
from typing import Any

import httpx
import pytest

from siliconflow_client import ConfigurationError
from siliconflow_simulator import Simulator, fails
from tests.fixtures import INDEX
from tests.simulator.asking import ask, body_of, post

DOCUMENTED = {
    "400": "400_20015_generic_param.json",
    "401": "401_30014_token_invalid.json",
    "402": "402_30001_balance.json",
    "403": "403_30003_model_disabled.json",
    "404": "404_page_not_found_string.json",
    "410": "410_20092_endpoint_gone.json",
    "413": "413_20042_embedding_too_long.json",
    "429": "429_50602_tpm.json",
    "429-plain": "429_plain_text.txt",
    "500": "500_50507_unknown.json",
    "503": "503_50508_too_busy.json",
    "504": "504_html.html",
}


@pytest.mark.parametrize(("order", "file"), DOCUMENTED.items())
def test_a_status_comes_with_the_body_of_documents_and_captures(order, file) -> None:
    response = ask("Hello", simulate=order)
    expected = INDEX[f"errors/{file}"]
    assert response.status == expected.status
    assert response.headers["content-type"].startswith(expected.content_type)
    if expected.content_type == "application/json":
        assert body_of(response) == expected.json()
    else:
        assert response.content().split() == b"".join(expected.content.splitlines()).split()


def test_a_status_needs_no_valid_request() -> None:
    response = post("/v1/nowhere", b"{", simulate="451")
    assert (response.status, body_of(response)["code"]) == (451, 20021)


@pytest.mark.parametrize(
    ("order", "status"), [("429-retry-after=2", 429), ("503-retry-after=0.5", 503)]
)
def test_retry_after(order, status) -> None:
    response = ask("Hello", simulate=order)
    assert response.status == status
    assert response.headers["retry-after"] == order.partition("=")[2]


@pytest.mark.parametrize(
    "order",
    ["nonsense", "429=1", "slow", "slow=fast", "slow=-1", "slow=inf", "cut-stream=x", "empty, 418"],
)
def test_an_unknown_order_is_refused_by_its_name(order) -> None:
    response = ask("Hello", simulate=order)
    assert response.status == 400
    assert order.rpartition(", ")[2] in body_of(response)["message"]


def test_an_empty_order_is_none() -> None:
    assert ask("Hello", simulate=" , ").content() == ask("Hello").content()


def test_html_and_errors_under_status_200() -> None:
    page = ask("Hello", simulate="html-200")
    assert (page.status, page.headers["content-type"]) == (200, "text/html")
    error = ask("Hello", simulate="error-200", stream=True)
    assert (error.status, body_of(error)["code"]) == (200, 50507)


def test_broken_json() -> None:
    for stream in (False, True):
        content = ask("Hello", simulate="broken-json", stream=stream).content()
        broken = content.decode().split("data: ")[-1]
        with pytest.raises(json.JSONDecodeError):
            json.loads(broken)


@pytest.mark.parametrize(
    ("path", "body", "missing"),
    [
        ("/v1/embeddings", {"model": "BAAI/bge-m3", "input": "a"}, "data"),
        ("/v1/completions", {"model": "Qwen/Qwen2.5-7B-Instruct", "prompt": "a"}, "choices"),
        (
            "/v1/rerank",
            {"model": "BAAI/bge-reranker-v2-m3", "query": "a", "documents": ["a"]},
            "results",
        ),
    ],
)
def test_the_heart_of_an_answer_may_be_missing_or_empty(path, body, missing) -> None:
    assert missing not in body_of(post(path, body, simulate="no-choices"))
    empty = body_of(post(path, body, simulate="empty"))[missing]
    assert empty == [] or empty[0]["text"] == ""


@pytest.mark.parametrize(
    "order", ["cut-stream=0,bom", "cut-stream=0,crlf", "cut-stream=0,one-byte"]
)
def test_a_stream_of_nothing_can_be_framed_too(order) -> None:
    response = ask("Hello", simulate=order, stream=True)
    assert (response.status, response.content().removeprefix(b"\xef\xbb\xbf")) == (200, b"")


def test_an_empty_chat_answer() -> None:
    choice = body_of(ask("Hello", simulate="empty", enable_thinking=True))["choices"][0]
    assert choice["message"] == {"role": "assistant", "content": ""}
    assert choice["finish_reason"] == "stop"
    events = ask("Hello", simulate="empty", enable_thinking=True, stream=True).content().decode()
    assert "Hello" not in events
    assert '"finish_reason":"stop"' in events
    assert events.endswith("data: [DONE]\n\n")
    assert "choices" not in body_of(ask("Hello", simulate="no-choices"))
    assert b"choices" not in ask("Hello", simulate="no-choices", stream=True).content()


# --- streams ----------------------------------------------------------------------------------


def chunks(order: str) -> list[bytes]:
    return [chunk.data for chunk in ask("Hello", simulate=order, stream=True).chunks or []]


WHOLE = chunks("")


def test_a_cut_stream_ends_properly_and_too_early() -> None:
    assert chunks("cut-stream") == WHOLE[:2]
    assert chunks("cut-stream=3") == WHOLE[:3]
    assert chunks("cut-stream=0") == []
    assert ask("Hello", simulate="cut-stream", stream=True).ending == "complete"


def test_a_dropped_connection() -> None:
    response = ask("Hello", simulate="drop=3", stream=True)
    assert [chunk.data for chunk in response.chunks or []] == WHOLE[:3]
    assert response.ending == "dropped"
    plain = ask("Hello", simulate="drop")
    assert plain.ending == "dropped"
    assert ask("Hello").content().startswith(plain.content())


def test_errors_inside_a_stream() -> None:
    *kept, last = chunks("error-stream=1")
    assert kept == WHOLE[:1]
    assert json.loads(last.removeprefix(b"data: "))["code"] == 50507
    *kept, error, done = chunks("error-stream-openai")
    assert kept == WHOLE[:2]
    assert json.loads(error.removeprefix(b"data: "))["error"]["type"] == "server_error"
    assert done == b"data: [DONE]\n\n"


def test_a_stalled_stream_and_a_stalled_answer() -> None:
    stalled = ask("Hello", simulate="stall=1", stream=True).chunks or []
    assert [chunk.delay for chunk in stalled] == [0, math.inf]
    assert ask("Hello", simulate="stall").delay == math.inf


def test_slow() -> None:
    response = ask("Hello", simulate="slow=0.25", stream=True)
    assert {chunk.delay for chunk in response.chunks or []} == {0.25}
    assert ask("Hello", simulate="slow=0.25").delay == 0.25


@pytest.mark.parametrize("order", ["crlf", "comments", "no-space", "bom", "one-byte"])
def test_framing_changes_no_payload(order) -> None:
    text = b"".join(chunks(order)).decode("utf-8-sig").replace("\r\n", "\n")
    lines = [line for line in text.split("\n") if line.startswith("data:")]
    assert [line.removeprefix("data:").strip() for line in lines] == [
        chunk.decode().removeprefix("data: ").strip() for chunk in WHOLE
    ]


def test_framing_is_what_it_says() -> None:
    assert all(b"\r\n\r\n" in chunk for chunk in chunks("crlf"))
    assert all(chunk.startswith(b": ") for chunk in chunks("comments"))
    assert chunks("no-space")[-1] == b"data:[DONE]\n\n"
    assert chunks("bom")[0].startswith(b"\xef\xbb\xbfdata: ")
    assert {len(chunk) for chunk in chunks("one-byte")} == {1}
    plain = ask("Hello", simulate="one-byte")
    assert plain.content() == ask("Hello").content()
    assert {len(chunk.data) for chunk in plain.chunks or []} == {1}


def test_orders_combine() -> None:
    response = ask("Hello", simulate="one-byte, cut-stream=1, slow=0.1, crlf", stream=True)
    pieces = response.chunks or []
    assert b"".join(piece.data for piece in pieces) == WHOLE[0].replace(b"\n", b"\r\n")
    assert [piece.delay for piece in pieces] == [0.1] + [0] * (len(pieces) - 1)


# --- the queue --------------------------------------------------------------------------------


def test_queued_orders_are_used_up_one_per_request() -> None:
    simulator = Simulator(faults=["429", "", "503"])
    statuses = [ask("Hello", simulator=simulator).status for _ in range(5)]
    assert statuses == [429, 200, 503, 200, 200]


def test_a_wrong_order_fails_where_it_was_written() -> None:
    for orders in (["nonsense"], ["503", 600], [None], [True], "503", 503):
        given: Any = orders
        with pytest.raises(ConfigurationError) as caught:
            Simulator(faults=given)
        assert caught.value.argument == "faults"
    with pytest.raises(ConfigurationError, match="'nonsense' is no order"):
        Simulator().order("503", "nonsense")


def test_a_status_may_be_a_number() -> None:
    simulator = Simulator(faults=[429])
    simulator.order(503)
    assert [ask("Hello", simulator=simulator).status for _ in range(3)] == [429, 503, 200]


@pytest.mark.parametrize("order", ["429", "503", "401", "504", "429-retry-after=2"])
@pytest.mark.parametrize("ordered", [True, False], ids=["ordered", "scripted"])
def test_a_refusal_has_the_shape_of_its_endpoint(order: str, ordered: bool) -> None:
    """Anthropic's SDK reads the error's type of `/messages` from there."""
    asked = {
        "model": "deepseek-ai/DeepSeek-V3.2",
        "max_tokens": 9,
        "messages": [{"role": "user", "content": "Hi"}],
    }
    simulator = Simulator(faults=[order]) if ordered else Simulator(answers=[fails(order)])
    with httpx.Client(transport=simulator.transport()) as http:
        refused = http.post(
            "https://api.siliconflow.cn/v1/messages", json=asked, headers={"x-api-key": "k"}
        )
    assert refused.status_code == int(order[:3])
    assert (refused.headers.get("retry-after") == "2") == ("retry-after" in order)
    if order == "504":  # the gateway's page
        assert refused.headers["content-type"] == "text/html"
        return
    error = refused.json()["error"]
    assert refused.json() == {"type": "error", "error": error}
    assert error["type"] in ("rate_limit_error", "overloaded_error", "authentication_error")
    assert error["message"]


def test_a_web_framework_s_own_errors() -> None:
    plain = ask("Hello", simulate="detail")
    assert (plain.status, body_of(plain)) == (404, {"detail": "Not Found"})
    listed = ask("Hello", simulate="detail-list")
    assert listed.status == 422
    [problem] = body_of(listed)["detail"]
    assert problem["loc"] == ["body", "messages"]
    assert problem["msg"] == "Field required"
