"""Structured output: how to read it without repairing it.

LangChain's own parsers complete JSON that was cut off, which is right while streaming and wrong
at the end: half an answer would pass for a whole one. The parsers here are LangChain's with that
one check added.
"""

from __future__ import annotations

import json
from operator import itemgetter
from typing import TYPE_CHECKING, Any, cast

from langchain_core.exceptions import OutputParserException
from langchain_core.messages import AIMessage, AIMessageChunk
from langchain_core.output_parsers import JsonOutputParser, PydanticOutputParser
from langchain_core.output_parsers.openai_tools import (
    JsonOutputKeyToolsParser,
    PydanticToolsParser,
)
from langchain_core.outputs import ChatGeneration
from langchain_core.runnables import RunnableLambda, RunnableMap, RunnablePassthrough
from langchain_core.utils.json import parse_json_markdown
from langchain_core.utils.pydantic import is_basemodel_subclass

from langchain_siliconflow._calls import read_strictly
from langchain_siliconflow._schemas import schema_name
from siliconflow_client import ConfigurationError

if TYPE_CHECKING:
    from langchain_core.language_models import LanguageModelInput
    from langchain_core.output_parsers import BaseOutputParser
    from langchain_core.outputs import Generation
    from langchain_core.runnables import Runnable

    from langchain_siliconflow._schemas import Method, Schema


def parser_for(
    schema: Schema | None, method: Method, *, beside_tools: bool = False
) -> BaseOutputParser[Any]:
    """Choose the parser: instances for pydantic classes, dictionaries for everything else.

    Args:
        schema: What is asked for.
        method: How.
        beside_tools: Whether other tools are offered too; a call of one of them is no answer in
            the form, and no mistake: the parser then gives `None`.
    """
    is_pydantic = isinstance(schema, type) and is_basemodel_subclass(schema)
    if method == "function_calling":
        if schema is None:
            raise ConfigurationError(
                'a schema is needed for method "function_calling"', argument="schema"
            )
        name = schema_name(schema)
        beside = name if beside_tools else None
        if is_pydantic:
            return WholeToolParser(
                tools=[cast("type", schema)], first_tool_only=True, schema_beside_tools=beside
            )
        return WholeToolJsonParser(key_name=name, first_tool_only=True, schema_beside_tools=beside)
    if is_pydantic:
        return WholePydanticParser(pydantic_object=cast("type", schema), beside_tools=beside_tools)
    return WholeJsonParser(beside_tools=beside_tools)


def parsed_answer(schema: type, message: AIMessage) -> object | None:
    """Read an answer whose `response_format` was a pydantic class; `None` if it is not one."""
    if message.tool_calls or message.additional_kwargs.get("refusal") or not message.text:
        return None
    parser: WholePydanticParser = WholePydanticParser(pydantic_object=schema)
    try:
        return cast("object", parser.parse_result([ChatGeneration(message=message)]))
    except OutputParserException:
        return None


def chain(
    model: Runnable[LanguageModelInput, AIMessage],
    parser: BaseOutputParser[Any],
    *,
    include_raw: bool,
) -> Runnable[LanguageModelInput, Any]:
    """Put the parser behind the model; with `include_raw`, keep the message and the error."""
    if not include_raw:
        return model | parser
    parse = RunnablePassthrough.assign(
        parsed=itemgetter("raw") | parser, parsing_error=lambda _: None
    )
    nothing = RunnablePassthrough.assign(parsed=lambda _: None)
    whole = parse.with_fallbacks([nothing], exception_key="parsing_error")
    # Not itself in the chain: fallbacks take over from a stream's first piece only, and what is
    # wrong with an answer shows at its end.
    return RunnableMap(raw=model) | RunnableLambda(whole.invoke, whole.ainvoke, name="parse")


def _message(result: list[Generation]) -> AIMessage | None:
    generation = result[0] if result else None
    if isinstance(generation, ChatGeneration) and isinstance(generation.message, AIMessage):
        return generation.message
    return None


def _is_over(message: AIMessage | None, *, partial: bool) -> bool:
    """Whether nothing more will come; the last piece of a stream is parsed as partial too."""
    return not partial or (
        message is not None and message.response_metadata.get("finish_reason") is not None
    )


def _check_end(message: AIMessage | None) -> None:
    """Refuse an answer that was cut off, or that the model declined to give."""
    if message is None:
        return
    refusal = message.additional_kwargs.get("refusal")
    if refusal:
        raise _refused(str(refusal))
    if message.response_metadata.get("finish_reason") == "length":
        raise OutputParserException(
            "The answer was cut off (finish_reason 'length'), so its JSON is not whole. Raise "
            "max_tokens, or ask for less; thinking counts too (thinking_budget, enable_thinking).",
            llm_output=message.text,
        )


