"""A key of any form, and a prompt, in whatever an error carries: words, bodies, causes, frames."""

from __future__ import annotations

import contextlib
import json
import logging
import pickle
import traceback
from collections.abc import Iterator
from typing import Any

import pytest

from siliconflow_client import (
    APIConnectionError,
    APIStatusError,
    ConfigurationError,
    SiliconFlowClient,
    SiliconFlowError,
)
from tests.client.callers import HI, KEY, Caller
from tests.faults.server import Close, FaultServer, Reply, Reset, body, chunked, event, head, piece

PROMPT = "the-prompt-nobody-may-log"
ASK = {**HI, "messages": [{"role": "user", "content": PROMPT}]}
PLAIN_KEY = "0123456789.abcdefghij"
ESCAPED = "".join(f"\\u{ord(character):04x}" for character in PLAIN_KEY)


async def failure(kind: str, reply: Reply, streamed: bool, **settings: Any) -> SiliconFlowError:
    settings.setdefault("api_key", PLAIN_KEY)
    settings.setdefault("timeout", 2.0)  # aiohttp may wait on after a chunk that is none
    with FaultServer(reply) as server:
        async with Caller(kind, base_url=server.url, max_retries=1, **settings) as ask:
            if streamed:
                error = (await ask.stream(**ASK)).error
                assert error is not None
                return error
            with pytest.raises(SiliconFlowError) as caught:
                await ask("chat", **ASK)
            return caught.value


def locals_and_words(error: BaseException) -> Iterator[str]:
    """All that a crash reporter shows: each frame's variables, and the words of each cause."""
    left = [traceback.TracebackException.from_exception(error, capture_locals=True, compact=False)]
    seen: set[int] = set()
    while left:
        shown = left.pop()
        seen.add(id(shown))
        yield from shown.format_exception_only()
        for frame in shown.stack:
            if "/tests/" not in frame.filename:
                yield from (f"{frame.name}.{name}={value}" for name, value in (frame.locals or {}).items())  # fmt: skip
        below = (shown.__cause__, shown.__context__)
        left += [found for found in below if found is not None and id(found) not in seen]


def everything(error: SiliconFlowError) -> list[str]:
    shown = [
        str(error),
        repr(error),
        repr(vars(error)),
        error.message,
        str(error.hint),
        repr(getattr(error, "body", None)),
        pickle.dumps(error).decode("latin-1"),
        "".join(traceback.format_exception(error)),
        *locals_and_words(error),
    ]
    if isinstance(error, APIStatusError) and error.response is not None:
        response = error.response
        shown += [response.text, repr(response.headers), response.content.decode("latin-1")]
        with contextlib.suppress(ValueError):
            shown.append(repr(response.json()))
    return shown


ECHO = f"POST /v1/chat/completions HTTP/1.1\r\nAuthorization: Bearer {PLAIN_KEY}\r\n\r\n{PROMPT}"
ECHOES: dict[str, Reply] = {
    "bytes that are not HTTP": [ECHO.encode(), Close],
    "one line that is not HTTP": [f"{PLAIN_KEY} {PROMPT}\r\n\r\n".encode(), Close],
    "a header that is none": [f"HTTP/1.1 200 OK\r\n{PLAIN_KEY} {PROMPT}\r\n\r\n".encode(), Close],
    "a length that is none": [head(200, content_length=f"{PLAIN_KEY}{PROMPT}"), b"x", Close],
    "a chunk that is none": [head(200, transfer_encoding="chunked"), ECHO.encode() + b"\r\n", Close],
    "an encoding that is none": body(ECHO.encode(), content_encoding="gzip"),
}  # fmt: skip


@pytest.mark.parametrize("streamed", [False, True])
@pytest.mark.parametrize("echo", ECHOES)
async def test_an_echo_that_is_not_http_is_never_quoted(kind: str, echo: str, streamed: bool):
    error = await failure(kind, ECHOES[echo], streamed)
    assert isinstance(error, APIConnectionError)
    for text in everything(error):
        assert PLAIN_KEY not in text
        assert PROMPT not in text


