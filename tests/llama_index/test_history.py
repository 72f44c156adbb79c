"""What others wrote into a history ends no conversation; what the user has just written is checked."""

from __future__ import annotations

import base64
import datetime as dt
import json
import warnings
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from llama_index.core.agent.workflow import FunctionAgent
from llama_index.core.base.llms.types import (
    AudioBlock,
    ChatMessage,
    CitableBlock,
    CitationBlock,
    DocumentBlock,
    ImageBlock,
    TextBlock,
    ThinkingBlock,
    ToolCallBlock,
    VideoBlock,
)
from llama_index.core.llms.llm import ToolSelection
from llama_index.core.memory import Memory
from llama_index.core.tools import FunctionTool

from llama_index_siliconflow import ConfigurationError, SiliconFlow
from llama_index_siliconflow._foreign_calls import foreign_calls
from llama_index_siliconflow._messages import wire_messages
from tests.llama_index import scenarios as s
from tests.llama_index.conftest import Make, Way, agents_warn
from tests.llama_index.stub import Stub

PNG = base64.b64decode(
    "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg=="
)
PNG_URI = "data:image/png;base64," + base64.b64encode(PNG).decode()
PICTURE = {"type": "image_url", "image_url": {"url": PNG_URI}}
URL = "https://x.example/a"
EYES = "Qwen/Qwen3.5-4B"
EARS = "Qwen/Qwen3-Omni-30B-A3B-Instruct"
BLIND = "deepseek-ai/DeepSeek-V3.2"
OCR = "deepseek-ai/DeepSeek-OCR"
PDF = b"%PDF-1.4\n%%EOF"
ASK = ChatMessage(role="user", content="2+3?")
THANKS = ChatMessage(role="user", content="Thanks.")
CALL_A = {
    "id": "call_a",
    "type": "function",
    "function": {"name": "add", "arguments": '{"a": 2, "b": 3}'},
}
BLOCK_A = ToolCallBlock(tool_call_id="call_a", tool_name="add", tool_kwargs={"a": 2, "b": 3})


def said(role: str, *blocks: Any, **kwargs: Any) -> ChatMessage:
    return ChatMessage(role=role, blocks=list(blocks), additional_kwargs=kwargs)


def result(*blocks: Any, call_id: str | None = "call_a", **kwargs: Any) -> ChatMessage:
    given = {} if call_id is None else {"tool_call_id": call_id}
    return said("tool", *blocks, **given, **kwargs)


def wire(*messages: ChatMessage, model: str = "m") -> tuple[list[Any], list[str]]:
    """Translate a history that ends in a question; tell the turns and the warnings."""
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        turns = wire_messages(messages, model=model)
    json.dumps(turns)
    assert {warning.category for warning in caught} <= {UserWarning}
    return turns, [str(warning.message) for warning in caught]


def citation(content: Any) -> CitationBlock:
    return CitationBlock(title="t", source="s", cited_content=content, additional_location_info={})


# --- blocks that have no place --------------------------------------------------------------

TEXT = TextBlock(text="kept")
ODD_BLOCKS: dict[str, tuple[Any, list[str]]] = {
    "image": (ImageBlock(image=PNG), ["[image omitted: "]),
    "image by url": (ImageBlock(url=URL), ["[image omitted: "]),
    "image of nothing": (ImageBlock(), ["[image omitted: "]),
    "video": (VideoBlock(url=URL), ["[video omitted: "]),
    "audio": (AudioBlock(url=URL), ["[audio omitted: "]),
    "pdf": (DocumentBlock(data=PDF), ["[document omitted: "]),
    "pdf by url": (DocumentBlock(url=URL + ".pdf"), ["[document omitted: "]),
    "lost file": (DocumentBlock(path="/nowhere/at/all.txt"), ["[document omitted: "]),
    "text document": (DocumentBlock(data=b"inner", document_mimetype="text/plain"), ["inner"]),
    "text of no kind": (DocumentBlock(data="größer".encode()), ["größer"]),
    "bytes of no kind": (DocumentBlock(data=b"\x00\x01\xff"), ["[document omitted: "]),
    "citable": (
        CitableBlock(title="t", source="s", content=[TextBlock(text="inner"), ImageBlock(url=URL)]),
        ["inner", "[image omitted: "],
    ),
    "citable document": (
        CitableBlock(
            title="t",
            source="s",
            content=[DocumentBlock(data=b"inner", document_mimetype="text/markdown")],
        ),
        ["inner"],
    ),
    "citation": (citation(TextBlock(text="inner")), ["inner"]),
    "citation of an image": (citation(ImageBlock(url=URL)), ["[image omitted: "]),
}


