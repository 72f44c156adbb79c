"""JSON schemas as the API wants them: an object at the top, closed for strict decoding."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, cast

if TYPE_CHECKING:
    from siliconflow_client import JsonObject, JsonValue


_DEFINITIONS: Final = "#/$defs/"


def with_object_on_top(schema: JsonObject) -> JsonObject:
    """Open the `$ref` that stands alone at the top of the schema of a class that holds itself.

    Args:
        schema: As pydantic writes it; not changed.
    """
    top = schema.get("$ref")
    definitions = schema.get("$defs")
    if not isinstance(top, str) or not isinstance(definitions, dict):
        return schema
    own = definitions.get(top.removeprefix(_DEFINITIONS))
    if not isinstance(own, dict):
        return schema
    return {**own, "$defs": definitions}


def strict_schema(schema: JsonObject) -> JsonObject:
    """Close every object of a schema, at any depth.

    Each object gets `additionalProperties: false` and has all its properties required. Objects
    that are open by design (`dict[str, int]`) stay so. The input is not changed.
    """
    return cast("JsonObject", _closed(schema))


def _closed(value: JsonValue) -> JsonValue:
    if isinstance(value, list):
        return [_closed(item) for item in value]
    if not isinstance(value, dict):
        return value
    closed: JsonObject = {}
    for key, item in value.items():
        if key in {"properties", "$defs", "definitions", "patternProperties"} and isinstance(
            item, dict
        ):
            # The keys of these are the author's names, not schema words.
            closed[key] = {name: _closed(entry) for name, entry in item.items()}
        elif key in {"default", "const", "enum", "examples"}:
            closed[key] = item
        else:
            closed[key] = _closed(item)
    properties = closed.get("properties")
    if isinstance(properties, dict):
        closed.setdefault("additionalProperties", False)
        closed["required"] = list(properties)
    return closed
