"""What both frameworks' pipelines have in common: their steps, and the words they use."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

from demo.corpus import Passage

BATCH = 256
"""Passages between two steps of the progress bar; the integrations send 32 to a request."""

FOUND = 12
KEPT = 4

INSTRUCTIONS = (
    "Answer the question in two or three sentences, from the passages only. "
    "If they do not hold the answer, say so."
)


@dataclass(frozen=True)
class Hit:
    """A passage with its score: similarity after a search, relevance after rerank."""

    passage: Passage
    score: float


@dataclass(frozen=True)
class Tokens:
    """What the chat model read and wrote."""

    read: int = 0
    written: int = 0

    def __add__(self, other: Tokens) -> Tokens:
        return Tokens(self.read + other.read, self.written + other.written)


@dataclass(frozen=True)
class ToolUse:
    """One round through a tool: the model's call, our result, the model's last word."""

    name: str
    arguments: dict[str, object]
    result: str
    answer: str


class Pipeline(ABC):
    """Embed, search, rerank, answer: the steps of a retrieval application.

    Attributes:
        framework: Its name, for the reader.
        tokens: What the chat model has used so far.
    """

    framework: str
    tokens: Tokens

    @abstractmethod
    def index(self, passages: Sequence[Passage], advance: Callable[[int], None]) -> None:
        """Embed the passages and keep them, telling `advance` after each batch."""

    @abstractmethod
    def search(self, question: str) -> list[Hit]:
        """Find the `FOUND` passages that are nearest in meaning."""

    @abstractmethod
    def rerank(self, question: str, hits: Sequence[Hit]) -> list[Hit]:
        """Let the reranker pick the best `KEPT` of the hits."""

    @abstractmethod
    def answer(self, question: str, hits: Sequence[Hit]) -> Iterator[str]:
        """Stream an answer that is drawn from the hits."""

    @abstractmethod
    def use_tool(self, title: str) -> ToolUse:
        """Have the model open a passage by itself."""


def question_prompt(question: str, hits: Sequence[Hit]) -> str:
    """Put the passages before the question."""
    passages = "\n\n".join(f"Here is {hit.passage.title}:\n{hit.passage.text}" for hit in hits)
    return f"{passages}\n\nQuestion: {question}"


def tool_prompt(title: str) -> str:
    """Ask for something that the model can only do with the tool."""
    return f'Open the passage "{title}" and say in one sentence what it is about.'
