"""What media take of a prompt: the vendor's worked examples, and what the first bytes of a file tell."""

from __future__ import annotations

import base64
import struct
import zlib
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from siliconflow_client import (
    audio_tokens,
    image_tokens,
    known_models,
    media_tokens,
    pdf_tokens,
    video_tokens,
)
from siliconflow_client.catalogue.file_heads import head_of, image_size, pdf_pages, wave_seconds
from siliconflow_client.catalogue.media_tokens import vision_family

QWEN, GLM = "Qwen/Qwen3-VL-32B-Instruct", "zai-org/GLM-4.5V"
VL2, OCR = "deepseek-ai/deepseek-vl2", "deepseek-ai/DeepSeek-OCR"

# The multimodal guide's own: height x width, in pixels.
WORKED = [
    (QWEN, 224, 448, "low", 256),
    (QWEN, 1024, 1024, "low", 256),
    (QWEN, 3172, 4096, "low", 256),
    (QWEN, 224, 448, "high", 128),
    (QWEN, 1024, 1024, "high", 1369),
    (QWEN, 3172, 4096, "high", 16_240),
    (VL2, 224, 448, "low", 421),
    (VL2, 1024, 1024, "low", 421),
    (VL2, 2048, 4096, "low", 421),
    (VL2, 384, 768, "high", 631),
    (VL2, 1024, 1024, "high", 2017),
    (VL2, 2048, 4096, "high", 1835),
    (OCR, 1024, 1024, "low", 272),
    (OCR, 640, 640, "high", 273),
    (GLM, 4000, 300, "low", 256),
]


@pytest.mark.parametrize(("model", "height", "width", "detail", "tokens"), WORKED)
def test_a_worked_example(model: str, height: int, width: int, detail: str, tokens: int):
    assert image_tokens(model, width, height, detail) == tokens


@pytest.mark.parametrize(
    ("model", "width", "height", "tokens"),
    [
        (QWEN, 1, 1, 4),  # 56 x 56 at least
        (QWEN, 57, 56, 6),
        (GLM, 56, 56, 16),  # 112 x 112 at least
        (GLM, 1000, 1000, 36 * 36),  # to the nearest multiple: 1008
        (GLM, 990, 1000, 35 * 36),
        (GLM, 4000, 3000, 90 * 67),  # 4,816,894 pixels at most
        (OCR, 1280, 640, 272 + 10 * 21 + 1),  # two blocks beside each other
        (OCR, 640, 1280, 272 + 20 * 11 + 1),
        (VL2, 384, 384, 421),
    ],
)
def test_the_edges_of_the_formulas(model: str, width: int, height: int, tokens: int):
    assert image_tokens(model, width, height) == tokens


@given(st.sampled_from([QWEN, GLM]), st.integers(1, 20_000), st.integers(1, 20_000))
def test_no_image_leaves_the_documented_range(model: str, width: int, height: int):
    least, most = (4, 16_384) if model == QWEN else (16, 6144)
    tokens = image_tokens(model, width, height)
    assert 1 <= tokens <= most
    if 1 / 50 <= width / height <= 50:
        assert tokens >= least


@given(st.integers(1, 20_000), st.integers(1, 20_000))
def test_blocks_are_one_to_nine(width: int, height: int):
    assert 421 <= image_tokens(VL2, width, height) <= 10 * 196 + 10 * 14 + 1
    assert 273 <= image_tokens(OCR, width, height) <= 272 + 90 * 91


def test_every_model_that_sees_has_a_formula():
    seen = {vision_family(facts.id) for facts in known_models() if "image" in facts.inputs}
    assert seen == {"qwen", "glm", "deepseek-vl2", "deepseek-ocr"}


def test_sounds_are_13_tokens_a_second():
    assert audio_tokens(22.5) == 292
    assert audio_tokens(0) == 1


def test_films_are_their_frames():
    assert video_tokens(QWEN, seconds=10, fps=1, max_frames=8) == 8 * 256
    assert video_tokens(QWEN, seconds=5, fps=1, max_frames=8) == 5 * 256
    assert video_tokens(QWEN, seconds=5, fps=1, max_frames=8, size=(448, 224)) == 5 * 128
    assert video_tokens(QWEN) == 16 * 256


def test_pages_are_images():
    assert pdf_tokens(OCR, 3) == 3 * pdf_tokens(OCR) == 3 * (272 + 30 * 21 + 1)


# --- the first bytes of a file ------------------------------------------------------------------


def png(width: int, height: int) -> bytes:
    body = b"IHDR" + struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    return b"\x89PNG\r\n\x1a\n" + struct.pack(">I", 13) + body + struct.pack(">I", zlib.crc32(body))


def jpeg(width: int, height: int, before: int = 0) -> bytes:
    exif = b"\xff\xe1" + struct.pack(">H", before + 2) + bytes(before) if before else b""
    frame = struct.pack(">BHHB", 8, height, width, 3)
    return b"\xff\xd8" + exif + b"\xff\xff\xc2" + struct.pack(">H", 17) + frame + bytes(9)