@pytest.mark.parametrize(("block", "words"), ODD_BLOCKS.values(), ids=ODD_BLOCKS)
@pytest.mark.parametrize("role", ["system", "user", "assistant", "tool"])
def test_what_has_no_place_is_described_and_the_text_is_kept(
    role: str, block: Any, words: list[str]
) -> None:
    odd = result(TEXT, block, TEXT) if role == "tool" else said(role, TEXT, block, TEXT)
    before = [said("assistant", BLOCK_A)] if role == "tool" else []
    history = [ASK, *before, odd, said("assistant", TEXT), THANKS]
    turns, told = wire(*history, model=BLIND)
    (content,) = [
        turn["content"]
        for turn in turns
        if turn["role"] == role and str(turn["content"]).startswith(("kept", "2+3?"))
    ][:1]
    assert isinstance(content, str)
    assert content.count("kept") >= 2
    assert all(word in content for word in words)
    assert len(told) == len(set(told)) >= 1
    assert not [text for text in told if "inner" in text or "kept" in text]


@pytest.mark.parametrize("role", ["system", "user", "tool"])
@pytest.mark.parametrize(
    ("block", "word"),
    [(ThinkingBlock(content="secret thought"), ""), (BLOCK_A, "add")],
    ids=["thinking", "tool call"],
)
def test_blocks_of_assistants_in_other_turns(role: str, block: Any, word: str) -> None:
    before = [said("assistant", BLOCK_A)] if role == "tool" else []
    odd = result(TEXT, block) if role == "tool" else said(role, TEXT, block)
    turns, told = wire(ASK, *before, odd, said("assistant", TEXT), THANKS)
    contents = [turn["content"] for turn in turns]
    assert any("kept" in content and word in content for content in contents[:-2])
    assert "secret thought" not in str(turns)
    assert len(told) == 1


def test_a_kind_of_block_that_a_later_llama_index_brings_is_left_out() -> None:
    odd = said("assistant", TEXT)
    odd.blocks.append(SimpleNamespace(block_type="hologram"))
    turns, told = wire(ASK, odd, THANKS)
    assert turns[1]["content"] == "kept\n[hologram omitted]"
    assert len(told) == 1


def test_each_kind_is_told_once() -> None:
    odd = said("assistant", ImageBlock(url=URL), TEXT, ImageBlock(url=URL + "b"))
    _, told = wire(ASK, odd, ASK, odd, ASK, odd, THANKS)
    assert len(told) == 1


def test_a_history_of_nothing_odd_is_told_nothing() -> None:
    turn = said("assistant", ThinkingBlock(content="hm"), BLOCK_A)
    _, told = wire(ASK, turn, result(TextBlock(text="5")), said("assistant", TEXT), THANKS)
    assert told == []


def test_halves_of_characters_are_replaced() -> None:
    # Names of files that are no valid Unicode look so in Python.
    turns, told = wire(
        ASK,
        said(
            "assistant",
            ToolCallBlock(tool_call_id="call_a", tool_name="ls", tool_kwargs={"at": "\udcff"}),
        ),
        result(TextBlock(text="a\udcffb")),
        THANKS,
    )
    assert turns[2]["content"] == "a?b"
    assert len(told) == 1
    assert "\udcff" not in str(turns)


