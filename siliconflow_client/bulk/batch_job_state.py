"""What a batch job knows, in a file that is whole at every moment, and the files beside it.

    job.json                    the state: written to a temporary name, then moved
    job.json.parts/00000.in     requests of a part, a JSON line each
    job.json.parts/00000.out    results of its requests that succeeded
    job.json.parts/00000.err    results of those that failed
    job.json.parts/lock         the process that works on it

The requests are kept until the job is done with, since a part may have to be uploaded again, and
failed requests sent again. They hold prompts, so only the user may read them. No key is in them.
"""

from __future__ import annotations

import contextlib
import os
import secrets
from collections.abc import Generator, Iterator, Mapping
from dataclasses import asdict, dataclass, field, fields
from pathlib import Path
from typing import BinaryIO, Literal, TypeAlias

import pydantic_core

from siliconflow_client.bulk.job_lock import JobLock
from siliconflow_client.endpoints.batches import checked_window
from siliconflow_client.endpoints.checks import check_mapping
from siliconflow_client.errors.tree import ConfigurationError
from siliconflow_client.protocol.files import as_path

FORMAT = 1
FileKind: TypeAlias = Literal["in", "out", "err"]


@dataclass(slots=True)
class Part:
    """One batch of a job.

    Attributes:
        number: Its place among the parts.
        model: Whom all its requests ask.
        ranges: Places of its requests among all, as `[first, end)` pairs.
        lines: How many they are.
        input_file_id: Of its uploaded file, "" before.
        is_creating: Whether a create was begun whose answer has not come.
        batch_id: Its batch, "" before.
        status: As last seen, "" before.
        completed: Requests that succeeded, as last seen.
        failed: Requests that failed, as last seen.
        errors: What the batch said when it failed as a whole.
        is_fetched: Whether its results are here, so that nothing is left to do.
    """

    number: int
    model: str
    ranges: list[list[int]]
    lines: int
    input_file_id: str = ""
    is_creating: bool = False
    batch_id: str = ""
    status: str = ""
    completed: int = 0
    failed: int = 0
    errors: object = None
    is_fetched: bool = False

    def positions(self) -> Iterator[int]:
        """Places of its requests among all."""
        return (place for first, end in self.ranges for place in range(first, end))


@dataclass(slots=True)
class JobState:
    """A job.

    Attributes:
        run: Its name, 16 hex digits: in its batches' metadata and its requests' ids.
        host: The site that it was submitted to.
        total: How many requests it has.
        completion_window: Such as `24h`.
        metadata: The caller's, sent with each batch.
        output_urls: Whether an output that is named by a URL is fetched.
        label: A word of the caller's, which is not sent.
        parts: Its batches; those of `resubmit_failed` come last.
    """

    run: str
    host: str
    total: int
    completion_window: str
    metadata: dict[str, str] = field(default_factory=lambda: {})
    output_urls: bool = True
    label: str = ""
    parts: list[Part] = field(default_factory=lambda: [])
    format: int = FORMAT

    @classmethod
    def begun(
        cls,
        host: str,
        completion_window: str,
        metadata: Mapping[str, str] | None,
        *,
        output_urls: bool,
        label: str,
    ) -> JobState:
        """A new job without requests.

        Raises:
            ConfigurationError: The window or the metadata cannot be sent.
        """
        check_mapping(metadata, "metadata")
        if {"run", "part"} & (metadata or {}).keys():
            raise ConfigurationError(
                "metadata must not hold run and part, by which batches are found again.",
                argument="metadata",
            )
        window = checked_window(completion_window)
        run = secrets.token_hex(8)
        return cls(run, host, 0, window, dict(metadata or {}), output_urls, label)

    def custom_id(self, position: int) -> str:
        """The id of the request at a place among all."""
        return f"{self.run}-{position}"

    def position_of(self, custom_id: str) -> int | None:
        """The place of a request; `None` for an id that is none of ours."""
        run, _, number = custom_id.rpartition("-")
        if run != self.run or not (number.isascii() and number.isdigit() and len(number) < 12):
            return None
        return place if (place := int(number)) < self.total else None


