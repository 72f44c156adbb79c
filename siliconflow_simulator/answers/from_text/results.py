"""Turn what tools returned into an answer."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from siliconflow_simulator._wire import decode
from siliconflow_simulator.answers.from_text.prose import (
    answer_turns,
    best_sentences,
    join_sentences,
)
from siliconflow_simulator.answers.words import is_cjk, sentences

if TYPE_CHECKING:
    from collections.abc import Sequence

    from siliconflow_client import JsonValue
    from siliconflow_simulator.answers.call import Done, Turn

_LONG: Final = 600


def answer_results(question: str, done: Sequence[Done], turns: Sequence[Turn]) -> str:
    """Answer a question out of tool results; never empty.

    Args:
        question: What was asked.
        done: The calls and what they returned.
        turns: The conversation, for when no tool said anything.
    """
    said = [item for item in done if item.result.strip()]
    if said:
        return join_sentences([_sentence(question, item) for item in said])
    last_user = max(index for index, turn in enumerate(turns) if turn.role == "user")
    spoken = [
        turn.text.strip()
        for turn in turns[last_user:]
        if turn.role == "assistant" and turn.text.strip() and not turn.calls
    ]
    return max(spoken, key=len) if spoken else answer_turns(turns)


def _sentence(question: str, item: Done) -> str:
    text = _readable(item.result)
    if len(text) > _LONG:
        parts = sentences(text)
        return join_sentences(best_sentences(question, parts) or parts[:3])
    if any(letter.isalpha() for letter in text):
        return text
    if is_cjk(question):
        return f"{item.name} 的结果是 {text}。"
    return f"The result of {item.name} is {text}."


def _readable(result: str) -> str:
    """Write a JSON result as plain words."""
    stripped = result.strip()
    if not stripped.startswith(("{", "[", '"')):
        return stripped
    try:
        return _spoken(decode(stripped)) or stripped
    except ValueError:
        return stripped


def _spoken(value: JsonValue) -> str:
    match value:
        case dict():
            return ", ".join(f"{key}: {_spoken(item)}" for key, item in value.items())
        case list():
            return "; ".join(_spoken(item) for item in value)
        case None:
            return "nothing"
        case bool():
            return "yes" if value else "no"
        case _:
            return str(value)
