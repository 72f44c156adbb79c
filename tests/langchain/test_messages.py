"""LangChain's messages as wire messages."""

from __future__ import annotations

from typing import Any

import pytest
from langchain_core.messages import (
    AIMessage,
    AIMessageChunk,
    BaseMessage,
    ChatMessage,
    HumanMessage,
    RemoveMessage,
    SystemMessage,
    ToolMessage,
)
from langchain_core.messages.tool import invalid_tool_call, tool_call

from langchain_siliconflow._messages import to_wire
from siliconflow_client import ConfigurationError, ReasoningReplay

PNG = {"type": "image", "base64": "AA", "mime_type": "image/png"}


def one(message: BaseMessage) -> dict[str, Any]:
    """Convert a message that follows a question."""
    return dict(to_wire([HumanMessage("q"), message], replay="always")[-1])


def test_a_conversation() -> None:
    wire = to_wire(
        [
            SystemMessage("Be brief."),
            HumanMessage("Weather?", name="ann"),
            AIMessage("", tool_calls=[tool_call(name="w", args={"city": "巴黎"}, id="c1")]),
            ToolMessage("sunny", tool_call_id="c1", name="w"),
            AIMessage("Sunny.", name="bot"),
        ]
    )
    assert wire == [
        {"role": "system", "content": "Be brief."},
        {"role": "user", "content": "Weather?", "name": "ann"},
        {
            "role": "assistant",
            "content": "",
            "tool_calls": [
                {
                    "id": "c1",
                    "type": "function",
                    "function": {"name": "w", "arguments": '{"city": "巴黎"}'},
                }
            ],
        },
        {"role": "tool", "tool_call_id": "c1", "content": "sunny"},
        {"role": "assistant", "content": "Sunny.", "name": "bot"},
    ]


def test_neighbours_of_one_role_are_merged_and_system_text_moves_to_the_start() -> None:
    wire = to_wire(
        [
            HumanMessage("a"),
            SystemMessage("s"),
            HumanMessage("b"),
            ChatMessage("d", role="developer"),
        ]
    )
    assert wire == [
        {"role": "system", "content": "s\n\nd"},
        {"role": "user", "content": "a\n\nb"},
    ]


@pytest.mark.parametrize(
    ("content", "text"),
    [
        ("done", "done"),
        ([{"type": "text", "text": "a"}, {"type": "text", "text": "b"}], "a\nb"),
        (["a", "b"], "a\nb"),
        ([{"title": "é", "n": 1}], '[{"title": "é", "n": 1}]'),
        ("", "(no output)"),
        ([], "(no output)"),
    ],
)
def test_tool_results(content: Any, text: str) -> None:
    call = AIMessage("", tool_calls=[tool_call(name="f", args={}, id="c1")])
    wire = to_wire([HumanMessage("q"), call, ToolMessage(content, tool_call_id="c1")])
    assert wire[-1] == {"role": "tool", "tool_call_id": "c1", "content": text}


def test_a_picture_in_a_tool_result_is_named() -> None:
    told = one(ToolMessage([PNG], tool_call_id="c1"))["content"]
    assert told.startswith("[image omitted: ")


def test_text_parts_for_a_text_model_become_a_string() -> None:
    assert to_wire([HumanMessage([{"type": "text", "text": "a"}, "b"])])[0]["content"] == "a\nb"


def test_anthropic_tool_results_become_messages_of_their_own() -> None:
    message = HumanMessage(
        [
            {
                "type": "tool_result",
                "tool_use_id": "c1",
                "content": [{"type": "text", "text": "green"}],
            },
            {"type": "text", "text": "Which?"},
        ]
    )
    call = AIMessage(
        [
            {"type": "text", "text": "Hm."},
            {"type": "tool_use", "id": "c1", "name": "f", "input": {}},
        ],
        tool_calls=[tool_call(name="f", args={}, id="c1")],
    )
    wire = to_wire([HumanMessage("q"), call, message])
    assert [turn["role"] for turn in wire] == ["user", "assistant", "tool", "user"]
    assert wire[1]["content"] == "Hm."
    assert wire[2]["content"] == "green"
    assert wire[3]["content"] == "Which?"


