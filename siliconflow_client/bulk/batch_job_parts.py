"""Cuts the requests of a batch job into parts, one file each; a file is written as it comes."""

from __future__ import annotations

import contextlib
from collections.abc import Iterable, Iterator, Mapping
from typing import BinaryIO

from siliconflow_client.bulk.batch_job_state import JobFiles, JobState, Part, on_disk, private
from siliconflow_client.endpoints.batch_lines import LineWriter
from siliconflow_client.errors.tree import ConfigurationError

_PAUSE = 200
"""Lines after which others may have a turn."""


class PartFiles:
    """Writes lines to the part that has room for them; a part asks one model.

    Args:
        files: Where.
        first: Number of the first part.
        max_lines: Most lines of a part.
        max_bytes: Most bytes of a part.
    """

    __slots__ = ("_files", "_max_bytes", "_max_lines", "_next", "_open", "_stack", "parts")

    def __init__(self, files: JobFiles, first: int, max_lines: int, max_bytes: int) -> None:
        self._files = files
        self._next = first
        self._max_lines = max_lines
        self._max_bytes = max_bytes
        self._open: dict[str, tuple[Part, BinaryIO]] = {}
        self._stack = contextlib.ExitStack()
        self.parts: list[Part] = []

    def add(self, position: int, model: str, line: bytes) -> None:
        """Write the line of the request at a place among all.

        Raises:
            ConfigurationError: It is longer than a whole part may be.
        """
        if len(line) > self._max_bytes:
            raise ConfigurationError(
                f"requests[{position}] is larger than a batch's file may be.",
                argument=f"requests[{position}]",
            )
        part, file = self._open.get(model) or self._begin(model)
        with on_disk():
            if part.lines >= self._max_lines or file.tell() + len(line) > self._max_bytes:
                file.close()
                part, file = self._begin(model)
            file.write(line)
        part.lines += 1
        if part.ranges and part.ranges[-1][1] == position:
            part.ranges[-1][1] += 1
        else:
            part.ranges.append([position, position + 1])

    def _begin(self, model: str) -> tuple[Part, BinaryIO]:
        part = Part(self._next, model, [], 0)
        self._next += 1
        with on_disk():
            file = self._stack.enter_context(private(self._files.part(part, "in")))
        self.parts.append(part)
        self._open[model] = (part, file)
        return part, file

    def close(self) -> None:
        """Close the files."""
        with on_disk():
            self._stack.close()


def write_requests(
    requests: Iterable[Mapping[str, object]],
    writer: LineWriter,
    state: JobState,
    target: PartFiles,
) -> Iterator[None]:
    """Check and write all requests, pausing now and then.

    Raises:
        ConfigurationError: One that the batch API would refuse; nothing was sent.
    """
    with contextlib.closing(target):
        for position, request in enumerate(requests):
            made = writer.line(request, position)
            state.total = position + 1
            target.add(position, made.model, made.written(state.custom_id(position)))
            if position % _PAUSE == _PAUSE - 1:
                yield


def copy_requests(
    wanted: set[int], state: JobState, files: JobFiles, target: PartFiles
) -> Iterator[None]:
    """Write the requests at these places once more, from the files of the parts before."""
    left = set(wanted)
    with contextlib.closing(target):
        for part in reversed(list(state.parts)):
            if left.isdisjoint(part.positions()):
                continue
            with on_disk(), files.part(part, "in").open("rb") as file:
                for position, line in zip(part.positions(), file, strict=False):
                    if position in left:
                        left.discard(position)
                        target.add(position, part.model, line)
            yield
    if left:
        raise ConfigurationError(
            "The requests to send again are not beside the state any more.", argument="state"
        )
