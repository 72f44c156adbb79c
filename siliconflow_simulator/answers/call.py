"""A chat request, checked and made ready to be answered, and the tool calls around it."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Literal, TypeAlias

if TYPE_CHECKING:
    from collections.abc import Sequence

    from siliconflow_client import JsonObject, ModelFacts


@dataclass(frozen=True, slots=True)
class PastCall:
    """A tool call in the history; `arguments` is the JSON text as it was sent back."""

    id: str
    name: str
    arguments: str = field(repr=False)


@dataclass(frozen=True, slots=True)
class Turn:
    """One message: its text parts joined, and what else it brings."""

    role: str
    text: str = field(repr=False)
    calls: tuple[PastCall, ...] = ()
    tool_call_id: str = ""
    media: tuple[str, ...] = ()
    media_tokens: int = 0
    reasoning: str = field(default="", repr=False)


@dataclass(frozen=True, slots=True)
class ToolSpec:
    """An offered function."""

    name: str
    description: str
    parameters: JsonObject


@dataclass(frozen=True, slots=True)
class Done:
    """A call that was made since the user spoke, and what came back."""

    name: str
    arguments: str
    result: str


@dataclass(frozen=True, slots=True)
class Intent:
    """A call to make: the tool's name and its arguments."""

    name: str
    arguments: JsonObject


@dataclass(frozen=True, slots=True)
class NamedTool:
    """The one function that `tool_choice` asks for."""

    name: str


Choice: TypeAlias = Literal["auto", "none", "required"] | NamedTool
JsonForm: TypeAlias = Literal["text", "json_object", "json_schema"]


@dataclass(frozen=True, slots=True)
class ChatCall:
    """What `POST /chat/completions` asks for.

    Attributes:
        model: The id as sent; it comes back in the answer.
        facts: What the model can do.
        turns: The messages.
        prompt_tokens: Length of messages and tools.
        stream: Whether to answer in server-sent events.
        thinking: Whether the answer starts with reasoning.
        thinking_budget: Longest reasoning, in tokens, or `None`.
        max_tokens: Longest answer, in tokens, or `None`.
        stop: Texts that end the answer.
        n: How many answers.
        tools: Offered functions; empty also for models that take tools and never call them.
        choice: `tool_choice`.
        parallel: Whether several calls in one answer are welcome.
        json_form: `response_format.type`.
        json_schema: Schema of `response_format`, or `None`.
        prefix: Text that the answer continues, or `None`.
        suffix: Text that follows the answer (fill in the middle), or `None`.
        text_before_tools: Whether the model writes a sentence before it calls tools.
        budget_covers_thinking: Whether `max_tokens` bounds the reasoning too.
    """

    model: str
    facts: ModelFacts
    turns: Sequence[Turn] = field(repr=False)
    prompt_tokens: int
    stream: bool = False
    thinking: bool = False
    thinking_budget: int | None = None
    max_tokens: int | None = None
    stop: Sequence[str] = ()
    n: int = 1
    tools: Sequence[ToolSpec] = field(default_factory=lambda: [])
    choice: Choice = "auto"
    parallel: bool = True
    json_form: JsonForm = "text"
    json_schema: JsonObject | None = None
    prefix: str | None = field(default=None, repr=False)
    suffix: str | None = field(default=None, repr=False)
    text_before_tools: bool = False
    budget_covers_thinking: bool = False

    @property
    def question(self) -> str:
        """The text of the user's last message."""
        return next((turn.text for turn in reversed(self.turns) if turn.role == "user"), "")

    @property
    def system(self) -> str:
        """The text of all system messages."""
        return "\n".join(turn.text for turn in self.turns if turn.role == "system")

    @property
    def forced(self) -> bool:
        """Whether `tool_choice` demands a call."""
        return self.choice == "required" or isinstance(self.choice, NamedTool)
