"""Tool calls: what is asked for, and every shape in which calls come back."""

from __future__ import annotations

from typing import Any

import pytest
from llama_index.core.base.llms.types import ChatMessage, ChatResponse, TextBlock, ToolCallBlock
from llama_index.core.tools import FunctionTool
from pydantic import BaseModel

from llama_index_siliconflow import SiliconFlow
from llama_index_siliconflow._arguments import arguments_are_whole, parse_arguments
from llama_index_siliconflow._schema import strict_schema
from siliconflow_client import APIResponseError
from tests.llama_index import scenarios as s
from tests.llama_index.conftest import Make, Way
from tests.llama_index.stub import Stub

U = [ChatMessage(role="user", content="hi")]


def add(a: int, b: int) -> int:
    """Add two numbers."""
    return a + b


def mul(a: int, b: int) -> int:
    """Multiply two numbers."""
    return a * b


ADD = FunctionTool.from_defaults(add)
MUL = FunctionTool.from_defaults(mul)
NAMED_ADD = {"type": "function", "function": {"name": "add"}}


def selected(llm: SiliconFlow, response: ChatResponse) -> list[tuple[str, str, dict[str, Any]]]:
    selections = llm.get_tool_calls_from_response(response, error_on_no_tool_call=False)
    return [(call.tool_id, call.tool_name, call.tool_kwargs) for call in selections]


# --- asking ---------------------------------------------------------------------------------


@pytest.mark.parametrize("name", ["chat_with_tools", "stream_chat_with_tools"])
@pytest.mark.parametrize(
    ("asked", "choice"),
    [
        ({}, "auto"),
        ({"tool_choice": None}, "auto"),
        ({"tool_required": True}, "required"),
        ({"tool_required": True, "tool_choice": None}, "required"),
        ({"tool_required": True, "tool_choice": "auto"}, "auto"),
        ({"tool_choice": "none"}, "none"),
        ({"tool_choice": "any"}, "required"),
        ({"tool_choice": "add"}, NAMED_ADD),
        ({"tool_choice": NAMED_ADD}, NAMED_ADD),
    ],
)
async def test_tool_choice(
    llm: SiliconFlow, stub: Stub, way: Way, name: str, asked: dict[str, Any], choice: Any
) -> None:
    """`tool_choice`, `tool_required` and further keywords were dropped."""
    await way(llm, name, [ADD], user_msg="x", **asked)
    assert stub.last.body["tool_choice"] == choice
    assert [tool["function"]["name"] for tool in stub.last.body["tools"]] == ["add"]
    assert stub.last.body["messages"] == [{"role": "user", "content": "x"}]


async def test_a_tool_that_is_not_there_cannot_be_chosen(llm: SiliconFlow, way: Way) -> None:
    with pytest.raises(ValueError, match="'sub' is none of the tools"):
        await way(llm, "chat_with_tools", [ADD], user_msg="x", tool_choice="sub")


@pytest.mark.parametrize("name", ["chat_with_tools", "stream_chat_with_tools"])
async def test_the_history_is_not_changed(
    llm: SiliconFlow, stub: Stub, way: Way, name: str
) -> None:
    """The caller's list of messages grew by one at every call."""
    history = list(U)
    await way(llm, name, [ADD], user_msg=ChatMessage(content="x"), chat_history=history)
    assert history == U
    assert len(stub.last.body["messages"]) == 1  # neighbours of one role are merged
    assert stub.last.body["messages"][0]["content"] == "hi\n\nx"


async def test_without_tools_there_is_no_choice(llm: SiliconFlow, stub: Stub, way: Way) -> None:
    await way(llm, "chat_with_tools", [], user_msg="x", tool_required=True)
    assert "tools" not in stub.last.body
    assert "tool_choice" not in stub.last.body


async def test_further_keywords_arrive(llm: SiliconFlow, stub: Stub, way: Way) -> None:
    """Keywords beside the tools were dropped."""
    await way(llm, "chat_with_tools", [ADD], user_msg="x", temperature=0.3)
    assert stub.last.body["temperature"] == 0.3
    assert "allow_parallel_tool_calls" not in stub.last.body


async def test_a_forced_call_can_be_relaxed(stub: Stub, way: Way, make: Make) -> None:
    llm = make(SiliconFlow, relax_tool_choice=True)
    await way(llm, "chat_with_tools", [ADD], user_msg="x", tool_required=True)
    assert stub.last.body["tool_choice"] == "auto"


async def test_descriptions_may_be_long(llm: SiliconFlow, stub: Stub, way: Way) -> None:
    tool = FunctionTool.from_defaults(add, description="x" * 5000)
    await way(llm, "chat_with_tools", [tool], user_msg="x")
    assert len(stub.last.body["tools"][0]["function"]["description"]) == 5000


class Inner(BaseModel):
    size: int
    tags: list[str] = []


class Outer(BaseModel):
    inner: Inner
    others: list[Inner]
    counts: dict[str, int] = {}


class Taken(BaseModel):
    outer: Outer


