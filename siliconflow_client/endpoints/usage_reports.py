"""What is told of an answer that was paid for: its model, its tokens, its trace id."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TypeAlias

from siliconflow_client.endpoints.usage import Usage


@dataclass(frozen=True, slots=True)
class UsageReport:
    """What `on_usage` is told of one answer.

    Attributes:
        model: The model that was asked; after a fallback, the one that answered.
        usage: The tokens that the answer spoke of. For `/messages`, `prompt_tokens` are its
            `input_tokens`; for `/rerank`, `completion_tokens` its `output_tokens`.
        trace_id: The `x-siliconcloud-trace-id` header, or `None`.
        path: What was asked, such as `/chat/completions`.
    """

    model: str
    usage: Usage
    trace_id: str | None
    path: str


OnUsage: TypeAlias = Callable[[UsageReport], object]
"""Is told of each answer that speaks of its tokens; what it returns is not looked at."""


def usage_of(told: object) -> Usage | None:
    """The tokens that a result, or the decoder of a stream, speaks of; `None` for none."""
    usage: object = getattr(told, "usage", None)
    if isinstance(usage, Usage):
        return usage
    # Rerankings tell them themselves, answers in Anthropic's form in an object of other names.
    source = told if usage is None else usage
    read, written = _count(source, "input_tokens"), _count(source, "output_tokens")
    if read is None and written is None:
        return None
    total = (read or 0) + (written or 0)
    cached = _count(source, "cache_read_input_tokens")
    return Usage(read or 0, written or 0, total, cached_tokens=cached)


def added(first: Usage, second: Usage) -> Usage:
    """The tokens of both; a detail that neither told stays `None`."""
    return Usage(
        first.prompt_tokens + second.prompt_tokens,
        first.completion_tokens + second.completion_tokens,
        first.total_tokens + second.total_tokens,
        _sum(first.reasoning_tokens, second.reasoning_tokens),
        _sum(first.cached_tokens, second.cached_tokens),
    )


def _sum(first: int | None, second: int | None) -> int | None:
    return None if first is None and second is None else (first or 0) + (second or 0)


def _count(source: object, name: str) -> int | None:
    value: object = getattr(source, name, None)
    return value if isinstance(value, int) and not isinstance(value, bool) else None
