"""One process at a time works on a job: a lock that ends with its process, however that ends.

It is the operating system's own (POSIX record locks, `msvcrt` on Windows), so that a process that
was killed leaves nothing behind. The file's text only tells the others whom to ask.
"""

from __future__ import annotations

import contextlib
import io
import os
import sys
import threading
import weakref
from collections.abc import Generator
from dataclasses import dataclass
from pathlib import Path

from siliconflow_client.errors.tree import ConfigurationError

_PLACE = 1 << 20
"""The byte that is locked, far behind the text: on Windows nobody else may read what is locked."""

if sys.platform == "win32":
    import msvcrt

    def _lock(file: io.FileIO) -> None:
        file.seek(_PLACE)
        msvcrt.locking(file.fileno(), msvcrt.LK_NBLCK, 1)
else:
    import fcntl

    def _lock(file: io.FileIO) -> None:
        # Not flock: that is inherited by forked children, and would outlive its process in them.
        fcntl.lockf(file, fcntl.LOCK_EX | fcntl.LOCK_NB, 1, _PLACE)


@dataclass(slots=True)
class _Held:
    file: io.FileIO
    users: int = 0
    is_alone: bool = False


class _Process:
    """What this process holds. A lock is the process', so its jobs of one file share one."""

    def __init__(self) -> None:
        self.forget()

    def forget(self) -> None:
        """Begin anew, as a child, which has none of its parent's locks."""
        # Of the thread's own, since a garbage collection may release a lock at any moment.
        self.guard = threading.RLock()
        self.held: dict[str, _Held] = {}


_process = _Process()
if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_process.forget)


class JobLock:
    """Keeps other processes away from a job, until it is closed, forgotten, or the process ends.

    Args:
        path: Of the lock's own file, which stays.
        job: Whom an error names.

    Raises:
        ConfigurationError: Another process has the job; it names the file and the process.
    """

    def __init__(self, path: Path, job: Path) -> None:
        self._key = os.path.realpath(path)
        with _process.guard:
            self._held = _process.held.get(self._key) or _acquired(path, job)
            self._held.users += 1
            _process.held[self._key] = self._held
        self._end = weakref.finalize(self, _released, self._key, self._held)

    @property
    def is_ours(self) -> bool:
        """Whether this process has it: not after a close, nor in a forked child."""
        return self._end.alive and _process.held.get(self._key) is self._held

    def close(self) -> None:
        """Let others have the job."""
        self._end()

    @contextlib.contextmanager
    def alone(self, job: Path) -> Generator[None]:
        """Keep other calls of this process away as well.

        Raises:
            ConfigurationError: One of them is in here.
        """
        with _process.guard:
            if self._held.is_alone:
                raise ConfigurationError(
                    f"Another call of this process is sending the batch job at {str(job)!r}.",
                    argument="state",
                    hint="wait for that call: two at once would pay twice.",
                )
            self._held.is_alone = True
        try:
            yield
        finally:
            self._held.is_alone = False


def _acquired(path: Path, job: Path) -> _Held:
    opened = os.open(path, os.O_RDWR | os.O_CREAT | getattr(os, "O_BINARY", 0), 0o600)
    with contextlib.ExitStack() as failing:
        file = failing.enter_context(io.FileIO(opened, "r+"))
        try:
            _lock(file)
        except (BlockingIOError, PermissionError):
            raise _in_use(job, file) from None
        file.seek(0)
        file.truncate()
        file.write(str(os.getpid()).encode())
        failing.pop_all()
    return _Held(file)


def _in_use(job: Path, file: io.FileIO) -> ConfigurationError:
    file.seek(0)
    told = file.read(20).strip()
    who = f"process {told.decode()}" if told.isdigit() else "another process"
    return ConfigurationError(
        f"The batch job at {str(job)!r} is in use by {who}.",
        argument="state",
        hint="let that process end, or close() the job there; two at once would pay twice.",
    )


def _released(key: str, held: _Held) -> None:
    with _process.guard:
        held.users -= 1
        if held.users == 0:
            held.file.close()
            if _process.held.get(key) is held:
                del _process.held[key]
