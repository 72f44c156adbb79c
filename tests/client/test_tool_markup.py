"""Tool calls that a model wrote as text: recognised strictly, plain and streamed alike."""

from __future__ import annotations

import itertools
import json
import logging
import time
from typing import Any

import httpx
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from siliconflow_client import CallOptions
from siliconflow_client.endpoints.answer_reader import AnswerRules, answer_rules
from siliconflow_client.endpoints.normaliser import DeltaNormaliser
from siliconflow_client.endpoints.tool_markup import LONGEST_MARKUP
from siliconflow_client.protocol.notices import warn_once
from tests.client.callers import TRACE, Caller
from tests.fixtures import INDEX

both = pytest.mark.parametrize("kind", ["sync", "async"])
streamed = pytest.mark.parametrize("streams", [False, True], ids=["plain", "stream"])

TOOLS: list[Any] = [
    {
        "type": "function",
        "function": {
            "name": "get_weather",
            "parameters": {
                "type": "object",
                "properties": {
                    "city": {"type": "string"},
                    "days": {"anyOf": [{"type": "integer"}, {"type": "null"}]},
                    "place": {"$ref": "#/$defs/Place"},
                    "tags": {"type": "array"},
                    "exact": {"type": "boolean"},
                    "degrees": {"type": "number"},
                },
                "$defs": {"Place": {"type": "object"}},
            },
        },
    },
    {"type": "function", "function": {"name": "now"}},
]
ASKED: dict[str, Any] = {
    "model": "zai-org/GLM-4.6",
    "messages": [{"role": "user", "content": "Weather?"}],
    "tools": TOOLS,
}
RULES = answer_rules(ASKED, "zai-org/GLM-4.6")
MARKUP = {
    file.removeprefix("chat/nonstream_markup_").removesuffix(".json"): INDEX[file].json()["choices"][0]["message"]["content"]
    for file in INDEX
    if file.startswith("chat/nonstream_markup_") and "reasoning" not in file
}  # fmt: skip
DIALECTS = pytest.mark.parametrize("dialect", list(MARKUP))
PARIS = ("get_weather", {"city": "Paris", "days": 3})
HERMES = '<tool_call>{"name": "get_weather", "arguments": {"city": "Paris"}}</tool_call>'


@pytest.fixture(autouse=True)
def nothing_was_said_before():
    warn_once.cache_clear()


def chunk(delta: Any, *, index: int = 0, finish: str | None = None, **more: Any) -> Any:
    choice = {"index": index, "delta": delta, "finish_reason": finish, **more}
    return {"id": "x", "model": "m", "choices": [choice]}


def read(*deltas: Any, rules: AnswerRules = RULES, finish: str = "stop"):
    """All that a stream of these deltas gives: strings are text."""
    normaliser = DeltaNormaliser(rules)
    out: list[Any] = []
    for delta in deltas:
        normaliser.feed(chunk({"content": delta} if isinstance(delta, str) else delta), out)
    normaliser.feed(chunk({}, finish=finish), out)
    return out + normaliser.finish()


def told(deltas: list[Any], index: int = 0):
    """Text, thinking, calls and finish reason of a choice."""
    mine = [delta for delta in deltas if delta.index == index]
    pieces = [piece for delta in mine for piece in delta.tool_calls]
    calls: dict[int, list[str]] = {}
    for piece in pieces:
        call = calls.setdefault(piece.index, ["", ""])
        call[0] += piece.name or ""
        call[1] += piece.arguments
    return (
        "".join(delta.text for delta in mine),
        "".join(delta.reasoning for delta in mine),
        [(name, json.loads(arguments)) for name, arguments in calls.values()],
        mine[-1].finish_reason,
    )


def whole(text: str, **more: Any):
    return told(read(text, **more))


def by_character(text: str, **more: Any):
    return told(read(*text, **more))


def cut(text: str, places: list[int]) -> list[str]:
    edges = [0, *sorted({place % (len(text) + 1) for place in places}), len(text)]
    return [text[a:b] for a, b in itertools.pairwise(edges) if a < b]


# --- the seven notations ----------------------------------------------------------------------


