"""What a model may say to the media tools: their names, their descriptions, their arguments.

Nothing here is a path, a URL or a model id: those are the developer's (`MediaSettings`).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import ClassVar, Final, Literal, TypeAlias

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from siliconflow_client.catalogue.parameters import parameters_of
from siliconflow_client.endpoints.speech import VoiceName
from siliconflow_client.errors.redaction import printable
from siliconflow_client.errors.tree import (
    AuthenticationError,
    ConfigurationError,
    GoneError,
    InsufficientBalanceError,
    ModelNotFoundError,
    PermissionDeniedError,
    SiliconFlowError,
)

MOST_PROMPT: Final = 20_000
"""Characters of a prompt: a model that repeats itself has no limit, and no source tells the
server's."""
MOST_SPOKEN: Final = 128_000
"""Characters of a text to speak (docs/wire.md#audio)."""
_UNKNOWN: Final = "arguments"
_LONGEST_PLACE: Final = 60
_MOST_COMPLAINTS: Final = 8
VideoSize: TypeAlias = Literal["1280x720", "720x1280", "960x960"]

_SIZE: Final = r"^[0-9]{2,5}x[0-9]{2,5}$"
_SEED: Final = parameters_of("images")["seed"].description
_NEGATIVE: Final = parameters_of("images")["negative_prompt"].description
_FILE: Final = (
    "Name of a file, without a path, as an earlier tool told it or as the user has put it there."
)


class MediaArguments(BaseModel):
    """What one tool takes; its errors do not show what was given."""

    model_config = ConfigDict(
        extra="forbid", hide_input_in_errors=True, str_strip_whitespace=True, frozen=True
    )

    prompts: ClassVar[tuple[str, ...]] = ()
    """The fields that hold a prompt."""

    def texts(self) -> list[str]:
        """The prompts among the arguments, which no error may show."""
        values: list[object] = [getattr(self, name) for name in self.prompts]
        return [value for value in values if isinstance(value, str)]


class _Prompted(MediaArguments):
    prompts: ClassVar[tuple[str, ...]] = ("prompt", "negative_prompt")

    prompt: str = Field(
        min_length=1,
        max_length=MOST_PROMPT,
        description="What is to be seen, in detail.",
        repr=False,
    )
    negative_prompt: str | None = Field(
        default=None, max_length=MOST_PROMPT, description=_NEGATIVE, repr=False
    )
    seed: int | None = Field(default=None, description=_SEED)


class GenerateImage(_Prompted):
    """Arguments of `generate_image`."""

    image_size: str | None = Field(
        default=None,
        pattern=_SIZE,
        description="Width and height in pixels, such as 1328x1328, 1664x928 or 928x1664; leave "
        "it out for a square.",
    )


class EditImage(_Prompted):
    """Arguments of `edit_image`."""

    images: list[str] = Field(
        min_length=1, max_length=3, description=f"One to three images. {_FILE}"
    )


class CreateSpeech(MediaArguments):
    """Arguments of `create_speech`."""

    prompts: ClassVar[tuple[str, ...]] = ("text",)

    text: str = Field(
        min_length=1, max_length=MOST_SPOKEN, description="What is to be said.", repr=False
    )
    voice: VoiceName | None = Field(
        default=None, description="Who speaks; leave it out for the usual voice."
    )
    speed: float | None = Field(
        default=None,
        allow_inf_nan=False,
        description=parameters_of("speech")["speed"].description,
    )


class TranscribeAudio(MediaArguments):
    """Arguments of `transcribe_audio`."""

    file: str = Field(description=f"The recording, up to one hour and 50 MB. {_FILE}")


class SubmitVideo(_Prompted):
    """Arguments of `submit_video`."""

    image: str | None = Field(
        default=None, description=f"The image that the film begins with. {_FILE}"
    )
    image_size: VideoSize | None = Field(
        default=None, description=parameters_of("video")["image_size"].description
    )


class VideoStatusOf(MediaArguments):
    """Arguments of `video_status`."""

    request_id: str = Field(
        min_length=1, max_length=200, description="As submit_video has told it."
    )