def webp(kind: bytes, rest: bytes) -> bytes:
    return b"RIFF" + struct.pack("<I", 100) + b"WEBP" + kind + struct.pack("<I", 50) + rest


FILES = {
    "png": png(640, 480),
    "gif": b"GIF89a" + struct.pack("<HH", 640, 480) + b"\x00",
    "jpeg": jpeg(640, 480),
    "jpeg with EXIF": jpeg(640, 480, 60_000),
    "webp, lossy": webp(b"VP8 ", b"\x00\x00\x00\x9d\x01\x2a" + struct.pack("<HH", 640, 480)),
    "webp, lossless": webp(b"VP8L", b"\x2f" + struct.pack("<I", 639 | 479 << 14)),
    "webp, extended": webp(b"VP8X", bytes(4) + b"\x7f\x02\x00" + b"\xdf\x01\x00"),
}


def uri(content: bytes, kind: str = "image/png") -> str:
    return f"data:{kind};base64,{base64.b64encode(content).decode()}"


def part(url: Any, kind: str = "image_url", **fields: Any) -> dict[str, Any]:
    return {"type": kind, kind: {"url": url, **fields}}


@pytest.mark.parametrize("name", FILES)
def test_the_size_of_an_image_is_read(name: str):
    assert image_size(FILES[name]) == (640, 480)
    assert media_tokens(part(uri(FILES[name])), QWEN) == 23 * 18


@pytest.mark.parametrize("name", FILES)
def test_an_image_that_is_cut_off_has_the_default(name: str):
    sizes = [image_size(FILES[name][:length]) for length in range(min(len(FILES[name]), 40))]
    assert set(sizes) <= {None, (640, 480)}
    assert sizes[:9] == [None] * 9
    assert media_tokens(part(uri(b"no image at all")), QWEN) == 256


@given(st.binary(max_size=200), st.sampled_from(["", *FILES]))
def test_no_bytes_raise(tail: bytes, name: str):
    head = FILES.get(name, b"")[:12] + tail
    size = image_size(head)
    assert size is None or min(size) > 0
    assert wave_seconds(head, 1000) is None or head.startswith(b"RIFF")
    assert media_tokens(part(uri(head)), OCR) >= 256


def test_little_of_a_long_file_is_decoded():
    long = uri(png(640, 480) + bytes(10_000_000))
    known = head_of(long)
    assert known is not None
    assert len(known[0]) < 200_000
    assert abs(known[1] - 10_000_033) < 4
    assert head_of("data:" + "x" * 10_000_000) is None


def test_the_length_of_a_wave_file_is_read():
    rate = 32_000
    head = b"RIFF" + bytes(4) + b"WAVEfmt " + struct.pack("<IHHIIHH", 16, 1, 1, 16_000, rate, 2, 16)
    sound = head + b"data" + bytes(4) + bytes(int(22.5 * rate))
    assert wave_seconds(sound[:100], len(sound)) == pytest.approx(22.5)
    assert media_tokens(part(uri(sound, "audio/wav"), "audio_url"), "Qwen/Qwen3-Omni") == 292
    assert wave_seconds(b"RIFFxxxxWAVE", 100) is None


def test_the_pages_of_a_pdf_are_counted():
    page = b"<< /Type /Page /Parent 1 0 R >>\n"
    pdf = b"%PDF-1.7\n<< /Type /Pages /Count 3 >>\n" + page * 3
    assert pdf_pages(pdf) == 3
    assert pdf_pages(b"%PDF-1.7\n" + page * 2) == 2
    assert pdf_pages(b"%PDF-1.7 packed") == 1
    assert pdf_pages(b"<html>") is None
    assert media_tokens(part(uri(pdf, "application/pdf")), OCR) == pdf_tokens(OCR, 3)


@pytest.mark.parametrize(
    ("given_part", "tokens"),
    [
        (part("https://example.com/a.png"), 256),
        (part("https://example.com/a.pdf?x=1"), pdf_tokens(QWEN)),
        (part(uri(png(1024, 1024)), detail="low"), 256),
        (part(uri(png(1024, 1024)), detail="high"), 1369),
        (part(uri(png(1024, 1024)), detail=7), 1369),
        (part("data:image/png;base64,!!!!"), 256),
        (part("data:image/png,plain"), 256),
        (part(None), 256),
        (part("https://example.com/a.mp3", "audio_url"), 390),
        (part("https://example.com/a.mp4", "video_url"), 16 * 256),
        (part("https://example.com/a.mp4", "video_url", max_frames=8), 8 * 256),
        (part("https://example.com/a.mp4", "video_url", max_frames=64, fps=2), 60 * 256),
        (part("x", "video_url", max_frames=True, fps=float("nan")), 16 * 256),
        ({"type": "text", "text": "x"}, 0),
        ({"type": "image_url", "image_url": "x"}, 0),
        ({}, 0),
    ],
)
def test_what_is_not_known_has_a_default(given_part: dict[str, Any], tokens: int):
    assert media_tokens(given_part, QWEN) == tokens
