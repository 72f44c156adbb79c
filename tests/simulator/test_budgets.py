"""No single request keeps the simulator busy, and nonsense is a 400."""

from __future__ import annotations

import json
import socket
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import httpx
import pytest
import uvicorn

from siliconflow_simulator import Simulator
from siliconflow_simulator.__main__ import main
from siliconflow_simulator.answers.from_text.fill import fill
from siliconflow_simulator.answers.from_text.material import Material
from siliconflow_simulator.asgi import create_app
from tests.simulator.asking import (
    ADD,
    CHAT,
    DEFAULT_MODEL,
    INTEGER,
    KEY,
    STRING,
    WEATHER,
    ask,
    body_of,
    messages,
    post,
    text_of,
    tool,
)

# A request that hangs fails here, and not after the two minutes that other tests have.
pytestmark = pytest.mark.timeout(20)

QWEN = {"model": "Qwen/Qwen3.5-4B", "enable_thinking": False}


def filled(schema: Any, text: str = "Alice is 30.") -> Any:
    form = {"type": "json_schema", "json_schema": {"name": "out", "schema": schema}}
    return ask(text, response_format=form, **QWEN)


def an_object(**properties: Any) -> Any:
    return {"type": "object", "properties": properties, "required": list(properties)}


# --- patterns -----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "pattern",
    [
        r"^(a+)+$",
        r"(a|a)*b",
        r"(a*)*b",
        r"^(\w+\s?)*$",
        r"(x+x+)+y",
        r"(?:a{1,1000}){1,1000}b",
        r"a*a*a*a*a*a*a*a*b",
        r"(a|a)?(a|a)?(a|a)?" * 10 + "b",
        r"^(?=(a+)+$)b",
        r"(a)(?:\1+)+b",
        r"((((a?)*)*)*)*b",
        r"[a-z]*[a-z]*[a-z]*[a-z]*[a-z]*[a-z]*1",
        "(" * 300 + "a" + ")" * 300,
    ],
)
def test_a_pattern_that_never_ends_is_not_tried(pattern) -> None:
    text = "a" * 60 + "! " + "x" * 60 + " " + "a" * 3000
    response = filled(an_object(code={"type": "string", "pattern": pattern}), text)
    assert isinstance(json.loads(text_of(response))["code"], str)


@pytest.mark.parametrize(
    ("pattern", "text", "found"),
    [
        (r"^[A-Z]{2}-\d+$", "ticket AB-12 is open", "AB-12"),
        (r"^\d{5}(-\d{4})?$", "Springfield 12345-6789, USA", "12345-6789"),
        (r"^\d+(\.\d+)?$", "it costs 12.50 euros", "12.50"),
        (r"^(red|green)$", "a green one", "green"),
        (r"^[a-z]+(?:-[a-z]+){1,3}$", "see how-to-knit for more", "how-to-knit"),
        (r"^#[0-9a-fA-F]{6}$", "paint it #ff00aa!", "#ff00aa"),
        (r"^[^@]+@[^@]+$", "write to a@b.org today", "a@b.org"),
        (r"^\+?\d{3,12}$", "call +4912345", "+4912345"),
    ],
)
def test_a_pattern_that_people_write_is_found(pattern, text, found) -> None:
    assert fill({"type": "string", "pattern": pattern}, Material(text)) == found


# --- schemas ------------------------------------------------------------------------------------

NODE = {"type": "object", "properties": {"value": INTEGER}, "required": ["value"]}
FOREST = {**NODE, "properties": {"value": INTEGER, **{f"c{i}": {"$ref": "#"} for i in range(10)}}}


