"""`POST /images/generations`: images from words, and from other images."""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final, Required, TypedDict, Unpack, cast

from siliconflow_client._json import JsonObject, JsonValue
from siliconflow_client.endpoints.checks import check_string, checked_body, model_of
from siliconflow_client.endpoints.data_uris import UriSource, as_uri
from siliconflow_client.endpoints.saved_files import (
    ResultFile,
    SaveFiles,
    Timings,
    checked_folder,
    read_files,
    read_timings,
)
from siliconflow_client.endpoints.shapes import optional_count, read_object
from siliconflow_client.errors.mapping import UndocumentedShapeError
from siliconflow_client.errors.response import Head
from siliconflow_client.protocol.downloads import MOST_BYTES, hosts_of
from siliconflow_client.protocol.flow import Call
from siliconflow_client.protocol.groups import AsyncRun, Run
from siliconflow_client.protocol.options import CallOptions, checked_bytes
from siliconflow_client.protocol.requests import Request, json_content

_FILES: Final = ("image", "image2", "image3", "input_image")


class ImageRequest(TypedDict, total=False):
    """Body of `POST /images/generations`.

    Which fields a model takes is in docs/wire.md#images. An image is a URL or a data URI as text;
    bytes and a `Path` are sent as a data URI.
    """

    model: Required[str]
    prompt: Required[str]
    negative_prompt: str
    image_size: str
    batch_size: int
    seed: int
    num_inference_steps: int
    guidance_scale: float
    cfg: float
    image: UriSource
    image2: UriSource
    image3: UriSource
    input_image: UriSource
    output_format: str
    aspect_ratio: str
    prompt_upsampling: bool
    safety_tolerance: int


@dataclass(slots=True)
class ImagesResult:
    """Images that were made.

    Attributes:
        images: One for each image, at least one; a `url` lives one hour.
        seed: What makes the same images again, or `None`.
        timings: Seconds that it took.
        trace_id: The `x-siliconcloud-trace-id` header.
        hosts: The hosts that the answer named; nothing is fetched from others.
        raw: The answer as it came.
    """

    images: list[ResultFile]
    seed: int | None
    timings: Timings
    trace_id: str | None
    hosts: frozenset[str] = field(default=frozenset(), repr=False)
    raw: JsonObject = field(default_factory=lambda: {}, repr=False)

    @property
    def data(self) -> list[ResultFile]:
        """The images under the name that OpenAI's API gives them."""
        return self.images


def read_images(content: bytes, head: Head) -> ImagesResult:
    """Read the answer of `POST /images/generations`; gateways call the list `data`."""
    answer = read_object(content)
    items = answer.get("images") or answer.get("data")
    if not isinstance(items, list):
        raise UndocumentedShapeError("`images` is not a list")
    images = read_files(items)
    if not images:
        raise UndocumentedShapeError("`images` is empty")
    return ImagesResult(
        images=images,
        seed=optional_count(answer.get("seed")),
        timings=read_timings(answer.get("timings")),
        trace_id=head.trace_id,
        hosts=hosts_of(image.url for image in images),
        raw=answer,
    )


def images_call(
    request: ImageRequest, extra_body: Mapping[str, JsonValue] | None
) -> Call[ImagesResult]:
    """Ask for images; sent again only if it was never sent, since each call costs money.

    Raises:
        ConfigurationError: An argument of the wrong kind.
    """
    fields = dict(cast("Mapping[str, object]", request))
    for name in _FILES:
        if fields.get(name) is not None:
            fields[name] = as_uri(fields[name], name)
    body = checked_body("images", fields, extra_body)
    check_string(body.get("prompt"), "prompt")
    return Call(
        Request(
            "POST",
            "/images/generations",
            json_content(body),
            model=model_of(body),
            resend="if_not_sent",
        ),
        read_images,
    )


def save_images(result: ImagesResult, folder: str | os.PathLike[str], most: int) -> SaveFiles:
    """Write a result's images into a folder.

    Raises:
        ConfigurationError: No folder, or no limit.
    """
    return SaveFiles(
        tuple(result.images),
        result.hosts,
        checked_folder(folder),
        "image",
        checked_bytes(most, "max_bytes"),
    )


class Images:
    """Images from words, and from other images (`client.images`)."""

    def __init__(self, run: Run) -> None:
        self._run = run

    def generate(
        self,
        *,
        options: CallOptions | None = None,
        extra_body: Mapping[str, JsonValue] | None = None,
        **request: Unpack[ImageRequest],
    ) -> ImagesResult:
        """Make images, or edit up to three (`POST /images/generations`).

        Each call is paid for, so it is sent again only if it was never sent, or after a 429.

        Args:
            options: Time limits, retries and headers of this call.
            extra_body: Fields that `ImageRequest` does not list; they win over it.
            **request: The body's fields; those that are `None` are not sent.

        Raises:
            ConfigurationError: An argument of the wrong kind, before any request.
            ContentRejectedError: The provider's filter refused the prompt.
            SiliconFlowError: Every other failure; see `siliconflow_client.errors`.
        """
        return self._run(images_call(request, extra_body), options)

    def save(
        self,
        result: ImagesResult,
        folder: str | os.PathLike[str],
        *,
        max_bytes: int = MOST_BYTES,
        options: CallOptions | None = None,
    ) -> list[Path]:
        """Write the images into a folder; to be done within the hour that their URLs live.

        They are fetched without the key, from the hosts that the answer named and no others. Each
        file appears whole or not at all; its name is made from its URL, so that saving twice
        writes the same files.

        Args:
            result: As `generate` returned it.
            folder: Made if it is not there.
            max_bytes: Most bytes of one file.
            options: Time limits and retries of all downloads together.

        Returns:
            The paths, in the order of `result.images`.

        Raises:
            ConfigurationError: The folder cannot be written to, or the answer did not name a host.
            SiliconFlowError: A download failed; `.partial` holds the paths that were written.
        """
        return self._run(save_images(result, folder, max_bytes), options)


class AsyncImages:
    """The asynchronous twin of `Images`."""

    def __init__(self, run: AsyncRun) -> None:
        self._run = run

    async def generate(
        self,
        *,
        options: CallOptions | None = None,
        extra_body: Mapping[str, JsonValue] | None = None,
        **request: Unpack[ImageRequest],
    ) -> ImagesResult:
        """As `Images.generate`."""
        return await self._run(images_call(request, extra_body), options)

    async def save(
        self,
        result: ImagesResult,
        folder: str | os.PathLike[str],
        *,
        max_bytes: int = MOST_BYTES,
        options: CallOptions | None = None,
    ) -> list[Path]:
        """As `Images.save`."""
        return await self._run(save_images(result, folder, max_bytes), options)
