"""`POST /audio/speech`: texts read aloud, whole or while they are made."""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final, Literal, Required, TypeAlias, TypedDict, Unpack, cast, get_args

from siliconflow_client._json import JsonValue
from siliconflow_client.endpoints.checks import (
    as_sequence,
    check_string,
    checked_body,
    model_of,
    wrong,
)
from siliconflow_client.endpoints.data_uris import UriSource, as_uri
from siliconflow_client.endpoints.speech_stream import (
    AsyncSpeechStream,
    SoundDecoder,
    SpeechStream,
)
from siliconflow_client.errors.mapping import UndocumentedShapeError
from siliconflow_client.errors.response import Head
from siliconflow_client.errors.tree import ConfigurationError
from siliconflow_client.protocol.files import write_whole
from siliconflow_client.protocol.flow import Call, StreamCall
from siliconflow_client.protocol.groups import AsyncOpen, AsyncRun, Open, Run
from siliconflow_client.protocol.options import CallOptions
from siliconflow_client.protocol.requests import Request, json_content

_AUDIO: Final = ("audio/", "octet-stream")
VoiceName: TypeAlias = Literal[
    "alex", "anna", "bella", "benjamin", "charles", "claire", "david", "diana"
]
"""The voices that the vendor documents; a model may have others."""
_VOICES: Final = frozenset(get_args(VoiceName))
# What the formats themselves can hold: RFC 6716 for Opus, MPEG-1, 2 and 2.5 Layer III for mp3.
_RATES: Final = {
    "opus": (8000, 12000, 16000, 24000, 48000),
    "mp3": (8000, 11025, 12000, 16000, 22050, 24000, 32000, 44100, 48000),
}
_DOCUMENTED_RATES: Final = {"opus": "48000", "mp3": "32000 and 44100"}


class SpeechReference(TypedDict):
    """A recording of a speaker (a URL or a data URI; bytes and a `Path` too) and its text."""

    audio: UriSource
    text: str


class SpeechRequest(TypedDict, total=False):
    """Body of `POST /audio/speech` (docs/wire.md#audio).

    `voice` is `model:name`, the URI of an uploaded voice, or just the name of one of the eight
    that the vendor documents. A dialogue marks its speakers as `[S1]` and `[S2]` in `input`, and
    has a reference for each in place of a voice.
    """

    model: Required[str]
    input: Required[str]
    voice: str
    references: list[SpeechReference]
    response_format: str
    sample_rate: int
    stream: bool
    speed: float
    gain: float
    max_tokens: int


@dataclass(slots=True)
class Speech:
    """A sound.

    Attributes:
        content: The file's bytes; samples of 16 bits, low byte first, for `pcm`.
        content_type: What the server calls it.
        trace_id: The `x-siliconcloud-trace-id` header.
    """

    content: bytes = field(repr=False)
    content_type: str
    trace_id: str | None

    def read(self) -> bytes:
        """Return the bytes."""
        return self.content

    def save(self, path: str | os.PathLike[str]) -> Path:
        """Write the file; it appears whole or not at all.

        Raises:
            ConfigurationError: It cannot be written there.
        """
        return write_whole(path, self.content)

    write_to_file = save


def read_speech(content: bytes, head: Head) -> Speech:
    """Take the answer of `POST /audio/speech`, if it is a sound."""
    kind = head.content_type
    if not content:
        raise UndocumentedShapeError("a sound of no bytes")
    if kind and not any(known in kind for known in _AUDIO):
        raise UndocumentedShapeError("no sound")
    return Speech(content, kind, head.trace_id)


def _speech_request(request: SpeechRequest, extra_body: Mapping[str, JsonValue] | None) -> Request:
    fields = dict(cast("Mapping[str, object]", request))
    if fields.get("references") is not None:
        fields["references"] = _references(fields["references"])
    body = checked_body("speech", fields, extra_body)
    check_string(body.get("input"), "input")
    model, voice = model_of(body), body.get("voice")
    if isinstance(voice, str) and voice in _VOICES:
        body["voice"] = f"{model}:{voice}"
    _check_rate(body.get("response_format"), body.get("sample_rate"))
    return Request(
        "POST",
        "/audio/speech",
        json_content(body),
        model=model,
        accept="*/*",
        resend="if_not_sent",
    )


def _references(value: object) -> list[dict[str, object]]:
    items = as_sequence(value)
    if items is None:
        raise wrong("references", "a list", value)
    references: list[dict[str, object]] = []
    for position, item in enumerate(items):
        name = f"references[{position}]"
        if not isinstance(item, Mapping):
            raise wrong(name, "an object with audio and text", item)
        fields = dict(cast("Mapping[str, object]", item))
        check_string(fields.get("text"), f"{name}.text")
        references.append({**fields, "audio": as_uri(fields.get("audio"), f"{name}.audio")})
    return references


