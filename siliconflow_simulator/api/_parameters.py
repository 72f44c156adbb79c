"""Hold a request to the client's table of parameters: kinds, ranges, words."""

from __future__ import annotations

from typing import TYPE_CHECKING, assert_never

from siliconflow_simulator._refusals import generic_invalid
from siliconflow_simulator.api._fields import flag, text

if TYPE_CHECKING:
    from collections.abc import Mapping

    from siliconflow_client import JsonObject, Parameter


def check_parameters(body: JsonObject, documented: Mapping[str, Parameter]) -> None:
    """Check the parameters that the vendor documents; it does not look at others.

    Args:
        body: The request.
        documented: What the client's table says of the endpoint: `parameters_of("chat")`.

    Raises:
        Refusal: A value of the wrong kind, or outside of the documented range.
    """
    for parameter in documented.values():
        sourced = parameter.source.startswith("docs/wire.md")
        if sourced and not parameter.required and body.get(parameter.name) is not None:
            _check(body, parameter)


def _check(body: JsonObject, parameter: Parameter) -> None:
    value = body[parameter.name]
    match parameter.kind:
        case "integer" | "number":
            allowed = int if parameter.kind == "integer" else (int, float)
            if isinstance(value, bool) or not isinstance(value, allowed):
                raise generic_invalid()
            least = 1 if parameter.positive and parameter.least is None else parameter.least
            if (least is not None and value < least) or (
                parameter.most is not None and value > parameter.most
            ):
                raise generic_invalid()
        case "boolean":
            flag(body, parameter.name)
        case "string":
            word = text(body, parameter.name)
            if parameter.choices and word not in parameter.choices:
                raise generic_invalid()
        case "structure":
            # What it has to hold is read where it is used.
            if isinstance(value, int | float):
                raise generic_invalid()
        case "strings":
            pass  # read where it is used
        case _:
            assert_never(parameter.kind)
