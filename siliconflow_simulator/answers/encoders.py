"""MP3 and Opus that are heard, by FFmpeg's encoders: where the package `av` is installed."""

from __future__ import annotations

import io
from importlib import import_module
from typing import TYPE_CHECKING, Final, Literal, Protocol, Self, cast

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

Encoded = Literal["mp3", "opus"]
_CODECS: Final[dict[Encoded, tuple[str, str]]] = {
    "mp3": ("mp3", "libmp3lame"),
    "opus": ("ogg", "libopus"),
}
# No name and no random serial number in the file: the same text gives the same bytes.
_REPEATABLE: Final = {"fflags": "+bitexact"}


# The parts of `av` that are used; it is not there where the types are checked.
class _Plane(Protocol):
    def update(self, input: bytes) -> None: ...


class _Frame(Protocol):
    sample_rate: int

    @property
    def planes(self) -> Sequence[_Plane]: ...


class _Stream(Protocol):
    def encode(self, frame: _Frame | None = None) -> Sequence[object]: ...


class _Container(Protocol):
    def add_stream(self, codec_name: str, *, rate: int, layout: str) -> _Stream: ...

    def mux(self, packets: Sequence[object]) -> None: ...

    def __enter__(self) -> Self: ...

    def __exit__(self, *raised: object) -> None: ...


class _Av(Protocol):
    def open(
        self, file: io.BytesIO, mode: str, *, format: str, options: Mapping[str, str]
    ) -> _Container: ...

    def AudioFrame(self, format: str, layout: str, samples: int) -> _Frame: ...  # noqa: N802


def encode(samples: bytes, rate: int, form: Encoded) -> bytes | None:
    """Encode a sound; `None` where no encoder is installed.

    Args:
        samples: 16 bits each, one channel, low byte first.
        rate: Samples a second.
        form: The file format.
    """
    try:
        av = cast("_Av", import_module("av"))
    except ImportError:
        return None
    container_format, codec = _CODECS[form]
    file = io.BytesIO()
    with av.open(file, "w", format=container_format, options=_REPEATABLE) as container:
        stream = container.add_stream(codec, rate=rate, layout="mono")
        frame = av.AudioFrame("s16", "mono", len(samples) // 2)
        frame.planes[0].update(samples)
        frame.sample_rate = rate
        container.mux(stream.encode(frame))
        container.mux(stream.encode(None))
    return file.getvalue()
