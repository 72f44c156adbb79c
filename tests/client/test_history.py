"""A conversation in the only form that every model takes: the rules, and that they are stable."""

from __future__ import annotations

import copy
import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from siliconflow_client import ConfigurationError, normalise_messages
from tests.fixtures import INDEX


def system(text: Any) -> Any:
    return {"role": "system", "content": text}


def user(text: Any, **more: Any) -> Any:
    return {"role": "user", "content": text, **more}


def assistant(text: Any = "", *calls: Any, **more: Any) -> Any:
    return {
        "role": "assistant",
        "content": text,
        **({"tool_calls": list(calls)} if calls else {}),
        **more,
    }


def call(call_id: str = "a", name: str = "f", arguments: str = "{}", **more: Any) -> Any:
    return {
        "id": call_id,
        "type": "function",
        "function": {"name": name, "arguments": arguments},
        **more,
    }


def tool(text: Any, call_id: str = "a") -> Any:
    return {"role": "tool", "content": text, "tool_call_id": call_id}


def text(*texts: str) -> Any:
    return [{"type": "text", "text": one} for one in texts]


IMAGE = {"type": "image_url", "image_url": {"url": "https://example.com/a.png"}}


@pytest.mark.parametrize(
    ("given", "normal"),
    [
        pytest.param([], [], id="nothing"),
        pytest.param([user("a")], [user("a")], id="one"),
        pytest.param([{"role": "developer", "content": "s"}, user("a")], [system("s"), user("a")], id="developer"),
        pytest.param([user("a"), system("s"), user("b")], [system("s"), user("a\n\nb")], id="system in the middle"),
        pytest.param([system("s"), user("a"), assistant("b"), system("t"), user("c")], [system("s\n\nt"), user("a"), assistant("b"), user("c")], id="a second system"),
        pytest.param([system("s"), {"role": "developer", "content": "t"}, user("a")], [system("s\n\nt"), user("a")], id="system and developer"),
        pytest.param([system(text("s")), system("t"), user("a")], [system(text("s", "t")), user("a")], id="system in parts"),
        pytest.param([user("a"), user("b")], [user("a\n\nb")], id="two users"),
        pytest.param([user(""), user("b")], [user("b")], id="an empty one adds nothing"),
        pytest.param([user("a"), user([IMAGE])], [user([*text("a"), IMAGE])], id="text and parts"),
        pytest.param([user([IMAGE]), user("a")], [user([IMAGE, *text("a")])], id="parts and text"),
        pytest.param([user("a", name="x"), user("b", name="y")], [user("a", name="x"), user("b", name="y")], id="two speakers"),
        pytest.param([user("a", name="x"), user("b", name="x")], [user("a\n\nb", name="x")], id="one speaker twice"),
        pytest.param([user("q"), assistant("a"), assistant("b")], [user("q"), assistant("a\n\nb")], id="two assistants"),
        pytest.param([user("q"), assistant("a", call("1")), assistant("b", call("2"))], [user("q"), assistant("a\n\nb", call("1"), call("2"))], id="their calls too"),
        pytest.param([user("q"), assistant(None, call())], [user("q"), assistant("", call())], id="content null"),
        pytest.param([user("q"), {"role": "assistant", "tool_calls": [call()]}], [user("q"), assistant("", call())], id="no content"),
        pytest.param([user("q"), assistant("a", tool_calls=[])], [user("q"), assistant("a")], id="no calls"),
        pytest.param([user("q"), assistant("a", tool_calls=None)], [user("q"), assistant("a")], id="calls null"),
        pytest.param([user("q"), assistant("", call(type=None))], [user("q"), assistant("", call())], id="a call without type"),
        pytest.param([user("q"), assistant("", call(type="custom", index=3))], [user("q"), assistant("", call())], id="a call of another type, with an index"),
        pytest.param([user("q"), assistant("", call(arguments=""))], [user("q"), assistant("", call())], id="a call without arguments"),
        pytest.param([tool("1", "a"), tool("2", "b")], [tool("1", "a"), tool("2", "b")], id="tool results stay apart"),
        pytest.param([tool("")], [tool("(no output)")], id="an empty tool result"),
        pytest.param([tool(None)], [tool("(no output)")], id="a null tool result"),
        pytest.param([tool([])], [tool("(no output)")], id="a tool result without parts"),
        pytest.param([tool(text("1"))], [tool(text("1"))], id="a tool result in parts"),
        pytest.param([user("q", name=None)], [user("q")], id="null fields"),
        pytest.param([user("q"), assistant("a"), assistant("b", prefix=True)], [user("q"), assistant("a\n\nb", prefix=True)], id="a prefix is kept"),
        pytest.param([user("q"), assistant("a", prefix=True), assistant("b")], [user("q"), assistant("a", prefix=True), assistant("b")], id="nothing is added to a prefix"),
        pytest.param([user(""), user([IMAGE])], [user([IMAGE])], id="an empty text becomes no part"),
    ],
)  # fmt: skip
def test_rules(given: Any, normal: Any):
    before = copy.deepcopy(given)
    assert normalise_messages(given) == normal
    assert given == before
    assert normalise_messages(normal) == normal


