"""No I/O: what a choice says, with everything in the field that it belongs to.

Models write tool calls as text (docs/wire.md#tool-markup), thinking into the answer, and the
answer into the thinking (docs/wire.md#answers-in-the-wrong-field). Plain answers and streams are
read by the same steps, so that they say the same.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Final, Literal, Self, TypeAlias

from siliconflow_client.catalogue.facts import ModelFacts, lookup_model
from siliconflow_client.endpoints.markup_dialects import MarkupCall
from siliconflow_client.endpoints.offered_tools import OfferedTools, offered_tools
from siliconflow_client.endpoints.tool_markup import (
    LONGEST_MARKUP,
    THINK,
    THINK_END,
    Found,
    MarkupScanner,
    Piece,
)

_Phase: TypeAlias = Literal["start", "thinking", "thought", "answer"]

_NO_CALLS: Final[tuple[MarkupCall, ...]] = ()


@dataclass(frozen=True, slots=True)
class AnswerRules:
    """What a request says about how its answer is to be read.

    Attributes:
        tools: What was offered; `None` where calls in the text are not looked for.
        thinks: Whether the model may write marks of thinking into its answer.
        thinking_off: Whether the request switched thinking off.
    """

    tools: OfferedTools | None = None
    thinks: bool = False
    thinking_off: bool = False

    def of_call(self, *, tool_markup: bool) -> Self:
        """The rules with the setting of a call."""
        return self if tool_markup or self.tools is None else replace(self, tools=None)

    def of_model(self, model: str | None) -> Self:
        """The rules of the same request to another model."""
        thinks = _may_think(lookup_model(model or ""))
        return self if thinks == self.thinks else replace(self, thinks=thinks)

    def without_thinking(self) -> Self:
        """The rules of the same request with thinking switched off."""
        return replace(self, thinking_off=True)

    def reader(self, *, limit: int | None = LONGEST_MARKUP) -> AnswerReader | None:
        """A reader for one choice; `None` where there is nothing to look for."""
        if self.tools is None and not self.thinks and not self.thinking_off:
            return None
        return AnswerReader(self, limit)


NO_RULES: Final = AnswerRules()


def answer_rules(body: Mapping[str, object], model: str) -> AnswerRules:
    """The rules that a chat request's body makes."""
    return AnswerRules(
        tools=offered_tools(body),
        thinks=_may_think(lookup_model(model)),
        thinking_off=body.get("enable_thinking") is False,
    )


def is_plain(text: str, reasoning: str) -> bool:
    """Whether a whole answer is right as it is: no mark can be in it, and thinking is not all."""
    return "<" not in text and "<" not in reasoning and bool(not reasoning or text.strip())


def _may_think(facts: ModelFacts) -> bool:
    """Whether the model is known to think, or not known at all."""
    return facts.thinking in {"switch", "always"} or facts.thinking_by_default or not facts.known


@dataclass(frozen=True, slots=True)
class Ending:
    """What the end of an answer settles.

    Attributes:
        text: Text that had been held back.
        reasoning: Thinking that had been held back.
        calls: The calls that were written as text.
        answer: The whole answer, where it came as reasoning; else "".
    """

    text: str
    reasoning: str
    calls: tuple[MarkupCall, ...]
    answer: str