# --- what the user has just written ---------------------------------------------------------

DOCUMENT = DocumentBlock(data=PDF)


@pytest.mark.parametrize(
    "messages",
    [
        [said("user", DOCUMENT)],
        [ASK, said("assistant", TEXT), said("user", DOCUMENT)],
        [said("user", DOCUMENT), said("assistant", TEXT), said("user", DOCUMENT)],
        [said("user", DOCUMENT), said("system", TEXT)],
        [said("user", DOCUMENT), said("assistant", TextBlock(text="def"), prefix=True)],
        [said("system", DOCUMENT)],
    ],
)
def test_the_newest_turn_is_checked(messages: list[ChatMessage]) -> None:
    with pytest.raises(ConfigurationError, match="DocumentBlock"):
        wire(*messages)


@pytest.mark.parametrize(
    "messages",
    [
        [said("user", DOCUMENT), ASK],  # refused once, and still in the memory of a chat engine
        [said("user", DOCUMENT), said("assistant", TEXT), ASK],
        [said("system", DOCUMENT), ASK],
        [said("user", DOCUMENT), said("assistant", BLOCK_A), result(TEXT)],  # handed over
        [said("assistant", DOCUMENT)],
        [result(DOCUMENT)],
    ],
)
def test_all_other_turns_are_history(messages: list[ChatMessage]) -> None:
    _, told = wire(*messages)
    assert any("document" in text for text in told)


def test_a_plain_text_document_of_the_newest_turn_is_its_text() -> None:
    document = DocumentBlock(data=b"The text.", document_mimetype="text/plain")
    turns, told = wire(said("user", TextBlock(text="Read:"), document))
    assert turns == [{"role": "user", "content": "Read:\nThe text."}]
    assert told == []


def test_a_plain_text_file_of_the_newest_turn_is_its_text(tmp_path: Path) -> None:
    path = tmp_path / "notes.md"
    path.write_text("# Notes", encoding="utf-8")
    turns, _ = wire(said("user", DocumentBlock(path=path)))
    assert turns == [{"role": "user", "content": "# Notes"}]


@pytest.mark.parametrize("model", [EYES, "acme/unknown"])
def test_media_of_earlier_questions_are_sent_again_as_they_were(model: str) -> None:
    picture = said("user", TEXT, ImageBlock(image=PNG, detail="low"))
    alone, _ = wire(picture, model=model)
    turns, told = wire(picture, said("assistant", TEXT), THANKS, model=model)
    assert turns[0] == alone[0]
    assert told == []


def test_video_frames_of_earlier_questions_are_kept() -> None:
    video = said("user", VideoBlock(url=URL, fps=2), max_frames=16)
    alone, _ = wire(video, model=EARS)
    turns, _ = wire(video, said("assistant", TEXT), THANKS, model=EARS)
    assert turns[0] == alone[0]
    assert turns[0]["content"][0]["video_url"]["max_frames"] == 16


def test_pdf_files_of_earlier_questions_go_to_deepseek_ocr() -> None:
    question = said("user", DOCUMENT)
    turns, told = wire(question, said("assistant", TEXT), THANKS, model=OCR)
    assert turns[0]["content"][0]["image_url"]["url"].startswith("data:application/pdf;base64,")
    assert told == []


# --- pictures in tool results ---------------------------------------------------------------

BLOCK_B = ToolCallBlock(tool_call_id="call_b", tool_name="shoot", tool_kwargs={"of": "it"})


def test_a_picture_moves_to_a_user_message_after_all_results() -> None:
    turns, told = wire(
        ASK,
        said("assistant", BLOCK_A, BLOCK_B),
        result(TextBlock(text="first"), ImageBlock(image=PNG)),
        result(ImageBlock(image=PNG), call_id="call_b"),
        said("assistant", TEXT),
        THANKS,
        model=EYES,
    )
    assert [turn["role"] for turn in turns] == [
        "user", "assistant", "tool", "tool", "user", "assistant", "user",
    ]  # fmt: skip
    assert turns[2]["content"].startswith("first\n")
    assert turns[3]["content"] != ""
    assert turns[4]["content"][1:] == [PICTURE, PICTURE]
    assert len(told) == 1


