"""Tool calls that were written as text: what the offered tools and their schemas decide."""

from __future__ import annotations

import json
from typing import Any

import pytest

from siliconflow_client.endpoints.answer_reader import answer_rules
from siliconflow_client.endpoints.offered_tools import offered_tools
from tests.client.test_tool_markup import (
    ASKED,
    HERMES,
    MARKUP,
    TOOLS,
    assert_stays,
    by_character,
    whole,
)


def rules_of(*tools: Any) -> Any:
    return answer_rules({**ASKED, "tools": [*tools]}, ASKED["model"])


def tool(properties: Any, **schema: Any) -> dict[str, Any]:
    parameters = {"type": "object", "properties": properties, **schema}
    return {"type": "function", "function": {"name": "get_weather", "parameters": parameters}}


@pytest.mark.parametrize(
    "other",
    ["get_weather", {"type": "web_search"}, {"function": {"name": ""}}, {"function": {"name": 5}}],
)
def test_what_is_no_tool_with_a_name_is_passed_over(other: Any):
    assert offered_tools({"tools": [other]}) is None
    found = offered_tools({"tools": [other, *TOOLS]})
    assert found is not None
    assert ("get_weather" in found, "" in found) == (True, False)


@pytest.mark.parametrize(
    ("schema", "read_as"),
    [
        ({"type": ["integer", "null"]}, 3),
        ({"type": ["string", "integer"]}, "3"),
        ({"$ref": "#/$defs/Days"}, 3),
        ({"$ref": "#/$defs/Weeks"}, "3"),
        ({"$ref": "#/definitions/time/Days"}, "3"),
    ],
    ids=["one of two types", "a string too", "referred", "nothing referred", "no such place"],
)
def test_a_schema_may_say_the_type_of_a_value_in_many_ways(schema: Any, read_as: Any):
    offered = tool(
        {"city": {"type": "string"}, "days": schema}, **{"$defs": {"Days": {"type": "integer"}}}
    )
    expected = [("get_weather", {"city": "Paris", "days": read_as})]
    assert whole(MARKUP["glm"], rules=rules_of(offered))[2] == expected


def test_a_value_whose_mark_says_no_type_has_that_of_the_schema():
    text = MARKUP["dsml"].replace('string="false"', 'kind="number"')
    assert text != MARKUP["dsml"]
    assert whole(text)[2] == whole(MARKUP["dsml"])[2]


def test_arguments_may_be_json_inside_of_json():
    arguments = {"city": "Paris"}
    text = HERMES.replace(json.dumps(arguments), json.dumps(json.dumps(arguments)))
    assert text != HERMES
    assert whole(text)[2] == by_character(text)[2] == [("get_weather", arguments)]


@pytest.mark.parametrize("inner", ["[1]", "5", "{"])
def test_a_text_in_the_place_of_arguments_that_holds_no_object_stays_text(inner: str):
    assert_stays(HERMES.replace('{"city": "Paris"}', json.dumps(inner)))


@pytest.mark.parametrize("dialect", ["glm", "qwen_coder", "minimax", "dsml"])
def test_a_key_of_ten_thousand_characters_stays_text(dialect: str):
    assert_stays(MARKUP[dialect].replace("days", "d" * 10_000))


def test_a_name_that_an_offered_one_begins_with_and_that_goes_on_stays_text():
    """Longer than any offered name: no further character could make it one."""
    assert_stays("<tool_call>get_weather" + " " * 500)
    assert_stays("<function=get_weather" + " " * 500)


@pytest.mark.parametrize("dialect", list(MARKUP))
@pytest.mark.parametrize("place", ["Paris", "3"])
def test_half_an_emoji_among_the_arguments_raises_nothing(dialect: str, place: str):
    text = MARKUP[dialect].replace(place, "\ud83d")
    assert text != MARKUP[dialect]
    said, _, called, _ = whole(text)
    assert called == []
    assert "\ud83d" in said