class JobFiles:
    """Where a job is kept; while it is in use, no other process can use it.

    Args:
        path: Of the state; the folder beside it has the same name and `.parts`.
    """

    __slots__ = ("_lock", "folder", "path")

    def __init__(self, path: str | os.PathLike[str]) -> None:
        self.path = as_path(path, "state")
        if not self.path.name or "\0" in str(self.path):
            raise ConfigurationError("state must be the path of a file.", argument="state")
        # Not `Path`'s own, which raises. The job's other files are beside what it leads to.
        if os.path.islink(self.path):  # noqa: PTH114
            self.path = Path(os.path.realpath(self.path))
        self.folder = self.path.with_name(f"{self.path.name}.parts")
        self._lock: JobLock | None = None

    def part(self, part: Part | int, kind: FileKind) -> Path:
        """A file of a part."""
        number = part if isinstance(part, int) else part.number
        return self.folder / f"{number:05}.{kind}"

    def begin(self) -> None:
        """Make the folder.

        Raises:
            ConfigurationError: There is a job already: to submit it once more would be paid twice.
                Or another process is about to submit it.
        """
        self._refuse_second()
        self._take()
        self._refuse_second()  # another process may just have finished

    def _refuse_second(self) -> None:
        with on_disk():
            exists = self.path.exists()
        if exists:
            raise ConfigurationError(
                f"There is a job at {str(self.path)!r} already.",
                argument="state",
                hint="go on with it with resume(state), or name another file for a new one.",
            )

    def _take(self) -> JobLock:
        if self._lock is None or not self._lock.is_ours:
            with on_disk():
                self.folder.mkdir(mode=0o700, exist_ok=True)
                self._lock = JobLock(self.folder / "lock", self.path)
        return self._lock

    def alone(self) -> contextlib.AbstractContextManager[None]:
        """Keep other calls of this process away, which hold the same lock; see `JobLock.alone`."""
        return self._take().alone(self.path)

    def close(self) -> None:
        """Let other processes use the job."""
        if self._lock is not None:
            self._lock.close()

    def refresh(self, state: JobState) -> None:
        """Take the job again, and what others have done to it meanwhile.

        Raises:
            ConfigurationError: As `load`.
        """
        found = self.load()
        for field_ in fields(JobState):
            setattr(state, field_.name, getattr(found, field_.name))

    def save(self, state: JobState) -> None:
        """Write the state to a temporary name and move it: whoever reads finds a whole one."""
        with on_disk(), replacing(self.path) as temporary, private(temporary) as file:
            file.write(pydantic_core.to_json(asdict(state), indent=1))
            file.flush()
            os.fsync(file.fileno())

    def load(self) -> JobState:
        """Take the job, and read its state.

        Raises:
            ConfigurationError: There is none, it is something else, or another process has it.
        """
        with on_disk():
            self.path.stat()
        self._take()
        with on_disk():
            content = self.path.read_bytes()
        from pydantic import TypeAdapter  # heavy, and needed by nobody else

        try:
            state = TypeAdapter(JobState).validate_json(content)
        except ValueError:
            state = None
        if state is None or state.format != FORMAT:
            raise ConfigurationError(
                f"{str(self.path)!r} is no batch job of this version.", argument="state"
            ) from None
        return state


@contextlib.contextmanager
def replacing(path: Path) -> Generator[Path]:
    """Give a name beside `path`, nobody else's; what is written there is moved at the end.

    Several threads and tasks may wait for the same job, and write the same files.
    """
    temporary = path.with_name(f".{path.name}.{secrets.token_hex(4)}.new")
    try:
        yield temporary
        with on_disk():
            temporary.replace(path)
    finally:
        with contextlib.suppress(OSError):
            temporary.unlink()


def private(path: Path) -> BinaryIO:
    """Open a file to write that only the user may read."""
    opened = os.open(
        path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | getattr(os, "O_BINARY", 0), 0o600
    )
    return os.fdopen(opened, "wb")


@contextlib.contextmanager
def on_disk() -> Generator[None]:
    """Turn what a disk refuses into our error."""
    try:
        yield
    except OSError as error:
        raise ConfigurationError(
            f"The files of the batch job cannot be used ({error.strerror}).", argument="state"
        ) from error
