"""Read fields of a JSON body; a value of the wrong kind is refused as the API refuses it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from siliconflow_simulator._refusals import empty_list, field_required, generic_invalid, invalid
from siliconflow_simulator._wire import decode

if TYPE_CHECKING:
    from siliconflow_client import JsonObject, JsonValue


def read_object(body: bytes) -> JsonObject:
    """Parse a request body, which must be a JSON object."""
    try:
        value = decode(body)
    except ValueError as error:
        raise invalid(f"Invalid JSON: {error}") from error
    if not isinstance(value, dict):
        raise generic_invalid()
    return value


def required(body: JsonObject, name: str) -> JsonValue:
    """Return a field that must be there and not null."""
    value = body.get(name)
    if value is None:
        raise field_required()
    return value


def required_text(body: JsonObject, name: str) -> str:
    """Return a text that must be there."""
    value = required(body, name)
    if not isinstance(value, str):
        raise generic_invalid()
    return value


def required_list(body: JsonObject, name: str) -> list[JsonValue]:
    """Return a list that must be there and hold something; one thing alone is a list of one."""
    value = required(body, name)
    items: list[JsonValue] = value if isinstance(value, list) else [value]
    if not items:
        raise empty_list()
    return items


def text(body: JsonObject, name: str) -> str | None:
    """Return a text, or `None` when it is missing or null."""
    value = body.get(name)
    if value is not None and not isinstance(value, str):
        raise generic_invalid()
    return value


def flag(body: JsonObject, name: str) -> bool | None:
    """Return a boolean, or `None` when it is missing or null."""
    value = body.get(name)
    if value is not None and not isinstance(value, bool):
        raise generic_invalid()
    return value


def integer(
    body: JsonObject, name: str, *, least: int | None = None, most: int | None = None
) -> int | None:
    """Return a whole number within bounds, or `None` when it is missing or null."""
    value = body.get(name)
    if value is None:
        return None
    if isinstance(value, bool) or not isinstance(value, int):
        raise generic_invalid()
    if (least is not None and value < least) or (most is not None and value > most):
        raise generic_invalid()
    return value


def stop_sequences(body: JsonObject) -> list[str]:
    """Return `stop`, which is a text, or up to four of them."""
    value = body.get("stop")
    if value is None:
        return []
    if isinstance(value, str):
        return [value] if value else []
    if not isinstance(value, list) or len(value) > 4:
        raise generic_invalid()
    found: list[str] = []
    for item in value:
        if not isinstance(item, str):
            raise generic_invalid()
        if item:
            found.append(item)
    return found


def include_usage(body: JsonObject) -> bool:
    """Return whether a stream is to tell its usage: `stream_options.include_usage`."""
    options = body.get("stream_options")
    if options is None:
        return False
    if not isinstance(options, dict):
        raise generic_invalid()
    return flag(options, "include_usage") or False
