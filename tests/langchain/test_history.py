"""Histories that others began: another provider, a tool, a checkpoint. They never raise.

Each block is what the provider's LangChain package puts into a message's content, or what core
makes of it with `output_version="v1"`.
"""

from __future__ import annotations

import datetime as dt
import decimal
import json
import logging
import math
import uuid
from typing import Any

import pytest
from langchain_core.messages import (
    AIMessage,
    AIMessageChunk,
    AnyMessage,
    BaseMessage,
    ChatMessage,
    FunctionMessage,
    HumanMessage,
    RemoveMessage,
    SystemMessage,
    ToolMessage,
)
from langchain_core.messages.tool import invalid_tool_call, tool_call
from pydantic import BaseModel

from langchain_siliconflow import ChatSiliconFlow, ConfigurationError
from langchain_siliconflow._history import warn_once
from langchain_siliconflow._messages import to_wire
from tests.langchain.wire import Server, by_stream, plain_s, stream_s

SEES = "Qwen/Qwen3.5-27B"
READS = "deepseek-ai/DeepSeek-V3.2"
PNG = {"type": "image", "base64": "AA", "mime_type": "image/png"}
WIRE_PNG = {"type": "image_url", "image_url": {"url": "data:image/png;base64,AA"}}
NEXT = HumanMessage("And now?")


@pytest.fixture(autouse=True)
def _nothing_was_warned_of() -> None:
    warn_once.cache_clear()


def history(*messages: BaseMessage, model: str = READS) -> list[dict[str, Any]]:
    """Convert what came between a question and the next one."""
    wire = to_wire([HumanMessage("q"), *messages, NEXT], replay="always", model=model)
    assert "And now?" in str(wire[-1]["content"])
    json.dumps(wire, allow_nan=False)
    return [dict(turn) for turn in wire]


