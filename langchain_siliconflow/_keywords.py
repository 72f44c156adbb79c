"""The keywords of the constructors, for type checkers: a misspelt one is an error there too.

Fields and the other packages' names for them (`_params`); a test compares. Nothing reads these
classes at run time, where `resolve_keywords` decides.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, Any, Literal, TypedDict

if TYPE_CHECKING:
    from pathlib import Path

    from httpx import AsyncClient, Client, Timeout
    from langchain_core.caches import BaseCache
    from langchain_core.callbacks import Callbacks
    from langchain_core.language_models import ModelProfile
    from langchain_core.rate_limiters import BaseRateLimiter
    from langchain_core.tools import ToolException
    from pydantic import SecretStr

    from langchain_siliconflow._settings import KeySource
    from siliconflow_client import EmptyAnswers, Limits, LongAnswers, OnUsage, ReasoningReplay


class ConnectionKeywords(TypedDict, total=False):
    """Where to ask, with which key, how long to wait."""

    api_key: str | SecretStr | KeySource | None
    base_url: str | None
    timeout: float | Timeout | None
    deadline: float | None
    max_retries: int | None
    default_headers: Mapping[str, str] | None
    allow_http: bool
    async_transport: Literal["auto", "httpx", "aiohttp"] | None
    max_answer_bytes: int | None
    limits: Limits | None
    on_usage: OnUsage | None
    http_client: Client | None
    async_http_client: AsyncClient | None

    siliconflow_api_key: str | SecretStr | KeySource | None
    openai_api_key: str | SecretStr | KeySource | None
    siliconflow_api_base: str | None
    openai_api_base: str | None
    api_base: str | None
    request_timeout: float | Timeout | None
    http_async_client: AsyncClient | None


class LanguageModelKeywords(ConnectionKeywords, total=False):
    """What LangChain's models have, and what both of ours take."""

    name: str | None
    cache: BaseCache | bool | None
    verbose: bool
    callbacks: Callbacks
    tags: list[str] | None
    metadata: dict[str, Any] | None
    custom_get_token_ids: Callable[[str], list[int]] | None

    model: str
    model_name: str
    max_tokens: int | None
    max_completion_tokens: int | None
    temperature: float | None
    top_p: float | None
    top_k: int | None
    min_p: float | None
    frequency_penalty: float | None
    presence_penalty: float | None
    seed: int | None
    n: int | None
    stop: list[str] | str | None
    stop_sequences: list[str] | str | None
    suffix: str | None
    enable_thinking: bool | None
    stream_usage: bool
    empty_answers: EmptyAnswers | None
    long_answers: LongAnswers | None
    fallback_models: list[str] | None
    mend_reasoning: bool | None
    tool_markup: bool | None
    extra_body: dict[str, Any] | None
    model_kwargs: dict[str, Any]


class ChatKeywords(LanguageModelKeywords, total=False):
    """The keywords of `ChatSiliconFlow`."""

    rate_limiter: BaseRateLimiter | None
    disable_streaming: bool | Literal["tool_calling"]
    output_version: str | None
    profile: ModelProfile | None

    response_format: dict[str, Any] | type | None
    parallel_tool_calls: bool | None
    thinking_budget: int | None
    reasoning_effort: str | None
    reasoning_replay: ReasoningReplay
    prefix: str | None
    logprobs: bool | None
    top_logprobs: int | None
    logit_bias: Mapping[str, float] | Mapping[int, float] | Mapping[str | int, float] | None
    user: str | None
    streaming: bool


class TextKeywords(LanguageModelKeywords, total=False):
    """The keywords of `SiliconFlowLLM`."""

    endpoint: Literal["completions", "chat"]
    repetition_penalty: float | None
    logit_bias: Mapping[str, float] | Mapping[int, float] | Mapping[str | int, float] | None
    max_concurrency: int


class EmbeddingKeywords(ConnectionKeywords, total=False):
    """The keywords of `SiliconFlowEmbeddings`."""

    model: str
    model_name: str
    dimensions: int | None
    encoding_format: Literal["float", "base64"] | None
    chunk_size: int
    max_concurrency: int
    truncate: bool
    show_progress_bar: bool
    user: str | None
    model_kwargs: dict[str, Any]


class RerankKeywords(ConnectionKeywords, total=False):
    """The keywords of `SiliconFlowRerank`."""

    model: str
    model_name: str
    top_n: int | None
    instruction: str | None
    max_chunks_per_doc: int | None
    overlap_tokens: int | None
    chunk_size: int
    max_concurrency: int
    show_progress_bar: bool
    model_kwargs: dict[str, Any]


class ToolkitKeywords(ConnectionKeywords, total=False):
    """The keywords of `SiliconFlowToolkit`."""

    folder: str | Path
    max_wait: float
    max_bytes: int
    poll: float
    image_model: str
    edit_model: str
    speech_model: str
    voice: str
    speech_format: Literal["mp3", "opus", "wav", "pcm"]
    transcription_model: str
    image_parameters: dict[str, Any]
    speech_parameters: dict[str, Any]
    video_parameters: dict[str, Any]
    video_model: str
    image_video_model: str
    handle_tool_error: (
        bool | str | Callable[[ToolException], str | Sequence[str | dict[str, Any]]] | None
    )


class AudioParserKeywords(ConnectionKeywords, total=False):
    """The keywords of `SiliconFlowAudioParser`."""

    model: str


class OCRParserKeywords(ConnectionKeywords, total=False):
    """The keywords of `SiliconFlowOCRParser`."""

    model: str
    prompt: str
    max_tokens: int | None
    temperature: float | None
    boxes: bool
