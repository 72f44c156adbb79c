"""Tools and schemas in forms that LangChain's own descriptions lose or stumble over."""

from __future__ import annotations

import functools
from typing import Any, TypedDict

import pytest
from pydantic import BaseModel, Field

from langchain_siliconflow import ChatSiliconFlow, ConfigurationError
from langchain_siliconflow._schemas import to_response_format
from langchain_siliconflow._tools import to_wire_tools
from siliconflow_simulator import Simulator, calls, says


class Part(BaseModel):
    """A part and what it is made of."""

    name: str
    parts: list[Part] = Field(default_factory=list)


class Order(BaseModel):
    """An order, whose article holds itself."""

    number: int
    article: Part


class Size(BaseModel):
    width: float


class Pair(BaseModel):
    """Two of a kind: shared, but not circular."""

    left: Size
    right: Size


class Folder(TypedDict):
    """A folder."""

    folders: list[Folder]


BIKE = Part(name="bike", parts=[Part(name="wheel", parts=[Part(name="spoke")])])
MODEL = "deepseek-ai/DeepSeek-V4-Flash"


def check_part(schema: dict[str, Any]) -> None:
    assert list(schema["properties"]) == ["name", "parts"]
    assert schema["properties"]["parts"]["items"] == {"$ref": "#/$defs/Part"}


@pytest.mark.parametrize("strict", [None, True])
@pytest.mark.parametrize("method", ["function_calling", "json_schema"])
def test_a_tree_is_described_at_every_depth(method: Any, strict: bool | None) -> None:
    answer = says(BIKE.model_dump_json())
    if method == "function_calling":
        answer = calls("Part", **BIKE.model_dump())
    simulator = Simulator(answers=[answer])
    chat = ChatSiliconFlow(model=MODEL, **simulator.settings())
    assert chat.with_structured_output(Part, method=method, strict=strict).invoke("JSON") == BIKE
    body: Any = simulator.requests[0].body
    if method == "function_calling":
        function = body["tools"][0]["function"]
        assert function["description"] == "A part and what it is made of."
        schema = function["parameters"]
    else:
        schema = body["response_format"]["json_schema"]["schema"]
    assert schema["type"] == "object"
    check_part(schema)
    check_part(schema["$defs"]["Part"])
    closed = schema["$defs"]["Part"].get("additionalProperties")
    assert closed is (False if strict else None)


def test_a_class_that_holds_a_tree_is_described_at_every_depth_too() -> None:
    (tool,) = to_wire_tools([Order])
    assert tool["function"]["name"] == "Order"
    parameters: Any = tool["function"].get("parameters")
    assert parameters["properties"]["article"] == {"$ref": "#/$defs/Part"}
    check_part(parameters["$defs"]["Part"])


def test_what_is_used_twice_stands_where_it_is_used() -> None:
    schema: Any = to_response_format(Pair)["json_schema"]["schema"]
    assert "$defs" not in schema
    assert schema["properties"]["left"]["properties"] == {"width": {"type": "number"}}


def test_a_typed_dict_that_holds_itself_is_refused_by_name() -> None:
    with pytest.raises(ConfigurationError, match="^Folder cannot be described"):
        to_wire_tools([Folder])


def test_a_partial_function_is_refused_by_name() -> None:
    with pytest.raises(ConfigurationError, match="partial cannot be described"):
        to_wire_tools([functools.partial(max, 1)])


def test_the_flat_form_of_a_function_is_read() -> None:
    """OpenAI's Responses API writes them so, and its guides with it."""
    parameters = {"type": "object", "properties": {"city": {"type": "string"}}}
    flat = {"type": "function", "name": "f", "description": "F.", "parameters": parameters}
    function = {"name": "f", "description": "F.", "parameters": parameters}
    assert to_wire_tools([flat]) == [{"type": "function", "function": function}]
    (strict,) = to_wire_tools([flat], strict=True)
    assert strict["function"].get("strict") is True
    assert to_wire_tools([{"type": "function", "name": "g"}])[0]["function"]["name"] == "g"
    simulator = Simulator(answers=[calls("f", city="Paris")])
    chat = ChatSiliconFlow(model=MODEL, **simulator.settings())
    assert chat.bind(tools=[flat]).invoke("Weather?").tool_calls[0]["args"] == {"city": "Paris"}
