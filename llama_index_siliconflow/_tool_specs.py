"""Tools as the API describes them; the schemas of their arguments are written once per class.

pydantic takes half a millisecond to write one schema, twenty tools take longer than the call. The
written form is kept as long as the class of the arguments lives, and no tool lives longer for it.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final, cast
from weakref import WeakKeyDictionary

from llama_index.core.bridge.pydantic import BaseModel
from llama_index.core.tools.types import BaseTool, ToolMetadata
from pydantic.errors import PydanticUserError
from pydantic_core import from_json, to_json

from llama_index_siliconflow._schema import strict_schema, with_object_on_top
from llama_index_siliconflow._settings import check_each
from siliconflow_client import ConfigurationError

if TYPE_CHECKING:
    from collections.abc import Sequence

    from siliconflow_client import FunctionDefinition, Tool


_NOT_IN_NAMES: Final = re.compile(r"[^a-zA-Z0-9_-]")
_KEPT: Final = frozenset({"type", "properties", "required", "$defs"})
"""Words of a schema's top that LlamaIndex passes on."""


@dataclass(frozen=True, slots=True)
class _Written:
    """The parameters of one class, as JSON: callers get a copy of their own.

    Attributes:
        build: Which build of the class they describe; `model_rebuild` makes another.
        plain: As pydantic writes them.
        strict: Closed at every depth.
    """

    build: int
    plain: bytes
    strict: bytes


_written: WeakKeyDictionary[type[BaseModel], _Written] = WeakKeyDictionary()


def tool_specs(tools: Sequence[BaseTool], *, strict: bool | None) -> list[Tool]:
    """Describe tools to the API.

    Args:
        tools: The tools; descriptions may be of any length.
        strict: Ask the server to keep to the schema, whose objects are then closed at every depth.

    Raises:
        ConfigurationError: One of them is no tool, or its arguments have no JSON schema.
    """
    hint = "FunctionTool.from_defaults(function) makes one of a function."
    check_each("tools", tools, BaseTool, "a tool", hint)
    return [_spec(tool.metadata, strict) for tool in tools]


def _spec(metadata: ToolMetadata, strict: bool | None) -> Tool:
    written = _parameters(metadata)
    if written is not None:
        function: FunctionDefinition = {
            "name": _NOT_IN_NAMES.sub("_", metadata.name or ""),
            "description": metadata.description,
            "parameters": from_json(written.strict if strict else written.plain),
        }
    else:
        function = _as_llama_index_writes_it(metadata)
        if strict:
            function["parameters"] = strict_schema(function.get("parameters") or {})
    if strict is not None:
        function["strict"] = strict
    return {"type": "function", "function": function}


def _is_repeatable(schema: type[BaseModel]) -> bool:
    """Tell whether a class writes its schema as pydantic does, and so always the same."""
    return cast("object", schema.model_json_schema.__func__) is _PYDANTICS  # type: ignore[attr-defined]  # a class method is bound


_PYDANTICS = BaseModel.model_json_schema.__func__  # type: ignore[attr-defined]  # a class method is bound


def _parameters(metadata: ToolMetadata) -> _Written | None:
    """What is kept of a class of arguments; `None` for one that may say another each time."""
    schema = metadata.fn_schema
    if schema is None or type(metadata) is not ToolMetadata:
        return None
    found = _written.get(schema)
    if found is not None and found.build == id(schema.__pydantic_core_schema__):
        return found
    if not _is_repeatable(schema):
        return None
    parameters = _as_llama_index_writes_it(metadata).get("parameters") or {}
    made = _Written(
        build=id(schema.__pydantic_core_schema__),
        plain=to_json(parameters),
        strict=to_json(strict_schema(parameters)),
    )
    _written[schema] = made
    return made


def _as_llama_index_writes_it(metadata: ToolMetadata) -> FunctionDefinition:
    try:
        spec = metadata.to_openai_tool(skip_length_check=True)
        schema = metadata.fn_schema
        parameters = spec["function"]["parameters"]
        if schema is not None and "$defs" in parameters and "type" not in parameters:
            # The class holds itself: LlamaIndex drops the `$ref` that says which definition it is.
            whole = with_object_on_top(schema.model_json_schema())
            spec["function"]["parameters"] = {
                word: value for word, value in whole.items() if word in _KEPT
            }
    except PydanticUserError as error:
        raise ConfigurationError(
            f"the tool {metadata.name!r} has no JSON schema: {error.message}", argument="tools"
        ) from error
    return cast("FunctionDefinition", spec["function"])