def test_a_picture_moves_while_the_loop_runs_too() -> None:
    turns, _ = wire(ASK, said("assistant", BLOCK_A), result(ImageBlock(image=PNG)), model=EYES)
    assert [turn["role"] for turn in turns] == ["user", "assistant", "tool", "user"]
    assert PICTURE in turns[3]["content"]


def test_a_picture_and_the_next_question_are_one_user_message() -> None:
    turns, _ = wire(
        ASK, said("assistant", BLOCK_A), result(ImageBlock(image=PNG)), THANKS, model=EYES
    )
    assert [turn["role"] for turn in turns] == ["user", "assistant", "tool", "user"]
    assert PICTURE in turns[3]["content"]
    assert {"type": "text", "text": "Thanks."} in turns[3]["content"]


def test_sounds_and_videos_move_where_they_are_heard_and_seen() -> None:
    found = result(AudioBlock(url=URL), VideoBlock(url=URL))
    turns, _ = wire(ASK, said("assistant", BLOCK_A), found, model=EARS)
    assert [part["type"] for part in turns[3]["content"]] == ["text", "audio_url", "video_url"]
    turns, _ = wire(ASK, said("assistant", BLOCK_A), found, model=BLIND)
    assert "[audio omitted: " in turns[2]["content"]
    assert "[video omitted: " in turns[2]["content"]


@agents_warn
@pytest.mark.filterwarnings("ignore:SiliconFlow, in the history")
@pytest.mark.parametrize("streaming", [True, False])
@pytest.mark.parametrize("model", [EYES, BLIND])
async def test_an_agent_whose_tool_takes_a_screenshot(
    stub: Stub, make: Make, memory: Memory, model: str, streaming: bool
) -> None:
    def shoot() -> list[Any]:
        """Take a screenshot."""
        return [TextBlock(text="Done."), ImageBlock(image=PNG)]

    call = s.calls(s.fragment("{}", id="call_s", name="shoot"))
    stub.script = s.in_turn(s.scenario([call], finish="tool_calls"), s.FINAL_SUM)
    llm = make(SiliconFlow, model=model)
    agent = FunctionAgent(tools=[FunctionTool.from_defaults(shoot)], llm=llm, streaming=streaming)
    assert str(await agent.run("Show it.", memory=memory)) == "The sum is 5."
    assert str(await agent.run("And now?", memory=memory)) == "The sum is 5."
    turns = stub.last.body["messages"]
    tool = next(turn for turn in turns if turn["role"] == "tool")
    assert tool["content"].startswith("Done.\n[image")
    assert any(PICTURE in list(turn["content"]) for turn in turns) is (model == EYES)


# --- calls that others wrote ----------------------------------------------------------------

OPENAI_OBJECT = SimpleNamespace(
    id="call_a",
    type="function",
    function=SimpleNamespace(name="add", arguments='{"a": 2, "b": 3}'),
)
FOREIGN_CALLS: dict[str, Any] = {
    "openai dict": CALL_A,
    "openai object": OPENAI_OBJECT,
    "openai responses": {
        "type": "function_call",
        "id": "fc_1",
        "call_id": "call_a",
        "name": "add",
        "arguments": '{"a": 2, "b": 3}',
    },
    "anthropic dict": {
        "id": "call_a",
        "type": "tool_use",
        "name": "add",
        "input": {"a": 2, "b": 3},
    },
    "anthropic object": SimpleNamespace(
        id="call_a", type="tool_use", name="add", input={"a": 2, "b": 3}
    ),
    "tool selection": ToolSelection(
        tool_id="call_a", tool_name="add", tool_kwargs={"a": 2, "b": 3}
    ),
    "langchain": {"id": "call_a", "name": "add", "args": {"a": 2, "b": 3}},
    "bedrock": {"toolUse": {"toolUseId": "call_a", "name": "add", "input": {"a": 2, "b": 3}}},
}


