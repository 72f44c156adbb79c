"""JSON modes: an instance of the schema, made from what the prompt says."""

from __future__ import annotations

import json
from typing import Any

import jsonschema
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from siliconflow_simulator.answers.from_text.fill import fill
from siliconflow_simulator.answers.from_text.material import Material
from tests.simulator.asking import ask, called, events_of, joined, text_of

PERSON = {
    "title": "Person",
    "type": "object",
    "properties": {"name": {"type": "string"}, "age": {"type": "integer"}},
    "required": ["name", "age"],
}
QWEN = {"model": "Qwen/Qwen3.5-4B", "enable_thinking": False}


def json_schema(schema: dict[str, Any]) -> dict[str, Any]:
    return {"type": "json_schema", "json_schema": {"name": "out", "schema": schema}}


def test_a_json_schema_is_filled() -> None:
    response = ask("Alice is 30 years old.", response_format=json_schema(PERSON), **QWEN)
    assert json.loads(text_of(response)) == {"name": "Alice", "age": 30}


def test_a_streamed_answer_is_the_same_json() -> None:
    fields = {"response_format": json_schema(PERSON), "stream": True, **QWEN}
    events = events_of(ask("Alice is 30 years old.", **fields))
    assert json.loads(joined(events)) == {"name": "Alice", "age": 30}


def test_values_come_from_tool_results_too() -> None:
    schema = {
        "type": "object",
        "properties": {"temperature": {"type": "number"}},
        "required": ["temperature"],
    }
    history = called("get_weather", "{}", "It is 21.5 degrees.")
    response = ask("Weather?", *history, response_format=json_schema(schema), **QWEN)
    assert json.loads(text_of(response)) == {"temperature": 21.5}


@pytest.mark.parametrize(
    ("prompt", "keys"),
    [
        (
            "Tell me a joke about cats. Return the result as a JSON with 'setup' and 'punchline' "
            "keys. Return nothing other than JSON.",
            {"setup", "punchline"},
        ),
        (
            "Who won? Please respond in the format "
            '{"Men\'s Champion": ..., "Women\'s Champion": ...}',
            {"Men's Champion", "Women's Champion"},
        ),
        (f"Alice is 30.\nFollow this JSON schema:\n{json.dumps(PERSON)}", {"name", "age"}),
        ("Reply with JSON.", {"answer"}),
    ],
)
def test_json_object_takes_its_keys_from_the_prompt(prompt, keys) -> None:
    value = json.loads(text_of(ask(prompt, response_format={"type": "json_object"})))
    assert set(value) == keys
    assert all(value.values())


def test_the_talk_about_the_format_is_no_value() -> None:
    prompt = "Tell me a joke. Return JSON with 'setup' and 'punchline' keys."
    value = json.loads(text_of(ask(prompt, response_format={"type": "json_object"})))
    assert value == {"setup": "Tell me a joke.", "punchline": "Tell me a joke."}


@pytest.mark.parametrize("braces", [("{", "}"), ("{{", "}}")])
def test_a_schema_in_the_prompt_is_followed_without_any_mode(braces) -> None:
    # LlamaIndex's text program doubles the braces.
    schema = json.dumps(PERSON).replace("{", braces[0]).replace("}", braces[1])
    prompt = (
        f"Alice is 30.\n\nHere's a JSON schema to follow:\n{schema}\n\nOutput a valid JSON object."
    )
    assert json.loads(text_of(ask(prompt))) == {"name": "Alice", "age": 30}


def test_an_answer_field_is_answered() -> None:
    schema = {
        "type": "object",
        "properties": {"answer": {"type": "string"}},
        "required": ["answer"],
    }
    prompt = "Cats sleep sixteen hours a day. Dogs bark.\nQuestion: How long do cats sleep?"
    response = ask(prompt, response_format=json_schema(schema), **QWEN)
    assert json.loads(text_of(response)) == {"answer": "Cats sleep sixteen hours a day."}