@pytest.mark.parametrize(
    "schema",
    [
        {"type": "array", "items": {"type": "integer"}, "minItems": 1_000_000},
        {"type": "array", "items": {"type": "integer"}, "minItems": 1e300},
        {"type": "array", "items": {"enum": ["a"]}, "minItems": 1_000_000},
        an_object(**{f"field{i}": STRING for i in range(2000)}),
        {**FOREST, "required": list(FOREST["properties"])},
        {"$ref": "#"},
        {"anyOf": [{"$ref": "#"}, {"$ref": "#"}]},
        {"allOf": [{"$ref": "#"}, {"$ref": "#"}]},
        {"type": "array", "items": {"$ref": "#"}, "minItems": 900},
        {"$ref": "#/a", "a": {"$ref": "#/b"}, "b": {"$ref": "#/a"}},
    ],
)
@pytest.mark.parametrize("way", ["response_format", "tool"])
def test_a_schema_without_end_or_measure_is_answered_or_refused(schema, way) -> None:
    if way == "tool":
        function = {
            "name": "f",
            "parameters": an_object(x=schema)
            | {"a": schema.get("a", {}), "b": schema.get("b", {})},
        }
        response = ask("use f", tools=[{"type": "function", "function": function}])
    else:
        response = filled(schema)
    assert response.status in (200, 400)
    if response.status == 400:
        assert body_of(response)["code"] == 20015
        assert "schema" in body_of(response)["message"]


@pytest.mark.parametrize(
    "schema",
    [
        {"type": "array", "items": {"type": "integer"}, "minItems": 1_000_000},
        an_object(**{f"field{i}": STRING for i in range(2000)}),
    ],
)
def test_more_than_anyone_wants_is_refused_by_name(schema) -> None:
    response = filled(schema)
    assert response.status == 400
    assert "more than 1000 values" in body_of(response)["message"]


def test_a_tree_is_filled_as_far_as_the_text_goes() -> None:
    assert fill(FOREST, Material("3")) == {"value": 3}
    chain = {**NODE, "properties": {"value": INTEGER, "next": {"$ref": "#"}}}
    assert fill(chain, Material("1 2 3")) == {
        "value": 1,
        "next": {"value": 2, "next": {"value": 3}},
    }


def test_five_hundred_fields_are_filled() -> None:
    schema = an_object(**{f"field{i}": INTEGER for i in range(500)})
    made = json.loads(text_of(filled(schema, " ".join(map(str, range(500))))))
    assert len(made) == 500
    assert made["field0"] == 0


@pytest.mark.parametrize("number", ["Infinity", "-Infinity", "NaN", "1e999"])
def test_numbers_that_are_none_are_refused(number) -> None:
    body = json.dumps(
        {"model": QWEN["model"], "messages": messages("1"), "response_format": "RF"}
    ).replace(
        '"RF"',
        '{"type": "json_schema", "json_schema": {"name": "n", "schema": '
        f'{{"type": "integer", "minimum": {number}}}}}}}',
    )
    assert post(CHAT, body.encode()).status == 400


@pytest.mark.parametrize(
    "schema",
    [
        {"type": "integer", "minimum": 1e308},
        {"type": "integer", "minimum": 5, "maximum": 1},
        {"type": "string", "maxLength": -1},
        {"type": "array", "items": {}, "maxItems": -1},
        {"type": "array", "items": {}, "minItems": "many"},
        {"type": 5},
        {"enum": []},
        {"properties": [], "required": "x"},
        {"$ref": 7},
        {"$ref": "#/" + "a/" * 5000},
    ],
)
def test_odd_schemas_are_answered_or_refused(schema) -> None:
    assert filled(schema).status in (200, 400)


@pytest.mark.parametrize("body", [b"[" * 200_000, b'{"a":' * 200_000, b'{"model":' + b"[" * 50_000])
def test_a_body_without_end_is_refused(body) -> None:
    assert post(CHAT, body).status == 400


# --- long texts -----------------------------------------------------------------------------------

UNITS = [
    "a", "1", " ", "\n", "\t", "'", '"', "(", ")", "{", "}", "-", ".", ",", "@", "#", ":", "?",
    "`", "[", "*", "=", "中", "。", "？", "😀", "a.", "a@", "1,", "1.", "1+", "a-", "a1-", "A ",
    "A  ", "in ", "is a ", "and ", " of", "not ", "x: ", "Question: ", "'a' ", '{"a":', '{"a":1}',
    "def a(", "def a():\n", "2026-", "https://a", "a: b\n", "- a: b\n", "- ", "<question>", "的", "加",
    "加1", "a中", "1中", "json ", "return json ", "`a` ", "keys ", "schema {", "[[ ## a ## ]]\n",
    "Respond with ", "1. `a` (", "1:1", "\u3000", "\u2028", "’", "A’",
]  # fmt: skip
LONG = 40_000
TOOLS = [
    WEATHER,
    ADD,
    tool("calculator", "Evaluate an expression.", expression=STRING),
    tool(
        "fill_form",
        "Fill a form.",
        email={"type": "string", "format": "email"},
        url={"type": "string", "format": "uri"},
        when={"type": "string", "format": "date-time"},
        day=STRING,
        code={"type": "string", "pattern": r"^[a-z]+-\d+$"},
        sky=STRING,
        urgent={"type": "boolean"},
        colour={"enum": ["red", "green"]},
        numbers={"type": "array", "items": INTEGER},
        person=an_object(name=STRING, age=INTEGER),
    ),
]


