"""`POST /video/submit` and `/video/status`: films from words, and from images."""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path
from typing import Required, TypedDict, Unpack, cast

from siliconflow_client._json import JsonValue
from siliconflow_client.endpoints.checks import check_string, checked_body, model_of
from siliconflow_client.endpoints.data_uris import UriSource, as_uri
from siliconflow_client.endpoints.saved_files import SaveFiles, checked_folder
from siliconflow_client.endpoints.video_jobs import (
    POLL_SECONDS,
    Progress,
    VideoJob,
    VideoStatus,
    read_job,
    status_call,
    wait_plan,
    within,
)
from siliconflow_client.protocol.downloads import MOST_BYTES
from siliconflow_client.protocol.flow import Call
from siliconflow_client.protocol.groups import AsyncRun, Run
from siliconflow_client.protocol.options import CallOptions, checked_bytes
from siliconflow_client.protocol.requests import Request, json_content


class VideoRequest(TypedDict, total=False):
    """Body of `POST /video/submit` (docs/wire.md#video).

    `image` is a URL or a data URI as text; bytes and a `Path` are sent as a data URI.
    """

    model: Required[str]
    prompt: Required[str]
    negative_prompt: str
    image_size: str
    image: UriSource
    seed: int


def submit_call(
    request: VideoRequest, extra_body: Mapping[str, JsonValue] | None
) -> Call[VideoJob]:
    """Order a film; sent again only if it was never sent, since each job costs money.

    Raises:
        ConfigurationError: An argument of the wrong kind.
    """
    fields = dict(cast("Mapping[str, object]", request))
    if fields.get("image") is not None:
        fields["image"] = as_uri(fields["image"], "image")
    body = checked_body("video", fields, extra_body)
    check_string(body.get("prompt"), "prompt")
    return Call(
        Request(
            "POST", "/video/submit", json_content(body), model=model_of(body), resend="if_not_sent"
        ),
        read_job,
    )


def save_videos(result: VideoStatus, folder: str | os.PathLike[str], most: int) -> SaveFiles:
    """Write a result's films into a folder.

    Raises:
        ConfigurationError: No folder, or no limit.
    """
    return SaveFiles(
        tuple(result.videos),
        result.hosts,
        checked_folder(folder),
        "video",
        checked_bytes(most, "max_bytes"),
    )


class Videos:
    """Films from words, and from images (`client.videos`)."""

    def __init__(self, run: Run) -> None:
        self._run = run

    def submit(
        self,
        *,
        options: CallOptions | None = None,
        extra_body: Mapping[str, JsonValue] | None = None,
        **request: Unpack[VideoRequest],
    ) -> VideoJob:
        """Order a film (`POST /video/submit`).

        Each job is paid for, so it is sent again only if it was never sent, or after a 429.

        Raises:
            ConfigurationError: An argument of the wrong kind, before any request.
        """
        return self._run(submit_call(request, extra_body), options)

    def status(
        self, request_id: VideoJob | str, *, options: CallOptions | None = None
    ) -> VideoStatus:
        """Ask how far a film is (`POST /video/status`); a film that failed is no error here.

        Raises:
            NotFoundError: The task has expired (404, code 20063): ten minutes after it was made.
        """
        return self._run(status_call(request_id), options)

    def wait(
        self,
        request_id: VideoJob | str,
        *,
        poll: float = POLL_SECONDS,
        deadline: float | None = None,
        on_progress: Progress | None = None,
        save_to: str | os.PathLike[str] | None = None,
        max_bytes: int = MOST_BYTES,
        options: CallOptions | None = None,
    ) -> VideoStatus:
        """Ask until the film is made, and fetch it at once where `save_to` says so.

        Args:
            request_id: What `submit` returned, or its id.
            poll: Seconds between two looks.
            deadline: Seconds for all of it, the download included; half an hour when `None`.
            on_progress: Is told each status, with the place in the queue; not awaited.
            save_to: A folder for the film, made if it is not there; the paths are in `.files`.
            max_bytes: Most bytes of the file.
            options: Time limits, retries and headers of each request.

        Raises:
            JobFailedError: There will be no film; `.reason` says why.
            APITimeoutError: It took longer than `deadline`; the job goes on.
            NotFoundError: The task has expired (404, code 20063).
        """
        plan = wait_plan(request_id, poll, on_progress, save_to, max_bytes)
        return self._run(plan, within(options, deadline))

    def save(
        self,
        result: VideoStatus,
        folder: str | os.PathLike[str],
        *,
        max_bytes: int = MOST_BYTES,
        options: CallOptions | None = None,
    ) -> list[Path]:
        """Write films into a folder, as `client.images.save` does with images."""
        return self._run(save_videos(result, folder, max_bytes), options)


class AsyncVideos:
    """The asynchronous twin of `Videos`."""

    def __init__(self, run: AsyncRun) -> None:
        self._run = run

    async def submit(
        self,
        *,
        options: CallOptions | None = None,
        extra_body: Mapping[str, JsonValue] | None = None,
        **request: Unpack[VideoRequest],
    ) -> VideoJob:
        """As `Videos.submit`."""
        return await self._run(submit_call(request, extra_body), options)

    async def status(
        self, request_id: VideoJob | str, *, options: CallOptions | None = None
    ) -> VideoStatus:
        """As `Videos.status`."""
        return await self._run(status_call(request_id), options)

    async def wait(
        self,
        request_id: VideoJob | str,
        *,
        poll: float = POLL_SECONDS,
        deadline: float | None = None,
        on_progress: Progress | None = None,
        save_to: str | os.PathLike[str] | None = None,
        max_bytes: int = MOST_BYTES,
        options: CallOptions | None = None,
    ) -> VideoStatus:
        """As `Videos.wait`."""
        plan = wait_plan(request_id, poll, on_progress, save_to, max_bytes)
        return await self._run(plan, within(options, deadline))

    async def save(
        self,
        result: VideoStatus,
        folder: str | os.PathLike[str],
        *,
        max_bytes: int = MOST_BYTES,
        options: CallOptions | None = None,
    ) -> list[Path]:
        """As `Videos.save`."""
        return await self._run(save_videos(result, folder, max_bytes), options)
