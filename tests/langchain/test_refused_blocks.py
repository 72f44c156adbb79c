"""What is said of a block of the newest question that has no form on the wire, word for word."""

from __future__ import annotations

import base64
from typing import Any

import pytest
from langchain_core.messages import BaseMessage, ChatMessage, HumanMessage, SystemMessage

from langchain_siliconflow import ConfigurationError
from langchain_siliconflow._messages import to_wire

NO_FILES = "the API has no stored files; give a URL or base64 data"
NO_MIME = "base64 data needs a `mime_type`"
NOT_TEXT = "its base64 data is not UTF-8 text"
URL = "https://example.com/a"

REFUSED: dict[str, tuple[dict[str, Any], str, str]] = {
    "a kind of another maker": ({"type": "media", "data": "AA"}, "'media'", ""),
    "no kind": ({"text": "hi"}, "None", ""),
    "a kind that is no word": ({"type": 5}, "5", ""),
    "text without text": ({"type": "text"}, "'text'", ""),
    "text that is no text": ({"type": "text", "text": 5}, "'text'", ""),
    "a stored image": ({"type": "image", "file_id": "f"}, "'image'", NO_FILES),
    "a stored image of old": ({"type": "image", "source_type": "id", "id": "f"}, "'image'", NO_FILES),
    "a stored file": ({"type": "file", "file": {"file_id": "f"}}, "'file'", NO_FILES),
    "an image from nowhere": ({"type": "image"}, "'image'", "it has neither `url` nor `base64`"),
    "an image without kind": ({"type": "image", "base64": "AA"}, "'image'", NO_MIME),
    "an image with an empty kind": ({"type": "image", "base64": "AA", "mime_type": ""}, "'image'", NO_MIME),
    "an image whose kind is no word": ({"type": "image", "base64": "AA", "mime_type": 5}, "'image'", NO_MIME),
    "an image whose data is no text": ({"type": "image", "base64": 5, "mime_type": "image/png"}, "'image'", NO_MIME),
    "an image of Anthropic's without kind": ({"type": "image", "source": {"type": "base64", "data": "AA"}}, "'image'", NO_MIME),
    "an image of Anthropic's from nowhere": ({"type": "image", "source": {"type": "url"}}, "'image'", "source of type 'url'"),
    "an image of Anthropic's that is stored": ({"type": "image", "source": {"type": "file", "url": URL}}, "'image'", "source of type 'file'"),
    "speech without its format": ({"type": "input_audio", "input_audio": {"data": "AA"}}, "'input_audio'", "`input_audio` needs `data` and `format`"),
    "speech without data": ({"type": "input_audio", "input_audio": {"format": "mp3"}}, "'input_audio'", NO_MIME),
    "a native part without its URL": ({"type": "video_url", "video_url": {}}, "'video_url'", "'video_url' must be a URL or an object with a `url`"),
    "a document of Anthropic's with more than text": (
        {"type": "document", "source": {"type": "content", "content": [{"type": "image"}]}},
        "'document'", "it holds more than text",
    ),
    "a spreadsheet": ({"type": "file", "base64": "AA", "mime_type": "application/xls"}, "'file'", "MIME type 'application/xls' is none that the API reads"),
    "a font": ({"type": "file", "base64": "AA", "mime_type": "font/audio"}, "'file'", "MIME type 'font/audio' is none that the API reads"),
    "a file of no known kind": ({"type": "file", "url": URL}, "'file'", "MIME type None is none that the API reads"),
    "a page that ends like a PDF only behind its question mark": ({"type": "file", "url": URL + "?x.pdf"}, "'file'", "MIME type None is none that the API reads"),
    "plain text behind a URL": ({"type": "text-plain", "url": URL}, "'text-plain'", "only its text can be sent, and it holds none"),
    "plain text that is none": ({"type": "text-plain", "base64": "/w=="}, "'text-plain'", NOT_TEXT),
    "a text file that is none": ({"type": "file", "file": {"file_data": "data:text/csv;base64,/w=="}}, "'file'", NOT_TEXT),
}  # fmt: skip


