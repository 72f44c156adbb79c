"""Make `init_chat_model` and `init_embeddings` know SiliconFlow."""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any, Final, TypeVar

if TYPE_CHECKING:
    from collections.abc import Callable

T = TypeVar("T")

PROVIDER: Final = "siliconflow"
_FACTORIES: Final = (
    ("langchain.chat_models.base", "ChatSiliconFlow"),
    ("langchain.embeddings.base", "SiliconFlowEmbeddings"),
)


def register_provider() -> None:
    """Register the provider name `siliconflow` with LangChain's model factories.

    Afterwards `init_chat_model("siliconflow:Qwen/Qwen3-8B")` and
    `init_embeddings("siliconflow:BAAI/bge-m3")` work. LangChain has no hook for providers from
    outside (langchain 1.4), so this adds an entry to the tables behind the factories; that is why
    it is a call of yours and not an effect of the import. Calling it twice does no harm.

    Without it, `init_chat_model("deepseek-ai/DeepSeek-V3.2")` picks DeepSeek's own class, since
    LangChain guesses the provider from the model's name.

    Raises:
        ImportError: `langchain` is not installed.
        RuntimeError: This release of `langchain` keeps its providers elsewhere.
    """
    for module, class_name in _FACTORIES:
        try:
            factory = import_module(module)
        except ModuleNotFoundError as error:
            raise ImportError(
                f"register_provider() needs the langchain package ({error.name} is missing): "
                "pip install langchain"
            ) from error
        providers: object = getattr(factory, "_BUILTIN_PROVIDERS", None)
        if not isinstance(providers, dict) or not providers:
            raise RuntimeError(
                f"{module} of this langchain release has no table of providers; "
                f"construct {class_name} directly"
            )
        providers[PROVIDER] = ("langchain_siliconflow", class_name, _construct)


def _construct(cls: Callable[..., T], **kwargs: Any) -> T:
    """Make a model from its class, as the tables' own entries do."""
    return cls(**kwargs)