ASSISTANT: dict[str, tuple[list[Any], list[str], list[str]]] = {
    # name: (blocks, words that stay, words that go)
    "anthropic web search": (
        [
            {"type": "text", "text": "I look it up."},
            {
                "type": "server_tool_use",
                "id": "s1",
                "name": "web_search",
                "input": {"query": "ice"},
            },
            {
                "type": "web_search_tool_result",
                "tool_use_id": "s1",
                "content": [
                    {
                        "type": "web_search_result",
                        "title": "Ice floats",
                        "url": "https://example.com/ice",
                        "encrypted_content": "EqgfCioIARgB",
                        "page_age": "1 day",
                    }
                ],
            },
            {
                "type": "text",
                "text": "It floats.",
                "citations": [{"type": "web_search_result_location", "cited_text": "floats"}],
            },
        ],
        ["I look it up.", "Ice floats", "https://example.com/ice", "It floats."],
        ["EqgfCioIARgB"],
    ),
    "anthropic web search that failed": (
        [
            {"type": "server_tool_use", "id": "s1", "name": "web_search", "input": {}},
            {
                "type": "web_search_tool_result",
                "tool_use_id": "s1",
                "content": {"type": "web_search_tool_result_error", "error_code": "unavailable"},
            },
            {"type": "text", "text": "I could not look."},
        ],
        ["I could not look."],
        [],
    ),
    "anthropic code execution": (
        [
            {
                "type": "server_tool_use",
                "id": "s1",
                "name": "code_execution",
                "input": {"code": "6*7"},
            },
            {
                "type": "code_execution_tool_result",
                "tool_use_id": "s1",
                "content": {
                    "type": "code_execution_result",
                    "stdout": "42\n",
                    "stderr": "",
                    "return_code": 0,
                    "content": [],
                },
            },
            {"type": "text", "text": "It is 42."},
        ],
        ["42\n", "It is 42."],
        [],
    ),
    "anthropic remote tool": (
        [
            {"type": "mcp_tool_use", "id": "m1", "name": "x", "server_name": "s", "input": {}},
            {
                "type": "mcp_tool_result",
                "tool_use_id": "m1",
                "is_error": False,
                "content": [{"type": "text", "text": "from afar"}],
            },
        ],
        ["from afar"],
        [],
    ),
    "openai web search": (
        [
            {"type": "web_search_call", "id": "ws1", "status": "completed"},
            {"type": "text", "text": "Found.", "annotations": []},
        ],
        ["Found."],
        ["ws1"],
    ),
    "openai code interpreter": (
        [
            {
                "type": "code_interpreter_call",
                "id": "ci1",
                "code": "print(6 * 7)",
                "container_id": "cntr_1",
                "outputs": [{"type": "logs", "logs": "42"}],
                "status": "completed",
            },
            {"type": "text", "text": "It is 42."},
        ],
        ["print(6 * 7)", "42", "It is 42."],
        ["cntr_1"],
    ),
    "openai image generation": (
        [
            {
                "type": "image_generation_call",
                "id": "ig1",
                "result": "iVBORw0KGgo",
                "revised_prompt": "a grey cat",
                "status": "completed",
            },
            {"type": "text", "text": "Here it is."},
        ],
        ["[image omitted: ", "a grey cat", "Here it is."],
        ["iVBORw0KGgo"],
    ),
    "openai file search": (
        [
            {
                "type": "file_search_call",
                "id": "fs1",
                "queries": ["rent"],
                "results": [{"file_id": "f1", "filename": "lease.pdf", "text": "1,200 a month"}],
            },
            {"type": "text", "text": "1,200."},
        ],
        ["1,200 a month", "1,200."],
        [],
    ),
    "langchain v1 server tool": (
        [
            {
                "type": "server_tool_call",
                "id": "s1",
                "name": "web_search",
                "args": {"query": "ice"},
            },
            {
                "type": "server_tool_result",
                "tool_call_id": "s1",
                "status": "success",
                "output": [{"title": "Ice floats", "url": "https://example.com/ice"}],
            },
            {"type": "text", "text": "It floats."},
        ],
        ["Ice floats", "It floats."],
        [],
    ),
    "langchain v1 server tool with text": (
        [
            {"type": "server_tool_call", "id": "s1", "name": "run", "args": {}},
            {
                "type": "server_tool_result",
                "tool_call_id": "s1",
                "status": "success",
                "output": "42",
            },
        ],
        ["42"],
        [],
    ),
    "gemini code": (
        [
            {"type": "executable_code", "executable_code": "print(42)", "language": 1, "id": "e"},
            {"type": "code_execution_result", "code_execution_result": "42\n", "outcome": 1},
            "It is 42.",
        ],
        ["print(42)", "42\n", "It is 42."],
        [],
    ),
    "a picture of its own": (
        ["Look: ", PNG],
        ["Look: ", "[image omitted: "],
        ["AA"],
    ),
    "a picture in openai's form": ([WIRE_PNG], ["[image omitted: "], ["AA"]),
    "a sound of its own": (
        [{"type": "audio", "base64": "UklGRg", "mime_type": "audio/wav", "transcript": "Hello."}],
        ["[audio omitted: ", "Hello."],
        ["UklGRg"],
    ),
    "a text file": (
        [{"type": "file", "mime_type": "text/plain", "base64": "aGVsbG8="}],
        ["hello"],
        ["aGVsbG8="],
    ),
    "a plain text block": ([{"type": "text-plain", "text": "hello"}], ["hello"], []),
    "a spreadsheet": (
        [{"type": "file", "mime_type": "application/vnd.ms-excel", "base64": "UEsDBA"}],
        ["[file omitted: "],
        ["UEsDBA"],
    ),
    "something wrapped": (
        [{"type": "non_standard", "value": {"type": "web_search_call", "id": "ws1"}}, "Found."],
        ["Found."],
        ["ws1"],
    ),
    "bedrock text without type": ([{"text": "Hi."}], ["Hi."], []),
    "nobody knows": ([{"type": "hologram", "payload": "x9x9"}, "Hi."], ["Hi."], ["x9x9"]),
    "no dictionary's type": ([{"type": ["a"], "payload": "x9x9"}, "Hi."], ["Hi."], ["x9x9"]),
}