def test_seven_notations_are_tried_here():
    assert sorted(MARKUP) == ["deepseek", "dsml", "glm", "hermes", "kimi", "minimax", "qwen_coder"]


class Server:
    """Answers with one message, plain or in pieces of a character each."""

    def __init__(self, message: dict[str, Any]) -> None:
        self.message = message

    def __call__(self, request: httpx.Request) -> httpx.Response:
        headers = {"x-siliconcloud-trace-id": TRACE}
        end = {"index": 0, "finish_reason": "stop"}
        if not json.loads(request.content)["stream"]:
            body = {"id": "x", "model": "m", "choices": [{**end, "message": self.message}]}
            return httpx.Response(200, headers=headers, json=body)
        events = [
            chunk({key: character})
            for key in ("reasoning_content", "content")
            for character in self.message.get(key) or ""
        ]
        events.append({"id": "x", "model": "m", "choices": [{**end, "delta": {}}]})
        content = "".join(f"data: {json.dumps(event)}\n\n" for event in events)
        return httpx.Response(
            200,
            headers={**headers, "content-type": "text/event-stream"},
            text=content + "data: [DONE]\n\n",
        )


async def ask_once(
    kind: str, streams: bool, message: Any, asked: Any = ASKED, options: Any = None, **config: Any
):
    async with Caller(kind, Server(message), **config) as ask:
        if streams:
            answer = await ask.stream(**asked, options=options)
            assert answer.error is None
            calls = answer.calls
        else:
            answer = await ask("chat", **asked, options=options)
            calls = tuple((call.id, call.name, call.arguments) for call in answer.tool_calls)
        calls = tuple((i, name, json.loads(arguments)) for i, name, arguments in calls)
        return answer.text, answer.reasoning, calls, answer.finish_reason


@both
@streamed
@DIALECTS
async def test_each_notation_becomes_a_call(kind: str, streams: bool, dialect: str):
    answer = await ask_once(kind, streams, {"role": "assistant", "content": MARKUP[dialect]})
    text, _, calls, reason = answer
    assert text.strip() == "I'll look it up."
    assert calls == (("call_x_0_0", *PARIS),)
    assert reason == "tool_calls"


@both
@streamed
async def test_markup_that_ends_the_thinking_becomes_a_call(kind: str, streams: bool):
    message = INDEX["chat/nonstream_markup_in_reasoning.json"].json()["choices"][0]["message"]
    answer = await ask_once(kind, streams, message)
    assert answer == ("", "The user wants the weather. ", (("call_x_0_0", *PARIS),), "tool_calls")


@DIALECTS
def test_a_notation_is_read_however_it_is_cut(dialect: str):
    text = f"Before. {MARKUP[dialect]} After."
    assert by_character(text) == whole(text)
    assert whole(text)[2] == [PARIS]
    assert whole(text)[0].split() == ["Before.", "I'll", "look", "it", "up.", "After."]


@given(
    texts=st.lists(
        st.sampled_from([*MARKUP.values(), HERMES, "Well. ", "a < b", "`", "```\n", "\n", "<tool_call>", "</tool_call>", '{"a": 1}', "<function=now>", "<think>", "</think>", "<|", "<｜", '"', "<invoke name=\"now\"></invoke>", "<minimax:tool_call>", "get_weather"]),
        max_size=8,
    ),
    thoughts=st.lists(st.sampled_from([*MARKUP.values(), "Hm. ", "<", "\n"]), max_size=3),
    places=st.lists(st.integers(0, 10_000), max_size=12),
)  # fmt: skip
@settings(max_examples=300, deadline=None)
def test_any_split_gives_the_same(texts: list[str], thoughts: list[str], places: list[int]):
    text, thought = "".join(texts), "".join(thoughts)
    reasoning = [{"reasoning_content": thought}] if thought else []
    pieces = [{"reasoning_content": piece} for piece in cut(thought, places)]
    expected = told(read(*reasoning, text))
    assert told(read(*pieces, *cut(text, places))) == expected
    assert told(read(*pieces, *text)) == expected