def test_the_parts_of_a_message_are_copied():
    parts = text("a")
    normal = normalise_messages([user(parts)])
    assert normal[0]["content"] is not parts


def test_calls_with_an_empty_id_and_their_results_find_each_other():
    given = [
        user("Hi"),
        assistant("", call(""), call("b"), call("")),
        tool("first", ""), tool("second", "b"), tool("third", ""), tool("one too many", ""),
        assistant("", call("")), tool("fourth", ""),
    ]  # fmt: skip
    before = copy.deepcopy(given)
    turns = normalise_messages(given)
    asked = [one["id"] for turn in turns for one in turn.get("tool_calls", ())]
    assert len(set(asked)) == 4
    assert all(asked)
    answered = {turn["content"]: turn["tool_call_id"] for turn in turns if turn["role"] == "tool"}
    assert answered == {
        "first": asked[0], "second": "b", "third": asked[2], "one too many": "",
        "fourth": asked[3],
    }  # fmt: skip
    assert given == before


def test_a_call_without_its_id_or_its_name_is_named():
    for broken in (
        {"id": "a"},
        {"function": {"name": "f", "arguments": ""}},
        {"id": "a", "function": None},
    ):
        with pytest.raises(ConfigurationError) as caught:
            normalise_messages([assistant("", broken)])
        assert caught.value.argument == "messages"
        assert str(caught.value).startswith(
            "A tool call in messages lacks `id`, `function.name` or `function.arguments`."
        )


THOUGHT = {"reasoning_content": "t"}
LOOP = [
    user("q"),
    assistant("", call("a"), **THOUGHT),
    tool("1", "a"),
    assistant("x", **THOUGHT),
    user("r"),
    assistant("", call("b"), **THOUGHT),
    tool("2", "b"),
    assistant("", call("c"), **THOUGHT),
    tool("3", "c"),
]


@pytest.mark.parametrize(
    ("replay", "kept"),
    [("tool_loop", [1, 5, 7]), ("always", [1, 3, 5, 7]), ("never", [])],
)
def test_thinking_goes_back_where_the_policy_says(replay: Any, kept: list[int]):
    normal = normalise_messages(LOOP, replay=replay)
    assert [at for at, turn in enumerate(normal) if "reasoning_content" in turn] == kept
    assert all(normal[at].get("reasoning_content") == "t" for at in kept)


def test_thinking_of_a_final_answer_does_not_go_back():
    turns = [user("q"), assistant("", call(), **THOUGHT), tool("1"), assistant("x", **THOUGHT)]
    kept = [at for at, turn in enumerate(normalise_messages(turns)) if "reasoning_content" in turn]
    assert kept == [1]


def test_thinking_of_merged_turns_is_joined():
    turns = [
        user("q"),
        assistant("", call("1"), **THOUGHT),
        assistant("", call("2"), reasoning_content="u"),
    ]
    assert normalise_messages(turns)[1].get("reasoning_content") == "t\n\nu"


