"""`POST /audio/transcriptions`: what is said in a recording."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final, Required, TypedDict, Unpack, cast

from siliconflow_client._json import JsonObject
from siliconflow_client.endpoints.checks import checked_body, model_of
from siliconflow_client.endpoints.shapes import read_object
from siliconflow_client.errors.mapping import UndocumentedShapeError
from siliconflow_client.errors.response import Head
from siliconflow_client.protocol.files import FileSource, file_part
from siliconflow_client.protocol.flow import Call
from siliconflow_client.protocol.groups import AsyncRun, Run
from siliconflow_client.protocol.options import CallOptions
from siliconflow_client.protocol.requests import Multipart, Request

MAX_TRANSCRIPTION_BYTES: Final = 50 * 1024 * 1024
"""Largest recording, in bytes: 50 MB are documented (docs/wire.md#audio)."""


class TranscriptionRequest(TypedDict, total=False):
    """Form of `POST /audio/transcriptions`.

    `file` is a path, the bytes, or an open binary file that can be rewound; up to one hour.
    """

    model: Required[str]
    file: Required[FileSource]


@dataclass(slots=True)
class Transcription:
    """What is said in a recording.

    Attributes:
        text: The words, "" for silence.
        trace_id: The `x-siliconcloud-trace-id` header.
        raw: The answer as it came.
    """

    text: str
    trace_id: str | None
    raw: JsonObject = field(repr=False)


def read_transcription(content: bytes, head: Head) -> Transcription:
    """Read the answer of `POST /audio/transcriptions`."""
    answer = read_object(content)
    text = answer.get("text")
    if not isinstance(text, str):
        raise UndocumentedShapeError("`text` is not a string")
    return Transcription(text, head.trace_id, answer)


def transcription_call(
    request: TranscriptionRequest, extra_fields: Mapping[str, str] | None
) -> Call[Transcription]:
    """Ask what is said in a recording; sent piece by piece, and read anew for each attempt.

    Raises:
        ConfigurationError: An argument of the wrong kind, or a file that cannot be sent.
    """
    fields = dict(cast("Mapping[str, object]", request))
    source = fields.pop("file", None)
    body = checked_body("transcriptions", fields, extra_fields)
    part = file_part(source, "file", most=MAX_TRANSCRIPTION_BYTES)
    form = Multipart(part, {name: str(value) for name, value in body.items()})
    return Call(
        Request("POST", "/audio/transcriptions", form, model=model_of(body)), read_transcription
    )


class Transcriptions:
    """What is said in recordings (`client.audio.transcriptions`)."""

    def __init__(self, run: Run) -> None:
        self._run = run

    def create(
        self,
        *,
        options: CallOptions | None = None,
        extra_body: Mapping[str, str] | None = None,
        **request: Unpack[TranscriptionRequest],
    ) -> Transcription:
        """Write down what is said in a recording (`POST /audio/transcriptions`).

        Args:
            options: Time limits, retries and headers of this call.
            extra_body: Further fields of the form.
            **request: `model` and `file`.

        Raises:
            ConfigurationError: The file cannot be read, or has more than 50 MB; nothing was sent.
            SiliconFlowError: Every other failure; see `siliconflow_client.errors`.
        """
        return self._run(transcription_call(request, extra_body), options)


class AsyncTranscriptions:
    """The asynchronous twin of `Transcriptions`."""

    def __init__(self, run: AsyncRun) -> None:
        self._run = run

    async def create(
        self,
        *,
        options: CallOptions | None = None,
        extra_body: Mapping[str, str] | None = None,
        **request: Unpack[TranscriptionRequest],
    ) -> Transcription:
        """As `Transcriptions.create`."""
        return await self._run(transcription_call(request, extra_body), options)
