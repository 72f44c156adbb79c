"""Fields of a chat request, under the API's own names; those that are `None` are not sent."""

from __future__ import annotations

from typing import Any, Literal

from pydantic import BaseModel, Field

from siliconflow_client import DEFAULT_CHAT_MODEL, parameters_of


def from_table(endpoint: Literal["chat", "completions"], name: str) -> Any:
    """Make the field of a request's parameter: not sent unless set, described by the table."""
    return Field(default=None, description=parameters_of(endpoint)[name].description)


class RequestFields(BaseModel):
    """What a chat request may hold; each can also be bound, or given per call."""

    model_name: str = DEFAULT_CHAT_MODEL
    """Id of the model; the keyword `model` sets it too."""

    max_tokens: int | None = from_table("chat", "max_tokens")
    temperature: float | None = from_table("chat", "temperature")
    top_p: float | None = from_table("chat", "top_p")
    top_k: int | None = from_table("chat", "top_k")
    min_p: float | None = from_table("chat", "min_p")
    frequency_penalty: float | None = from_table("chat", "frequency_penalty")
    presence_penalty: float | None = from_table("chat", "presence_penalty")
    seed: int | None = from_table("chat", "seed")
    n: int | None = from_table("chat", "n")
    stop: list[str] | str | None = from_table("chat", "stop")
    response_format: dict[str, Any] | type | None = from_table("chat", "response_format")
    parallel_tool_calls: bool | None = from_table("chat", "parallel_tool_calls")
    enable_thinking: bool | None = from_table("chat", "enable_thinking")
    thinking_budget: int | None = from_table("chat", "thinking_budget")
    reasoning_effort: str | None = from_table("chat", "reasoning_effort")
    prefix: str | None = from_table("chat", "prefix")
    suffix: str | None = from_table("chat", "suffix")
    logprobs: bool | None = from_table("chat", "logprobs")
    top_logprobs: int | None = from_table("chat", "top_logprobs")
    logit_bias: dict[str | int, float] | None = from_table("chat", "logit_bias")
    user: str | None = from_table("chat", "user")
