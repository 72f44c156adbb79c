"""What must hold for any bytes: one function for each part that reads what a server sends.

Each takes bytes and raises where something does not hold, so that a fuzzer finds inputs for it and
a plain test replays them.
"""

from __future__ import annotations

import itertools
import math
import pickle
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any, Final, TypeAlias

import pydantic_core

from siliconflow_client import SiliconFlowError
from siliconflow_client.endpoints.answer_reader import NO_RULES, AnswerRules, answer_rules
from siliconflow_client.endpoints.chat import read_chat
from siliconflow_client.endpoints.chat_stream import ChatDecoder
from siliconflow_client.endpoints.completions import read_completion
from siliconflow_client.endpoints.embeddings import read_embeddings
from siliconflow_client.endpoints.messages_stream import MessagesDecoder
from siliconflow_client.endpoints.rerank import read_reranking
from siliconflow_client.errors.mapping import (
    error_from_event,
    error_from_response,
    parse_retry_after,
    unexpected_answer,
)
from siliconflow_client.errors.response import Head, Target
from siliconflow_client.protocol.sse import SSEDecoder

Check: TypeAlias = Callable[[bytes], None]

KEY: Final = "0123456789.abcdefghij"
KEY_SIGN: Final = b"\x01"
"""Stands for the key in an input, so that a server sends it back in any place."""
ASKED: Final = Target("api.siliconflow.cn", "/chat/completions", "m")
NOW: Final = 1_790_000_000.0
STATUSES: Final = (400, 401, 403, 404, 410, 413, 422, 429, 451, 500, 503, 504, 302)
RULES: Final = answer_rules(
    {
        "tools": [
            {"type": "function", "function": {"name": "now", "parameters": {"type": "object"}}},
            {
                "type": "function",
                "function": {
                    "name": "get_weather",
                    "parameters": {
                        "type": "object",
                        "properties": {"city": {"type": "string"}, "days": {"type": "integer"}},
                    },
                },
            },
        ]
    },
    "m",
)


def _head(status: int = 200, headers: Mapping[str, str] | None = None) -> Head:
    return Head(status, {"x-siliconcloud-trace-id": "ti_1", **(headers or {})}, NOW, (KEY,))


def _said(data: bytes) -> bytes:
    return data.replace(KEY_SIGN, KEY.encode())


def _pieces(data: bytes) -> Iterator[bytes]:
    """The bytes in pieces, whose lengths the first byte and the bytes themselves decide."""
    size = data[0] % 9 + 1 if data else 1
    at = 1
    while at < len(data):
        yield data[at : at + size]
        at += size
        size = (size * 7 + data[at - 1 if at <= len(data) else -1]) % 13 + 1


def check_error(error: SiliconFlowError) -> None:
    """An error can be shown anywhere, and carried anywhere."""
    assert error.message or str(error)
    assert str(error).isprintable()
    assert len(str(error)) < 5_000
    shown = f"{error} {error!r} {vars(error)!r}"
    assert KEY not in shown
    assert KEY.encode() not in pickle.dumps(error)


def events(data: bytes) -> None:
    """Any split of a stream gives the same events."""
    whole, cut = SSEDecoder(), SSEDecoder()
    expected = [*whole.feed(data[1:]), *whole.flush()]
    found = [event for piece in _pieces(data) for event in cut.feed(piece)]
    assert [*found, *cut.flush()] == expected


def chat_stream(data: bytes) -> None:
    """Any bytes are deltas or one of our errors, whatever their split."""
    _same_of_any_split(data, NO_RULES)


def chat_stream_with_tools(data: bytes) -> None:
    """The same where calls that were written as text are looked for."""
    _same_of_any_split(data, RULES)


def _same_of_any_split(data: bytes, rules: AnswerRules) -> None:
    data = _said(data)
    assert _told([data[1:]], rules) == _told(_pieces(data), rules)


