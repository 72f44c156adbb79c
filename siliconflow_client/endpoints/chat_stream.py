"""The decoder of chat and completion streams: server-sent events to deltas."""

from __future__ import annotations

import pydantic_core

from siliconflow_client._json import JsonValue
from siliconflow_client.endpoints.answer_reader import NO_RULES, AnswerRules
from siliconflow_client.endpoints.deltas import Delta
from siliconflow_client.endpoints.normaliser import DeltaNormaliser
from siliconflow_client.endpoints.usage import Usage, usage_from_wire
from siliconflow_client.errors.mapping import (
    UndocumentedShapeError,
    error_from_event,
    unexpected_answer,
)
from siliconflow_client.errors.response import Head, Target
from siliconflow_client.errors.tree import EmptyAnswerError
from siliconflow_client.protocol.decoders import Partial, ended_early
from siliconflow_client.protocol.sse import DONE, SSEDecoder


class ChatDecoder:
    """Reads one stream of `/chat/completions` or `/completions`.

    Attributes:
        normaliser: What the chunks have told.
        is_complete: Whether `[DONE]` has come.
    """

    __slots__ = ("_events", "_head", "_may_be_empty", "_target", "is_complete", "normaliser")

    def __init__(
        self, target: Target, head: Head, *, may_be_empty: bool, rules: AnswerRules = NO_RULES
    ) -> None:
        self._target = target
        self._head = head
        self._may_be_empty = may_be_empty
        self._events = SSEDecoder()
        self.normaliser = DeltaNormaliser(rules)
        self.is_complete = False

    @property
    def usage(self) -> Usage | None:
        """Token totals so far."""
        raw = self.normaliser.usage
        return usage_from_wire(raw) if raw else None

    @property
    def partial(self) -> Partial:
        """Text and thinking of the first choice."""
        return Partial(*self.normaliser.partial)

    def feed(self, piece: bytes, out: list[Delta]) -> None:
        """Append the deltas that a piece of the body completes."""
        self._take(self._events.feed(piece), out)

    def finish(self, out: list[Delta]) -> None:
        """Append the last deltas: the finish reasons, and the usage.

        Raises:
            StreamInterruptedError: Neither `[DONE]` nor a finish reason of every choice came.
            EmptyAnswerError: It ended well, with nothing in it.
        """
        if not self.is_complete:
            self._take(self._events.flush(), out, at_end=True)
        normaliser = self.normaliser
        if not (self.is_complete or normaliser.is_complete):
            raise self._ended_early()
        last = normaliser.finish()
        if normaliser.is_empty and not (self._may_be_empty or normaliser.ran_out):
            raise EmptyAnswerError(
                answer=last,
                trace_id=self._head.trace_id,
                host=self._target.host,
                model=normaliser.model or self._target.model,
            )
        out.extend(last)

    def _take(self, events: list[bytes], out: list[Delta], *, at_end: bool = False) -> None:
        for event in events:
            if event[:1] != b"{" and event.strip() == DONE:
                self.is_complete = True
                return
            try:
                chunk: JsonValue = pydantic_core.from_json(event, cache_strings="keys")
            except ValueError as error:
                if event.lstrip().startswith(b":"):  # a comment that a gateway has put into data
                    continue
                if at_end:  # cut in the middle of a line: the end is early, not the JSON broken
                    return
                raise self._unexpected(event, "an event is not JSON") from error
            if not isinstance(chunk, dict):
                raise self._unexpected(event, "an event is not an object")
            if "choices" not in chunk or chunk.get("error"):
                said = error_from_event(chunk, self._head, self._target)
                if said is not None:
                    raise said
            try:
                self.normaliser.feed(chunk, out)
            except UndocumentedShapeError as error:
                raise self._unexpected(event, str(error)) from error

    def _unexpected(self, event: bytes, what: str) -> Exception:
        return unexpected_answer(event, self._head, self._target, what)

    def _ended_early(self) -> Exception:
        return ended_early(
            "a finish_reason or [DONE]",
            self._head,
            self._target,
            partial=self.partial,
            stray=self._events.stray,
            is_first=self.normaliser.is_empty,
        )
