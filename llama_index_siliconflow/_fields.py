"""What a chat request can hold, as fields of the LLM, and how a call's request is put together."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final, Literal, cast

from llama_index.core.bridge.pydantic import Field

from llama_index_siliconflow._answer_settings import AnswerSettings
from llama_index_siliconflow._messages import wire_messages
from llama_index_siliconflow._parameters import from_table
from llama_index_siliconflow._responses import Shape
from siliconflow_client import (
    DEFAULT_CHAT_MODEL,
    CallOptions,
    ConfigurationError,
    ReasoningReplay,
    lookup_model,
    settings_of,
)
from siliconflow_client import ChatRequest as WireRequest

if TYPE_CHECKING:
    from collections.abc import Sequence

    from llama_index.core.base.llms.types import ChatMessage

    from siliconflow_client import ChatRequest, JsonValue

_BODY_FIELDS: Final = settings_of("chat")
"""Fields that go into the request's body under their own names."""
_KNOWN: Final = frozenset(WireRequest.__annotations__)


@dataclass(frozen=True, slots=True)
class Call:
    """One call: what is sent, how, and what is wanted of the answer."""

    request: ChatRequest
    extra_body: dict[str, JsonValue]
    options: CallOptions
    shape: Shape
    plain: bool
    """Ask without streaming even for a stream: the model streams broken tool calls."""


class ChatFields(AnswerSettings):
    """The request's parameters. `None` is never sent; a call's keyword wins over its field."""

    model: str = Field(default=DEFAULT_CHAT_MODEL, description="The model's id.")
    temperature: float | None = from_table("chat", "temperature")
    max_tokens: int | None = from_table("chat", "max_tokens")
    top_p: float | None = from_table("chat", "top_p")
    top_k: int | None = from_table("chat", "top_k")
    min_p: float | None = from_table("chat", "min_p")
    frequency_penalty: float | None = from_table("chat", "frequency_penalty")
    presence_penalty: float | None = from_table("chat", "presence_penalty")
    seed: int | None = from_table("chat", "seed")
    n: int | None = from_table("chat", "n")
    stop: str | list[str] | None = from_table("chat", "stop")
    response_format: dict[str, Any] | None = from_table("chat", "response_format")
    enable_thinking: bool | None = from_table("chat", "enable_thinking")
    thinking_budget: int | None = from_table("chat", "thinking_budget")
    reasoning_effort: str | None = from_table("chat", "reasoning_effort")
    parallel_tool_calls: bool | None = from_table("chat", "parallel_tool_calls")
    prefix: str | None = from_table("chat", "prefix")
    suffix: str | None = from_table("chat", "suffix")
    logprobs: bool | None = from_table("chat", "logprobs")
    top_logprobs: int | None = from_table("chat", "top_logprobs")
    logit_bias: dict[str | int, float] | None = from_table("chat", "logit_bias")
    user: str | None = from_table("chat", "user")
    additional_kwargs: dict[str, Any] = Field(
        default_factory=dict, description="Merged into the body at top level, over the fields."
    )

    context_window: int | None = Field(
        default=None, description="Tokens; else the catalogue's, else 32768.", gt=0
    )
    num_output: int | None = Field(
        default=None,
        description="Tokens that prompt helpers keep free for the answer; else max_tokens, else "
        "the catalogue's limit, but at most a quarter of the window.",
        gt=0,
    )
    is_chat_model: Literal[True] = Field(
        default=True, description="For callers that are used to say so.", exclude=True
    )
    is_function_calling_model: bool | None = Field(
        default=None, description="Else the catalogue's word; true for unknown models."
    )
    strict: bool | None = Field(
        default=None, description="Ask for tool arguments that keep to the schema."
    )
    relax_tool_choice: bool = Field(
        default=False,
        description="Send `auto` where a tool call would be forced, for models that refuse a "
        "forced call while they think.",
    )
    should_use_structured_outputs: bool = Field(
        default=False,
        description="Predict structures by `response_format` and not by function calling.",
    )
    structured_output_mode: Literal["json_schema", "json_object"] | None = Field(
        default=None, description="The `response_format` to use; else what the catalogue names."
    )
    stream_usage: bool = Field(
        default=True, description="Ask streams to tell the tokens that they used."
    )
    reasoning_replay: ReasoningReplay = Field(
        default="tool_loop",
        description="Which assistant turns carry their thinking back: those of a running tool "
        "loop, all (`always`) or none (`never`).",
    )

    @property
    def model_kwargs(self) -> dict[str, Any]:
        """What the fields put into every request's body."""
        settings = {
            name: value for name in _BODY_FIELDS if (value := getattr(self, name)) is not None
        }
        return {**settings, **self.additional_kwargs}

    def _call(
        self, messages: Sequence[ChatMessage], kwargs: dict[str, Any], *, stream: bool
    ) -> Call:
        """Put a call together; nothing is sent.

        Raises:
            ConfigurationError: A block that cannot be sent, named, or a wrong option.
        """
        merged: dict[str, Any] = {**self.model_kwargs, **kwargs}
        model = str(merged.pop("model", None) or self.model)
        options = self._options_of(merged)
        stream_usage = merged.pop("stream_usage", self.stream_usage)
        shape = Shape(one_call=not merged.pop("allow_parallel_tool_calls", True))
        answers = merged.get("n")
        if stream and isinstance(answers, int) and answers > 1:
            raise ConfigurationError(
                "n: a streamed response holds one answer; ask without streaming", argument="n"
            )
        request: dict[str, Any] = {
            "model": model,
            "messages": wire_messages(messages, model=model, replay=self.reasoning_replay),
        }
        extra: dict[str, JsonValue] = {}
        for name, value in merged.items():
            if value is not None:
                (request if name in _KNOWN else extra)[name] = value
        plain = stream and "tools" in request and not _streams_tools(model)
        if stream and stream_usage and not plain and merged.get("stream_options") is None:
            # vLLM and LiteLLM tell a stream's usage only when asked; the vendor's adapter asks too.
            extra["stream_options"] = {"include_usage": True}
        return Call(
            request=cast("ChatRequest", request),
            extra_body=extra,
            options=options,
            shape=shape,
            plain=plain,
        )


def _streams_tools(model: str) -> bool:
    facts = lookup_model(model)
    return facts.streaming_tools or not facts.tools
