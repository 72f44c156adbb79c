from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from siliconflow_simulator.pytest_plugin.cassette_format import (
    CassetteFormat,
    decode,
    encode,
    number_random_ids,
)

JSON = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(), inner, max_size=4),
    max_leaves=12,
)


def cassette(request_body: bytes, response_body: bytes) -> dict[str, Any]:
    return {
        "version": 1,
        "interactions": [
            {
                "request": {
                    "method": "POST",
                    "uri": "https://api.siliconflow.cn/v1/chat/completions",
                    "headers": {"Content-Type": ["application/json"], "Authorization": ["sk-x"]},
                    "body": request_body,
                },
                "response": {
                    "status": {"code": 200, "message": "OK"},
                    "headers": {
                        "content-type": ["text/event-stream"],
                        "set-cookie": ["a=1"],
                        "x-siliconcloud-trace-id": ["ti_1"],
                    },
                    "body": {"string": response_body},
                },
            }
        ],
    }


def replayed(request_body: bytes, response_body: bytes) -> tuple[bytes, bytes]:
    text = encode(cassette(request_body, response_body), "simulator 0")
    on_disk = text.encode("utf-8")
    exchange = decode(on_disk.decode("utf-8"))["interactions"][0]
    return exchange["request"]["body"], exchange["response"]["body"]["string"]


@given(st.binary(), st.text().map(str.encode))
def test_any_body_reads_back_as_written(binary, text):
    request, response = replayed(binary, text)
    for before, after in ((binary, request), (text, response)):
        assert after == before or json.loads(after) == json.loads(before)


@given(st.lists(st.text() | st.just("data: [DONE]") | JSON.map(json.dumps)))
def test_an_event_stream_reads_back_to_the_byte(lines):
    body = "".join(f"data: {line}\r\n\n" for line in lines).encode()
    assert replayed(b"", body) == (b"", body)


@given(st.dictionaries(st.text(), JSON) | st.lists(JSON))
def test_json_keeps_its_value_whatever_its_layout(value):
    compact, spread = json.dumps(value, separators=(",", ":")), json.dumps(value, indent=2)
    first, second = replayed(compact.encode(), spread.encode())
    assert json.loads(first) == json.loads(second) == value


@pytest.mark.parametrize(
    "body",
    [
        pytest.param(b'{"a":1,"a":2}', id="a key twice"),
        pytest.param(b'{"a":NaN}', id="not a number"),
        pytest.param(b'"Invalid token"', id="a bare string"),
        pytest.param(b"[" * 20_000, id="too deep to parse"),
        pytest.param(b"[" * 600 + b"]" * 600, id="too deep to indent"),
        pytest.param(b"\xff\xfeID3", id="binary"),
        pytest.param(b"", id="nothing"),
    ],
)
def test_what_a_dict_cannot_hold_is_kept_to_the_byte(body):
    assert replayed(body, body) == (body, body)


def test_half_a_surrogate_pair_can_be_written():
    body = rb'{"text":"\ud83d"}'
    assert replayed(body, body) == (body, body)


def test_only_listed_headers_are_stored():
    text = encode(cassette(b"{}", b"data: [DONE]\n\n"), "simulator 0")
    exchange = json.loads(text)["interactions"][0]
    assert exchange["request"]["headers"] == {"content-type": "application/json"}
    assert set(exchange["response"]["headers"]) == {"content-type", "x-siliconcloud-trace-id"}


def test_a_header_that_came_twice_reads_back_twice():
    before = cassette(b"{}", b"{}")
    headers = {"retry-after": ["1", "2"], "content-type": ["application/json"]}
    before["interactions"][0]["response"]["headers"] = headers
    assert (
        decode(encode(before, "simulator 0"))["interactions"][0]["response"]["headers"] == headers
    )


def test_a_stream_is_one_line_per_event_and_a_vector_one_line():
    vector = json.dumps({"embedding": [0.25, -1e-05, 3], "of": ["[\n 1\n]"]}).encode()
    text = encode(cassette(vector, b"data: {}\n\ndata: [DONE]\n\n"), "simulator 0")
    assert '"data: {}",\n' in text
    assert "[0.25, -1e-05, 3]" in text
    assert json.loads(text)["interactions"][0]["request"]["body"]["json"]["of"] == ["[\n 1\n]"]


def test_provenance_comes_first():
    text = CassetteFormat("live 2026-11-20").serialize(cassette(b"{}", b"{}"))
    assert text.splitlines()[1] == ' "provenance": "live 2026-11-20",'


@pytest.mark.parametrize("text", ["", "nonsense", "[]", "{}", "null"])
def test_text_that_is_no_cassette_counts_as_empty(text):
    assert CassetteFormat("").deserialize(text) == {"version": 1, "interactions": []}


def test_random_ids_become_numbers_in_order_of_appearance():
    one, two = "3f0a9a1e-7c55-4c2b-9d47-1b1e2f3a4b5c", "aa0a9a1e-7c55-4c2b-8d47-1b1e2f3a4b5c"
    body = f'{{"id":"{one}","tool_call_id":"{two}","again":"{one}"}}'.encode()
    swapped = f'{{"id":"{two}","tool_call_id":"{one}","again":"{two}"}}'.encode()
    assert number_random_ids(body) == number_random_ids(swapped) != body
    assert number_random_ids(b"\xff 1234") == b"\xff 1234"
