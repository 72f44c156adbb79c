"""No I/O: how far a batch job is, as its state says."""

from __future__ import annotations

from dataclasses import dataclass

from siliconflow_client.bulk.batch_job_state import JobState


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
