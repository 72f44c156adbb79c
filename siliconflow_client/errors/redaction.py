"""Foreign words, made fit to be shown: no key, no echoed input, no control characters, not long."""

from __future__ import annotations

import functools
import re
from collections.abc import Iterable, Mapping

from siliconflow_client._json import JsonValue

LONGEST_MESSAGE = 500
_READ_AT_MOST = 8192
"""Characters of a message that are looked at; expressions on foreign text are bounded by it."""

_KEY = re.compile(r"\bsk-[A-Za-z0-9_-]{4,}")
_ECHOED_INPUT = re.compile(r"input_value=(?:.*?(?=, input_type=)|.*(?=\])|.*)", re.DOTALL)
_SHORTEST_SECRET = 4
_SECRET_HEADER = re.compile(r"auth|key|token|secret|cookie|password")
_SCHEMES = ("bearer", "basic")
HIDDEN = "sk-…"


def secrets_of(headers: Mapping[str, str]) -> tuple[str, ...]:
    """What a request's headers hold in confidence: the key, and tokens of gateways and proxies.

    Args:
        headers: Names in lower case.
    """
    found: list[str] = []
    for name, value in headers.items():
        if _is_secret(name):
            scheme, space, token = value.partition(" ")
            found.append(token if space and scheme.lower() in _SCHEMES else value)
    return tuple(found)


@functools.lru_cache(maxsize=256)
def _is_secret(header: str) -> bool:
    return _SECRET_HEADER.search(header) is not None


def redact(text: str, secrets: Iterable[str] = ()) -> str:
    """Take keys and echoed input out of a server's words, and keep them to a readable length.

    The validation errors of some back ends repeat what was sent as `input_value=…`
    (fixture errors/400_20015_tool_call_type_missing.json).
    """
    text = text_without(text, secrets)[:_READ_AT_MOST]
    text = _ECHOED_INPUT.sub("input_value=…", _KEY.sub(HIDDEN, text))
    text = "\n".join(printable(line) for line in text.splitlines())
    return text if len(text) <= LONGEST_MESSAGE else text[: LONGEST_MESSAGE - 1] + "…"


def printable(text: str) -> str:
    """Write line ends and control characters so that a terminal and a log show one line."""
    if text.isprintable():
        return text
    return "".join(
        character if character.isprintable() else " " if character in "\r\n\t" else "�"
        for character in text
    )


def without_secrets(content: bytes, secrets: Iterable[str]) -> bytes:
    """Take what was sent in confidence out of a body that repeats it."""
    for secret in secrets:
        if len(secret) >= _SHORTEST_SECRET:
            content = content.replace(secret.encode(), HIDDEN.encode())
    return content


def headers_without_secrets(
    headers: Mapping[str, str], secrets: tuple[str, ...]
) -> Mapping[str, str]:
    """The same for headers."""
    return {text_without(name, secrets): text_without(headers[name], secrets) for name in headers}


def json_without_secrets(value: JsonValue, secrets: tuple[str, ...]) -> JsonValue:
    """The same for parsed JSON, where a key may have been written with escapes."""
    match value:
        case str():
            return text_without(value, secrets)
        case list():
            return [json_without_secrets(item, secrets) for item in value]
        case dict():
            return {
                text_without(name, secrets): json_without_secrets(item, secrets)
                for name, item in value.items()
            }
        case _:
            return value


def text_without(text: str, secrets: Iterable[str]) -> str:
    """The same for text."""
    for secret in secrets:
        if len(secret) >= _SHORTEST_SECRET:
            text = text.replace(secret, HIDDEN)
    return text
