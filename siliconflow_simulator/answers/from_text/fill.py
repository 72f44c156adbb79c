"""Make an instance of a JSON schema out of what a text says."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final

from siliconflow_simulator import _refusals as refusals
from siliconflow_simulator.answers.from_text.formats import email_in, string_of_format
from siliconflow_simulator.answers.from_text.schema import (
    alternatives,
    description,
    kind_of,
    number_bound,
    properties,
    required_names,
    resolve,
)
from siliconflow_simulator.answers.words import name_words, stem

if TYPE_CHECKING:
    from siliconflow_client import JsonObject, JsonValue
    from siliconflow_simulator.answers.from_text.material import Material, Piece

_MAX_DEPTH: Final = 8
_MAX_ITEMS: Final = 20
_MAX_REQUIRED: Final = 1000
_MAX_VISITED: Final = 5000

_QUESTION: Final = frozenset(
    "query question input text prompt message request search task instruction q topic subject "
    "keyword keywords term terms sentence".split()
)
_ANSWER: Final = frozenset(
    "answer response summary explanation reason reasoning description content conclusion "
    "rationale result output report note notes body details thought setup punchline".split()
)
_EXPRESSION: Final = frozenset("expression expr equation formula calculation".split())
_PLACE: Final = frozenset(
    "city location place country region town address area destination origin capital state".split()
)
_PERSON: Final = frozenset("name person customer user author employee who owner".split())
_FROM: Final = frozenset("from origin source departure start sender".split())
_TO: Final = frozenset("to destination dest arrival recipient target receiver end".split())
_STATE: Final = frozenset(
    "condition conditions weather status state forecast sky mood color colour sentiment".split()
)
_IS: Final = re.compile(
    r"\b(?:is|are|was|were|feels|looks)\s{1,3}(?:(?:an?|the|very)\s{1,3})?([a-z][\w-]{1,40})"
)
_PLACE_PREPOSITIONS: Final = frozenset("in at near from to around".split())
_EXPRESSION_TEXT: Final = re.compile(
    r"(?<![\d.,])[-(]{0,8}\d[\d.,]{0,30}"
    r"(?:\s{0,3}(?:\*\*|[-+*/^%×÷])\s{0,3}[-(]{0,8}\d[\d.,]{0,30}\)*){1,50}"
)


def fill(schema: JsonObject, material: Material) -> JsonValue:
    """Make an instance of a schema.

    Args:
        schema: A JSON schema; `$ref` is looked up inside it.
        material: Where the values come from. What is used is marked there as used.

    Returns:
        An instance. Required fields that the text says nothing about get their default, a
        neutral value, or the question itself.

    Raises:
        Refusal: The schema asks for very many values, or refers to itself without end.
    """
    try:
        value = _Filler(schema, material).value(schema, (), required=True, depth=0)
    except _TooMuch as error:
        raise refusals.invalid(
            f"The schema asks for more than {_MAX_REQUIRED} values, or has no end."
        ) from error
    return {} if value is None and kind_of(schema) == "object" else value


class _TooMuch(Exception):  # noqa: N818  caught here where the value may be left out
    """The schema asks for more than anyone wants."""


class _Filler:
    def __init__(self, root: JsonObject, material: Material) -> None:
        self.root = root
        self.material = material
        self.visited = 0
        self.demanded = 0

    def value(
        self, schema: JsonValue, names: tuple[str, ...], *, required: bool, depth: int
    ) -> JsonValue:
        """Return a value, or `None` where the text has none for an optional field."""
        self.visited += 1
        self.demanded += required
        if self.visited > _MAX_VISITED or self.demanded > _MAX_REQUIRED:
            if required:
                raise _TooMuch
            return None
        resolved = resolve(schema, self.root)
        if "const" in resolved:
            return resolved["const"]
        options, nullable = alternatives(resolved, self.root)
        if not options:
            return None
        must = required and not nullable
        for option in options:
            insist = must and len(options) == 1
            if required and kind_of(option) in ("integer", "number"):
                # A field that may be null is filled all the same when a number is left.
                insist = insist or self.material.has("number")
            found = self._of_kind(option, names, required=insist, depth=depth)
            if found is not None:
                return found
        if "default" in resolved:
            return resolved["default"]
        return self._of_kind(options[0], names, required=True, depth=depth) if must else None

    def _of_kind(
        self, schema: JsonObject, names: tuple[str, ...], *, required: bool, depth: int
    ) -> JsonValue:
        if "const" in schema:
            return schema["const"]
        choices = schema.get("enum")
        if isinstance(choices, list) and choices:
            return self._choice(choices, schema, required=required)
        match kind_of(schema):
            case "object":
                return self._object(schema, required=required, depth=depth)
            case "array":
                return self._array(schema, names, required=required, depth=depth)
            case "integer":
                return self._number(schema, names, required=required, whole=True)
            case "number":
                return self._number(schema, names, required=required, whole=False)
            case "boolean":
                return self._boolean(schema, names, required=required)
            case _:
                return self._string(schema, names, required=required)

    def _object(self, schema: JsonObject, *, required: bool, depth: int) -> JsonValue:
        fields = properties(schema)
        needed = required_names(schema)
        if depth > _MAX_DEPTH or (depth and not required and not needed):
            return {} if required else None
        made: JsonObject = {}
        before = self.material.taken
        demanded = self.demanded
        try:
            for name in [name for name in fields if name in needed]:
                made[name] = self.value(fields[name], (name,), required=True, depth=depth + 1)
        except _TooMuch:
            if required:
                raise
            return None
        if not required and self.material.taken == before:
            # Nothing in the text is about it; what it contains need not be looked at.
            self.demanded = demanded
            return None
        for name in [name for name in fields if name not in needed]:
            value = self.value(fields[name], (name,), required=False, depth=depth + 1)
            if value is not None:
                made[name] = value
        return {name: made[name] for name in fields if name in made}

    def _array(
        self, schema: JsonObject, names: tuple[str, ...], *, required: bool, depth: int
    ) -> JsonValue:
        items = resolve(schema.get("items"), self.root)
        choices = items.get("enum")
        if isinstance(choices, list):
            named = [item for item in choices if isinstance(item, str) and self._mentions(item)]
            found: list[JsonValue] = [*named]
            return found or (choices[: self._least(schema, required=required)] or None)
        made: list[JsonValue] = []
        least = self._least(schema, required=required)
        most = max(least, min(number_bound(schema, "maxItems") or _MAX_ITEMS, _MAX_ITEMS))
        singular = tuple(name.removesuffix("s") for name in names)
        while depth <= _MAX_DEPTH and len(made) < most:
            before = self.material.taken
            item = self.value(items, singular, required=required or bool(made), depth=depth + 1)
            if item is None or self.material.taken == before:
                # Nothing new in the text: only what the schema insists on is made up.
                if item is not None and len(made) < least:
                    made.append(item)
                    continue
                break
            made.append(item)
        return made if made or required else None

    def _least(self, schema: JsonObject, *, required: bool) -> int:
        least = number_bound(schema, "minItems") or (1 if required else 0)
        if least > _MAX_REQUIRED:
            raise _TooMuch
        return int(least)

    def _choice(self, choices: list[JsonValue], schema: JsonObject, *, required: bool) -> JsonValue:
        for choice in choices:
            if isinstance(choice, str) and self._mentions(choice):
                return choice
            if isinstance(choice, int | float) and not isinstance(choice, bool):
                for piece in self.material.pieces:
                    if piece.kind == "number" and piece.number == choice and not piece.used:
                        piece.used = True
                        return choice
        if "default" in schema:
            return schema["default"]
        return (
            next((choice for choice in choices if choice is not None), None) if required else None
        )

    def _mentions(self, choice: str) -> bool:
        text = self.material.text
        if re.search(rf"(?<!\w){re.escape(choice)}(?!\w)", text, re.IGNORECASE):
            return True
        stems = [stem(word) for word in name_words(choice)]
        return bool(stems) and set(stems) <= self.material.stems

    def _number(
        self, schema: JsonObject, names: tuple[str, ...], *, required: bool, whole: bool
    ) -> JsonValue:
        words = [word for name in names for word in name_words(name) if len(word) > 1]
        piece = self.material.take_number_near(words)
        if piece is None and required and "default" not in schema:
            piece = self.material.take("number")
        if piece is None:
            if "default" in schema:
                return schema["default"]
            return _bounded(0.0, schema, whole=whole) if required else None
        return _bounded(piece.number, schema, whole=whole)

    def _boolean(self, schema: JsonObject, names: tuple[str, ...], *, required: bool) -> JsonValue:
        words = {stem(word) for name in names for word in name_words(name)}
        words -= {"is", "has", "should"}
        if words and words <= self.material.stems:
            label = r"[\s_-]*".join(re.escape(w) for name in names for w in name_words(name))
            denied = re.search(
                rf"\b(?:no|not|without|don't|isn't)\s+(?:\w+\s+)?{label}|{label}\W+(?:false|no|off)\b",
                self.material.text,
                re.IGNORECASE,
            )
            return denied is None
        if "default" in schema:
            return schema["default"]
        return False if required else None

    def _string(self, schema: JsonObject, names: tuple[str, ...], *, required: bool) -> JsonValue:
        words = [word for name in names for word in name_words(name)]
        found = string_of_format(schema, words, self.material.text)
        if found is None:
            found = self.material.labelled(words) if words else None
        if found is None and required and "default" not in schema:
            head = words[-1] if words else ""
            found = self._free_string(set(words), head, description(schema))
        if found is None:
            if "default" in schema:
                return schema["default"]
            found = self._routed(set(words))
        if found is None:
            return None
        most = number_bound(schema, "maxLength")
        return found if not most or most >= len(found) else found[: max(0, int(most))]

    def _routed(self, words: set[str]) -> str | None:
        """Return the name after "from", "to" or "in" for a field that is about that."""
        if words & _TO and (address := email_in(self.material.text)):
            return address
        for group, preposition in ((_FROM, "from"), (_TO, "to")):
            if words & group and (piece := self.material.take("name", after=(preposition,))):
                return piece.text
        if words & _PLACE and (piece := self.material.take("name", after=_PLACE_PREPOSITIONS)):
            return piece.text
        return None

    def _free_string(self, words: set[str], head: str, about: str) -> str:
        """Return a text for a required field; the last word of its name says what it is."""
        material = self.material
        if words & _EXPRESSION and (found := _EXPRESSION_TEXT.search(material.text)):
            return found.group().strip()
        if head in _QUESTION:
            piece = material.take("quoted")
            return piece.text if piece else material.question
        if head in _ANSWER:
            return material.answer()
        if head in _STATE and (said := _IS.search(material.text)):
            return said.group(1)
        routed = self._routed(words)
        if routed is not None:
            return routed
        piece = self._named(words, about)
        if piece is not None:
            return piece.text
        return material.after_preposition() or material.question

    def _named(self, words: set[str], about: str) -> Piece | None:
        material = self.material
        piece = material.take("quoted")
        if piece is None and words & _PERSON and not re.search("city|country|place", about):
            piece = material.take("name", not_after=_PLACE_PREPOSITIONS)
        return piece or material.take("name")


def _bounded(value: float, schema: JsonObject, *, whole: bool) -> int | float:
    step = 1 if whole else 1e-6
    low = number_bound(schema, "minimum")
    above = number_bound(schema, "exclusiveMinimum")
    high = number_bound(schema, "maximum")
    below = number_bound(schema, "exclusiveMaximum")
    if low is not None:
        value = max(value, low)
    if above is not None:
        value = max(value, above + step)
    if high is not None:
        value = min(value, high)
    if below is not None:
        value = min(value, below - step)
    if whole:
        return round(value)
    return int(value) if value == int(value) else value