@given(
    st.lists(st.sampled_from([*'<>{}[]"\\/=:`|｜▁_acefilnt \n\0é\ud83d', "tool_call", "function=", "get_weather", "<tool_call>", "<function=now>", "<parameter=a>", "</parameter>", "<arg_key>", '{"name": "now", "arguments": ', "</tool_call>"]), max_size=60).map("".join),
    st.booleans(),
)  # fmt: skip
@settings(max_examples=300, deadline=None)
def test_no_text_raises_and_nothing_but_marks_is_lost(text: str, in_thought: bool):
    said = told(read({"reasoning_content" if in_thought else "content": text}))
    if not said[2]:
        assert said[0] + said[1] == text


# --- what stays text --------------------------------------------------------------------------


def assert_stays(text: str, **more: Any) -> None:
    """The text passes as it is, whole and in pieces."""
    assert whole(text, **more) == (text, "", [], more.get("finish", "stop"))
    assert by_character(text, **more) == (text, "", [], more.get("finish", "stop"))


@DIALECTS
def test_markup_that_breaks_off_stays_text(dialect: str, caplog: pytest.LogCaptureFixture):
    caplog.set_level(logging.WARNING, logger="siliconflow")
    text = MARKUP[dialect]
    last = {"deepseek": "<｜tool▁call▁end｜>", "dsml": "</｜DSML｜invoke>", "minimax": "</invoke>", "qwen_coder": "</function>", "kimi": "<|tool_call_end|>"}.get(dialect, "</tool_call>")  # fmt: skip
    for end in range(text.index("get_weather") + len("get_weather"), text.index(last) + len(last)):
        assert_stays(text[:end], finish="length")
    (warning,) = [record.getMessage() for record in caplog.records]
    assert "breaks off" in warning
    assert "get_weather" not in warning


@DIALECTS
def test_a_name_that_was_not_offered_stays_text(dialect: str):
    assert_stays(MARKUP[dialect].replace("get_weather", "rm_everything"))
    assert_stays(MARKUP[dialect].replace("get_weather", "get_weather_2"))
    assert_stays(MARKUP[dialect].replace("get_weather", "get_weath"))


@pytest.mark.parametrize(
    "text",
    [
        HERMES.replace('"Paris"', "Paris"),
        HERMES.replace('{"city": "Paris"}', '["Paris"]'),
        HERMES.replace('{"city": "Paris"}', "null"),
        HERMES.replace('"arguments"', '"args"'),
        HERMES.replace("</tool_call>", "</tool_cal>"),
        HERMES.replace('"Paris"}', '"Paris"]'),
        HERMES.replace('"Paris"', "NaN"),
        HERMES.replace('"name": ', '"name": 1, "n": '),
        MARKUP["kimi"].replace("{", "["),
        MARKUP["deepseek"].replace('"city": ', ""),
        MARKUP["glm"].replace("</arg_key>\n<arg_value>", "</arg_key>\n", 1),
        MARKUP["dsml"].replace(">3<", ">three<"),
        MARKUP["minimax"].replace("</parameter>", ""),
        '<invoke name="now"></invoke>',
        "<tool_call></tool_call>",
        "<tool_call>\n",
    ],
)
def test_what_is_not_whole_stays_text(text: str):
    assert_stays(text)


@pytest.mark.parametrize(
    "text",
    [
        f"Models write `{HERMES}` for that.",
        f"```xml\n{HERMES}\n```\nis how it looks.",
        f'It is written "{HERMES}", without a space.',
        f"Some say “{HERMES}”.",
        "The tag <tool_call> opens a call, and </tool_call> closes it.",
    ],
)
def test_markup_that_is_quoted_stays_text(text: str):
    assert_stays(text)


def test_a_fence_that_was_closed_quotes_nothing():
    text, _, calls, _ = whole(f"```py\nf(`a`)\n```\n{HERMES}")
    assert text == "```py\nf(`a`)\n```\n"
    assert calls == [("get_weather", {"city": "Paris"})]


def test_one_bad_call_does_not_hide_the_next():
    bad = HERMES.replace('"Paris"', "Paris")
    assert whole(f"{bad}\n{HERMES}")[:3] == (f"{bad}\n", "", [("get_weather", {"city": "Paris"})])


# --- what is read -----------------------------------------------------------------------------


