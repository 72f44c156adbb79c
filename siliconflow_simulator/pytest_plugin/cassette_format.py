"""How a cassette looks on disk: JSON that a reviewer can read and diff.

vcrpy hands over whole exchanges. Here they become plain data: JSON bodies as objects, event
streams and other text as one array element per line, anything else as base64. Only listed headers
are kept, so a key cannot get in. Two promises matter to vcrpy, and both hold for any input: what
was written reads back the same (a JSON body keeps its value, not its white space), and neither
direction raises (a serialiser that does leaves httpx patched).
"""

from __future__ import annotations

import base64
import json
import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final, cast

if TYPE_CHECKING:
    from collections.abc import Mapping

    from siliconflow_client import JsonValue

REQUEST_HEADERS: Final = frozenset({"content-type"})
RESPONSE_HEADERS: Final = frozenset(
    {
        "content-encoding",  # stays only where vcrpy cannot decode the body (zstd)
        "content-type",
        "retry-after",
        "retry-after-ms",
        "x-siliconcloud-trace-id",
    }
)

_UUID4 = re.compile(r"\b[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}\b")
_NUMBER_LIST = re.compile(r"\[\n\s+(-?\d[\d.eE+-]*(?:,\n\s+-?\d[\d.eE+-]*)*)\n\s*\]")


@dataclass(frozen=True)
class CassetteFormat:
    """A vcrpy serialiser that signs what it writes.

    Attributes:
        provenance: Where the answers come from: `simulator <version>` or `live <date>`.
    """

    provenance: str

    def serialize(self, cassette: Mapping[str, Any]) -> str:
        """Turn vcrpy's dictionary into the text of a cassette."""
        return encode(cassette, self.provenance)

    def deserialize(self, text: str) -> dict[str, Any]:
        """Turn the text of a cassette into vcrpy's dictionary."""
        return decode(text)


def encode(cassette: Mapping[str, Any], provenance: str) -> str:
    """Write the exchanges of vcrpy's `cassette` as readable JSON."""
    interactions = [
        {
            "request": {
                "method": exchange["request"]["method"],
                "url": exchange["request"]["uri"],
                "headers": _kept(exchange["request"]["headers"], REQUEST_HEADERS),
                "body": _encode_body(exchange["request"]["body"]),
            },
            "response": {
                "status": exchange["response"]["status"]["code"],
                "reason": exchange["response"]["status"]["message"],
                "headers": _kept(exchange["response"]["headers"], RESPONSE_HEADERS),
                "body": _encode_body(exchange["response"]["body"]["string"]),
            },
        }
        for exchange in cassette["interactions"]
    ]
    data = {"provenance": provenance, "interactions": interactions}
    text = json.dumps(data, ensure_ascii=False, indent=1)
    if any("\ud800" <= character <= "\udfff" for character in text):
        text = json.dumps(data, indent=1)  # half a surrogate pair cannot be written as UTF-8
    return _NUMBER_LIST.sub(_on_one_line, text) + "\n"


def decode(text: str) -> dict[str, Any]:
    """Read what `encode` wrote; text that is no cassette counts as an empty one."""
    data = _parsed(text)
    stored = data.get("interactions") if isinstance(data, dict) else None
    recorded = cast("list[dict[str, Any]]", stored or [])
    interactions = [
        {
            "request": {
                "method": exchange["request"]["method"],
                "uri": exchange["request"]["url"],
                "headers": _listed(exchange["request"]["headers"]),
                "body": _decode_body(exchange["request"]["body"]),
            },
            "response": {
                "status": {
                    "code": exchange["response"]["status"],
                    "message": exchange["response"]["reason"],
                },
                "headers": _listed(exchange["response"]["headers"]),
                "body": {"string": _decode_body(exchange["response"]["body"])},
            },
        }
        for exchange in recorded
    ]
    return {"version": 1, "interactions": interactions}


def number_random_ids(body: bytes) -> bytes:
    """Replace random UUIDs by their order of appearance, so that two runs' bodies compare equal.

    LangChain invents UUID4 tool-call ids when it turns examples into messages.
    """
    seen: dict[str, str] = {}

    def numbered(match: re.Match[str]) -> str:
        return seen.setdefault(match[0], f"00000000-0000-4000-8000-{len(seen):012d}")

    text = body.decode("utf-8", errors="surrogateescape")
    return _UUID4.sub(numbered, text).encode("utf-8", errors="surrogateescape")


def _kept(headers: Mapping[str, Any], names: frozenset[str]) -> dict[str, str | list[str]]:
    """Keep the listed headers; one that came once, as nearly all do, is a plain string."""
    kept = {name.lower(): values for name, values in _listed(headers).items()}
    return {
        name: values[0] if len(values) == 1 else values
        for name, values in kept.items()
        if name in names
    }


def _listed(headers: Mapping[str, Any]) -> dict[str, list[str]]:
    return {
        name: [value] if isinstance(value, str) else [str(one) for one in value]
        for name, value in headers.items()
    }


def _encode_body(body: bytes | str | None) -> dict[str, JsonValue] | None:
    if body is None or len(body) == 0:
        return None
    raw = body if isinstance(body, bytes) else body.encode("utf-8", errors="surrogatepass")
    try:
        text = raw.decode("utf-8")
    except UnicodeDecodeError:
        return {"base64": base64.b64encode(raw).decode("ascii")}
    parsed = _parsed(text)
    if _is_shallow(parsed) and _parsed(_compact(parsed)) == parsed:
        return {"json": parsed}
    lines: list[JsonValue] = [*text.split("\n")]
    return {"lines": lines}


def _decode_body(body: Mapping[str, Any] | None) -> bytes:
    if body is None:
        return b""
    if "json" in body:
        return _compact(body["json"]).encode("utf-8", errors="replace")
    if "lines" in body:
        return "\n".join(body["lines"]).encode("utf-8")
    return base64.b64decode(body["base64"])


def _compact(value: object) -> str:
    text = json.dumps(value, ensure_ascii=False, separators=(",", ":"))
    if any("\ud800" <= character <= "\udfff" for character in text):
        return json.dumps(value, separators=(",", ":"))
    return text


def _is_shallow(value: JsonValue, levels: int = 100) -> bool:
    """Whether an object or list can be written indented without a RecursionError."""
    if not isinstance(value, dict | list) or not levels:
        return False
    inner = value.values() if isinstance(value, dict) else value
    return all(not isinstance(one, dict | list) or _is_shallow(one, levels - 1) for one in inner)


class _DuplicateKeyError(ValueError):
    """A JSON object that says one thing twice cannot become a dict."""


def _unique(pairs: list[tuple[str, JsonValue]]) -> dict[str, JsonValue]:
    result = dict(pairs)
    if len(result) < len(pairs):
        raise _DuplicateKeyError
    return result


def _parsed(text: str) -> JsonValue:
    """The JSON value of `text`, or `None` where a dict would not hold all that it says."""
    try:
        return cast("JsonValue", json.loads(text, object_pairs_hook=_unique))
    except (ValueError, RecursionError):
        return None


def _on_one_line(match: re.Match[str]) -> str:
    """Keep a vector's floats on one line; raw line breaks cannot occur inside a JSON string."""
    return "[" + re.sub(r",\n\s+", ", ", match[1]) + "]"
