"""Tell which offered tools a text asks for."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from siliconflow_simulator.answers.from_text.schema import (
    description,
    properties,
    required_names,
    resolve,
)
from siliconflow_simulator.answers.words import WORD, content_stems, name_words, stem

if TYPE_CHECKING:
    from collections.abc import Sequence

    from siliconflow_client import JsonObject
    from siliconflow_simulator.answers.call import ToolSpec

_GENERIC: Final = frozenset(
    stem(word)
    for word in (
        "get set do make run fetch tool function current my the new list data info by for of to a "
        "an in on with and or api call use useful perform given return returns input output value "
        "argument arguments args user answer question needed need one two number numbers integer "
        "int string float text result example provide provides when what"
    ).split()
)
_OPERATIONS: Final = {
    "+": "add adder adding plus sum addition",
    "-": "subtract minus difference subtraction sub subtracting",
    "*": "multiply multiplied times product multiplication mul multiplying",
    "/": "divide divided division quotient div dividing",
    "^": "power pow exponent exponentiate",
}
_OPERATION_OF: Final = {
    stem(word): sign for sign, group in _OPERATIONS.items() for word in group.split()
}
_SIGNS: Final = {"×": "*", "x": "*", "÷": "/", "**": "^"}
_SUM: Final = re.compile(
    r"(?<![A-Za-z0-9_.])\d[\d.,]{0,30}\s{0,3}(\*\*|[-+*/^×÷]|(?<=\s)x(?=\s))\s{0,3}[-(]{0,8}\d"
)
_LONGEST: Final = 20_000
"""Characters that are looked at."""

_CALCULATORS: Final = frozenset(
    stem(word) for word in "calculator calculate compute math eval evaluate arithmetic".split()
)
_SEARCHERS: Final = frozenset(
    stem(word)
    for word in (
        "search retrieve retriever retrieval lookup query knowledge rag docs documents"
    ).split()
)
# Chinese words for what tools are usually called in English.
_CHINESE: Final = {
    "天气": "weather",
    "气温": "weather temperature",
    "时间": "time",
    "几点": "time",
    "搜索": "search",
    "查找": "search",
    "计算": "calculate",
    "多少个": "count",
    "几个": "count",
    "比较": "compare",
    "哪个小": "compare",
    "哪个大": "compare",
    "更小": "compare",
    "更大": "compare",
    "加": "add",
    "减": "subtract",
    "乘": "multiply",
    "除以": "divide",
    "股票": "stock",
    "股价": "stock price",
    "翻译": "translate",
    "邮件": "email",
}
_ASKING: Final = re.compile(
    r"[?？]\s*$|^\W*(?:what|who|when|where|why|how|which|is|are|does|do|can|tell me|explain"
    r"|describe|find|search|look up)\b|什么|怎么|如何|为什么|多少|谁|哪",
    re.IGNORECASE,
)
_COMPARING: Final = frozenset(stem(word) for word in "bigger smaller larger greater".split())


@dataclass(frozen=True, slots=True)
class Match:
    """A tool that fits a text.

    Attributes:
        tool: The tool.
        score: How well it fits; only to be compared.
        evidence: What in the text speaks for it.
        position: Where in the text the evidence begins.
    """

    tool: ToolSpec
    score: float
    evidence: frozenset[str]
    position: int


def match_tools(tools: Sequence[ToolSpec], text: str) -> list[Match]:
    """Return the tools that a text asks for, in the order of the text.

    A tool fits when the text spells its name, shares a telling word of it, does its arithmetic,
    or shares two words of its description. Of several tools that only the same words speak for,
    the best is kept. A tool that searches fits any question that no other tool fits.
    """
    source = _Source(text)
    found = [match for tool in tools if (match := _match(tool, source))]
    kept: list[Match] = []
    claimed: set[str] = set()
    for match in sorted(found, key=lambda match: -match.score):
        if match.evidence - claimed:
            kept.append(match)
            claimed |= match.evidence
    if not kept and _ASKING.search(source.text.strip()):
        kept = [Match(tool, 1, frozenset(), 0) for tool in tools if searches(tool)][:1]
    return sorted(kept, key=lambda match: match.position)


def best_fitting(tools: Sequence[ToolSpec], text: str) -> ToolSpec:
    """Return the tool that fits a text best, the first when none does."""
    source = _Source(text)
    return max(tools, key=lambda tool: match.score if (match := _match(tool, source)) else 0.0)


def searches(tool: ToolSpec) -> bool:
    """Tell whether a tool looks things up for a question."""
    stems = {stem(word) for word in name_words(tool.name)} | set(content_stems(tool.description))
    needed = required_names(tool.parameters) or list(properties(tool.parameters))
    takes_question = len(needed) == 1 and bool(
        set(name_words(needed[0])) & {"query", "question", "input", "q", "text", "search"}
    )
    return takes_question and bool(stems & _SEARCHERS)


class _Source:
    """A text, read once for all tools."""

    def __init__(self, text: str) -> None:
        self.text = text[:_LONGEST]
        self.places = _places(self.text)
        self.operations = _operations(self.text, self.places)


def _match(tool: ToolSpec, source: _Source) -> Match | None:
    text, places = source.text, dict(source.places)
    spelled = re.search(rf"(?<![A-Za-z0-9_]){re.escape(tool.name)}(?![A-Za-z0-9_])", text)
    if spelled:
        return Match(tool, 100, frozenset({f"={tool.name}"}), spelled.start())
    score = 0.0
    evidence: set[str] = set()
    name = [stem(word) for word in name_words(tool.name)]
    telling = [word for word in name if word not in _GENERIC]
    shared = [word for word in telling if word in places]
    score += 10 * len(shared) + (5 * len(shared) / len(telling) if telling else 0)
    evidence.update(shared)
    about = {word for word in content_stems(tool.description) if word not in _GENERIC}
    signs = {_OPERATION_OF[word] for word in (*name, *about) if word in _OPERATION_OF}
    for sign, position in source.operations:
        if sign in signs or (not signs and _CALCULATORS & {*name, *about}):
            score += 30 if sign in signs else 20
            evidence.add(f"{sign}@{position}")
            places.setdefault(f"{sign}@{position}", position)
    described = {word for word in about if word in places}
    parameters = {word for word in _parameter_stems(tool.parameters) if word in places}
    # One shared pair of Chinese characters says as much as two shared words.
    weight = len(described | parameters) + sum(not word.isascii() for word in described)
    if not evidence and (weight < 2 or not described):
        return None
    evidence |= described
    score += 2 * len(described) + 1.5 * len(parameters)
    position = min(places[word] for word in evidence)
    return Match(tool, score, frozenset(evidence), position)


def _places(text: str) -> dict[str, int]:
    """Return the stems of a text, each with its first position."""
    places: dict[str, int] = {}
    for word in WORD.finditer(text):
        for part in content_stems(word.group()):
            places.setdefault(part, word.start())
            if part in _COMPARING:
                places.setdefault(stem("compare"), word.start())
    for chinese, english in _CHINESE.items():
        position = text.find(chinese)
        if position >= 0:
            for part in content_stems(english):
                places.setdefault(part, position)
    return places


def _operations(text: str, places: dict[str, int]) -> list[tuple[str, int]]:
    """Return the arithmetic that a text asks for, with positions."""
    found = [(_SIGNS.get(m.group(1), m.group(1)), m.start()) for m in _SUM.finditer(text)]
    if not re.search(
        r"\d|[一二三四五六七八九十]|\b(?:two|three|four|five|six|seven|eight|nine|ten)\b",
        text,
        re.IGNORECASE,
    ):
        return found
    for word, position in places.items():
        if word in _OPERATION_OF:
            found.append((_OPERATION_OF[word], position))
    return found


def _parameter_stems(schema: JsonObject) -> set[str]:
    found: set[str] = set()
    for name, child in properties(schema).items():
        resolved = resolve(child, schema)
        found.update(stem(word) for word in name_words(name))
        found.update(content_stems(description(resolved)))
        choices = resolved.get("enum")
        if isinstance(choices, list):
            found.update(
                part for item in choices if isinstance(item, str) for part in content_stems(item)
            )
    return found - _GENERIC
