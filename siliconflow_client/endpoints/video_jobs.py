"""Films as jobs: how far one is, and waiting for it."""

from __future__ import annotations

import inspect
import os
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Final

from siliconflow_client._json import JsonObject
from siliconflow_client.endpoints.checks import check_string
from siliconflow_client.endpoints.saved_files import (
    ResultFile,
    SaveFiles,
    Timings,
    checked_folder,
    read_files,
    read_timings,
)
from siliconflow_client.endpoints.shapes import optional_count, read_object, text
from siliconflow_client.errors.jobs import JobFailedError
from siliconflow_client.errors.mapping import UndocumentedShapeError
from siliconflow_client.errors.redaction import redact
from siliconflow_client.errors.response import Head
from siliconflow_client.errors.tree import APITimeoutError, ConfigurationError
from siliconflow_client.protocol.actions import Elapsed, Flow, Wait
from siliconflow_client.protocol.context import RequestContext
from siliconflow_client.protocol.downloads import hosts_of
from siliconflow_client.protocol.flow import Call
from siliconflow_client.protocol.options import CallOptions, checked_bytes
from siliconflow_client.protocol.requests import Request, json_content

POLL_SECONDS: Final = 5.0
"""Between two looks at a job. A film takes minutes."""
WAIT_SECONDS: Final = 1800.0
"""How long to wait for a film in all, where nothing else is said."""


@dataclass(frozen=True, slots=True)
class VideoJob:
    """A film that was ordered.

    Attributes:
        request_id: What `status` and `wait` ask with; good until ten minutes after the film is
            made.
        trace_id: The `x-siliconcloud-trace-id` header.
    """

    request_id: str
    trace_id: str | None = None


@dataclass(slots=True)
class VideoStatus:
    """How far a film is.

    Attributes:
        status: The server's word: `InQueue`, `InProgress`, `Succeed` or `Failed`; others may come.
        position: Place in the queue, or `None`.
        reason: Why it failed, "" where the server does not tell.
        videos: The films, once they are made; a `url` lives one hour.
        seed: What makes the same film again, or `None`.
        timings: Seconds that it took.
        trace_id: The `x-siliconcloud-trace-id` header.
        files: Where `wait(save_to=…)` wrote the films.
        hosts: The hosts that the answer named; nothing is fetched from others.
        raw: The answer as it came.
    """

    status: str
    position: int | None
    reason: str
    videos: list[ResultFile]
    seed: int | None
    timings: Timings
    trace_id: str | None
    files: list[Path] = field(default_factory=lambda: [])
    hosts: frozenset[str] = field(default=frozenset(), repr=False)
    raw: JsonObject = field(default_factory=lambda: {}, repr=False)

    @property
    def is_done(self) -> bool:
        """Whether the film is made."""
        return self.status.lower() in ("succeed", "succeeded")

    @property
    def is_failed(self) -> bool:
        """Whether there will be no film."""
        return self.status.lower() == "failed"


Progress = Callable[[VideoStatus], object]
"""Is told each status that is not the last."""


def read_job(content: bytes, head: Head) -> VideoJob:
    """Read the answer of `POST /video/submit`."""
    request_id = text(read_object(content), "requestId")
    if not request_id:
        raise UndocumentedShapeError("`requestId` is missing")
    return VideoJob(request_id, head.trace_id)


def read_status(content: bytes, head: Head) -> VideoStatus:
    """Read the answer of `POST /video/status`."""
    answer = read_object(content)
    status = text(answer, "status")
    if not status:
        raise UndocumentedShapeError("`status` is missing")
    results = answer.get("results")
    wire = results if isinstance(results, dict) else {}
    items = wire.get("videos")
    videos = read_files(items if isinstance(items, list) else [])
    told = VideoStatus(
        status=status,
        position=optional_count(answer.get("position")),
        reason=text(answer, "reason"),
        videos=videos,
        seed=optional_count(wire.get("seed")),
        timings=read_timings(wire.get("timings")),
        trace_id=head.trace_id,
        hosts=hosts_of(video.url for video in videos),
        raw=answer,
    )
    if told.is_done and not videos:
        raise UndocumentedShapeError("`results.videos` of a film that is made is empty")
    return told


