"""What a developer decides for the media tools and the readers; a model decides none of it.

Both adapters' classes inherit these fields, so that they have the same names and meanings there.
"""

from __future__ import annotations

import warnings
from pathlib import Path
from typing import Literal

from pydantic import BaseModel, ConfigDict, Field, JsonValue, ValidationError

from siliconflow_client.catalogue.defaults import (
    DEFAULT_IMAGE_EDIT_MODEL,
    DEFAULT_IMAGE_MODEL,
    DEFAULT_IMAGE_VIDEO_MODEL,
    DEFAULT_OCR_MODEL,
    DEFAULT_SPEECH_MODEL,
    DEFAULT_TRANSCRIPTION_MODEL,
    DEFAULT_VIDEO_MODEL,
)
from siliconflow_client.endpoints.chat import ChatCompletion, ChatRequest
from siliconflow_client.endpoints.video_jobs import POLL_SECONDS
from siliconflow_client.errors.tree import ConfigurationError
from siliconflow_client.media.arguments import words_of
from siliconflow_client.media.reading import (
    OCR_PROMPT,
    DocumentSource,
    file_name,
    ocr_request,
    ocr_text,
)
from siliconflow_client.protocol.downloads import MOST_BYTES


class CheckedSettings(BaseModel):
    """Settings whose errors are this package's, and show no values."""

    model_config = ConfigDict(hide_input_in_errors=True)

    def __init__(self, **fields: object) -> None:
        refused: ConfigurationError | None = None
        try:
            super().__init__(**fields)
        except ValidationError as error:
            refused = _refusal(type(self).__name__, error)
        if refused is not None:
            raise refused  # outside, or pydantic's error would go along and show the values


class MediaSettings(CheckedSettings):
    """Where the files of the media tools are, how long anyone waits, and who makes what.

    Raises:
        ConfigurationError: A setting of the wrong kind.
    """

    folder: Path = Field(
        default=Path("out"),
        description="The only folder that is written to and read from; made when it is needed.",
    )
    max_wait: float = Field(
        default=300.0,
        gt=0,
        allow_inf_nan=False,
        description="Most seconds that one call of a tool takes, downloads included.",
    )
    max_bytes: int = Field(
        default=MOST_BYTES, gt=0, description="Most bytes of one image or film that is fetched."
    )
    poll: float = Field(
        default=POLL_SECONDS,
        gt=0,
        allow_inf_nan=False,
        description="Seconds between two looks at a film.",
    )
    image_model: str = Field(default=DEFAULT_IMAGE_MODEL, description="Makes images.")
    edit_model: str = Field(default=DEFAULT_IMAGE_EDIT_MODEL, description="Edits images.")
    speech_model: str = Field(default=DEFAULT_SPEECH_MODEL, description="Reads texts aloud.")
    voice: str = Field(
        default="alex",
        description="Who speaks where the model names no one: a name, or the URI of an own voice.",
    )
    speech_format: Literal["mp3", "opus", "wav", "pcm"] = Field(
        default="mp3", description="The format of spoken files."
    )
    transcription_model: str = Field(
        default=DEFAULT_TRANSCRIPTION_MODEL, description="Writes recordings down."
    )
    image_parameters: dict[str, JsonValue] = Field(
        default_factory=dict,
        description="Further fields for making and editing images, such as num_inference_steps, "
        "batch_size or cfg; they win over what the model says.",
    )
    speech_parameters: dict[str, JsonValue] = Field(
        default_factory=dict,
        description="The same for speech: sample_rate, gain, max_tokens; or references, which are "
        "sent in place of a voice.",
    )
    video_parameters: dict[str, JsonValue] = Field(
        default_factory=dict, description="The same for films."
    )
    video_model: str = Field(default=DEFAULT_VIDEO_MODEL, description="Makes films from words.")
    image_video_model: str = Field(
        default=DEFAULT_IMAGE_VIDEO_MODEL, description="Makes films that begin with an image."
    )


class OCRSettings(CheckedSettings):
    """How images and PDF files are read.

    Raises:
        ConfigurationError: A setting of the wrong kind.
    """

    model: str = Field(
        default=DEFAULT_OCR_MODEL,
        description="Reads the file; one that sees, for PDF files one that takes them.",
    )
    prompt: str = Field(
        default=OCR_PROMPT,
        description="What is to be done, in the form that the model asks for.",
    )
    max_tokens: int | None = Field(
        default=None, gt=0, description="Longest answer, in tokens; not sent when None."
    )
    temperature: float | None = Field(
        default=0,
        ge=0,
        allow_inf_nan=False,
        description="0 for what stands there and nothing else; not sent when None.",
    )
    boxes: bool = Field(
        default=False, description="Keep the marks that say where each part stands on the page."
    )

    def _request(self, source: DocumentSource) -> ChatRequest:
        request = ocr_request(
            source, model=self.model, prompt=self.prompt, max_tokens=self.max_tokens
        )
        if self.temperature is not None:
            request["temperature"] = self.temperature
        return request

    def _text(self, answer: ChatCompletion, name: str) -> str:
        """What was read; a file that is longer than the answer may be is warned of by name."""
        if answer.finish_reason == "length":
            warnings.warn(
                f"{file_name(name)}: the text ends in the middle, since the answer is as long as "
                "it may be. Raise max_tokens, or split the file.",
                stacklevel=4,
            )
        return answer.text if self.boxes else ocr_text(answer.text, self.prompt)


def _refusal(owner: str, error: ValidationError) -> ConfigurationError:
    complaints = words_of(error)
    return ConfigurationError(
        f"{owner} cannot be made: {'; '.join(complaints.values())}.",
        argument=next(iter(complaints), None),
    )
