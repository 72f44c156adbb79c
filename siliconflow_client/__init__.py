"""A thin client for SiliconFlow's API, on httpx and pydantic.

Names are loaded when they are first used, so that importing the package costs next to nothing.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from siliconflow_client._async_client import AsyncSiliconFlowClient
    from siliconflow_client._client import SiliconFlowClient
    from siliconflow_client._config import DEFAULT_BASE_URL, ClientConfig
    from siliconflow_client._json import JsonObject, JsonValue
    from siliconflow_client._version import __version__
    from siliconflow_client.bulk.embedding import EmbeddedBatch, EmbeddingCollector, ManyEmbeddings
    from siliconflow_client.bulk.reranking import ManyDocuments, RankedBatch
    from siliconflow_client.catalogue.defaults import (
        DEFAULT_CHAT_MODEL,
        DEFAULT_EMBEDDING_MODEL,
        DEFAULT_IMAGE_EMBEDDING_MODEL,
        DEFAULT_RERANK_MODEL,
    )
    from siliconflow_client.catalogue.facts import ModelFacts, known_models, lookup_model
    from siliconflow_client.catalogue.parameter import Parameter
    from siliconflow_client.catalogue.parameters import parameters_of, settings_of
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
    from siliconflow_client.endpoints.history import normalise_messages
    from siliconflow_client.endpoints.images import ImageRequest, ImagesResult
    from siliconflow_client.endpoints.media_inputs import (
        DEFAULT_IMAGE_BATCH,
        ImageSource,
        TextOrMedia,
        image_input,
        image_inputs,
    )
    from siliconflow_client.endpoints.models import ModelCard
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
    from siliconflow_client.endpoints.usage import Usage, UsageDict
    from siliconflow_client.endpoints.user import UserInfo
    from siliconflow_client.endpoints.video_jobs import VideoJob, VideoStatus
    from siliconflow_client.endpoints.videos import VideoRequest
    from siliconflow_client.endpoints.voices import Voice, VoiceRequest
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
        JobFailedError,
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
    from siliconflow_client.protocol.options import CallOptions, EmptyAnswers, LongAnswers
    from siliconflow_client.transport.limiter import Limits
    from siliconflow_client.transport.streams import AsyncStream, Stream

__all__ = [
    "DEFAULT_BASE_URL",
    "DEFAULT_CHAT_MODEL",
    "DEFAULT_EMBEDDING_MODEL",
    "DEFAULT_IMAGE_BATCH",
    "DEFAULT_IMAGE_EMBEDDING_MODEL",
    "DEFAULT_RERANK_MODEL",
    "MAX_EMBEDDING_INPUTS",
    "MAX_RERANK_DOCUMENTS",
    "MAX_TRANSCRIPTION_BYTES",
    "APIConnectionError",
    "APIResponseError",
    "APIStatusError",
    "APITimeoutError",
    "AsyncSiliconFlowClient",
    "AsyncSpeechStream",
    "AsyncStream",
    "AudioPart",
    "AudioUrl",
    "AuthenticationError",
    "BadRequestError",
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
    "EmbeddedBatch",
    "EmbeddingCollector",
    "EmbeddingRequest",
    "EmbeddingResult",
    "EmptyAnswerError",
    "EmptyAnswers",
    "ErrorResponse",
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
    "Message",
    "ModelCard",
    "ModelFacts",
    "ModelNotFoundError",
    "NamedToolChoice",
    "NotFoundError",
    "OverloadedError",
    "Parameter",
    "PayloadTooLargeError",
    "PermissionDeniedError",
    "RankedBatch",
    "RateLimitError",
    "ReasoningReplay",
    "RerankHit",
    "RerankRequest",
    "RerankResult",
    "ResultFile",
    "ServerError",
    "SiliconFlowClient",
    "SiliconFlowError",
    "Speech",
    "SpeechReference",
    "SpeechRequest",
    "SpeechStream",
    "Stream",
    "StreamInterruptedError",
    "TextChoice",
    "TextCompletion",
    "TextOrMedia",
    "TextPart",
    "Timings",
    "Tool",
    "ToolCall",
    "ToolCallDelta",
    "ToolCallParam",
    "ToolChoice",
    "Transcription",
    "TranscriptionRequest",
    "UnsupportedParameterError",
    "Usage",
    "UsageDict",
    "UserInfo",
    "VideoJob",
    "VideoPart",
    "VideoRequest",
    "VideoStatus",
    "VideoUrl",
    "Voice",
    "VoiceRequest",
    "__version__",
    "image_input",
    "image_inputs",
    "known_models",
    "lookup_model",
    "normalise_messages",
    "parameters_of",
    "settings_of",
]

_HOMES: dict[str, tuple[str, ...]] = {
    "_async_client": ("AsyncSiliconFlowClient",),
    "_client": ("SiliconFlowClient",),
    "_config": ("DEFAULT_BASE_URL", "ClientConfig"),
    "_json": ("JsonObject", "JsonValue"),
    "_version": ("__version__",),
    "bulk.embedding": ("EmbeddedBatch", "EmbeddingCollector", "ManyEmbeddings"),
    "bulk.reranking": ("ManyDocuments", "RankedBatch"),
    "catalogue.defaults": (
        "DEFAULT_CHAT_MODEL",
        "DEFAULT_EMBEDDING_MODEL",
        "DEFAULT_IMAGE_EMBEDDING_MODEL",
        "DEFAULT_RERANK_MODEL",
    ),
    "catalogue.facts": ("ModelFacts", "known_models", "lookup_model"),
    "catalogue.parameter": ("Parameter",),
    "catalogue.parameters": ("parameters_of", "settings_of"),
    "endpoints.chat": ("ChatChoice", "ChatCompletion", "ChatCompletionDict", "ChatRequest"),
    "endpoints.completions": ("CompletionRequest", "TextChoice", "TextCompletion"),
    "endpoints.conversation": (
        "AudioPart",
        "AudioUrl",
        "ContentPart",
        "FunctionCall",
        "FunctionDefinition",
        "ImagePart",
        "ImageUrl",
        "Message",
        "NamedToolChoice",
        "ReasoningReplay",
        "TextPart",
        "Tool",
        "ToolCallParam",
        "ToolChoice",
        "VideoPart",
        "VideoUrl",
    ),
    "endpoints.deltas": ("ChatChunkDict", "Delta", "ToolCall", "ToolCallDelta"),
    "endpoints.embeddings": ("MAX_EMBEDDING_INPUTS", "EmbeddingRequest", "EmbeddingResult"),
    "endpoints.history": ("normalise_messages",),
    "endpoints.media_inputs": (
        "DEFAULT_IMAGE_BATCH",
        "ImageSource",
        "TextOrMedia",
        "image_input",
        "image_inputs",
    ),
    "endpoints.models": ("ModelCard",),
    "endpoints.rerank": ("MAX_RERANK_DOCUMENTS", "RerankHit", "RerankRequest", "RerankResult"),
    "endpoints.usage": ("Usage", "UsageDict"),
    "endpoints.user": ("UserInfo",),
    "endpoints.images": (
        "ImageRequest",
        "ImagesResult",
    ),
    "endpoints.saved_files": (
        "ResultFile",
        "Timings",
    ),
    "endpoints.speech": ("Speech", "SpeechReference", "SpeechRequest"),
    "endpoints.speech_stream": ("AsyncSpeechStream", "SpeechStream"),
    "endpoints.transcriptions": (
        "MAX_TRANSCRIPTION_BYTES",
        "Transcription",
        "TranscriptionRequest",
    ),
    "endpoints.video_jobs": (
        "VideoJob",
        "VideoStatus",
    ),
    "endpoints.videos": ("VideoRequest",),
    "endpoints.voices": (
        "Voice",
        "VoiceRequest",
    ),
    "errors.response": ("ErrorResponse",),
    "errors.tree": (
        "APIConnectionError",
        "APIResponseError",
        "APIStatusError",
        "APITimeoutError",
        "AuthenticationError",
        "BadRequestError",
        "ConfigurationError",
        "ContentRejectedError",
        "ContextLengthError",
        "EmptyAnswerError",
        "GatewayTimeoutError",
        "GoneError",
        "InsufficientBalanceError",
        "JobFailedError",
        "ModelNotFoundError",
        "NotFoundError",
        "OverloadedError",
        "PayloadTooLargeError",
        "PermissionDeniedError",
        "RateLimitError",
        "ServerError",
        "SiliconFlowError",
        "StreamInterruptedError",
        "UnsupportedParameterError",
    ),
    "protocol.options": ("CallOptions", "EmptyAnswers", "LongAnswers"),
    "transport.limiter": ("Limits",),
    "transport.streams": ("AsyncStream", "Stream"),
}
_HOME_OF = {name: module for module, names in _HOMES.items() for name in names}


def __getattr__(name: str) -> object:
    module = _HOME_OF.get(name)
    if module is None:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    value: object = getattr(import_module(f"{__name__}.{module}"), name)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return sorted(__all__)
