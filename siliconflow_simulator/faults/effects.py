"""What an order does: another response, or the same one with its content or framing spoilt."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, TypeAlias

from siliconflow_simulator._refusals import Refusal
from siliconflow_simulator._wire import (
    NEVER,
    SimResponse,
    TimedChunk,
    decode,
    encode,
    json_response,
)
from siliconflow_simulator.faults.bodies import (
    BODIES,
    DETAIL,
    EXPIRED,
    HTML,
    MIDSTREAM,
    MIDSTREAM_OPENAI,
    PLAIN_429,
)
from siliconflow_simulator.faults.orders import COUNTED

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from siliconflow_client import JsonObject, JsonValue
    from siliconflow_simulator.faults.orders import Fault

    Edit: TypeAlias = Callable[[JsonObject], JsonObject]


def early_response(faults: Sequence[Fault]) -> SimResponse | None:
    """Return the response that a fault gives before the request is even looked at.

    Raises:
        Refusal: It is one that each endpoint words in its own way.
    """
    for fault in faults:
        if fault.word in BODIES:
            raise Refusal(int(fault.word), BODIES[fault.word])
        if fault.word in DETAIL:
            status_code, payload = DETAIL[fault.word]
            return json_response(payload, status=status_code)
        if fault.word.endswith("-retry-after"):
            status = fault.word.partition("-")[0]
            wait = {"retry-after": f"{fault.number or 0:g}"}
            raise Refusal(int(status), BODIES[status], wait)
        if fault.word == "429-plain":
            return SimResponse(429, {"content-type": "text/plain"}, PLAIN_429.encode())
        if fault.word in ("504", "html-200"):
            page = HTML.replace("504 Gateway Time-out", "Welcome") if "200" in fault.word else HTML
            status_code = 200 if fault.word == "html-200" else 504
            return SimResponse(status_code, {"content-type": "text/html"}, page.encode())
        if fault.word == "expired":
            return json_response(EXPIRED, status=404)
        if fault.word == "error-200":
            return json_response(MIDSTREAM)
    return None


def apply_faults(response: SimResponse, faults: Sequence[Fault]) -> SimResponse:
    """Spoil a response as ordered: its content first, then its framing, then its timing."""
    rank = {fault.word: fault for fault in faults}
    for word in ("failed", "no-choices", "empty", "broken-json", *sorted(COUNTED)):
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
    is_file = "event-stream" not in response.headers.get("content-type", "")
    if fault.word == "failed" or (is_file and fault.word == "no-choices"):
        return response  # what is streamed is no job, and a file has no fields
    kept = response.chunks[: 2 if fault.number is None else int(fault.number)]
    match fault.word:
        case "no-choices":
            return replace(response, chunks=[_edit_event(c, _no_choices) for c in response.chunks])
        case "empty":
            left = [] if is_file else [c for c in response.chunks if not _carries(c)]
            return replace(response, chunks=left)
        case "broken-json":
            broken = response.chunks[1:2] or response.chunks
            cut = [TimedChunk(chunk.data[:40] + b"\n\n") for chunk in broken]
            return replace(response, chunks=[*response.chunks[:1], *cut])
        case "cut-stream":
            return replace(response, chunks=kept)
        case "drop":
            return replace(response, chunks=kept, ending="dropped")
        case "error-stream":
            return replace(response, chunks=[*kept, _event(MIDSTREAM)])
        case "error-stream-openai":
            done = TimedChunk(b"data: [DONE]\n\n")
            return replace(response, chunks=[*kept, _event(MIDSTREAM_OPENAI), done])
        case _:
            return replace(response, chunks=[*kept, TimedChunk(b"", NEVER)])


def _spoil_body(response: SimResponse, word: str) -> SimResponse:
    body = response.body or b""
    match word:
        case "failed":
            return replace(response, body=_edit_json(body, _failed))
        case "no-choices":
            return replace(response, body=_edit_json(body, _no_choices))
        case "empty":
            is_json = "json" in response.headers.get("content-type", "")
            return replace(response, body=_edit_json(body, _emptied) if is_json else b"")
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
    # After the name of the event, where it has one.
    data = chunk.data.partition(b"data: ")[2].strip()
    value = None if data in (b"", b"[DONE]") else decode(data)
    return value if isinstance(value, dict) else None


def _edit_event(chunk: TimedChunk, edit: Edit) -> TimedChunk:
    payload = _payload(chunk)
    return chunk if payload is None else _event(edit(payload))


def _edit_json(body: bytes, edit: Edit) -> bytes:
    if body[:1] != b"{":  # a file
        return body
    value = decode(body)
    return encode(edit(value)) if isinstance(value, dict) else body


def _failed(payload: JsonObject) -> JsonObject:
    if "status" not in payload:
        return payload
    return {"status": "Failed", "position": 0, "reason": "content risk", "results": None}


def _no_choices(payload: JsonObject) -> JsonObject:
    return {k: v for k, v in payload.items() if k not in ("choices", "data", "images", "results")}


def _emptied(payload: JsonObject) -> JsonObject:
    emptied = dict(payload)
    for name in ("data", "images", "results"):
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
            first = [replace(chunk, data=b"\xef\xbb\xbf" + chunk.data) for chunk in chunks[:1]]
            return first + chunks[1:]


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
