"""Files on this machine: what is sent is looked at first, what comes appears whole or not."""

from __future__ import annotations

import os
import secrets
import stat
from collections.abc import Generator
from contextlib import contextmanager, suppress
from pathlib import Path
from types import TracebackType
from typing import IO, BinaryIO, Final, Self, TypeAlias, cast

from siliconflow_client.errors.tree import ConfigurationError
from siliconflow_client.protocol.requests import FilePart

FileSource: TypeAlias = str | os.PathLike[str] | bytes | BinaryIO
"""A path, the bytes themselves, or an open binary file that can be rewound."""

_BEGINNINGS: Final[tuple[tuple[int, bytes, str], ...]] = (
    (0, b"\x89PNG\r\n\x1a\n", "image/png"),
    (0, b"\xff\xd8\xff", "image/jpeg"),
    (0, b"GIF8", "image/gif"),
    (8, b"WEBP", "image/webp"),
    (8, b"WAVE", "audio/wav"),
    (8, b"AVI ", "video/x-msvideo"),
    (0, b"ID3", "audio/mpeg"),
    (0, b"\xff\xfb", "audio/mpeg"),
    (0, b"\xff\xf3", "audio/mpeg"),
    (0, b"OggS", "audio/ogg"),
    (0, b"fLaC", "audio/flac"),
    (4, b"ftypM4A", "audio/mp4"),
    (4, b"ftyp", "video/mp4"),
    (0, b"\x1aE\xdf\xa3", "video/webm"),
)
_SUFFIXES: Final = {
    "image/png": ".png",
    "image/apng": ".png",
    "image/jpeg": ".jpg",
    "image/gif": ".gif",
    "image/webp": ".webp",
    "audio/wav": ".wav",
    "audio/mpeg": ".mp3",
    "audio/ogg": ".ogg",
    "audio/flac": ".flac",
    "audio/mp4": ".m4a",
    "video/mp4": ".mp4",
    "video/webm": ".webm",
    "video/quicktime": ".mov",
    "video/x-msvideo": ".avi",
}
OCTETS: Final = "application/octet-stream"


def kind_of(beginning: bytes) -> str:
    """The media type that the first bytes of a file tell; "application/octet-stream" if none."""
    found = (kind for at, magic, kind in _BEGINNINGS if beginning[at : at + len(magic)] == magic)
    return next(found, OCTETS)


def suffix_for(content_type: str, beginning: bytes) -> str:
    """The suffix of a file that came: by what it is, else by what the server calls it."""
    named = content_type.partition(";")[0].strip()
    return _SUFFIXES.get(kind_of(beginning)) or _SUFFIXES.get(named, ".bin")


def file_part(
    source: object,
    argument: str,
    *,
    most: int | None = None,
    name: str | None = None,
    kind: str | None = None,
) -> FilePart:
    """Check a file to send, and tell what it is.

    Args:
        source: What the user gave; `str` is a path.
        argument: The user's argument, and the form's field.
        most: Most bytes that are worth sending; `None` for no limit.
        name: The name of a file that has none of its own; made from what it is if not given.
        kind: Its media type; told by its first bytes if not given.

    Raises:
        ConfigurationError: It cannot be read, cannot be read twice, or is too large.
    """
    if isinstance(source, bytes | bytearray):
        content = bytes(source)
        _check_size(len(content), most, argument)
        return _part(argument, content, content[:16], name, kind)
    if isinstance(source, str | os.PathLike):
        path = as_path(cast("object", source), argument)
        if os.path.exists(path) and not path.is_file():  # noqa: PTH110 - `Path`'s raises
            raise ConfigurationError(f"{argument} is no file.", argument=argument)
        with _reading(argument), path.open("rb") as on_disk:
            beginning, size = on_disk.read(16), os.fstat(on_disk.fileno()).st_size
        _check_size(size, most, argument)
        return _part(argument, path, beginning, path.name, kind)
    if not (hasattr(source, "read") and hasattr(source, "seek")):
        raise ConfigurationError(
            f"{argument} must be a path, bytes or an open binary file, not "
            f"{type(source).__name__}.",
            argument=argument,
        )
    file = cast("IO[bytes] | IO[str]", source)
    with _reading(argument):
        told_size = cast("object", file.seek(0, os.SEEK_END))
        file.seek(0)
        first = file.read(16)
        file.seek(0)
    if not isinstance(told_size, int):  # httpx asks in the same way how much there is
        raise ConfigurationError(
            f"{argument} is a {type(source).__name__} that does not tell its size.",
            argument=argument,
            hint="pass its bytes, or its path.",
        )
    if not isinstance(first, bytes):
        raise ConfigurationError(
            f"{argument} is a file that was opened as text.",
            argument=argument,
            hint='open it with mode "rb".',
        )
    _check_size(told_size, most, argument)
    told: object = getattr(file, "name", None)
    known = Path(told).name if isinstance(told, str) else name
    return _part(argument, cast("BinaryIO", file), first, known, kind)


