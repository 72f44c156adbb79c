"""The table of models in docs/models.md: `python -m tests.packaging.model_table` writes it."""

from __future__ import annotations

import json

from siliconflow_client import ModelFacts, known_models
from tests.conftest import ROOT

PAGE = ROOT / "docs" / "models.md"
BEGIN, END = "<!-- models: begin -->", "<!-- models: end -->"
KINDS = {
    "chat": "Chat",
    "embedding": "Embedding",
    "reranker": "Rerank",
    "image": "Images",
    "video": "Films",
    "speech": "Speech",
    "transcription": "Transcription",
}


def made() -> str:
    """The date of the catalogue."""
    catalogue = ROOT / "siliconflow_client" / "catalogue" / "models.json"
    return str(json.loads(catalogue.read_text(encoding="utf-8"))["made"])


def table() -> str:
    """Make the tables of all models that are not retired, one for each kind."""
    facts = sorted(known_models(), key=lambda one: one.id.lower())
    parts = [f"State of {made()}."]
    for kind, title in KINDS.items():
        rows = [one for one in facts if one.kind == kind and not one.retired]
        head, cells = (_CHAT, chat_cells) if kind == "chat" else (_OTHERS[kind], other_cells)
        parts += [
            f"## {title}",
            "\n".join(
                [
                    f"| {' | '.join(head)} |",
                    "|---" * len(head) + "|",
                    *(f"| {' | '.join(cells(one)[: len(head)])} |" for one in rows),
                ]
            ),
        ]
    retired = [f"`{one.id}`" for one in facts if one.retired]
    parts += ["## Retired", f"Switched off, or sent to another model: {', '.join(retired)}."]
    return "\n\n".join([BEGIN, *parts, END])


_CHAT = ("model", "window", "longest answer", "reads", "tools", "thinking", "JSON")
_OTHERS = {
    "embedding": ("model", "longest text", "vector", "reads"),
    "reranker": ("model", "longest text"),
    "image": ("model",),
    "video": ("model",),
    "speech": ("model",),
    "transcription": ("model",),
}


def chat_cells(facts: ModelFacts) -> list[str]:
    tools = "yes" if facts.streaming_tools else "not streamed"
    thinking = "" if facts.thinking == "unknown" else facts.thinking
    if facts.thinking == "switch":
        thinking += ", on" if facts.thinking_by_default else ", off"
    if facts.thinking_budget:
        thinking += ", budget"
    return [
        f"`{facts.id}`",
        tokens(facts.context_window),
        tokens(facts.max_output_tokens),
        ", ".join(sorted(facts.inputs)),
        tools if facts.tools else "no",
        thinking,
        ", ".join(mode.removeprefix("json_") for mode in sorted(facts.json_modes)),
    ]


def other_cells(facts: ModelFacts) -> list[str]:
    sizes = ", ".join(str(size) for size in facts.dimensions)
    return [
        f"`{facts.id}`",
        tokens(facts.max_input_tokens),
        sizes,
        ", ".join(sorted(facts.inputs)),
    ]


def tokens(number: int | None) -> str:
    return "" if number is None else f"{number:,}"


def in_page() -> str:
    """The tables as the page has them."""
    text = PAGE.read_text(encoding="utf-8")
    return text[text.index(BEGIN) : text.index(END) + len(END)]


if __name__ == "__main__":
    text = PAGE.read_text(encoding="utf-8")
    PAGE.write_text(text.replace(in_page(), table()), encoding="utf-8")
