"""What both frameworks' pipelines have in common: their steps, and the words they use."""

from __future__ import annotations

import asyncio
from abc import ABC, abstractmethod
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

from demo.corpus import Passage
from demo.vectors import KeptVectors

BATCH = 256
"""Passages between two steps of the progress bar; the integrations send 32 to a request."""

FOUND = 32
"""Passages of a search, which the reranker looks at."""

SHOWN = 10
"""So many of them are printed."""

KEPT = 4
"""So many of the reranker's go into the prompt."""

NO_CALL = "nothing; it answers by itself"

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
    """One round through a tool: the model's call, our result, the model's last word.

    A model may answer without a call: its name is "" then.
    """

    name: str
    arguments: dict[str, object]
    result: str
    answer: str

    @property
    def call(self) -> str:
        """The call as Python writes one."""
        if not self.name:
            return NO_CALL
        arguments = ", ".join(f"{name}={value!r}" for name, value in self.arguments.items())
        return f"{self.name}({arguments})"


@dataclass(frozen=True)
class Outcome:
    """What one framework's pipeline did with a question, and how long each step took.

    Attributes:
        framework: The framework's name.
        found: Passages in the order of the search.
        ranked: The same in the order of the reranker; the first `KEPT` went into the prompt.
        answer: What the model said.
        tool: A round through a tool.
        tokens: What the chat model used.
        seconds: Times by the name of their step, in their order.
    """

    framework: str
    found: Sequence[Hit]
    ranked: Sequence[Hit]
    answer: str
    tool: ToolUse
    tokens: Tokens
    seconds: dict[str, float]


class Pipeline(ABC):
    """Embed, search, rerank, answer: the steps of a retrieval application.

    Attributes:
        framework: Its name, for the reader.
        tokens: What the chat model has used so far.
        vectors: Vectors that need not be made again.
    """

    framework: str
    tokens: Tokens
    vectors: KeptVectors

    def index(self, passages: Sequence[Passage], advance: Callable[[int], None]) -> int:
        """Embed the passages and keep them, telling `advance` after each batch.

        Returns:
            How many of the vectors had to be made.
        """
        return asyncio.run(self._index(passages, advance))

    async def _index(self, passages: Sequence[Passage], advance: Callable[[int], None]) -> int:
        # One vector is always asked for: it tells whether those kept are still this model's.
        probe = passages[0].content
        [vector] = await self.embed([probe])
        self.vectors.check(probe, vector)
        self.vectors.put([probe], [vector])
        made = 1
        for start in range(0, len(passages), BATCH):
            batch = passages[start : start + BATCH]
            missing = [p.content for p in batch if self.vectors.get(p.content) is None]
            self.vectors.put(missing, await self.embed(missing) if missing else [])
            made += len(missing)
            self.add(batch, [self.vectors.get(passage.content) or [] for passage in batch])
            advance(len(batch))
        return made

    @abstractmethod
    async def embed(self, texts: Sequence[str]) -> list[list[float]]:
        """Make the vectors of texts."""

    @abstractmethod
    def add(self, passages: Sequence[Passage], vectors: Sequence[list[float]]) -> None:
        """Put passages with their vectors into the framework's store."""

    @abstractmethod
    def search(self, question: str) -> list[Hit]:
        """Find the `FOUND` passages that are nearest in meaning."""

    @abstractmethod
    def rerank(self, question: str, hits: Sequence[Hit]) -> list[Hit]:
        """Let the reranker put the hits into their order."""

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
