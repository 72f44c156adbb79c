"""The key stays where it belongs, and so does what was asked."""

from __future__ import annotations

import logging
import pickle
import traceback

import pytest

from siliconflow_client import APIStatusError, SiliconFlowError
from tests.client.callers import HI, KEY, Caller
from tests.faults.server import (
    GOOD,
    GOOD_STREAM,
    Close,
    FaultServer,
    Reply,
    Reset,
    body,
    chunked,
    event,
    head,
    piece,
)

PROMPT = "the-prompt-nobody-may-log"
ASK = {**HI, "messages": [{"role": "user", "content": PROMPT}]}
ECHO = (
    '{"code":20015,"message":"1 validation error: messages.0.content Input should be x '
    "[type=t, input_value=[{'content': ['x']}, {'content': '%s'}], input_type=list] "
    'and the key %s","data":null}'
)

FAULTS: dict[str, Reply] = {
    "refused with an echo": body((ECHO % (PROMPT, KEY)).encode(), 400),
    "401 that repeats the key": body(f'"Invalid key {KEY}"'.encode(), 401),
    "500 as HTML that repeats the key": body(f"<title>{KEY}</title>".encode(), 500, "text/html"),
    "an error object under 200": body(f'{{"code":1,"message":"key {KEY}"}}'.encode()),
    "closed": [Close],
    "reset": [Reset],
    "cut short": [head(200, length=99), b"{", Close],
    "broken JSON": body(b'{"id":'),
    "an error line": chunked(event({"code": 50507, "message": f"bad key {KEY}"})),
}


@pytest.mark.parametrize("streamed", [False, True])
@pytest.mark.parametrize("fault", FAULTS)
async def test_no_error_and_no_log_line_holds_the_key_or_the_prompt(
    kind: str, fault: str, streamed: bool, caplog: pytest.LogCaptureFixture,
):  # fmt: skip
    caplog.set_level(logging.DEBUG, logger="siliconflow")
    with FaultServer(FAULTS[fault]) as server:
        async with Caller(kind, base_url=server.url, max_retries=1) as ask:
            if streamed:
                error = (await ask.stream(**ASK)).error
            else:
                with pytest.raises(SiliconFlowError) as caught:
                    await ask("chat", **ASK)
                error = caught.value
        sent = {request.headers["authorization"] for request in server.seen}
    assert sent == {f"Bearer {KEY}"}
    assert error is not None
    shown = [
        str(error), repr(error), error.message, error.hint or "", str(error.args), caplog.text,
        repr(ask.client), str(ask.client), repr(ask.client.config),
        "".join(traceback.format_exception_only(error)),
        "".join(traceback.format_exception(error)) if not isinstance(error, APIStatusError) else "",
    ]  # fmt: skip
    for text in shown:
        assert KEY not in text
        assert PROMPT not in text


async def test_pickles_of_errors_hold_no_request_headers(kind: str):
    with FaultServer(body(b'"no"', 400)) as server:
        async with Caller(kind, base_url=server.url) as ask:
            with pytest.raises(APIStatusError) as caught:
                await ask("chat", **ASK)
    frozen = pickle.dumps(caught.value)
    assert KEY.encode() not in frozen
    assert PROMPT.encode() not in frozen


async def test_a_wait_is_logged_with_its_reason(kind: str, caplog: pytest.LogCaptureFixture):
    caplog.set_level(logging.INFO, logger="siliconflow")
    with FaultServer(body(b'"busy"', 503, retry_after="1.5"), GOOD) as server:
        async with Caller(kind, base_url=server.url) as ask:
            await ask("chat", **HI)
    (record,) = [record for record in caplog.records if record.name == "siliconflow"]
    assert "1.5 s" in record.getMessage()
    assert "503" in record.getMessage()


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
async def test_a_redirect_to_another_host_is_not_followed(kind: str, status: int):
    with FaultServer(GOOD) as other, FaultServer() as server:
        server.script = [body(b"", status, None, location=f"{other.url}/chat/completions")]
        async with Caller(kind, base_url=server.url) as ask:
            with pytest.raises(APIStatusError) as caught:
                await ask("chat", **ASK)
    assert caught.value.status_code == status
    assert not caught.value.is_retryable
    assert (len(server.seen), len(other.seen)) == (1, 0)


async def test_no_cookie_is_sent_back(kind: str):
    with FaultServer([head(200, length=0, set_cookie="a=b"), b""], GOOD) as server:
        async with Caller(kind, base_url=server.url) as ask:
            with pytest.raises(SiliconFlowError):
                await ask("chat", **HI)
            assert (await ask("chat", **HI)).text == "Hello"
    if kind != "async":  # an injected client keeps cookies as its owner wants
        assert "cookie" not in server.seen[1].headers


async def test_partial_text_is_on_the_error_but_not_in_its_words(kind: str):
    with FaultServer([*chunked(piece("secret answer"), end=False), Close], GOOD_STREAM) as server:
        async with Caller(kind, base_url=server.url) as ask:
            told = await ask.stream(**HI)
    assert told.error is not None
    assert getattr(told.error, "partial") == "secret answer"  # noqa: B009  # any kind of error
    assert "secret answer" not in f"{told.error} {told.error!r}"
