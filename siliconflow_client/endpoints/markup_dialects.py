"""The notations in which models write tool calls as text (docs/wire.md#tool-markup).

Each function reads one call, from behind the mark that opens it to its end. Strictly: the name is
an offered one, the arguments are a whole JSON object, the notation is kept to.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Final, NamedTuple, TypeAlias

import pydantic_core

from siliconflow_client._json import JsonObject, JsonValue
from siliconflow_client.endpoints.markup_cursor import (
    Check,
    Cursor,
    MarkupError,
    Step,
    blank,
    json_object,
    one_of,
    until,
    word,
)
from siliconflow_client.endpoints.offered_tools import OfferedTools

_LONGEST_KEY: Final = 256
_AROUND_NAME: Final = 32
"""Room for what stands with a name: white space, `functions.`, a number."""

_NAME_ENDS: Final = re.compile(r"[\s<]")
_HERMES_NAME: Final = re.compile(r'\{\s{0,64}"name"\s{0,64}:\s{0,64}"([^"\\]{0,256})("?)')

_NO_OBJECT: Final = "its arguments are no JSON object"
_NOT_OFFERED: Final = "it names a tool that was not offered"


class MarkupCall(NamedTuple):
    """A call that was written as text; `arguments` is the JSON text of an object."""

    name: str
    arguments: str


Dialect: TypeAlias = Callable[[Cursor, OfferedTools], Step[MarkupCall]]


def _named(cursor: Cursor, tools: OfferedTools, name: str) -> str:
    if name not in tools:
        raise MarkupError(_NOT_OFFERED)
    cursor.named = True
    return name


def _beginning(tools: OfferedTools) -> Check:
    """Refuse the beginning of a name that no offered tool has."""

    def check(start: str) -> None:
        if not tools.may_begin(start.strip()):
            raise MarkupError(_NOT_OFFERED)

    return check


def _object(text: str) -> JsonObject:
    try:
        value: JsonValue = pydantic_core.from_json(text, allow_inf_nan=False)
    except (TypeError, ValueError) as error:  # TypeError: half an emoji
        raise MarkupError(_NO_OBJECT) from error
    if not isinstance(value, dict):
        raise MarkupError(_NO_OBJECT)
    return value


def _written(arguments: JsonObject) -> str:
    try:
        return pydantic_core.to_json(arguments).decode()
    except ValueError as error:  # half an emoji
        raise MarkupError(_NO_OBJECT) from error


def _without_line_breaks(value: str) -> str:
    """Without the one line break that templates put before and after a value."""
    return value.removeprefix("\n").removesuffix("\n")


def _tool_call(cursor: Cursor, tools: OfferedTools) -> Step[MarkupCall]:
    """What follows `<tool_call>`: three notations begin so."""
    first = yield from blank(cursor)
    if first == "{":
        return (yield from _hermes(cursor, tools))
    if first == "<":
        yield from one_of(cursor, ("<function=",))
        return (yield from _qwen_coder(cursor, tools))
    return (yield from _glm(cursor, tools))


def _hermes(cursor: Cursor, tools: OfferedTools) -> Step[MarkupCall]:
    """`{"name": …, "arguments": {…}}</tool_call>`."""

    def check(start: str) -> None:
        found = _HERMES_NAME.match(start)
        if found is None:
            return
        name, ended = found.groups()
        if name not in tools if ended else not tools.may_begin(name):
            raise MarkupError(_NOT_OFFERED)
        cursor.named = cursor.named or bool(ended)

    call = _object((yield from json_object(cursor, check)))
    name, arguments = call.get("name"), call.get("arguments")
    if not isinstance(name, str):
        raise MarkupError
    name = _named(cursor, tools, name)
    if isinstance(arguments, str):  # JSON within JSON
        arguments = _object(arguments)
    if not isinstance(arguments, dict):
        raise MarkupError(_NO_OBJECT)
    yield from one_of(cursor, ("</tool_call>",))
    return MarkupCall(name, _written(arguments))


def _glm(cursor: Cursor, tools: OfferedTools) -> Step[MarkupCall]:
    """`name<arg_key>k</arg_key><arg_value>v</arg_value>…</tool_call>`."""
    name = yield from word(cursor, _NAME_ENDS, tools.longest, _beginning(tools))
    _named(cursor, tools, name)
    arguments: JsonObject = {}
    while (yield from one_of(cursor, ("<arg_key>", "</tool_call>"))) == "<arg_key>":
        key = (yield from until(cursor, "</arg_key>", most=_LONGEST_KEY)).strip()
        yield from one_of(cursor, ("<arg_value>",))
        value = yield from until(cursor, "</arg_value>")
        arguments[key] = tools.value(name, key, value)
    return MarkupCall(name, _written(arguments))


def _qwen_coder(cursor: Cursor, tools: OfferedTools) -> Step[MarkupCall]:
    """What follows `<function=`: `name><parameter=k>v</parameter>…</function>`."""
    written = yield from until(cursor, ">", most=tools.longest, check=_beginning(tools))
    name = _named(cursor, tools, written.strip())
    arguments: JsonObject = {}
    while (yield from one_of(cursor, ("<parameter=", "</function>"))) == "<parameter=":
        key = (yield from until(cursor, ">", most=_LONGEST_KEY)).strip()
        value = _without_line_breaks((yield from until(cursor, "</parameter>")))
        arguments[key] = tools.value(name, key, value)
    return MarkupCall(name, _written(arguments))


def _minimax(cursor: Cursor, tools: OfferedTools) -> Step[MarkupCall]:
    """What follows `<invoke name="`: `name"><parameter name="k">v</parameter>…</invoke>`."""
    name = yield from until(cursor, '"', most=tools.longest, check=_beginning(tools))
    _named(cursor, tools, name)
    yield from one_of(cursor, (">",))
    arguments: JsonObject = {}
    parameter = '<parameter name="'
    while (yield from one_of(cursor, (parameter, "</invoke>"))) == parameter:
        key = yield from until(cursor, '"', most=_LONGEST_KEY)
        yield from one_of(cursor, (">",))
        value = _without_line_breaks((yield from until(cursor, "</parameter>")))
        arguments[key] = tools.value(name, key, value)
    return MarkupCall(name, _written(arguments))


def _dsml(cursor: Cursor, tools: OfferedTools) -> Step[MarkupCall]:
    """What follows `<｜DSML｜invoke name="`; `string="false"` says that a value is JSON."""
    name = yield from until(cursor, '"', most=tools.longest, check=_beginning(tools))
    _named(cursor, tools, name)
    yield from one_of(cursor, (">",))
    arguments: JsonObject = {}
    parameter = '<｜DSML｜parameter name="'
    while (yield from one_of(cursor, (parameter, "</｜DSML｜invoke>"))) == parameter:
        key = yield from until(cursor, '"', most=_LONGEST_KEY)
        kind = (yield from until(cursor, ">", most=_LONGEST_KEY)).strip()
        value = yield from until(cursor, "</｜DSML｜parameter>")
        if kind == 'string="true"':
            arguments[key] = value
        elif kind == 'string="false"':
            arguments[key] = _json(value)
        else:
            arguments[key] = tools.value(name, key, value)
    return MarkupCall(name, _written(arguments))


def _json(value: str) -> JsonValue:
    """A value that says of itself that it is JSON."""
    try:
        read: JsonValue = pydantic_core.from_json(value.strip(), allow_inf_nan=False)
    except (TypeError, ValueError) as error:
        raise MarkupError(_NO_OBJECT) from error
    return read


def _deepseek(cursor: Cursor, tools: OfferedTools) -> Step[MarkupCall]:
    """What follows `<｜tool▁call▁begin｜>`.

    R1 and V3 write `function<｜tool▁sep｜>name`, and the object inside a fence on its own lines;
    V3.1 writes `name<｜tool▁sep｜>{…}`.
    """
    kind = "function"

    def check(start: str) -> None:
        if not (kind.startswith(start.strip()) or tools.may_begin(start.strip())):
            raise MarkupError(_NOT_OFFERED)

    most = max(len(kind), tools.longest) + _AROUND_NAME
    name = (yield from until(cursor, "<｜tool▁sep｜>", most=most, check=check)).strip()
    if (yield from blank(cursor)) != "{" and name == kind:
        most = tools.longest + _AROUND_NAME
        name = (yield from until(cursor, "\n", most=most, check=_beginning(tools))).strip()
    _named(cursor, tools, name)
    fenced = (yield from blank(cursor)) == "`"
    if fenced:
        yield from one_of(cursor, ("```json",))
    arguments = yield from json_object(cursor)
    _object(arguments)
    if fenced:
        yield from one_of(cursor, ("```",))
    yield from one_of(cursor, ("<｜tool▁call▁end｜>",))
    return MarkupCall(name, arguments)


def _kimi(cursor: Cursor, tools: OfferedTools) -> Step[MarkupCall]:
    """What follows `<|tool_call_begin|>`: `functions.name:0`, a mark, the object, the end."""
    prefix = "functions."

    def check(start: str) -> None:
        name = start.strip()
        if not prefix.startswith(name) and not tools.may_begin(_kimi_name(name)):
            raise MarkupError(_NOT_OFFERED)

    most = len(prefix) + tools.longest + _AROUND_NAME
    written = yield from until(cursor, "<|tool_call_argument_begin|>", most=most, check=check)
    name = _named(cursor, tools, _kimi_name(written.strip()))
    arguments = yield from json_object(cursor)
    _object(arguments)
    yield from one_of(cursor, ("<|tool_call_end|>",))
    return MarkupCall(name, arguments)


def _kimi_name(written: str) -> str:
    name = written.removeprefix("functions.")
    return name.partition(":")[0] if ":" in name else name


def _first_of_many(mark: str, dialect: Dialect) -> Dialect:
    """The first call behind a mark that opens a block of calls."""

    def read(cursor: Cursor, tools: OfferedTools) -> Step[MarkupCall]:
        yield from one_of(cursor, (mark,))
        return (yield from dialect(cursor, tools))

    return read


_INVOKE: Final = '<invoke name="'
_DSML_INVOKE: Final = '<｜DSML｜invoke name="'

OPENERS: Final[dict[str, Dialect]] = {
    "<tool_call>": _tool_call,
    "<function=": _qwen_coder,
    "<minimax:tool_call>": _first_of_many(_INVOKE, _minimax),
    "<｜DSML｜function_calls>": _first_of_many(_DSML_INVOKE, _dsml),
    "<｜DSML｜tool_calls>": _first_of_many(_DSML_INVOKE, _dsml),
    _DSML_INVOKE: _dsml,
    "<｜tool▁calls▁begin｜>": _first_of_many("<｜tool▁call▁begin｜>", _deepseek),
    "<｜tool▁call▁begin｜>": _deepseek,
    "<|tool_calls_section_begin|>": _first_of_many("<|tool_call_begin|>", _kimi),
    "<|tool_call_begin|>": _kimi,
}
"""Marks that may open a call, and what reads it from there."""

NEXT_OPENERS: Final[dict[str, Dialect]] = {_INVOKE: _minimax}
"""Marks that open a call only behind another one."""

CLOSERS: Final = (
    "</tool_call>",
    "</minimax:tool_call>",
    "</｜DSML｜function_calls>",
    "</｜DSML｜tool_calls>",
    "<｜tool▁calls▁end｜>",
    "<|tool_calls_section_end|>",
)
"""Marks that close a block of calls, and go with it."""
