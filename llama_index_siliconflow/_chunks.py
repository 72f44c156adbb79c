"""A streamed answer as a row of `ChatResponse`s: each holds all so far, and what is new. Pure.

Every yield gets its own message, blocks and dicts: LlamaIndex changes them in place
(`stream_chat_response_to_completion_response` does), and consumers keep them.

`model_construct` is used where this module itself made every value: validation would cost more
than all the rest of a chunk and could find nothing.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from llama_index.core.base.llms.types import (
    ChatMessage,
    ChatResponse,
    MessageRole,
    TextBlock,
    ThinkingBlock,
    ToolCallBlock,
)

from llama_index_siliconflow._arguments import parse_arguments
from llama_index_siliconflow._responses import (
    Shape,
    check_calls,
    finished_raw,
    log_probs,
    token_counts,
    wire_calls,
)
from siliconflow_client import ToolCall

if TYPE_CHECKING:
    from collections.abc import Sequence

    from llama_index.core.base.llms.types import ContentBlock

    from siliconflow_client import Delta, ToolCallDelta


class StreamedAnswer:
    """Collects deltas; each one handed in gives the response to yield."""

    __slots__ = ("_calls", "_reasoning", "_shape", "_text")

    def __init__(self, shape: Shape) -> None:
        self._shape = shape
        self._text = ""
        self._reasoning = ""
        self._calls: dict[int, ToolCall] = {}

    def add(
        self, delta: Delta, trace_id: str | None = None, fallback_from: str | None = None
    ) -> ChatResponse:
        """Take one delta in.

        Args:
            delta: What is new.
            trace_id: Put into the last response's `raw`.
            fallback_from: Put there as well, if another model answers.

        Raises:
            APIResponseError: The answer is finished, and a call in it cannot be made.
        """
        if delta.text:
            self._text += delta.text
        if delta.reasoning:
            self._reasoning += delta.reasoning
        if delta.tool_calls:
            self._take_calls(delta.tool_calls)
        kwargs: dict[str, str | int] = (
            {"thinking_delta": delta.reasoning} if delta.reasoning else {}
        )
        raw: object = delta.raw
        if delta.finish_reason is not None:
            check_calls(list(self._calls.values()), self._shape, delta.finish_reason, trace_id)
            kwargs.update(token_counts(delta.usage))
            raw = finished_raw(delta.raw, trace_id, fallback_from)
        calls = self._shown_calls()
        return ChatResponse.model_construct(
            message=ChatMessage.model_construct(
                role=MessageRole.ASSISTANT,
                additional_kwargs={"tool_calls": wire_calls(calls)} if calls else {},
                blocks=self._blocks(calls, delta),
            ),
            raw=raw,
            delta=delta.text,
            logprobs=log_probs(delta.logprobs) if delta.logprobs else None,
            additional_kwargs=kwargs,
        )

    def _take_calls(self, pieces: Sequence[ToolCallDelta]) -> None:
        for piece in pieces:
            call = self._calls.get(piece.index)
            if call is None:
                self._calls[piece.index] = ToolCall(
                    piece.index, piece.id or "", piece.name or "", piece.arguments
                )
                continue
            call.id = call.id or piece.id or ""
            call.name = call.name or piece.name or ""
            call.arguments += piece.arguments

    def _shown_calls(self) -> Sequence[ToolCall]:
        if not self._calls:
            return ()
        calls = list(self._calls.values())  # numbered in the order in which they came
        return [call for call in self._shape.wanted(calls) if call.name]

    def _blocks(self, calls: Sequence[ToolCall], delta: Delta) -> list[ContentBlock]:
        content: list[ContentBlock] = []
        usage = delta.usage
        if self._reasoning:
            content.append(
                ThinkingBlock.model_construct(
                    content=self._reasoning,
                    num_tokens=usage.reasoning_tokens if usage else None,
                    additional_information={},
                )
            )
        if self._text or not (self._reasoning or calls):
            content.append(TextBlock.model_construct(text=self._text))
        content.extend(
            ToolCallBlock.model_construct(
                tool_call_id=call.id,
                tool_name=call.name,
                tool_kwargs=parse_arguments(
                    call.arguments, finished=delta.finish_reason is not None
                ),
            )
            for call in calls
        )
        return content
