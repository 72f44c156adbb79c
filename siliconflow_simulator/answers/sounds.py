"""Sounds as long as a text takes to say: a tone for each word.

Without an encoder (`answers.encoders`), MP3 and Opus are frames that any decoder plays as silence,
as many as the text is long.
"""

from __future__ import annotations

import math
import struct
import zlib
from dataclasses import dataclass
from typing import Final, Literal, TypeAlias

from siliconflow_simulator.answers.encoders import encode

SoundFormat: TypeAlias = Literal["mp3", "opus", "wav", "pcm"]

LONGEST: Final = 60.0
"""Seconds; longer texts are cut off."""
_SECONDS_A_LETTER: Final = 0.06
_SECONDS_A_SIGN: Final = 0.2
_LOUD: Final = 8000
_MPEG_SAMPLES: Final = 1152
_MPEG_RATE_BITS: Final = {44100: 0, 48000: 1, 32000: 2}
_OPUS_SILENCE: Final = b"\xf8\xff\xfe"
_OPUS_PACKET_SAMPLES: Final = 960
_OGG_SERIAL: Final = 1
_OGG_MOST_SEGMENTS: Final = 255


@dataclass(frozen=True, slots=True)
class Manner:
    """How a text is said.

    Attributes:
        rate: Samples a second.
        speed: 1 for ordinary.
        gain: In dB.
    """

    rate: int = 44100
    speed: float = 1.0
    gain: float = 0.0


def seconds_of(text: str, speed: float = 1.0) -> float:
    """How long a text takes to say: 60 ms a letter, 200 ms a sign of scripts without letters."""
    letters = sum(character.isascii() for character in text)
    seconds = letters * _SECONDS_A_LETTER + (len(text) - letters) * _SECONDS_A_SIGN
    return min(LONGEST, max(0.1, seconds / speed))


def sound(text: str, form: SoundFormat, manner: Manner) -> bytes:
    """Say a text in a file of some format."""
    match form:
        case "wav":
            return _wav(_tones(text, manner), manner.rate)
        case "pcm":
            return _tones(text, manner)
        case "mp3":
            heard = encode(_tones(text, manner), manner.rate, "mp3")
            return heard or _silent_mp3(seconds_of(text, manner.speed), manner.rate)
        case "opus":
            heard = encode(_tones(text, manner), manner.rate, "opus")
            return heard or _silent_opus(seconds_of(text, manner.speed))


def wav_seconds(content: bytes) -> float | None:
    """How long a WAV file is; `None` for anything else."""
    if content[:4] != b"RIFF" or content[8:12] != b"WAVE" or len(content) < 44:
        return None
    (bytes_a_second,) = struct.unpack("<I", content[28:32])
    return (len(content) - 44) / bytes_a_second if bytes_a_second else None


def _tones(text: str, manner: Manner) -> bytes:
    """16 bits, one channel, low byte first."""
    samples = int(seconds_of(text, manner.speed) * manner.rate)
    loud = min(32767, _LOUD * 10 ** (manner.gain / 20))
    words = text.split() or [text]
    written: list[bytes] = []
    left = samples
    for number, word in enumerate(words):
        share = left if number == len(words) - 1 else min(left, samples // len(words))
        period = max(2, manner.rate // (180 + zlib.crc32(word.encode("utf-8", "replace")) % 240))
        wave = [round(loud * math.sin(2 * math.pi * n / period)) for n in range(period)]
        cycle = struct.pack(f"<{period}h", *wave)
        written.append((cycle * (share // period + 1))[: 2 * share])
        left -= share
    return b"".join(written)


def _wav(samples: bytes, rate: int) -> bytes:
    form = struct.pack("<4sIHHIIHH", b"fmt ", 16, 1, 1, rate, 2 * rate, 2, 16)
    data = struct.pack("<4sI", b"data", len(samples)) + samples
    return struct.pack("<4sI4s", b"RIFF", 4 + len(form) + len(data), b"WAVE") + form + data


def _silent_mp3(seconds: float, rate: int) -> bytes:
    """MPEG-1 Layer III frames, mono, 32 kbit/s, whose side information says that nothing sounds."""
    header = bytes((0xFF, 0xFB, 0x10 | _MPEG_RATE_BITS[rate] << 2, 0xC4))
    frame = header + bytes(144 * 32_000 // rate - 4)
    return frame * max(1, math.ceil(seconds * rate / _MPEG_SAMPLES))


def _silent_opus(seconds: float) -> bytes:
    """Packets of 20 ms in Ogg pages (RFC 7845)."""
    packets = max(1, math.ceil(seconds * 50))
    head = b"OpusHead" + struct.pack("<BBHIhB", 1, 1, 0, 48_000, 0, 0)
    vendor = b"simulator"
    tags = b"OpusTags" + struct.pack("<I", len(vendor)) + vendor + struct.pack("<I", 0)
    pages = [_ogg_page([head], 0, 0, first=True), _ogg_page([tags], 1, 0)]
    done = 0
    while done < packets:
        now = min(_OGG_MOST_SEGMENTS, packets - done)
        done += now
        position = done * _OPUS_PACKET_SAMPLES
        pages.append(_ogg_page([_OPUS_SILENCE] * now, len(pages), position, last=done == packets))
    return b"".join(pages)


def _ogg_page(
    packets: list[bytes], number: int, position: int, *, first: bool = False, last: bool = False
) -> bytes:
    flags = 2 * first + 4 * last
    sizes = bytes(len(packet) for packet in packets)
    before = struct.pack("<4sBBqII", b"OggS", 0, flags, position, _OGG_SERIAL, number)
    after = bytes((len(sizes),)) + sizes + b"".join(packets)
    checksum = _ogg_checksum(before + bytes(4) + after)
    return before + struct.pack("<I", checksum) + after


def _ogg_table() -> list[int]:
    table: list[int] = []
    for byte in range(256):
        value = byte << 24
        for _ in range(8):
            value = value << 1 ^ (0x04C11DB7 if value & 0x80000000 else 0)
        table.append(value & 0xFFFFFFFF)
    return table


_OGG_TABLE: Final = _ogg_table()


def _ogg_checksum(page: bytes) -> int:
    value = 0
    for byte in page:
        value = (value << 8 & 0xFFFFFFFF) ^ _OGG_TABLE[value >> 24 ^ byte]
    return value
