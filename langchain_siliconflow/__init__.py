"""SiliconFlow's models for LangChain.

`ChatSiliconFlow`, `SiliconFlowEmbeddings`, `SiliconFlowRerank`, `SiliconFlowLLM` and `BatchJob`,
for agents `SiliconFlowToolkit`, and for loaders `SiliconFlowAudioParser` and
`SiliconFlowOCRParser` are loaded on first use (PEP 562), so that importing one does not load the
others. The errors are `siliconflow_client`'s; those that the classes here raise belong to
LangChain's `ModelError` family as well.
"""

from __future__ import annotations

import os
from importlib import import_module
from typing import TYPE_CHECKING

from siliconflow_client import __version__

if TYPE_CHECKING:
    from langchain_siliconflow.batches import BatchJob
    from langchain_siliconflow.blob_parsers import SiliconFlowAudioParser, SiliconFlowOCRParser
    from langchain_siliconflow.chat_models import ChatSiliconFlow
    from langchain_siliconflow.embeddings import SiliconFlowEmbeddings
    from langchain_siliconflow.llms import SiliconFlowLLM
    from langchain_siliconflow.providers import register_provider
    from langchain_siliconflow.rerank import SiliconFlowRerank
    from langchain_siliconflow.toolkit import SiliconFlowToolkit
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
    "ChatSiliconFlow",
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
    "SiliconFlowAudioParser",
    "SiliconFlowEmbeddings",
    "SiliconFlowError",
    "SiliconFlowLLM",
    "SiliconFlowOCRParser",
    "SiliconFlowRerank",
    "SiliconFlowToolkit",
    "StreamInterruptedError",
    "UnsupportedParameterError",
    "__version__",
    "register_provider",
]

_HOMES = {
    "BatchJob": "langchain_siliconflow.batches",
    "ChatSiliconFlow": "langchain_siliconflow.chat_models",
    "SiliconFlowAudioParser": "langchain_siliconflow.blob_parsers",
    "SiliconFlowEmbeddings": "langchain_siliconflow.embeddings",
    "SiliconFlowLLM": "langchain_siliconflow.llms",
    "SiliconFlowOCRParser": "langchain_siliconflow.blob_parsers",
    "SiliconFlowRerank": "langchain_siliconflow.rerank",
    "SiliconFlowToolkit": "langchain_siliconflow.toolkit",
    "register_provider": "langchain_siliconflow.providers",
}


def _require_framework() -> None:
    try:
        import_module("langchain_core")
    except ModuleNotFoundError as error:
        if (error.name or "").partition(".")[0] != "langchain_core":
            raise
        raise ImportError(
            "langchain_siliconflow needs LangChain: "
            'pip install "siliconflow-integrations[langchain]"'
        ) from error


def _look_for_another() -> None:
    """Whether PyPI's `langchain-siliconflow`, which owns this folder too, is installed beside us.

    One listing of a folder: to ask `importlib.metadata` would take many times as long.
    """
    try:
        beside = os.listdir(os.path.dirname(__path__[0]))  # noqa: PTH120, PTH208  # quicker
    except OSError:  # no folder, but an archive
        return
    for name in beside:
        if name.startswith("langchain_siliconflow-") and name.endswith(".dist-info"):
            from siliconflow_client import warn_of_conflict

            warn_of_conflict()


_require_framework()
_look_for_another()


def __getattr__(name: str) -> object:
    if name not in __all__:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    value: object = getattr(import_module(_HOMES.get(name, "siliconflow_client")), name)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})
