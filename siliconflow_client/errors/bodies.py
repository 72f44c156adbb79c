"""Reading the body of an error: what it says, whatever its shape.

Known are an object with `code` and `message`, one without `code`, a bare JSON string,
`{"error": {…}}`, FastAPI's `{"detail": …}`, plain text and HTML (docs/wire.md#errors, fixtures in
tests/fixtures/errors).
"""

from __future__ import annotations

import re

import pydantic_core

from siliconflow_client._json import JsonObject, JsonValue
from siliconflow_client.errors.codes import LARGEST_CODE, Code
from siliconflow_client.errors.redaction import redact

READ_AT_MOST = 65_536
"""Bytes of an error's body that are looked at."""

BOM = b"\xef\xbb\xbf"
_HTML_TITLE = re.compile(r"<title>([^<]{0,500})", re.IGNORECASE)
_LONGEST_CODE = 60
_LONGEST_PLACE = 20
"""Parts of a `loc`, or entries of a `detail`, that are written out."""


def parse(content: bytes) -> JsonValue:
    """A body as JSON, else as text; `None` when there is nothing in it."""
    # As text, a long body that repeats what was sent would show it, and hide its code.
    is_cut = len(content) > READ_AT_MOST
    content = content[:READ_AT_MOST].removeprefix(BOM)
    if not content.strip():
        return None
    try:
        value: JsonValue = _beginning(content) if is_cut else pydantic_core.from_json(content)
    except ValueError:
        return content.decode("utf-8", "replace").strip()
    return value


def _beginning(content: bytes) -> JsonValue:
    """What the beginning of a JSON text says; its last string may be the beginning of one."""
    text = content.decode("utf-8", "ignore")  # the cut may stand in a character
    try:
        value: JsonValue = pydantic_core.from_json(f'{text}"', allow_partial=True)
    except ValueError:  # the cut does not stand in a string, or in an escape of one
        value = pydantic_core.from_json(text, allow_partial=True)
    return value


def is_html(content: bytes) -> bool:
    """Whether a body is a page."""
    return content[:READ_AT_MOST].lstrip()[:1] == b"<"


def looks_like_json(content: bytes) -> bool:
    """Whether a body begins as the API's answers do."""
    return content[:READ_AT_MOST].lstrip()[:1] in (b"{", b"[")


def title_of(page: str) -> str | None:
    """The title of a page, as it stands there."""
    found = _HTML_TITLE.search(page[:READ_AT_MOST])
    return found[1].strip() if found else None


def code_and_message(body: JsonValue) -> tuple[Code, str | None]:
    """What a parsed body says; `None` for what it does not."""
    if isinstance(body, str):
        if body.startswith("<"):
            return None, title_of(body) or "an HTML page"
        return None, body
    if not isinstance(body, dict):
        return None, None
    inner = body.get("error")
    if isinstance(inner, str):
        return _as_code(body.get("code")), inner
    if isinstance(inner, dict):
        code = _as_code(inner.get("code"))
        if code is None and body.get("type") == "error":  # Anthropic's form (docs/wire.md#messages)
            code = _as_code(inner.get("type"))
        return code, _words(inner)
    detail = body.get("detail")
    if isinstance(detail, dict) and body.get("message") is None:
        return _as_code(detail.get("code")), _words(detail)
    return _as_code(body.get("code")), _words(body)


def _words(source: JsonObject) -> str | None:
    message = source.get("message")
    if isinstance(message, str):
        return message
    if message is None:
        return _words_of_detail(source.get("detail"))
    return _shown(message)


def _words_of_detail(detail: JsonValue) -> str | None:
    """FastAPI's form: a string, or a list of `loc` and `msg`; its `input` repeats what was sent."""
    if isinstance(detail, str):
        return detail
    if not isinstance(detail, list):
        return None
    said: list[str] = []
    for entry in detail[:_LONGEST_PLACE]:
        message = entry.get("msg") if isinstance(entry, dict) else entry
        if isinstance(message, str) and message:
            place = entry.get("loc") if isinstance(entry, dict) else None
            parts = place[:_LONGEST_PLACE] if isinstance(place, list) else []
            where = ".".join(_shown(part) for part in parts if isinstance(part, str | int))
            said.append(f"{where}: {message}" if where else message)
    return "; ".join(said) or None


def _shown(value: JsonValue) -> str:
    """Text for a value that should have been text."""
    try:
        return value if isinstance(value, str) else str(value)
    except ValueError:  # a number of thousands of digits
        return "a number that is too long"


def _as_code(value: JsonValue) -> Code:
    if isinstance(value, bool):
        return None
    if isinstance(value, int):
        return value if abs(value) <= LARGEST_CODE else None
    if isinstance(value, str) and value:
        value = redact(value[:_LONGEST_CODE])
        is_number = value.isascii() and value.isdigit() and len(value) <= len(str(LARGEST_CODE))
        return int(value) if is_number else value
    return None
