"""Wire types: the JSON that goes to SiliconFlow and comes back, as `TypedDict`s.

They describe; they do not validate. Field names, ranges and defaults are the API's own
(https://docs.siliconflow.cn/cn/api-reference/chat-completions/chat-completions). Keys that a
response may lack are `NotRequired`, and values that were seen as `null` say so.
"""

from __future__ import annotations

from typing import Literal, NotRequired, Required, TypeAlias, TypedDict

JsonValue: TypeAlias = "str | int | float | bool | list[JsonValue] | dict[str, JsonValue] | None"
JsonObject: TypeAlias = dict[str, JsonValue]

Role: TypeAlias = Literal["system", "user", "assistant", "tool"]
ReasoningReplay: TypeAlias = Literal["tool_loop", "always", "never"]
"""Which assistant turns carry `reasoning_content` back to the API."""


# --- requests -----------------------------------------------------------------------------


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


class ChatRequest(TypedDict, total=False):
    """Body of `POST /chat/completions`; `stream` is set by the method that is called."""

    model: Required[str]
    messages: Required[list[Message]]
    max_tokens: int
    temperature: float
    top_p: float
    top_k: int
    min_p: float
    frequency_penalty: float
    presence_penalty: float
    seed: int
    n: int
    stop: str | list[str]
    response_format: JsonObject
    tools: list[Tool]
    tool_choice: ToolChoice
    parallel_tool_calls: bool
    enable_thinking: bool
    thinking_budget: int
    reasoning_effort: str
    prefix: str
    suffix: str
    logprobs: bool
    top_logprobs: int
    logit_bias: dict[str, float]
    user: str


class CompletionRequest(TypedDict, total=False):
    """Body of `POST /completions`."""

    model: Required[str]
    prompt: Required[str]
    suffix: str
    max_tokens: int
    temperature: float
    top_p: float
    top_k: int
    min_p: float
    frequency_penalty: float
    presence_penalty: float
    repetition_penalty: float
    seed: int
    n: int
    stop: str | list[str]
    logit_bias: dict[str, float]


class EmbeddingRequest(TypedDict, total=False):
    """Body of `POST /embeddings`; at most 32 inputs (the server refuses more than 64)."""

    model: Required[str]
    input: Required[str | list[str] | list[JsonObject]]
    dimensions: int
    encoding_format: Literal["float", "base64"]
    user: str
    truncate: Literal["left", "right"]


class RerankRequest(TypedDict, total=False):
    """Body of `POST /rerank`."""

    model: Required[str]
    query: Required[str]
    documents: Required[list[str]]
    top_n: int
    return_documents: bool
    instruction: str
    max_chunks_per_doc: int
    overlap_tokens: int


# --- responses ----------------------------------------------------------------------------


class CompletionTokensDetails(TypedDict, total=False):
    reasoning_tokens: int | None


class PromptTokensDetails(TypedDict, total=False):
    cached_tokens: int | None


class UsageDict(TypedDict, total=False):
    prompt_tokens: int
    completion_tokens: int
    total_tokens: int
    completion_tokens_details: CompletionTokensDetails | None
    prompt_tokens_details: PromptTokensDetails | None
    prompt_cache_hit_tokens: int | None
    prompt_cache_miss_tokens: int | None


class FunctionFragment(TypedDict, total=False):
    name: str | None
    arguments: str | None


class ToolCallFragment(TypedDict, total=False):
    index: int | None
    id: str | None
    type: str | None
    function: FunctionFragment | None


class DeltaDict(TypedDict, total=False):
    role: str | None
    content: str | None
    reasoning_content: str | None
    tool_calls: list[ToolCallFragment] | None


class ChunkChoice(TypedDict, total=False):
    index: int
    delta: DeltaDict | None
    finish_reason: str | None
    logprobs: JsonObject | None


class ChatChunkDict(TypedDict, total=False):
    """One `data:` line of a chat stream."""

    id: str
    object: str
    created: int
    model: str
    choices: list[ChunkChoice]
    usage: UsageDict | None
    system_fingerprint: str | None


class MessageDict(TypedDict, total=False):
    role: str
    content: str | None
    reasoning_content: str | None
    tool_calls: list[ToolCallFragment] | None


class ChoiceDict(TypedDict, total=False):
    index: int
    message: MessageDict
    finish_reason: str | None
    logprobs: JsonObject | None


class ChatCompletionDict(TypedDict, total=False):
    """Body of a plain chat answer."""

    id: str
    object: str
    created: int
    model: str
    choices: list[ChoiceDict]
    usage: UsageDict | None
    system_fingerprint: str | None