@pytest.mark.parametrize("unit", UNITS)
def test_a_long_text_is_answered_in_time(unit) -> None:
    text = unit * (LONG // len(unit))
    named = {"type": "function", "function": {"name": "fill_form"}}
    assert ask(f"{text} fill_form", tools=TOOLS, tool_choice=named).status in (200, 400)
    assert ask(f"What is {text}?", tools=TOOLS).status in (200, 400)
    assert ask(f"{text}\nQuestion: what is it?\nReturn JSON.").status in (200, 400)
    coder = {"model": "Qwen/Qwen2.5-Coder-7B-Instruct", "prompt": text[:20_000]}
    assert post("/v1/completions", coder).status in (200, 400)


@pytest.mark.timeout(60)
def test_very_many_documents_are_ranked_in_time() -> None:
    body = {"model": "BAAI/bge-reranker-v2-m3", "query": "a b c", "documents": ["a b c d"] * 20_000}
    assert len(body_of(post("/v1/rerank", body))["results"]) == 20_000


@pytest.mark.timeout(60)
def test_128_tools_with_long_descriptions_are_looked_at_in_time() -> None:
    tools = [tool(f"tool_{i}", "word " * 500, city=STRING) for i in range(128)]
    assert ask("What is the weather? " * 20, tools=tools).status == 200


# --- one slow request -----------------------------------------------------------------------------


@pytest.fixture
def served() -> Iterator[tuple[str, threading.Event]]:
    """Serve a simulator whose chat answer waits until it is told to go on."""
    go_on = threading.Event()

    def answer(call: Any) -> str:
        assert go_on.wait(15)
        return "At last."

    listener = socket.create_server(("127.0.0.1", 0))
    config = uvicorn.Config(create_app(Simulator(answers=answer)), log_level="warning", ws="none")
    server = uvicorn.Server(config)
    thread = threading.Thread(target=server.run, kwargs={"sockets": [listener]}, daemon=True)
    thread.start()
    yield f"http://127.0.0.1:{listener.getsockname()[1]}/v1", go_on
    go_on.set()
    server.should_exit = True
    thread.join(timeout=10)
    listener.close()


def test_a_slow_request_keeps_no_other_waiting(served) -> None:
    url, go_on = served
    chat = {"model": DEFAULT_MODEL, "messages": messages("Hello")}
    with httpx.Client(headers=KEY, timeout=15) as client, ThreadPoolExecutor(1) as pool:
        slow = pool.submit(client.post, f"{url}/chat/completions", json=chat)
        assert client.get(f"{url}/models").status_code == 200
        assert not slow.done()
        go_on.set()
        assert slow.result().json()["choices"][0]["message"]["content"] == "At last."


# --- a port that is taken -------------------------------------------------------------------------


def test_a_port_that_is_taken_is_told_and_not_announced(capsys) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        assert main(["--port", str(port)]) != 0
    printed = capsys.readouterr()
    assert printed.out == ""
    assert f"127.0.0.1:{port}" in printed.err
    assert "in use" in printed.err
    assert "Traceback" not in printed.err


@pytest.mark.parametrize("arguments", [["--host", "203.0.113.1"], ["--port", "70000"]])
def test_an_address_that_cannot_be_had_is_told(arguments, capsys) -> None:
    try:
        code = main(["--port", "0", *arguments])
    except SystemExit as end:
        code = end.code
    assert code != 0
    assert arguments[-1] in capsys.readouterr().err
