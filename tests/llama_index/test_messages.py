"""`ChatMessage`s as wire messages: pure mapping, and what is refused."""

from __future__ import annotations

import base64
import json
from io import BytesIO
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from llama_index.core.base.llms.types import (
    AudioBlock,
    CacheControl,
    CachePoint,
    ChatMessage,
    CitableBlock,
    CitationBlock,
    DocumentBlock,
    ImageBlock,
    MessageRole,
    TextBlock,
    ThinkingBlock,
    ToolCallBlock,
    VideoBlock,
)

from llama_index_siliconflow._messages import wire_messages

PNG = base64.b64decode(
    "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg=="
)
PNG_URI = "data:image/png;base64," + base64.b64encode(PNG).decode()
MP4 = b"\x00\x00\x00\x18ftypmp42\x00\x00\x00\x00mp42isom" + b"\x00" * 32
PDF = b"%PDF-1.4\n%%EOF"
OCR = "deepseek-ai/DeepSeek-OCR"
URL = "https://x.example/a"
CALL_A = {
    "id": "call_a",
    "type": "function",
    "function": {"name": "add", "arguments": '{"a": 2, "b": 3}'},
}
BLOCK_A = ToolCallBlock(tool_call_id="call_a", tool_name="add", tool_kwargs={"a": 2, "b": 3})
RESULT_A = ChatMessage(role="tool", content="5", additional_kwargs={"tool_call_id": "call_a"})


def wire(*messages: ChatMessage, model: str = "m", **kwargs: Any) -> list[Any]:
    return wire_messages(messages, model=model, **kwargs)


def user(*blocks: Any, **additional_kwargs: Any) -> ChatMessage:
    return ChatMessage(role="user", blocks=list(blocks), additional_kwargs=additional_kwargs)


def assistant(*blocks: Any, **additional_kwargs: Any) -> ChatMessage:
    return ChatMessage(role="assistant", blocks=list(blocks), additional_kwargs=additional_kwargs)


ASK = ChatMessage(role="user", content="2+3?")


@pytest.mark.parametrize(
    ("role", "expected"),
    [
        (MessageRole.SYSTEM, "system"),
        (MessageRole.DEVELOPER, "system"),
        (MessageRole.USER, "user"),
        (MessageRole.ASSISTANT, "assistant"),
        (MessageRole.MODEL, "assistant"),
        (MessageRole.CHATBOT, "assistant"),
    ],
)
def test_roles(role: MessageRole, expected: str) -> None:
    turns = wire(ASK, ChatMessage(role=role, content="x"))
    said = turns[0] if expected == "system" else turns[-1]
    assert said["role"] == expected
    assert said["content"].endswith("x")


@pytest.mark.parametrize("role", [MessageRole.TOOL, MessageRole.FUNCTION])
def test_tool_roles(role: MessageRole) -> None:
    result = ChatMessage(role=role, content="5", additional_kwargs={"tool_call_id": "call_a"})
    assert wire(ASK, assistant(BLOCK_A), result)[2] == {
        "role": "tool",
        "tool_call_id": "call_a",
        "content": "5",
    }


def test_every_role_has_a_place() -> None:
    from llama_index_siliconflow._messages import _ROLES

    assert set(_ROLES) == set(MessageRole)


def test_text_stays_a_plain_string() -> None:
    assert wire(user(TextBlock(text="a"), TextBlock(text="b"))) == [
        {"role": "user", "content": "a\nb"}
    ]


def test_a_name_is_kept() -> None:
    message = ChatMessage(role="user", content="x", additional_kwargs={"name": "ann"})
    assert wire(message) == [{"role": "user", "content": "x", "name": "ann"}]


def test_a_prefix_to_continue_is_kept() -> None:
    assert wire(ASK, assistant(TextBlock(text="def"), prefix=True))[1] == {
        "role": "assistant",
        "content": "def",
        "prefix": True,
    }


def test_cache_points_are_left_out() -> None:
    point = CachePoint(cache_control=CacheControl(type="ephemeral"))
    assert wire(user(TextBlock(text="a"), point)) == [{"role": "user", "content": "a"}]
    assert wire(ASK, assistant(TextBlock(text="a"), point))[1]["content"] == "a"


# --- tool calls -----------------------------------------------------------------------------


