"""Bodies of engines and gateways that speak the same API, and what is said of each."""

from __future__ import annotations

import json
import time

import pytest

from siliconflow_client import (
    APIResponseError,
    APIStatusError,
    ContextLengthError,
    ModelNotFoundError,
    NotFoundError,
    PayloadTooLargeError,
    RateLimitError,
    UnsupportedParameterError,
)
from siliconflow_client.errors.mapping import (
    error_from_event,
    error_from_response,
    unexpected_answer,
)
from siliconflow_client.errors.response import Head, Target
from siliconflow_client.protocol.retry import RetryPolicy
from tests.client.by_hand import ASKED, NOW, Hand, Reply, events
from tests.client.callers import KEY

POLICY = RetryPolicy(max_retries=0)


def said(body: object, status: int = 400, path: str = "/chat/completions") -> APIStatusError:
    content = body if isinstance(body, bytes) else json.dumps(body).encode()
    target = Target("llm.example.com", path, "x/y")
    return error_from_response(Head(status, {}, NOW), content, target)


def under_200(body: object) -> APIResponseError | APIStatusError:
    return unexpected_answer(json.dumps(body).encode(), Head(200, {}, NOW), ASKED, "odd")


# --- FastAPI's detail -----------------------------------------------------------------------


@pytest.mark.parametrize(
    ("detail", "message"),
    [
        ("Not enough memory", "Not enough memory"),
        ([{"loc": ["body", "messages", 0, "role"], "msg": "Field required"}], "body.messages.0.role: Field required"),
        ([{"loc": ["body"], "msg": "a"}, {"msg": "b"}, "c"], "body: a; b; c"),
        ([{"loc": None, "msg": "a"}, {"loc": ["x"]}, None, 5], "a"),
        ({"message": "inner", "code": 7}, "inner"),
        ([], "no message (an answer of 14 bytes)"),
    ],
)  # fmt: skip
def test_a_detail_is_the_message(detail: object, message: str):
    assert said({"detail": detail}).message == message


def test_the_input_that_a_detail_repeats_is_not_shown():
    error = said({"detail": [{"loc": ["body"], "msg": "wrong", "input": "the prompt"}]}, 422)
    assert error.message == "body: wrong"
    assert "the prompt" not in f"{error} {error!r}"


def test_a_thousand_details_are_not_all_written_out():
    error = said({"detail": [{"loc": ["body"] * 500, "msg": "wrong"}] * 200}, 422)
    assert len(error.message) <= 500


OVERFLOWS = [
    "This model's maximum context length is 512 tokens. However, you requested 600 tokens.",
    "The decoder prompt (length 600) is longer than the maximum model length of 512.",
    "litellm.ContextWindowExceededError: too long",
]


@pytest.mark.parametrize("words", OVERFLOWS)
def test_a_detail_is_classed_by_its_words(words: str):
    assert type(said({"detail": words})) is ContextLengthError
    assert type(said({"detail": [{"loc": ["body"], "msg": words}]}, 422)) is ContextLengthError
    assert type(under_200({"detail": words})) is ContextLengthError


def test_a_code_in_words_names_an_overflow_too():
    assert type(said({"error": {"message": "No.", "code": "context_length_exceeded"}})) is (
        ContextLengthError
    )


# --- model names ----------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("status", "body"),
    [
        (404, {"error": {"message": "The model `x` does not exist.", "type": "NotFoundError", "param": "model", "code": 404}}),
        (404, {"object": "error", "message": "The model `x` does not exist.", "code": 404}),
        (400, {"error": {"message": "Invalid model name passed in model=x. Call `/v1/models`", "code": "400"}}),
        (400, {"detail": "Invalid model: x"}),
        (404, {"detail": "Invalid model: x"}),
        (404, {"error": {"message": "No.", "code": "model_not_found"}}),
        (400, {"code": 20015, "message": "模型不存在"}),
    ],
)  # fmt: skip
def test_a_model_name_that_is_wrong_is_known_by_words(status: int, body: object):
    error = said(body, status)
    assert type(error) is ModelNotFoundError
    assert error.status_code == status
    assert "models()" in str(error.hint)
    assert "base_url" not in str(error.hint)


@pytest.mark.parametrize("body", [{"detail": "Not Found"}, b'"404 page not found"'])
def test_a_404_of_a_path_stays_one(body: object):
    error = said(body, 404)
    assert type(error) is NotFoundError
    assert "base_url" in str(error.hint)


# --- what a hint says -----------------------------------------------------------------------


