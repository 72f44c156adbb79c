"""Token counts: SiliconFlow's usage object as LangChain's `UsageMetadata`."""

from __future__ import annotations

from typing import TYPE_CHECKING

from langchain_core.messages.ai import InputTokenDetails, OutputTokenDetails, UsageMetadata

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

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


def to_token_usage(usage: Usage) -> dict[str, int]:
    """Totals under the names that `LLMResult.llm_output["token_usage"]` carries."""
    return {
        "prompt_tokens": usage.prompt_tokens,
        "completion_tokens": usage.completion_tokens,
        "total_tokens": usage.total_tokens,
    }


def add_token_usage(parts: Iterable[Mapping[str, int]]) -> dict[str, int]:
    """Add up the totals of several requests."""
    total: dict[str, int] = {}
    for part in parts:
        for name, count in part.items():
            total[name] = total.get(name, 0) + count
    return total
