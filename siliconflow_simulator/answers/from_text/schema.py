"""Read JSON schemas: references, unions, and the properties that an object has."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from siliconflow_simulator import _refusals as refusals

if TYPE_CHECKING:
    from siliconflow_client import JsonObject, JsonValue

PYTHON_TYPES: Final = {
    "str": "string",
    "int": "integer",
    "float": "number",
    "bool": "boolean",
    "dict": "object",
    "list": "array",
}
"""Types by the names that Python gives them, as the vendor's own samples write them."""


_DEEPEST: Final = 16
_LARGEST: Final = 1.7e308
_LONGEST_REFERENCE: Final = 500


def resolve(schema: JsonValue, root: JsonObject, depth: int = 0) -> JsonObject:
    """Follow `$ref` and join `allOf`; anything that is no object becomes an open schema.

    Raises:
        Refusal: The schema is made of itself.
    """
    if depth > _DEEPEST:
        raise made_of_itself()
    if not isinstance(schema, dict):
        return {}
    seen: set[str] = set()
    while isinstance(reference := schema.get("$ref"), str) and reference not in seen:
        seen.add(reference)
        siblings = {key: value for key, value in schema.items() if key != "$ref"}
        target = _follow(reference, root)
        schema = {**target, **siblings}
    parts = schema.get("allOf")
    if isinstance(parts, list):
        joined: JsonObject = {key: value for key, value in schema.items() if key != "allOf"}
        for part in parts:
            joined = _join(joined, resolve(part, root, depth + 1))
        return joined
    return schema


def made_of_itself() -> refusals.Refusal:
    """Refuse a schema that has no end."""
    return refusals.invalid("The schema refers to itself without end.")


def _follow(reference: str, root: JsonObject) -> JsonObject:
    if len(reference) > _LONGEST_REFERENCE:
        return {}
    node: JsonValue = root
    for step in reference.removeprefix("#").strip("/").split("/"):
        if not step:
            continue
        if not isinstance(node, dict):
            return {}
        node = node.get(step.replace("~1", "/").replace("~0", "~"))
    return node if isinstance(node, dict) else {}


def _join(left: JsonObject, right: JsonObject) -> JsonObject:
    joined: JsonObject = {**right, **left}
    for key in ("properties", "required"):
        ours, theirs = left.get(key), right.get(key)
        if isinstance(ours, dict) and isinstance(theirs, dict):
            joined[key] = {**theirs, **ours}
        elif isinstance(ours, list) and isinstance(theirs, list):
            joined[key] = [*theirs, *(item for item in ours if item not in theirs)]
    return joined


def alternatives(
    schema: JsonObject, root: JsonObject, depth: int = 0
) -> tuple[list[JsonObject], bool]:
    """Return the non-null forms that a value may take, and whether it may also be null.

    Raises:
        Refusal: The schema is made of itself.
    """
    if depth > _DEEPEST:
        raise made_of_itself()
    options: list[JsonObject] = []
    nullable = False
    union = schema.get("anyOf") or schema.get("oneOf")
    if isinstance(union, list):
        outer = {k: v for k, v in schema.items() if k not in ("anyOf", "oneOf")}
        for item in union:
            inner = resolve(item, root)
            if inner.get("type") == "null":
                nullable = True
            else:
                forms, inner_null = alternatives({**outer, **inner}, root, depth + 1)
                options.extend(forms)
                nullable = nullable or inner_null
        return options, nullable
    kinds = schema.get("type")
    if isinstance(kinds, list):
        for kind in kinds:
            if kind == "null":
                nullable = True
            else:
                options.append({**schema, "type": kind})
        return options, nullable
    if kinds == "null":
        return [], True
    return [schema], nullable


def kind_of(schema: JsonObject) -> str:
    """Return the type, guessed from the other keywords where it is not written."""
    kind = schema.get("type")
    if isinstance(kind, str):
        return PYTHON_TYPES.get(kind, kind)
    if "properties" in schema or "additionalProperties" in schema:
        return "object"
    if "items" in schema or "prefixItems" in schema:
        return "array"
    if "minimum" in schema or "maximum" in schema:
        return "number"
    return "string"


def properties(schema: JsonObject) -> dict[str, JsonValue]:
    """Return an object's properties, in their order."""
    found = schema.get("properties")
    return found if isinstance(found, dict) else {}


def required_names(schema: JsonObject) -> list[str]:
    """Return the names of the properties that must be there."""
    found = schema.get("required")
    return [name for name in found if isinstance(name, str)] if isinstance(found, list) else []


def number_bound(schema: JsonObject, *names: str) -> float | None:
    """Return the first of the named bounds that is a number.

    Raises:
        Refusal: It is beyond what a number can be.
    """
    for name in names:
        value = schema.get(name)
        if isinstance(value, int | float) and not isinstance(value, bool):
            if not abs(value) <= _LARGEST:
                raise refusals.invalid(f"The schema's {name} is out of range.")
            return float(value)
    return None


def description(schema: JsonObject) -> str:
    """Return what a schema says about itself, or ""."""
    value = schema.get("description")
    return value if isinstance(value, str) else ""
