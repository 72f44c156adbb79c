"""Reading a body that may be anything: each function takes one step, or says what is wrong.

Each raises `UndocumentedShapeError` for a body that is not the documented shape, and `ValueError`
for one that is not JSON, so that no `KeyError` ever reaches a caller.
"""

from __future__ import annotations

import math

import pydantic_core

from siliconflow_client._json import JsonObject, JsonValue
from siliconflow_client.errors.bodies import BOM
from siliconflow_client.errors.mapping import UndocumentedShapeError


def read_json(content: bytes) -> JsonValue:
    """Parse a body, with or without a byte order mark."""
    body: JsonValue = pydantic_core.from_json(content.removeprefix(BOM), cache_strings="keys")
    return body


def read_object(content: bytes) -> JsonObject:
    """Parse a body that should be an object."""
    return as_object(read_json(content), "the body")


def as_object(value: JsonValue, what: str) -> JsonObject:
    """`value` itself, if it is an object."""
    if not isinstance(value, dict):
        raise UndocumentedShapeError(f"{what} is not an object")
    return value


def filled_list(answer: JsonObject, key: str) -> list[JsonValue]:
    """A list with something in it."""
    value = answer.get(key)
    if not isinstance(value, list):
        raise UndocumentedShapeError(f"`{key}` is not a list")
    if not value:
        raise UndocumentedShapeError(f"`{key}` is empty")
    return value


def text(wire: JsonObject, key: str) -> str:
    """A string; "" where it is `null` or missing."""
    value = wire.get(key)
    if value is None:
        return ""
    if not isinstance(value, str):
        raise UndocumentedShapeError(f"`{key}` is not a string")
    return value


def count(value: JsonValue) -> int:
    """A whole number; 0 for anything else."""
    return value if isinstance(value, int) else 0


def optional_count(value: JsonValue) -> int | None:
    """A whole number; `None` for anything else."""
    return value if isinstance(value, int) else None


def unwrapped(body: JsonValue) -> JsonValue:
    """What an answer says, without the envelope `{code, message, status, data}` where it has one.

    Some endpoints answer in it, others bare (docs/wire.md#files, docs/wire.md#batches); both are
    read wherever either is.
    """
    if isinstance(body, dict) and "data" in body and ("code" in body or "status" in body):
        if body["data"] is None:
            raise UndocumentedShapeError("`data` is null")
        return body["data"]
    return body


def finite(value: JsonValue) -> float | None:
    """A number that can be counted with; `None` for NaN, infinity, `true` and anything else."""
    if isinstance(value, bool) or not isinstance(value, int | float):
        return None
    try:
        number = float(value)
    except OverflowError:
        return None
    return number if math.isfinite(number) else None
