"""From bodies of six shapes to one error; and nothing in its words that should not be there."""

from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from siliconflow_client import APIResponseError, APIStatusError, RateLimitError
from siliconflow_client.errors.mapping import error_from_response, unexpected_answer
from siliconflow_client.errors.redaction import redact
from siliconflow_client.errors.response import Head, Target
from tests.client.by_hand import ASKED, NOW
from tests.client.callers import KEY
from tests.fixtures import INDEX
from tests.fixtures.outcomes import ERRORS


def said(status: int, content: bytes, target: Target = ASKED, **headers: str) -> APIStatusError:
    return error_from_response(Head(status, headers, NOW), content, target)


@pytest.mark.parametrize(
    ("content", "code", "message"),
    [
        (b'{"code":1,"message":"m","data":null}', 1, "m"),
        (b'{"code":"20012","message":"m"}', 20012, "m"),
        (b'{"code":"abc","message":"m"}', "abc", "m"),
        (b'{"code":null,"message":"m"}', None, "m"),
        (b'{"code":"","message":"m"}', None, "m"),
        (b'{"code":true,"message":"m"}', None, "m"),
        (b'{"code":1.5,"message":"m"}', None, "m"),
        (b'{"code":"\xc2\xb2","message":"m"}', "²", "m"),
        (b'{"message":"m"}', None, "m"),
        (b'{"message":5}', None, "5"),
        (b'{"error":{"message":"m","code":"7"}}', 7, "m"),
        (b'{"error":{"message":"m","code":"invalid"}}', "invalid", "m"),
        (b'{"error":"m"}', None, "m"),
        (b'{"error":"m","code":3}', 3, "m"),
        (b'"m"', None, "m"),
        (b"m", None, "m"),
        (b"  m\n", None, "m"),
        (b"<html><head><TITLE> m </TITLE></head></html>", None, "m"),
        (b"<html></html>", None, "an HTML page"),
        (b"", None, "no body"),
        (b"  \n", None, "no message (an answer of 3 bytes)"),
        (b"{}", None, "no message (an answer of 2 bytes)"),
        (b'{"code":1}', 1, "no message (an answer of 10 bytes)"),
        (b"[1]", None, "no message (an answer of 3 bytes)"),
        (b"null", None, "no message (an answer of 4 bytes)"),
        (b"7", None, "no message (an answer of 1 bytes)"),
        (b'{"cut', None, '{"cut'),
        ("模型不存在".encode(), None, "模型不存在"),
        (b"\xff\xfe", None, "\ufffd\ufffd"),
    ],
)
def test_shapes_of_bodies(content: bytes, code: int | str | None, message: str):
    error = said(400, content)
    assert (error.code, error.message) == (code, message)


@pytest.mark.parametrize(
    "file",
    [
        file
        for file, expected in ERRORS.items()
        if isinstance(expected.code, int) and b'"code":' in INDEX[file].content
    ],
)
def test_a_code_in_quotes_is_the_same_code(file: str):
    expected = ERRORS[file]
    content = INDEX[file].content.replace(b"%d" % expected.code, b'"%d"' % expected.code, 1)
    error = said(INDEX[file].status, content)
    assert (type(error), error.code) == (expected.error, expected.code)


@pytest.mark.parametrize(
    ("status", "content", "kind"),
    [
        (422, b'{"code":20012,"message":"m"}', "ModelNotFoundError"),
        (400, b'"Model disabled."', "PermissionDeniedError"),
        (400, b'{"code":30003,"message":"Model disabled."}', "PermissionDeniedError"),
        (403, b'{"code":30005,"message":"m"}', "PermissionDeniedError"),
        (403, b'"Sorry, your account balance is insufficient"', "InsufficientBalanceError"),
        (402, b"", "InsufficientBalanceError"),
        (400, b'{"code":20039,"message":"m"}', "UnsupportedParameterError"),
        (400, b'{"code":1,"message":"this is not supported"}', "UnsupportedParameterError"),
        (429, b'{"code":50603,"message":"System is really busy."}', "RateLimitError"),
        (503, b'{"code":50603,"message":"System is really busy."}', "OverloadedError"),
        (500, b'{"code":50505,"message":"m"}', "ServerError"),
        (599, b"", "ServerError"),
        (418, b"", "APIStatusError"),
        (301, b"", "APIStatusError"),
    ],
)
def test_status_first_then_code_then_words(status: int, content: bytes, kind: str):
    assert type(said(status, content)).__name__ == kind


@pytest.mark.parametrize(
    ("content", "limit"),
    [
        (b'{"code":50601,"message":"m"}', "RPM"),
        (b'{"code":50602,"message":"m"}', "TPM"),
        (b'{"code":50602,"message":"Details: RPM limit reached"}', "RPM"),
        (b'{"code":50604,"message":"m"}', "IPM"),
        (b'{"code":50608,"message":"m"}', "RPD"),
        (b'"IPM limit reached"', "IPM"),
        (b'"m"', None),
    ],
)
def test_the_limit_is_named(content: bytes, limit: str | None):
    error = said(429, content)
    assert isinstance(error, RateLimitError)
    assert error.limit == limit


