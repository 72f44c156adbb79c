"""Tools and tool choices, as the wire's."""

from __future__ import annotations

from typing import Any

import pytest
from langchain_core.exceptions import ModelInvalidRequestError
from langchain_core.tools import tool
from pydantic import BaseModel

from langchain_siliconflow._tools import to_wire_choice, to_wire_tools
from siliconflow_client import ConfigurationError
from tests.langchain.wire import Server, completion, error
from tests.langchain.wire import unlisted_model_for as model_for


class GetWeather(BaseModel):
    """Weather of a city."""

    city: str


@tool
def get_time(zone: str) -> str:
    """Time in a zone."""
    return zone


def plain_function(a: int) -> int:
    """Double it."""
    return a * 2


SCHEMA = {"title": "by_schema", "type": "object", "properties": {"a": {"type": "integer"}}}
ANTHROPIC = {"name": "by_input_schema", "input_schema": {"type": "object", "properties": {}}}
OPENAI = {
    "type": "function",
    "function": {"name": "by_wire", "parameters": {"type": "object", "properties": {}}},
}


def test_every_form_of_tool() -> None:
    wire = to_wire_tools([GetWeather, get_time, plain_function, SCHEMA, ANTHROPIC, OPENAI])
    assert [one["function"]["name"] for one in wire] == [
        "GetWeather",
        "get_time",
        "plain_function",
        "by_schema",
        "by_input_schema",
        "by_wire",
    ]
    assert all(one["type"] == "function" for one in wire)
    assert wire[0]["function"]["parameters"]["required"] == ["city"]


@pytest.mark.parametrize("strict", [None, True, False])
@pytest.mark.parametrize(
    "form",
    [GetWeather, get_time, plain_function, SCHEMA, ANTHROPIC, OPENAI],
    ids=["class", "tool", "function", "json schema", "anthropic", "openai"],
)
def test_strict_holds_for_every_form(form: Any, strict: bool | None) -> None:
    (wire,) = to_wire_tools([form], strict=strict)
    assert wire["function"].get("strict") is strict
    closed = wire["function"].get("parameters", {}).get("additionalProperties") is False
    assert closed is (strict is True)


def test_strict_wins_over_the_one_in_a_tool_of_wire_form() -> None:
    tool = {"type": "function", "function": {"name": "f", "strict": False}}
    assert to_wire_tools([tool])[0]["function"].get("strict") is False
    assert to_wire_tools([tool], strict=True)[0]["function"].get("strict") is True


def test_other_providers_server_side_tools_are_refused() -> None:
    with pytest.raises(ConfigurationError, match="'web_search'"):
        to_wire_tools([{"type": "web_search"}])


NAMED = {"type": "function", "function": {"name": "GetWeather"}}


@pytest.mark.parametrize(
    ("choice", "wire"),
    [
        (None, None),
        (False, None),
        (True, "required"),
        ("any", "required"),
        ("required", "required"),
        ("auto", "auto"),
        ("none", "none"),
        ("GetWeather", NAMED),
        (NAMED, NAMED),
        ({"type": "tool", "name": "GetWeather"}, NAMED),
        ({"type": "any"}, "required"),
        ({"type": "auto"}, "auto"),
    ],
)
def test_every_form_of_choice(choice: Any, wire: Any) -> None:
    assert to_wire_choice(choice, to_wire_tools([GetWeather])) == wire


@pytest.mark.parametrize("choice", ["Nope", {"type": "function", "function": {"name": "Nope"}}])
def test_a_choice_that_names_no_tool(choice: Any) -> None:
    with pytest.raises(ConfigurationError, match=r"'Nope', but the tools are GetWeather") as caught:
        to_wire_choice(choice, to_wire_tools([GetWeather]))
    assert caught.value.argument == "tool_choice"


def test_a_choice_in_no_known_form() -> None:
    with pytest.raises(ConfigurationError, match="unknown form"):
        to_wire_choice({"mode": "x"}, [])


def test_no_tools_no_choice() -> None:
    server = Server(completion())
    model = model_for(server)
    model.bind_tools([]).invoke("x")
    model.bind_tools([], tool_choice="auto").invoke("x")
    model.invoke("x", tools=None)
    assert all("tools" not in body and "tool_choice" not in body for body in server.bodies)
    with pytest.raises(ConfigurationError, match="there are no tools"):
        model.bind_tools([], tool_choice="any").invoke("x")


def test_tools_bound_by_hand_are_converted_too() -> None:
    server = Server(completion())
    model_for(server).bind(tools=[GetWeather], tool_choice="any").invoke("x")
    assert server.body["tools"][0]["function"]["name"] == "GetWeather"
    assert server.body["tool_choice"] == "required"


def test_parallel_tool_calls_is_sent_only_when_set() -> None:
    server = Server(completion())
    model_for(server).bind_tools([GetWeather]).invoke("x")
    assert "parallel_tool_calls" not in server.body
    model_for(server).bind_tools([GetWeather], parallel_tool_calls=False).invoke("x")
    assert server.body["parallel_tool_calls"] is False


def test_a_forced_choice_while_thinking_says_what_to_do() -> None:
    message = "Thinking mode does not support this tool_choice"
    server = Server(error(400, {"code": 20015, "message": message, "data": None}))
    bound = model_for(server, enable_thinking=True).bind_tools([GetWeather], tool_choice="any")
    with pytest.raises(ModelInvalidRequestError) as caught:
        bound.invoke("x")
    assert "enable_thinking=False" in str(caught.value)
    assert 'tool_choice="auto"' in str(caught.value)
    free = model_for(server, enable_thinking=True).bind_tools([GetWeather])
    with pytest.raises(ModelInvalidRequestError) as other:
        free.invoke("x")
    assert 'tool_choice="auto"' not in str(other.value)


@pytest.mark.parametrize(
    ("message", "words"),
    [
        (
            "Value error, current model does not support parameter `enable_thinking`.",
            "leave enable_thinking unset",
        ),
        ("thinking_budget must be between 128 and 32768", None),
    ],
)
def test_other_refusals_about_thinking_keep_their_own_hint(message: str, words: str | None) -> None:
    """Structured output forces a choice by default, so this is the usual case."""
    server = Server(error(400, {"code": 20015, "message": message, "data": None}))
    chain = model_for(server, enable_thinking=False).with_structured_output(GetWeather)
    with pytest.raises(ModelInvalidRequestError) as caught:
        chain.invoke("x")
    assert "enable_thinking=False" not in str(caught.value)
    assert words is None or words in str(caught.value)