# --- filling --------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("schema", "text", "expected"),
    [
        ({"type": "integer"}, "There are 7 of them", 7),
        ({"type": "integer", "maximum": 5}, "There are 7 of them", 5),
        ({"type": "number", "exclusiveMinimum": 0}, "nothing", 1e-6),
        ({"type": "boolean"}, "nothing", False),
        ({"const": "fixed"}, "anything", "fixed"),
        ({"enum": ["red", "green"]}, "I like Green", "green"),
        ({"enum": ["red", "green"]}, "I like neither", "red"),
        ({"enum": [1, 2, 3]}, "take 2", 2),
        ({"type": "null"}, "anything", None),
        ({"type": "array", "items": {"type": "integer"}}, "1, 2 and 3", [1, 2, 3]),
        ({"type": "array", "items": {"type": "string"}, "maxItems": 2}, "'a' 'b' 'c'", ["a", "b"]),
        (
            {"type": "array", "items": {"enum": ["red", "green", "blue"]}},
            "green and blue",
            ["green", "blue"],
        ),
        ({"type": "string", "format": "email"}, "Write to bob@example.com now", "bob@example.com"),
        ({"type": "string", "format": "date"}, "due on 2026-11-20", "2026-11-20"),
        (
            {"type": "string", "format": "uri"},
            "see https://example.com/a.",
            "https://example.com/a",
        ),
        ({"type": "string", "pattern": "^[A-Z]{2}-\\d+$"}, "ticket AB-12 is open", "AB-12"),
        ({"type": "string", "maxLength": 3}, "'abcdef'", "abc"),
        (
            {"$ref": "#/$defs/P", "$defs": {"P": PERSON}},
            "Bob is 44",
            {"name": "Bob", "age": 44},
        ),
        (
            {
                "type": "object",
                "properties": {"people": {"type": "array", "items": PERSON}},
                "required": ["people"],
            },
            "Alice is 30. Bob is 25.",
            {"people": [{"name": "Alice", "age": 30}, {"name": "Bob", "age": 25}]},
        ),
        (
            {"type": "object", "properties": {"urgent": {"type": "boolean"}}},
            "this is not urgent",
            {"urgent": False},
        ),
        (
            {"type": "object", "properties": {"size": {"type": "integer", "default": 4}}},
            "whatever 9",
            {"size": 4},
        ),
        (
            {"type": "object", "properties": {"size": {"type": "integer", "default": 4}}},
            "of size 9",
            {"size": 9},
        ),
        (
            {
                "type": "object",
                "properties": {"nick": {"anyOf": [{"type": "string"}, {"type": "null"}]}},
                "required": ["nick"],
            },
            "nothing to see",
            {"nick": None},
        ),
        (
            {"type": "object", "properties": {"city": {"type": ["string", "null"]}}},
            "city: Paris",
            {"city": "Paris"},
        ),
        ({}, "the whole question", "the whole question"),
        (
            {
                "allOf": [
                    {"properties": {"name": {"type": "string"}}, "required": ["name"]},
                    {"properties": {"age": {"type": "integer"}}, "required": ["age"]},
                ]
            },
            "Bob is 44",
            {"name": "Bob", "age": 44},
        ),
        ({"oneOf": [{"type": "null"}, {"type": "integer"}]}, "take 3", 3),
        ({"anyOf": [{"type": "null"}]}, "take 3", None),
        ({"$ref": "#/$defs/missing"}, "a text", "a text"),
        ({"minimum": 2}, "1", 2),
        ({"items": {"type": "number"}}, "1.5", [1.5]),
        ({"type": "string", "format": "time"}, "at 9:30", "09:30:00"),
        ({"type": "string", "format": "date-time"}, "on 2026-11-20 09:30", "2026-11-20T09:30:00Z"),
        ({"type": "string", "format": "date-time"}, "no date", "2026-01-01T00:00:00Z"),
        ({"type": "string", "pattern": "("}, "a broken pattern", "a broken pattern"),
        (
            {"type": "object", "properties": {"day": {"type": "string"}}, "required": ["day"]},
            "see you on Friday",
            {"day": "Friday"},
        ),
        (
            {"type": "object", "properties": {"sky": {"type": "string"}}, "required": ["sky"]},
            "It is cloudy in Paris",
            {"sky": "cloudy"},
        ),
        (
            {
                "type": "object",
                "properties": {"from": {"type": "string"}, "to": {"type": "string"}},
            },
            "from Rome to Paris",
            {"from": "Rome", "to": "Paris"},
        ),
        (
            {"type": "object", "properties": {"to": {"type": "string"}}},
            "Write to bob@example.com",
            {"to": "bob@example.com"},
        ),
        ({"type": "boolean", "default": True}, "nothing", True),
        ({"enum": ["red", "green"], "default": "green"}, "I like neither", "green"),
        ({"anyOf": [{"const": "fixed"}, {"type": "integer"}]}, "nothing", "fixed"),
        (
            {"type": "string", "format": "date-time"},
            "on 2026-11-20 09:30:15",
            "2026-11-20T09:30:15Z",
        ),
        ({"type": "string", "pattern": "[z-a]"}, "a broken pattern", "a broken pattern"),
    ],
)
def test_fill(schema, text, expected) -> None:
    assert fill(schema, Material(text)) == expected