def test_strings_may_hold_what_would_end_the_call():
    value = 'a } ] </tool_call> " \\ {"x": [1'
    arguments = {"city": value, "place": {"deep": [{"er": "</tool_call>"}]}}
    text = f"<tool_call>{json.dumps({'name': 'get_weather', 'arguments': arguments})}</tool_call>"
    assert whole(text)[2] == by_character(text)[2] == [("get_weather", arguments)]


def test_two_calls_in_a_row_and_the_text_around_them():
    text = f"One. {HERMES}\n\n<tool_call>now</tool_call>\n Two."
    assert whole(text) == by_character(text)
    assert whole(text) == ("One. \n Two.", "", [("get_weather", {"city": "Paris"}), ("now", {})], "tool_calls")  # fmt: skip


def test_white_space_behind_the_last_call_goes_with_it():
    assert whole(f"{HERMES}\n\n")[0] == ""


def test_a_block_may_hold_several_calls():
    block = MARKUP["minimax"].replace("</invoke>", '</invoke>\n<invoke name="now">\n</invoke>')
    assert whole(block)[2] == [PARIS, ("now", {})]
    assert whole(block)[0] == "I'll look it up.\n"


def test_the_name_before_the_separator_is_the_newer_deepseek_form():
    text = '<｜tool▁calls▁begin｜><｜tool▁call▁begin｜>get_weather<｜tool▁sep｜>{"city": "Paris"}<｜tool▁call▁end｜><｜tool▁calls▁end｜>'
    assert whole(text) == ("", "", [("get_weather", {"city": "Paris"})], "tool_calls")
    assert by_character(text) == whole(text)


@pytest.mark.parametrize("block", ["tool_calls", ""])
def test_dsml_may_come_under_another_block_or_none(block: str):
    text = MARKUP["dsml"].split("up.\n\n")[1]
    if block:
        text = text.replace("function_calls", block)
    else:
        text = text.removeprefix("<｜DSML｜function_calls>\n").removesuffix(
            "\n</｜DSML｜function_calls>"
        )
    assert whole(text) == ("", "", [PARIS], "tool_calls")


@pytest.mark.parametrize(
    ("argument", "written", "value"),
    [
        ("city", "75001", "75001"),
        ("days", "3", 3),
        ("days", "null", None),
        ("days", "three", "three"),
        ("days", "true", "true"),
        ("days", "3.5", "3.5"),
        ("degrees", "3.5", 3.5),
        ("exact", "true", True),
        ("exact", "False", False),
        ("tags", '["a", 1]', ["a", 1]),
        ("place", '{"a": {"b": 1}}', {"a": {"b": 1}}),
        ("unheard_of", "1", "1"),
    ],
)
@pytest.mark.parametrize("dialect", ["glm", "qwen_coder", "minimax"])
def test_the_schema_says_of_what_type_a_written_value_is(
    dialect: str, argument: str, written: str, value: Any
):
    text = MARKUP[dialect].replace("days", argument).replace("3", written)
    expected = {"city": "Paris", argument: value}
    assert whole(text)[2] == [("get_weather", expected)]


def test_line_breaks_inside_a_value_stay():
    text = "<function=now>\n<parameter=code>\n\nif a:\n    b\n\n</parameter>\n</function>"
    assert whole(text)[2] == [("now", {"code": "\nif a:\n    b\n"})]


# --- when nothing is looked for ---------------------------------------------------------------


@streamed
@pytest.mark.parametrize(
    ("asked", "options", "config"),
    [
        ({"tools": None}, None, {}),
        ({"tools": []}, None, {}),
        ({"tool_choice": "none"}, None, {}),
        ({}, CallOptions(tool_markup=False), {}),
        ({}, None, {"tool_markup": False}),
    ],
    ids=["no tools", "no tool", "tool_choice none", "off for the call", "off for the client"],
)
async def test_markup_is_text_where_it_is_not_looked_for(
    streams: bool, asked: Any, options: Any, config: Any
):
    answer = await ask_once(
        "sync", streams, {"content": HERMES}, {**ASKED, **asked}, options, **config
    )
    assert answer == (HERMES, "", (), "stop")