@pytest.mark.parametrize("call", FOREIGN_CALLS.values(), ids=FOREIGN_CALLS)
@pytest.mark.parametrize("form", ["list", "tuple", "alone"])
def test_calls_of_other_makers(call: Any, form: str) -> None:
    given = {"list": [call], "tuple": (call,), "alone": call}[form]
    turns, told = wire(ASK, said("assistant", tool_calls=given), result(TextBlock(text="5")))
    assert turns[1]["tool_calls"] == [CALL_A]
    assert turns[2] == {"role": "tool", "tool_call_id": "call_a", "content": "5"}
    assert told == []


@pytest.mark.parametrize(
    "call",
    [
        {"name": "add", "arguments": '{"a": 2, "b": 3}'},
        SimpleNamespace(name="add", arguments='{"a": 2, "b": 3}'),
        SimpleNamespace(name="add", args={"a": 2, "b": 3}),
    ],
    ids=["dict", "object", "google"],
)
def test_an_old_function_call(call: Any) -> None:
    turns, told = wire(
        ASK,
        said("assistant", function_call=call),
        ChatMessage(role="function", content="5", additional_kwargs={"name": "add"}),
    )
    (made,) = turns[1]["tool_calls"]
    assert made["function"] == CALL_A["function"]
    assert turns[2] == {"role": "tool", "tool_call_id": made["id"], "content": "5"}
    assert told == []


@pytest.mark.parametrize(
    "calls",
    [
        None,
        [],
        "x",
        5,
        {},
        ["x"],
        [None],
        [{}],
        [{"function": None}],
        [{"id": "x", "function": {"arguments": "{}"}}],
    ],
    ids=repr,
)
def test_what_names_no_function_is_no_call(calls: Any) -> None:
    turns, told = wire(ASK, said("assistant", TEXT, tool_calls=calls), THANKS)
    assert turns[1] == {"role": "assistant", "content": "kept"}
    assert len(told) == (0 if calls in (None, [], "x", {}) else 1)


def test_a_nameless_call_is_left_out_and_its_result_is_told_in_words() -> None:
    turns, told = wire(
        ASK,
        said("assistant", ToolCallBlock(tool_call_id="x", tool_name="")),
        result(TEXT, call_id="x"),
    )
    assert [turn["role"] for turn in turns] == ["user", "assistant", "user"]
    assert "kept" in turns[2]["content"]
    assert len(told) == 2


def test_a_result_without_an_id_belongs_to_the_call_of_its_name() -> None:
    calls = said("assistant", BLOCK_A, BLOCK_B)
    turns, told = wire(
        ASK,
        calls,
        result(TextBlock(text="shot"), call_id=None, name="shoot"),
        result(TextBlock(text="5"), call_id=None, name="add"),
        THANKS,
    )
    assert [(turn["tool_call_id"], turn["content"]) for turn in turns[2:4]] == [
        ("call_b", "shot"),
        ("call_a", "5"),
    ]
    assert told == []


def test_a_result_of_no_call_is_told_in_words() -> None:
    turns, told = wire(
        ASK, result(TextBlock(text="5"), call_id=None, name="add"), said("assistant", TEXT), THANKS
    )
    assert turns[0] == {"role": "user", "content": "2+3?\n\n[result of add: 5]"}
    assert len(told) == 1