def test_a_schema_that_refers_to_itself_comes_to_an_end() -> None:
    node: dict[str, Any] = {
        "$defs": {
            "Node": {
                "type": "object",
                "properties": {
                    "value": {"type": "integer"},
                    "next": {"$ref": "#/$defs/Node"},
                },
                "required": ["value", "next"],
            }
        },
        "$ref": "#/$defs/Node",
    }
    assert json.dumps(fill(node, Material("1 2 3")))


LEAVES = st.one_of(
    st.builds(lambda: {"type": "string"}),
    st.builds(lambda: {"type": "boolean"}),
    st.builds(lambda: {"type": "number"}),
    st.builds(
        lambda low, width: {"type": "integer", "minimum": low, "maximum": low + width},
        st.integers(-50, 50),
        st.integers(0, 20),
    ),
    st.builds(
        lambda values: {"enum": values}, st.lists(st.text(min_size=1), min_size=1, max_size=3)
    ),
    st.sampled_from([{"type": "string", "format": form} for form in ("date", "email", "uuid")]),
)


def _object(fields: dict[str, Any], keep: list[bool]) -> dict[str, Any]:
    required = [name for name, kept in zip(fields, keep, strict=False) if kept]
    return {"type": "object", "properties": fields, "required": required}


SCHEMAS = st.recursive(
    LEAVES,
    lambda inner: st.one_of(
        st.builds(
            _object,
            st.dictionaries(st.sampled_from(["name", "age", "city", "tags", "ok"]), inner),
            st.lists(st.booleans(), max_size=5),
        ),
        st.builds(lambda items: {"type": "array", "items": items}, inner),
        st.builds(lambda option: {"anyOf": [option, {"type": "null"}]}, inner),
    ),
    max_leaves=8,
)
TEXTS = st.one_of(
    st.text(max_size=80),
    st.sampled_from(
        ["Alice is 30 and lives in Paris.", "tags: 'a', 'b'; ok", "2+3, bob@example.com"]
    ),
)


@settings(deadline=None, max_examples=200)
@given(SCHEMAS, TEXTS)
def test_whatever_is_filled_fits_its_schema(schema, text) -> None:
    value = fill(schema, Material(text))
    jsonschema.validate(value, schema, format_checker=jsonschema.FormatChecker())


# --- keys that a prompt names, and what their values are -------------------------------------------

OBJECT = {"type": "json_object"}

FIELDS = """Provide your output as a JSON containing the following fields:
<json_fields>
["name", "age"]
</json_fields>

Here are the properties for each field:
<json_field_properties>
{"name": {"type": "string"}, "age": {"type": "integer"}}
</json_field_properties>"""


def test_properties_without_a_schema_around_them_are_the_fields() -> None:
    system = {"role": "system", "content": FIELDS}
    assert json.loads(text_of(ask(system, "Alice is 30 years old.", response_format=OBJECT))) == {
        "name": "Alice",
        "age": 30,
    }


def test_a_key_that_is_an_amount_takes_the_number_of_the_text() -> None:
    asked = "Alice is 30 years old. Answer in JSON with the keys 'name' and 'age'."
    assert json.loads(text_of(ask(asked, response_format=OBJECT))) == {"name": "Alice", "age": 30}
    without = "Alice is old. Answer in JSON with the keys 'name' and 'age'."
    assert isinstance(json.loads(text_of(ask(without, response_format=OBJECT)))["age"], str)