def _refused(refusal: str) -> Exception:
    from langchain_core import exceptions

    refused = getattr(exceptions, "ModelRefusalError", None)  # langchain-core >= 1.7.5
    if refused is None:
        return OutputParserException(f"The model refused: {refusal}", llm_output=refusal)
    return cast("Exception", refused(f"The model refused: {refusal}"))


def _check_calls(message: AIMessage | None) -> None:
    if message is None:
        return
    if message.invalid_tool_calls:
        call = message.invalid_tool_calls[0]
        raise OutputParserException(
            f"The call of {call['name']!r} cannot be read: {call['error'] or 'not JSON'}",
            llm_output=call["args"] or "",
        )
    if not message.tool_calls:
        raise OutputParserException(
            "The model answered with text and did not call the function that holds the schema.",
            llm_output=message.text,
        )


def _check_json(result: list[Generation]) -> None:
    text = result[0].text
    try:
        parse_json_markdown(text, parser=_strict)
    except json.JSONDecodeError as error:
        raise OutputParserException(
            f"The answer is not whole JSON: {error}", llm_output=text
        ) from error


def _strict(text: str, **_: Any) -> Any:
    return json.loads(text, strict=False)


class WholeJsonParser(JsonOutputParser):
    """JSON in the text."""

    beside_tools: bool = False
    """Whether a tool call is an answer too, which gives `None`."""

    def parse_result(self, result: list[Generation], *, partial: bool = False) -> Any:
        """Parse; at the end of the answer, only what is whole."""
        if self.beside_tools and _is_call(result):
            return None
        growing = _check_text_end(result, partial=partial)
        return super().parse_result(result, partial=growing)


class WholePydanticParser(PydanticOutputParser[Any]):
    """JSON in the text, as an instance of a pydantic class."""

    beside_tools: bool = False
    """Whether a tool call is an answer too, which gives `None`."""

    def parse_result(self, result: list[Generation], *, partial: bool = False) -> Any:
        """Parse; at the end of the answer, only what is whole."""
        if self.beside_tools and _is_call(result):
            return None
        growing = _check_text_end(result, partial=partial)
        return super().parse_result(result, partial=growing)


class WholeToolJsonParser(JsonOutputKeyToolsParser):
    """Arguments of a call, as a dictionary."""

    schema_beside_tools: str | None = None
    """Name of the schema's function when other tools are offered; a call of those gives `None`."""

    def parse_result(self, result: list[Generation], *, partial: bool = False) -> Any:
        """Parse; at the end of the answer, only what is whole."""
        own, growing = _own_calls(self.schema_beside_tools, result, partial=partial)
        return None if own is None else super().parse_result(own, partial=growing)


class WholeToolParser(PydanticToolsParser):
    """Arguments of a call, as an instance of a pydantic class."""

    schema_beside_tools: str | None = None
    """Name of the schema's function when other tools are offered; a call of those gives `None`."""

    def parse_result(self, result: list[Generation], *, partial: bool = False) -> Any:
        """Parse; at the end of the answer, only what is whole."""
        own, growing = _own_calls(self.schema_beside_tools, result, partial=partial)
        return None if own is None else super().parse_result(own, partial=growing)


def _own_calls(
    name: str | None, result: list[Generation], *, partial: bool
) -> tuple[list[Generation] | None, bool]:
    """The calls that count, checked once the answer has ended; and whether it is still growing."""
    growing = not _is_over(_message(result), partial=partial)
    own = _calls_of(name, result if growing else _strictly(result))
    if own is not None and not growing:
        _check_end(_message(own))
        _check_calls(_message(own))
    return own, growing


def _is_call(result: list[Generation]) -> bool:
    message = _message(result)
    return message is not None and bool(message.tool_calls)


def _calls_of(name: str | None, result: list[Generation]) -> list[Generation] | None:
    """Keep the calls of one function, or return `None` when there are only others."""
    message = _message(result)
    if name is None or message is None or not message.tool_calls:
        return result
    own = [call for call in message.tool_calls if call["name"] == name]
    if not own:
        return None
    return [ChatGeneration(message=message.model_copy(update={"tool_calls": own}))]


def _strictly(result: list[Generation]) -> list[Generation]:
    """Read the calls of a finished sum again: LangChain mends what is broken while adding up."""
    message = _message(result)
    if not isinstance(message, AIMessageChunk):
        return result
    read = message.model_copy()
    read_strictly(read)
    return [ChatGeneration(message=read)]


def _check_text_end(result: list[Generation], *, partial: bool) -> bool:
    """Check an answer that has ended; tell whether it is still growing."""
    message = _message(result)
    if not _is_over(message, partial=partial):
        return True
    _check_end(message)
    _check_json(result)
    return False