ANSWERS: dict[str, Reply] = {
    "400": body(f'{{"code":20015,"message":"key {PLAIN_KEY}"}}'.encode(), 400),
    "400 with escapes": body(f'{{"code":20015,"message":"key {ESCAPED}"}}'.encode(), 400),
    "400 deep inside": body(f'{{"message":"m","data":[{{"{PLAIN_KEY}":["{ESCAPED}"]}}]}}'.encode(), 400),
    "400 with the key as code": body(f'{{"error":{{"code":"{PLAIN_KEY}","message":"m"}}}}'.encode(), 400),
    "400 as detail": body(f'{{"detail":[{{"loc":["{PLAIN_KEY}"],"msg":"{ESCAPED}"}}]}}'.encode(), 400),
    "500 as text": body(PLAIN_KEY.encode(), 500, "text/plain"),
    "500 as HTML": body(f"<title>{PLAIN_KEY}</title>".encode(), 500, "text/html"),
    "401 in headers": body(b'"no"', 401, x_echo=f"Bearer {PLAIN_KEY}"),
    "400 as trace id": [
        f"HTTP/1.1 400 X\r\nx-siliconcloud-trace-id: {PLAIN_KEY}\r\ncontent-length: 0\r\n\r\n".encode()
    ],
    "an error object under 200": body(f'{{"code":30001,"message":"{ESCAPED}"}}'.encode()),
    "an unknown error object under 200": body(f'{{"code":1,"message":"{ESCAPED}"}}'.encode()),
    "a page under 200": body(f"<title>{PLAIN_KEY}</title>".encode(), 200, "text/html"),
    "another shape under 200": body(f'{{"choices":"{PLAIN_KEY}","x":"{ESCAPED}"}}'.encode()),
    "broken JSON under 200": body(f'{{"choices":"{PLAIN_KEY}'.encode()),
    "an event that is an error": chunked(event({"code": 50505, "message": PLAIN_KEY, "data": [PLAIN_KEY]})),
    "an event with the key as code": chunked(event({"code": PLAIN_KEY, "message": "m"})),
    "an event with nothing but a code": chunked(event({"error": {"code": f"bad {PLAIN_KEY}"}})),
    "an event of another shape": chunked(event({"choices": PLAIN_KEY, "x": PLAIN_KEY})),
    "an event that is broken": chunked(f"data: {PLAIN_KEY}\n\n".encode()),
}  # fmt: skip


@pytest.mark.parametrize("streamed", [False, True])
@pytest.mark.parametrize("answer", ANSWERS)
async def test_a_key_that_is_sent_back_is_nowhere_in_the_error(
    kind: str, answer: str, streamed: bool
):
    error = await failure(kind, ANSWERS[answer], streamed)
    for text in everything(error):
        assert PLAIN_KEY not in text
        assert ESCAPED not in text


async def test_a_key_with_escapes_in_an_event_is_not_shown(kind: str):
    reply = chunked(f'data: {{"code":50505,"message":"{ESCAPED}"}}\n\n'.encode())
    for text in everything(await failure(kind, reply, True)):
        assert PLAIN_KEY not in text
        assert ESCAPED not in text


async def test_tokens_of_gateways_are_secrets_too(kind: str):
    reply = body(b'{"message":"token gate-77-token and cookie c=7777"}', 403)
    headers = {"X-Gateway-Token": "gate-77-token", "Cookie": "c=7777", "X-Team": "blue"}
    error = await failure(kind, reply, False, default_headers=headers)
    for text in everything(error):
        assert "gate-77-token" not in text
        assert "c=7777" not in text


async def test_a_key_that_a_function_tells_is_a_secret_too(kind: str):
    reply = body(f'{{"message":"key {PLAIN_KEY}"}}'.encode(), 403)
    error = await failure(kind, reply, False, api_key=lambda: PLAIN_KEY)
    for text in everything(error):
        assert PLAIN_KEY not in text


FAULTS: dict[str, Reply] = {
    "closed": [Close],
    "reset": [Reset],
    "refused": body(b'{"code":20015,"message":"x"}', 400),
    "broken JSON": body(b'{"id":'),
    "another shape": body(b'{"id":"x"}'),
    "cut short": [head(200, length=99), b"{", Close],
    "cut in a stream": [*chunked(piece("Hel"), end=False), Close],
    "an error in a stream": chunked(piece("Hel"), event({"code": 50505, "message": "m"})),
}