@pytest.mark.parametrize(
    ("host", "other"),
    [
        ("api.siliconflow.cn", "https://api.siliconflow.com/v1"),
        ("api-st.siliconflow.cn", "https://api.siliconflow.com/v1"),
        ("api.siliconflow.com", "https://api.siliconflow.cn/v1"),
        ("proxy.example.com", "SILICONFLOW_API_KEY"),
    ],
)
def test_a_401_names_the_host_and_the_other_site(host: str, other: str):
    hint = said(401, b'"Invalid token"', Target(host, "/chat/completions")).hint
    assert hint is not None
    assert host in hint
    assert other in hint


@pytest.mark.parametrize(
    ("host", "console"),
    [
        ("api.siliconflow.cn", "https://cloud.siliconflow.cn/"),
        ("api.siliconflow.com", "https://cloud.siliconflow.com/"),
    ],
)
@pytest.mark.parametrize("status", [402, 403])
def test_money_is_topped_up_on_the_site_that_was_asked(host: str, console: str, status: int):
    error = said(status, b'{"code":30001,"message":"x"}', Target(host, "/p"))
    assert error.hint is not None
    assert console in error.hint


def test_the_real_name_check_is_a_matter_of_the_cn_site():
    for status in (402, 403):
        body = b'{"code":30001,"message":"x"}' if status == 402 else b'"Forbidden"'
        assert "real-name" in (said(status, body).hint or "")
        assert "real-name" not in (
            said(status, body, Target("api.siliconflow.com", "/p")).hint or ""
        )


@pytest.mark.parametrize(
    ("model", "words"),
    [
        ("deepseek-ai/Deepseek-v3.2", "did you mean deepseek-ai/DeepSeek-V3.2"),
        ("deepseek-ai/DeepSeekV3.2", "did you mean deepseek-ai/DeepSeek-V3.2"),
        ("DeepSeek-V3.2", "did you mean deepseek-ai/DeepSeek-V3.2"),
        ("bge-m3", "did you mean BAAI/bge-m3"),
        ("BAAI/bge-m3", "known, for embedding"),
        ("deepseek-ai/DeepSeek-V3.1", "switched deepseek-ai/DeepSeek-V3.1 off"),
    ],
)
def test_a_model_that_does_not_exist_brings_up_one_that_does(model: str, words: str):
    hint = said(400, b'{"code":20012,"message":"m"}', Target("h", "/p", model)).hint
    assert hint is not None
    assert words in hint
    assert "SiliconFlowClient().models()" in hint


@pytest.mark.parametrize("model", ["gpt-4o", "somebody/something", None])
def test_no_model_is_suggested_that_is_not_alike(model: str | None):
    hint = said(400, b'{"code":20012,"message":"m"}', Target("h", "/p", model)).hint
    assert hint is not None
    assert hint.startswith("SiliconFlowClient().models()")


# --- what must not be shown -----------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        (f"bad key {KEY}!", "bad key sk-…!"),
        ("sk-", "sk-"),
        ("task-12345678", "task-12345678"),
        ("[input_value='secret', input_type=str]", "[input_value=…, input_type=str]"),
        ('[input_value="it\'s secret", input_type=str]', "[input_value=…, input_type=str]"),
        ("[input_value={'a': 'secret'}, input_type=dict]", "[input_value=…, input_type=dict]"),
        ("[input_value=secret]", "[input_value=…]"),
        ("x" * 600, "x" * 499 + "…"),
    ],
)
def test_redaction(text: str, shown: str):
    assert redact(text) == shown


@pytest.mark.parametrize(
    "echo",
    [
        "[{'content': ['x']}, {'content': 'secret'}]",
        "'a] secret'" + ' + "b"',
        "['x', 'y'], 'secret'",
    ],
)
def test_redaction_of_lists(echo: str):
    text = f"messages [type=list_type, input_value={echo}, input_type=list]"
    assert "secret" not in redact(text)


def test_a_long_page_is_not_repeated():
    error = said(502, b"x" * 1_000_000)
    assert len(str(error)) < 1000
    assert len(repr(error)) < 1000
    assert error.response is not None
    assert len(error.response.content) == 1_000_000


@given(st.binary(max_size=200), st.sampled_from([300, 400, 401, 403, 429, 451, 500, 503]))
def test_any_body_is_an_error_with_a_message(content: bytes, status: int):
    error = said(status, content)
    assert error.status_code == status
    assert error.message
    assert str(error)


json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(max_size=5),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(st.sampled_from(["code", "message", "error", "data"]), inner, max_size=3)
    ),
    max_leaves=6,
)


@given(json_values)
def test_any_json_is_an_error_with_a_message(value: object):
    import json

    content = json.dumps(value).encode()
    assert said(400, content).message
    odd = unexpected_answer(content, Head(200, {}, NOW), ASKED, "odd")
    assert isinstance(odd, APIResponseError | RateLimitError)
    assert str(odd)


@pytest.mark.parametrize(
    "words",
    [
        "thinking is enabled but reasoning_content is missing in assistant tool call message at index 2",
        "The reasoning_content in the thinking mode must be passed back to the API.",
    ],
)
def test_a_refusal_for_lost_thinking_says_what_to_send_back(words: str):
    body = json.dumps({"code": 20015, "message": words}).encode()
    error = error_from_response(Head(400, {}, NOW), body, ASKED)
    assert "reasoning_content back unchanged" in str(error.hint)
