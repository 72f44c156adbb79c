"""Hand a request to another agent: `handoff(to_agent, reason)` and `transfer_to_…` tools."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final

from siliconflow_simulator._wire import decode
from siliconflow_simulator.answers.call import Intent, ToolSpec
from siliconflow_simulator.answers.from_text.fill import fill
from siliconflow_simulator.answers.from_text.matching import fitness
from siliconflow_simulator.answers.from_text.material import Material
from siliconflow_simulator.answers.from_text.schema import kind_of, properties, resolve
from siliconflow_simulator.answers.words import content_stems, name_words, stem

if TYPE_CHECKING:
    from collections.abc import Sequence

    from siliconflow_client import JsonObject
    from siliconflow_simulator.answers.call import Done

_NAME: Final = re.compile(
    r"^(?:hand_?off|transfer|delegate|route|assign|switch)(?:_(?:back_)?to)?(?:_|$)"
)
_TARGET: Final = ("to_agent", "agent", "agent_name", "target", "destination")
_LISTED: Final = re.compile(r"['\"]([\w .-]+)['\"]\s*:\s*(['\"])(.*?)\2\s*(?=[,}])", re.DOTALL)
_LISTED_LINE: Final = re.compile(r"^[-*\s]*([\w.-]+)\s*:\s*(.+)$", re.MULTILINE)
_GENERIC: Final = frozenset(
    stem(word)
    for word in (
        "agent expert assistant specialist transfer handoff assign task help handle route"
    ).split()
)


def handoff_name(name: str) -> bool:
    """Tell whether a tool's name is that of a handoff."""
    return bool(_NAME.match(name))


def is_handoff(tool: ToolSpec) -> bool:
    """Tell whether a tool passes the conversation on instead of doing something."""
    if not handoff_name(tool.name):
        return False
    fields = set(properties(tool.parameters))
    return not fields or bool(fields & set(_TARGET)) or not fields - {"reason", "task", "message"}


def handoff_call(
    tools: Sequence[ToolSpec], text: str, done: Sequence[Done], *, demanded: bool = False
) -> Intent | None:
    """Return the handoff that a text asks for, or `None`.

    Args:
        tools: Handoff tools only.
        text: What the user said.
        done: Calls since then; no agent is handed to twice.
        demanded: Take the first agent when none fits.
    """
    visited = {_target_of(item) for item in done}
    wanted = set(content_stems(text))
    options: list[tuple[float, str, ToolSpec]] = []
    for tool in tools:
        for target, about in _targets(tool):
            if target in visited:
                continue
            names = {stem(word) for word in name_words(target)} - _GENERIC
            fit = 10.0 * len(names & wanted)
            # Once something was done, only an agent that the user names is worth another handoff.
            if not done:
                words = set(content_stems(about)) - _GENERIC
                fit += len(words & wanted) + fitness(ToolSpec(target, about, {}), text)
            options.append((fit, target, tool))
    if not options:
        return None
    fit, target, tool = max(options, key=lambda option: option[0])
    if fit == 0 and not demanded:
        return None
    return Intent(tool.name, _arguments(tool, target, text))


def _targets(tool: ToolSpec) -> list[tuple[str, str]]:
    """Return the agents that a tool leads to, with what is said about them."""
    fields = properties(tool.parameters)
    for name in _TARGET:
        if name not in fields:
            continue
        described = [(found[0], found[2]) for found in _LISTED.findall(tool.description)]
        described = described or _LISTED_LINE.findall(tool.description)
        choices = resolve(fields[name], tool.parameters).get("enum")
        if isinstance(choices, list):
            about = dict(described)
            return [(item, about.get(item, "")) for item in choices if isinstance(item, str)]
        return described
    return [(_NAME.sub("", tool.name), tool.description)]


def _target_of(item: Done) -> str:
    """Return the agent that an earlier call led to."""
    try:
        arguments = decode(item.arguments)
    except ValueError:
        arguments = {}
    if isinstance(arguments, dict):
        for name in _TARGET:
            value = arguments.get(name)
            if isinstance(value, str):
                return value
    return _NAME.sub("", item.name)


def _arguments(tool: ToolSpec, target: str, text: str) -> JsonObject:
    fields = properties(tool.parameters)
    if not fields:
        return {}
    made = fill(tool.parameters, Material(text))
    if not isinstance(made, dict):
        return {}
    for name in _TARGET:
        if name in fields and kind_of(resolve(fields[name], tool.parameters)) == "string":
            made[name] = target
            break
    return made
