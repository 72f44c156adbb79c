"""One answer to a chat request, before it is put into wire form."""

from __future__ import annotations

from dataclasses import dataclass, field, replace

from siliconflow_simulator.answers.tokens import count_tokens


@dataclass(frozen=True, slots=True)
class NewCall:
    """A tool call of the answer; `arguments` is JSON text, perhaps cut short."""

    name: str
    arguments: str


@dataclass(frozen=True, slots=True)
class Answer:
    """One answer, before it is put into wire form."""

    reasoning: str = ""
    text: str = ""
    calls: tuple[NewCall, ...] = field(default=())
    finish_reason: str = "stop"

    @property
    def reasoning_tokens(self) -> int:
        """Tokens of the reasoning."""
        return count_tokens(self.reasoning)

    @property
    def tokens(self) -> int:
        """Tokens of everything, which is what `completion_tokens` counts."""
        written = sum(count_tokens(call.name) + count_tokens(call.arguments) for call in self.calls)
        return self.reasoning_tokens + count_tokens(self.text) + written

    def finished(self, reason: str) -> Answer:
        """Return the same answer with another finish_reason."""
        return replace(self, finish_reason=reason)
