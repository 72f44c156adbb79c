"""Answer prompts that teach the Thought / Action / Observation format instead of offering tools."""

from __future__ import annotations

import ast
import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final, cast

from siliconflow_simulator._wire import decode, encode
from siliconflow_simulator.answers.call import Done, ToolSpec
from siliconflow_simulator.answers.from_text.tools import plan

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from siliconflow_client import JsonObject, JsonValue
    from siliconflow_simulator.answers.call import Turn

_BLOCK: Final = re.compile(
    r"^> Tool Name: (?P<name>.+)\nTool Description: (?P<about>.*?)\nTool Args: (?P<args>\{.*\})$",
    re.MULTILINE | re.DOTALL,
)
_LINE: Final = re.compile(
    r"^(?P<name>[A-Za-z_][\w-]*)(?:\((?P<args>[^)\n]*)\)(?: -> [^-\n]+)?)?\s*(?:-|:)\s+"
    r"(?P<about>.+)$",
    re.MULTILINE,
)
_STEP: Final = re.compile(
    r"^Action: *(?P<name>\S+)[^\n]*\n+"
    r"Action Input: *(?P<input>.*?)(?=\n(?:Observation|Thought):|\Z)",
    re.MULTILINE | re.DOTALL,
)
_OBSERVATION: Final = re.compile(
    r"^Observation: *(.*?)(?=\n(?:Thought|Action|Observation):|\n*\Z)", re.MULTILINE | re.DOTALL
)
_QUESTION: Final = re.compile(r"^Question: *(.+?)$", re.MULTILINE)
_TYPES: Final = {"int": "integer", "float": "number", "bool": "boolean"}


@dataclass(frozen=True, slots=True)
class _Session:
    """Where a conversation in this format stands."""

    question: str
    tools: list[ToolSpec]
    done: list[Done]
    plain_input: bool
    final: str


def in_react_format(turns: Sequence[Turn]) -> bool:
    """Tell whether a prompt teaches the format."""
    return any(
        "Action Input:" in turn.text and "Thought" in turn.text and "Observation" in turn.text
        for turn in turns
        if turn.role in ("system", "user")
    )


def react_reply(turns: Sequence[Turn], answer: Callable[[str, Sequence[Done]], str]) -> str:
    """Write the next step: an action, or the answer once the tools have spoken.

    Args:
        turns: The conversation.
        answer: Makes the answer to a question out of what the tools returned.
    """
    session = _read(turns)
    wanted = plan(session.tools, session.question, session.done)
    if wanted:
        call = wanted[0]
        values = list(call.arguments.values())
        plain = session.plain_input and len(values) == 1 and isinstance(values[0], str)
        written = str(values[0]) if plain else encode(call.arguments).decode()
        return (
            "Thought: I need to use a tool to help me answer the question.\n"
            f"Action: {call.name}\nAction Input: {written}"
        )
    return (
        "Thought: I can answer without using any more tools.\n"
        f"{session.final} {answer(session.question, session.done)}"
    )


def _read(turns: Sequence[Turn]) -> _Session:
    taught = next(turn.text for turn in turns if "Action Input:" in turn.text)
    final = "Final Answer:" if "Final Answer:" in taught else "Answer:"
    blocks = [
        ToolSpec(found["name"].strip(), found["about"].strip(), _object(found["args"]))
        for part in re.split(r"(?=^> Tool Name: )", taught, flags=re.MULTILINE)
        if (found := _BLOCK.search(part.split("\n\n## ")[0]))
    ]
    if "\nQuestion:" in taught and final == "Final Answer:":
        # One prompt holds it all; the work so far follows "Begin!".
        work = taught.rpartition("Begin!")[2]
        asked = _QUESTION.findall(work)
        return _Session(
            asked[0] if asked else work.strip(), blocks or _lines(taught), _done(work), True, final
        )
    asked_at = max(
        (i for i, turn in enumerate(turns) if turn.role == "user" and not _observes(turn)),
        default=len(turns) - 1,
    )
    work = "\n".join(turn.text for turn in turns[asked_at + 1 :])
    return _Session(turns[asked_at].text, blocks or _lines(taught), _done(work), False, final)


def _observes(turn: Turn) -> bool:
    return turn.text.startswith("Observation:")


def _lines(taught: str) -> list[ToolSpec]:
    head = taught.partition("Use the following format")[0]
    return [
        ToolSpec(found["name"], found["about"], _signature(found["args"] or "query: str"))
        for found in _LINE.finditer(head)
    ]


def _signature(text: str) -> JsonObject:
    fields: JsonObject = {}
    needed: list[JsonValue] = []
    for part in text.split(","):
        name, _, kind = part.partition(":")
        kind, has_default, _ = kind.partition("=")
        if not name.strip():
            continue
        fields[name.strip()] = {"type": _TYPES.get(kind.strip(), "string")}
        if not has_default:
            needed.append(name.strip())
    return {"type": "object", "properties": fields, "required": needed}


def _done(work: str) -> list[Done]:
    steps = list(_STEP.finditer(work))
    observations = _OBSERVATION.findall(work)
    return [
        Done(step["name"], encode(_input(step["input"])).decode(), str(seen).strip())
        for step, seen in zip(steps, observations, strict=False)
    ]


def _input(text: str) -> JsonObject:
    """Read an action's input, which LlamaIndex writes back as a Python literal."""
    found = _object(text)
    if found or not text.strip().startswith("{"):
        return found
    try:
        # A dict, as it begins with a brace and is no set.
        return cast("JsonObject", dict(ast.literal_eval(text.strip())))
    except (SyntaxError, TypeError, ValueError):
        return {}


def _object(text: str) -> JsonObject:
    try:
        value = decode(text)
    except ValueError:
        return {}
    return value if isinstance(value, dict) else {}