@pytest.mark.parametrize("name", ASSISTANT)
def test_an_assistants_turn_keeps_its_text(name: str) -> None:
    blocks, kept, gone = ASSISTANT[name]
    turn = history(AIMessage(blocks))[1]
    assert turn["role"] == "assistant"
    for words in kept:
        assert words in turn["content"]
    for words in gone:
        assert words not in turn["content"]


# A type that is no text makes LangChain itself raise, before any model is asked.
@pytest.mark.parametrize("name", [name for name in ASSISTANT if name != "no dictionary's type"])
def test_the_same_through_the_standard_blocks_and_a_real_call(name: str) -> None:
    """As a checkpoint gives it back: validated anew, then sent on every surface."""
    blocks, kept, _ = ASSISTANT[name]
    server = Server(by_stream(plain_s(), stream_s()))
    model = ChatSiliconFlow(model=READS, **server.clients)
    for version in ({}, {"response_metadata": {"output_version": "v1"}}):
        message = AIMessage(blocks, **version)
        again = AIMessage.model_validate(message.model_dump())
        for surface in (model.invoke, lambda messages: list(model.stream(messages))):
            surface([HumanMessage("q"), again, NEXT])
            for words in kept:
                assert words in server.body["messages"][1]["content"]


def test_an_assistants_turn_is_never_empty_because_of_us() -> None:
    turn = history(AIMessage([{"type": "web_search_call", "id": "ws1"}]))[1]
    assert turn["content"] == "[web_search_call omitted]"


def test_calls_stand_beside_what_the_provider_ran_itself() -> None:
    message = AIMessage(
        [
            {"type": "server_tool_use", "id": "s1", "name": "web_search", "input": {}},
            {"type": "tool_use", "id": "c1", "name": "f", "input": {"x": 1}},
        ],
        tool_calls=[tool_call(name="f", args={"x": 1}, id="c1")],
    )
    turn = history(message, ToolMessage("done", tool_call_id="c1"))[1]
    assert turn["content"] == ""
    assert [one["id"] for one in turn["tool_calls"]] == ["c1"]


def test_calls_that_are_in_the_content_only_are_calls() -> None:
    """Few-shot examples and hand-made histories in Anthropic's form."""
    blocks = [{"type": "tool_use", "id": "c1", "name": "f", "input": {"x": 1}}]
    turns = history(AIMessage(blocks), ToolMessage("done", tool_call_id="c1"))
    assert turns[1]["tool_calls"][0]["function"] == {"name": "f", "arguments": '{"x": 1}'}


# --- what a person wrote earlier ----------------------------------------------------------------

EARLIER: dict[str, tuple[Any, list[str]]] = {
    "a stored file": ({"type": "file", "file_id": "f1"}, ["[file omitted: "]),
    "a stored picture": (
        {"type": "image_url", "image_url": {"file_id": "f1"}},
        ["[image omitted: "],
    ),
    "google's media": ({"type": "media", "mime_type": "x/y", "data": "AA=="}, ["[media omitted"]),
    "a spreadsheet": (
        {"type": "file", "mime_type": "application/vnd.ms-excel", "base64": "AA"},
        ["[file omitted: "],
    ),
    "bedrock's text": ({"text": "the lease"}, ["the lease"]),
    "a cache point": ({"cachePoint": {"type": "default"}}, []),
}


@pytest.mark.parametrize("name", EARLIER)
def test_an_earlier_question_never_raises(name: str) -> None:
    block, words = EARLIER[name]
    wire = to_wire([HumanMessage(["Look.", block]), AIMessage("Yes."), NEXT], model=SEES)
    told = json.dumps(wire[0]["content"], ensure_ascii=False)
    for word in ["Look.", *words]:
        assert word in told


@pytest.mark.parametrize("name", [name for name in EARLIER if name != "bedrock's text"])
def test_the_newest_question_is_refused_by_name(name: str) -> None:
    block, _ = EARLIER[name]
    for before in ([], [HumanMessage("q"), AIMessage("a")], [HumanMessage([block])]):
        with pytest.raises(ConfigurationError, match="content block of type"):
            to_wire([*before, HumanMessage(["Look.", block])], model=SEES)
        with pytest.raises(ConfigurationError, match="content block of type"):
            to_wire([*before, HumanMessage(["Look.", block]), SystemMessage("s")], model=SEES)


