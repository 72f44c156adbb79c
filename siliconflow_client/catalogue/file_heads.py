"""What the first bytes of a file tell of its size: pixels, seconds, pages. Nothing is decoded."""

from __future__ import annotations

import base64
import re
from typing import Final

_HEAD_BYTES: Final = 3 * 2**16
"""What is looked at of an image: EXIF, with its small picture, and colour profiles stand before."""
_PDF_BYTES: Final = 3 * 2**18
_LARGEST_SIDE: Final = 2**16
_MOST_PAGES: Final = 10_000
# JPEG: start of frame, but not its Huffman (C4), arithmetic (CC) and extension (C8) siblings.
_FRAMES: Final = frozenset({*range(0xC0, 0xD0)} - {0xC4, 0xC8, 0xCC})
_BARE: Final = frozenset({0x01, *range(0xD0, 0xD8)})
_PAGE: Final = re.compile(rb"/Type\s{0,8}/Page(?![A-Za-z])")
_COUNT: Final = re.compile(rb"/Count\s{1,8}(\d{1,5})(?!\d)")


class CutOffError(ValueError):
    """The bytes end before what is looked for."""


def image_size(head: bytes) -> tuple[int, int] | None:
    """Width and height of a PNG, JPEG, GIF or WebP image by its first bytes, else `None`."""
    try:
        width, height = _size(head)
    except CutOffError:
        return None
    known = 0 < width <= _LARGEST_SIDE and 0 < height <= _LARGEST_SIDE
    return (width, height) if known else None


def wave_seconds(head: bytes, size: int) -> float | None:
    """Length of a WAV file of `size` bytes by its first ones, else `None`."""
    if not (head.startswith(b"RIFF") and head[8:12] == b"WAVE"):
        return None
    at = head.find(b"fmt ", 12, 4096)
    rate = _little(head, at + 16, 4) if 0 < at <= len(head) - 20 else 0
    return max(size - 44, 0) / rate if rate else None


def pdf_pages(content: bytes) -> int | None:
    """Pages of a PDF, by what its first bytes name without being unpacked; `None` for no PDF."""
    if not content.startswith(b"%PDF"):
        return None
    counts = [int(found) for found in _COUNT.findall(content)]
    return min(max([1, len(_PAGE.findall(content)), *counts]), _MOST_PAGES)


def head_of(uri: str) -> tuple[bytes, int] | None:
    """The first bytes of what a data URI holds, and how many it holds; `None` for another URL."""
    # A comma ends the kind; one that does not come soon is no data URI's.
    start = uri.find(",", 0, 256)
    if not uri.startswith("data:") or start < 0 or ";base64" not in uri[:start]:
        return None
    most = _PDF_BYTES if uri.startswith("data:application/pdf") else _HEAD_BYTES
    text = uri[start + 1 : start + 1 + most // 3 * 4]
    try:
        head = base64.b64decode(text[: len(text) // 4 * 4])
    except ValueError:
        return None
    return head, (len(uri) - start - 1) * 3 // 4


def _size(head: bytes) -> tuple[int, int]:
    if head.startswith(b"\x89PNG\r\n\x1a\n"):
        return _big(head, 16, 4), _big(head, 20, 4)
    if head.startswith((b"GIF87a", b"GIF89a")):
        return _little(head, 6, 2), _little(head, 8, 2)
    if head.startswith(b"\xff\xd8"):
        return _jpeg(head)
    if head.startswith(b"RIFF") and head[8:12] == b"WEBP":
        return _webp(head)
    return 0, 0


def _jpeg(head: bytes) -> tuple[int, int]:
    at = 2
    while at + 9 <= len(head):
        if head[at] != 0xFF:
            break
        marker = head[at + 1]
        if marker in _FRAMES:
            return _big(head, at + 7, 2), _big(head, at + 5, 2)
        # Fill bytes before a marker; markers without a length.
        at += 1 if marker == 0xFF else 2 if marker in _BARE else 2 + max(_big(head, at + 2, 2), 2)
    return 0, 0


def _webp(head: bytes) -> tuple[int, int]:
    kind = head[12:16]
    if kind == b"VP8X":
        return _little(head, 24, 3) + 1, _little(head, 27, 3) + 1
    if kind == b"VP8 ":
        return _little(head, 26, 2) & 0x3FFF, _little(head, 28, 2) & 0x3FFF
    if kind == b"VP8L":
        bits = _little(head, 21, 4)
        return (bits & 0x3FFF) + 1, (bits >> 14 & 0x3FFF) + 1
    return 0, 0


def _big(head: bytes, at: int, length: int) -> int:
    return int.from_bytes(_cut(head, at, length), "big")


def _little(head: bytes, at: int, length: int) -> int:
    return int.from_bytes(_cut(head, at, length), "little")


def _cut(head: bytes, at: int, length: int) -> bytes:
    if at + length > len(head):
        raise CutOffError
    return head[at : at + length]
