"""SiliconFlow's models for LlamaIndex: `SiliconFlow`, `SiliconFlowEmbedding`, `SiliconFlowRerank`.

Names are loaded when they are first used (PEP 562), so that the embedding class does not load the
chat stack. The package needs the extra `llama-index`.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from llama_index_siliconflow.embedding import SiliconFlowEmbedding
    from llama_index_siliconflow.llm import SiliconFlow
    from llama_index_siliconflow.rerank import SiliconFlowRerank
    from siliconflow_client import __version__

__all__ = ["SiliconFlow", "SiliconFlowEmbedding", "SiliconFlowRerank", "__version__"]

_HOMES: Final = {
    "SiliconFlow": "llama_index_siliconflow.llm",
    "SiliconFlowEmbedding": "llama_index_siliconflow.embedding",
    "SiliconFlowRerank": "llama_index_siliconflow.rerank",
    "__version__": "siliconflow_client",
}

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
    home = _HOMES.get(name)
    if home is None:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    value: object = getattr(import_module(home), name)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return sorted(__all__)
