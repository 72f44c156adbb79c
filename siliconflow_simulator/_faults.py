"""Faults on order: the header `x-simulate` names what should go wrong with a request.

One word or several, separated by commas. Words with `=N` take a number.

| word | what happens |
|---|---|
| `400` `401` `402` `403` `404` `410` `413` `429` `451` `500` `503` | that status, with the body that documents or captures show |
| `504` | that status, with a proxy's HTML page |
| `429-retry-after=2`, `503-retry-after=2` | that status with a `retry-after` header |
| `429-plain` | 429 with plain text |
| `html-200` | an HTML page under status 200 |
| `error-200` | an error object under status 200 |
| `broken-json` | JSON that breaks off |
| `no-choices` | the answer without `choices` (`data`, `results`) |
| `empty` | an answer with nothing in it |
| `cut-stream` `cut-stream=N` | the stream ends properly after N chunks (2), without finish_reason and `[DONE]` |
| `drop` `drop=N` | the connection breaks off after N chunks (2) |
| `error-stream` `error-stream=N` | after N chunks (2) a `{code, message}` line, then the end |
| `error-stream-openai` `error-stream-openai=N` | after N chunks (2) an `{error: …}` line, then `[DONE]` |
| `stall` `stall=N` | after N chunks (2) nothing more comes; a plain answer never comes |
| `slow=0.2` | seconds before every chunk, and before a plain body |
| `crlf` `comments` `no-space` `bom` | the stream with CRLF, comment lines, `data:` without a space, a byte order mark |
| `one-byte` | the body byte by byte |
"""  # noqa: E501

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Final

from siliconflow_simulator._errors import invalid
from siliconflow_simulator._wire import NEVER, SimResponse, TimedChunk, decode, encode

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from typing import TypeAlias

    from siliconflow_client import JsonObject, JsonValue

    Edit: TypeAlias = Callable[[JsonObject], JsonObject]

_JSON: Final = "application/json; charset=utf-8"
_HTML: Final = (
    "<html><head><title>504 Gateway Time-out</title></head>"
    "<body><center><h1>504 Gateway Time-out</h1></center></body></html>"
)
_TPM: Final = "Request was rejected due to rate limiting. Details: TPM limit reached."
_PLAIN_429: Final = (
    "Request was rejected due to rate limiting. "
    "If you want more, please contact contact@siliconflow.cn"
)


def _object(code: int, message: str) -> JsonObject:
    return {"code": code, "message": message, "data": None}


_BODIES: Final[dict[str, JsonValue]] = {
    "400": _object(20015, "The parameter is invalid. Please check again."),
    "401": {"code": 30014, "data": None, "message": "Token is invalid."},
    "402": _object(30001, "Sorry, your account balance is insufficient"),
    "403": _object(30003, "Model disabled."),
    "404": "404 page not found",
    "410": _object(20092, "This endpoint is deprecated and is no longer available."),
    "413": _object(20042, "input must have less than 8192 tokens"),
    "429": _object(50602, _TPM),
    # The code is the vendor's; no source prints the wording.
    "451": _object(20021, "The content was rejected."),
    "500": _object(50507, "Request failed: Unknown error."),
    "503": _object(50508, "System is too busy now. Please try again later."),
}
_MIDSTREAM: Final = _object(50507, "Request failed: Unknown error.")
_MIDSTREAM_OPENAI: Final[JsonObject] = {
    "error": {"message": "Internal error", "type": "server_error", "param": None, "code": "500"}
}
_COUNTED: Final = frozenset({"cut-stream", "drop", "error-stream", "error-stream-openai", "stall"})
_PLAIN_WORDS: Final = frozenset(
    {
        *_BODIES, "504", "429-plain", "html-200", "error-200", "broken-json", "no-choices",
        "empty", "crlf", "comments", "no-space", "bom", "one-byte",
    }
)  # fmt: skip
_VALUED: Final = frozenset({"429-retry-after", "503-retry-after", "slow"})
FAULT_WORDS: Final = _PLAIN_WORDS | _COUNTED | _VALUED