def test_more_tokens_than_the_window_has_are_no_overflow_of_the_prompt():
    error = said(
        {"error": {"message": "max_tokens=9000 cannot be greater than max_model_len=max_total_tokens=4096."}}
    )  # fmt: skip
    assert type(error).__name__ == "BadRequestError"
    assert "lower max_tokens" in str(error.hint)


@pytest.mark.parametrize(
    ("words", "hint"),
    [
        ("该模型始终思考，不支持关闭思考；请使用 low、high 或 max。", "low, high or max"),
        ("当前模型不支持该参数", "leave the parameter out"),
    ],
)
def test_a_refusal_in_chinese_is_classed_like_one_in_english(words: str, hint: str):
    error = said({"code": 20015, "message": words})
    assert type(error) is UnsupportedParameterError
    assert hint in str(error.hint)


def test_an_image_that_is_none_is_named():
    assert "JPEG" in str(said({"code": 20015, "message": "图片输入格式/解析错误"}).hint)


@pytest.mark.parametrize(
    ("path", "words"),
    [
        ("/embeddings", "at most 32 texts"),
        ("/rerank", "fewer documents"),
        ("/chat/completions", "shorten the history"),
        ("/files", "send less"),
    ],
)
def test_what_was_too_large_depends_on_what_was_asked(path: str, words: str):
    error = said({"code": 20042, "message": "too large"}, 413, path)
    assert type(error) is PayloadTooLargeError
    assert words in str(error.hint)
    assert ("embedding" in str(error.hint)) is (path == "/embeddings")


@pytest.mark.parametrize("path", ["/embeddings", "/chat/completions"])
def test_an_invalid_parameter_of_a_chat_is_none_of_embeddings(path: str):
    error = said(
        {"code": 20015, "message": "The parameter is invalid. Please check again."}, 400, path
    )
    assert ("embedding" in str(error.hint)) is (path == "/embeddings")


@pytest.mark.parametrize(("seconds", "retries"), [("600", False), ("60", True), (None, True)])
def test_a_long_wait_is_not_met_with_the_advice_to_retry_more(seconds: str | None, retries: bool):
    headers = {} if seconds is None else {"retry-after": seconds}
    error = error_from_response(Head(429, headers, NOW), b'"rate limit"', ASKED)
    assert isinstance(error, RateLimitError)
    assert ("max_retries" in str(error.hint)) is retries
    assert ("600 s" in str(error.hint)) is not retries
    assert "another key does not help" in str(error.hint)


@pytest.mark.parametrize("content", [b'{"id":"x","choi', b'[{"a":1},', b' {"a":1}}'])
def test_damaged_json_is_not_blamed_on_the_url(content: bytes):
    error = unexpected_answer(content, Head(200, {}, NOW), ASKED, "not JSON")
    assert isinstance(error, APIResponseError)
    assert "base_url" not in str(error.hint)
    assert "cut short" in str(error.hint)


def test_a_page_is_blamed_on_the_url():
    assert "base_url" in str(
        unexpected_answer(b"Hello", Head(200, {}, NOW), ASKED, "not JSON").hint
    )


# --- error objects under status 200 ---------------------------------------------------------


@pytest.mark.parametrize(
    ("code", "kind", "retried"),
    [
        (50505, "OverloadedError", True),
        (50508, "OverloadedError", True),
        (50507, "ServerError", True),
        (50602, "RateLimitError", True),
        (60000, "ServerError", True),
        (30001, "InsufficientBalanceError", False),
        (30014, "AuthenticationError", False),
        (20012, "ModelNotFoundError", False),
        (20042, "PayloadTooLargeError", False),
        ("50505", "OverloadedError", True),
    ],
)
def test_an_error_object_is_the_same_plain_and_streamed(code: object, kind: str, retried: bool):
    body = {"code": code, "message": "Refused.", "data": None}
    plain = under_200(body)
    streamed = error_from_event(body, Head(200, {}, NOW), ASKED)  # type: ignore[arg-type]  # a str code
    for error in (plain, streamed):
        assert type(error).__name__ == kind
        assert isinstance(error, APIStatusError)
        assert error.is_retryable is retried
        assert error.body == body
        assert (error.code, error.hint) == (plain.code, plain.hint)


@pytest.mark.parametrize("code", [1, 12345, 20000, 40000, 70000, -1, "abc", None, 10**40])
def test_an_error_object_of_no_known_code_is_an_unexpected_answer(code: object):
    error = under_200({"code": code, "message": "Refused."})
    assert type(error) is APIResponseError
    assert not error.is_retryable
    assert "an error object under HTTP 200: Refused" in str(error)