@pytest.mark.parametrize("streamed", [False, True])
@pytest.mark.parametrize("fault", FAULTS)
async def test_frames_of_a_failed_call_show_neither_key_nor_prompt(
    kind: str, fault: str, streamed: bool
):
    error = await failure(kind, FAULTS[fault], streamed)
    shown = "\n".join(locals_and_words(error))
    assert "perform" in shown or "_attempt" in shown  # the frames are there
    assert PLAIN_KEY not in shown
    assert PROMPT not in shown


@pytest.mark.parametrize(
    ("method", "request_fields"),
    [
        ("embed", {"model": "m", "input": [PROMPT]}),
        ("rerank", {"model": "m", "query": PROMPT, "documents": [PROMPT]}),
        ("complete", {"model": "m", "prompt": PROMPT}),
    ],
)
async def test_frames_of_the_other_calls_show_no_input(
    kind: str, method: str, request_fields: dict[str, Any]
):
    with FaultServer(body(b'"no"', 400)) as server:
        async with Caller(kind, base_url=server.url) as ask:
            with pytest.raises(SiliconFlowError) as caught:
                await ask(method, **request_fields)
    shown = "\n".join(locals_and_words(caught.value))
    assert KEY not in shown
    assert PROMPT not in shown


@pytest.mark.parametrize(
    "url",
    [
        "https://user:geheim@api.siliconflow.cn/v1",
        "https://geheim@api.siliconflow.cn/v1",
        "ftp://user:geheim@api.siliconflow.cn/v1",
        "https://user:geheim@api.siliconflow.cn:port/v1",
        "https://user:geheim@api. siliconflow.cn/v1",
        "http://user:geheim@api.siliconflow.cn/v1",
    ],
)
def test_a_password_in_the_url_is_not_shown(url: str):
    with pytest.raises(ConfigurationError) as caught:
        SiliconFlowClient(api_key=KEY, base_url=url)
    shown = f"{caught.value} {caught.value!r} {caught.value.args}"
    assert "geheim" not in shown
    assert caught.value.argument == "base_url"


@pytest.mark.parametrize("inside", [" ", "\r\n", "\n", "\t", "\x00", "\x1b[31m"])
def test_a_url_with_white_space_or_control_characters_is_refused(inside: str):
    with pytest.raises(ConfigurationError) as caught:
        SiliconFlowClient(api_key=KEY, base_url=f"https://api.silicon{inside}flow.cn/v1")
    assert caught.value.argument == "base_url"
    assert str(caught.value).isprintable()


MODEL = "x\r\nINFO all is well\x1b[2J\x07"


@pytest.mark.parametrize("status", [400, 503])
async def test_a_model_s_name_cannot_write_lines_or_move_the_cursor(
    kind: str, status: int, caplog: pytest.LogCaptureFixture
):
    caplog.set_level(logging.DEBUG, logger="siliconflow")
    reply = body(json.dumps({"code": 20012, "message": f"no model {MODEL}"}).encode(), status)
    with FaultServer(reply) as server:
        async with Caller(kind, base_url=server.url, max_retries=1) as ask:
            with pytest.raises(APIStatusError) as caught:
                await ask("chat", **{**HI, "model": MODEL})
    assert str(caught.value).isprintable()
    assert all(record.getMessage().isprintable() for record in caplog.records)
    # One line for the call, and one for the attempt that is followed by another.
    levels = ["INFO", "DEBUG"] if status == 503 else ["DEBUG"]
    assert [record.levelname for record in caplog.records] == levels


async def test_a_transport_s_numbers_are_not_taken_for_a_status(kind: str):
    broken = [head(200, transfer_encoding="chunked"), b"zz\r\n{}\r\n", Close]
    error = await failure(kind, broken, False)
    assert isinstance(error, APIConnectionError)
    assert "400" not in str(error).replace(str(error.host), "")
    assert "TransferEncodingError" not in str(error)
