"""What is known of one field of a request's body."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal, TypeAlias

from siliconflow_client._json import JsonValue

Endpoint: TypeAlias = Literal[
    "chat",
    "completions",
    "embeddings",
    "messages",
    "rerank",
    "images",
    "video",
    "speech",
    "transcriptions",
    "voices",
]
Kind: TypeAlias = Literal["integer", "number", "boolean", "string", "strings", "structure"]
"""`strings` is a string or a list of them; the parts of a `structure` are checked elsewhere."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Parameter:
    """One field of a request's body.

    Attributes:
        name: The API's own name.
        kind: What its value has to be.
        endpoints: The endpoints that take it with this meaning and range.
        description: What it does, in a sentence.
        least: Documented lower end of its range; `None` for none.
        most: Documented upper end of its range; `None` for none.
        positive: Whether a value below 1 cannot mean anything.
        choices: The words that it takes; empty where any will do.
        default: What the server takes when it is left out, where that is documented.
        required: Whether a request cannot be without it.
        source: Where the facts are from.
    """

    name: str
    kind: Kind
    endpoints: tuple[Endpoint, ...]
    description: str
    least: float | None = None
    most: float | None = None
    positive: bool = False
    choices: tuple[str, ...] = ()
    default: JsonValue = None
    required: bool = False
    source: str = "docs/wire.md#chat-request"

    @property
    def range(self) -> str | None:
        """The documented range in words, such as `"128 to 32768"`; `None` when there is none."""
        if self.choices:
            return ", ".join(self.choices)
        if self.least is not None and self.most is not None:
            return f"{self.least:.10g} to {self.most:.10g}"
        if self.least is not None:
            return f"{self.least:.10g} or more"
        return None if self.most is None else f"at most {self.most:.10g}"
