"""SiliconFlow's models for LlamaIndex.

`SiliconFlow` for chat, `SiliconFlowCompletion` for texts and gaps in them, `SiliconFlowEmbedding`,
`SiliconFlowMultiModalEmbedding` for images too, `SiliconFlowRerank`, and `BatchJob` for many
requests that have a day's time; `SiliconFlowToolSpec` lets agents make images, speech and films,
`SiliconFlowAudioReader` and `SiliconFlowOCRReader` load files.

Everything that they raise is a `SiliconFlowError`; the classes below it stand here too. Names are
loaded when they are first used (PEP 562), so that the embedding class does not load the chat stack.
The package needs the extra `llama-index`.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from llama_index_siliconflow._errors import TruncatedAnswerError, UnexpectedAnswerError
    from llama_index_siliconflow.batches import BatchJob
    from llama_index_siliconflow.completion import SiliconFlowCompletion
    from llama_index_siliconflow.embedding import SiliconFlowEmbedding
    from llama_index_siliconflow.llm import SiliconFlow
    from llama_index_siliconflow.multi_modal_embedding import SiliconFlowMultiModalEmbedding
    from llama_index_siliconflow.readers import SiliconFlowAudioReader, SiliconFlowOCRReader
    from llama_index_siliconflow.rerank import SiliconFlowRerank
    from llama_index_siliconflow.tool_spec import SiliconFlowToolSpec
    from siliconflow_client import (
        APIConnectionError,
        APIResponseError,
        APIStatusError,
        APITimeoutError,
        AuthenticationError,
        BadRequestError,
        BatchExpiredError,
        ConfigurationError,
        ContentRejectedError,
        ContextLengthError,
        EmptyAnswerError,
        GatewayTimeoutError,
        GoneError,
        InsufficientBalanceError,
        JobFailedError,
        ModelNotFoundError,
        ModelRetiredWarning,
        NotFoundError,
        OverloadedError,
        PackageConflictWarning,
        PayloadTooLargeError,
        PermissionDeniedError,
        RateLimitError,
        ServerError,
        SiliconFlowError,
        StreamInterruptedError,
        UnsupportedParameterError,
        __version__,
    )

__all__ = [
    "APIConnectionError",
    "APIResponseError",
    "APIStatusError",
    "APITimeoutError",
    "AuthenticationError",
    "BadRequestError",
    "BatchExpiredError",
    "BatchJob",
    "ConfigurationError",
    "ContentRejectedError",
    "ContextLengthError",
    "EmptyAnswerError",
    "GatewayTimeoutError",
    "GoneError",
    "InsufficientBalanceError",
    "JobFailedError",
    "ModelNotFoundError",
    "ModelRetiredWarning",
    "NotFoundError",
    "OverloadedError",
    "PackageConflictWarning",
    "PayloadTooLargeError",
    "PermissionDeniedError",
    "RateLimitError",
    "ServerError",
    "SiliconFlow",
    "SiliconFlowAudioReader",
    "SiliconFlowCompletion",
    "SiliconFlowEmbedding",
    "SiliconFlowError",
    "SiliconFlowMultiModalEmbedding",
    "SiliconFlowOCRReader",
    "SiliconFlowRerank",
    "SiliconFlowToolSpec",
    "StreamInterruptedError",
    "TruncatedAnswerError",
    "UnexpectedAnswerError",
    "UnsupportedParameterError",
    "__version__",
]

_HOMES: Final = {
    "BatchJob": "llama_index_siliconflow.batches",
    "SiliconFlow": "llama_index_siliconflow.llm",
    "SiliconFlowAudioReader": "llama_index_siliconflow.readers",
    "SiliconFlowCompletion": "llama_index_siliconflow.completion",
    "SiliconFlowEmbedding": "llama_index_siliconflow.embedding",
    "SiliconFlowMultiModalEmbedding": "llama_index_siliconflow.multi_modal_embedding",
    "SiliconFlowOCRReader": "llama_index_siliconflow.readers",
    "SiliconFlowRerank": "llama_index_siliconflow.rerank",
    "SiliconFlowToolSpec": "llama_index_siliconflow.tool_spec",
    "TruncatedAnswerError": "llama_index_siliconflow._errors",
    "UnexpectedAnswerError": "llama_index_siliconflow._errors",
}
"""Where our own names are; all others are the client's."""

try:
    import_module("llama_index.core")  # one clear line now, not a traceback later
except ModuleNotFoundError as error:
    if (error.name or "").partition(".")[0] != "llama_index":
        raise
    raise ImportError(
        "llama_index_siliconflow needs llama-index-core: "
        'pip install "siliconflow-integrations[llama-index]"'
    ) from error


def __getattr__(name: str) -> object:
    if name not in __all__:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    home = import_module(_HOMES.get(name, "siliconflow_client"))
    value: object = getattr(home, name)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return sorted(__all__)
