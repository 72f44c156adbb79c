"""How far a batch job is, as its state says, and who is told."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from siliconflow_client.bulk.batch_job_state import JobState
from siliconflow_client.bulk.progress import ProgressTeller


@dataclass(frozen=True, slots=True)
class BatchProgress:
    """How far a batch job is.

    Attributes:
        total: All requests.
        completed: Requests that succeeded, as the server last told.
        failed: Requests that failed.
        parts: Batches.
        parts_ended: Batches whose results are here.
        statuses: How many batches have each status.
    """

    total: int
    completed: int
    failed: int
    parts: int
    parts_ended: int
    statuses: dict[str, int]

    def __str__(self) -> str:
        words = ", ".join(f"{count} {status}" for status, count in self.statuses.items())
        return (
            f"{self.completed:,} of {self.total:,} requests done, {self.failed:,} failed "
            f"({self.parts_ended} of {self.parts} batches ended{f': {words}' if words else ''})"
        )


def progress_of(state: JobState) -> BatchProgress:
    """How far a job is, as its state says."""
    statuses: dict[str, int] = {}
    for part in state.parts:
        name = part.status or "not created"
        statuses[name] = statuses.get(name, 0) + 1
    return BatchProgress(
        total=state.total,
        completed=sum(part.completed for part in state.parts),
        failed=sum(part.failed for part in state.parts),
        parts=len(state.parts),
        parts_ended=sum(part.is_fetched for part in state.parts),
        statuses=statuses,
    )


class Watching(ProgressTeller[int]):
    """Who is told how far a job is after each round of looks: a function, a bar, both or nobody.

    Args:
        told: A function.
        state: The job's.
        bar: Whether to show a bar of its requests (needs tqdm).

    Raises:
        ConfigurationError: A bar is wanted and tqdm is not installed.
    """

    __slots__ = ("_done", "_function", "_state")

    def __init__(
        self, told: Callable[[BatchProgress], object] | None, state: JobState, *, bar: bool
    ) -> None:
        super().__init__(bar, "Batch", range(state.total), size=int)
        self._function = told
        self._state = state
        self._done = 0

    def look(self) -> None:
        """Tell how far it is."""
        done = self._state.total - sum(
            part.lines - part.completed - part.failed
            for part in self._state.parts
            if not part.is_fetched  # what was sent once more counts where it is now
        )
        self.tell(done - self._done)
        self._done = done
        if self._function is not None:
            self._function(progress_of(self._state))