def _check_rate(file_format: object, rate: object) -> None:
    """Refuse what a format has no form for; what the API takes of the rest is its own to say."""
    if not isinstance(file_format, str) or not isinstance(rate, int):
        return
    possible = _RATES.get(file_format)
    if possible is not None and rate not in possible:
        raise ConfigurationError(
            f"sample_rate {rate} cannot be written as {file_format}.",
            argument="sample_rate",
            hint=f"for {file_format} the API documents {_DOCUMENTED_RATES[file_format]}.",
        )


def speech_call(request: SpeechRequest, extra_body: Mapping[str, JsonValue] | None) -> Call[Speech]:
    """Ask for a sound; sent again only if it was never sent, since each call costs money.

    Raises:
        ConfigurationError: An argument of the wrong kind.
    """
    return Call(_speech_request(request, extra_body), read_speech)


def speech_stream_call(
    request: SpeechRequest, extra_body: Mapping[str, JsonValue] | None
) -> StreamCall[bytes]:
    """Ask for a sound in pieces.

    Raises:
        ConfigurationError: An argument of the wrong kind.
    """
    return StreamCall(
        _speech_request(request, extra_body),
        lambda target, _head: SoundDecoder(target),
        content_types=_AUDIO,
    )


class SpokenStreams:
    """`client.audio.speech.with_streaming_response`, as users of the `openai` SDK write it."""

    def __init__(self, open_stream: Open) -> None:
        self._open = open_stream

    def create(
        self,
        *,
        options: CallOptions | None = None,
        extra_body: Mapping[str, JsonValue] | None = None,
        **request: Unpack[SpeechRequest],
    ) -> SpeechStream:
        """As `SpeechSynthesis.stream`."""
        return SpeechStream(self._open(speech_stream_call(request, extra_body), options))


class AsyncSpokenStreams:
    """The asynchronous twin of `SpokenStreams`."""

    def __init__(self, open_stream: AsyncOpen) -> None:
        self._open = open_stream

    def create(
        self,
        *,
        options: CallOptions | None = None,
        extra_body: Mapping[str, JsonValue] | None = None,
        **request: Unpack[SpeechRequest],
    ) -> AsyncSpeechStream:
        """As `SpeechSynthesis.stream`; called without `await`."""
        return AsyncSpeechStream(self._open(speech_stream_call(request, extra_body), options))


class SpeechSynthesis:
    """Texts read aloud (`client.audio.speech`)."""

    def __init__(self, run: Run, open_stream: Open) -> None:
        self._run = run
        self.with_streaming_response = SpokenStreams(open_stream)

    def create(
        self,
        *,
        options: CallOptions | None = None,
        extra_body: Mapping[str, JsonValue] | None = None,
        **request: Unpack[SpeechRequest],
    ) -> Speech:
        """Read a text aloud, and return the whole sound (`POST /audio/speech`).

        Each call is paid for, so it is sent again only if it was never sent, or after a 429.

        Args:
            options: Time limits, retries and headers of this call.
            extra_body: Fields that `SpeechRequest` does not list; they win over it.
            **request: The body's fields; those that are `None` are not sent.

        Raises:
            ConfigurationError: An argument of the wrong kind, before any request.
            SiliconFlowError: Every other failure; see `siliconflow_client.errors`.
        """
        return self._run(speech_call(request, extra_body), options)

    def stream(
        self,
        *,
        options: CallOptions | None = None,
        extra_body: Mapping[str, JsonValue] | None = None,
        **request: Unpack[SpeechRequest],
    ) -> SpeechStream:
        """Read a text aloud piece by piece; nothing is sent before the stream is read.

        `stream(…).save(path)` writes a file without holding the sound in memory.
        """
        return self.with_streaming_response.create(
            options=options, extra_body=extra_body, **request
        )


class AsyncSpeechSynthesis:
    """The asynchronous twin of `SpeechSynthesis`."""

    def __init__(self, run: AsyncRun, open_stream: AsyncOpen) -> None:
        self._run = run
        self.with_streaming_response = AsyncSpokenStreams(open_stream)

    async def create(
        self,
        *,
        options: CallOptions | None = None,
        extra_body: Mapping[str, JsonValue] | None = None,
        **request: Unpack[SpeechRequest],
    ) -> Speech:
        """As `SpeechSynthesis.create`."""
        return await self._run(speech_call(request, extra_body), options)

    def stream(
        self,
        *,
        options: CallOptions | None = None,
        extra_body: Mapping[str, JsonValue] | None = None,
        **request: Unpack[SpeechRequest],
    ) -> AsyncSpeechStream:
        """As `SpeechSynthesis.stream`; called without `await`."""
        return self.with_streaming_response.create(
            options=options, extra_body=extra_body, **request
        )
