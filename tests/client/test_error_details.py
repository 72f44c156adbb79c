"""What an error tells beside its class: words, host, model, trace id, hint, and what had come."""

from __future__ import annotations

import json
from email.utils import formatdate
from typing import Any

import pytest

from siliconflow_client import (
    APIConnectionError,
    APIResponseError,
    APIStatusError,
    APITimeoutError,
    RateLimitError,
    SiliconFlowError,
    StreamInterruptedError,
    UnsupportedParameterError,
)
from siliconflow_client.errors.mapping import UndocumentedShapeError
from siliconflow_client.protocol.retry import RetryPolicy
from tests.client.by_hand import NOW, Hand, Reply, events
from tests.client.callers import TRACE

HOST, MODEL = "api.siliconflow.cn", "deepseek-ai/DeepSeek-V3.2"
GO_ON = "what came is in .partial; ask again, or ask the model to go on from there."


def chunk(**delta: object) -> bytes:
    wire = {"id": "x", "model": MODEL, "choices": [{"index": 0, "delta": delta}]}
    return f"data: {json.dumps(wire)}\n\n".encode()


HALF = [chunk(reasoning_content="Hm, "), chunk(reasoning_content="well."), chunk(content="Hel"), chunk(content="lo")]  # fmt: skip


def parse(content: bytes, head: object) -> Any:
    """Read an answer as the endpoints do: an object with choices, or another shape."""
    body = json.loads(content)
    if "choices" not in body:
        raise UndocumentedShapeError("no choices")
    return body


def refusal(reply: Reply) -> SiliconFlowError:
    """The error that a plain call ends with."""
    with pytest.raises(SiliconFlowError) as caught:
        Hand([reply]).plain(parse, policy=RetryPolicy(max_retries=0))
    return caught.value


def broken(*pieces: bytes | Exception) -> SiliconFlowError:
    """The error that a stream of these pieces ends with."""
    error = Hand([events(*pieces)]).stream().error
    assert error is not None
    return error


def in_stream(event: Any, *, headers: dict[str, str] | None = None) -> APIStatusError:
    """The error that an event of a stream describes."""
    data = f"data: {json.dumps(event)}\n\n".encode()
    reply = Reply(200, [chunk(content="a"), data], "text/event-stream", headers or {})
    error = Hand([reply]).stream().error
    assert isinstance(error, APIStatusError)
    return error


# --- a stream that breaks off ---------------------------------------------------------------


def test_a_stream_that_breaks_off_tells_all_it_knows():
    cut = APIConnectionError("Connection error: reset.", host=HOST, model=MODEL)
    error = broken(*HALF, cut)
    assert isinstance(error, StreamInterruptedError)
    assert error.message == "The stream broke off: Connection error: reset."
    assert (error.partial, error.partial_reasoning) == ("Hello", "Hm, well.")
    assert (error.host, error.model, error.trace_id) == (HOST, MODEL, TRACE)
    assert error.hint == GO_ON


def test_a_hint_of_its_own_is_kept_when_a_stream_breaks_off():
    cut = APIConnectionError("Connection error: reset.", hint="look at the proxy.")
    assert broken(*HALF, cut).hint == "look at the proxy."


def test_a_time_out_in_a_stream_stays_one_and_tells_what_had_come():
    error = broken(*HALF, APITimeoutError("No byte for 300 s.", phase="read", host=HOST))
    assert type(error) is APITimeoutError
    assert error.message == "No byte for 300 s."
    assert (error.partial, error.partial_reasoning, error.trace_id) == ("Hello", "Hm, well.", TRACE)


def test_a_stream_that_ends_early_tells_all_it_knows():
    error = broken(*HALF)
    assert isinstance(error, StreamInterruptedError)
    assert error.message == "The stream ended before a finish_reason or [DONE]."
    assert (error.partial, error.partial_reasoning) == ("Hello", "Hm, well.")
    assert (error.host, error.model, error.trace_id) == (HOST, MODEL, TRACE)
    assert error.hint == GO_ON


