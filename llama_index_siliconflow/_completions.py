"""What a completion's request can hold, as fields of the LLM, and its answers as responses."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final, Literal, cast

from llama_index.core.base.llms.types import CompletionResponse
from llama_index.core.bridge.pydantic import Field

from llama_index_siliconflow._answer_settings import AnswerSettings
from llama_index_siliconflow._parameters import from_table
from llama_index_siliconflow._responses import finished_raw, log_probs, token_counts
from siliconflow_client import (
    DEFAULT_CHAT_MODEL,
    ChatRequest,
    CompletionRequest,
    ConfigurationError,
    settings_of,
)

if TYPE_CHECKING:
    from siliconflow_client import (
        AsyncStream,
        CallOptions,
        ChatCompletion,
        Delta,
        JsonValue,
        Stream,
        TextCompletion,
    )

_SETTINGS: Final = (*settings_of("completions"), "enable_thinking")
"""Fields that go into the body of either endpoint under their own names."""


@dataclass(frozen=True, slots=True)
class CompletionCall:
    """One call: to which endpoint, what is sent, and how."""

    endpoint: Literal["completions", "chat"]
    request: dict[str, Any]
    extra_body: dict[str, JsonValue]
    options: CallOptions


class CompletionFields(AnswerSettings):
    """The request's parameters. `None` is never sent; a call's keyword wins over its field."""

    model: str = Field(default=DEFAULT_CHAT_MODEL, description="The model's id.")
    endpoint: Literal["completions", "chat"] = Field(
        default="chat", description="Where prompts are sent; see the class."
    )
    suffix: str | None = from_table("completions", "suffix")
    max_tokens: int | None = from_table("completions", "max_tokens")
    temperature: float | None = from_table("completions", "temperature")
    top_p: float | None = from_table("completions", "top_p")
    top_k: int | None = from_table("completions", "top_k")
    min_p: float | None = from_table("completions", "min_p")
    frequency_penalty: float | None = from_table("completions", "frequency_penalty")
    presence_penalty: float | None = from_table("completions", "presence_penalty")
    repetition_penalty: float | None = from_table("completions", "repetition_penalty")
    seed: int | None = from_table("completions", "seed")
    n: int | None = from_table("completions", "n")
    stop: str | list[str] | None = from_table("completions", "stop")
    logit_bias: dict[str | int, float] | None = from_table("completions", "logit_bias")
    enable_thinking: bool | None = from_table("chat", "enable_thinking")
    additional_kwargs: dict[str, Any] = Field(
        default_factory=dict, description="Merged into the body at top level, over the fields."
    )
    stream_usage: bool = Field(
        default=True, description="Ask streams to tell the tokens that they used."
    )
    context_window: int | None = Field(
        default=None, description="Tokens; else the catalogue's, else 32768.", gt=0
    )

    def _call(self, prompt: str, kwargs: dict[str, Any], *, stream: bool) -> CompletionCall:
        """Put a call together; nothing is sent.

        Raises:
            ConfigurationError: A parameter that the endpoint or a stream does not take.
        """
        fields = {name: getattr(self, name) for name in _SETTINGS}
        merged: dict[str, Any] = {**fields, **self.additional_kwargs, **kwargs}
        options = self._options_of(merged)
        endpoint = merged.pop("endpoint", None) or self.endpoint
        stream_usage = merged.pop("stream_usage", self.stream_usage)
        body = {name: value for name, value in merged.items() if value is not None}
        body.setdefault("model", self.model)
        if stream:
            if isinstance(answers := body.get("n"), int) and answers > 1:
                raise ConfigurationError(
                    "n: a streamed response holds one text; ask without streaming", argument="n"
                )
            if stream_usage:
                body.setdefault("stream_options", {"include_usage": True})
        if endpoint == "completions":
            if "enable_thinking" in body:
                raise ConfigurationError(
                    'enable_thinking needs endpoint="chat"', argument="enable_thinking"
                )
            body["prompt"] = prompt
        elif "suffix" in body:
            # `messages` is required beside prefix and suffix; an empty one adds nothing.
            body |= {"prefix": prompt, "messages": [{"role": "user", "content": ""}]}
        else:
            body["messages"] = [{"role": "user", "content": prompt}]
        known = CompletionRequest if endpoint == "completions" else ChatRequest
        return CompletionCall(
            endpoint,
            {name: value for name, value in body.items() if name in known.__annotations__},
            {name: value for name, value in body.items() if name not in known.__annotations__},
            options,
        )


class GrowingText:
    """Collects a stream's deltas; each one handed in gives the response to yield."""

    __slots__ = ("_reasoning", "_text")

    def __init__(self) -> None:
        self._text = ""
        self._reasoning = ""

    def add(self, delta: Delta, stream: Stream | AsyncStream) -> CompletionResponse:
        """Take one delta in."""
        self._text += delta.text
        self._reasoning += delta.reasoning
        told: dict[str, Any] = {"thinking_delta": delta.reasoning} if delta.reasoning else {}
        raw: object = delta.raw
        if delta.finish_reason is not None:
            told |= _told(self._reasoning, token_counts(delta.usage))
            raw = finished_raw(delta.raw, stream.trace_id, stream.fallback_from)
        return CompletionResponse(
            text=self._text,
            delta=delta.text,
            raw=raw,
            logprobs=log_probs(delta.logprobs) if delta.logprobs else None,
            additional_kwargs=told,
        )


def completion_response(answer: ChatCompletion | TextCompletion) -> CompletionResponse:
    """Build the response of a plain call."""
    choice = answer.choices[0]
    # Chat answers have these.
    reasoning: str = getattr(choice, "reasoning", "")
    return CompletionResponse(
        text=choice.text,
        raw=finished_raw(
            cast("dict[str, object]", answer.raw), answer.trace_id, answer.fallback_from
        ),
        logprobs=log_probs(choice.logprobs),
        additional_kwargs=_told(reasoning, token_counts(answer.usage)),
    )


def _told(reasoning: str, counts: dict[str, int]) -> dict[str, Any]:
    return {**counts, "reasoning_content": reasoning} if reasoning else dict(counts)
