"""A whole answer as a `ChatResponse`. Pure."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, cast

from llama_index.core.base.llms.types import (
    ChatMessage,
    ChatResponse,
    LogProb,
    MessageRole,
    TextBlock,
    ThinkingBlock,
    ToolCallBlock,
)

from llama_index_siliconflow._arguments import arguments_are_whole, parse_arguments
from llama_index_siliconflow._errors import truncated
from siliconflow_client import APIResponseError

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from llama_index.core.base.llms.types import ContentBlock

    from siliconflow_client import ChatCompletion, JsonObject, ToolCall, Usage


@dataclass(frozen=True, slots=True)
class Shape:
    """What the caller wants of the answer.

    Attributes:
        one_call: Keep only the first tool call (`allow_parallel_tool_calls=False`).
    """

    one_call: bool = False

    def wanted(self, calls: Sequence[ToolCall]) -> Sequence[ToolCall]:
        """Leave out the calls that the caller does not want."""
        return calls[:1] if self.one_call else calls


def chat_response(completion: ChatCompletion, shape: Shape) -> ChatResponse:
    """Build the response of a plain call.

    Raises:
        APIResponseError: A tool call has no name.
        TruncatedAnswerError: The arguments of a tool call end in the middle; see `check_calls`.
    """
    choice = completion.choices[0]
    check_calls(choice.tool_calls, shape, choice.finish_reason, completion.trace_id)
    calls = shape.wanted(choice.tool_calls)
    usage = completion.usage
    message = ChatMessage(
        role=MessageRole.ASSISTANT,
        blocks=blocks(
            choice.text, choice.reasoning, calls, usage.reasoning_tokens if usage else None
        ),
        additional_kwargs={"tool_calls": wire_calls(calls)} if calls else {},
    )
    return ChatResponse(
        message=message,
        raw=finished_raw(completion.raw, completion.trace_id, completion.fallback_from),
        logprobs=log_probs(choice.logprobs),
        additional_kwargs=token_counts(usage),
    )


def blocks(
    text: str, reasoning: str, calls: Sequence[ToolCall], reasoning_tokens: int | None = None
) -> list[ContentBlock]:
    """Order the content: thinking, one text, tool calls. Empty text stands only for itself."""
    content: list[ContentBlock] = []
    if reasoning:
        content.append(ThinkingBlock(content=reasoning, num_tokens=reasoning_tokens))
    if text or not (reasoning or calls):
        content.append(TextBlock(text=text))
    content.extend(
        ToolCallBlock(
            tool_call_id=call.id,
            tool_name=call.name,
            tool_kwargs=parse_arguments(call.arguments, finished=True),
        )
        for call in calls
    )
    return content


def wire_calls(calls: Sequence[ToolCall]) -> list[JsonObject]:
    """Write calls as plain dicts, for the many readers of `additional_kwargs["tool_calls"]`."""
    return [
        {
            "id": call.id,
            "type": "function",
            "function": {"name": call.name, "arguments": call.arguments},
        }
        for call in calls
    ]


def token_counts(usage: Usage | None) -> dict[str, int]:
    """Lay out the usage flat, as tracers read it from `additional_kwargs`."""
    if usage is None:
        return {}
    counts = {
        "prompt_tokens": usage.prompt_tokens,
        "completion_tokens": usage.completion_tokens,
        "total_tokens": usage.total_tokens,
    }
    if usage.reasoning_tokens is not None:
        counts["reasoning_tokens"] = usage.reasoning_tokens
    if usage.cached_tokens is not None:
        counts["cached_tokens"] = usage.cached_tokens
    return counts


def check_calls(
    calls: Sequence[ToolCall], shape: Shape, finish_reason: str | None, trace_id: str | None
) -> None:
    """Refuse a finished answer with calls that nobody can make.

    Args:
        calls: All calls of the answer; one that `shape` leaves out is not looked at.
        shape: What the caller wants.
        finish_reason: Why the answer ended.
        trace_id: Goes into the errors.

    Raises:
        APIResponseError: A call has no name, as THUDM/GLM-4-9B-0414 streams them. An agent would
            take the answer for an empty one.
        TruncatedAnswerError: The answer was cut off at its limit, in the arguments of a call or
            before them (vLLM then sends `""` or `{}`). An agent would execute half a call.
    """
    for call in shape.wanted(calls):
        if not call.name:
            raise APIResponseError(
                "the model sent a tool call without a name",
                trace_id=trace_id,
                hint="ask without streaming; some models stream broken tool calls",
            )
        if finish_reason == "length" and not arguments_are_whole(
            call.arguments, may_be_empty=call is not calls[-1]
        ):
            raise truncated(call.name, finish_reason, trace_id)


def ending(response: ChatResponse) -> tuple[str | None, str | None]:
    """Tell the finish reason and the trace id of a finished response."""
    raw = cast("JsonObject", response.raw or {})
    choices = raw.get("choices")
    first = choices[0] if isinstance(choices, list) and choices else None
    reason = first.get("finish_reason") if isinstance(first, dict) else None
    trace_id = raw.get("trace_id")
    return (
        reason if isinstance(reason, str) else None,
        trace_id if isinstance(trace_id, str) else None,
    )


def finished_raw(
    raw: Mapping[str, object], trace_id: str | None, fallback_from: str | None = None
) -> dict[str, object]:
    """Copy the wire's dict for a finished response, with the trace id.

    `fallback_from` is there where another model than the one that was asked for has answered.

    Counts of tokens that are null are left out of `usage`: LlamaIndex's token counter adds up
    whatever stands there.
    """
    copied = {**raw, "trace_id": trace_id}
    if fallback_from is not None:
        copied["fallback_from"] = fallback_from
    usage = raw.get("usage")
    if isinstance(usage, dict):
        counts = cast("JsonObject", usage)
        if None in counts.values():
            copied["usage"] = {name: count for name, count in counts.items() if count is not None}
    return copied


def log_probs(logprobs: object) -> list[list[LogProb]] | None:
    """Read log probabilities: one list per token, the alternatives if there are any.

    What is not the documented shape gives nothing: no answer is lost for its probabilities.
    """
    if not isinstance(logprobs, dict):
        return None
    content = cast("JsonObject", logprobs).get("content")
    if not isinstance(content, list):
        return None
    return [_alternatives(token) for token in content if isinstance(token, dict)]


def _alternatives(token: JsonObject) -> list[LogProb]:
    top = token.get("top_logprobs")
    entries = [entry for entry in top if isinstance(entry, dict)] if isinstance(top, list) else []
    return [_log_prob(entry) for entry in entries or [token]]


def _log_prob(entry: JsonObject) -> LogProb:
    token, logprob, encoded = entry.get("token"), entry.get("logprob"), entry.get("bytes")
    return LogProb(
        token=token if isinstance(token, str) else "",
        logprob=float(logprob) if isinstance(logprob, int | float) else 0.0,
        bytes=[byte for byte in encoded if isinstance(byte, int)]
        if isinstance(encoded, list)
        else [],
    )


def as_only_chunk(response: ChatResponse) -> ChatResponse:
    """Make a whole answer the single chunk of a stream."""
    response.delta = response.message.content or ""
    thinking = "".join(
        block.content or "" for block in response.message.blocks if isinstance(block, ThinkingBlock)
    )
    if thinking:
        response.additional_kwargs["thinking_delta"] = thinking  # pyright: ignore[reportUnknownMemberType]  # a bare dict upstream
    return response