@pytest.mark.parametrize(
    "body", [b'{"a":1}', b"[1]", b'"Invalid token"', b"<html></html>", b'\n  {"a":1}'], ids=repr
)
def test_a_body_that_is_no_event_stream_under_its_content_type(body: bytes):
    error = broken(body + b"\n")
    assert isinstance(error, APIResponseError)
    assert error.message.startswith("Unexpected answer from /chat/completions: ")
    if b"<" not in body:
        assert error.message.endswith(": not a stream of events.")
    assert (error.host, error.model, error.trace_id) == (HOST, MODEL, TRACE)


def test_a_line_that_is_neither_an_event_nor_a_body_is_an_early_end():
    assert isinstance(broken(b"hello\n"), StreamInterruptedError)


# --- answers that are none ------------------------------------------------------------------


@pytest.mark.parametrize(
    ("body", "says"),
    [
        (b"{", "not JSON"),
        (b" \n", "an empty body"),
        (b"", "an empty body"),
        (b'{"code":1,"message":"Fault X."}', "an error object under HTTP 200: Fault X"),
        (b'{"code":1,"message":".X"}', "an error object under HTTP 200: .X"),
        (b"<html><title> Log in </title>", "an HTML page (Log in), not JSON"),
        (b"<title>caf\xe9</title>", "an HTML page (caf\ufffd), not JSON"),
        (b"<html>", "an HTML page, not JSON"),
        (b"\n <html>", "an HTML page, not JSON"),
        (b"[1]", "no choices"),
        (b'{"code":5}', "no choices"),
    ],
)
def test_what_is_said_of_an_answer_that_is_none(body: bytes, says: str):
    error = refusal(Reply(200, [body]))
    assert isinstance(error, APIResponseError)
    assert error.message == f"Unexpected answer from /chat/completions: {says}."
    assert (error.host, error.model, error.trace_id) == (HOST, MODEL, TRACE)


TRY_AGAIN = "try again; if it lasts, quote the trace id to support."
CUT = "the answer was cut short or damaged on its way, perhaps by a proxy; ask again."
LOOK = "what came is in .body; check that base_url is a SiliconFlow endpoint and not a proxy or a web page."  # fmt: skip


@pytest.mark.parametrize(
    ("body", "code", "hint"),
    [
        (b"{", None, CUT),
        (b"[1]", None, LOOK),
        (b'{"code":5}', None, LOOK),
        (b'{"code":5,"message":"m"}', 5, TRY_AGAIN),
        (b'{"message":"m"}', None, TRY_AGAIN),
        (b'{"code":5,"message":"No user query found."}', 5, "add at least one user message."),
    ],
)  # fmt: skip
def test_what_to_do_about_an_answer_that_is_none(body: bytes, code: int | None, hint: str):
    error = refusal(Reply(200, [body]))
    assert isinstance(error, APIResponseError)
    assert (error.code, error.hint) == (code, hint)


def test_a_known_code_under_200_is_what_it_stands_for():
    error = refusal(Reply(200, [b'{"code":20041,"message":"m"}']))
    assert type(error) is UnsupportedParameterError
    assert (error.code, error.status_code) == (20041, 400)
    assert error.hint == "this model reads text only; choose a vision model for images, video and audio."  # fmt: skip


@pytest.mark.parametrize(
    ("event", "says"), [(b"{x", "an event is not JSON"), (b"5", "an event is not an object")]
)
def test_what_is_said_of_an_event_that_is_none(event: bytes, says: str):
    error = broken(chunk(content="a"), b"data: " + event + b"\n\n", chunk(content="b"))
    assert isinstance(error, APIResponseError)
    assert error.message == f"Unexpected answer from /chat/completions: {says}."


def test_a_chunk_may_hold_words_of_its_own_beside_its_choices():
    wire = {"id": "x", "model": MODEL, "code": 20000, "message": "OK"}
    wire["choices"] = [{"index": 0, "delta": {"content": "a"}, "finish_reason": "stop"}]
    told = Hand([events(f"data: {json.dumps(wire)}\n\ndata: [DONE]\n\n".encode())]).stream()
    assert (told.text, told.error) == ("a", None)