def take(outer: object) -> None:
    """Take it."""


@pytest.mark.parametrize("where", ["field", "call"])
async def test_strict_closes_every_object(stub: Stub, way: Way, make: Make, where: str) -> None:
    llm = make(SiliconFlow, **({"strict": True} if where == "field" else {}))
    asked = {"strict": True} if where == "call" else {}
    tool = FunctionTool.from_defaults(take, fn_schema=Taken)
    await way(llm, "chat_with_tools", [tool], user_msg="x", **asked)
    function = stub.last.body["tools"][0]["function"]
    assert function["strict"] is True
    schema = function["parameters"]
    assert schema["additionalProperties"] is False
    assert schema["$defs"]["Inner"]["additionalProperties"] is False
    assert schema["$defs"]["Inner"]["required"] == ["size", "tags"]
    assert schema["$defs"]["Outer"]["properties"]["counts"]["additionalProperties"] == {
        "type": "integer"
    }


def test_a_strict_schema_is_a_copy_and_keeps_names_apart() -> None:
    schema: dict[str, Any] = {
        "type": "object",
        "properties": {
            "properties": {"type": "string"},
            "default": {"type": "object", "properties": {"x": {"default": {"properties": 1}}}},
        },
    }
    closed = strict_schema(schema)
    assert "additionalProperties" not in schema
    assert closed["required"] == ["properties", "default"]
    inner = closed["properties"]["default"]  # type: ignore[call-overload,index]  # JSON, nested
    assert inner["additionalProperties"] is False
    assert inner["properties"]["x"] == {"default": {"properties": 1}}


# --- answers --------------------------------------------------------------------------------

BOTH = [("call_a", "add", {"a": 2, "b": 3}), ("call_b", "mul", {"a": 4, "b": 5})]


@pytest.mark.parametrize(
    ("script", "expected"),
    [
        (s.TOOL1, BOTH[:1]),
        (s.TOOL2, BOTH),
        (s.TOOL2_ONE_DELTA, BOTH),
        (s.TOOL2_INTERLEAVED, BOTH),
        (s.TOOL_REPEAT, BOTH[:1]),
        (s.TOOL_EMPTYID, BOTH[:1]),
        (s.TOOL_NOARGS, [("call_a", "add", {})]),
        (s.TOOL_BADJSON, [("call_a", "add", {"a": 2})]),
    ],
    ids=[
        "tool1",
        "tool2",
        "tool2_one_delta",
        "tool2_interleaved",
        "tool_repeat",
        "tool_emptyid",
        "tool_noargs",
        "tool_badjson",
    ],
)
@pytest.mark.parametrize("name", ["chat_with_tools", "stream_chat_with_tools"])
async def test_calls_come_back_whole(
    llm: SiliconFlow, stub: Stub, way: Way, script: s.Script, expected: Any, name: str
) -> None:
    """Pieces of streamed calls were not put together, and the last chunk forgot them."""
    stub.script = script
    found = await way(llm, name, [ADD, MUL], user_msg="x", allow_parallel_tool_calls=True)
    for response in found if isinstance(found, list) else []:
        llm.get_tool_calls_from_response(response, error_on_no_tool_call=False)  # never raises
    response = found[-1] if isinstance(found, list) else found
    assert selected(llm, response) == expected
    blocks = [block for block in response.message.blocks if isinstance(block, ToolCallBlock)]
    assert [(b.tool_call_id, b.tool_name, b.tool_kwargs) for b in blocks] == expected
    wire = response.message.additional_kwargs["tool_calls"]
    assert [(call["id"], call["function"]["name"]) for call in wire] == [
        (call_id, tool) for call_id, tool, _ in expected
    ]
    assert all(type(call) is dict and call["type"] == "function" for call in wire)


async def test_arguments_grow_while_they_arrive(llm: SiliconFlow, stub: Stub, way: Way) -> None:
    stub.script = s.TOOL1
    responses = await way(llm, "stream_chat", U)
    assert [selected(llm, response)[0][2] for response in responses] == [
        {},
        {"a": 2},
        {"a": 2, "b": 3},
        {"a": 2, "b": 3},
    ]
    assert responses[-1].message.additional_kwargs["tool_calls"] == [
        {
            "id": "call_a",
            "type": "function",
            "function": {"name": "add", "arguments": '{"a": 2, "b": 3}'},
        }
    ]
    assert [response.delta for response in responses] == [""] * 4


async def test_text_before_a_call_is_kept(llm: SiliconFlow, stub: Stub, way: Way) -> None:
    stub.script = s.scenario(
        [*s.thought("hm"), *s.text("Let me see."), s.calls(s.fragment(s.ADD, id="c", name="add"))],
        finish="tool_calls",
    )
    last = (await way(llm, "stream_chat", U))[-1]
    assert [block.block_type for block in last.message.blocks] == ["thinking", "text", "tool_call"]
    assert (await way(llm, "chat", U)).message.blocks == last.message.blocks


