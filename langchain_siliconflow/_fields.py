"""Fields of a chat request, under the API's own names; those that are `None` are not sent."""

from __future__ import annotations

from typing import Any

from pydantic import BaseModel

from siliconflow_client import DEFAULT_CHAT_MODEL


class RequestFields(BaseModel):
    """What a chat request may hold; each can also be bound, or given per call."""

    model_name: str = DEFAULT_CHAT_MODEL
    """Id of the model; the keyword `model` sets it too."""

    max_tokens: int | None = None
    """Longest answer, in tokens. Some models count their thinking in."""

    temperature: float | None = None
    """0 to 2; higher is more varied."""

    top_p: float | None = None
    """Keep the most likely tokens up to this probability; the API's default is 0.7."""

    top_k: int | None = None
    """Keep this many of the most likely tokens."""

    min_p: float | None = None
    """0 to 1; drop tokens below this share of the likeliest (Qwen3)."""

    frequency_penalty: float | None = None
    """-2 to 2; make repeated tokens less likely."""

    presence_penalty: float | None = None
    """-2 to 2; make tokens that occurred less likely."""

    seed: int | None = None
    """0 or more; repeat the same sampling where the model can."""

    n: int | None = None
    """Answers per request, all in `generate()`; more than one is not streamed."""

    stop: list[str] | str | None = None
    """One to four texts at which the answer ends; the keyword `stop_sequences` sets it too."""

    response_format: dict[str, Any] | type | None = None
    """`{"type": "json_object"}`, or a schema; see also `with_structured_output`."""

    parallel_tool_calls: bool | None = None
    """Sent only when set; the API does not document it."""

    enable_thinking: bool | None = None
    """Switch thinking. Models that have no switch refuse it, even with `False` (20015)."""

    thinking_budget: int | None = None
    """Longest thinking, in tokens, 128 to 32768; only Qwen3 stops hard at it."""

    reasoning_effort: str | None = None
    """`low`, `high` or `max`; moved to the next word up that the model knows."""

    prefix: str | None = None
    """Begin the answer with this text; with `suffix`, fill in the middle."""

    suffix: str | None = None
    """Text that follows what is to be filled in."""

    logprobs: bool | None = None
    """Return the tokens' probabilities."""

    top_logprobs: int | None = None
    """Return this many alternatives for each token."""

    logit_bias: dict[str | int, float] | None = None
    """Make tokens, by id, more or less likely."""

    user: str | None = None
    """Your name for the end user."""
