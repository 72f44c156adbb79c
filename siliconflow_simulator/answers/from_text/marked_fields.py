"""Prompts that lay out their fields as dspy's do: between markers or tags.

`[[ ## answer ## ]]` stands before a field's value, or `<answer>` and `</answer>` around it.
"""

from __future__ import annotations

import ast
import json
import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final, Literal, TypeAlias, assert_never, cast

from siliconflow_simulator.answers.call import Done, ToolSpec, Turn
from siliconflow_simulator.answers.from_text.fill import fill
from siliconflow_simulator.answers.from_text.material import Material
from siliconflow_simulator.answers.from_text.prose import answer_turns
from siliconflow_simulator.answers.from_text.results import answer_results
from siliconflow_simulator.answers.from_text.schema import PYTHON_TYPES
from siliconflow_simulator.answers.from_text.tools import plan

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from siliconflow_client import JsonObject, JsonValue

_MARKED: Final = re.compile(r"^\[\[ ## (\w{1,64}) ## \]\][ \t]*$", re.MULTILINE)
_ASKED: Final = re.compile(
    r"^Respond with (?:the corresponding output fields|(a JSON object)).{0,20000}",
    re.MULTILINE | re.DOTALL,
)
_TAGGED: Final = re.compile(
    r"^<(\w{1,64})>\n(.{0,20000}?)\n?</\1>[ \t]*$", re.MULTILINE | re.DOTALL
)
_FIELD: Final = re.compile(r"`(?:\[\[ ## |<)?(\w{1,64})(?: ## \]\]|>)?`")
_TYPE: Final = re.compile(r"^\d{1,3}\. `(\w{1,64})` \((.{1,2000}?)\)(?::|$)", re.MULTILINE)
_SCHEMA_NOTE: Final = re.compile(
    r"^\{(\w{1,64})\} {1,20}# note: [^\n]{0,80}JSON schema: (\{[^\n]{1,20000}\})", re.MULTILINE
)
_LITERAL: Final = re.compile(r"^(?:typing\.)?Literal\[(.+)\]$", re.DOTALL)
_LIST: Final = re.compile(r"^(?:list|List|Sequence|tuple)\[(.+?)(?:, ?\.\.\.)?\]$")
_TOOL: Final = re.compile(
    r"^\s{0,20}\(\d{1,3}\) (\w{1,64}), whose description is <desc>(.{0,4000}?)</desc>\."
    r" It takes arguments (\{[^\n]{0,20000}\})\.?[ \t]*$",
    re.MULTILINE | re.DOTALL,
)
_QUESTION: Final = frozenset("question query input request prompt text user_request task".split())
_TOOL_NAME: Final = "next_tool_name"
_TOOL_ARGUMENTS: Final = "next_tool_args"
_FINISH: Final = "finish"
_Style: TypeAlias = Literal["marks", "tags", "json"]


@dataclass(frozen=True, slots=True)
class _Form:
    """The fields that are asked for, each with the schema of its value."""

    fields: Mapping[str, JsonObject]
    given: Mapping[str, str]
    teaching: str
    style: _Style

    @property
    def question(self) -> str:
        named = [name for name in self.given if name in _QUESTION]
        return self.given[named[0]] if named else next(iter(self.given.values()), "")

    @property
    def rest(self) -> str:
        question = self.question
        return "\n".join(value for value in self.given.values() if value != question)

    def answer(self) -> str:
        """Answer the question: out of what tools brought, or of the other fields."""
        done = [item for item in _done(self.given) if item.name != _FINISH]
        if done:
            return answer_results(self.question, done, [Turn("user", self.question)])
        return answer_turns([Turn("user", f"{self.rest}\n\nQuestion: {self.question}")])


def marked_answer(turns: Sequence[Turn]) -> str | None:
    """Answer a prompt in the fields that it lays out; `None` when it lays out none."""
    form = _read(turns)
    if form is None:
        return None
    values = _values(form)
    match form.style:
        case "json":
            return json.dumps(values, ensure_ascii=False)
        case "tags":
            tagged = [f"<{name}>\n{_written(value)}\n</{name}>" for name, value in values.items()]
            return "\n\n".join(tagged)
        case "marks":
            parts = [f"[[ ## {name} ## ]]\n{_written(value)}" for name, value in values.items()]
            return "\n\n".join([*parts, "[[ ## completed ## ]]"])
        case _:
            assert_never(form.style)