def test_a_question_that_a_model_has_answered_is_history() -> None:
    """Another model of the team could read it, and its tool is running for it."""
    block, _ = EARLIER["a stored file"]
    messages: list[AnyMessage] = [
        HumanMessage(["Look.", block]),
        AIMessage("", tool_calls=[tool_call(name="f", args={}, id="c1")]),
        ToolMessage("done", tool_call_id="c1"),
    ]
    assert "[file omitted: " in json.dumps(to_wire(messages, model=SEES))


TEXT_FILES: dict[str, dict[str, Any]] = {
    "v1": {"type": "file", "mime_type": "text/plain", "base64": "aMOp"},
    "v1 with text": {"type": "file", "mime_type": "text/plain", "text": "hé"},
    "v0": {"type": "file", "source_type": "base64", "mime_type": "text/plain", "data": "aMOp"},
    "v0 text": {"type": "file", "source_type": "text", "mime_type": "text/plain", "text": "hé"},
    "openai": {
        "type": "file",
        "file": {"filename": "a.txt", "file_data": "data:text/plain;base64,aMOp"},
    },
    "markdown": {"type": "file", "mime_type": "text/markdown", "base64": "aMOp"},
    "anthropic": {
        "type": "document",
        "source": {"type": "text", "media_type": "text/plain", "data": "hé"},
    },
    "anthropic base64": {
        "type": "document",
        "source": {"type": "base64", "media_type": "text/plain", "data": "aMOp"},
    },
    "anthropic blocks": {
        "type": "document",
        "source": {"type": "content", "content": [{"type": "text", "text": "hé"}]},
    },
}


@pytest.mark.parametrize("name", TEXT_FILES)
def test_text_files_are_their_text_wherever_they_stand(name: str) -> None:
    block = TEXT_FILES[name]
    assert to_wire([HumanMessage(["Sum up:", block])])[0]["content"] == "Sum up:\nhé"
    wire = to_wire([HumanMessage(["Sum up:", block]), AIMessage([block]), NEXT])
    assert [turn["content"] for turn in wire] == ["Sum up:\nhé", "hé", "And now?"]
    call = AIMessage("", tool_calls=[tool_call(name="f", args={}, id="c1")])
    wire = to_wire([HumanMessage("q"), call, ToolMessage([block], tool_call_id="c1")])
    assert wire[2]["content"] == "hé"


def test_earlier_pictures_are_left_out_for_a_model_that_only_reads() -> None:
    messages = [HumanMessage(["What is this?", PNG]), AIMessage("A cat."), NEXT]
    told = to_wire(messages, model=READS)[0]["content"]
    assert told == "What is this?\n[image omitted: deepseek-ai/DeepSeek-V3.2 reads text only]"
    for model in (SEES, "somebody/unknown"):
        assert to_wire(messages, model=model)[0]["content"][1] == WIRE_PNG


def test_a_picture_in_the_newest_question_is_always_sent() -> None:
    """The catalogue may be behind; the server's own refusal names the model."""
    assert to_wire([HumanMessage(["What is this?", PNG])], model=READS)[0]["content"][1] == WIRE_PNG


# --- pictures in tool results -------------------------------------------------------------------


def asked(*call_ids: str) -> AIMessage:
    return AIMessage("", tool_calls=[tool_call(name="f", args={}, id=one) for one in call_ids])


SHOTS: dict[str, tuple[dict[str, Any], dict[str, Any]]] = {
    "mcp": (PNG, WIRE_PNG),
    "v0": (
        {"type": "image", "source_type": "base64", "mime_type": "image/png", "data": "AA"},
        WIRE_PNG,
    ),
    "openai": (WIRE_PNG, WIRE_PNG),
    "anthropic": (
        {"type": "image", "source": {"type": "base64", "media_type": "image/png", "data": "AA"}},
        WIRE_PNG,
    ),
    "url": (
        {"type": "image", "url": "https://example.com/a.png"},
        {"type": "image_url", "image_url": {"url": "https://example.com/a.png"}},
    ),
}