def test_a_tool_loop() -> None:
    """The history lost tool calls and the ids of their results."""
    assert wire(ASK, assistant(BLOCK_A), RESULT_A) == [
        {"role": "user", "content": "2+3?"},
        {"role": "assistant", "content": "", "tool_calls": [CALL_A]},
        {"role": "tool", "tool_call_id": "call_a", "content": "5"},
    ]


@pytest.mark.parametrize(
    "call",
    [
        CALL_A,
        {key: value for key, value in CALL_A.items() if key != "type"},
        SimpleNamespace(
            id="call_a",
            type="function",
            function=SimpleNamespace(name="add", arguments='{"a": 2, "b": 3}'),
        ),
    ],
    ids=["dict", "dict without type", "object"],
)
def test_old_messages_hold_their_calls_elsewhere(call: Any) -> None:
    assert wire(ASK, assistant(tool_calls=[call]), RESULT_A)[1]["tool_calls"] == [CALL_A]


def test_calls_are_never_sent_twice() -> None:
    message = assistant(BLOCK_A, tool_calls=[CALL_A])
    assert wire(ASK, message, RESULT_A)[1]["tool_calls"] == [CALL_A]


def test_text_arguments_stay_as_they_are() -> None:
    block = ToolCallBlock(tool_call_id="call_a", tool_name="add", tool_kwargs='{"a":1}')
    call = wire(ASK, assistant(block), RESULT_A)[1]["tool_calls"][0]
    assert call["function"]["arguments"] == '{"a":1}'


def test_arguments_keep_their_letters() -> None:
    block = ToolCallBlock(tool_call_id="c", tool_name="say", tool_kwargs={"text": "你好"})
    call = wire(ASK, assistant(block))[1]["tool_calls"][0]
    assert call["function"]["arguments"] == '{"text": "你好"}'


def test_a_call_without_id_is_tied_to_its_result() -> None:
    block = ToolCallBlock(tool_call_id=None, tool_name="add", tool_kwargs={})
    result = ChatMessage(role="function", content="5", additional_kwargs={"name": "add"})
    _, call, answer = wire(ASK, assistant(block), result)
    assert call["tool_calls"][0]["id"] == answer["tool_call_id"] != ""


def test_an_assistant_turn_never_has_a_tool_call_id() -> None:
    # FunctionAgent writes one on `return_direct`.
    message = assistant(TextBlock(text="5"), tool_call_id="call_a")
    assert wire(ASK, assistant(BLOCK_A), RESULT_A, message)[3] == {
        "role": "assistant",
        "content": "5",
    }


def test_an_empty_tool_result_gets_a_placeholder() -> None:
    empty = ChatMessage(role="tool", blocks=[], additional_kwargs={"tool_call_id": "call_a"})
    assert wire(ASK, assistant(BLOCK_A), empty)[2]["content"] != ""


def test_a_system_message_at_the_end_moves_to_the_front() -> None:
    # AgentWorkflow's early stopping appends one; some chat templates refuse it there.
    last = ChatMessage(role="system", content="Stop now.")
    assert [turn["role"] for turn in wire(ASK, last)] == ["system", "user"]


# --- thinking -------------------------------------------------------------------------------

THOUGHT = ThinkingBlock(content="hm")


def test_thinking_goes_back_in_a_running_tool_loop() -> None:
    turn = wire(ASK, assistant(THOUGHT, BLOCK_A), RESULT_A)[1]
    assert turn["reasoning_content"] == "hm"


@pytest.mark.parametrize(("replay", "kept"), [("tool_loop", 0), ("always", 1), ("never", 0)])
def test_thinking_of_finished_turns(replay: Any, kept: int) -> None:
    turns = wire(ASK, assistant(THOUGHT, TextBlock(text="5")), ASK, replay=replay)
    assert sum("reasoning_content" in turn for turn in turns) == kept


def test_thinking_can_be_kept_back() -> None:
    assert "reasoning_content" not in wire(ASK, assistant(THOUGHT, BLOCK_A), replay="never")[1]


def test_thinking_is_never_text() -> None:
    assert wire(ASK, assistant(THOUGHT, TextBlock(text="5")))[1]["content"] == "5"


def test_older_messages_hold_their_thinking_elsewhere() -> None:
    turn = wire(ASK, assistant(BLOCK_A, reasoning_content="hm"), RESULT_A)[1]
    assert turn["reasoning_content"] == "hm"


# --- media ----------------------------------------------------------------------------------


def part(block: Any, model: str = "m", **kwargs: Any) -> Any:
    return wire(user(block, **kwargs), model=model)[0]["content"][0]