async def test_a_call_may_switch_it_on_again():
    options = CallOptions(tool_markup=True)
    answer = await ask_once("sync", True, {"content": HERMES}, ASKED, options, tool_markup=False)
    assert [name for _, name, _ in answer[2]] == ["get_weather"]


@pytest.mark.parametrize("where", ["before", "behind", "in the middle"])
def test_beside_a_native_call_markup_is_text(where: str):
    native = {
        "tool_calls": [{"index": 0, "id": "a", "function": {"name": "now", "arguments": "{}"}}]
    }
    half = len(HERMES) // 2
    pieces = {"before": [native, HERMES], "behind": [HERMES, native], "in the middle": [HERMES[:half], native, HERMES[half:]]}[where]  # fmt: skip
    assert told(read(*pieces, finish="tool_calls")) == (HERMES, "", [("now", {})], "tool_calls")


async def test_beside_a_native_call_markup_is_text_in_a_plain_answer():
    call = {"id": "a", "type": "function", "function": {"name": "now", "arguments": "{}"}}
    answer = await ask_once("sync", False, {"content": HERMES, "reasoning_content": HERMES, "tool_calls": [call]})  # fmt: skip
    assert answer == (HERMES, HERMES, (("a", "now", {}),), "stop")


# --- thinking ---------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "deltas",
    [
        [{"reasoning_content": HERMES}, "Sunny."],
        [{"reasoning_content": HERMES + " I should not."}],
        [{"reasoning_content": f"Shall I write `{HERMES}`?"}],
    ],
    ids=["text follows", "thinking goes on", "quoted"],
)
def test_who_thinks_about_a_tool_has_not_called_it(deltas: list[Any]):
    said = told(read(*deltas))
    assert said[1] == deltas[0]["reasoning_content"]
    assert said[2] == []
    assert said[3] == "stop"


def test_a_call_in_the_text_leaves_the_one_in_the_thinking():
    said = told(read({"reasoning_content": f"Now: {HERMES}"}, "<tool_call>now</tool_call>"))
    assert said == ("", f"Now: {HERMES}", [("now", {})], "tool_calls")


# --- streams ----------------------------------------------------------------------------------


def held_share(pieces: list[str], rules: AnswerRules = RULES) -> float:
    """Share of the pieces after which something was held back."""
    normaliser = DeltaNormaliser(rules)
    out: list[Any] = []
    behind = 0
    sent = 0
    for piece in pieces:
        sent += len(piece)
        normaliser.feed(chunk({"content": piece}), out)
        behind += sum(len(delta.text) for delta in out) < sent
    return behind / len(pieces)


def in_pieces(text: str, size: int = 4) -> list[str]:
    return [text[at : at + size] for at in range(0, len(text), size)]


def test_prose_is_never_held_back():
    prose = (
        "It was a bright cold day in April; 3 > 2, and the clocks were striking thirteen.\n\n" * 50
    )
    assert held_share(in_pieces(prose)) == 0


def test_code_and_xml_wait_for_a_piece_at_most():
    code = "for (int i = 0; i < n; i++) { std::vector<float> v; if (a <= b) x << y; }\n" * 50
    xml = '<table><tr><td class="a">1</td></tr></table>\n' * 50
    assert held_share(in_pieces(code)) < 0.08
    assert held_share(in_pieces(xml)) < 0.4
    for text in (code, xml):
        normaliser = DeltaNormaliser(RULES)
        out: list[Any] = []
        for at, piece in enumerate(in_pieces(text), start=1):
            normaliser.feed(chunk({"content": piece}), out)
            assert sum(len(delta.text) for delta in out) >= (at - 2) * 4


def test_text_is_released_as_soon_as_no_call_can_come_of_it():
    normaliser = DeltaNormaliser(RULES)
    for text in ("<tool_call>get_x", '<tool_call>{"name": "other', "<tool_call>{hello", "<function=nox", '<｜DSML｜invoke name="x', "<|tool_call_begin|>functions.x", "<｜tool▁call▁begin｜>g_"):  # fmt: skip
        out: list[Any] = []
        normaliser.feed(chunk({"content": text}), out)
        assert "".join(delta.text for delta in out) == text


