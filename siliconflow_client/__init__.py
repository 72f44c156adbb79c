"""A thin client for SiliconFlow's API, on httpx and pydantic.

Names are loaded when they are first used, so that importing the package costs next to nothing.

All packages log to one logger, `siliconflow`: each call at DEBUG, attempts that failed at INFO and
WARNING, never a key or a prompt (docs/logging.md).
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING

from siliconflow_client._homes import HOME_OF as _HOME_OF

if TYPE_CHECKING:
    from siliconflow_client._async_client import AsyncSiliconFlowClient
    from siliconflow_client._client import SiliconFlowClient
    from siliconflow_client._config import DEFAULT_BASE_URL, ClientConfig
    from siliconflow_client._json import JsonObject, JsonValue
    from siliconflow_client._meter import UsageMeter
    from siliconflow_client._packages import PackageConflictWarning, warn_of_conflict
    from siliconflow_client._version import __version__
    from siliconflow_client.bulk.batch_job import AsyncBatchJob, BatchJob
    from siliconflow_client.bulk.batch_job_dual import DualBatchJob
    from siliconflow_client.bulk.batch_job_progress import BatchProgress
    from siliconflow_client.bulk.embedding import EmbeddedBatch, EmbeddingCollector, ManyEmbeddings
    from siliconflow_client.bulk.reranking import ManyDocuments, RankedBatch
    from siliconflow_client.catalogue.batches import BATCH_MODELS, MAX_BATCH_LINES
    from siliconflow_client.catalogue.defaults import (
        DEFAULT_CHAT_MODEL,
        DEFAULT_EMBEDDING_MODEL,
        DEFAULT_IMAGE_EDIT_MODEL,
        DEFAULT_IMAGE_EMBEDDING_MODEL,
        DEFAULT_IMAGE_MODEL,
        DEFAULT_IMAGE_VIDEO_MODEL,
        DEFAULT_OCR_MODEL,
        DEFAULT_RERANK_MODEL,
        DEFAULT_SPEECH_MODEL,
        DEFAULT_TRANSCRIPTION_MODEL,
        DEFAULT_VIDEO_MODEL,
    )
    from siliconflow_client.catalogue.facts import (
        ModelFacts,
        ModelRetiredWarning,
        known_models,
        lookup_model,
    )
    from siliconflow_client.catalogue.media_tokens import (
        audio_tokens,
        image_tokens,
        pdf_tokens,
        video_tokens,
    )
    from siliconflow_client.catalogue.parameter import Parameter
    from siliconflow_client.catalogue.parameters import parameters_of, settings_of
    from siliconflow_client.catalogue.script_lengths import script_tokens
    from siliconflow_client.endpoints.batches import Batch, RequestCounts
    from siliconflow_client.endpoints.chat import (
        ChatChoice,
        ChatCompletion,
        ChatCompletionDict,
        ChatRequest,
    )
    from siliconflow_client.endpoints.completions import (
        CompletionRequest,
        TextChoice,
        TextCompletion,
    )
    from siliconflow_client.endpoints.conversation import (
        AudioPart,
        AudioUrl,
        ContentPart,
        FunctionCall,
        FunctionDefinition,
        ImagePart,
        ImageUrl,
        Message,
        NamedToolChoice,
        ReasoningReplay,
        TextPart,
        Tool,
        ToolCallParam,
        ToolChoice,
        VideoPart,
        VideoUrl,
    )
    from siliconflow_client.endpoints.deltas import ChatChunkDict, Delta, ToolCall, ToolCallDelta
    from siliconflow_client.endpoints.embeddings import (
        MAX_EMBEDDING_INPUTS,
        EmbeddingRequest,
        EmbeddingResult,
    )
    from siliconflow_client.endpoints.files import FileObject
    from siliconflow_client.endpoints.history import normalise_messages
    from siliconflow_client.endpoints.images import ImageRequest, ImagesResult
    from siliconflow_client.endpoints.media_counting import media_tokens
    from siliconflow_client.endpoints.media_inputs import (
        DEFAULT_IMAGE_BATCH,
        ImageSource,
        TextOrMedia,
        image_input,
        image_inputs,
    )
    from siliconflow_client.endpoints.messages_shapes import (
        MessagesAnswer,
        MessagesBlock,
        MessagesEvent,
        MessagesRequest,
        MessagesTool,
        MessagesTurn,
        MessagesUsage,
        OtherBlock,
        TextBlock,
        ThinkingBlock,
        ToolUseBlock,
    )
    from siliconflow_client.endpoints.models import ModelCard
    from siliconflow_client.endpoints.pages import Page
    from siliconflow_client.endpoints.rerank import (
        MAX_RERANK_DOCUMENTS,
        RerankHit,
        RerankRequest,
        RerankResult,
    )
    from siliconflow_client.endpoints.saved_files import ResultFile, Timings
    from siliconflow_client.endpoints.speech import Speech, SpeechReference, SpeechRequest
    from siliconflow_client.endpoints.speech_stream import AsyncSpeechStream, SpeechStream
    from siliconflow_client.endpoints.transcriptions import (
        MAX_TRANSCRIPTION_BYTES,
        Transcription,
        TranscriptionRequest,
    )
    from siliconflow_client.endpoints.usage import OnUsage, Usage, UsageDict, UsageReport
    from siliconflow_client.endpoints.user import UserInfo
    from siliconflow_client.endpoints.video_jobs import VideoJob, VideoStatus
    from siliconflow_client.endpoints.videos import VideoRequest
    from siliconflow_client.endpoints.voices import Voice, VoiceRequest
    from siliconflow_client.errors.jobs import BatchExpiredError, JobFailedError
    from siliconflow_client.errors.response import ErrorResponse
    from siliconflow_client.errors.tree import (
        APIConnectionError,
        APIResponseError,
        APIStatusError,
        APITimeoutError,
        AuthenticationError,
        BadRequestError,
        ConfigurationError,
        ContentRejectedError,
        ContextLengthError,
        EmptyAnswerError,
        GatewayTimeoutError,
        GoneError,
        InsufficientBalanceError,
        ModelNotFoundError,
        NotFoundError,
        OverloadedError,
        PayloadTooLargeError,
        PermissionDeniedError,
        RateLimitError,
        ServerError,
        SiliconFlowError,
        StreamInterruptedError,
        UnsupportedParameterError,
    )
    from siliconflow_client.media.arguments import MEDIA_TOOLS, MediaTool
    from siliconflow_client.media.reading import (
        OCR_PROMPT,
        DocumentSource,
        about_file,
        ocr_request,
        ocr_text,
    )
    from siliconflow_client.media.results import MediaResult
    from siliconflow_client.media.settings import MediaSettings, OCRSettings
    from siliconflow_client.media.tools import AsyncMediaTools, MediaTools
    from siliconflow_client.protocol.options import CallOptions, EmptyAnswers, LongAnswers
    from siliconflow_client.transport.limiter import Limits, SharedLedger, SharedPlace
    from siliconflow_client.transport.streams import AsyncStream, Stream

__all__ = [
    "BATCH_MODELS",
    "DEFAULT_BASE_URL",
    "DEFAULT_CHAT_MODEL",
    "DEFAULT_EMBEDDING_MODEL",
    "DEFAULT_IMAGE_BATCH",
    "DEFAULT_IMAGE_EDIT_MODEL",
    "DEFAULT_IMAGE_EMBEDDING_MODEL",
    "DEFAULT_IMAGE_MODEL",
    "DEFAULT_IMAGE_VIDEO_MODEL",
    "DEFAULT_OCR_MODEL",
    "DEFAULT_RERANK_MODEL",
    "DEFAULT_SPEECH_MODEL",
    "DEFAULT_TRANSCRIPTION_MODEL",
    "DEFAULT_VIDEO_MODEL",
    "MAX_BATCH_LINES",
    "MAX_EMBEDDING_INPUTS",
    "MAX_RERANK_DOCUMENTS",
    "MAX_TRANSCRIPTION_BYTES",
    "MEDIA_TOOLS",
    "OCR_PROMPT",
    "APIConnectionError",
    "APIResponseError",
    "APIStatusError",
    "APITimeoutError",
    "AsyncBatchJob",
    "AsyncMediaTools",
    "AsyncSiliconFlowClient",
    "AsyncSpeechStream",
    "AsyncStream",
    "AudioPart",
    "AudioUrl",
    "AuthenticationError",
    "BadRequestError",
    "Batch",
    "BatchExpiredError",
    "BatchJob",
    "BatchProgress",
    "CallOptions",
    "ChatChoice",
    "ChatChunkDict",
    "ChatCompletion",
    "ChatCompletionDict",
    "ChatRequest",
    "ClientConfig",
    "CompletionRequest",
    "ConfigurationError",
    "ContentPart",
    "ContentRejectedError",
    "ContextLengthError",
    "Delta",
    "DocumentSource",
    "DualBatchJob",
    "EmbeddedBatch",
    "EmbeddingCollector",
    "EmbeddingRequest",
    "EmbeddingResult",
    "EmptyAnswerError",
    "EmptyAnswers",
    "ErrorResponse",
    "FileObject",
    "FunctionCall",
    "FunctionDefinition",
    "GatewayTimeoutError",
    "GoneError",
    "ImagePart",
    "ImageRequest",
    "ImageSource",
    "ImageUrl",
    "ImagesResult",
    "InsufficientBalanceError",
    "JobFailedError",
    "JsonObject",
    "JsonValue",
    "Limits",
    "LongAnswers",
    "ManyDocuments",
    "ManyEmbeddings",
    "MediaResult",
    "MediaSettings",
    "MediaTool",
    "MediaTools",
    "Message",
    "MessagesAnswer",
    "MessagesBlock",
    "MessagesEvent",
    "MessagesRequest",
    "MessagesTool",
    "MessagesTurn",
    "MessagesUsage",
    "ModelCard",
    "ModelFacts",
    "ModelNotFoundError",
    "ModelRetiredWarning",
    "NamedToolChoice",
    "NotFoundError",
    "OCRSettings",
    "OnUsage",
    "OtherBlock",
    "OverloadedError",
    "PackageConflictWarning",
    "Page",
    "Parameter",
    "PayloadTooLargeError",
    "PermissionDeniedError",
    "RankedBatch",
    "RateLimitError",
    "ReasoningReplay",
    "RequestCounts",
    "RerankHit",
    "RerankRequest",
    "RerankResult",
    "ResultFile",
    "ServerError",
    "SharedLedger",
    "SharedPlace",
    "SiliconFlowClient",
    "SiliconFlowError",
    "Speech",
    "SpeechReference",
    "SpeechRequest",
    "SpeechStream",
    "Stream",
    "StreamInterruptedError",
    "TextBlock",
    "TextChoice",
    "TextCompletion",
    "TextOrMedia",
    "TextPart",
    "ThinkingBlock",
    "Timings",
    "Tool",
    "ToolCall",
    "ToolCallDelta",
    "ToolCallParam",
    "ToolChoice",
    "ToolUseBlock",
    "Transcription",
    "TranscriptionRequest",
    "UnsupportedParameterError",
    "Usage",
    "UsageDict",
    "UsageMeter",
    "UsageReport",
    "UserInfo",
    "VideoJob",
    "VideoPart",
    "VideoRequest",
    "VideoStatus",
    "VideoUrl",
    "Voice",
    "VoiceRequest",
    "__version__",
    "about_file",
    "audio_tokens",
    "image_input",
    "image_inputs",
    "image_tokens",
    "known_models",
    "lookup_model",
    "media_tokens",
    "normalise_messages",
    "ocr_request",
    "ocr_text",
    "parameters_of",
    "pdf_tokens",
    "script_tokens",
    "settings_of",
    "video_tokens",
    "warn_of_conflict",
]


def __getattr__(name: str) -> object:
    module = _HOME_OF.get(name)
    if module is None:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    value: object = getattr(import_module(f"{__name__}.{module}"), name)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return sorted(__all__)
