"""Reads the results of a batch job in the order of its requests, whatever the files' order."""

from __future__ import annotations

import contextlib
from array import array
from collections.abc import Generator, Iterator
from pathlib import Path
from typing import BinaryIO, cast

from siliconflow_client._json import JsonValue
from siliconflow_client.bulk.batch_job_state import FileKind, JobFiles, JobState, Part, on_disk
from siliconflow_client.endpoints.batch_lines import (
    LineUsage,
    Reading,
    custom_id_of,
    expired,
    failed,
    read_result,
    usage_of_line,
)
from siliconflow_client.endpoints.chat import ChatCompletion
from siliconflow_client.errors.mapping import unexpected_answer
from siliconflow_client.errors.response import Head, Target
from siliconflow_client.errors.tree import APIResponseError, SiliconFlowError

_KINDS: tuple[FileKind, ...] = ("err", "out", "in")
"""Files of a part. Results are looked for in this order: a success wins over a failure of the same
request. The last one holds the requests, which say how their answers are to be read."""
_RESULTS = 2
_REQUESTS = 2
_PAID: tuple[FileKind, ...] = ("out", "err")

_MOST_OPEN = 16
_SHOWN = 4096
"""Bytes of a file that is none of ours, for the error."""


class JobResults:
    """Where each request's result stands: a few bytes for each, whatever the results' size."""

    __slots__ = (
        "_asked_at",
        "_files",
        "_line_of",
        "_offset_of",
        "_open",
        "_owner_of",
        "_reading",
        "_state",
    )

    def __init__(self, state: JobState, files: JobFiles, reading: Reading) -> None:
        self._state = state
        self._files = files
        self._reading = reading
        # Part of the request, and where the request is in that part's file.
        self._owner_of = array("l", [-1]) * state.total
        self._asked_at = array("q", [-1]) * state.total
        # File of its result (part × kinds + kind; -1 for none), offset in there.
        self._line_of = array("l", [-1]) * state.total
        self._offset_of = array("q", [-1]) * state.total
        self._open: dict[int, BinaryIO] = {}
        for number in range(len(state.parts)):
            self._index_requests(number)
            for kind in range(_RESULTS):
                self._index_results(number, kind)

    def _index_requests(self, number: int) -> None:
        part = self._state.parts[number]
        offsets = (offset for offset, _ in self._lines(number, _REQUESTS))
        for position in part.positions():
            self._owner_of[position] = number
            self._asked_at[position] = next(offsets, -1)
            self._line_of[position] = -1  # an earlier try no longer counts

    def _index_results(self, number: int, kind: int) -> None:
        for offset, line in self._lines(number, kind):
            custom_id = custom_id_of(line)
            position = None if custom_id is None else self._state.position_of(custom_id)
            if position is not None and self._owner_of[position] == number:
                self._line_of[position] = number * len(_KINDS) + kind
                self._offset_of[position] = offset

    def _lines(self, number: int, kind: int) -> Iterator[tuple[int, bytes]]:
        """The lines of a file, each with its offset; none where there is no file."""
        path = self._files.part(self._state.parts[number], _KINDS[kind])
        if not path.exists():
            return
        offset = 0
        with on_disk(), path.open("rb") as file:
            for line in file:
                yield offset, line
                offset += len(line)

    def __iter__(self) -> Generator[ChatCompletion | SiliconFlowError]:
        with contextlib.closing(self):
            for position in range(self._state.total):
                yield self[position]

    def __getitem__(self, position: int) -> ChatCompletion | SiliconFlowError:
        number = self._owner_of[position]
        part = self._state.parts[number]
        host = self._state.host
        where = self._line_of[position]
        if where < 0:
            return missing(part, host)
        line = self._line(where, self._offset_of[position])
        place = self._asked_at[position]
        asked = self._line(number * len(_KINDS) + _REQUESTS, place) if place >= 0 else None
        return read_result(line, asked, part.batch_id, host, part.model, self._reading)

    def _line(self, where: int, offset: int) -> bytes:
        with on_disk():
            file = self._open.get(where)
            if file is None:
                if len(self._open) >= _MOST_OPEN:
                    self._open.pop(next(iter(self._open))).close()
                number, kind = divmod(where, len(_KINDS))
                path = self._files.part(self._state.parts[number], _KINDS[kind])
                file = self._open[where] = path.open("rb")
            file.seek(offset)
            return file.readline()

    def failures(self) -> set[int]:
        """Places of the requests that have no answer."""
        return {
            place for place, result in enumerate(self) if not isinstance(result, ChatCompletion)
        }

    def close(self) -> None:
        """Close the files."""
        while self._open:
            self._open.popitem()[1].close()


def missing(part: Part, host: str) -> SiliconFlowError:
    """Say why a request has no result at all."""
    if part.status in ("expired", "cancelled"):
        return expired(f"batch_{part.status}", part.batch_id, host, part.model)
    if part.status == "failed":
        return failed(cast("JsonValue", part.errors), part.batch_id, host, part.model)
    return APIResponseError(
        "The batch's files hold no result of this request.",
        host=host,
        model=part.model,
        hint="send it again with resubmit_failed().",
    )


def check_results(path: Path, state: JobState, target: Target) -> None:
    """Refuse a file that holds something, but no result of this job.

    Raises:
        APIResponseError: It is a page, an error object, or another job's.
    """
    with on_disk(), path.open("rb") as file:
        head = file.readline(_SHOWN)
        file.seek(0)
        for line in file:
            custom_id = custom_id_of(line)
            if custom_id is not None and state.position_of(custom_id) is not None:
                return
    if head:
        what = "a file of results that holds none of this job"
        raise unexpected_answer(head, Head(200, {}, 0.0), target, what)


def used_tokens(state: JobState, files: JobFiles, part: Part) -> Iterator[LineUsage | None]:
    """What each line of a part's results tells of its tokens; `None` for one that tells nothing.

    A request counts once, and a line of another job's not at all.
    """
    seen: set[int] = set()
    for kind in _PAID:
        path = files.part(part, kind)
        if not path.exists():
            continue
        with on_disk(), path.open("rb") as file:
            for line in file:
                told = usage_of_line(line)
                position = None if told is None else state.position_of(told.custom_id)
                yield None if position is None or position in seen else told
                if position is not None:
                    seen.add(position)