@dataclass(frozen=True, slots=True)
class Fault:
    """One word of the order, and its number: chunks or seconds."""

    word: str
    number: float | None = None


def parse_faults(order: str) -> list[Fault]:
    """Read an order such as "cut-stream=3, slow=0.1".

    Raises:
        Refusal: 400, naming the word that is unknown or lacks its number.
    """
    faults: list[Fault] = []
    for part in filter(None, (part.strip() for part in order.split(","))):
        word, _, written = part.partition("=")
        number = _number(written)
        if (
            (word in _PLAIN_WORDS and not written)
            or (word in _COUNTED and (not written or (number is not None and number >= 0)))
            or (word in _VALUED and number is not None and number >= 0)
        ):
            faults.append(Fault(word, number))
        else:
            raise invalid(f"x-simulate: unknown fault '{part}'")
    return faults


def _number(text: str) -> float | None:
    try:
        value = float(text)
    except ValueError:
        return None
    return value if math.isfinite(value) else None


def early_response(faults: Sequence[Fault]) -> SimResponse | None:
    """Return the response that a fault gives before the request is even looked at."""
    for fault in faults:
        if fault.word in _BODIES:
            return _json(int(fault.word), _BODIES[fault.word])
        if fault.word.endswith("-retry-after"):
            status = fault.word.partition("-")[0]
            response = _json(int(status), _BODIES[status])
            response.headers["retry-after"] = f"{fault.number or 0:g}"
            return response
        if fault.word == "429-plain":
            return SimResponse(429, {"content-type": "text/plain"}, _PLAIN_429.encode())
        if fault.word in ("504", "html-200"):
            page = (
                _HTML.replace("504 Gateway Time-out", "Welcome") if "200" in fault.word else _HTML
            )
            status_code = 200 if fault.word == "html-200" else 504
            return SimResponse(status_code, {"content-type": "text/html"}, page.encode())
        if fault.word == "error-200":
            return _json(200, _MIDSTREAM)
    return None


def _json(status: int, payload: JsonValue) -> SimResponse:
    return SimResponse(status, {"content-type": _JSON}, encode(payload))


def apply_faults(response: SimResponse, faults: Sequence[Fault]) -> SimResponse:
    """Spoil a response as ordered: its content first, then its framing, then its timing."""
    rank = {fault.word: fault for fault in faults}
    for word in ("no-choices", "empty", "broken-json", *sorted(_COUNTED)):
        if word in rank:
            response = _spoil(response, rank[word])
    for word in ("comments", "no-space", "crlf", "bom"):
        if word in rank and response.chunks is not None:
            response = replace(response, chunks=_reframe(response.chunks, word))
    if "slow" in rank:
        response = _delay(response, rank["slow"].number or 0)
    if "one-byte" in rank:
        response = _one_byte(response)
    return response


def _spoil(response: SimResponse, fault: Fault) -> SimResponse:
    if response.chunks is None:
        return _spoil_body(response, fault.word)
    kept = response.chunks[: 2 if fault.number is None else int(fault.number)]
    match fault.word:
        case "no-choices":
            return replace(response, chunks=[_edit_event(c, _no_choices) for c in response.chunks])
        case "empty":
            return replace(response, chunks=[c for c in response.chunks if not _carries(c)])
        case "broken-json":
            broken = response.chunks[1].data[:40] + b"\n\n"
            return replace(response, chunks=[*response.chunks[:1], TimedChunk(broken)])
        case "cut-stream":
            return replace(response, chunks=kept)
        case "drop":
            return replace(response, chunks=kept, ending="dropped")
        case "error-stream":
            return replace(response, chunks=[*kept, _event(_MIDSTREAM)])
        case "error-stream-openai":
            done = TimedChunk(b"data: [DONE]\n\n")
            return replace(response, chunks=[*kept, _event(_MIDSTREAM_OPENAI), done])
        case _:
            return replace(response, chunks=[*kept, TimedChunk(b"", NEVER)])


