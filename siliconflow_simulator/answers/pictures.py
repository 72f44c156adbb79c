"""Pictures that show a text: PNG, and PNG with several frames. No clock, no randomness."""

from __future__ import annotations

import struct
import textwrap
import zlib
from typing import Final

LARGEST_SIDE: Final = 2048
"""Pixels; larger pictures are refused."""
MOST_CHARACTERS: Final = 400
"""How much of a text is drawn."""
_FRAMES: Final = 8
_COLUMNS: Final = 24
_SIGNATURE: Final = b"\x89PNG\r\n\x1a\n"
# Letters of three by five dots: each digit is a row, its three bits are the dots.
GLYPHS: Final = {
    "A": "25755", "B": "65656", "C": "34443", "D": "65556", "E": "74647", "F": "74644",
    "G": "34553", "H": "55755", "I": "72227", "J": "11152", "K": "55655", "L": "44447",
    "M": "57755", "N": "65555", "O": "25552", "P": "65644", "Q": "25521", "R": "65665",
    "S": "34216", "T": "72222", "U": "55557", "V": "55552", "W": "55775", "X": "55255",
    "Y": "55222", "Z": "71247", "0": "75557", "1": "26227", "2": "61247", "3": "61216",
    "4": "55711", "5": "74616", "6": "34757", "7": "71222", "8": "75757", "9": "75716",
    ".": "00002", ",": "00024", "-": "00700", "!": "22202", "?": "61202", "'": "22000",
    ":": "02020", " ": "00000",
}  # fmt: skip


def picture(text: str, width: int, height: int, tint: int) -> bytes:
    """Draw a text as a PNG.

    Args:
        text: What is to be read in it; what the letters lack becomes a pattern of its own.
        width: In pixels, 1 to `LARGEST_SIDE`.
        height: In pixels, 1 to `LARGEST_SIDE`.
        tint: Any number; chooses the background.
    """
    data = _SIGNATURE + _header(width, height) + _palette(tint)
    return data + _chunk(b"IDAT", zlib.compress(_rows(text, width, height, 0), 1)) + _end()


def moving_picture(text: str, width: int, height: int, tint: int) -> bytes:
    """Draw a text as an animated PNG: eight frames of a quarter second, a bar moving below."""
    data = _SIGNATURE + _header(width, height) + _palette(tint)
    data += _chunk(b"acTL", struct.pack(">II", _FRAMES, 0))
    order = 0
    for frame in range(_FRAMES):
        size = struct.pack(">IIIIHHBB", width, height, 0, 0, 1, 4, 0, 0)
        data += _chunk(b"fcTL", struct.pack(">I", order) + size)
        rows = zlib.compress(_rows(text, width, height, width * (frame + 1) // _FRAMES), 1)
        if frame == 0:
            data += _chunk(b"IDAT", rows)
            order += 1
        else:
            data += _chunk(b"fdAT", struct.pack(">I", order + 1) + rows)
            order += 2
    return data + _end()


def _rows(text: str, width: int, height: int, bar: int) -> bytes:
    """All rows of pixels, each behind the number of its filter; a pixel is a place of colour."""
    scale = max(1, width // (4 * _COLUMNS + 4))
    empty = b"\0" + bytes(width)
    lines = textwrap.wrap(text[:MOST_CHARACTERS].upper(), _COLUMNS)[: height // (6 * scale)]
    rows: list[bytes] = [empty] * min(scale, height)
    for line in lines:
        for dots in range(5):
            drawn = b"".join(_dots(letter, dots, scale) for letter in line)
            row = bytes(2 * scale) + drawn
            rows += [b"\0" + row[:width].ljust(width, b"\0")] * scale
        rows += [empty] * scale
    rows = [*rows, *[empty] * height][:height]
    if bar:
        line_of_bar = b"\0" + (b"\1" * bar).ljust(width, b"\0")
        rows[-max(1, height // 20) :] = [line_of_bar] * max(1, height // 20)
    return b"".join(rows)


def _dots(letter: str, row: int, scale: int) -> bytes:
    rows = GLYPHS.get(letter)
    bits = int(rows[row]) if rows else zlib.crc32(letter.encode("utf-8", "replace")) >> 3 * row & 7
    return b"".join((b"\1" if bits >> place & 1 else b"\0") * scale for place in (2, 1, 0)) + bytes(
        scale
    )


def _header(width: int, height: int) -> bytes:
    return _chunk(b"IHDR", struct.pack(">IIBBBBB", width, height, 8, 3, 0, 0, 0))


def _palette(tint: int) -> bytes:
    background = bytes(160 + (tint >> shift) % 96 for shift in (0, 8, 16))
    return _chunk(b"PLTE", background + b"\x20\x20\x30")


def _end() -> bytes:
    return _chunk(b"IEND", b"")


def _chunk(kind: bytes, data: bytes) -> bytes:
    return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))
