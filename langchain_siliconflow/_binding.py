"""Tools and structured output: what a chat model binds, without a request."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any, Literal, cast

from langchain_core.language_models import LanguageModelInput
from langchain_core.language_models.chat_models import BaseChatModel
from langchain_core.messages import AIMessage
from langchain_core.runnables import Runnable

from langchain_siliconflow import _lazy
from langchain_siliconflow._errors import langchain_errors
from langchain_siliconflow._schemas import (
    Method,
    as_function,
    check_method,
    method_arguments,
    schema_name,
    tracing_mark,
)
from langchain_siliconflow._tools import to_wire_choice, to_wire_tools

if TYPE_CHECKING:
    from siliconflow_client import Tool


class ToolBinding(BaseChatModel):
    """The two methods that offer tools, or a schema, to the model."""

    def bind_tools(
        self,
        tools: Sequence[dict[str, Any] | type | Callable[..., Any] | _lazy.BaseTool],
        *,
        tool_choice: str | bool | dict[str, Any] | None = None,
        strict: bool | None = None,
        parallel_tool_calls: bool | None = None,
        response_format: dict[str, Any] | type | None = None,
        **kwargs: Any,
    ) -> Runnable[LanguageModelInput, AIMessage]:
        """Offer tools to the model.

        Args:
            tools: `BaseTool`s, functions, pydantic classes, or dictionaries in OpenAI's or
                Anthropic's form or as a JSON schema. An empty list is not sent.
            tool_choice: `"auto"`, `"none"`, `"required"` or `"any"` (or `True`), or a tool's
                name; dictionaries in OpenAI's or Anthropic's form.
            strict: Ask for arguments that keep to the schema.
            parallel_tool_calls: Sent only when set.
            response_format: Form of the answer that is not a call.
            **kwargs: Anything else to bind.

        Raises:
            ConfigurationError: `tool_choice` names no tool of the list.
        """
        with langchain_errors():
            wire = to_wire_tools(tools, strict=strict)
            choice = to_wire_choice(tool_choice, wire) if wire else tool_choice
        optional = {
            "tools": wire or None,
            "tool_choice": choice,
            "parallel_tool_calls": parallel_tool_calls,
            "response_format": response_format,
        }
        kwargs.update((name, value) for name, value in optional.items() if value is not None)
        return super().bind(**kwargs)

    def with_structured_output(
        self,
        schema: dict[str, Any] | type | None = None,
        *,
        method: Literal["function_calling", "json_schema", "json_mode"] = "function_calling",
        include_raw: bool = False,
        strict: bool | None = None,
        **kwargs: Any,
    ) -> Runnable[LanguageModelInput, Any]:
        """Make the model answer in the form of a schema.

        Args:
            schema: A pydantic class (v2 or v1), a TypedDict, or a JSON schema.
            method: `function_calling` (the default, since every model with tools has it) forces
                a call of a function with this schema; `json_schema` sends the schema; for
                `json_mode` the prompt has to describe it.
            include_raw: Return `{"raw", "parsed", "parsing_error"}` and raise no parsing error.
            strict: Ask the API to keep to the schema.
            **kwargs: Anything else to bind. With `tools`, the model may call one of them instead
                of answering in the form; the runnable then gives `None` (and with
                `include_raw`, the message that holds the calls).

        Returns:
            A runnable that gives instances for pydantic classes and dictionaries otherwise.
            An answer that was cut off, or that is not JSON, raises `OutputParserException`.
        """
        from langchain_siliconflow._structured import chain, parser_for

        with langchain_errors():
            checked: Method = check_method(method)
            tools: list[Tool] = to_wire_tools(kwargs.pop("tools", None) or [])
            parser = parser_for(schema, checked, beside_tools=bool(tools))
            if schema is not None:
                told = schema if checked == "json_mode" else as_function(schema)
                kwargs |= tracing_mark(told, checked, strict)
            if schema is not None and checked == "function_calling":
                if kwargs.get("tool_choice") is None:
                    kwargs["tool_choice"] = "required" if tools else schema_name(schema)
                # `strict` is for the schema: the other tools keep what they say themselves.
                tools = [*to_wire_tools([as_function(schema, strict)], strict=strict), *tools]
            else:
                kwargs |= method_arguments(schema, checked, strict)
            bound = self.bind_tools(cast("list[dict[str, Any]]", tools), **kwargs)
        return chain(bound, parser, include_raw=include_raw)
