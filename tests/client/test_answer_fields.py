"""What a choice says stands in the field that it belongs to: thinking, marks, the answer itself."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from siliconflow_client import EmptyAnswerError
from siliconflow_client.endpoints.answer_reader import NO_RULES, AnswerRules, answer_rules
from siliconflow_client.endpoints.normaliser import DeltaNormaliser
from tests.client.test_chat_plans import Server as Answers
from tests.client.test_tool_markup import (
    HERMES,
    RULES,
    Caller,
    Server,
    ask_once,
    chunk,
    cut,
    read,
    told,
)

both = pytest.mark.parametrize("kind", ["sync", "async"])
streamed = pytest.mark.parametrize("streams", [False, True], ids=["plain", "stream"])

USER = [{"role": "user", "content": "Hi"}]
ASKED: dict[str, Any] = {"model": "deepseek-ai/DeepSeek-V3.2", "messages": USER}
NOT_THINKING: dict[str, Any] = {
    "model": "Qwen/Qwen3.5-4B",
    "messages": USER,
    "enable_thinking": False,
}
THINKS = AnswerRules(thinks=True)


# --- the answer came as thinking --------------------------------------------------------------


@both
async def test_with_thinking_off_what_came_as_reasoning_is_the_answer(kind: str):
    message = {"content": "", "reasoning_content": "Here it is."}
    answer = await ask_once(kind, False, message, NOT_THINKING)
    assert answer == ("Here it is.", "", (), "stop")


@both
async def test_in_a_stream_it_is_repeated_as_one_last_text(kind: str):
    async with Caller(kind, Server({"reasoning_content": "Here it is."})) as ask:
        told = await ask.stream(**NOT_THINKING)
    assert (told.text, told.reasoning) == ("Here it is.", "Here it is.")
    assert [delta.text for delta in told.deltas if delta.text] == ["Here it is."]


@streamed
@pytest.mark.parametrize(
    ("message", "asked"),
    [
        ({"content": "Yes.", "reasoning_content": "Hm."}, NOT_THINKING),
        ({"content": "", "reasoning_content": "Hm."}, ASKED),
        ({"content": "", "reasoning_content": "Hm."}, {**NOT_THINKING, "enable_thinking": True}),
    ],
    ids=["there is a text", "left out", "thinking on"],
)
async def test_otherwise_thinking_stays_thinking(streams: bool, message: Any, asked: Any):
    answer = await ask_once("sync", streams, message, asked)
    assert answer == (message["content"], "Hm.", (), "stop")


def test_beside_a_call_thinking_stays_thinking():
    rules = AnswerRules(RULES.tools, thinks=True, thinking_off=True)
    native = {
        "tool_calls": [{"index": 0, "id": "a", "function": {"name": "now", "arguments": "{}"}}]
    }
    assert told(read({"reasoning_content": "Hm."}, native, rules=rules))[:2] == ("", "Hm.")
    assert told(read({"reasoning_content": f"Hm. {HERMES}"}, rules=rules))[:2] == ("", "Hm. ")


@streamed
async def test_an_answer_in_the_wrong_field_is_not_asked_for_again(streams: bool):
    answers = Answers({"content": "", "reasoning_content": "Here it is."})
    async with Caller("sync", answers, empty_answers="raise") as ask:
        answer = await (ask.stream(**NOT_THINKING) if streams else ask("chat", **NOT_THINKING))
    assert answer.text == "Here it is."
    assert len(answers.bodies) == 1


@streamed
async def test_an_answer_of_marks_alone_is_an_answer_of_nothing(streams: bool):
    answers = Answers({"content": "</think>"})
    async with Caller("sync", answers, empty_answers="raise") as ask:
        if streams:
            error = (await ask.stream(**ASKED)).error
        else:
            with pytest.raises(EmptyAnswerError) as caught:
                await ask("chat", **ASKED)
            error = caught.value
    assert isinstance(error, EmptyAnswerError)
    assert len(answers.bodies) > 1


def test_each_choice_has_its_own_answer():
    normaliser = DeltaNormaliser(AnswerRules(thinking_off=True))
    out: list[Any] = []
    for index, text in [(0, "A"), (1, "B"), (0, "a"), (1, "b")]:
        normaliser.feed(chunk({"reasoning_content": text}, index=index), out)
    deltas = out + normaliser.finish()
    assert [told(deltas, index)[0] for index in (0, 1)] == ["Aa", "Bb"]


# --- thinking in the text ---------------------------------------------------------------------


@both
@streamed
async def test_thinking_at_the_start_of_the_text_is_reasoning(kind: str, streams: bool):
    answer = await ask_once(
        kind, streams, {"content": "<think>\nThey greet.\n</think>\n\nHello!"}, ASKED
    )
    assert answer == ("Hello!", "They greet.\n", (), "stop")


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("<think></think>Hi", ("Hi", "")),
        ("<think>\n\n</think>\n\nHi", ("Hi", "")),
        ("</think>\n\nHi", ("\n\nHi", "")),
        ("So they greet.</think>Hi", ("So they greet.Hi", "")),
        ("<|begin_of_box|>42<|end_of_box|>", ("42", "")),
        ("It is <|begin_of_box|>42<|end_of_box|>.", ("It is 42.", "")),
        ("The tags are <think> and </think>.", ("The tags are <think> and </think>.", "")),
        ("<think>A</think>B<think>C</think>", ("B<think>C</think>", "A")),
        ("<thinking>A</thinking>", ("<thinking>A</thinking>", "")),
        ("<th", ("<th", "")),
        ("a < b </t", ("a < b </t", "")),
    ],
)
def test_marks_of_thinking_go(text: str, expected: tuple[str, str]):
    assert told(read(text, rules=THINKS))[:2] == expected
    assert told(read(*text, rules=THINKS))[:2] == expected


@pytest.mark.parametrize(
    "text", ["A stray `</think>`.", "```\n<|begin_of_box|>\n```", "Drop “</think>”."]
)
def test_where_tools_are_offered_marks_that_are_quoted_stay(text: str):
    assert told(read(text))[0] == told(read(*text))[0] == text


def test_thinking_in_the_text_is_handed_out_as_it_comes():
    deltas = read("<th", "ink>", "They", " greet", ".</thi", "nk>", "Hi", rules=THINKS)
    assert [(delta.text, delta.reasoning) for delta in deltas] == [
        ("", "They"), ("", " greet"), ("", "."), ("Hi", ""), ("", ""),
    ]  # fmt: skip


def test_who_thinks_in_the_right_field_may_begin_the_text_with_the_tag():
    said = told(read({"reasoning_content": "Hm."}, "<think> is a tag.", rules=THINKS))
    assert said[:2] == ("<think> is a tag.", "Hm.")


@streamed
async def test_a_tag_that_is_never_closed_begins_no_thinking(streams: bool):
    text, reasoning, *_ = await ask_once("sync", streams, {"content": "<think> is a tag."}, ASKED)
    assert text == "<think> is a tag."
    assert reasoning == ("is a tag." if streams else "")


def test_thinking_that_was_cut_off_is_thinking():
    assert told(read("<think>They", rules=THINKS, finish="length"))[:2] == ("", "They")


def test_tool_markup_in_such_thinking_counts_as_in_any_other():
    assert told(read(f"<think>Hm. {HERMES}</think>"))[1:3] == (
        "Hm. ",
        [("get_weather", {"city": "Paris"})],
    )
    assert told(read(f"<think>Hm. {HERMES}</think>Sunny."))[:3] == ("Sunny.", f"Hm. {HERMES}", [])


@pytest.mark.parametrize(
    ("model", "thinks"),
    [
        ("deepseek-ai/DeepSeek-V3.2", True),
        ("Qwen/QwQ-32B", True),
        ("THUDM/GLM-Z1-9B-0414", True),
        ("a-company/its-own-model", True),
        ("Qwen/Qwen2.5-7B-Instruct", False),
        ("Qwen/Qwen3-Coder-30B-A3B-Instruct", False),
    ],
)
def test_only_models_that_may_think_are_read_so(model: str, thinks: bool):
    rules = answer_rules({}, model)
    assert rules.thinks is thinks
    text = "<think>A</think>B"
    assert told(read(text, rules=rules))[:2] == (("B", "A") if thinks else (text, ""))


@given(
    st.lists(st.sampled_from(["<think>", "</think>", "<|begin_of_box|>", "<", "</", "a", " ", "\n", "<thi"]), max_size=8),
    st.lists(st.integers(0, 200), max_size=10),
    st.sampled_from(["stop", "length"]),
    st.booleans(),
)  # fmt: skip
@settings(max_examples=300, deadline=None)
def test_any_split_gives_the_same(parts: list[str], places: list[int], finish: str, off: bool):
    text = "".join(parts)
    rules = AnswerRules(thinks=True, thinking_off=off)
    expected = told(read(text, rules=rules, finish=finish))
    assert told(read(*cut(text, places), rules=rules, finish=finish)) == expected
    assert told(read(*text, rules=rules, finish=finish)) == expected


# --- the other name of the field --------------------------------------------------------------


@both
@streamed
@pytest.mark.parametrize(
    ("message", "reasoning"),
    [
        ({"content": "Hi", "reasoning": "Hm."}, "Hm."),
        ({"content": "Hi", "reasoning": "Hm.", "reasoning_content": None}, "Hm."),
        ({"content": "Hi", "reasoning": "Hm.", "reasoning_content": ""}, "Hm."),
        ({"content": "Hi", "reasoning": "Not this.", "reasoning_content": "Hm."}, "Hm."),
        ({"content": "Hi", "reasoning": None}, ""),
    ],
)
async def test_reasoning_counts_like_reasoning_content(
    kind: str, streams: bool, message: Any, reasoning: str
):
    async with Caller(kind, Answers(message)) as ask:
        answer = await (ask.stream(**ASKED) if streams else ask("chat", **ASKED))
    assert (answer.text, answer.reasoning) == ("Hi", reasoning)


def test_without_rules_nothing_is_touched():
    text = f"<think>A</think></think><|begin_of_box|>{HERMES}"
    assert told(read(text, rules=NO_RULES)) == (text, "", [], "stop")