def test_no_more_than_64_ki_characters_are_held_back():
    start = '<tool_call>{"name": "now", "arguments": {"text": "'
    normaliser = DeltaNormaliser(RULES)
    out: list[Any] = []
    normaliser.feed(chunk({"content": start}), out)
    for _ in range(LONGEST_MARKUP // 1024):
        assert not out
        normaliser.feed(chunk({"content": "x" * 1024}), out)
    assert sum(len(delta.text) for delta in out) > LONGEST_MARKUP


async def test_a_plain_answer_may_hold_a_longer_call():
    arguments = {"text": "x" * 2 * LONGEST_MARKUP}
    text = f"<tool_call>{json.dumps({'name': 'now', 'arguments': arguments})}</tool_call>"
    answer = await ask_once("sync", False, {"content": text})
    assert answer[2] == (("call_x_0_0", "now", arguments),)


def test_calls_come_before_the_last_delta():
    deltas = read("Hm. ", HERMES)
    assert [bool(delta.tool_calls) for delta in deltas] == [False, True, False]
    assert [delta.finish_reason for delta in deltas] == [None, None, "tool_calls"]


def test_the_finish_reason_of_an_answer_that_was_cut_off_stays():
    assert whole(f"{HERMES} And", finish="length")[2:] == (
        [("get_weather", {"city": "Paris"})],
        "length",
    )


def test_choices_do_not_share_what_they_hold_back():
    normaliser = DeltaNormaliser(RULES)
    out: list[Any] = []
    for a, b in zip(HERMES, "<tool_call>now</tool_call>".ljust(len(HERMES)), strict=True):
        normaliser.feed(chunk({"content": a}, index=0), out)
        normaliser.feed(chunk({"content": b}, index=1), out)
    deltas = out + normaliser.finish()
    assert told(deltas, 0) == ("", "", [("get_weather", {"city": "Paris"})], "tool_calls")
    assert told(deltas, 1) == ("", "", [("now", {})], "tool_calls")
    ids = [piece.id for delta in deltas for piece in delta.tool_calls]
    assert ids == ["call_x_0_0", "call_x_1_0"]


def test_log_probabilities_stay_with_their_text():
    normaliser = DeltaNormaliser(RULES)
    out: list[Any] = []
    for token in ("a", " <", "tool", " b", HERMES):
        normaliser.feed(chunk({"content": token}, logprobs={"content": [{"token": token}]}), out)
    out += normaliser.finish()
    given = [
        (delta.text, [p["token"] for p in (delta.logprobs or {}).get("content", [])])
        for delta in out
    ]
    assert given == [
        ("a", ["a"]),
        (" ", [" <"]),
        ("<tool b", ["tool", " b"]),
        ("", [HERMES]),
        ("", []),
    ]


async def test_what_was_held_back_is_in_the_error_of_a_stream_that_broke_off():
    events = "".join(
        f"data: {json.dumps(chunk({'content': text}))}\n\n" for text in ("Hm. ", HERMES[:30])
    )
    answer = httpx.Response(200, headers={"content-type": "text/event-stream"}, text=events)
    async with Caller("sync", lambda request: answer, max_retries=0) as ask:
        broken = await ask.stream(**ASKED)
    assert broken.text == "Hm. "
    assert broken.error.partial == "Hm. " + HERMES[:30]


# --- time -------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "start",
    ["<tool_call>", "<tool_call>get_weather", '<tool_call>{"name": "now", "arguments": {"a": "', "<function=now><parameter=a>", "<", "<think>", "`", HERMES, HERMES + "<tool_call>"],
)  # fmt: skip
def test_time_grows_with_the_length_and_no_more(start: str):
    def seconds(length: int) -> float:
        text = start * (length // len(start))
        began = time.process_time()
        whole(text)
        told(read(*in_pieces(text, 1000)))
        return time.process_time() - began

    assert seconds(2_000_000) < 40 * (seconds(200_000) + 0.02)


def test_ten_million_characters_of_starts_are_read_in_seconds():
    text = "<tool_call>" * (10_000_000 // len("<tool_call>"))
    began = time.process_time()
    stays_text = whole(text)
    assert stays_text == (text, "", [], "stop")
    assert time.process_time() - began < 20