def test_a_pages_words_choose_no_hint():
    plain, worded = (
        refusal(Reply(200, [b"<title>%s</title>" % title])) for title in (b"x", b"enable_thinking")
    )
    assert plain.hint == worded.hint
    assert plain.hint is not None
    assert "base_url" in plain.hint


@pytest.mark.parametrize("status", [300, 199, 404])
def test_only_2xx_is_an_answer(status: int):
    error = refusal(Reply(status, [b'{"fine":true}']))
    assert isinstance(error, APIStatusError)
    assert error.status_code == status
    assert error.response is not None
    assert error.response.status_code == status
    assert error.response.content == b'{"fine":true}'


@pytest.mark.parametrize("status", [300, 199, 404])
def test_only_2xx_is_a_stream(status: int):
    reply = Reply(status, [b'{"fine":true}'], "text/event-stream", {"retry-after": "7"})
    error = Hand([reply]).stream(policy=RetryPolicy(max_retries=0)).error
    assert isinstance(error, APIStatusError)
    assert (error.status_code, error.retry_after) == (status, 7)


def test_words_of_rate_limiting_under_200_keep_what_else_was_said():
    body = {"code": 50604, "message": "Request was rejected due to rate limiting."}
    error = refusal(Reply(200, [json.dumps(body).encode()]))
    assert isinstance(error, RateLimitError)
    assert (error.status_code, error.code, error.limit, error.body) == (429, 50604, "IPM", body)


# --- an error in a stream -------------------------------------------------------------------


@pytest.mark.parametrize(
    ("code", "status"),
    [
        (399, 500),
        (400, 400),
        (599, 599),
        (600, 500),
        (20000, 500),
        (20001, 400),
        (29999, 400),
        (30000, 403),
        (39999, 403),
        (40000, 500),
        (50505, 503),
        ("abc", 500),
    ],
)
def test_the_code_of_an_error_in_a_stream_decides_its_status(code: int | str, status: int):
    error = in_stream({"code": code, "message": "m"})
    assert (error.code, error.status_code, error.message) == (code, status, "m")


def test_an_error_in_a_stream_says_where_it_came_from():
    error = in_stream({"code": 50505, "message": None})
    assert error.message == "no message"
    assert error.__notes__ == ["It came inside a stream that had begun with HTTP 200."]
    assert (error.host, error.model, error.trace_id) == (HOST, MODEL, TRACE)


def test_the_wait_that_a_stream_s_head_asks_for_is_not_that_of_a_later_error():
    assert (
        in_stream({"code": 50505, "message": "m"}, headers={"retry-after": "5"}).retry_after is None
    )


# --- an error answer ------------------------------------------------------------------------


def test_a_wait_until_a_date_is_counted_from_the_answer():
    headers = {"retry-after": formatdate(NOW + 60, usegmt=True)}
    error = refusal(Reply(503, [b'{"code":50505,"message":"m"}'], headers=headers))
    assert isinstance(error, APIStatusError)
    assert error.retry_after == 60


@pytest.mark.parametrize(("status", "limited"), [(429, True), (430, False)])
def test_429_is_a_rate_limit_without_words_and_its_neighbour_is_none(status: int, limited: bool):
    error = refusal(Reply(status, [b'{"message":"No."}']))
    assert isinstance(error, RateLimitError) is limited
    assert isinstance(error, APIStatusError)


@pytest.mark.parametrize(
    ("code", "message", "kind"),
    [
        (30003, "No.", "PermissionDeniedError"),
        (30004, "Model disabled.", "PermissionDeniedError"),
        (30004, "No.", "BadRequestError"),
    ],
)
def test_a_disabled_model_is_known_by_code_and_by_words(code: int, message: str, kind: str):
    error = refusal(Reply(400, [json.dumps({"code": code, "message": message}).encode()]))
    assert type(error).__name__ == kind


@pytest.mark.parametrize(("length", "shown"), [(499, 499), (500, 500), (501, 500)])
def test_a_long_message_is_cut_at_500_characters(length: int, shown: int):
    error = refusal(Reply(400, [json.dumps({"message": "m" * length}).encode()]))
    assert len(error.message) == shown
    assert error.message.endswith("…") is (length > 500)