# --- trace ids ------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("headers", "found"),
    [
        ({"llm_provider-x-siliconcloud-trace-id": "ti_b"}, "ti_b"),
        ({"x-siliconcloud-trace-id": "ti_a", "llm_provider-x-siliconcloud-trace-id": "ti_b"}, "ti_a"),
        ({"x-siliconcloud-trace-id": "", "llm_provider-x-siliconcloud-trace-id": "ti_b"}, "ti_b"),
        ({"x-siliconcloud-trace-id": "x" * 8000}, "x" * 200),
        ({"x-siliconcloud-trace-id": f"a{KEY}b"}, "ask-…b"),
        ({}, None),
    ],
)  # fmt: skip
def test_where_the_trace_id_is_looked_for(headers: dict[str, str], found: str | None):
    assert Head(200, headers, NOW, (KEY,)).trace_id == found


# --- nothing takes long, nothing raises -----------------------------------------------------

PROMPT = "a prompt of a hundred pages " * 4000
LONG = {
    "FastAPI's input": (
        {"detail": [{"loc": ["body", "n"], "msg": "Too large", "input": PROMPT}]},
        "body.n: Too large",
    ),
    "input before the words": (
        {"detail": [{"input": PROMPT, "loc": ["body", "n"], "msg": "Too large"}]},
        "no message (an answer of ",
    ),
    "data behind the message": (
        {"code": 20012, "message": "Model does not exist", "data": PROMPT},
        "Model does not exist",
    ),
    "param behind the message": (
        {"error": {"message": "Not that way", "code": 20012, "param": PROMPT}},
        "Not that way",
    ),
    "half a character at the cut": (
        {"code": 20012, "message": "Not that way", "data": "问" * 40_000},
        "Not that way",
    ),
}


@pytest.mark.parametrize("name", LONG)
def test_a_long_body_that_repeats_the_prompt_is_read_and_not_quoted(name: str):
    body, message = LONG[name]
    content = json.dumps(body, ensure_ascii=False).encode()
    for error in (said(content, 422), said(content, 500)):
        assert error.message.startswith(message)
        assert error.code == (20012 if "20012" in str(body)[:200] else None)
        assert "hundred pages" not in str(error) + repr(error)


HUGE = {
    "titles": b"<title>" * 8192,
    "titles without end": b"<html>" + b"<title" * 9000,
    "64 MB of nothing": b" " * 64_000_000,
    "64 MB of text": b"x" * 64_000_000,
    "64 MB of JSON": b'{"message":"' + b"m" * 64_000_000 + b'"}',
    "deep lists": b"[" * 1_000_000,
    "deep objects": b'{"error":' * 100_000,
    "deep and whole": b'{"error":' * 150 + b"1" + b"}" * 150,
    "a number of 5,000 digits as code": b'{"code":' + b"9" * 5000 + b',"message":"m"}',
    "a number of 4,000 digits as code": b'{"code":' + b"9" * 4000 + b',"message":"m"}',
    "a number of 4,000 digits as message": b'{"message":[' + b"9" * 4000 + b"]}",
    "a float beyond all": b'{"code":1e999,"message":1e999}',
    "digits as text": b'{"code":"' + b"9" * 60_000 + b'","message":"m"}',
    "many words that begin an expression": b'{"message":"' + b"model max_tokens " * 3800 + b'"}',
    "many echoes": b'{"message":"' + b"input_value=[" * 5000 + b'"}',
    "many keys": b'{"message":"' + b"sk-" * 20_000 + b'"}',
}


@pytest.mark.parametrize("name", HUGE)
def test_a_huge_or_odd_body_is_diagnosed_at_once(name: str):
    content = HUGE[name]
    began = time.process_time()
    error = said(content, 500)
    odd = unexpected_answer(content, Head(200, {}, NOW, (KEY,)), ASKED, "not JSON")
    assert time.process_time() - began < 1.0
    for text in (str(error), repr(error), str(odd), repr(odd)):
        assert 0 < len(text) < 1500


def test_a_comment_in_a_data_field_is_no_event():
    whole = b'data: {"id":"x","choices":[{"index":0,"delta":{"content":"Hi"},"finish_reason":"stop"}]}\n\n'
    told = Hand([events(b"data: : keepalive\n\n", whole, b"data: : keepalive\n\n")]).stream()
    assert told.error is None
    assert told.text == "Hi"


def test_an_error_object_where_a_stream_was_asked_for_is_tried_again():
    busy = Reply(200, [b'{"code":50505,"message":"m"}'])
    whole = b'data: {"id":"x","choices":[{"index":0,"delta":{"content":"Hi"},"finish_reason":"stop"}]}\n\n'
    assert Hand([busy, events(whole)]).stream().text == "Hi"
