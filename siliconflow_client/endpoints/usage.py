"""Token counts of an answer, as they come and as they are handed out."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import TypeAlias, TypedDict, cast

from siliconflow_client._json import JsonObject
from siliconflow_client.errors.mapping import UndocumentedShapeError


class CompletionTokensDetails(TypedDict, total=False):
    reasoning_tokens: int | None


class PromptTokensDetails(TypedDict, total=False):
    cached_tokens: int | None


class UsageDict(TypedDict, total=False):
    prompt_tokens: int
    completion_tokens: int
    total_tokens: int
    completion_tokens_details: CompletionTokensDetails | None
    prompt_tokens_details: PromptTokensDetails | None
    prompt_cache_hit_tokens: int | None
    prompt_cache_miss_tokens: int | None


@dataclass(slots=True)
class Usage:
    """Tokens of one request, in total.

    Attributes:
        prompt_tokens: Tokens read, cached ones included.
        completion_tokens: Tokens written, reasoning included.
        total_tokens: The sum of both, as the server counts it.
        reasoning_tokens: Part of `completion_tokens`; `None` when not reported.
        cached_tokens: Part of `prompt_tokens`; `None` when not reported.
        raw: The usage object as it came.
    """

    prompt_tokens: int
    completion_tokens: int
    total_tokens: int
    reasoning_tokens: int | None = None
    cached_tokens: int | None = None
    raw: UsageDict | None = field(default=None, repr=False)


def usage_from_wire(raw: UsageDict) -> Usage:
    """Read a usage object; counts that are missing or `null` are 0, details `None`.

    Cached tokens come in `prompt_tokens_details` or in `prompt_cache_hit_tokens`, or in both.
    """
    prompt = _count(raw.get("prompt_tokens")) or 0
    completion = _count(raw.get("completion_tokens")) or 0
    prompt_details = raw.get("prompt_tokens_details")
    completion_details = raw.get("completion_tokens_details")
    cached = prompt_details.get("cached_tokens") if isinstance(prompt_details, dict) else None
    reasoning = (
        completion_details.get("reasoning_tokens") if isinstance(completion_details, dict) else None
    )
    return Usage(
        prompt_tokens=prompt,
        completion_tokens=completion,
        total_tokens=_count(raw.get("total_tokens")) or prompt + completion,
        reasoning_tokens=_count(reasoning),
        cached_tokens=_count(cached if cached is not None else raw.get("prompt_cache_hit_tokens")),
        raw=raw,
    )


def _count(value: object) -> int | None:
    """A number of tokens, or `None` for what is none."""
    return value if isinstance(value, int) and not isinstance(value, bool) else None


def read_usage(answer: JsonObject) -> Usage | None:
    """Read `usage` of a body; `None` when there is none."""
    usage = answer.get("usage")
    if not usage:
        return None
    if not isinstance(usage, dict):
        raise UndocumentedShapeError("`usage` is not an object")
    return usage_from_wire(cast("UsageDict", usage))


@dataclass(frozen=True, slots=True)
class UsageReport:
    """What `on_usage` is told of one answer.

    Attributes:
        model: The model that was asked; after a fallback, the one that answered.
        usage: The tokens that the answer spoke of. For `/messages`, `prompt_tokens` are its
            `input_tokens`; for `/rerank`, `completion_tokens` its `output_tokens`.
        trace_id: The `x-siliconcloud-trace-id` header, or `None`.
        path: What was asked, such as `/chat/completions`; `/batches` for a result of a batch,
            which costs less than a plain answer on most models.
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
    read, written = (
        _count(getattr(source, name, None)) for name in ("input_tokens", "output_tokens")
    )
    if read is None and written is None:
        return None
    total = (read or 0) + (written or 0)
    cached = _count(getattr(source, "cache_read_input_tokens", None))
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
