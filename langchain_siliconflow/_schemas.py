"""Structured output: what to ask for, from schemas in all the forms people write them."""

from __future__ import annotations

from typing import Any, Final, Literal, TypeAlias

from langchain_core.utils.function_calling import convert_to_openai_function

from siliconflow_client import ConfigurationError

Method: TypeAlias = Literal["function_calling", "json_schema", "json_mode"]
Schema: TypeAlias = "dict[str, Any] | type"

METHODS: Final[tuple[Method, ...]] = ("function_calling", "json_schema", "json_mode")
_FORMATS: Final = frozenset({"text", "json_object", "json_schema"})


def to_response_format(value: Schema, strict: bool | None = None) -> dict[str, Any]:
    """Make the API's `response_format` from one, or from a schema in any form.

    Args:
        value: `{"type": "json_schema" | "json_object" | "text", ...}` as it is; or a pydantic
            class, a TypedDict, or a JSON schema.
        strict: Sent with the schema when it is given.
    """
    if isinstance(value, dict) and value.get("type") in _FORMATS:
        return value
    function = _function(value, strict)
    schema: dict[str, Any] = {
        "name": function["name"],
        "schema": function.get("parameters") or {"type": "object", "properties": {}},
    }
    if function.get("description"):
        schema["schema"] = {**schema["schema"], "description": function["description"]}
    if strict is not None:
        schema["strict"] = strict
    return {"type": "json_schema", "json_schema": schema}


def with_title(schema: Schema) -> Schema:
    """Give a JSON schema a title, which LangChain needs for a function's name."""
    if isinstance(schema, dict) and schema.get("type") == "object" and "title" not in schema:
        return {"title": schema.get("name") or "Answer", **schema}
    return schema


def _function(schema: Schema, strict: bool | None) -> dict[str, Any]:
    return convert_to_openai_function(with_title(schema), strict=strict)


def schema_name(schema: Schema) -> str:
    """Name under which a schema is offered as a function."""
    return str(_function(schema, None)["name"])


def method_arguments(schema: Schema, method: Method, strict: bool | None) -> dict[str, Any]:
    """What `bind` needs for a JSON mode, beside the mark for tracing."""
    if method == "json_schema":
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