async def test_a_conversation_goes_on_after_all_of_it(stub: Stub, way: Way, make: Make) -> None:
    odd = [block for block, _ in ODD_BLOCKS.values()]
    history = [
        said("system", *odd),
        said("user", *odd),
        said("assistant", *odd, BLOCK_A, BLOCK_B),
        result(*odd),
        result(*odd, call_id=None),
        result(*odd, call_id=None),
        said("assistant", *odd, tool_calls=list(FOREIGN_CALLS.values())),
        result(*odd),
        said("assistant", *odd, tool_calls="nonsense", function_call=5),
        THANKS,
    ]
    for model in (BLIND, EYES, EARS, OCR, "acme/unknown"):
        llm = make(SiliconFlow, model=model)
        for name in ("chat", "stream_chat"):
            with pytest.warns(UserWarning, match="in the history"):
                await way(llm, name, history)
            assert "Thanks." in str(stub.last.body["messages"][-1]["content"])


# --- arguments ------------------------------------------------------------------------------


def arguments(kwargs: Any) -> Any:
    block = ToolCallBlock.model_construct(tool_call_id="call_a", tool_name="f", tool_kwargs=kwargs)
    turns, _ = wire(ASK, said("assistant", block), result(TEXT), THANKS)
    value = json.loads(turns[1]["tool_calls"][0]["function"]["arguments"])
    assert isinstance(value, dict)
    return value


@pytest.mark.parametrize("raw", ['{"a": 2, "b": ', "nonsense", "[1]", "null", '"text"', "你好"])
def test_broken_arguments_travel_in_an_object(raw: str) -> None:
    assert arguments(raw) == {"__invalid_arguments__": raw}
    turns, _ = wire(
        ASK,
        said(
            "assistant", tool_calls=[{"id": "call_a", "function": {"name": "f", "arguments": raw}}]
        ),
        result(TEXT),
        THANKS,
    )
    sent = turns[1]["tool_calls"][0]["function"]["arguments"]
    assert json.loads(sent) == {"__invalid_arguments__": raw}


def test_arguments_that_are_no_json_values_are_written_as_text() -> None:
    day = dt.date(2026, 11, 21)
    assert arguments({"day": day, "at": Path("/x"), "n": {"deep": [day]}}) == {
        "day": "2026-11-21",
        "at": "/x",
        "n": {"deep": ["2026-11-21"]},
    }


def circular() -> dict[str, Any]:
    made: dict[str, Any] = {}
    made["self"] = made
    return made


@pytest.mark.parametrize(
    "kwargs", [circular(), {(1, 2): 3}, {"x": float("nan")}, {"x": float("inf")}], ids=repr
)
def test_arguments_that_json_cannot_hold_travel_as_text(kwargs: Any) -> None:
    assert list(arguments(kwargs)) == ["__invalid_arguments__"]


def test_arguments_of_nothing_are_an_empty_object() -> None:
    assert arguments("") == {}
    assert arguments({}) == {}


@agents_warn
async def test_an_agent_goes_on_after_broken_arguments(
    stub: Stub, llm: SiliconFlow, memory: Memory
) -> None:
    def add(a: int, b: int = 0) -> int:
        """Add two numbers."""
        return a + b

    call = s.calls(s.fragment("a=2, b=3", id="call_a", name="add"))
    stub.script = s.in_turn(s.scenario([call], finish="tool_calls"), s.FINAL_SUM)
    agent = FunctionAgent(tools=[add], llm=llm)
    assert str(await agent.run("2+3?", memory=memory)) == "The sum is 5."
    await agent.run("And now?", memory=memory)
    for body in stub.bodies[1:]:
        (made,) = next(turn for turn in body["messages"] if "tool_calls" in turn)["tool_calls"]
        assert isinstance(json.loads(made["function"]["arguments"]), dict)


@pytest.mark.parametrize(
    ("arguments", "kept"),
    [(["Paris", 3], '["Paris", 3]'), ({1: "Paris"}, '{"1": "Paris"}'), ({"city": "Rome"}, None)],
)
def test_arguments_of_other_kinds_are_kept_as_text(arguments: object, kept: str | None):
    """A list, or keys that are no text, are no keywords of a function; nothing of them is lost."""
    (block,) = foreign_calls({"tool_calls": [{"name": "get_weather", "args": arguments}]})
    assert block is not None
    assert block.tool_kwargs == (arguments if kept is None else kept)