@pytest.mark.parametrize("plain_first", [True, False])
def test_a_plain_turn_leaves_its_thinking_behind_when_it_is_merged_into_a_tool_turn(
    plain_first: bool,
):
    turns = [assistant("a", **THOUGHT), assistant("", call(), reasoning_content="u")]
    merged = normalise_messages([user("q"), *(turns if plain_first else turns[::-1])])[1]
    assert merged.get("reasoning_content") == "u"


@pytest.mark.parametrize(
    ("given", "normal"),
    [
        pytest.param([system("s")], [user("s")], id="a lone system message"),
        pytest.param([system("s"), assistant("", call()), tool("1")], [user("s"), assistant("", call()), tool("1")], id="trimmed to system and tools"),
        pytest.param([assistant("a"), {"role": "developer", "content": "s"}], [user("s"), assistant("a")], id="developer, at the end"),
        pytest.param([system(text("s")), system("t")], [user(text("s", "t"))], id="parts"),
    ],
)  # fmt: skip
def test_where_no_user_speaks_the_system_text_is_sent_as_the_users(given: Any, normal: Any):
    assert normalise_messages(given) == normal
    assert normalise_messages(normal) == normal


@pytest.mark.parametrize(
    "arguments",
    ['{"city": "Par', "[1]", '"x"', "NaN", "null", "x" * 9, '{"a": NaN}', '{"a": [-Infinity]}'],
)
def test_arguments_that_are_no_json_object_travel_inside_one(arguments: str):
    sent = normalise_messages([user("q"), assistant("", call(arguments=arguments)), tool("1")])
    wire = sent[1]["tool_calls"][0]["function"]["arguments"]
    assert json.loads(wire) == {"__invalid_arguments__": arguments}
    assert normalise_messages(sent) == sent


def test_arguments_that_are_a_json_object_are_not_rewritten():
    odd = '{ "a" : 1.50, "中": "\\u4e2d" }'
    sent = normalise_messages([user("q"), assistant("", call(arguments=odd)), tool("1")])
    assert sent[1]["tool_calls"][0]["function"]["arguments"] == odd


def test_a_turn_after_a_continuation_prefix_stays_apart():
    turns = [user("q"), assistant("a", prefix=True), assistant("b")]
    assert normalise_messages(turns) == turns


def test_the_documented_round_trip_is_already_normal():
    messages = INDEX["requests/tool_round_trip.json"].json()["messages"]
    assert normalise_messages(messages) == messages
    parts = INDEX["requests/vlm_parts.json"].json()["messages"]
    assert normalise_messages(parts) == parts


contents = st.one_of(
    st.none(),
    st.sampled_from(["", "a", "b"]),
    st.lists(st.sampled_from([*text("c", "d"), IMAGE]), max_size=2),
)
calls = st.lists(
    st.builds(call, st.sampled_from(["a", "b"]), st.just("f"), st.sampled_from(["", "{}"])),
    max_size=2,
)
turns = st.fixed_dictionaries(
    {"role": st.sampled_from(["system", "developer", "user", "assistant", "tool"]), "content": contents},
    optional={
        "name": st.sampled_from(["x", "y"]),
        "reasoning_content": st.sampled_from(["", "t", "u"]),
        "tool_calls": calls,
        "prefix": st.booleans(),
    },
)  # fmt: skip
policies = st.sampled_from(["tool_loop", "always", "never"])


@given(st.lists(turns, max_size=8), policies)
def test_any_conversation(messages: list[Any], replay: Any):
    before = copy.deepcopy(messages)
    normal = normalise_messages(messages, replay=replay)
    assert messages == before, "the input was changed"
    assert normalise_messages(normal, replay=replay) == normal, "a second time changed it"
    roles = [turn["role"] for turn in normal]
    assert "developer" not in roles
    assert "system" not in roles[1:]
    assert all(isinstance(turn["content"], str | list) for turn in normal)
    said = sum(turn["role"] == "tool" for turn in messages)
    assert roles.count("tool") == said
    assert sum(len(turn.get("tool_calls", [])) for turn in normal) == sum(
        len(turn.get("tool_calls") or []) for turn in messages
    )
