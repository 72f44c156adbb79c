"""What images, films, sounds and PDFs take of a prompt, by the vendor's formulas.

The sources are the multimodal guide and its worked examples (docs/wire.md#media-tokens); the bill
is what the server makes of a file, so these are estimates. What is not known has a documented
default, named by the constants here.
"""

from __future__ import annotations

import math
from typing import Final, Literal, TypeAlias, assert_never

VisionFamily: TypeAlias = Literal["qwen", "glm", "deepseek-vl2", "deepseek-ocr"]

DEFAULT_IMAGE_TOKENS: Final = 256
"""An image of unknown size, such as one behind a URL: 448 x 448 pixels."""
DEFAULT_SECONDS: Final = 30.0
"""A film or a sound of unknown length: the longest that the guide recommends."""
DEFAULT_FPS: Final = 1.0
DEFAULT_MAX_FRAMES: Final = 16
"""Frames a second, and frames in all, that the guide's samples ask for."""
AUDIO_TOKENS_PER_SECOND: Final = 13

_PATCH: Final = 28
_QWEN_PIXELS: Final = (56 * 56, 3584 * 3584)
_GLM_PIXELS: Final = (12_544, 4_816_894)
_VL2_BLOCK: Final = 384
_OCR_BLOCK: Final = 640
_MOST_BLOCKS: Final = 9
_OCR_PAGE: Final = (1190, 1684)
"""Pixels of a page of A4 at 144 dots an inch; no source says how pages are drawn."""


def vision_family(model: str) -> VisionFamily:
    """Whose formula a model's images are counted by; Qwen's for families without one."""
    name = model.lower()
    if "deepseek-ocr" in name:
        return "deepseek-ocr"
    if "deepseek-vl2" in name:
        return "deepseek-vl2"
    return "glm" if "glm-" in name else "qwen"


def image_tokens(model: str, width: int, height: int, detail: str | None = None) -> int:
    """Estimate the tokens of an image.

    Args:
        model: The id of the model that sees it.
        width: Of the image as it is sent, in pixels.
        height: The same.
        detail: `low`, `high` or `auto`; all but `low` count as `high`.
    """
    width, height = max(width, 1), max(height, 1)
    family = vision_family(model)
    match family:
        case "qwen":
            if detail == "low":
                return DEFAULT_IMAGE_TOKENS
            return _patches(math.ceil(width / _PATCH), math.ceil(height / _PATCH), width, height,
                            _QWEN_PIXELS)  # fmt: skip
        case "glm":
            if detail == "low":
                return DEFAULT_IMAGE_TOKENS
            columns, rows = math.floor(width / _PATCH + 0.5), math.floor(height / _PATCH + 0.5)
            return _patches(max(columns, 1), max(rows, 1), width, height, _GLM_PIXELS)
        case "deepseek-vl2":
            columns, rows = (1, 1) if detail == "low" else _vl2_blocks(width, height)
            return (rows * columns + 1) * 196 + (columns + 1) * 14 + 1
        case "deepseek-ocr":
            if detail == "low":
                return 272
            if width <= _OCR_BLOCK and height <= _OCR_BLOCK:
                return 273
            columns, rows = _ocr_blocks(width, height)
            return 272 + (rows * 10) * (columns * 10 + 1) + 1
        case _:
            assert_never(family)


def video_tokens(
    model: str,
    *,
    seconds: float = DEFAULT_SECONDS,
    size: tuple[int, int] | None = None,
    fps: float = DEFAULT_FPS,
    max_frames: int = DEFAULT_MAX_FRAMES,
    detail: str | None = None,
) -> int:
    """Estimate the tokens of a film: its frames, min(fps x seconds, max_frames), as images.

    Args:
        model: The id of the model that sees it.
        seconds: How long it is.
        size: Width and height in pixels, where known.
        fps: Frames that are taken of a second.
        max_frames: Frames that are taken at most.
        detail: As for an image.
    """
    frames = max(1, int(min(fps * seconds, max_frames)))
    each = DEFAULT_IMAGE_TOKENS if size is None else image_tokens(model, *size, detail)
    return frames * each


def audio_tokens(seconds: float = DEFAULT_SECONDS) -> int:
    """Estimate the tokens of a sound, 13 a second (documented for Qwen3-Omni)."""
    return max(1, int(seconds * AUDIO_TOKENS_PER_SECOND))


def pdf_tokens(model: str, pages: int = 1) -> int:
    """Estimate the tokens of a PDF: its pages, as images."""
    return max(pages, 1) * image_tokens(model, *_OCR_PAGE)


def _patches(columns: int, rows: int, width: int, height: int, pixels: tuple[int, int]) -> int:
    """Patches of 28 x 28 pixels, brought into the range of pixels without changing the form."""
    least, most = pixels
    area = columns * rows * _PATCH * _PATCH
    if area > most:
        shrink = math.sqrt(width * height / most)
        columns = math.floor(width / shrink / _PATCH)
        rows = math.floor(height / shrink / _PATCH)
    elif area < least:
        grow = math.sqrt(least / (width * height))
        columns = math.ceil(width * grow / _PATCH)
        rows = math.ceil(height * grow / _PATCH)
    return max(columns, 1) * max(rows, 1)


def _vl2_blocks(width: int, height: int) -> tuple[int, int]:
    """Columns and rows that keep the most of the image, and of those that waste the least."""

    def kept_and_wasted(blocks: tuple[int, int]) -> tuple[int, int]:
        room = blocks[0] * _VL2_BLOCK, blocks[1] * _VL2_BLOCK
        scale = min(room[0] / width, room[1] / height)
        kept = min(int(width * scale) * int(height * scale), width * height)
        return kept, kept - room[0] * room[1]

    return max(_arrangements(1), key=kept_and_wasted)


def _ocr_blocks(width: int, height: int) -> tuple[int, int]:
    """Columns and rows whose form is nearest to the image's; more of them for a larger image."""
    form = width / height
    area = width * height

    def distance(blocks: tuple[int, int]) -> tuple[float, int]:
        columns, rows = blocks
        count = columns * rows
        is_filled = area > 0.5 * _OCR_BLOCK**2 * count
        return abs(form - columns / rows), -count if is_filled else count

    return min(_arrangements(2), key=distance)


def _arrangements(least: int) -> list[tuple[int, int]]:
    return [
        (columns, rows)
        for columns in range(1, _MOST_BLOCKS + 1)
        for rows in range(1, _MOST_BLOCKS + 1)
        if least <= columns * rows <= _MOST_BLOCKS
    ]