def _read(turns: Sequence[Turn]) -> _Form | None:
    last = next(turn.text for turn in reversed(turns) if turn.role == "user")
    asked = _ASKED.search(last)
    if asked is None:
        return None
    told = last[: asked.start()]
    given = _marked(told)
    style: _Style = "marks" if given else "tags"
    given = _untagged(given or _tagged(told))
    if not given:
        return None
    teaching = "\n".join(turn.text for turn in turns if turn.role == "system")
    types = _types(teaching)
    names = [name for name in _FIELD.findall(asked.group()) if name != "completed"]
    fields = {str(name): types.get(str(name), {"type": "string"}) for name in names}
    return _Form(fields, given, teaching, "json" if asked.group(1) else style) if fields else None


def _marked(told: str) -> dict[str, str]:
    marks = list(_MARKED.finditer(told))
    ends = [*(mark.start() for mark in marks), len(told)][1:]
    return {
        mark.group(1): told[mark.end() : end].strip()
        for mark, end in zip(marks, ends, strict=False)
    }


def _tagged(told: str) -> dict[str, str]:
    return {found.group(1): found.group(2).strip() for found in _TAGGED.finditer(told)}


def _untagged(given: Mapping[str, str]) -> dict[str, str]:
    """Put the steps that stand in a field, each between tags, in the place of that field."""
    fields: dict[str, str] = {}
    for name, value in given.items():
        fields |= _tagged(value) or {name: value}
    return fields


def _types(teaching: str) -> dict[str, JsonObject]:
    types = {str(name): _schema_of(str(kind)) for name, kind in _TYPE.findall(teaching)}
    for name, written in _SCHEMA_NOTE.findall(teaching):
        schema = _object(str(written))
        if schema:
            types[str(name)] = schema
    return types


def _schema_of(kind: str) -> JsonObject:
    literal = _LITERAL.match(kind)
    if literal:
        choices = _literal(f"[{literal.group(1)}]")
        return {"enum": choices} if isinstance(choices, list) else {"type": "string"}
    items = _LIST.match(kind)
    if items:
        return {"type": "array", "items": _schema_of(items.group(1))}
    name = kind.partition("[")[0].lower()
    return {"type": PYTHON_TYPES.get(name, "string")}


def _values(form: _Form) -> JsonObject:
    question = form.question
    answer = form.answer()
    schema: JsonObject = {
        "type": "object",
        "properties": dict(form.fields),
        "required": list(form.fields),
    }
    source = "\n".join(form.given.values())
    material = Material(source, question=question, answer=lambda: answer)
    made = fill(schema, material)
    values = made if isinstance(made, dict) else {}
    if _TOOL_NAME in form.fields:
        values.update(_next_tool(form, values))
    return {name: values.get(name, "") for name in form.fields}


def _next_tool(form: _Form, values: JsonObject) -> JsonObject:
    """Choose the tool of the next step; the last of them, `finish`, when there is none to use."""
    tools = [
        ToolSpec(str(name), str(about), _parameters(str(arguments)))
        for name, about, arguments in _TOOL.findall(form.teaching)
    ]
    choices = form.fields[_TOOL_NAME].get("enum")
    allowed = choices if isinstance(choices, list) else [tool.name for tool in tools]
    usable = [tool for tool in tools if tool.name in allowed and tool.name != _FINISH]
    planned = plan(usable, form.question, _done(form.given))
    if planned:
        return {_TOOL_NAME: planned[0].name, _TOOL_ARGUMENTS: planned[0].arguments}
    last = _FINISH if _FINISH in allowed or not allowed else allowed[-1]
    return {_TOOL_NAME: last, _TOOL_ARGUMENTS: {}} if last else values


def _parameters(written: str) -> JsonObject:
    fields = _object(written)
    required: list[JsonValue] = [
        name for name, field in fields.items() if isinstance(field, dict) and "default" not in field
    ]
    return {"type": "object", "properties": fields, "required": required}


def _done(given: Mapping[str, str]) -> list[Done]:
    """Read the steps taken so far, whose fields are numbered."""
    numbers = [name.removeprefix("tool_name_") for name in given if name.startswith("tool_name_")]
    return [
        Done(
            given[f"tool_name_{number}"],
            json.dumps(_object(given.get(f"tool_args_{number}", ""))),
            given.get(f"observation_{number}", ""),
        )
        for number in numbers
    ]


def _object(written: str) -> JsonObject:
    value = _literal(written)
    return value if isinstance(value, dict) else {}


def _literal(written: str) -> JsonValue:
    """Read JSON, or what Python writes for it."""
    for read in (json.loads, ast.literal_eval):
        try:
            return cast("JsonValue", read(written))
        except (MemoryError, RecursionError, SyntaxError, TypeError, ValueError):
            continue
    return None


def _written(value: JsonValue) -> str:
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
