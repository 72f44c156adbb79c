"""The tools of a request, for reading calls that came as text: their names, and their types."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Final, cast

import pydantic_core

from siliconflow_client._json import JsonValue

_DEEPEST: Final = 8
"""References and unions of a schema are followed this far."""

_KINDS: Final[Mapping[str, tuple[type, ...]]] = {
    "integer": (int,),
    "number": (int, float),
    "boolean": (bool,),
    "array": (list,),
    "object": (dict,),
    "null": (type(None),),
}


class OfferedTools:
    """The functions that a model was offered.

    Args:
        schemas: JSON schema of each function's arguments; `None` where none was given.
    """

    __slots__ = ("_schemas", "longest")

    def __init__(self, schemas: Mapping[str, Mapping[str, object] | None]) -> None:
        self._schemas = schemas
        self.longest = max(map(len, schemas))

    def __contains__(self, name: object) -> bool:
        return name in self._schemas

    def may_begin(self, start: str) -> bool:
        """Whether an offered name begins like this."""
        return any(name.startswith(start) for name in self._schemas)

    def value(self, name: str, argument: str, written: str) -> JsonValue:
        """Read an argument that was written as text.

        Where the schema says integer, number, boolean, array or object (and not string), the text
        is read as JSON. What cannot be read so stays a string: the tool's own validation then
        tells the model what is wrong, as it does for native calls.
        """
        schema = self._schemas[name]
        properties = None if schema is None else schema.get("properties")
        if schema is None or not isinstance(properties, Mapping):
            return written
        kinds = _kinds_of(cast("Mapping[str, object]", properties).get(argument), schema)
        if not kinds or "string" in kinds:
            return written
        text = written.strip()
        if "boolean" in kinds and text in {"True", "False"}:  # as Python writes them
            return text == "True"
        try:
            value: JsonValue = pydantic_core.from_json(text, allow_inf_nan=False)
        except (TypeError, ValueError):  # TypeError: half an emoji
            return written
        return value if _is_one_of(value, kinds) else written


def offered_tools(body: Mapping[str, object]) -> OfferedTools | None:
    """The tools of a request's body; `None` without any, or with `tool_choice: "none"`."""
    tools = body.get("tools")
    if not tools or body.get("tool_choice") == "none" or not isinstance(tools, Sequence):
        return None
    schemas: dict[str, Mapping[str, object] | None] = {}
    for tool in cast("Sequence[object]", tools):
        function = _mapping(_mapping(tool).get("function"))
        name = function.get("name")
        if isinstance(name, str) and name:
            schemas[name] = _mapping(function.get("parameters")) or None
    return OfferedTools(schemas) if schemas else None


def _mapping(value: object) -> Mapping[str, object]:
    """`value` itself, if it is a mapping, which nearly always is a dict; else an empty one."""
    if type(value) is dict or isinstance(value, Mapping):
        return cast("Mapping[str, object]", value)
    return {}


def _kinds_of(schema: object, root: Mapping[str, object], depth: int = 0) -> set[str]:
    """The JSON types that a schema allows; an empty set where it does not say."""
    if not isinstance(schema, Mapping) or depth > _DEEPEST:
        return set()
    wanted = cast("Mapping[str, object]", schema)
    kinds: set[str] = set()
    said = wanted.get("type")
    if isinstance(said, str):
        kinds.add(said)
    elif isinstance(said, list):
        kinds.update(map(str, cast("list[object]", said)))
    reference = wanted.get("$ref")
    if isinstance(reference, str):
        kinds |= _kinds_of(_referred(reference, root), root, depth + 1)
    for union in ("anyOf", "oneOf", "allOf"):
        members = wanted.get(union)
        if isinstance(members, list):
            for member in cast("list[object]", members):
                kinds |= _kinds_of(member, root, depth + 1)
    return kinds


def _referred(reference: str, root: Mapping[str, object]) -> object:
    """What `#/$defs/Place` leads to; `None` for anything that is not in the schema."""
    where: Mapping[str, object] = root
    *above, last = reference.removeprefix("#/").split("/")
    for step in above:
        inner = where.get(step)
        if not isinstance(inner, Mapping):
            return None
        where = cast("Mapping[str, object]", inner)
    return where.get(last)


def _is_one_of(value: JsonValue, kinds: set[str]) -> bool:
    if isinstance(value, bool):  # which Python counts as an integer
        return "boolean" in kinds
    return any(isinstance(value, _KINDS.get(kind, ())) for kind in kinds)
