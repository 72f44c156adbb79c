"""Answers in JSON: by `response_format`, by a schema in the prompt, or by keys named there."""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING, Final, cast

from siliconflow_simulator.answers.from_text.fill import fill
from siliconflow_simulator.answers.from_text.material import Material
from siliconflow_simulator.answers.from_text.question import find_question
from siliconflow_simulator.answers.words import name_words, sentences

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from siliconflow_client import JsonObject, JsonValue
    from siliconflow_simulator.answers.call import Turn

_WANTS_SCHEMA: Final = re.compile(
    r"json[ _-]?schema|output schema|json object|json instance|valid json|conforms? to",
    re.IGNORECASE,
)
_ASKS: Final = re.compile(
    r"(?:^|[.!?:;。！？：；，,]\s{0,3})(?:please\s{1,3})?"
    r"(?:return|respond|reply|answer|output|format|provide|produce|write|generate|extract)\b"
    r"(?:(?![.!?]\s)[^\n？]){0,160}?\bjson\b(?![^.\n]{0,80}[?？])"
    r"|\b(?:should|must) be [^.\n?]{0,120}\bjson\b"
    r"|(?:以|用|按|返回|输出)[^。\n？?]{0,20}json[^。\n？?]{0,80}(?:[。\n]|$)",
    re.IGNORECASE | re.MULTILINE,
)
_IN_A_BLOCK: Final = re.compile(
    r"(?<!not )(?<!not use )(?<!no )(?<!without )"
    r"\b(?:within|inside|in|as|be|wrapped in|enclosed in) (?:a |an |the )?"
    r"(?:```json|```|markdown|json)?\s?(?:json )?(?:code ?block|code ?fence|code ?snippet)",
    re.IGNORECASE,
)
_KEYS: Final = re.compile(
    r"['\"“`]([A-Za-z_][\w ]{0,40})['\"”`](?=[^.\n]{0,60}\b(?:keys?|fields?)\b)"
    r"|(?:\b(?:keys?|fields?)\b|字段|键)[^.\n]{0,40}?"
    r"((?:['\"`][A-Za-z_]\w{0,60}['\"`][\s,，、和与]{0,3}(?:(?:and|or)\s)?){1,40})",
    re.IGNORECASE,
)
_EXAMPLE_KEY: Final = re.compile(
    r"(?:[{,]\s{0,20}|^[ \t]{0,20})\"([^\"{}\n]{1,60})\"\s{0,3}:", re.MULTILINE
)
_ABOUT_FORMAT: Final = re.compile(
    r"json|schema|well-formatted|output format|markdown|code (?:fence|block)|backticks|prepend|^```"
    r"|respond in the format|[\"'`]\s*(?:keys|fields)\b",
    re.IGNORECASE,
)
_AMOUNTS: Final = frozenset(
    "age amount count height number population price quantity rating score total weight "
    "year".split()
)
_MOST_OBJECTS: Final = 200
_QUOTED_NAME: Final = re.compile(r"['\"`]([A-Za-z_]\w*)['\"`]")


def json_answer(
    turns: Sequence[Turn],
    schema: JsonObject | None,
    results: Sequence[str],
    answer: Callable[[], str],
    *,
    bare: bool = True,
) -> str:
    """Write the JSON text that a JSON mode promises, or that the prompt asks for.

    Args:
        turns: The conversation; a schema or key names may stand in it.
        schema: The schema of `response_format`, or `None`.
        results: What tools returned since the user spoke; values are taken from there first.
        answer: Makes an answer to the question.
        bare: Never in a code block, whatever the prompt says.
    """
    asked = _unescaped(next(turn.text for turn in reversed(turns) if turn.role == "user"))
    prompt = _prompt(turns)
    found = find_schema(prompt)
    text = without_format(asked)
    wanted = schema or (found[0] if found else _schema_of_keys(prompt, text))
    material = Material("\n".join([*results, text]), question=find_question(text), answer=answer)
    written = json.dumps(fill(wanted, material), ensure_ascii=False)
    fenced = not bare and _IN_A_BLOCK.search(prompt)
    return f"```json\n{written}\n```" if fenced else written


def asks_for_json(turns: Sequence[Turn]) -> bool:
    """Tell whether the prompt itself asks for JSON."""
    prompt = _prompt(turns)
    if _ASKS.search(prompt):
        return True
    return bool(_WANTS_SCHEMA.search(prompt)) and find_schema(prompt) is not None


def _prompt(turns: Sequence[Turn]) -> str:
    return _unescaped("\n".join(t.text for t in turns if t.role in ("system", "user")))


def _unescaped(text: str) -> str:
    """Undo doubled braces, which LlamaIndex's text program leaves around a schema."""
    return text.replace("{{", "{").replace("}}", "}") if '{{"' in text else text


def find_schema(text: str) -> tuple[JsonObject, str] | None:
    """Find the last JSON schema of an object in a text; return it, and its source text.

    Where there is none, an object whose values are schemas stands for its properties.
    """
    found: tuple[JsonObject, str] | None = None
    listed: tuple[JsonObject, str] | None = None
    for value, source in _objects(text):
        if value and all(isinstance(f, dict) and "type" in f for f in value.values()):
            required: list[JsonValue] = [*value]
            listed = {"type": "object", "properties": value, "required": required}, source
        fields = value.get("properties")
        if (
            isinstance(fields, dict)
            and fields
            and all(isinstance(f, dict) for f in fields.values())
        ):
            found = (value, source)
    return found or listed


def without_format(text: str) -> str:
    """Return a prompt without the schema in it and without talk about the format."""
    # The longest first: a short one may be part of a longer one.
    for _, source in sorted(_objects(text), key=lambda item: -len(item[1])):
        text = text.replace(source, " {}")
    kept = [part for part in sentences(text) if not _ABOUT_FORMAT.search(part)]
    return "\n".join(kept) or text


def _objects(text: str) -> list[tuple[JsonObject, str]]:
    """Return the outermost JSON objects in a text."""
    decoder = json.JSONDecoder()
    found: list[tuple[JsonObject, str]] = []
    position = text.find("{")
    for _ in range(_MOST_OBJECTS):
        if position < 0:
            break
        try:
            parsed, end = decoder.raw_decode(text, position)
            value = cast("JsonObject", parsed)  # it begins with a brace
        except (RecursionError, ValueError):
            end = position + 1
        else:
            found.append((value, text[position:end]))
        position = text.find("{", end)
    return found


def _schema_of_keys(prompt: str, text: str) -> JsonObject:
    """Make a schema of the keys that a prompt names.

    Args:
        prompt: The whole of it.
        text: What the values are found in.
    """
    names: dict[str, None] = {}
    for single, several in _KEYS.findall(prompt):
        for name in [single] if single else _QUOTED_NAME.findall(several):
            names[str(name).strip()] = None
    if not names:
        names.update(dict.fromkeys(_EXAMPLE_KEY.findall(prompt)))
    chosen = [*names] or ["answer"]
    numbers = any(letter.isdigit() for letter in text)
    properties: JsonObject = {
        name: {"type": "number" if numbers and _is_amount(name) else "string"} for name in chosen
    }
    required: list[JsonValue] = [*chosen]
    return {"type": "object", "properties": properties, "required": required}


def _is_amount(key: str) -> bool:
    words = name_words(key)
    return bool(words) and words[-1] in _AMOUNTS
