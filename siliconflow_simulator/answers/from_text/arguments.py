"""Fill the arguments of a call, as often as the text asks for it."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final

from siliconflow_simulator.answers.from_text.fill import fill
from siliconflow_simulator.answers.from_text.material import Material
from siliconflow_simulator.answers.from_text.schema import (
    kind_of,
    properties,
    required_names,
    resolve,
)
from siliconflow_simulator.answers.words import name_words

if TYPE_CHECKING:
    from collections.abc import Callable

    from siliconflow_client import JsonObject
    from siliconflow_simulator.answers.call import ToolSpec
    from siliconflow_simulator.answers.from_text.material import Piece

_USE_THE_TOOL: Final = re.compile(
    r"(?:^|(?<=[.!?]\s))(?:please\s+)?(?:use|using|call)\s+(?:the|a|your)\s+"
    r"[\w ]{0,24}tools?\b[.!,]?\s*",
    re.IGNORECASE,
)
_CONNECTORS: Final = frozenset(
    "and or in for of at to the also then as well plus versus vs what is are s how about by".split()
)
_WORD: Final = re.compile(r"[a-z]+")
_MAX_SAME: Final = 8


def material_for(
    tool: ToolSpec, segment: str, text: str, answer: Callable[[], str] | None
) -> Material:
    """Make the material that a tool's arguments are filled from.

    Args:
        tool: Its name's words are no names of anything else.
        segment: The part of the text that speaks of the tool.
        text: The whole text; without "use the tool" it is the question.
        answer: Makes an answer, for fields that ask for one.
    """
    question = _USE_THE_TOOL.sub("", text).strip() or text.strip()
    return Material(segment, question=question, answer=answer, ignore=name_words(tool.name))


def arguments(tool: ToolSpec, material: Material) -> JsonObject:
    """Fill one call's arguments; `{}` for a tool that takes none."""
    if not properties(tool.parameters):
        return {}
    made = fill(tool.parameters, material)
    return made if isinstance(made, dict) else {}


def repeated_arguments(tool: ToolSpec, material: Material) -> list[JsonObject]:
    """Fill the arguments of every call that a text asks for.

    "The weather in Paris and in Rome" asks twice: the text names what each required field takes,
    once more and joined by no more than "and in".
    """
    calls = [arguments(tool, material)]
    first = _used(material)
    if not 0 < len(required_names(tool.parameters)) <= len(first):
        return calls
    filler = {*_CONNECTORS, *name_words(tool.name)}
    filler.update(_WORD.findall(material.text[: first[0].start].lower()))
    seen = first
    while len(calls) < _MAX_SAME:
        again = arguments(tool, material)
        used = _used(material)
        fresh = [piece for piece in used if not any(piece is old for old in seen)]
        if [piece.kind for piece in fresh] != [piece.kind for piece in first]:
            break
        last = max(piece.start + len(piece.text) for piece in seen)
        gap = material.text[last : fresh[0].start].lower().replace("_", " ")
        if fresh[0].start < last or not set(_WORD.findall(gap)) <= filler:
            break
        calls.append(again)
        seen = used
    return calls


def _used(material: Material) -> list[Piece]:
    return [piece for piece in material.pieces if piece.used]


def missing_numbers(tool: ToolSpec, material: Material) -> bool:
    """Tell whether a tool needs more numbers than the text has."""
    schema = tool.parameters
    fields = properties(schema)
    needed = sum(
        kind_of(field) in ("integer", "number") and "default" not in field
        for name in required_names(schema)
        if (field := resolve(fields.get(name), schema))
    )
    return sum(piece.kind == "number" for piece in material.pieces) < needed
