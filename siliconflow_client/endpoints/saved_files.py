"""Results that are files: what an answer named or held, written into a folder."""

from __future__ import annotations

import hashlib
import os
from base64 import b64decode
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

from siliconflow_client._json import JsonObject, JsonValue
from siliconflow_client.endpoints.shapes import finite
from siliconflow_client.errors.tree import APIResponseError, ConfigurationError, SiliconFlowError
from siliconflow_client.protocol.actions import Flow
from siliconflow_client.protocol.context import RequestContext
from siliconflow_client.protocol.downloads import MOST_BYTES, Download
from siliconflow_client.protocol.files import as_path, suffix_for, write_whole


@dataclass(slots=True)
class Timings:
    """How long the server took, in seconds; `None` where it does not tell."""

    inference: float | None = None


def read_timings(value: JsonValue) -> Timings:
    """Read `{"inference": seconds}`; anything else tells nothing."""
    told = value.get("inference") if isinstance(value, dict) else None
    return Timings(finite(told))


@dataclass(slots=True)
class ResultFile:
    """A file of a result: where it can be fetched for one hour, or the file itself.

    Attributes:
        url: Where it is, or `None`.
        b64_json: The file in base64, or `None`.
    """

    url: str | None = None
    b64_json: str | None = field(default=None, repr=False)


def read_files(items: Sequence[JsonValue]) -> list[ResultFile]:
    """Read a list of `{url}` and `{b64_json}`; what is neither is left out."""
    files: list[ResultFile] = []
    for item in items:
        wire: JsonObject = item if isinstance(item, dict) else {"url": item}
        url, content = wire.get("url"), wire.get("b64_json")
        if isinstance(url, str) and url:
            files.append(ResultFile(url=url))
        elif isinstance(content, str) and content:
            files.append(ResultFile(b64_json=content))
    return files


@dataclass(frozen=True, slots=True)
class SaveFiles:
    """Writes the files of a result into a folder, one after the other.

    Attributes:
        files: What the answer named or held.
        hosts: The hosts that the answer named.
        folder: Made if it is not there.
        kind: The first word of each name; the rest is made from the URL or the content.
        most: Most bytes of a file.
    """

    files: Sequence[ResultFile]
    hosts: frozenset[str]
    folder: Path
    kind: str
    most: int = MOST_BYTES

    def flow(self, context: RequestContext) -> Flow[list[Path]]:
        """Fetch or write each; the result is their paths, in the result's order.

        Raises:
            SiliconFlowError: As `Download.flow`; `.partial` holds the paths that were written.
        """
        paths: list[Path] = []
        try:
            for file in self.files:
                if file.url is not None:
                    download = Download(file.url, self.hosts, self.folder, self.kind, self.most)
                    paths.append((yield from download.flow(context)))
                else:
                    paths.append(self._written(file.b64_json or ""))
        except SiliconFlowError as error:
            error.partial = tuple(paths)
            raise
        return paths

    def _written(self, encoded: str) -> Path:
        encoded = encoded.rpartition(",")[2]  # some answers have a data URI here
        if len(encoded) > self.most * 4 // 3 + 4:
            raise APIResponseError(f"A file of the result has more than {self.most:,} bytes.")
        try:
            content = b64decode(encoded, validate=True)
        except ValueError as error:  # binascii's, or a letter that is no ASCII
            raise APIResponseError("A file of the result is not base64.") from error
        stem = f"{self.kind}-{hashlib.sha256(content).hexdigest()[:16]}"
        return write_whole(self.folder / (stem + suffix_for("", content[:16])), content)


def checked_folder(folder: object) -> Path:
    """Check where files are to go.

    Raises:
        ConfigurationError: It is no path, or it is a file.
    """
    path = as_path(folder, "folder")
    if os.path.exists(path) and not path.is_dir():  # noqa: PTH110 - `Path`'s raises
        raise ConfigurationError("folder is a file.", argument="folder")
    return path