CALLS = [tool_call(name="f", args={}, id="c1")]
THINKING = {
    "additional_kwargs": AIMessage(
        "x", additional_kwargs={"reasoning_content": "Hm."}, tool_calls=CALLS
    ),
    "v1 block": AIMessage(
        [{"type": "reasoning", "reasoning": "Hm."}, {"type": "text", "text": "x"}],
        tool_calls=CALLS,
    ),
    "v1 pieces": AIMessage(
        [
            {"type": "reasoning", "reasoning": "H"},
            {"type": "reasoning", "reasoning": "m."},
            {"type": "text", "text": "x"},
        ],
        tool_calls=CALLS,
    ),
    "anthropic": AIMessage(
        [{"type": "thinking", "thinking": "Hm.", "signature": "s"}, "x"], tool_calls=CALLS
    ),
    "chunk": AIMessageChunk("x", additional_kwargs={"reasoning_content": "Hm."}, tool_calls=CALLS),
}


@pytest.mark.parametrize("form", THINKING)
def test_reasoning_goes_back_from_wherever_it_is(form: str) -> None:
    wire = to_wire([HumanMessage("q"), THINKING[form]])[1]
    assert wire["reasoning_content"] == "Hm."
    assert wire["content"] == "x"


@pytest.mark.parametrize(
    ("replay", "kept"),
    [("tool_loop", [True, False, True]), ("always", [True] * 3), ("never", [False] * 3)],
)
def test_reasoning_replay(replay: ReasoningReplay, kept: list[bool]) -> None:
    thought = {"reasoning_content": "Hm."}
    wire = to_wire(
        [
            HumanMessage("q1"),
            AIMessage("", additional_kwargs=thought, tool_calls=CALLS),
            ToolMessage("r", tool_call_id="c1"),
            AIMessage("plain", additional_kwargs=thought),
            HumanMessage("q2"),
            AIMessage("", additional_kwargs=thought, tool_calls=CALLS),
            ToolMessage("r", tool_call_id="c1"),
        ],
        replay=replay,
    )
    turns = [turn for turn in wire if turn["role"] == "assistant"]
    assert ["reasoning_content" in turn for turn in turns] == kept


def test_invalid_calls_go_back_with_their_raw_arguments_inside_an_object() -> None:
    message = AIMessage(
        "", invalid_tool_calls=[invalid_tool_call(name="f", args="{bad", id="c1", error="no")]
    )
    assert one(message)["tool_calls"] == [
        {
            "id": "c1",
            "type": "function",
            "function": {"name": "f", "arguments": '{"__invalid_arguments__":"{bad"}'},
        }
    ]


def test_prefix_continuation() -> None:
    assert one(AIMessage("def ", additional_kwargs={"prefix": True}))["prefix"] is True


def test_a_refusal_is_text_when_it_goes_back() -> None:
    assert one(AIMessage([{"type": "refusal", "refusal": "No."}]))["content"] == "No."


@pytest.mark.parametrize(
    ("message", "words"),
    [
        (RemoveMessage(id="1"), "RemoveMessage"),
        (ChatMessage("x", role="critic"), "'critic'"),
        (SystemMessage([PNG]), "'image' cannot be sent as system content"),
    ],
)
def test_what_has_no_form_is_named(message: BaseMessage, words: str) -> None:
    with pytest.raises(ConfigurationError) as caught:
        one(message)
    assert words in str(caught.value)


def test_chat_messages() -> None:
    assert one(ChatMessage("x", role="assistant")) == {"role": "assistant", "content": "x"}
    parts = ["look", PNG]
    assert one(ChatMessage(parts, role="user"))["content"][-1]["type"] == "image_url"


def test_the_messages_given_stay_as_they_are() -> None:
    messages = [HumanMessage(["a", PNG]), AIMessage("x", tool_calls=CALLS)]
    before = [message.model_copy(deep=True) for message in messages]
    to_wire(messages)
    assert messages == before
