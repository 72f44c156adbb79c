"""A checked request as plain data, and what a lost answer to it means."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import BinaryIO, Literal, TypeAlias
from urllib.parse import urlsplit

import pydantic_core

from siliconflow_client.errors.response import Target
from siliconflow_client.errors.tree import ConfigurationError

Resend: TypeAlias = Literal["always", "if_not_sent"]
"""When a request may be sent again: `always`, or, where each sending costs money, only if the
server cannot have seen it, or has said a definite no (429)."""


@dataclass(frozen=True, slots=True)
class Content:
    """A body that is in memory."""

    data: bytes = field(repr=False)
    content_type: str = "application/json"


@dataclass(frozen=True, slots=True)
class FilePart:
    """A file of a multipart body; one on disk is opened, and read anew, for every attempt.

    Attributes:
        name: The form's field.
        source: A path, the bytes, or an open binary file that can be rewound.
        filename: As the server is told.
        content_type: Of the file.
    """

    name: str
    source: Path | bytes | BinaryIO = field(repr=False)
    filename: str
    content_type: str = "application/octet-stream"


@dataclass(frozen=True, slots=True)
class Multipart:
    """A form with one file, sent piece by piece."""

    file: FilePart
    fields: Mapping[str, str] = field(default_factory=lambda: {}, repr=False)


Body: TypeAlias = Content | Multipart


@dataclass(frozen=True, slots=True)
class Request:
    """A request without the connection's settings.

    Attributes:
        method: `GET` or `POST`.
        path: Path below the base URL.
        body: What is sent, or `None`.
        query: Parameters of the query string.
        model: Whom it asks, for errors.
        accept: What the answer should be; a stream of events is asked for uncompressed.
        resend: What a lost answer means.
        url: A whole URL that an answer named, in place of the base URL and `path`. It is fetched
            without the key and without any other header, cookie or parameter of the client's.
        is_bounded: Whether `max_answer_bytes` holds; not for downloads and results of batches.
    """

    method: str
    path: str
    body: Body | None = None
    query: Mapping[str, str] | None = field(default=None, repr=False)
    model: str | None = None
    accept: str = "application/json"
    resend: Resend = "always"
    url: str | None = field(default=None, repr=False)
    is_bounded: bool = True

    def target(self, host: str) -> Target:
        """The part of the request that an error may show: no query, which may be a signature."""
        if self.url is None:
            return Target(host, self.path, self.model)
        named = urlsplit(self.url)
        return Target(named.netloc.rpartition("@")[2], "the URL of a result", self.model)


EVENT_STREAM = "text/event-stream"


def json_content(body: Mapping[str, object]) -> Content:
    """Write a body as JSON.

    Raises:
        ConfigurationError: It holds what JSON has no form for.
    """
    try:
        content = pydantic_core.to_json(body)
        if b"NaN" in content or b"Infinity" in content:  # maybe in a text
            json.dumps(pydantic_core.from_json(content), allow_nan=False)
        return Content(content)
    except ValueError as error:  # pydantic's and the codec's are such
        raise ConfigurationError(
            f"The request cannot be written as JSON ({type(error).__name__}): it holds an object "
            "that is not data, a number that is not finite, or text that is not valid Unicode.",
            argument="extra_body",
        ) from None
