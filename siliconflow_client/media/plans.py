"""One call of a media tool as a flow: the request, and what it made brought into the folder.

A flow has one deadline for all of it, so no tool takes longer than `max_wait`, and sync and async
cannot differ.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final, assert_never, cast

from siliconflow_client.endpoints.images import ImageRequest, images_call
from siliconflow_client.endpoints.saved_files import SaveFiles
from siliconflow_client.endpoints.speech import SpeechRequest, speech_call
from siliconflow_client.endpoints.transcriptions import transcription_call
from siliconflow_client.endpoints.video_jobs import VideoStatus, wait_plan
from siliconflow_client.endpoints.videos import VideoRequest, submit_call
from siliconflow_client.errors.redaction import printable
from siliconflow_client.errors.tree import (
    APITimeoutError,
    ConfigurationError,
    SiliconFlowError,
)
from siliconflow_client.media.arguments import (
    AnyArguments,
    CreateSpeech,
    EditImage,
    GenerateImage,
    SubmitVideo,
    TranscribeAudio,
    VideoStatusOf,
)
from siliconflow_client.media.folder import MediaFolder
from siliconflow_client.media.results import MediaResult, film, heard, ordered, saved
from siliconflow_client.media.settings import MediaSettings
from siliconflow_client.protocol.actions import Flow
from siliconflow_client.protocol.context import RequestContext
from siliconflow_client.protocol.files import suffix_for, write_whole

_SLOTS: Final = ("image", "image2", "image3")
_KONTEXT_SLOTS: Final = ("input_image",)
"""FLUX Kontext takes one image, under another name (docs/wire.md#images)."""
_SHORTEST_PROMPT: Final = 4
_SHORTEST_REST: Final = 8
_LINES: Final = 200
_RECOGNISED: Final = 40
"""Characters by which a prompt is found in the words of a server, which may break it off."""


@dataclass(frozen=True, slots=True)
class MediaPlan:
    """A call of a tool.

    Attributes:
        arguments: What the model said, checked.
        settings: What the developer decided.
    """

    arguments: AnyArguments
    settings: MediaSettings

    def flow(self, context: RequestContext) -> Flow[MediaResult]:
        """Do it.

        Raises:
            SiliconFlowError: As the endpoint; no prompt is shown, even where the server repeats it.
        """
        try:
            return (yield from self._flow(context))
        except SiliconFlowError as error:
            hide(error, self.arguments.texts())
            raise

    def _flow(self, context: RequestContext) -> Flow[MediaResult]:
        match self.arguments:
            case GenerateImage() as arguments:
                return self._images(context, self.settings.image_model, arguments, {})
            case EditImage() as arguments:
                return self._images(
                    context, self.settings.edit_model, arguments, self._sources(arguments)
                )
            case CreateSpeech() as arguments:
                return self._speech(context, arguments)
            case TranscribeAudio() as arguments:
                return self._transcription(context, arguments)
            case SubmitVideo() as arguments:
                return self._order(context, arguments)
            case VideoStatusOf() as arguments:
                return self._look(context, arguments)
            case _:
                assert_never(self.arguments)

    @property
    def _folder(self) -> MediaFolder:
        return MediaFolder(self.settings.folder)

    def _sources(self, arguments: EditImage) -> dict[str, object]:
        slots = _KONTEXT_SLOTS if "Kontext" in self.settings.edit_model else _SLOTS
        if len(arguments.images) > len(slots):
            raise ConfigurationError(
                f"images: {self.settings.edit_model} edits {len(slots)} at a time.",
                argument="images",
            )
        return {
            slot: self._folder.image(name, f"images[{position}]")
            for position, (slot, name) in enumerate(zip(slots, arguments.images, strict=False))
        }

    def _images(
        self,
        context: RequestContext,
        model: str,
        arguments: GenerateImage | EditImage,
        sources: dict[str, object],
    ) -> Flow[MediaResult]:
        fields = arguments.model_dump(exclude={"images"}, exclude_none=True)
        request = cast("ImageRequest", {"model": model, **fields, **sources})
        made = yield from images_call(request, self.settings.image_parameters).flow(context)
        save = SaveFiles(
            tuple(made.images),
            made.hosts,
            self.settings.folder,
            "image",
            self.settings.max_bytes,
        )
        paths = yield from save.flow(context)
        return saved("image", paths, seed=made.seed, trace_id=made.trace_id)

    def _speech(self, context: RequestContext, arguments: CreateSpeech) -> Flow[MediaResult]:
        settings = self.settings
        request: SpeechRequest = {
            "model": settings.speech_model,
            "input": arguments.text,
            "response_format": settings.speech_format,
        }
        if settings.speech_parameters.get("references") is None:
            request["voice"] = arguments.voice or settings.voice
        if arguments.speed is not None:
            request["speed"] = arguments.speed
        made = yield from speech_call(request, settings.speech_parameters).flow(context)
        stem = f"speech-{hashlib.sha256(made.content).hexdigest()[:16]}"
        suffix = (
            ".pcm"  # it has no beginning to be known by
            if settings.speech_format == "pcm"
            else suffix_for(made.content_type, made.content[:16])
        )
        path = write_whole(settings.folder / (stem + suffix), made.content)
        return saved("speech", [path], trace_id=made.trace_id)

    def _transcription(
        self, context: RequestContext, arguments: TranscribeAudio
    ) -> Flow[MediaResult]:
        with self._folder.recording(arguments.file, "file") as file:
            call = transcription_call(
                {"model": self.settings.transcription_model, "file": file}, None
            )
            return heard((yield from call.flow(context)))

    def _order(self, context: RequestContext, arguments: SubmitVideo) -> Flow[MediaResult]:
        fields = arguments.model_dump(exclude={"image"}, exclude_none=True)
        fields["model"] = self.settings.video_model
        if arguments.image is not None:
            fields["model"] = self.settings.image_video_model
            fields["image"] = self._folder.image(arguments.image, "image")
        call = submit_call(cast("VideoRequest", fields), self.settings.video_parameters)
        return ordered((yield from call.flow(context)))

    def _look(self, context: RequestContext, arguments: VideoStatusOf) -> Flow[MediaResult]:
        seen: list[VideoStatus] = []
        settings = self.settings
        wait = wait_plan(
            arguments.request_id, settings.poll, seen.append, settings.folder, settings.max_bytes
        )
        try:
            status = yield from wait.flow(context)
        except APITimeoutError as error:
            # A film that is not made in time is an answer; one that was not fetched is a failure.
            if error.phase != "deadline" or not seen or seen[-1].is_done:
                raise
            status = seen[-1]
        return film(arguments.request_id, status)


def hide(error: SiliconFlowError, prompts: Iterable[str]) -> None:
    """Take prompts out of an error whose server repeated them, as they were or as JSON."""
    message = error.message
    for prompt in prompts:
        for line in prompt.splitlines()[:_LINES]:
            for shown in (printable(line.strip()), json.dumps(line.strip())[1:-1]):
                message = _without(message, shown)
    if message != error.message:
        error.message = message
        error.args = (message,)


def _without(message: str, words: str) -> str:
    if len(words) < _SHORTEST_PROMPT:
        return message
    message = message.replace(words, "…")
    at = message.find(words[:_RECOGNISED])
    if at >= 0:
        return f"{message[:at]}…"
    # Broken off, and within the first characters.
    end = message.removesuffix("…")
    for length in range(min(len(words), _RECOGNISED), _SHORTEST_REST - 1, -1):
        if end.endswith(words[:length]):
            return f"{end[:-length]}…"
    return message
