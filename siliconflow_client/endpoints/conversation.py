"""Wire types of a conversation: messages, their parts, tools and calls.

They describe; they do not validate. Field names are the API's own
(https://docs.siliconflow.cn/cn/api-reference/chat-completions/chat-completions).
"""

from __future__ import annotations

from typing import Literal, NotRequired, Required, TypeAlias, TypedDict

from siliconflow_client._json import JsonObject

Role: TypeAlias = Literal["system", "user", "assistant", "tool"]
ReasoningReplay: TypeAlias = Literal["tool_loop", "always", "never"]
"""Which assistant turns carry `reasoning_content` back to the API."""


class TextPart(TypedDict):
    type: Literal["text"]
    text: str


class ImageUrl(TypedDict):
    url: str
    detail: NotRequired[str]


class VideoUrl(TypedDict):
    url: str
    detail: NotRequired[str]
    max_frames: NotRequired[int]
    fps: NotRequired[float]


class AudioUrl(TypedDict):
    url: str


class ImagePart(TypedDict):
    type: Literal["image_url"]
    image_url: ImageUrl


class VideoPart(TypedDict):
    type: Literal["video_url"]
    video_url: VideoUrl


class AudioPart(TypedDict):
    type: Literal["audio_url"]
    audio_url: AudioUrl


ContentPart: TypeAlias = TextPart | ImagePart | VideoPart | AudioPart


class FunctionCall(TypedDict):
    name: str
    arguments: str


class ToolCallParam(TypedDict):
    id: str
    type: Literal["function"]
    function: FunctionCall


class Message(TypedDict, total=False):
    """One turn. `content` is a string, or a list of parts for models with eyes and ears."""

    role: Required[str]
    content: Required[str | list[ContentPart]]
    name: str
    reasoning_content: str
    tool_calls: list[ToolCallParam]
    tool_call_id: str
    prefix: bool


class FunctionDefinition(TypedDict, total=False):
    name: Required[str]
    description: str
    parameters: JsonObject
    strict: bool | None


class Tool(TypedDict):
    type: Literal["function"]
    function: FunctionDefinition


class NamedFunction(TypedDict):
    name: str


class NamedToolChoice(TypedDict):
    type: Literal["function"]
    function: NamedFunction


ToolChoice: TypeAlias = Literal["auto", "none", "required"] | NamedToolChoice
