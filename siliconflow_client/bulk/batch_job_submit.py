"""`client.batches`: the requests of `/batches`, and jobs of any number of chat requests."""

from __future__ import annotations

import os
from collections.abc import Iterable, Mapping
from functools import partial

from siliconflow_client._json import JsonValue
from siliconflow_client.bulk.batch_job import AsyncBatchJob, BatchJob
from siliconflow_client.bulk.batch_job_life import Placing
from siliconflow_client.bulk.batch_job_parts import PartFiles, write_requests
from siliconflow_client.bulk.batch_job_site import JobSite
from siliconflow_client.bulk.batch_job_state import JobFiles, JobState
from siliconflow_client.catalogue.batches import MAX_BATCH_BYTES, MAX_BATCH_LINES
from siliconflow_client.endpoints.batch_lines import LineWriter
from siliconflow_client.endpoints.batches import AsyncBatchCalls, BatchCalls
from siliconflow_client.endpoints.chat import ChatRequest
from siliconflow_client.endpoints.checks import check_many, check_whole
from siliconflow_client.errors.tree import ConfigurationError
from siliconflow_client.protocol.groups import AsyncOpen, AsyncRun, Open, Run
from siliconflow_client.protocol.options import CallOptions


def _resumed(path: str | os.PathLike[str], site: JobSite) -> tuple[JobState, JobFiles]:
    """Read a job of this site."""
    files = JobFiles(path)
    state = files.load()
    if state.host != site.host:
        files.close()
        raise ConfigurationError(
            f"The job was submitted to {state.host}, and this client asks {site.host}.",
            argument="client",
        )
    return state, files


def _submission(
    requests: Iterable[Mapping[str, object]],
    writer: LineWriter,
    state: JobState,
    path: str | os.PathLike[str],
    max_lines: int,
) -> tuple[JobFiles, Placing]:
    """Check what can be checked before the requests are looked at."""
    check_whole(max_lines, "max_lines", 1, MAX_BATCH_LINES)
    check_many(requests, "requests", "a list of requests")
    files = JobFiles(path)
    files.begin()
    target = PartFiles(files, 0, max_lines, MAX_BATCH_BYTES)
    write = partial(write_requests, requests, writer, state, target)
    written = partial(state.parts.extend, target.parts)
    return files, Placing(state, files, write=write, written=written)


class Batches(BatchCalls):
    """Chat requests that are answered within days (`client.batches`)."""

    def __init__(self, run: Run, open: Open, site: JobSite) -> None:  # noqa: A002  # it opens
        super().__init__(run, open)
        self._site = site

    def submit(
        self,
        requests: Iterable[ChatRequest | Mapping[str, object]],
        *,
        state: str | os.PathLike[str],
        completion_window: str = "24h",
        metadata: Mapping[str, str] | None = None,
        shared: Mapping[str, object] | None = None,
        extra_body: Mapping[str, JsonValue] | None = None,
        allow_unlisted: bool = False,
        output_urls: bool = True,
        max_lines: int = MAX_BATCH_LINES,
        label: str = "",
        options: CallOptions | None = None,
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
            shared: Fields that each request has where it does not say otherwise, such as `model`
                and `tools`. They are written as JSON once, so they must not change any more.
            extra_body: Fields that `ChatRequest` does not list, for each; they win over it.
            allow_unlisted: Whether models may be asked that the batch guide does not name.
            output_urls: Whether an output that the server names by a URL is fetched from there
                (docs/wire.md#unsettled-points); `False` takes ids only.
            max_lines: Most requests of a batch; 5,000 by the documentation. One of at most 1 GB.
            label: A word of yours that is kept with the job, and not sent.
            options: Time limits, retries and headers of the requests of this job, and how its
                answers are read (`empty_answers`, `tool_markup`).

        Raises:
            ConfigurationError: A request that the batch API would refuse: a last message that is
                not the user's, another role than system, user and assistant, an unlisted model,
                `n` above 1. Or there is a job at `state` already, maybe another process'.
            SiliconFlowError: An upload or a create failed.
        """
        site = self._site.asking_with(options)
        writer = LineWriter(shared, extra_body, allow_unlisted=allow_unlisted)
        begun = JobState.begun(
            site.host, completion_window, metadata, output_urls=output_urls, label=label
        )
        files, plan = _submission(requests, writer, begun, state, max_lines)
        self._run(plan, site.options)
        return BatchJob(begun, files, site, self._run)

    def resume(
        self, state: str | os.PathLike[str], *, options: CallOptions | None = None
    ) -> BatchJob:
        """As `BatchJob.resume`; `options` as for `submit`."""
        site = self._site.asking_with(options)
        return BatchJob(*_resumed(state, site), site, self._run)


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
        requests: Iterable[ChatRequest | Mapping[str, object]],
        *,
        state: str | os.PathLike[str],
        completion_window: str = "24h",
        metadata: Mapping[str, str] | None = None,
        shared: Mapping[str, object] | None = None,
        extra_body: Mapping[str, JsonValue] | None = None,
        allow_unlisted: bool = False,
        output_urls: bool = True,
        max_lines: int = MAX_BATCH_LINES,
        label: str = "",
        options: CallOptions | None = None,
    ) -> AsyncBatchJob:
        """As `Batches.submit`."""
        site = self._site.asking_with(options)
        writer = LineWriter(shared, extra_body, allow_unlisted=allow_unlisted)
        begun = JobState.begun(
            site.host, completion_window, metadata, output_urls=output_urls, label=label
        )
        files, plan = _submission(requests, writer, begun, state, max_lines)
        await self._run(plan, site.options)
        return AsyncBatchJob(begun, files, site, self._run)

    def resume(
        self, state: str | os.PathLike[str], *, options: CallOptions | None = None
    ) -> AsyncBatchJob:
        """As `Batches.resume`; called without `await`."""
        site = self._site.asking_with(options)
        return AsyncBatchJob(*_resumed(state, site), site, self._run)
