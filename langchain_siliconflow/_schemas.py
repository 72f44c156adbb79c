"""Structured output: what to ask for, from schemas in all the forms people write them."""

from __future__ import annotations

import json
import re
from typing import Any, Final, Literal, TypeAlias

from langchain_core.utils.function_calling import convert_to_openai_function
from pydantic import BaseModel
from pydantic.errors import PydanticUserError

from siliconflow_client import ConfigurationError

Method: TypeAlias = Literal["function_calling", "json_schema", "json_mode"]
Schema: TypeAlias = "dict[str, Any] | type"

METHODS: Final[tuple[Method, ...]] = ("function_calling", "json_schema", "json_mode")
_FORMATS: Final = frozenset({"text", "json_object", "json_schema"})
_REFERENCE: Final = re.compile(r'"#/\$defs/([^"]+)"')
_UNDESCRIBED: Final = (TypeError, ValueError, AttributeError, RecursionError, PydanticUserError)
"""What LangChain raises for what it cannot describe: an unnamed callable, a circular TypedDict."""


def to_response_format(value: Schema, strict: bool | None = None) -> dict[str, Any]:
    """Make the API's `response_format` from one, or from a schema in any form.

    Args:
        value: `{"type": "json_schema" | "json_object" | "text", ...}` as it is; or a pydantic
            class, a TypedDict, or a JSON schema.
        strict: Sent with the schema when it is given.
    """
    if isinstance(value, dict) and value.get("type") in _FORMATS:
        inner = value.get("json_schema")
        if strict is None or not isinstance(inner, dict):
            return value
        return {**value, "json_schema": {**inner, "strict": strict}}
    function = _function(value, strict)
    schema: dict[str, Any] = {"name": function["name"], "schema": function["parameters"]}
    if function.get("description"):
        schema["schema"] = {**schema["schema"], "description": function["description"]}
    if "strict" in function:
        schema["strict"] = function["strict"]
    return {"type": "json_schema", "json_schema": schema}


def as_function(schema: Schema, strict: bool | None = None) -> Schema:
    """Bring a schema into a form of which LangChain reads all: with a name, without wrapping.

    Args:
        schema: Also OpenAI's `{"type": "function", "function": ...}`,
            `{"type": "json_schema", "json_schema": ...}` and `{"name": ..., "schema": ...}`, and
            a JSON schema without a title.
        strict: Wins over a `strict` beside the schema, where LangChain would refuse to choose.

    Raises:
        ConfigurationError: It describes no object, which is all that LangChain would pass on.
    """
    if not isinstance(schema, dict):
        return written_out(schema)
    inner: dict[str, Any] = schema
    for wrapper in ("function", "json_schema"):
        if inner.get("type") == wrapper and isinstance(inner.get(wrapper), dict):
            inner = inner[wrapper]
    if strict is not None and "strict" in inner:
        inner = {**inner, "strict": strict}
    if "name" in inner and isinstance(inner.get("schema"), dict):
        rest = {name: value for name, value in inner.items() if name != "schema"}
        return {**rest, "parameters": inner["schema"]}
    is_object = "properties" in inner or inner.get("type") == "object"
    if "name" in inner and not is_object:
        return inner  # a function, in OpenAI's or Anthropic's form
    if not is_object:
        raise ConfigurationError(
            "a JSON schema for structured output must be that of an object: it needs "
            "`properties`; put a list or a choice into one of them",
            argument="schema",
        )
    rest = {name: value for name, value in inner.items() if name != "name"}
    title = inner.get("title") or inner.get("name") or "Answer"
    return {"properties": {}, **rest, "title": title}


def written_out(schema: Schema) -> Schema:
    """Write the JSON schema of a class that holds itself; leave all others to LangChain.

    LangChain puts definitions where they are used, and `{}` where that would not end: the model
    would not learn what stands there.
    """
    return _circular_schema(schema) or schema


def _circular_schema(thing: object) -> dict[str, Any] | None:
    if not (isinstance(thing, type) and issubclass(thing, BaseModel)):
        return None
    # Cheap, and true of few.
    if not thing.__pydantic_complete__ or thing.__pydantic_core_schema__["type"] != "definitions":
        return None
    with converting(thing, "schema"):
        written = thing.model_json_schema()
    definitions: dict[str, Any] = written.get("$defs", {})
    if not _is_circular(definitions):
        return None
    top = str(written.get("$ref", "")).removeprefix("#/$defs/")
    own = definitions.get(top, written)
    return {"title": thing.__name__, **own, "$defs": definitions}


def _is_circular(definitions: dict[str, Any]) -> bool:
    """Tell whether one of the definitions leads back to itself."""
    uses = {name: set(_REFERENCE.findall(json.dumps(one))) for name, one in definitions.items()}
    for name, used in uses.items():
        reached: set[str] = set()
        ahead = list(used)
        while ahead:
            one = ahead.pop()
            if one == name:
                return True
            if one not in reached:
                reached.add(one)
                ahead.extend(uses.get(one, ()))
    return False


class converting:  # noqa: N801 - used like a function, as contextlib's are
    """Say of which argument, and of which function, LangChain can make no description.

    Args:
        thing: The function or schema that is described inside the block.
        argument: The argument it came in.
    """

    __slots__ = ("_argument", "_thing")

    def __init__(self, thing: object, argument: str) -> None:
        self._thing = thing
        self._argument = argument

    def __enter__(self) -> None:
        return None

    def __exit__(self, kind: object, error: BaseException | None, traceback: object) -> None:
        if isinstance(error, ConfigurationError):
            return
        if isinstance(error, _UNDESCRIBED):
            thing = self._thing
            name = getattr(thing, "name", None) or getattr(thing, "__name__", None)
            shown = name if isinstance(name, str) else f"a value of type {type(thing).__name__}"
            # Later lines of LangChain's message are the value itself.
            reason = str(error).partition("\n")[0]
            raise ConfigurationError(
                f"{shown} cannot be described as a function: {reason}", argument=self._argument
            ) from error


def _function(schema: Schema, strict: bool | None) -> dict[str, Any]:
    with converting(schema, "schema"):
        function = convert_to_openai_function(as_function(schema, strict), strict=strict)
    return {"parameters": {"type": "object", "properties": {}}, **function}


def schema_name(schema: Schema) -> str:
    """Name under which a schema is offered as a function."""
    return str(_function(schema, None)["name"])


def method_arguments(schema: Schema | None, method: Method, strict: bool | None) -> dict[str, Any]:
    """What `bind` needs for a JSON mode, beside the mark for tracing."""
    if method == "json_schema" and schema is not None:
        return {"response_format": to_response_format(schema, strict)}
    return {"response_format": {"type": "json_object"}}


def tracing_mark(schema: Schema, method: Method, strict: bool | None) -> dict[str, Any]:
    """Tell LangChain's tracing which schema was asked for."""
    kwargs: dict[str, Any] = {"method": method}
    if strict is not None:
        kwargs["strict"] = strict
    return {"ls_structured_output_format": {"kwargs": kwargs, "schema": schema}}


def check_method(method: str) -> Method:
    """Refuse a method that does not exist."""
    for known in METHODS:
        if method == known:
            return known
    raise ConfigurationError(
        f"method {method!r} is unknown; known are {', '.join(METHODS)}", argument="method"
    )
