"""JSON, as types: what goes over the wire and what comes back."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, TypeAlias

if TYPE_CHECKING:
    JsonValue: TypeAlias = (
        "str | int | float | bool | list[JsonValue] | dict[str, JsonValue] | None"
    )
else:
    # No reference to itself: from Python 3.14 on `typing.get_type_hints` looks for the name in the
    # module that uses the type, which need not have it.
    JsonValue = str | int | float | bool | list[Any] | dict[str, Any] | None

JsonObject: TypeAlias = dict[str, JsonValue]
