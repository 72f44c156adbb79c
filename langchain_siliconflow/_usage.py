"""Token counts: SiliconFlow's usage object as LangChain's `UsageMetadata`."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal, NotRequired, TypedDict

from langchain_core.messages.ai import InputTokenDetails, OutputTokenDetails, UsageMetadata

if TYPE_CHECKING:
    from collections.abc import Iterable

    from siliconflow_client import Usage


def to_usage_metadata(usage: Usage) -> UsageMetadata:
    """Map totals and details; a detail that the server did not report is left out.

    Cache misses are not `cache_creation`: nothing is written to a cache that is billed.
    """
    metadata = UsageMetadata(
        input_tokens=usage.prompt_tokens,
        output_tokens=usage.completion_tokens,
        total_tokens=usage.total_tokens,
    )
    if usage.cached_tokens is not None:
        metadata["input_token_details"] = InputTokenDetails(cache_read=usage.cached_tokens)
    if usage.reasoning_tokens is not None:
        metadata["output_token_details"] = OutputTokenDetails(reasoning=usage.reasoning_tokens)
    return metadata


class TokenUsage(TypedDict):
    """What `LLMResult.llm_output["token_usage"]` carries, under the API's names."""

    prompt_tokens: int
    completion_tokens: int
    total_tokens: int
    prompt_tokens_details: NotRequired[dict[str, int]]
    completion_tokens_details: NotRequired[dict[str, int]]


_NOTHING = TokenUsage(prompt_tokens=0, completion_tokens=0, total_tokens=0)


def to_token_usage(usage: Usage) -> TokenUsage:
    """Totals and details; a detail that the server did not report is left out."""
    told = TokenUsage(
        prompt_tokens=usage.prompt_tokens,
        completion_tokens=usage.completion_tokens,
        total_tokens=usage.total_tokens,
    )
    if usage.cached_tokens is not None:
        told["prompt_tokens_details"] = {"cached_tokens": usage.cached_tokens}
    if usage.reasoning_tokens is not None:
        told["completion_tokens_details"] = {"reasoning_tokens": usage.reasoning_tokens}
    return told


def add_token_usage(parts: Iterable[TokenUsage]) -> TokenUsage | dict[str, int]:
    """Add up the tokens of several requests; an empty dictionary when none told any."""
    total: TokenUsage | None = None
    for part in parts:
        total = _sum(total or _NOTHING, part)
    return {} if total is None else total


def _sum(first: TokenUsage, second: TokenUsage) -> TokenUsage:
    total = TokenUsage(
        prompt_tokens=first["prompt_tokens"] + second["prompt_tokens"],
        completion_tokens=first["completion_tokens"] + second["completion_tokens"],
        total_tokens=first["total_tokens"] + second["total_tokens"],
    )
    cached = _details(first, second, "prompt_tokens_details")
    if cached:
        total["prompt_tokens_details"] = cached
    thought = _details(first, second, "completion_tokens_details")
    if thought:
        total["completion_tokens_details"] = thought
    return total


def _details(
    first: TokenUsage,
    second: TokenUsage,
    name: Literal["prompt_tokens_details", "completion_tokens_details"],
) -> dict[str, int]:
    ours, theirs = first.get(name, {}), second.get(name, {})
    return {key: ours.get(key, 0) + theirs.get(key, 0) for key in {**ours, **theirs}}
