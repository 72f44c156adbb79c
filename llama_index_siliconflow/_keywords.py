"""The keywords of the constructors, for type checkers: a misspelt one is an error there too.

What stands in a constructor's signature by itself is not repeated here; a test compares the rest
with the fields. Nothing reads these classes at run time, where `translated` decides.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Literal, TypedDict

if TYPE_CHECKING:
    from collections.abc import Mapping

    from httpx import AsyncClient, Client
    from llama_index.core.callbacks import CallbackManager
    from llama_index.core.llms.llm import CompletionToPromptType, MessagesToPromptType
    from llama_index.core.prompts.base import BasePromptTemplate
    from llama_index.core.types import BaseOutputParser, PydanticProgramMode
    from pydantic import SecretStr

    from llama_index_siliconflow._connection import KeySource
    from siliconflow_client import EmptyAnswers, Limits, LongAnswers, OnUsage, ReasoningReplay


class SiteKeywords(TypedDict, total=False):
    """Where to ask, and how long to wait."""

    api_base: str | None
    deadline: float | None
    default_headers: Mapping[str, str] | None
    extra_headers: Mapping[str, str] | None
    allow_http: bool
    async_transport: Literal["auto", "httpx", "aiohttp"] | None
    max_answer_bytes: int | None
    limits: Limits | None
    on_usage: OnUsage | None


class ConnectionKeywords(SiteKeywords, total=False):
    """What goes to the site beside the fields, too."""

    additional_kwargs: Mapping[str, Any]
    extra_body: Mapping[str, Any] | None


class LanguageModelKeywords(ConnectionKeywords, total=False):
    """What LlamaIndex's models have, and what both of ours take."""

    callback_manager: CallbackManager | None
    rate_limiter: Any
    system_prompt: str | None
    messages_to_prompt: MessagesToPromptType | None
    completion_to_prompt: CompletionToPromptType | None
    output_parser: BaseOutputParser | None
    pydantic_program_mode: PydanticProgramMode
    query_wrapper_prompt: BasePromptTemplate | None

    empty_answers: EmptyAnswers | None
    long_answers: LongAnswers | None
    fallback_models: list[str] | None
    mend_reasoning: bool
    tool_markup: bool | None
    top_p: float | None
    top_k: int | None
    min_p: float | None
    presence_penalty: float | None
    seed: int | None
    n: int | None
    logit_bias: Mapping[str, float] | Mapping[int, float] | Mapping[str | int, float] | None
    enable_thinking: bool | None
    stream_usage: bool
    context_window: int | None


class ChatKeywords(LanguageModelKeywords, total=False):
    """The further keywords of `SiliconFlow`."""

    response_format: Mapping[str, Any] | None
    thinking_budget: int | None
    reasoning_effort: str | None
    reasoning_replay: ReasoningReplay
    parallel_tool_calls: bool | None
    prefix: str | None
    suffix: str | None
    logprobs: bool | None
    top_logprobs: int | None
    user: str | None
    num_output: int | None
    is_chat_model: Literal[True]
    is_function_calling_model: bool | None
    strict: bool | None
    relax_tool_choice: bool
    should_use_structured_outputs: bool
    structured_output_mode: Literal["json_schema", "json_object"] | None


class TextKeywords(LanguageModelKeywords, total=False):
    """The further keywords of `SiliconFlowCompletion`."""

    timeout: float | None
    max_retries: int
    temperature: float | None
    max_tokens: int | None
    frequency_penalty: float | None
    repetition_penalty: float | None
    stop: str | list[str] | None


class EmbeddingKeywords(ConnectionKeywords, total=False):
    """The further keywords of `SiliconFlowEmbedding` and `SiliconFlowMultiModalEmbedding`."""

    timeout: float | None
    embed_batch_size: int
    num_workers: int | None
    embeddings_cache: Any
    rate_limiter: Any
    dimensions: int | None
    query_instruction: str | None
    max_batch: int
    max_image_batch: int
    max_concurrency: int


class RerankKeywords(ConnectionKeywords, total=False):
    """The further keywords of `SiliconFlowRerank`."""

    callback_manager: CallbackManager | None
    timeout: float | None
    max_retries: int
    max_batch: int
    max_concurrency: int
    show_progress: bool


class MediaKeywords(SiteKeywords, total=False):
    """What the classes without models of LlamaIndex's share."""

    api_key: str | SecretStr | KeySource | None
    base_url: str | None
    timeout: float | None
    max_retries: int


class ToolSpecKeywords(MediaKeywords, total=False):
    """The further keywords of `SiliconFlowToolSpec`."""

    http_client: Client | None
    async_http_client: AsyncClient | None
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


class AudioReaderKeywords(MediaKeywords, total=False):
    """The further keywords of `SiliconFlowAudioReader`."""

    is_remote: bool
    model: str


class OCRReaderKeywords(MediaKeywords, total=False):
    """The further keywords of `SiliconFlowOCRReader`."""

    is_remote: bool
    model: str
    prompt: str
    max_tokens: int | None
    temperature: float | None
    boxes: bool