@pytest.mark.parametrize("name", SHOTS)
def test_a_picture_moves_behind_the_result_for_a_model_that_sees(name: str) -> None:
    block, part = SHOTS[name]
    result = ToolMessage([{"type": "text", "text": "The page."}, block], tool_call_id="c1")
    wire: Any = to_wire([HumanMessage("q"), asked("c1"), result], model=SEES)
    assert wire[2] == {"role": "tool", "tool_call_id": "c1", "content": "The page."}
    assert wire[3]["role"] == "user"
    label, picture = wire[3]["content"]
    assert "c1" in label["text"]
    assert picture == part


@pytest.mark.parametrize("name", SHOTS)
def test_a_picture_is_described_for_a_model_that_reads(name: str) -> None:
    block, _ = SHOTS[name]
    result = ToolMessage([{"type": "text", "text": "The page."}, block], tool_call_id="c1")
    for model in (READS, "somebody/unknown"):
        wire: Any = to_wire([HumanMessage("q"), asked("c1"), result], model=model)
        assert len(wire) == 3
        assert wire[2]["content"].startswith("The page.\n[image omitted: ")


def test_pictures_of_parallel_results_wait_until_all_results_have_come() -> None:
    messages = [
        HumanMessage("q"),
        asked("c1", "c2"),
        ToolMessage([PNG], tool_call_id="c1"),
        ToolMessage("two", tool_call_id="c2"),
        HumanMessage("And?"),
    ]
    wire: Any = to_wire(messages, model=SEES)
    assert [turn["role"] for turn in wire] == ["user", "assistant", "tool", "tool", "user"]
    assert wire[2]["content"] != "(no output)"
    kinds = [part["type"] for part in wire[4]["content"]]
    assert kinds == ["text", "image_url", "text"]
    assert wire[4]["content"][2]["text"] == "And?"


def test_an_anthropic_result_with_a_picture() -> None:
    block = {"type": "tool_result", "tool_use_id": "c1", "content": [PNG]}
    wire = to_wire([HumanMessage("q"), asked("c1"), HumanMessage([block, "Well?"])], model=SEES)
    assert [turn["role"] for turn in wire] == ["user", "assistant", "tool", "user"]
    assert wire[3]["content"][1] == WIRE_PNG


@pytest.mark.parametrize(
    ("block", "words"),
    [
        ({"type": "audio", "base64": "AA", "mime_type": "audio/wav"}, "[audio omitted: "),
        ({"type": "video", "url": "https://example.com/a.mp4"}, "[video omitted: "),
        ({"type": "file", "base64": "AA", "mime_type": "application/pdf"}, "[pdf omitted: "),
        ({"type": "file", "base64": "AA", "mime_type": "application/zip"}, "[file omitted: "),
        ({"type": "image", "file_id": "f1"}, "[image omitted: "),
        ({"type": "image"}, "[image omitted: "),
    ],
    ids=lambda value: value if isinstance(value, str) else value["type"],
)
def test_other_media_in_results_are_described(block: dict[str, Any], words: str) -> None:
    result = ToolMessage([{"type": "text", "text": "Done."}, block], tool_call_id="c1")
    told = to_wire([HumanMessage("q"), asked("c1"), result], model=READS)[2]["content"]
    assert told.startswith("Done.\n" + words)


def test_media_that_the_model_takes_move_as_pictures_do() -> None:
    film = {"type": "video", "url": "https://example.com/a.mp4"}
    result = ToolMessage([film], tool_call_id="c1")
    wire = to_wire(
        [HumanMessage("q"), asked("c1"), result], model="Qwen/Qwen3-Omni-30B-A3B-Instruct"
    )
    assert wire[3]["content"][1]["type"] == "video_url"


def test_data_beside_a_picture_stays_json() -> None:
    result = ToolMessage([{"title": "é", "on": dt.date(2026, 1, 2)}, PNG], tool_call_id="c1")
    told = to_wire([HumanMessage("q"), asked("c1"), result], model=READS)[2]["content"]
    assert told.startswith('{"title": "é", "on": "2026-01-02"}\n[image omitted: ')


