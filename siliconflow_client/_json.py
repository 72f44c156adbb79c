"""JSON, as types: what goes over the wire and what comes back."""

from __future__ import annotations

from typing import TYPE_CHECKING, ForwardRef, TypeAlias

if TYPE_CHECKING:
    JsonValue: TypeAlias = (
        "str | int | float | bool | list[JsonValue] | dict[str, JsonValue] | None"
    )
else:
    # Knows its module, so that `typing.get_type_hints` resolves it wherever it is used.
    _nested = ForwardRef("JsonValue", module=__name__)
    JsonValue = str | int | float | bool | list[_nested] | dict[str, _nested] | None

JsonObject: TypeAlias = dict[str, JsonValue]