def status_call(job: VideoJob | str) -> Call[VideoStatus]:
    """Ask how far a film is.

    Raises:
        ConfigurationError: That is no job.
    """
    request_id = job.request_id if isinstance(job, VideoJob) else job
    check_string(request_id, "request_id")
    return Call(
        Request("POST", "/video/status", json_content({"requestId": request_id})), read_status
    )


@dataclass(frozen=True, slots=True)
class WaitForVideo:
    """Asks for a film's status until it is made, and fetches it at once.

    Attributes:
        job: Which film.
        poll: Seconds between two looks.
        on_progress: Is told each status.
        folder: Where the film goes, or `None`.
        most: Most bytes of a file.
    """

    job: VideoJob | str
    poll: float
    on_progress: Progress | None
    folder: Path | None
    most: int

    def flow(self, context: RequestContext) -> Flow[VideoStatus]:
        """Poll until there is an end; a word that nobody documents is none."""
        call = status_call(self.job)
        while True:
            status = yield from call.flow(context)
            if self.on_progress is not None:
                self.on_progress(status)
            if status.is_failed:
                raise self._failed(status, context)
            if status.is_done:
                break
            yield from self._wait(status, context)
        if self.folder is not None:
            save = SaveFiles(tuple(status.videos), status.hosts, self.folder, "video", self.most)
            status.files = yield from save.flow(context)
        return status

    def _wait(self, status: VideoStatus, context: RequestContext) -> Flow[None]:
        deadline = context.policy.deadline
        if deadline is not None:
            elapsed = yield Elapsed()
            assert isinstance(elapsed, float)
            if elapsed + self.poll >= deadline:
                error = APITimeoutError(
                    f"Timed out: the film was not made within {deadline:g} s; its last status was "
                    f"{redact(status.status)[:40]}.",
                    phase="deadline",
                    limit=deadline,
                    host=context.host,
                    hint="the job goes on: wait again with the same request_id, or longer.",
                )
                error.trace_id = status.trace_id
                raise error
        yield Wait(self.poll)

    def _failed(self, status: VideoStatus, context: RequestContext) -> JobFailedError:
        reason = redact(status.reason)
        return JobFailedError(
            f"The film was not made: {reason or 'the server gives no reason'}",
            job=self.job.request_id if isinstance(self.job, VideoJob) else self.job,
            reason=reason,
            host=context.host,
            trace_id=status.trace_id,
            hint="change the prompt or the image, and submit again.",
        )


def wait_plan(
    job: VideoJob | str,
    poll: float,
    on_progress: Progress | None,
    save_to: str | os.PathLike[str] | None,
    most: int,
) -> WaitForVideo:
    """Check how to wait.

    Raises:
        ConfigurationError: An argument of the wrong kind.
    """
    status_call(job)
    _check_poll(poll)
    _check_listener(on_progress)
    folder = None if save_to is None else checked_folder(save_to)
    return WaitForVideo(job, poll, on_progress, folder, checked_bytes(most, "max_bytes"))


def _check_poll(poll: object) -> None:
    if isinstance(poll, bool) or not isinstance(poll, int | float) or not poll > 0:
        raise ConfigurationError(
            f"poll must be a number of seconds above 0, not {poll!r}.", argument="poll"
        )


def _check_listener(listener: object) -> None:
    if listener is None or (callable(listener) and not inspect.iscoroutinefunction(listener)):
        return
    raise ConfigurationError(
        "on_progress must be an ordinary function: nothing awaits it.", argument="on_progress"
    )


def within(options: CallOptions | None, deadline: float | None) -> CallOptions:
    """The options of a wait: its deadline is not that of the client's ordinary calls."""
    options = options or CallOptions()
    if deadline is None:
        deadline = WAIT_SECONDS if options.deadline is None else options.deadline
    return replace(options, deadline=deadline)
