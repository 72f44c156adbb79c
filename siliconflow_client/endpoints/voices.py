"""`POST /uploads/audio/voice`, `GET /audio/voice/list`, `POST /audio/voice/deletions`."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Required, TypedDict, Unpack, cast

from siliconflow_client._json import JsonObject, JsonValue
from siliconflow_client.endpoints.checks import check_string, checked_body, model_of
from siliconflow_client.endpoints.data_uris import UriSource, as_uri
from siliconflow_client.endpoints.shapes import as_object, read_object, text
from siliconflow_client.errors.mapping import UndocumentedShapeError
from siliconflow_client.errors.response import Head
from siliconflow_client.errors.tree import ConfigurationError
from siliconflow_client.protocol.files import FileSource, file_part
from siliconflow_client.protocol.flow import Call
from siliconflow_client.protocol.groups import AsyncRun, Run
from siliconflow_client.protocol.options import CallOptions
from siliconflow_client.protocol.requests import Body, Multipart, Request, json_content


class VoiceRequest(TypedDict, total=False):
    """Body of `POST /uploads/audio/voice`: the recording as `file` or as `audio`.

    `file` (a path, bytes, an open binary file) is sent as a file, `audio` (a data URI as text,
    bytes, a `Path`) as base64 text. The recording is of one speaker and shorter than 30 seconds.
    """

    model: Required[str]
    customName: Required[str]  # the API's own name
    text: Required[str]
    file: FileSource
    audio: UriSource


@dataclass(slots=True)
class Voice:
    """A voice that was uploaded.

    Attributes:
        uri: What `voice` of a speech request takes.
        name: The name that the user gave it.
        model: The model that speaks with it.
        text: What is said in the recording.
        trace_id: The `x-siliconcloud-trace-id` header.
    """

    uri: str
    name: str
    model: str
    text: str
    trace_id: str | None


def read_voice(content: bytes, head: Head, *, request: Mapping[str, object]) -> Voice:
    """Read the answer of `POST /uploads/audio/voice`, which is a URI and nothing else."""
    uri = text(read_object(content), "uri")
    if not uri:
        raise UndocumentedShapeError("`uri` is missing")
    name, model, said = (str(request.get(key, "")) for key in ("customName", "model", "text"))
    return Voice(uri, name, model, said, head.trace_id)


def read_voices(content: bytes, head: Head) -> list[Voice]:
    """Read the answer of `GET /audio/voice/list`; printed answers have `result` and `results`."""
    answer = read_object(content)
    items = answer.get("results", answer.get("result"))
    if items is None:
        return []
    if not isinstance(items, list):
        raise UndocumentedShapeError("`results` is not a list")
    return [_listed(as_object(item, "a voice"), head) for item in items]


def _listed(wire: JsonObject, head: Head) -> Voice:
    return Voice(
        uri=text(wire, "uri"),
        name=text(wire, "customName"),
        model=text(wire, "model"),
        text=text(wire, "text"),
        trace_id=head.trace_id,
    )


def create_voice_call(
    request: VoiceRequest, extra_body: Mapping[str, JsonValue] | None
) -> Call[Voice]:
    """Upload a recording; sent again only if it was never sent.

    Raises:
        ConfigurationError: An argument of the wrong kind, or a file that cannot be sent.
    """
    fields = dict(cast("Mapping[str, object]", request))
    file, audio = fields.pop("file", None), fields.pop("audio", None)
    if (file is None) == (audio is None):
        raise ConfigurationError(
            "Pass the recording either as file or as audio.",
            argument="file",
            hint="a large one travels best as file.",
        )
    if audio is not None:
        fields["audio"] = as_uri(audio, "audio")
    form = checked_body("voices", fields, extra_body)
    for name in ("customName", "text"):
        check_string(form.get(name), name)
    body: Body
    if file is None:
        body = json_content(form)
    else:
        body = Multipart(
            file_part(file, "file"), {name: str(value) for name, value in form.items()}
        )
    return Call(
        Request("POST", "/uploads/audio/voice", body, model=model_of(form), resend="if_not_sent"),
        lambda content, head: read_voice(content, head, request=form),
    )


def list_voices_call() -> Call[list[Voice]]:
    """Ask for the account's voices."""
    return Call(Request("GET", "/audio/voice/list"), read_voices)


def delete_voice_call(voice: Voice | str) -> Call[None]:
    """Delete a voice.

    Raises:
        ConfigurationError: That is no voice.
    """
    uri = voice.uri if isinstance(voice, Voice) else voice
    check_string(uri, "uri")
    return Call(
        Request("POST", "/audio/voice/deletions", json_content({"uri": uri})), _read_nothing
    )


def _read_nothing(content: bytes, head: Head) -> None:
    """A deletion's answer is documented nowhere; its status says it all."""
    del content, head


class Voices:
    """The account's own voices (`client.voices`)."""

    def __init__(self, run: Run) -> None:
        self._run = run

    def create(
        self,
        *,
        options: CallOptions | None = None,
        extra_body: Mapping[str, JsonValue] | None = None,
        **request: Unpack[VoiceRequest],
    ) -> Voice:
        """Make a voice of a recording (`POST /uploads/audio/voice`).

        Args:
            options: Time limits, retries and headers of this call.
            extra_body: Fields that `VoiceRequest` does not list; they win over it.
            **request: The body's fields.

        Raises:
            ConfigurationError: The recording cannot be read, or a field is missing.
            PermissionDeniedError: The account needs the real-name check.
        """
        return self._run(create_voice_call(request, extra_body), options)

    def list(self, *, options: CallOptions | None = None) -> list[Voice]:
        """List the account's voices (`GET /audio/voice/list`)."""
        return self._run(list_voices_call(), options)

    def delete(self, uri: Voice | str, *, options: CallOptions | None = None) -> None:
        """Delete a voice (`POST /audio/voice/deletions`)."""
        self._run(delete_voice_call(uri), options)


class AsyncVoices:
    """The asynchronous twin of `Voices`."""

    def __init__(self, run: AsyncRun) -> None:
        self._run = run

    async def create(
        self,
        *,
        options: CallOptions | None = None,
        extra_body: Mapping[str, JsonValue] | None = None,
        **request: Unpack[VoiceRequest],
    ) -> Voice:
        """As `Voices.create`."""
        return await self._run(create_voice_call(request, extra_body), options)

    async def list(self, *, options: CallOptions | None = None) -> list[Voice]:
        """As `Voices.list`."""
        return await self._run(list_voices_call(), options)

    async def delete(self, uri: Voice | str, *, options: CallOptions | None = None) -> None:
        """As `Voices.delete`."""
        await self._run(delete_voice_call(uri), options)
