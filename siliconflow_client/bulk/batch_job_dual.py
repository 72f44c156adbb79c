"""A batch job for classes that have sync and async methods side by side, as frameworks have."""

from __future__ import annotations

import contextlib
from collections.abc import Callable
from typing import Self

from siliconflow_client.bulk.batch_job import (
    POLL,
    AsyncBatchJob,
    BatchJob,
    HasAsyncBatches,
    HasBatches,
)
from siliconflow_client.bulk.batch_job_progress import BatchProgress
from siliconflow_client.protocol.options import CallOptions


class DualBatchJob:
    """A batch job with asynchronous twins of its methods, named with an `a` in front.

    Args:
        job: A job of either kind.
        client: For the synchronous methods.
        async_client: For the asynchronous ones.
        options: Of the job.
    """

    def __init__(
        self,
        job: BatchJob | AsyncBatchJob,
        client: HasBatches,
        async_client: HasAsyncBatches,
        options: CallOptions | None,
    ) -> None:
        self._job = job
        self._client = client
        self._async_client = async_client
        self._options = options

    def __repr__(self) -> str:
        return f"{type(self).__name__}({self.path!r}: {self.progress})"

    @property
    def path(self) -> str:
        """Where the state is kept; `resume` takes it."""
        return self._job.path

    @property
    def batch_ids(self) -> list[str]:
        """The ids of its batches, those that were created."""
        return self._job.batch_ids

    @property
    def progress(self) -> BatchProgress:
        """How far it is, as last seen; asks nobody."""
        return self._job.progress

    @property
    def is_done(self) -> bool:
        """Whether all results are here."""
        return self._job.is_done

    def close(self) -> None:
        """Let other processes use the job; `wait` and the others take it again."""
        self._job.close()

    def _errors(self) -> contextlib.AbstractContextManager[None]:
        """What errors pass through, where a framework has its own."""
        return contextlib.nullcontext()

    def _sync(self) -> BatchJob:
        if not isinstance(self._job, BatchJob):
            self._job = self._client.batches.resume(self.path, options=self._options)
        return self._job

    def _async(self) -> AsyncBatchJob:
        if not isinstance(self._job, AsyncBatchJob):
            self._job = self._async_client.batches.resume(self.path, options=self._options)
        return self._job

    def wait(
        self,
        *,
        poll: float = POLL,
        deadline: float | None = None,
        on_progress: Callable[[BatchProgress], object] | None = None,
        progress: bool = False,
    ) -> Self:
        """Wait until all batches have ended, and fetch their results.

        Args:
            poll: Seconds between the rounds of looks.
            deadline: Seconds after which to give up; the batches go on.
            on_progress: Told how far it is after each round; `print` will do.
            progress: Show a bar of the requests (needs tqdm).

        Raises:
            APITimeoutError: The deadline has passed.
            SiliconFlowError: A look failed for good; wait again.
        """
        with self._errors():
            self._sync().wait(
                on_progress=on_progress, progress=progress, poll=poll, deadline=deadline
            )
        return self

    async def await_(
        self,
        *,
        poll: float = POLL,
        deadline: float | None = None,
        on_progress: Callable[[BatchProgress], object] | None = None,
        progress: bool = False,
    ) -> Self:
        """As `wait`."""
        with self._errors():
            await self._async().wait(
                on_progress=on_progress, progress=progress, poll=poll, deadline=deadline
            )
        return self

    def resubmit_failed(self, *, completion_window: str | None = None) -> Self:
        """Send the inputs that have no answer once more; then `wait` again.

        An answer that cannot be read as what was asked for is one: it is not paid again.
        """
        with self._errors():
            self._sync().resubmit_failed(completion_window=completion_window)
        return self

    async def aresubmit_failed(self, *, completion_window: str | None = None) -> Self:
        """As `resubmit_failed`."""
        with self._errors():
            await self._async().resubmit_failed(completion_window=completion_window)
        return self

    def cancel(self) -> Self:
        """Ask for all batches to end; what is answered by then is paid, and can be waited for."""
        with self._errors():
            self._sync().cancel()
        return self

    async def acancel(self) -> Self:
        """As `cancel`."""
        with self._errors():
            await self._async().cancel()
        return self
