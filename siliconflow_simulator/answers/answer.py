"""One answer to a chat request, before it is put into wire form."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from siliconflow_simulator.answers.tokens import count_tokens, split_tokens

if TYPE_CHECKING:
    from collections.abc import Sequence

    from siliconflow_client import JsonObject, JsonValue


@dataclass(frozen=True, slots=True)
class NewCall:
    """A tool call of an answer.

    Attributes:
        name: The function's name.
        arguments: JSON text, sent as it is; it may be broken on purpose or cut short.
        id: The call's id; "" for one made from the request.
    """

    name: str
    arguments: str = "{}"
    id: str = ""


@dataclass(frozen=True, slots=True)
class Answer:
    """One answer to a chat request; what it leaves out is filled in as the API would.

    Attributes:
        text: What it says.
        reasoning: What it thought before.
        calls: Tool calls.
        finish_reason: `None` for "tool_calls" where there are calls, and "stop" elsewhere.
        usage: The usage object as it is sent; `None` for the counts of this answer.
        text_pieces: How a stream cuts the text; empty for one token a piece.
        reasoning_pieces: How a stream cuts the reasoning.
        fault: An order as in the header `x-simulate`: "503", "cut-stream=2".
        error: Status and body that are sent instead of an answer.
    """

    text: str = ""
    reasoning: str = ""
    calls: tuple[NewCall, ...] = ()
    finish_reason: str | None = None
    usage: JsonObject | None = None
    text_pieces: tuple[str, ...] = ()
    reasoning_pieces: tuple[str, ...] = ()
    fault: str = ""
    error: tuple[int, JsonValue] | None = None

    @property
    def ending(self) -> str:
        """The finish_reason that goes with what the answer holds."""
        return self.finish_reason or ("tool_calls" if self.calls else "stop")

    @property
    def reasoning_tokens(self) -> int:
        """Tokens of the reasoning."""
        return count_tokens(self.reasoning)

    @property
    def tokens(self) -> int:
        """Tokens of everything, which is what `completion_tokens` counts."""
        written = sum(count_tokens(call.name) + count_tokens(call.arguments) for call in self.calls)
        return self.reasoning_tokens + count_tokens(self.text) + written

    def streamed_text(self) -> Sequence[str]:
        """Return the text in the pieces of a stream."""
        return self.text_pieces or split_tokens(self.text)

    def streamed_reasoning(self) -> Sequence[str]:
        """Return the reasoning in the pieces of a stream."""
        return self.reasoning_pieces or split_tokens(self.reasoning)
