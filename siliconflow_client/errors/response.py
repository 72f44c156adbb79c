"""What is known of an answer when an error is made of it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

import pydantic_core

from siliconflow_client._json import JsonValue
from siliconflow_client.errors.redaction import printable, text_without

TRACE_HEADERS = ("x-siliconcloud-trace-id", "llm_provider-x-siliconcloud-trace-id")
"""LiteLLM hands the headers of its provider on with a prefix."""

LONGEST_RETRY_AFTER = 120.0
"""A server that asks for a longer wait, in seconds, is answered by raising at once."""

_LONGEST_TRACE = 200


@dataclass(frozen=True, slots=True)
class Target:
    """What was asked, and of whom: the part of a request that an error may show."""

    host: str
    path: str
    model: str | None = None


@dataclass(frozen=True, slots=True)
class Head:
    """Status and headers of an answer.

    Attributes:
        status: HTTP status.
        headers: Names in lower case.
        now: Unix time, in seconds.
        secrets: What was sent and must not be shown: the key.
    """

    status: int
    headers: Mapping[str, str] = field(repr=False)
    now: float
    secrets: tuple[str, ...] = field(default=(), repr=False)

    @property
    def trace_id(self) -> str | None:
        """The trace header, whole if it is as short as trace ids are."""
        for name in TRACE_HEADERS:
            found = self.headers.get(name)
            if found:
                return printable(text_without(found, self.secrets)[:_LONGEST_TRACE])
        return None

    @property
    def content_type(self) -> str:
        """The `content-type` header in lower case, "" when there is none."""
        return self.headers.get("content-type", "").lower()

    @property
    def is_success(self) -> bool:
        """Whether the status is 2xx."""
        return 200 <= self.status < 300


class ErrorResponse:
    """The answer behind an error, with the few members that tracers look at."""

    __slots__ = ("content", "headers", "status_code")

    def __init__(self, status_code: int, headers: Mapping[str, str], content: bytes) -> None:
        self.status_code = status_code
        self.headers = dict(headers)
        self.content = content

    @property
    def text(self) -> str:
        """The body as text."""
        return self.content.decode("utf-8", "replace")

    def json(self) -> JsonValue:
        """Parse the body.

        Raises:
            ValueError: The body is not JSON.
        """
        value: JsonValue = pydantic_core.from_json(self.content)
        return value
