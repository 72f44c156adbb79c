"""The decoder of `/messages` streams: Anthropic's events, and at the end the whole answer."""

from __future__ import annotations

import pydantic_core

from siliconflow_client._json import JsonObject, JsonValue
from siliconflow_client.endpoints.messages_shapes import (
    MessagesAnswer,
    MessagesBlock,
    MessagesEvent,
    MessagesUsage,
    TextBlock,
    ThinkingBlock,
    block_from_wire,
    tool_use,
    usage_from_wire,
)
from siliconflow_client.endpoints.shapes import as_object, count, text
from siliconflow_client.errors.mapping import (
    UndocumentedShapeError,
    error_from_event,
    unexpected_answer,
)
from siliconflow_client.errors.response import Head, Target
from siliconflow_client.protocol.decoders import Partial, ended_early
from siliconflow_client.protocol.sse import DONE, SSEDecoder


class _Block:
    """A block that is being written."""

    __slots__ = ("input_json", "signature", "start", "text", "thinking")

    def __init__(self, start: JsonObject) -> None:
        self.start = start
        self.text = [text(start, "text")]
        self.thinking = [text(start, "thinking")]
        self.signature = [text(start, "signature")]
        self.input_json: list[str] = []

    def whole(self) -> MessagesBlock:
        match text(self.start, "type"):
            case "text":
                return TextBlock("".join(self.text))
            case "thinking":
                return ThinkingBlock("".join(self.thinking), "".join(self.signature))
            case "tool_use" if self.input_json:
                id, name = text(self.start, "id"), text(self.start, "name")
                return tool_use(id, name, "".join(self.input_json))
            case _:
                return block_from_wire(self.start)


class MessagesDecoder:
    """Reads one stream of `/messages`.

    Attributes:
        is_complete: Whether `message_stop` or `[DONE]` has come (docs/wire.md#messages).
    """

    __slots__ = ("_blocks", "_ending", "_events", "_head", "_last", "_message", "_target", "_usage",
                 "is_complete")  # fmt: skip

    def __init__(self, target: Target, head: Head) -> None:
        self._target = target
        self._head = head
        self._events = SSEDecoder()
        self._message: JsonObject = {}
        self._usage: JsonObject = {}
        self._ending: JsonObject = {}
        self._last: JsonObject = {}
        self._blocks: dict[int, _Block] = {}
        self.is_complete = False

    @property
    def usage(self) -> MessagesUsage | None:
        """Tokens so far."""
        return usage_from_wire(self._usage or None)

    @property
    def partial(self) -> Partial:
        """All text and thinking so far."""
        blocks = [self._blocks[index] for index in sorted(self._blocks)]
        return Partial(
            "".join(piece for block in blocks for piece in block.text),
            "".join(piece for block in blocks for piece in block.thinking),
        )

    def feed(self, piece: bytes, out: list[MessagesEvent]) -> None:
        """Append the events that a piece of the body completes."""
        self._take(self._events.feed(piece), out)

    def finish(self, out: list[MessagesEvent]) -> None:
        """Append the last event, with the answer.

        Raises:
            StreamInterruptedError: Neither `message_stop` nor `[DONE]` came.
        """
        if not self.is_complete:
            self._take(self._events.flush(), out, at_end=True)
        if not self.is_complete:
            raise self._ended_early()
        try:
            answer = self._answer()
        except UndocumentedShapeError as error:
            raise self._unexpected(pydantic_core.to_json(self._message), str(error)) from error
        out.append(MessagesEvent("message_stop", 0, "", "", "", answer, self._last))

    def _take(self, events: list[bytes], out: list[MessagesEvent], *, at_end: bool = False) -> None:
        for data in events:
            if data == DONE or data.strip() == DONE:
                self.is_complete = True
                return
            try:
                event: JsonValue = pydantic_core.from_json(data, cache_strings="keys")
            except ValueError as error:
                if at_end:  # cut in the middle of a line: the end is early, not the JSON broken
                    return
                raise self._unexpected(data, "an event is not JSON") from error
            try:
                self._one(as_object(event, "an event"), out)
            except UndocumentedShapeError as error:
                raise self._unexpected(data, str(error)) from error
            if self.is_complete:
                return

    def _one(self, event: JsonObject, out: list[MessagesEvent]) -> None:
        kind = text(event, "type")
        if kind in ("", "error"):
            said = error_from_event(event, self._head, self._target)
            if said is not None:
                raise said
            raise UndocumentedShapeError("an event has no `type`")
        if kind == "message_stop":
            self.is_complete, self._last = True, event
            return
        index = count(event.get("index"))
        pieces = ("", "", "")
        if kind == "message_start":
            self._message = as_object(event.get("message"), "`message`")
            self._add_usage(self._message.get("usage"))
        elif kind == "content_block_start":
            start = as_object(event.get("content_block"), "`content_block`")
            block = self._blocks[index] = _Block(start)
            pieces = (block.text[0], block.thinking[0], "")
        elif kind == "content_block_delta":
            pieces = self._add(index, as_object(event.get("delta"), "`delta`"))
        elif kind == "message_delta":
            delta = event.get("delta")
            self._ending.update(delta if isinstance(delta, dict) else {})
            self._add_usage(event.get("usage"))
        out.append(MessagesEvent(kind, index, *pieces, None, event))

    def _add(self, index: int, delta: JsonObject) -> tuple[str, str, str]:
        block = self._blocks.get(index)
        if block is None:
            starts = {"thinking_delta": "thinking", "input_json_delta": "tool_use"}
            kind = starts.get(text(delta, "type"), "text")
            block = self._blocks[index] = _Block({"type": kind})
        told = text(delta, "text"), text(delta, "thinking"), text(delta, "partial_json")
        block.text.append(told[0])
        block.thinking.append(told[1])
        if told[2]:
            block.input_json.append(told[2])
        block.signature.append(text(delta, "signature"))
        return told

    def _add_usage(self, usage: JsonValue) -> None:
        """Later counts replace earlier ones; what is null or not told again stays."""
        if isinstance(usage, dict):
            self._usage.update({key: value for key, value in usage.items() if value is not None})

    def _answer(self) -> MessagesAnswer:
        message, ending = self._message, self._ending
        return MessagesAnswer(
            id=text(message, "id"),
            model=text(message, "model") or self._target.model or "",
            content=[self._blocks[index].whole() for index in sorted(self._blocks)],
            stop_reason=text(ending, "stop_reason") or None,
            stop_sequence=text(ending, "stop_sequence") or None,
            usage=usage_from_wire(self._usage or None),
            trace_id=self._head.trace_id,
            raw=message,
        )

    def _unexpected(self, data: bytes, what: str) -> Exception:
        return unexpected_answer(data, self._head, self._target, what)

    def _ended_early(self) -> Exception:
        return ended_early(
            "message_stop or [DONE]",
            self._head,
            self._target,
            partial=self.partial,
            stray=self._events.stray,
            is_first=not self._message,
        )
