"""Typed results: small slotted objects, one shape whichever back end answered."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, TypeAlias

if TYPE_CHECKING:
    from collections.abc import Sequence

    from siliconflow_client._types import (
        ChatChunkDict,
        ChatCompletionDict,
        JsonObject,
        JsonValue,
        UsageDict,
    )

FinishReason: TypeAlias = str
"""`stop`, `length`, `tool_calls` or another word of the server; `eos` arrives as `stop`."""


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


@dataclass(slots=True)
class ToolCall:
    """A whole tool call. `arguments` is the model's JSON text, not yet parsed.

    `name` is "" where the model sent none (THUDM/GLM-4-9B-0414 does so in streams), `id` is
    made up (`call_…`) where the server sent none.
    """

    index: int
    id: str
    name: str
    arguments: str


@dataclass(slots=True)
class ToolCallDelta:
    """A piece of a tool call.

    `index` is the call's place in the answer and never changes; `id` and `name` come once, in
    the call's first piece (`None` afterwards); `arguments` pieces are to be joined.
    """

    index: int
    id: str | None
    name: str | None
    arguments: str


@dataclass(slots=True)
class Delta:
    """What one wire chunk adds to one choice.

    Attributes:
        index: The choice it belongs to; 0 unless `n > 1`.
        text: New answer text, or "".
        reasoning: New thinking text, or "".
        tool_calls: New tool-call pieces, or an empty tuple.
        finish_reason: Set on the choice's last delta only, which carries nothing else new.
        usage: Final totals; on the last delta of the whole stream only.
        logprobs: Passed on as received.
        id: The completion's id.
        model: The model that answered.
        raw: The wire chunk; on the last delta it holds `choices` and the final `usage`.
    """

    index: int
    text: str
    reasoning: str
    tool_calls: Sequence[ToolCallDelta]
    finish_reason: FinishReason | None
    usage: Usage | None
    logprobs: JsonObject | None
    id: str
    model: str
    raw: ChatChunkDict


@dataclass(slots=True)
class ChatChoice:
    """One answer. `text` and `reasoning` are "" where the API sends `null` or nothing."""

    index: int
    text: str
    reasoning: str
    tool_calls: list[ToolCall]
    finish_reason: FinishReason | None
    logprobs: JsonObject | None = None


@dataclass(slots=True)
class ChatCompletion:
    """A whole chat answer; `choices` holds at least one.

    Attributes:
        id: The completion's id, 32 hex digits or `chatcmpl-…`.
        model: The model that answered.
        created: Unix time, in seconds.
        choices: The answers, in the order of their `index`.
        usage: Token totals, or `None` when the server sent none.
        trace_id: The `x-siliconcloud-trace-id` header, to quote to support.
        system_fingerprint: As received; usually "".
        raw: The parsed body.
    """

    id: str
    model: str
    created: int
    choices: list[ChatChoice]
    usage: Usage | None
    trace_id: str | None
    system_fingerprint: str
    raw: ChatCompletionDict

    @property
    def text(self) -> str:
        """Text of the first choice."""
        return self.choices[0].text

    @property
    def reasoning(self) -> str:
        """Thinking text of the first choice."""
        return self.choices[0].reasoning

    @property
    def tool_calls(self) -> list[ToolCall]:
        """Tool calls of the first choice."""
        return self.choices[0].tool_calls

    @property
    def finish_reason(self) -> FinishReason | None:
        """Why the first choice ended."""
        return self.choices[0].finish_reason


@dataclass(slots=True)
class TextChoice:
    """One text completion."""

    index: int
    text: str
    finish_reason: FinishReason | None
    logprobs: JsonObject | None = None


@dataclass(slots=True)
class TextCompletion:
    """Answer of `POST /completions`; `choices` holds at least one."""

    id: str
    model: str
    created: int
    choices: list[TextChoice]
    usage: Usage | None
    trace_id: str | None
    raw: JsonObject

    @property
    def text(self) -> str:
        """Text of the first choice."""
        return self.choices[0].text


@dataclass(slots=True)
class EmbeddingResult:
    """Vectors, one per input and in the order of the inputs.

    Attributes:
        vectors: `list[list[float]]`, each of the model's (or the requested) dimensions.
        model: The model that answered.
        usage: Token totals; `completion_tokens` is 0.
        trace_id: The `x-siliconcloud-trace-id` header.
    """

    vectors: list[list[float]]
    model: str
    usage: Usage | None
    trace_id: str | None


@dataclass(slots=True)
class RerankHit:
    """A document's place in the order: `index` into the request's documents, score 0 to 1."""

    index: int
    relevance_score: float
    document: JsonValue = None


@dataclass(slots=True)
class RerankResult:
    """Hits with the best score first.

    `input_tokens` and `output_tokens` are read from `meta.tokens`, else from `tokens` at the
    top level (both shapes are documented), else `None`.
    """

    id: str
    results: list[RerankHit]
    input_tokens: int | None
    output_tokens: int | None
    trace_id: str | None


@dataclass(slots=True)
class ModelCard:
    """An entry of `GET /models`; the API tells no more than the id."""

    id: str
    owned_by: str
    created: int
