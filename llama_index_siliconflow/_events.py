"""LlamaIndex's decorators of calls: events, callbacks, rate limiter and spans."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol, TypeVar, cast

from llama_index.core.llms import callbacks

if TYPE_CHECKING:
    from collections.abc import Callable

F = TypeVar("F", bound="Callable[..., object]")


class _Decorator(Protocol):
    def __call__(self, method: F, /) -> F: ...


# They are not typed; these keep the methods' own types.
chat_events = cast("_Decorator", callbacks.llm_chat_callback())  # pyright: ignore[reportUnknownMemberType]
completion_events = cast("_Decorator", callbacks.llm_completion_callback())  # pyright: ignore[reportUnknownMemberType]