def refusal(*messages: Any) -> str:
    with pytest.raises(ConfigurationError) as caught:
        to_wire(messages)
    assert caught.value.argument == "messages"
    return caught.value.message


@pytest.mark.parametrize("name", REFUSED)
def test_a_block_of_a_question(name: str) -> None:
    block, kind, why = REFUSED[name]
    said = f"content block of type {kind} cannot be sent as user content"
    assert refusal(HumanMessage([block])) == (f"{said}: {why}" if why else said)


@pytest.mark.parametrize(
    ("message", "role"),
    [
        (SystemMessage(["Be brief.", {"type": "image", "url": URL}]), "system"),
        (ChatMessage(role="developer", content=[{"type": "image", "url": URL}]), "developer"),
    ],
)
def test_a_block_of_instructions(message: Any, role: str) -> None:
    said = f"content block of type 'image' cannot be sent as {role} content"
    assert refusal(message, HumanMessage("Hi")) == said


def test_a_role_that_no_one_knows() -> None:
    assert refusal(ChatMessage(role="critic", content="Hm.")) == (
        "ChatMessage role 'critic' is unknown; known are assistant, developer, system, tool, user"
    )


def test_a_message_that_no_one_knows() -> None:
    class Other(BaseMessage):
        type: str = "other"

    assert refusal(HumanMessage("Hi"), Other(content="x")) == (
        "messages of type Other cannot be sent"
    )


def sent(*blocks: Any) -> Any:
    # Not by a call: LangChain's core would write some of these blocks anew before.
    return to_wire([HumanMessage(list(blocks))])[0]["content"]


def part(medium: str, url: str, **options: Any) -> dict[str, Any]:
    return {"type": f"{medium}_url", f"{medium}_url": {"url": url, **options}}


CSV = base64.b64encode(b"a,b").decode()


@pytest.mark.parametrize(
    ("block", "wire"),
    [
        ({"type": "input_file", "file_url": URL + ".pdf"}, part("image", URL + ".pdf")),
        ({"type": "file", "url": URL + ".PDF?v=2"}, part("image", URL + ".PDF?v=2")),
        ({"type": "file", "url": URL, "mime_type": "audio/x/y"}, part("audio", URL)),
        ({"type": "file", "url": "data:image/png;q=1;base64,AA"}, part("image", "data:image/png;q=1;base64,AA")),
        ({"type": "file", "url": "data:video/mp4,AA"}, part("video", "data:video/mp4,AA")),
        ({"type": "image", "url": URL, "metadata": {"detail": "low"}}, part("image", URL, detail="low")),
        ({"type": "image", "url": URL, "metadata": {"detail": "low"}, "extras": {"detail": "high"}}, part("image", URL, detail="high")),
        ({"type": "video_url", "video_url": URL, "fps": 2, "detail": None}, part("video", URL, fps=2)),
        ({"type": "video_url", "video_url": {"url": URL, "fps": 1}, "fps": 2}, part("video", URL, fps=1)),
        ({"type": "image", "base64": "", "source_type": "base64", "data": "AA", "mime_type": "image/png"}, part("image", "data:image/png;base64,AA")),
    ],
)  # fmt: skip
def test_a_block_in_an_unusual_dress_is_sent(block: Any, wire: Any) -> None:
    assert sent(block) == [wire]


@pytest.mark.parametrize(
    ("block", "text"),
    [
        ({"type": "file", "file": {"file_data": f"data:text/csv;base64,{CSV}"}}, "a,b"),
        ({"type": "file", "text": "t", "url": URL}, "t"),
        ({"type": "document", "source": {"type": "text"}}, ""),
        ({"type": "document", "source": {"type": "content", "content": "t"}}, "t"),
        ({"type": "document", "source": {"type": "content", "content": ["t", {"type": "text", "text": "u"}]}}, "t\nu"),
        ({"type": "output_text", "text": "t"}, "t"),
        ({"type": "non_standard", "value": {"type": "text-plain", "text": "t"}}, "t"),
    ],
)  # fmt: skip
def test_a_block_that_is_text_is_sent_as_text(block: Any, text: str) -> None:
    assert sent(block) == text
