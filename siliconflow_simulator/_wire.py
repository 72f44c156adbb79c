"""What goes in and what comes out: one request, one response, both plain data."""

from __future__ import annotations

import base64
import hashlib
import math
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final, Literal, TypeAlias, cast

from pydantic_core import from_json, to_json

if TYPE_CHECKING:
    from collections.abc import Mapping

    from siliconflow_client import JsonObject, JsonValue

Ending: TypeAlias = Literal["complete", "dropped"]
"""How a body ends: as HTTP wants it, or with the connection broken off."""

NEVER: Final = math.inf
"""Delay of a chunk that does not come."""

CREATED: Final = 1_790_000_000
"""`created` of every answer: the core has no clock (22 September 2026)."""


@dataclass(frozen=True, slots=True)
class SimRequest:
    """An HTTP request.

    Attributes:
        method: "GET" or "POST".
        path: Path with its leading slash and without the query, such as "/v1/embeddings".
        headers: Names in any case.
        body: The bytes sent; empty for GET.
        query: Parameters of the query string.
        scheme: "https" or "http", for URLs that an answer names.
    """

    method: str
    path: str
    headers: Mapping[str, str] = field(default_factory=lambda: {})
    body: bytes = b""
    query: Mapping[str, str] = field(default_factory=lambda: {})
    scheme: str = "https"

    def header(self, name: str) -> str | None:
        """Return a header's value, whatever the case of its name."""
        wanted = name.lower()
        for key, value in self.headers.items():
            if key.lower() == wanted:
                return value
        return None

    def digest(self) -> str:
        """Return 64 hex digits that stand for what was asked, and not for who asked."""
        parts = [self.method.upper(), self.path, *(f"{k}={v}" for k, v in self.query.items())]
        return hashlib.sha256("\0".join(parts).encode() + b"\0" + self.body).hexdigest()


@dataclass(frozen=True, slots=True)
class TimedChunk:
    """A piece of a body, and the seconds that pass before it; `NEVER` for a stalled stream."""

    data: bytes
    delay: float = 0.0


@dataclass(frozen=True, slots=True)
class SimResponse:
    """An HTTP response: either a `body`, or `chunks` that are sent one by one.

    Attributes:
        status: HTTP status.
        headers: Lower-case names.
        body: The whole body, or `None` when there are chunks.
        chunks: Pieces of the body with the waits before them, or `None`.
        delay: Seconds before a `body` is sent.
        ending: "dropped" when the connection breaks off after the last chunk.
    """

    status: int
    headers: dict[str, str]
    body: bytes | None = None
    chunks: list[TimedChunk] | None = None
    delay: float = 0.0
    ending: Ending = "complete"

    def content(self) -> bytes:
        """Return the body in one piece, without any waiting."""
        if self.chunks is None:
            return self.body or b""
        return b"".join(chunk.data for chunk in self.chunks)

    def pieces(self) -> list[TimedChunk]:
        """Return the body as timed chunks, also when it is in one piece."""
        if self.chunks is None:
            return [TimedChunk(self.body or b"", self.delay)]
        return self.chunks


def encode(value: object) -> bytes:
    """Write compact JSON in UTF-8."""
    return to_json(value)


def decode(data: bytes | str) -> JsonValue:
    """Read JSON; raises `ValueError` when it is broken, and for `NaN` and `Infinity`."""
    return cast("JsonValue", from_json(data, allow_inf_nan=False))


def is_base64(text: str) -> bool:
    """Tell whether a text is base64 and nothing else."""
    try:
        base64.b64decode(text, validate=True)
    except ValueError:  # binascii's own is one; so is a sign that is not ASCII
        return False
    return True


def json_response(payload: object, *, status: int = 200) -> SimResponse:
    """Make a JSON response, without the trace header."""
    return SimResponse(status, {"content-type": "application/json; charset=utf-8"}, encode(payload))


def event_stream(events: list[JsonObject]) -> SimResponse:
    """Make a response of server-sent events that ends with `[DONE]`."""
    chunks = [TimedChunk(b"data: " + encode(event) + b"\n\n") for event in events]
    chunks.append(TimedChunk(b"data: [DONE]\n\n"))
    headers = {"content-type": "text/event-stream; charset=utf-8", "cache-control": "no-cache"}
    return SimResponse(200, headers, chunks=chunks)
