"""Decide which tools to call, and with what."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final

from siliconflow_simulator._wire import decode
from siliconflow_simulator.answers.call import Intent
from siliconflow_simulator.answers.from_text.arguments import (
    arguments,
    material_for,
    missing_numbers,
    repeated_arguments,
)
from siliconflow_simulator.answers.from_text.matching import best_fitting, match_tools

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from siliconflow_client import JsonObject
    from siliconflow_simulator.answers.call import Done, ToolSpec
    from siliconflow_simulator.answers.from_text.matching import Match

_CLAUSE: Final = re.compile(r"[,.;:?!。，；？！\n]|\b(?:and|then)\b")
_RESULT_WORD: Final = re.compile(
    r"\b(?:result|it|that|them|this|answer|sum|product)\b|结果", re.IGNORECASE
)


def plan(
    tools: Sequence[ToolSpec],
    text: str,
    done: Sequence[Done],
    answer: Callable[[], str] | None = None,
) -> list[Intent]:
    """Return the calls that a text asks for and that are not done yet.

    Args:
        tools: What is offered.
        text: What the user said.
        done: Calls since then; none of them is made again.
        answer: Makes an answer, for fields that ask for one.

    Returns:
        Calls in the order of the text; nothing when no tool fits. A call that needs the result
        of an earlier one waits for it.
    """
    matches = match_tools(tools, text)
    wanted: list[Intent] = []
    for tool, segment in _segments(matches, text):
        found = _intents(tool, segment, text, done, answer)
        if found is None:
            break
        wanted.extend(found)
    return _not_done(wanted, done)


def forced(
    tools: Sequence[ToolSpec],
    text: str,
    done: Sequence[Done],
    answer: Callable[[], str] | None = None,
) -> Intent:
    """Return the call to make when one is demanded, whether or not a tool fits."""
    made = {item.name for item in done}
    offered = [tool for tool in tools if tool.name not in made] or list(tools)
    best = best_fitting(offered, text)
    whole = "\n".join([*(item.result for item in done), text])
    return Intent(best.name, arguments(best, material_for(best, whole, text, answer)))


def _segments(matches: Sequence[Match], text: str) -> list[tuple[ToolSpec, str]]:
    """Cut the text so that each tool gets the part that speaks of it."""
    starts = [0]
    for match in matches[1:]:
        breaks = [found.end() for found in _CLAUSE.finditer(text, 0, match.position)]
        starts.append(max(breaks[-1] if breaks else 0, starts[-1]))
    ends = [*starts[1:], len(text)]
    return [
        (match.tool, text[start:end] if text[start:end].strip() else text)
        for match, start, end in zip(matches, starts, ends, strict=False)
    ]


def _intents(
    tool: ToolSpec,
    segment: str,
    text: str,
    done: Sequence[Done],
    answer: Callable[[], str] | None,
) -> list[Intent] | None:
    """Return the calls of one tool, or `None` when it has to wait for a result."""
    material = material_for(tool, segment, text, answer)
    if missing_numbers(tool, material):
        own = [item for item in done if item.name == tool.name]
        if own:
            return [Intent(tool.name, _parsed(own[0]))]
        if _RESULT_WORD.search(segment):
            if not done:
                return None
            material = material_for(tool, f"{done[-1].result}\n{segment}", text, answer)
        elif tool.name not in text:
            return []
    return [Intent(tool.name, made) for made in repeated_arguments(tool, material)]


def _parsed(item: Done) -> JsonObject:
    value = decode(item.arguments)  # an object, or the request would have been refused
    return value if isinstance(value, dict) else {}


def _not_done(wanted: Sequence[Intent], done: Sequence[Done]) -> list[Intent]:
    """Drop what was called already: the same arguments, or as many calls as were planned."""
    made = [(item.name, _parsed(item)) for item in done]
    left: list[Intent] = []
    for intent in wanted:
        planned = sum(other.name == intent.name for other in wanted)
        times = sum(name == intent.name for name, _ in made)
        if times < planned and (intent.name, intent.arguments) not in made:
            left.append(intent)
    return left