# --- messages of other kinds ----------------------------------------------------------------------


def test_a_function_message_answers_its_call() -> None:
    called = AIMessage(
        "", additional_kwargs={"function_call": {"name": "f", "arguments": '{"x":1}'}}
    )
    turns = history(called, FunctionMessage("42", name="f"), AIMessage("It is 42."))
    assert [turn["role"] for turn in turns] == ["user", "assistant", "tool", "assistant", "user"]
    assert turns[1]["tool_calls"][0]["function"] == {"name": "f", "arguments": '{"x":1}'}
    assert turns[2]["tool_call_id"] == turns[1]["tool_calls"][0]["id"]
    assert turns[2]["content"] == "42"


def test_two_function_messages_have_two_ids() -> None:
    call = {"function_call": {"name": "f", "arguments": "{}"}}
    turns = history(
        AIMessage("", additional_kwargs=call),
        FunctionMessage("1", name="f"),
        AIMessage("", additional_kwargs=call),
        FunctionMessage("2", name="f"),
    )
    ids = [turn["tool_call_id"] for turn in turns if turn["role"] == "tool"]
    assert len(set(ids)) == 2


def test_a_function_message_without_its_call_is_told() -> None:
    turns = history(FunctionMessage("42", name="f"))
    assert "42" in json.dumps(turns)
    assert all(turn["role"] == "user" for turn in turns)


@pytest.mark.parametrize(
    "message",
    [
        ChatMessage("Too long.", role="critic"),
        ChatMessage(["Too long.", {"type": "hologram"}], role="critic"),
        ChatMessage("Too long.", role="tool"),
        ChatMessage([{"type": "hologram", "text": "Too long."}], role="assistant"),
        ChatMessage(["Too long.", {"type": "hologram"}], role="user"),
    ],
)
def test_chat_messages_of_any_role(message: ChatMessage) -> None:
    assert "Too long." in json.dumps(history(message))


def test_a_chat_message_of_a_tool_answers_its_call() -> None:
    said = ChatMessage("42", role="tool", additional_kwargs={"tool_call_id": "c1"})
    turns = history(asked("c1"), said)
    assert [turn["role"] for turn in turns] == ["user", "assistant", "tool", "user"]
    assert (turns[2]["tool_call_id"], turns[2]["content"]) == ("c1", "42")


def test_results_alone_make_no_question() -> None:
    """Anthropic's form again: the user's message holds a result and nothing else."""
    block = {"type": "tool_result", "tool_use_id": "c1", "content": "42"}
    turns = history(asked("c1"), HumanMessage([block]), AIMessage("It is 42."))
    assert [turn["role"] for turn in turns] == ["user", "assistant", "tool", "assistant", "user"]


def test_an_instruction_to_a_graph_is_left_out() -> None:
    turns = history(RemoveMessage(id="1"))
    assert [turn["content"] for turn in turns] == ["q\n\nAnd now?"]


# --- arguments ------------------------------------------------------------------------------------


def arguments_of(message: AIMessage) -> str:
    (call,) = history(message)[1]["tool_calls"]
    return call["function"]["arguments"]


@pytest.mark.parametrize(("raw", "sent"), [('{"a": 1}', '{"a": 1}'), (None, "{}"), ("", "{}")])
def test_arguments_that_were_not_the_fault_stay(raw: str | None, sent: str) -> None:
    call = invalid_tool_call(name="f", args=raw, id="c1", error="no")
    assert arguments_of(AIMessage("", invalid_tool_calls=[call])) == sent


def test_an_invalid_call_without_a_name_has_one_on_the_wire() -> None:
    call = invalid_tool_call(name=None, args="{bad", id="c1", error="no")
    (sent,) = history(AIMessage("", invalid_tool_calls=[call]))[1]["tool_calls"]
    assert sent["function"]["name"]


class Colour(BaseModel):
    name: str


LOOP: dict[str, Any] = {}
LOOP["loop"] = LOOP

