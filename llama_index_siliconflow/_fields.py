"""What a chat request can hold, as fields of the LLM, and how a call's request is put together."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final, Literal, cast

from llama_index.core.bridge.pydantic import Field

from llama_index_siliconflow._connection import Connection
from llama_index_siliconflow._messages import wire_messages
from llama_index_siliconflow._responses import Shape
from siliconflow_client import (
    DEFAULT_CHAT_MODEL,
    CallOptions,
    ConfigurationError,
    ReasoningReplay,
    lookup_model,
)
from siliconflow_client import ChatRequest as WireRequest

if TYPE_CHECKING:
    from collections.abc import Sequence

    from llama_index.core.base.llms.types import ChatMessage

    from siliconflow_client import ChatRequest, JsonValue

# Fields that go into the request's body under their own names.
_BODY_FIELDS: Final = (
    "temperature",
    "max_tokens",
    "top_p",
    "top_k",
    "min_p",
    "frequency_penalty",
    "presence_penalty",
    "seed",
    "n",
    "stop",
    "response_format",
    "enable_thinking",
    "thinking_budget",
    "reasoning_effort",
    "parallel_tool_calls",
    "prefix",
    "suffix",
    "logprobs",
    "top_logprobs",
    "logit_bias",
    "user",
)
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


class ChatFields(Connection):
    """The request's parameters. `None` is never sent; a call's keyword wins over its field."""

    model: str = Field(default=DEFAULT_CHAT_MODEL, description="The model's id.")
    temperature: float | None = Field(default=None, description="0 to 2.", ge=0, le=2)
    max_tokens: int | None = Field(
        default=None,
        description="Longest answer, in tokens; on some models thinking counts too.",
        gt=0,
    )
    top_p: float | None = Field(default=None, description="0 to 1.", ge=0, le=1)
    top_k: int | None = Field(default=None, description="Candidates per token.")
    min_p: float | None = Field(default=None, description="0 to 1; Qwen3 only.", ge=0, le=1)
    frequency_penalty: float | None = Field(default=None, description="-2 to 2.", ge=-2, le=2)
    presence_penalty: float | None = Field(default=None, description="-2 to 2.", ge=-2, le=2)
    seed: int | None = Field(default=None, description="In no reference; sent as it is.")
    n: int | None = Field(
        default=None, description="Answers; the message holds the first, `raw` all.", gt=0
    )
    stop: str | list[str] | None = Field(default=None, description="Up to four strings.")
    response_format: dict[str, Any] | None = Field(
        default=None, description='Such as {"type": "json_object"}; not on every model.'
    )
    enable_thinking: bool | None = Field(
        default=None, description="Think or not; models without the switch answer 400."
    )
    thinking_budget: int | None = Field(
        default=None, description="Tokens for thinking, 128 to 32768.", gt=0
    )
    reasoning_effort: str | None = Field(default=None, description="Such as high or max.")
    parallel_tool_calls: bool | None = Field(
        default=None, description="In no reference; sent as it is."
    )
    prefix: str | None = Field(default=None, description="Text before the gap to fill.")
    suffix: str | None = Field(default=None, description="Text after the gap to fill.")
    logprobs: bool | None = Field(default=None, description="Ask for log probabilities.")
    top_logprobs: int | None = Field(default=None, description="Alternatives per token.", ge=0)
    logit_bias: dict[str, float] | None = Field(default=None, description="By token id.")
    user: str | None = Field(default=None, description="The end user, for the vendor's records.")
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
