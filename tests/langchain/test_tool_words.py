"""Tools in wire form with `strict`, and what is said of a tool or a choice that is none."""

from __future__ import annotations

from typing import Any

import pytest

from langchain_siliconflow import ChatSiliconFlow, ConfigurationError
from tests.langchain.wire import MODEL, Server, plain_s

BARE = {"type": "function", "function": {"name": "ping"}}
OPEN = {"type": "object", "properties": {}}


def asked(*tools: Any, **options: Any) -> dict[str, Any]:
    server = Server(plain_s())
    ChatSiliconFlow(model=MODEL, **server.clients).bind_tools(list(tools), **options).invoke("x")
    return server.body


@pytest.mark.parametrize(
    ("strict", "parameters"), [(True, {**OPEN, "additionalProperties": False}), (False, OPEN)]
)
def test_a_bare_tool_gets_parameters_and_strict_when_strict_is_said(
    strict: bool, parameters: Any
) -> None:
    assert asked(BARE, strict=strict)["tools"] == [
        {
            "type": "function",
            "function": {"name": "ping", "parameters": parameters, "strict": strict},
        }
    ]


def test_a_bare_tool_stays_as_it_is_without() -> None:
    assert asked(BARE)["tools"] == [BARE]


def test_a_tools_own_strict_is_replaced_by_what_is_said() -> None:
    own = {"type": "function", "function": {"name": "ping", "parameters": OPEN, "strict": True}}
    assert asked(own, strict=False)["tools"][0]["function"]["strict"] is False
    assert asked(own)["tools"] == [own]


def refusal(*tools: Any, **options: Any) -> ConfigurationError:
    with pytest.raises(ConfigurationError) as caught:
        asked(*tools, **options)
    return caught.value


def test_a_tool_that_runs_at_another_makers_is_named() -> None:
    error = refusal({"type": "web_search"})
    assert error.argument == "tools"
    assert error.message == (
        "tool of type 'web_search' is not one of SiliconFlow's: it calls functions only"
    )


@pytest.mark.parametrize(
    ("choice", "says"),
    [
        ("pong", "tool_choice names 'pong', but the tools are ping"),
        ({"type": "tool", "name": "pong"}, "tool_choice names 'pong', but the tools are ping"),
        ({"type": "other"}, "unknown form of tool_choice: {'type': 'other'}"),
        (
            {"type": "auto", "more": 1},
            "unknown form of tool_choice: {'type': 'auto', 'more': 1}",
        ),
    ],
)
def test_a_choice_that_is_none_is_named(choice: Any, says: str) -> None:
    error = refusal(BARE, tool_choice=choice)
    assert (error.argument, error.message) == ("tool_choice", says)