ODD: dict[str, Any] = {
    "date": dt.date(2026, 11, 21),
    "time": dt.datetime(2026, 11, 21, 8, 30, tzinfo=dt.UTC),
    "decimal": decimal.Decimal("1.50"),
    "uuid": uuid.UUID(int=1),
    "set": {1},
    "bytes": b"ab",
    "model": Colour(name="red"),
    "tuple key": {(1, 2): 3},
    "nan": math.nan,
    "infinity": [math.inf],
    "date beside infinity": [dt.date(2026, 11, 21), math.inf],
    "loop": LOOP,
    "half an emoji": "\ud83d",
    "huge number": 10**400,
}


@pytest.mark.parametrize("name", ODD)
def test_arguments_that_are_not_json_are_written(name: str) -> None:
    call = tool_call(name="f", args={"city": "巴黎", "odd": ODD[name]}, id="c1")
    message = AIMessage.model_construct(
        content="", tool_calls=[call], invalid_tool_calls=[], additional_kwargs={}, name=None
    )
    text = arguments_of(message)
    assert "巴黎" in text
    text.encode()
    assert isinstance(json.loads(text, parse_constant=pytest.fail), dict)


def test_dates_are_written_as_text() -> None:
    call = tool_call(name="f", args={"on": dt.date(2026, 11, 21)}, id="c1")
    assert arguments_of(AIMessage("", tool_calls=[call])) == '{"on": "2026-11-21"}'


# --- warnings -------------------------------------------------------------------------------------


def test_one_warning_a_kind(caplog: pytest.LogCaptureFixture) -> None:
    message = AIMessage([{"type": "web_search_call", "query": "secret words"}, "Found."])
    other = AIMessage([{"type": "executable_code", "executable_code": "x"}])
    with caplog.at_level(logging.WARNING, "siliconflow"):
        for _ in range(3):
            history(message, other, AIMessageChunk(["Hm.", PNG]))
    kinds = [record.getMessage() for record in caplog.records]
    assert len(kinds) == 3
    assert sum("web_search_call" in text for text in kinds) == 1
    assert not any("secret" in text for text in kinds)


def test_a_hostile_kind_neither_fills_the_log_nor_breaks_its_lines(
    caplog: pytest.LogCaptureFixture,
) -> None:
    with caplog.at_level(logging.WARNING, "siliconflow"):
        for number in range(500):
            history(AIMessage([{"type": f"x\n{number}" + "y" * 10_000}, "Hi."]))
    assert all(len(record.getMessage()) < 300 for record in caplog.records)
    assert all("\n" not in record.getMessage() for record in caplog.records)


def test_nothing_to_warn_of_is_no_warning(caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.WARNING, "siliconflow"):
        history(
            AIMessage([{"type": "thinking", "thinking": "Hm.", "signature": "s"}, "Hi."]),
            AIMessage("", tool_calls=[tool_call(name="f", args={}, id="c1")]),
            ToolMessage([PNG], tool_call_id="c1"),
            model=SEES,
        )
    assert caplog.records == []


def test_the_messages_given_stay_as_they_are() -> None:
    messages: list[BaseMessage] = [AIMessage(blocks) for blocks, _, _ in ASSISTANT.values()]
    messages += [asked("c1"), ToolMessage([PNG, {"a": 1}], tool_call_id="c1")]
    before = [message.model_copy(deep=True) for message in messages]
    to_wire([HumanMessage("q"), *messages, NEXT], model=SEES)
    assert messages == before


def test_a_deep_or_circular_block_does_no_harm() -> None:
    deep: dict[str, Any] = {"type": "server_tool_result", "output": "bottom"}
    for _ in range(3000):
        deep = {"type": "server_tool_result", "output": [deep]}
    circle: dict[str, Any] = {"type": "hologram", "text": "round"}
    circle["content"] = circle
    message = AIMessage.model_construct(
        content=[deep, circle],
        tool_calls=[],
        invalid_tool_calls=[],
        additional_kwargs={},
        name=None,
    )
    assert "round" in history(message)[1]["content"]
