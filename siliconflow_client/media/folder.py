"""The one folder that the media tools know: a model names files in it, and nothing else.

A name is never a path and never a URL; a link is not followed, wherever it leads; and a file that
is no image or no recording by its content is not sent, so that a tool gives away nothing else
that lies there.
"""

from __future__ import annotations

import os
import stat
from collections.abc import Generator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO, Final

from siliconflow_client.endpoints.media_inputs import MAX_IMAGE_BYTES, image_input
from siliconflow_client.errors.tree import ConfigurationError
from siliconflow_client.protocol.files import kind_of

_LONGEST_NAME: Final = 255
_SHOWN: Final = 20
_LOOKED_AT: Final = 1000
# Of separators, drives, schemes and streams (C:, data:, file.txt:hidden), for every system.
_OUTSIDE: Final = frozenset("/\\:\0")
# A link is refused by the system itself, and a pipe is not waited for; Windows has neither.
_FLAGS: Final = (
    os.O_RDONLY
    | getattr(os, "O_NOFOLLOW", 0)
    | getattr(os, "O_NONBLOCK", 0)
    | getattr(os, "O_BINARY", 0)
)


@dataclass(frozen=True, slots=True)
class MediaFolder:
    """A folder whose files a model may name.

    Attributes:
        path: Where it is; need not be there yet.
    """

    path: Path

    @contextmanager
    def opened(self, name: str, argument: str) -> Generator[BinaryIO]:
        """Open one of its files.

        Args:
            name: What the model said.
            argument: Which argument that was, for errors.

        Raises:
            ConfigurationError: That is no name of a file, or there is no such file in the folder;
                what was said is not shown.
        """
        if not _is_name(name):
            raise self._refused(argument, "must be the name of a file in the folder, not a path")
        with os.fdopen(self._descriptor(name, argument), "rb") as file:
            yield file

    def image(self, name: str, argument: str) -> str:
        """Read an image into a data URI.

        Raises:
            ConfigurationError: As `opened`; or it is no image, or larger than 20 MiB.
        """
        with self.opened(name, argument) as file:
            content = file.read(MAX_IMAGE_BYTES + 1)
        try:
            uri = image_input(content, argument)["image"]
        except ConfigurationError as error:
            error.hint = error.hint or self._known()
            raise
        assert isinstance(uri, str)
        return uri

    @contextmanager
    def recording(self, name: str, argument: str) -> Generator[BinaryIO]:
        """Open a sound or a film; it is sent from disk, piece by piece.

        Raises:
            ConfigurationError: As `opened`; or it is neither, by its content.
        """
        with self.opened(name, argument) as file:
            beginning = file.read(16)
            file.seek(0)
            if not _is_recording(beginning):
                raise self._refused(argument, "is no sound and no film, by its content")
            yield file

    def _descriptor(self, name: str, argument: str) -> int:
        path = self.path / name
        try:
            if path.is_symlink():
                raise self._refused(argument, "is a link, which is not followed")
            descriptor = os.open(path, _FLAGS)
        except (OSError, ValueError):  # ValueError: what no file system can hold
            missing = self._refused(argument, "is no file that can be read in the folder")
        else:
            if stat.S_ISREG(os.fstat(descriptor).st_mode):
                return descriptor
            os.close(descriptor)
            missing = self._refused(argument, "is no ordinary file")
        raise missing

    def _refused(self, argument: str, why: str) -> ConfigurationError:
        return ConfigurationError(f"{argument} {why}.", argument=argument, hint=self._known())

    def _known(self) -> str:
        names = self._names()
        return f"the folder holds: {', '.join(names)}." if names else "the folder holds no files."

    def _names(self) -> list[str]:
        """Some of its files, so that a model that mistook a name can go on."""
        found: list[str] = []
        try:
            with os.scandir(self.path) as entries:
                for entry, _ in zip(entries, range(_LOOKED_AT), strict=False):
                    if _is_name(entry.name) and entry.is_file(follow_symlinks=False):
                        found.append(entry.name)
        except OSError:
            return []
        return sorted(found)[:_SHOWN]


def _is_name(name: str) -> bool:
    """Whether a text is the plain name of a file; hidden files are none of a model's business."""
    return (
        0 < len(name) <= _LONGEST_NAME
        and not name.startswith(".")
        and name.isprintable()
        and _OUTSIDE.isdisjoint(name)
    )


def _is_recording(beginning: bytes) -> bool:
    if kind_of(beginning).startswith(("audio/", "video/")):
        return True
    # An MPEG or AAC frame: eleven ones. `kind_of` tells the commonest only.
    return len(beginning) > 1 and beginning[0] == 0xFF and beginning[1] & 0xE0 == 0xE0