@pytest.mark.parametrize(
    ("block", "expected"),
    [
        (
            ImageBlock(url=URL, detail="low"),
            {"type": "image_url", "image_url": {"url": URL, "detail": "low"}},
        ),
        (ImageBlock(image=PNG), {"type": "image_url", "image_url": {"url": PNG_URI}}),
        (ImageBlock(image=BytesIO(PNG)), {"type": "image_url", "image_url": {"url": PNG_URI}}),
        (ImageBlock(url=PNG_URI), {"type": "image_url", "image_url": {"url": PNG_URI}}),
        (
            VideoBlock(url=URL, fps=2, detail="high"),
            {"type": "video_url", "video_url": {"url": URL, "detail": "high", "fps": 2}},
        ),
        (
            VideoBlock(video=MP4),
            {
                "type": "video_url",
                "video_url": {"url": "data:video/mp4;base64," + base64.b64encode(MP4).decode()},
            },
        ),
        (AudioBlock(url=URL), {"type": "audio_url", "audio_url": {"url": URL}}),
        (
            AudioBlock(audio=b"abc", format="mp3"),
            {"type": "audio_url", "audio_url": {"url": "data:audio/mpeg;base64,YWJj"}},
        ),
        (
            AudioBlock(audio=b"abc", format="strange"),
            {"type": "audio_url", "audio_url": {"url": "data:audio/strange;base64,YWJj"}},
        ),
    ],
    ids=lambda value: type(value).__name__ if not isinstance(value, dict) else "",
)
def test_media(block: Any, expected: dict[str, Any]) -> None:
    """Images, sounds and videos were dropped without a word."""
    assert part(block) == expected


def test_an_image_from_a_file(tmp_path: Path) -> None:
    path = tmp_path / "a.png"
    path.write_bytes(PNG)
    assert part(ImageBlock(path=path))["image_url"]["url"] == PNG_URI


def test_video_frames() -> None:
    assert part(VideoBlock(url=URL), max_frames=16)["video_url"]["max_frames"] == 16


def test_media_and_text_keep_their_order() -> None:
    content = wire(user(TextBlock(text="a"), ImageBlock(url=URL), TextBlock(text="b")))[0]
    assert [part["type"] for part in content["content"]] == ["text", "image_url", "text"]


@pytest.mark.parametrize(
    "block", [DocumentBlock(data=PDF), DocumentBlock(url=URL + ".pdf")], ids=["data", "url"]
)
def test_pdf_documents_go_to_deepseek_ocr(block: DocumentBlock) -> None:
    url = part(block, model=OCR)["image_url"]["url"]
    assert url == URL + ".pdf" or url.startswith("data:application/pdf;base64,JVBER")


@pytest.mark.parametrize(
    ("message", "name", "model"),
    [
        (user(DocumentBlock(data=PDF)), "DocumentBlock", "m"),
        (user(DocumentBlock(data=b"text")), "DocumentBlock", OCR),
        (
            user(CitableBlock(title="t", source="s", content=[TextBlock(text="x")])),
            "CitableBlock",
            "m",
        ),
        (
            user(
                CitationBlock(
                    title="t",
                    source="s",
                    cited_content=TextBlock(text="x"),
                    additional_location_info={},
                )
            ),
            "CitationBlock",
            "m",
        ),
        (user(THOUGHT), "ThinkingBlock", "m"),
        (user(BLOCK_A), "ToolCallBlock", "m"),
        (ChatMessage(role="system", blocks=[ImageBlock(url=URL)]), "ImageBlock", "m"),
        (user(ImageBlock(image=b"unknown bytes")), "ImageBlock.*image_mimetype", "m"),
        (user(VideoBlock(video=b"unknown bytes")), "VideoBlock.*video_mimetype", "m"),
        (user(AudioBlock(audio=b"unknown bytes")), "AudioBlock.*format", "m"),
        (user(ImageBlock()), "ImageBlock", "m"),
    ],
)
def test_what_cannot_be_sent_is_named(message: ChatMessage, name: str, model: str) -> None:
    with pytest.raises(ValueError, match=name):
        wire(message, model=model)


def test_messages_are_not_changed() -> None:
    messages = [ASK, assistant(THOUGHT, BLOCK_A, tool_calls=[CALL_A]), RESULT_A]
    before = json.dumps([message.model_dump() for message in messages])
    wire(*messages)
    assert json.dumps([message.model_dump() for message in messages]) == before
