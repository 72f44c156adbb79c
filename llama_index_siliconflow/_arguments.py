"""Arguments of tool calls: text to values, while they arrive too, and values to text. Pure."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from pydantic_core import from_json

if TYPE_CHECKING:
    from siliconflow_client import JsonObject, JsonValue


def parse_arguments(text: str, *, finished: bool = False) -> JsonObject:
    """Read the arguments of a call, also when their JSON has not ended yet.

    `'{"name": "Al'` gives `{"name": "Al"}`; what is not an object gives `{}`.

    Args:
        text: The arguments so far.
        finished: No more will come. The example then gives `{}`: an agent that executes the call
            must miss an argument, not take half of it for the whole.
    """
    if not text:
        return {}
    try:
        value: JsonValue = from_json(text, allow_partial=True if finished else "trailing-strings")
    except ValueError:
        return {}
    return value if isinstance(value, dict) else {}


def arguments_are_whole(text: str, *, may_be_empty: bool = True) -> bool:
    """Tell whether the arguments are one finished JSON object.

    Args:
        text: The arguments.
        may_be_empty: Whether no text at all, or an object that holds nothing, will do.
    """
    if not text.strip():
        return may_be_empty
    try:
        value: JsonValue = from_json(text)
    except ValueError:
        return False
    return isinstance(value, dict) and (may_be_empty or bool(value))


def dump_arguments(arguments: object) -> str:
    """Write arguments as JSON whatever they hold: dates, sets and the like as their text.

    What JSON cannot hold in any way (keys that are no text, a dict inside itself, NaN) makes all of
    it text; `normalise_messages` puts that into an object.
    """
    try:
        return json.dumps(arguments, ensure_ascii=False, default=str, allow_nan=False)
    except (TypeError, ValueError, RecursionError):
        return str(arguments)