def _told(pieces: Iterator[bytes] | Sequence[bytes], rules: AnswerRules) -> tuple[Any, ...]:
    decoder = ChatDecoder(ASKED, _head(), may_be_empty=True, rules=rules)
    out: list[Any] = []
    failure: SiliconFlowError | None = None
    try:
        for piece in pieces:
            decoder.feed(piece, out)
            if decoder.is_complete:
                break
        decoder.finish(out)
    except SiliconFlowError as error:
        check_error(error)
        failure = error
    if failure is not None:
        return type(failure), str(failure)
    texts = ["".join(delta.text for delta in out), "".join(delta.reasoning for delta in out)]
    calls = [
        (piece.index, piece.arguments)
        for delta in out
        for piece in sorted(delta.tool_calls, key=lambda piece: piece.index)
    ]
    joined = {
        index: "".join(arguments for _, arguments in group)
        for index, group in itertools.groupby(
            sorted(calls, key=lambda call: call[0]), lambda c: c[0]
        )
    }
    reasons = [delta.finish_reason for delta in out if delta.finish_reason]
    return *texts, joined, reasons


def messages_stream(data: bytes) -> None:
    """Any bytes are Anthropic's events or one of our errors."""
    data = _said(data)
    decoder = MessagesDecoder(ASKED, _head())
    out: list[Any] = []
    try:
        for piece in _pieces(data):
            decoder.feed(piece, out)
            if decoder.is_complete:
                break
        decoder.finish(out)
    except SiliconFlowError as error:
        check_error(error)


def answers(data: bytes) -> None:
    """Any body is a result whose numbers can be used, or an error that says what is wrong."""
    data = _said(data)
    head = _head()
    for read in (
        lambda: read_chat(data, head, may_be_empty=True, rules=RULES),
        lambda: read_completion(data, head),
        lambda: _vectors(data, head),
        lambda: _ranks(data, head),
    ):
        try:
            read()
        except SiliconFlowError as error:
            check_error(error)
        except ValueError:  # becomes the error below
            check_error(unexpected_answer(data, head, ASKED, "not JSON"))


def _vectors(data: bytes, head: Head) -> None:
    for expected in (1, 2):
        try:
            result = read_embeddings(data, head, expected=expected)
        except ValueError:
            continue
        assert len(result.vectors) == expected
        assert len({len(vector) for vector in result.vectors}) == 1
        assert all(math.isfinite(number) for vector in result.vectors for number in vector)


def _ranks(data: bytes, head: Head) -> None:
    result = read_reranking(data, head, documents=3)
    places = [hit.index for hit in result.results]
    scores = [hit.relevance_score for hit in result.results]
    assert len(set(places)) == len(places) <= 3
    assert scores == sorted(scores, reverse=True)
    assert all(math.isfinite(score) for score in scores)


def errors(data: bytes) -> None:
    """Any body under any status is an error that can be shown and holds no key."""
    if not data:
        return
    status, content = STATUSES[data[0] % len(STATUSES)], _said(data[1:])
    header = content[:60].decode("latin-1").replace("\r", "").replace("\n", "")
    head = _head(status, {"retry-after": header, "x-echo": header})
    error = error_from_response(head, content, ASKED)
    assert error.status_code == status
    check_error(error)
    check_error(unexpected_answer(content, _head(), ASKED, "odd"))
    try:
        value = pydantic_core.from_json(content)
    except ValueError:
        return
    if isinstance(value, dict):
        found = error_from_event(value, _head(), ASKED)
        if found is not None:
            check_error(found)


def retry_after(data: bytes) -> None:
    """Any header is a wait that can be waited, or says nothing."""
    text = data.decode("latin-1")
    for headers in ({"retry-after": text}, {"retry-after-ms": text}):
        seconds = parse_retry_after(headers, NOW)
        assert seconds is None or (0 < seconds < math.inf)


TARGETS: Final[dict[str, Check]] = {
    "events": events,
    "chat_stream": chat_stream,
    "chat_stream_with_tools": chat_stream_with_tools,
    "messages_stream": messages_stream,
    "answers": answers,
    "errors": errors,
    "retry_after": retry_after,
}