def _spoil_body(response: SimResponse, word: str) -> SimResponse:
    body = response.body or b""
    match word:
        case "no-choices":
            return replace(response, body=_edit_json(body, _no_choices))
        case "empty":
            return replace(response, body=_edit_json(body, _emptied))
        case "broken-json" | "cut-stream":
            return replace(response, body=body[: len(body) // 2])
        case "drop":
            half = [TimedChunk(body[: len(body) // 2])]
            return replace(response, body=None, chunks=half, ending="dropped")
        case "stall":
            return replace(response, delay=NEVER)
        case _:
            # An error inside a stream has no place in a plain answer.
            return response


def _event(payload: JsonObject) -> TimedChunk:
    return TimedChunk(b"data: " + encode(payload) + b"\n\n")


def _payload(chunk: TimedChunk) -> JsonObject | None:
    data = chunk.data.removeprefix(b"data: ").strip()
    value = None if data == b"[DONE]" else decode(data)
    return value if isinstance(value, dict) else None


def _edit_event(chunk: TimedChunk, edit: Edit) -> TimedChunk:
    payload = _payload(chunk)
    return chunk if payload is None else _event(edit(payload))


def _edit_json(body: bytes, edit: Edit) -> bytes:
    value = decode(body)
    return encode(edit(value)) if isinstance(value, dict) else body


def _no_choices(payload: JsonObject) -> JsonObject:
    return {k: v for k, v in payload.items() if k not in ("choices", "data", "results")}


def _emptied(payload: JsonObject) -> JsonObject:
    emptied = dict(payload)
    for name in ("data", "results"):
        if name in emptied:
            emptied[name] = []
    choices = emptied.get("choices")
    if isinstance(choices, list):
        emptied["choices"] = [_empty_choice(item) for item in choices]
    return emptied


def _empty_choice(choice: JsonValue) -> JsonValue:
    if not isinstance(choice, dict):
        return choice
    if "text" in choice:
        return {**choice, "text": ""}
    return {**choice, "message": {"role": "assistant", "content": ""}, "finish_reason": "stop"}


def _carries(chunk: TimedChunk) -> bool:
    """Tell whether a chunk brings text, reasoning or a piece of a tool call."""
    payload = _payload(chunk)
    choices = payload.get("choices") if payload else None
    for choice in choices if isinstance(choices, list) else []:
        delta = choice.get("delta", choice) if isinstance(choice, dict) else None
        names = ("content", "reasoning_content", "tool_calls", "text")
        if isinstance(delta, dict) and any(delta.get(name) for name in names):
            return True
    return False


def _reframe(chunks: list[TimedChunk], word: str) -> list[TimedChunk]:
    match word:
        case "comments":
            return [replace(chunk, data=b": keep-alive\n\n" + chunk.data) for chunk in chunks]
        case "no-space":
            return [
                replace(chunk, data=chunk.data.replace(b"data: ", b"data:")) for chunk in chunks
            ]
        case "crlf":
            return [replace(chunk, data=chunk.data.replace(b"\n", b"\r\n")) for chunk in chunks]
        case _:
            first = replace(chunks[0], data=b"\xef\xbb\xbf" + chunks[0].data)
            return [first, *chunks[1:]]


def _delay(response: SimResponse, seconds: float) -> SimResponse:
    if response.chunks is None:
        return replace(response, delay=max(response.delay, seconds))
    late = [replace(chunk, delay=max(chunk.delay, seconds)) for chunk in response.chunks]
    return replace(response, chunks=late)


def _one_byte(response: SimResponse) -> SimResponse:
    small: list[TimedChunk] = []
    for chunk in response.pieces():
        delay = chunk.delay
        for byte in chunk.data:
            small.append(TimedChunk(bytes([byte]), delay))
            delay = 0.0
        if not chunk.data:
            small.append(chunk)
    return replace(response, body=None, chunks=small, delay=0.0)