@pytest.mark.parametrize("call_id", [None, ""])
@pytest.mark.parametrize("name", ["chat", "stream_chat"])
async def test_a_missing_id_is_made_up_once(
    llm: SiliconFlow, stub: Stub, way: Way, name: str, call_id: str | None
) -> None:
    stub.script = s.scenario(
        [
            s.calls(s.fragment('{"a": 2,', id=call_id, name="add")),
            s.calls(s.fragment(' "b": 3}')),
        ],
        finish="tool_calls",
    )
    found = await way(llm, name, U)
    responses = found if isinstance(found, list) else [found]
    ids = {selected(llm, response)[0][0] for response in responses}
    assert len(ids) == 1
    assert ids.pop().startswith("call_")


@pytest.mark.parametrize("arguments", [None, "", "null", "[1]", "nonsense"])
@pytest.mark.parametrize("name", ["chat", "stream_chat"])
async def test_arguments_that_are_no_object(
    llm: SiliconFlow, stub: Stub, way: Way, name: str, arguments: str | None
) -> None:
    """Arguments that are no JSON were a JSONDecodeError."""
    stub.script = s.scenario(
        [s.calls(s.fragment(arguments, id="c", name="add"))], finish="tool_calls"
    )
    found = await way(llm, name, U)
    assert selected(llm, found[-1] if isinstance(found, list) else found) == [("c", "add", {})]


@pytest.mark.parametrize("name", ["chat_with_tools", "stream_chat_with_tools"])
async def test_without_parallel_calls_one_is_kept_in_both_places(
    llm: SiliconFlow, stub: Stub, way: Way, name: str
) -> None:
    stub.script = s.TOOL2
    found = await way(llm, name, [ADD, MUL], user_msg="x", allow_parallel_tool_calls=False)
    message = (found[-1] if isinstance(found, list) else found).message
    assert [block.tool_name for block in message.blocks] == ["add"]
    assert [call["id"] for call in message.additional_kwargs["tool_calls"]] == ["call_a"]


async def test_no_call_is_an_error_only_if_asked(llm: SiliconFlow, way: Way) -> None:
    """`tool_calls: None` on plain answers made looking for calls a TypeError."""
    response = await way(llm, "chat_with_tools", [ADD], user_msg="x")
    assert "tool_calls" not in response.message.additional_kwargs
    assert llm.get_tool_calls_from_response(response, error_on_no_tool_call=False) == []
    with pytest.raises(ValueError, match="at least one tool call"):
        llm.get_tool_calls_from_response(response)


@pytest.mark.parametrize("name", ["chat", "stream_chat"])
async def test_a_call_that_has_no_name_is_an_error(
    llm: SiliconFlow, stub: Stub, way: Way, name: str
) -> None:
    stub.script = s.scenario([s.calls(s.fragment("add(2, 3)"))], finish="tool_calls")
    with pytest.raises(APIResponseError, match="without a name"):
        await way(llm, name, U)


def test_calls_of_older_messages_are_read(llm: SiliconFlow) -> None:
    old = {"id": "c", "function": {"name": "add", "arguments": s.ADD}}
    message = ChatMessage(role="assistant", additional_kwargs={"tool_calls": [old]})
    assert selected(llm, ChatResponse(message=message)) == [("c", "add", {"a": 2, "b": 3})]


@pytest.mark.parametrize("tool_calls", [None, [], ["x"], [{}], [{"function": None}]])
def test_odd_older_messages_hold_no_call(llm: SiliconFlow, tool_calls: Any) -> None:
    message = ChatMessage(role="assistant", additional_kwargs={"tool_calls": tool_calls})
    assert selected(llm, ChatResponse(message=message)) == []


def test_nameless_blocks_are_no_calls(llm: SiliconFlow) -> None:
    blocks = [TextBlock(text="x"), ToolCallBlock(tool_name=""), ToolCallBlock(tool_name="add")]
    message = ChatMessage(role="assistant", blocks=blocks)
    assert [name for _, name, _ in selected(llm, ChatResponse(message=message))] == ["add"]


async def test_predict_and_call(llm: SiliconFlow, stub: Stub, way: Way) -> None:
    stub.script = s.TOOL1
    answer = await way(llm, "predict_and_call", [ADD], user_msg="2+3?")
    assert str(answer) == "5"


@pytest.mark.parametrize(
    ("text", "value", "whole"),
    [
        ("", {}, True),
        ("{}", {}, True),
        ('{"name": "Al', {"name": "Al"}, False),
        ('{"name": "Alice", "age"', {"name": "Alice"}, False),
        ('{"name": "Alice", "age": 30}', {"name": "Alice", "age": 30}, True),
        ('{"items": [{"a": 1}, {"a"', {"items": [{"a": 1}, {}]}, False),
        ("[1, 2]", {}, False),
        ("null", {}, False),
        ("nonsense", {}, False),
        ("{", {}, False),
    ],
)
def test_partial_arguments(text: str, value: dict[str, Any], whole: bool) -> None:
    assert parse_arguments(text) == value
    assert arguments_are_whole(text) is whole
