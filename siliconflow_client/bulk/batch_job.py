"""Batch inference: many chat requests, answered within days, for half the price on most models.

The vendor's table of prices has no discount for MiniMax-M2 and Qwen3-235B-A22B-Thinking-2507
(docs/wire.md#batches).
"""

from __future__ import annotations

import os
from collections.abc import Callable, Generator
from functools import partial
from typing import Literal, Protocol, Self, overload

from siliconflow_client.bulk.batch_job_life import Cancelling, Placing, Waiting
from siliconflow_client.bulk.batch_job_parts import PartFiles, copy_requests
from siliconflow_client.bulk.batch_job_progress import BatchProgress, Watching, progress_of
from siliconflow_client.bulk.batch_job_results import JobResults
from siliconflow_client.bulk.batch_job_site import JobSite
from siliconflow_client.bulk.batch_job_state import JobFiles, JobState
from siliconflow_client.catalogue.batches import MAX_BATCH_BYTES, MAX_BATCH_LINES
from siliconflow_client.endpoints.batches import checked_window
from siliconflow_client.endpoints.chat import ChatCompletion
from siliconflow_client.errors.tree import ConfigurationError, SiliconFlowError
from siliconflow_client.protocol.groups import AsyncRun, Run
from siliconflow_client.protocol.options import CallOptions

POLL = 60.0
"""Seconds between looks at a batch, which takes hours as a rule."""


class _Job:
    """What both kinds of job have: everything but the requests."""

    def __init__(self, state: JobState, files: JobFiles, site: JobSite) -> None:
        self._state = state
        self._files = files
        self._site = site

    def __repr__(self) -> str:
        return f"{type(self).__name__}({str(self._files.path)!r}: {self.progress})"

    def close(self) -> None:
        """Let other processes use the job; `wait` and the others take it again."""
        self._files.close()

    @property
    def path(self) -> str:
        """Where the state is kept; `resume` takes it."""
        return str(self._files.path)

    @property
    def label(self) -> str:
        """The word that was given to `submit`."""
        return self._state.label

    @property
    def batch_ids(self) -> list[str]:
        """The ids of its batches, those that were created."""
        return [part.batch_id for part in self._state.parts if part.batch_id]

    @property
    def progress(self) -> BatchProgress:
        """How far it is, as last seen; asks nobody."""
        return progress_of(self._state)

    @property
    def is_done(self) -> bool:
        """Whether all results are here."""
        return all(part.is_fetched for part in self._state.parts)

    @overload
    def results(self, *, return_exceptions: Literal[False] = False) -> list[ChatCompletion]: ...

    @overload
    def results(
        self, *, return_exceptions: bool
    ) -> list[ChatCompletion] | list[ChatCompletion | SiliconFlowError]: ...

    def results(
        self, *, return_exceptions: bool = False
    ) -> list[ChatCompletion] | list[ChatCompletion | SiliconFlowError]:
        """All answers, in the order of the requests.

        Args:
            return_exceptions: Put the error of a request that failed in its place.

        Raises:
            ConfigurationError: The job is not done; `wait` for it.
            BatchExpiredError: A batch ended before it came to a request.
            SiliconFlowError: A request failed, and `return_exceptions` is not set: the first one's
                error, with the answers of all others in `.partial`.
        """
        found = list(self.iter_results())
        if return_exceptions:
            return found
        answers = [result for result in found if isinstance(result, ChatCompletion)]
        for result in found:
            if not isinstance(result, ChatCompletion):
                result.partial = answers
                result.add_note(
                    f"{len(found) - len(answers)} of {len(found)} requests failed; "
                    "results(return_exceptions=True) gives every one's."
                )
                raise result
        return answers

    def iter_results(self) -> Generator[ChatCompletion | SiliconFlowError]:
        """As `results(return_exceptions=True)`, one by one: memory does not grow with them.

        It holds files open; `close()` it when leaving early.
        """
        return iter(self._results())

    def _results(self) -> JobResults:
        if not self.is_done:
            raise ConfigurationError(
                f"The batch job is not done: {self.progress}.",
                argument="state",
                hint="wait() for it; it can be waited for in another process, another day.",
            )
        return JobResults(self._state, self._files, self._site.reading)

    def _waiting(
        self,
        on_progress: Callable[[BatchProgress], object] | None,
        progress: bool,
        poll: float,
        deadline: float | None,
    ) -> Waiting:
        for name, value in (("poll", poll), ("deadline", deadline)):
            if value is not None and not value > 0:
                raise ConfigurationError(
                    f"{name} must be a number of seconds above 0, not {value!r}.", argument=name
                )
        self._files.refresh(self._state)
        watching = Watching(on_progress, self._state, bar=progress)
        return Waiting(self._state, self._files, watching, poll, deadline)

    def _cancelling(self) -> Cancelling:
        self._files.refresh(self._state)
        return Cancelling(self._state, self._files)

    def _resubmitting(self, completion_window: str | None) -> Placing | None:
        """Send what failed once more; `None` where nothing did."""
        self._files.refresh(self._state)
        if completion_window is not None:
            self._state.completion_window = checked_window(completion_window)
        failures = self._results().failures()
        if not failures:
            return None
        state = self._state
        target = PartFiles(self._files, len(state.parts), MAX_BATCH_LINES, MAX_BATCH_BYTES)
        return Placing(
            state,
            self._files,
            write=partial(copy_requests, failures, state, self._files, target),
            written=lambda: state.parts.extend(target.parts),
        )