def _part(
    argument: str,
    source: Path | bytes | BinaryIO,
    beginning: bytes,
    name: str | None,
    kind: str | None,
) -> FilePart:
    kind = kind or kind_of(beginning)
    name = name or f"{argument}{_SUFFIXES.get(kind, '.bin')}"
    # A name on disk may be bytes that are no UTF-8, which a form cannot hold.
    return FilePart(argument, source, name.encode("utf-8", "replace").decode(), kind)


def as_path(value: object, argument: str) -> Path:
    """Check a path that the user gave; there need not be anything.

    Raises:
        ConfigurationError: It is none.
    """
    if not isinstance(value, str | os.PathLike):
        raise ConfigurationError(
            f"{argument} must be a path, not {type(value).__name__}.", argument=argument
        )
    return Path(os.fsdecode(cast("str | os.PathLike[str] | os.PathLike[bytes]", value)))


def read_at_most(source: Path | BinaryIO, most: int, argument: str) -> bytes:
    """Read a file into memory: one byte more than `most`, if there are so many.

    Raises:
        ConfigurationError: It cannot be read, or it is a pipe or a device.
    """
    try:
        if not isinstance(source, Path):
            return source.read(most + 1)
        # A pipe would be waited for, and a device may have no end.
        if stat.S_ISREG(source.stat().st_mode):
            with source.open("rb") as file:
                return file.read(most + 1)
        reason = "it is no file"
    except OSError as error:
        reason = error.strerror or type(error).__name__
    except ValueError:  # a NUL
        reason = "it is no path"
    # Neither shown nor a cause: the path may be a text or a key by mistake.
    raise ConfigurationError(f"{argument} cannot be read: {reason}.", argument=argument)


def _check_size(size: int, most: int | None, argument: str) -> None:
    if size == 0:
        raise ConfigurationError(f"{argument} is an empty file.", argument=argument)
    if most is not None and size > most:
        raise ConfigurationError(
            f"{argument} has {size:,} bytes; {most:,} at most are taken.",
            argument=argument,
            hint="split it, or compress it.",
        )


@contextmanager
def _reading(argument: str) -> Generator[None]:
    try:
        yield
    except (OSError, ValueError) as error:  # ValueError: a closed file, a NUL in a path
        what = error.strerror if isinstance(error, OSError) else type(error).__name__
        raise ConfigurationError(
            f"{argument} cannot be read and rewound ({what or type(error).__name__}).",
            argument=argument,
            hint="a retry reads it from its beginning; read a pipe into bytes first.",
        ) from error


class FileSink:
    """A file that appears whole, under its name, or not at all.

    What is written goes to a temporary name in the same folder. `commit` gives it its own name in
    one step; leaving the `with` block without that removes it.

    Raises:
        ConfigurationError: It is no path, or the folder cannot be made or written to; `.argument`
            is `path` or `folder`.
    """

    def __init__(self, path: str | os.PathLike[str]) -> None:
        self._path = path = as_path(path, "path")
        if not path.name:
            raise ConfigurationError("path names no file.", argument="path")
        self._temporary = path.with_name(f".{path.name[:80]}.{secrets.token_hex(4)}.part")
        self._file: BinaryIO | None = None

    def __enter__(self) -> Self:
        with _writing():
            self._path.parent.mkdir(parents=True, exist_ok=True)
            self._file = self._temporary.open("xb")
        return self

    def write(self, piece: bytes) -> None:
        """Append."""
        assert self._file is not None
        with _writing():
            self._file.write(piece)

    def commit(self) -> Path:
        """Say that the file is whole; a file that had its name is replaced."""
        assert self._file is not None
        with _writing():
            self._file.close()
            self._temporary.replace(self._path)
        self._file = None
        return self._path

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        file, self._file = self._file, None
        if file is not None:
            with _writing():
                with suppress(OSError):  # a full disk has no room for what is not yet written
                    file.close()
                self._temporary.unlink(missing_ok=True)


@contextmanager
def _writing() -> Generator[None]:
    try:
        yield
    except (OSError, ValueError) as error:  # ValueError: a NUL in the path
        what = error.strerror if isinstance(error, OSError) else "not a path"
        raise ConfigurationError(
            f"The file cannot be written ({what}).", argument="folder"
        ) from error


def write_whole(path: str | os.PathLike[str], content: bytes) -> Path:
    """Write a file so that it appears whole or not at all."""
    with FileSink(path) as sink:
        sink.write(content)
        return sink.commit()
