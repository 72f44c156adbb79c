"""`client.batches`: the requests of `/batches`, and jobs of any number of chat requests."""

from __future__ import annotations

import os
import secrets
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import partial

from siliconflow_client.bulk.batch_job import AsyncBatchJob, BatchJob, job_options
from siliconflow_client.bulk.batch_job_life import Placing
from siliconflow_client.bulk.batch_job_parts import PartFiles, write_requests
from siliconflow_client.bulk.batch_job_state import JobFiles, JobState
from siliconflow_client.catalogue.batches import MAX_BATCH_BYTES, MAX_BATCH_LINES
from siliconflow_client.endpoints.batches import AsyncBatchCalls, BatchCalls, checked_window
from siliconflow_client.endpoints.chat import ChatRequest
from siliconflow_client.endpoints.checks import check_positive
from siliconflow_client.errors.tree import ConfigurationError
from siliconflow_client.protocol.groups import AsyncOpen, AsyncRun, Open, Run
from siliconflow_client.protocol.options import CallOptions


@dataclass(frozen=True, slots=True)
class JobSite:
    """What jobs have to know of the client.

    Attributes:
        host: The site.
        options: For the requests of a job.
    """

    host: str
    options: CallOptions | None

    @classmethod
    def of(cls, host: str, deadline: float | None) -> JobSite:
        """From a client's settings."""
        return cls(host, job_options(deadline))

    def resumed(self, path: str | os.PathLike[str]) -> tuple[JobState, JobFiles]:
        """Read a job of this site."""
        files = JobFiles(path)
        state = files.load()
        if state.host != self.host:
            raise ConfigurationError(
                f"The job was submitted to {state.host}, and this client asks {self.host}.",
                argument="client",
            )
        return state, files

    def submission(
        self,
        requests: Iterable[ChatRequest],
        path: str | os.PathLike[str],
        completion_window: str,
        metadata: Mapping[str, str] | None,
        *,
        allow_unlisted: bool,
        output_urls: bool,
        max_lines: int,
    ) -> tuple[JobState, JobFiles, Placing]:
        """Check what can be checked before the requests are looked at."""
        check_positive(max_lines, "max_lines")
        if max_lines > MAX_BATCH_LINES:
            raise ConfigurationError(
                f"max_lines must be {MAX_BATCH_LINES} or less, not {max_lines}.",
                argument="max_lines",
            )
        if {"run", "part"} & (metadata or {}).keys():
            raise ConfigurationError(
                "metadata must not hold run and part, by which batches are found again.",
                argument="metadata",
            )
        state = JobState(
            run=secrets.token_hex(8),
            host=self.host,
            total=0,
            completion_window=checked_window(completion_window),
            metadata=dict(metadata or {}),
            output_urls=output_urls,
        )
        files = JobFiles(path)
        files.begin()
        target = PartFiles(files, 0, max_lines, MAX_BATCH_BYTES)
        write = partial(
            write_requests,
            requests,
            state,
            target,
            allow_unlisted=allow_unlisted,
        )
        written = partial(state.parts.extend, target.parts)
        return state, files, Placing(state, files, write=write, written=written)


class Batches(BatchCalls):
    """Chat requests that are answered within days (`client.batches`)."""

    def __init__(self, run: Run, open: Open, site: JobSite) -> None:  # noqa: A002  # it opens
        super().__init__(run, open)
        self._site = site

    def submit(
        self,
        requests: Iterable[ChatRequest],
        *,
        state: str | os.PathLike[str],
        completion_window: str = "24h",
        metadata: Mapping[str, str] | None = None,
        allow_unlisted: bool = False,
        output_urls: bool = True,
        max_lines: int = MAX_BATCH_LINES,
    ) -> BatchJob:
        """Upload any number of chat requests, and create the batches that answer them.

        Nothing is sent before all requests were checked and written beside `state`. If it fails
        later on, or the process dies, `BatchJob.resume(state, client).wait()` goes on, without
        paying for a batch twice.

        Args:
            requests: As for `chat`, with one answer each. Taken one by one, so memory does not
                grow with their number.
            state: A new file for what is known of the job; the requests and the results are
                written into a folder beside it.
            completion_window: `24h` to `336h`.
            metadata: Notes of your own, sent with each batch beside `run` and `part`.
            allow_unlisted: Whether models may be asked that the batch guide does not name.
            output_urls: Whether an output that the server names by a URL is fetched from there
                (docs/wire.md#unsettled-points); `False` takes ids only.
            max_lines: Most requests of a batch; 5,000 by the documentation. One of at most 1 GB.

        Raises:
            ConfigurationError: A request that the batch API would refuse: a last message that is
                not the user's, another role than system, user and assistant, an unlisted model,
                `n` above 1. Or there is a job at `state` already.
            SiliconFlowError: An upload or a create failed.
        """
        known, files, plan = self._site.submission(
            requests,
            state,
            completion_window,
            metadata,
            allow_unlisted=allow_unlisted,
            output_urls=output_urls,
            max_lines=max_lines,
        )
        self._run(plan, self._site.options)
        return BatchJob(known, files, self._run, self._site.options)

    def resume(self, state: str | os.PathLike[str]) -> BatchJob:
        """As `BatchJob.resume`."""
        known, files = self._site.resumed(state)
        return BatchJob(known, files, self._run, self._site.options)


class AsyncBatches(AsyncBatchCalls):
    """The asynchronous twin of `Batches`."""

    def __init__(
        self,
        run: AsyncRun,
        open: AsyncOpen,  # noqa: A002  # it opens
        site: JobSite,
    ) -> None:
        super().__init__(run, open)
        self._site = site

    async def submit(
        self,
        requests: Iterable[ChatRequest],
        *,
        state: str | os.PathLike[str],
        completion_window: str = "24h",
        metadata: Mapping[str, str] | None = None,
        allow_unlisted: bool = False,
        output_urls: bool = True,
        max_lines: int = MAX_BATCH_LINES,
    ) -> AsyncBatchJob:
        """As `Batches.submit`."""
        known, files, plan = self._site.submission(
            requests,
            state,
            completion_window,
            metadata,
            allow_unlisted=allow_unlisted,
            output_urls=output_urls,
            max_lines=max_lines,
        )
        await self._run(plan, self._site.options)
        return AsyncBatchJob(known, files, self._run, self._site.options)

    def resume(self, state: str | os.PathLike[str]) -> AsyncBatchJob:
        """As `BatchJob.resume`; called without `await`."""
        known, files = self._site.resumed(state)
        return AsyncBatchJob(known, files, self._run, self._site.options)