AnyArguments: TypeAlias = (
    GenerateImage | EditImage | CreateSpeech | TranscribeAudio | SubmitVideo | VideoStatusOf
)
_HOPELESS: Final = (
    AuthenticationError,
    GoneError,
    InsufficientBalanceError,
    ModelNotFoundError,
    PermissionDeniedError,
)
"""Key, money and model are the developer's: no agent can do anything about them."""


@dataclass(frozen=True, slots=True)
class MediaTool:
    """A tool as a model sees it.

    Attributes:
        name: The same in both frameworks.
        description: What it does, for the model.
        arguments: A pydantic class; its JSON schema goes to the model.
    """

    name: str
    description: str
    arguments: type[AnyArguments]

    def checked(self, arguments: Mapping[str, object]) -> AnyArguments:
        """Check what a model said.

        Raises:
            ConfigurationError: It is not what the tool takes; the text names what, and shows none
                of it.
        """
        refused: ConfigurationError | None = None
        try:
            return self.arguments.model_validate(
                {name: value for name, value in arguments.items() if value is not None}
            )
        except ValidationError as error:
            refused = self.refusal(error)
        raise refused  # outside, or pydantic's error would go along

    def refusal(self, error: ValidationError) -> ConfigurationError:
        """Say what is wrong with arguments, without the values."""
        complaints = words_of(error)
        return ConfigurationError(
            f"{self.name} was not called: {'; '.join(complaints.values())}.",
            argument=next(iter(complaints), None),
            hint="call it again with other arguments.",
        )

    def can_go_on(self, error: SiliconFlowError) -> bool:
        """Whether an agent that is told of an error can go on: ask otherwise, later, or without.

        It cannot where the key, the account, the model or the folder is wrong: that is for the
        developer to hear.
        """
        if isinstance(error, ConfigurationError):
            place = (error.argument or "").partition("[")[0].partition(".")[0]
            return place in self.arguments.model_fields or place == _UNKNOWN
        return not isinstance(error, _HOPELESS)


def words_of(error: ValidationError) -> dict[str, str]:
    """What pydantic refused, by the field's name; without the values, which may be prompts."""
    found: dict[str, str] = {}
    for detail in error.errors(include_url=False, include_context=False, include_input=False):
        # A name that a model made up is its own text.
        is_known = detail["type"] != "extra_forbidden"
        place = _place(detail["loc"]) if is_known else _UNKNOWN
        place = printable(place)[:_LONGEST_PLACE]
        found.setdefault(place, f"{place}: {detail['msg']}")
    return dict(list(found.items())[:_MOST_COMPLAINTS])


def _place(location: tuple[str | int, ...]) -> str:
    """As `images[0]`."""
    first, *rest = location
    return f"{first}{''.join(f'[{part}]' for part in rest)}"


_TOOLS: Final = (
    MediaTool(
        "generate_image",
        "Make an image from a description, and save it as a file. Answers with the file's name.",
        GenerateImage,
    ),
    MediaTool(
        "edit_image",
        "Change an image, or put up to three together, as a description says, and save the result "
        "as a new file. Answers with the new file's name.",
        EditImage,
    ),
    MediaTool(
        "create_speech",
        "Read a text aloud, and save the sound as a file. Answers with the file's name.",
        CreateSpeech,
    ),
    MediaTool(
        "transcribe_audio",
        "Write down what is said in a recording. Answers with the words.",
        TranscribeAudio,
    ),
    MediaTool(
        "submit_video",
        "Order a short film from a description, or one that begins with an image. It takes "
        "minutes: the answer is a request_id at once, for video_status.",
        SubmitVideo,
    ),
    MediaTool(
        "video_status",
        "Ask how far an ordered film is, and wait a while for it. Answers with the name of the "
        "film's file once it is made, else with its state: then ask again later.",
        VideoStatusOf,
    ),
)
MEDIA_TOOLS: Final[Mapping[str, MediaTool]] = {tool.name: tool for tool in _TOOLS}
"""All tools, by name."""
