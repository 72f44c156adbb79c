"""Content blocks in every dialect, as native parts; what has no form is named in the error."""

from __future__ import annotations

import base64
from typing import Any

import pytest

from langchain_siliconflow._content import plain_text, to_part
from siliconflow_client import ConfigurationError

URL = "https://example.com/a"
PNG = "data:image/png;base64,AA"
PDF = "data:application/pdf;base64,AA"


def image(url: str, **options: Any) -> dict[str, Any]:
    return {"type": "image_url", "image_url": {"url": url, **options}}


def video(url: str, **options: Any) -> dict[str, Any]:
    return {"type": "video_url", "video_url": {"url": url, **options}}


def audio(url: str) -> dict[str, Any]:
    return {"type": "audio_url", "audio_url": {"url": url}}


CASES: dict[str, tuple[Any, dict[str, Any]]] = {
    "string": ("hi", {"type": "text", "text": "hi"}),
    "text": ({"type": "text", "text": "hi", "id": "1"}, {"type": "text", "text": "hi"}),
    "v1 image url": ({"type": "image", "url": URL}, image(URL)),
    "v1 image data": ({"type": "image", "base64": "AA", "mime_type": "image/png"}, image(PNG)),
    "v1 image detail": (
        {"type": "image", "url": URL, "extras": {"detail": "low"}},
        image(URL, detail="low"),
    ),
    "detail beside the url": (
        {"type": "image", "url": URL, "detail": "high"},
        image(URL, detail="high"),
    ),
    "v1 video": (
        {"type": "video", "url": URL, "extras": {"fps": 2, "max_frames": 16, "detail": "low"}},
        video(URL, detail="low", max_frames=16, fps=2),
    ),
    "v1 audio url": ({"type": "audio", "url": URL}, audio(URL)),
    "v1 audio data": (
        {"type": "audio", "base64": "AA", "mime_type": "audio/wav"},
        audio("data:audio/wav;base64,AA"),
    ),
    "v1 pdf data": ({"type": "file", "base64": "AA", "mime_type": "application/pdf"}, image(PDF)),
    "v1 pdf url": ({"type": "file", "url": URL + ".pdf?x=1"}, image(URL + ".pdf?x=1")),
    "file that is a film": (
        {"type": "file", "url": URL, "mime_type": "video/mp4", "extras": {"fps": 1}},
        video(URL, fps=1),
    ),
    "v1 plain text": ({"type": "text-plain", "text": "hi"}, {"type": "text", "text": "hi"}),
    "v1 plain text data": (
        {"type": "text-plain", "base64": base64.b64encode("é".encode()).decode()},
        {"type": "text", "text": "é"},
    ),
    "v0 image data": (
        {"type": "image", "source_type": "base64", "data": "AA", "mime_type": "image/png"},
        image(PNG),
    ),
    "v0 image url": ({"type": "image", "source_type": "url", "url": URL}, image(URL)),
    "openai image": (image(URL, detail="low"), image(URL, detail="low")),
    "openai image as string": ({"type": "image_url", "image_url": URL}, image(URL)),
    "openai detail outside": (
        {"type": "image_url", "image_url": {"url": URL}, "detail": "low"},
        image(URL, detail="low"),
    ),
    "openai audio": (
        {"type": "input_audio", "input_audio": {"data": "AA", "format": "mp3"}},
        audio("data:audio/mp3;base64,AA"),
    ),
    "openai file": ({"type": "file", "file": {"file_data": PDF, "filename": "a.pdf"}}, image(PDF)),
    "responses text": ({"type": "input_text", "text": "hi"}, {"type": "text", "text": "hi"}),
    "responses image": (
        {"type": "input_image", "image_url": URL, "detail": "low"},
        image(URL, detail="low"),
    ),
    "responses file": ({"type": "input_file", "file_data": PDF}, image(PDF)),
    "anthropic image": (
        {
            "type": "image",
            "source": {"type": "base64", "media_type": "image/png", "data": "AA"},
        },
        image(PNG),
    ),
    "anthropic image url": (
        {"type": "image", "source": {"type": "url", "url": URL}},
        image(URL),
    ),
    "anthropic document": (
        {
            "type": "document",
            "source": {"type": "base64", "media_type": "application/pdf", "data": "AA"},
        },
        image(PDF),
    ),
    "anthropic text document": (
        {"type": "document", "source": {"type": "text", "data": "hi"}},
        {"type": "text", "text": "hi"},
    ),
    "native video": (video(URL, fps=1, max_frames=4), video(URL, fps=1, max_frames=4)),
    "native audio": (audio(URL), audio(URL)),
    "wrapped": ({"type": "non_standard", "value": image(URL)}, image(URL)),
}


@pytest.mark.parametrize("name", CASES)
def test_known_blocks(name: str) -> None:
    block, part = CASES[name]
    assert to_part(block) == part


UNKNOWN: dict[str, tuple[Any, str]] = {
    "google media": ({"type": "media", "data": "AA"}, "'media'"),
    "reasoning": ({"type": "reasoning", "reasoning": "x"}, "'reasoning'"),
    "no type": ({"text": "hi"}, "None"),
    "stored file": ({"type": "image", "file_id": "f1"}, "no stored files"),
    "stored openai file": ({"type": "file", "file": {"file_id": "f1"}}, "no stored files"),
    "no data": ({"type": "image"}, "neither `url` nor `base64`"),
    "no mime type": ({"type": "image", "base64": "AA"}, "mime_type"),
    "spreadsheet": (
        {"type": "file", "base64": "AA", "mime_type": "application/vnd.ms-excel"},
        "application/vnd.ms-excel",
    ),
    "unknown file url": ({"type": "file", "url": URL}, "MIME type None"),
    "audio without format": ({"type": "input_audio", "input_audio": {"data": "AA"}}, "format"),
    "native without url": ({"type": "video_url", "video_url": {}}, "video_url"),
    "anthropic stored file": (
        {"type": "image", "source": {"type": "file", "file_id": "f"}},
        "source of type 'file'",
    ),
    "text document behind a url": ({"type": "text-plain", "url": URL}, "only its text"),
    "binary plain text": ({"type": "text-plain", "base64": "/w=="}, "not UTF-8"),
    "wrapped unknown": ({"type": "non_standard", "value": {"type": "x"}}, "'x'"),
}


@pytest.mark.parametrize("name", UNKNOWN)
def test_other_blocks_are_named(name: str) -> None:
    block, words = UNKNOWN[name]
    with pytest.raises(ConfigurationError) as caught:
        to_part(block)
    assert words in str(caught.value)
    assert caught.value.argument == "messages"


def test_text_is_joined_by_line() -> None:
    assert plain_text(["a", {"type": "text", "text": "b"}]) == "a\nb"
    assert plain_text([]) == ""
    assert plain_text(["a", {"type": "image", "url": URL}]) is None