class AnswerReader:
    """Reads one choice, in pieces; see `AnswerRules`.

    Attributes:
        text_is_quiet: Whether text without "<" passes as it is.
        reasoning_is_quiet: The same for thinking.
        passed: Where the caller notes text that it did not show to the reader; `None` where that
            is of no use.
        thoughts: The same for thinking.
    """

    __slots__ = (
        "_calls",
        "_from_tag",
        "_has_native_calls",
        "_held",
        "_in_text",
        "_in_thought",
        "_phase",
        "_said",
        "_tag_said",
        "_thinking_off",
        "_thought_calls",
        "_thought_written",
        "_written",
        "passed",
        "reasoning_is_quiet",
        "text_is_quiet",
        "thoughts",
    )  # fmt: skip

    def __init__(self, rules: AnswerRules, limit: int | None) -> None:
        self._thinking_off = rules.thinking_off
        self._phase: _Phase = "start" if rules.thinks else "answer"
        self._in_text = MarkupScanner(rules.tools, marks=rules.thinks, limit=limit)
        # What is quoted in the thinking does not end it: no call in any case.
        self._in_thought = (
            None if rules.tools is None else MarkupScanner(rules.tools, quotes=False, limit=limit)
        )
        self.passed = None if rules.tools is None else self._in_text.passed
        self._calls: list[MarkupCall] = []
        self._written: list[str] = []  # what the calls were in the text
        self._thought_calls: list[MarkupCall] = []
        self._thought_written: list[str] = []
        self._held = ""  # the first characters of what may be a mark of thinking
        # Thinking that may turn out to be the answer.
        self.thoughts: list[str] | None = [] if rules.thinking_off else None
        self._from_tag: list[str] = []  # the same for what a `<think>` began
        self._tag_said = self._said = False
        self._has_native_calls = False
        self.text_is_quiet = self.reasoning_is_quiet = False

    @property
    def held(self) -> tuple[str, str]:
        """Text and thinking that are held back, for the error of a stream that broke off."""
        thought = "" if self._in_thought is None else self._in_thought.held
        return (
            "".join(self._written)
            + ("" if self._phase == "thinking" else self._held)
            + self._in_text.held,
            "".join(self._thought_written)
            + thought
            + (self._held if self._phase == "thinking" else ""),
        )

    def take(self, text: str, reasoning: str, *, native: bool = False) -> tuple[str, str]:
        """Take the next piece of each; returns what is settled of each.

        `native` says that a tool call came as one.
        """
        texts: list[str] = []
        thoughts: list[str] = []
        if native and not self._has_native_calls:
            self._has_native_calls = True
            self._give_back(texts, thoughts)
        if reasoning:
            if self._phase == "start" and not reasoning.isspace():
                self._answer(self._held, texts, thoughts)  # it thinks in the right field
                self._held = ""
            if self.thoughts is not None:
                self.thoughts.append(reasoning)
            self._think(reasoning, thoughts)
        if text:
            self._read(text, texts, thoughts)
        self._settle()
        return "".join(texts), "".join(thoughts)

    def finish(self, reason: str | None) -> Ending:
        """Settle what is left, with the reason why the answer ended."""
        texts: list[str] = []
        thoughts: list[str] = []
        if self._phase == "thinking":
            self._think_by_tag(self._held, thoughts)
        elif self._held:
            self._answer(self._held, texts, thoughts)
        self._held = ""
        self._sort_text(self._in_text.feed("", at_end=True), texts, thoughts)
        if self._in_thought is not None:
            self._sort_thought(self._in_thought.feed("", at_end=True), thoughts)
        calls = [*self._calls] or [*self._thought_calls]
        if not calls:
            thoughts.extend(self._thought_written)
        return Ending(
            "".join(texts),
            "".join(thoughts),
            _NO_CALLS if self._has_native_calls else tuple(calls),
            "" if calls or self._has_native_calls or self._said else self._mistaken(reason),
        )

    def _mistaken(self, reason: str | None) -> str:
        """What came as thinking and was the answer."""
        answer = ""
        if self._thinking_off:
            answer = "".join(self.thoughts or ()) or "".join(self._from_tag).lstrip()
        elif self._phase == "thinking" and self._tag_said and reason in {None, "stop"}:
            answer = THINK + "".join(self._from_tag)  # never closed: no thinking, but an answer
        return "" if answer.isspace() else answer

    def _settle(self) -> None:
        calm = self._in_text.is_idle and not self._held
        self.text_is_quiet = calm and self._said and self._phase == "answer"
        self.reasoning_is_quiet = (
            self._in_thought is None or (self._in_thought.is_idle and not self._thought_written)
        ) and self._phase != "start"

    # --- the text -----------------------------------------------------------------------------

    def _read(self, text: str, texts: list[str], thoughts: list[str]) -> None:
        """Text, of which the first may be thinking."""
        if self._phase == "start":
            whole = self._held + text
            start = whole.lstrip()
            self._held = ""
            if len(start) < len(whole):
                texts.append(whole[: len(whole) - len(start)])
            if start != THINK and THINK.startswith(start):  # or nothing but white space has come
                self._held = start
                return
            text = start.removeprefix(THINK)
            if len(text) < len(start):
                self._phase = "thinking"
        if self._phase == "thinking":
            text, self._held = self._held + text, ""
            end = text.find(THINK_END)
            if end < 0:
                kept = _beginning_at_end(text, THINK_END)
                self._held = text[len(text) - kept :]
                self._think_by_tag(text[: len(text) - kept], thoughts)
                return
            self._think_by_tag(text[:end], thoughts)
            self._phase = "thought"
            text = text[end + len(THINK_END) :]
        if self._phase == "thought":
            text = text.lstrip()
        if text:
            self._answer(text, texts, thoughts)

    def _think_by_tag(self, text: str, thoughts: list[str]) -> None:
        if not text:
            return
        self._from_tag.append(text)
        if not self._tag_said:
            text = text.lstrip()
        if text:
            self._tag_said = True
            self._think(text, thoughts)

    def _answer(self, text: str, texts: list[str], thoughts: list[str]) -> None:
        """Text that is no thinking."""
        self._phase = "answer"
        self._sort_text(self._in_text.feed(text), texts, thoughts)

    def _sort_text(self, pieces: list[Piece], texts: list[str], thoughts: list[str]) -> None:
        for piece in pieces:
            if isinstance(piece, Found):
                self._written.append(piece.written)
                if piece.call is not None:
                    self._calls.append(piece.call)
                said = piece.call is not None
            else:
                texts.append(piece)
                said = not piece.isspace()
            if said and not self._said:
                self._said = True
                self.thoughts = None
                self._from_tag.clear()
                if self._in_thought is not None:  # who answers called no tool in the thinking
                    self._stop_thinking(thoughts)

    # --- the thinking -------------------------------------------------------------------------

    def _think(self, text: str, thoughts: list[str]) -> None:
        if self._in_thought is None:
            thoughts.append(text)
        else:
            self._sort_thought(self._in_thought.feed(text), thoughts)

    def _sort_thought(self, pieces: list[Piece], thoughts: list[str]) -> None:
        for piece in pieces:
            if isinstance(piece, Found):
                self._thought_written.append(piece.written)
                if piece.call is not None:
                    self._thought_calls.append(piece.call)
                continue
            # The thinking goes on: what stood there was no call.
            thoughts.extend(self._thought_written)
            self._thought_written.clear()
            self._thought_calls.clear()
            thoughts.append(piece)

    def _stop_thinking(self, thoughts: list[str]) -> None:
        assert self._in_thought is not None
        thoughts.extend(self._thought_written)
        self._thought_written.clear()
        self._thought_calls.clear()
        self._sort_thought(self._in_thought.stop(), thoughts)

    def _give_back(self, texts: list[str], thoughts: list[str]) -> None:
        """Native calls came: what was held back for calls is text."""
        texts.extend(self._written)
        self._written.clear()
        self._calls.clear()
        self._sort_text(self._in_text.stop(), texts, thoughts)
        if self._in_thought is not None:
            self._stop_thinking(thoughts)


def _beginning_at_end(text: str, mark: str) -> int:
    """How many of the last characters may be the beginning of `mark`."""
    for length in range(min(len(text), len(mark) - 1), 0, -1):
        if text.endswith(mark[:length]):
            return length
    return 0
