"""Strings of a prescribed form: dates, addresses, patterns."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final

from siliconflow_simulator.answers.from_text.patterns import find_by_pattern

if TYPE_CHECKING:
    from collections.abc import Sequence

    from siliconflow_client import JsonObject

# Bounded, as all patterns that read what users write: a long run of letters is no address.
_EMAIL: Final = re.compile(
    r"(?<![\w.+-])[\w.+-]{1,64}@[A-Za-z0-9-]{1,63}(?:\.[A-Za-z0-9-]{1,63}){1,8}"
)
_URL: Final = re.compile(r"https?://[^\s\"'<>)\]]{0,2000}[^\s\"'<>)\].,;!?]")
_DATE: Final = re.compile(r"\b\d{4}-\d{2}-\d{2}\b")
_MOMENT: Final = re.compile(r"\b\d{4}-\d{2}-\d{2}[T ]\d{2}:\d{2}(?::\d{2})?(?:Z|[+-]\d{2}:\d{2})?")
_TIME: Final = re.compile(r"\b\d{1,2}:\d{2}(?::\d{2})?\b")
_UUID: Final = re.compile(r"\b[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}\b", re.IGNORECASE)
_DAY: Final = re.compile(
    r"\b(?:today|tomorrow|yesterday|tonight|"
    r"(?:next |this )?(?:mon|tues|wednes|thurs|fri|satur|sun)day)\b"
    r"|今天|明天|昨天",
    re.IGNORECASE,
)

# What to look for, and what to write when a required field finds nothing.
_BY_FORMAT: Final = {
    "email": (_EMAIL, "someone@example.com"),
    "idn-email": (_EMAIL, "someone@example.com"),
    "uri": (_URL, "https://example.com"),
    "url": (_URL, "https://example.com"),
    "date": (_DATE, "2026-01-01"),
    "date-time": (_MOMENT, "2026-01-01T00:00:00Z"),
    "time": (_TIME, "00:00:00"),
    "uuid": (_UUID, "00000000-0000-4000-8000-000000000000"),
}
_BY_NAME: Final = {
    "email": _EMAIL,
    "mail": _EMAIL,
    "url": _URL,
    "uri": _URL,
    "link": _URL,
    "website": _URL,
    "date": _DATE,
    "day": _DAY,
    "when": _DAY,
    "time": _TIME,
}


def string_of_format(schema: JsonObject, words: Sequence[str], text: str) -> str | None:
    """Return the part of a text that has the form that a schema asks for.

    Args:
        schema: A schema of a string; `format` and `pattern` count.
        words: The words of the field's name, such as "email".
        text: Where to look.

    Returns:
        The part found; for a `format` that the text has not, an example of it; else `None`.
    """
    form = schema.get("format")
    if isinstance(form, str) and form in _BY_FORMAT:
        expression, example = _BY_FORMAT[form]
        found = expression.search(text)
        return _complete(form, found.group()) if found else example
    pattern = schema.get("pattern")
    if isinstance(pattern, str):
        return find_by_pattern(pattern, text)
    for word in words:
        if word in _BY_NAME:
            found = _BY_NAME[word].search(text) or (_DAY.search(text) if word == "date" else None)
            if found:
                return found.group()
    return None


def email_in(text: str) -> str | None:
    """Return the first e-mail address in a text."""
    found = _EMAIL.search(text)
    return found.group() if found else None


def _complete(form: str, value: str) -> str:
    if form == "time" and value.count(":") == 1:
        return f"{value:0>5}:00"
    if form == "date-time":
        value = value.replace(" ", "T")
        if value.count(":") == 1:
            value += ":00"
        return value if re.search(r"(?:Z|[+-]\d{2}:\d{2})$", value) else f"{value}Z"
    return value