class BatchJob(_Job):
    """Many chat requests that are answered as batches, and what is known of them.

    Made by `client.batches.submit`, or by `resume` in another process, on another day. Everything
    is in files, and saved at every step: a process that is killed loses nothing, and nothing is
    paid twice. One process at a time can work on a job; another one is refused until the first has
    ended, was killed, or has called `close`.

    Example:
        ```python
        import tempfile

        from siliconflow_client import SiliconFlowClient

        messages = [{"role": "user", "content": "Snow is white. What is white?"}]
        requests = [{"model": "deepseek-ai/DeepSeek-V3", "messages": messages}]
        with SiliconFlowClient() as client, tempfile.TemporaryDirectory() as folder:
            job = client.batches.submit(requests, state=f"{folder}/job.json")
            job.wait(poll=0.01, on_progress=print)  # a minute between looks is the default
            print(job.results(return_exceptions=True))
        ```
    """

    def __init__(self, state: JobState, files: JobFiles, site: JobSite, run: Run) -> None:
        super().__init__(state, files, site)
        self._run = run

    @classmethod
    def resume(cls, state: str | os.PathLike[str], client: HasBatches) -> BatchJob:
        """Go on with a job that was submitted before; asks nobody.

        Args:
            state: As given to `submit`.
            client: Of the same site, with a key of the same account.

        Raises:
            ConfigurationError: There is no such job, or it belongs to another site.
        """
        return client.batches.resume(state)

    def wait(
        self,
        *,
        on_progress: Callable[[BatchProgress], object] | None = None,
        progress: bool = False,
        poll: float = POLL,
        deadline: float | None = None,
    ) -> Self:
        """Wait until all batches have ended, and fetch their results.

        Args:
            on_progress: Told how far it is after each round of looks; `print` will do.
            progress: Show a bar of the requests (needs tqdm).
            poll: Seconds between the rounds.
            deadline: Seconds after which to give up; the batches go on.

        Raises:
            APITimeoutError: The deadline has passed; its `phase` is `deadline`.
            SiliconFlowError: A look failed for good; wait again.
        """
        self._run(self._waiting(on_progress, progress, poll, deadline), self._site.options)
        return self

    def resubmit_failed(self, *, completion_window: str | None = None) -> Self:
        """Send the requests that have no answer once more, as further batches of this job.

        `wait` for them again; `results` then holds the answers of both.

        Args:
            completion_window: Another one for the new batches.

        Raises:
            ConfigurationError: The job is not done.
        """
        plan = self._resubmitting(completion_window)
        if plan is not None:
            self._run(plan, self._site.options)
        return self

    def cancel(self) -> Self:
        """Ask for all batches to end; what is answered by then is paid, and can be waited for."""
        self._run(self._cancelling(), self._site.options)
        return self


class AsyncBatchJob(_Job):
    """The asynchronous twin of `BatchJob`."""

    def __init__(self, state: JobState, files: JobFiles, site: JobSite, run: AsyncRun) -> None:
        super().__init__(state, files, site)
        self._run = run

    @classmethod
    def resume(cls, state: str | os.PathLike[str], client: HasAsyncBatches) -> AsyncBatchJob:
        """As `BatchJob.resume`."""
        return client.batches.resume(state)

    async def wait(
        self,
        *,
        on_progress: Callable[[BatchProgress], object] | None = None,
        progress: bool = False,
        poll: float = POLL,
        deadline: float | None = None,
    ) -> Self:
        """As `BatchJob.wait`."""
        await self._run(self._waiting(on_progress, progress, poll, deadline), self._site.options)
        return self

    async def resubmit_failed(self, *, completion_window: str | None = None) -> Self:
        """As `BatchJob.resubmit_failed`."""
        plan = self._resubmitting(completion_window)
        if plan is not None:
            await self._run(plan, self._site.options)
        return self

    async def cancel(self) -> Self:
        """As `BatchJob.cancel`."""
        await self._run(self._cancelling(), self._site.options)
        return self


class ResumesJobs(Protocol):
    """What `client.batches` offers."""

    def resume(
        self, state: str | os.PathLike[str], *, options: CallOptions | None = None
    ) -> BatchJob:
        """Go on with a job."""
        ...


class ResumesAsyncJobs(Protocol):
    """The asynchronous twin of `ResumesJobs`."""

    def resume(
        self, state: str | os.PathLike[str], *, options: CallOptions | None = None
    ) -> AsyncBatchJob:
        """Go on with a job."""
        ...


class HasBatches(Protocol):
    """A synchronous client."""

    @property
    def batches(self) -> ResumesJobs:
        """Its batches."""
        ...


class HasAsyncBatches(Protocol):
    """An asynchronous client."""

    @property
    def batches(self) -> ResumesAsyncJobs:
        """Its batches."""
        ...
