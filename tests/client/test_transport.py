"""Every exception of httpx, in every phase, becomes one of ours."""

from __future__ import annotations

import socket
import ssl
import sys
from typing import Any, cast

import httpx
import pytest

from siliconflow_client import (
    APIConnectionError,
    APITimeoutError,
    AuthenticationError,
    CallOptions,
    ConfigurationError,
    InsufficientBalanceError,
    ServerError,
    SiliconFlowError,
    StreamInterruptedError,
)
from siliconflow_client.transport.failures import deadline_error, transport_error
from siliconflow_client.transport.settings import timeouts_for
from tests.client.by_hand import ASKED
from tests.client.callers import HI, KEY, TRACE, Caller
from tests.faults.server import GOOD, FaultServer

both = pytest.mark.parametrize("kind", ["sync", "async"])
HEADERS = {"x-siliconcloud-trace-id": TRACE}
REQUEST = httpx.Request("POST", "https://api.siliconflow.cn/v1/chat/completions")

EXCEPTIONS = [
    exported
    for name in httpx.__all__
    if isinstance(exported := getattr(httpx, name), type) and issubclass(exported, Exception)
]


def made(cls: type[Exception]) -> Exception:
    if cls is httpx.HTTPStatusError:
        return cls("m", request=REQUEST, response=httpx.Response(500))  # type: ignore[call-arg]  # its own signature
    if cls in (
        httpx.StreamConsumed,
        httpx.ResponseNotRead,
        httpx.RequestNotRead,
        httpx.StreamClosed,
    ):
        return cls()
    return cls("m")


def expected(cls: type[Exception]) -> type[SiliconFlowError]:
    if issubclass(cls, httpx.TimeoutException):
        return APITimeoutError
    if issubclass(cls, httpx.InvalidURL | httpx.UnsupportedProtocol):
        return ConfigurationError
    return APIConnectionError


def test_the_walk_finds_them_all():
    assert len(EXCEPTIONS) >= 25
    assert httpx.RemoteProtocolError in EXCEPTIONS


@both
@pytest.mark.parametrize("cls", EXCEPTIONS, ids=lambda cls: cls.__name__)
async def test_an_exception_while_sending(kind: str, cls: type[Exception]):
    cause = made(cls)
    seen: list[httpx.Request] = []

    def fail(request: httpx.Request) -> httpx.Response:
        seen.append(request)
        raise cause

    async with Caller(kind, fail, max_retries=2) as ask:
        with pytest.raises(SiliconFlowError) as caught:
            await ask("chat", **HI)
    error = caught.value
    # One holds a status, here 500.
    assert type(error) is (ServerError if cls is httpx.HTTPStatusError else expected(cls))
    assert error.__cause__ is cause
    assert error.is_retryable is (type(error) is not ConfigurationError)
    assert len(seen) == (3 if error.is_retryable else 1)
    if isinstance(error, APIConnectionError):
        assert (error.host, error.model) == ("api.siliconflow.cn", HI["model"])


class Breaking(httpx.SyncByteStream, httpx.AsyncByteStream):
    """A body that breaks after its first piece."""

    def __init__(self, first: bytes, cause: Exception) -> None:
        self.first, self.cause = first, cause

    def __iter__(self):
        yield self.first
        raise self.cause

    async def __aiter__(self):
        yield self.first
        raise self.cause


BODY_EXCEPTIONS = [
    cls for cls in EXCEPTIONS if not issubclass(cls, httpx.InvalidURL | httpx.UnsupportedProtocol)
]


@both
@pytest.mark.parametrize("cls", BODY_EXCEPTIONS, ids=lambda cls: cls.__name__)
async def test_an_exception_while_reading(kind: str, cls: type[Exception]):
    cause = made(cls)
    chunk = b'data: {"id":"x","choices":[{"index":0,"delta":{"content":"Hel"}}]}\n\n'

    def answer(request: httpx.Request) -> httpx.Response:
        headers = {"content-type": "text/event-stream"}
        return httpx.Response(200, headers=headers, stream=Breaking(chunk, cause))

    async with Caller(kind, answer) as ask:
        told = await ask.stream(**HI)
        with pytest.raises(expected(cls)):
            await ask("chat", **HI)
    if issubclass(cls, httpx.TimeoutException):
        assert isinstance(told.error, APITimeoutError)
    else:
        assert type(told.error) is StreamInterruptedError
    assert told.text == told.error.partial == "Hel"


@pytest.mark.parametrize(
    ("cls", "phase", "words"),
    [
        (httpx.ConnectTimeout, "connect", "could not connect within 1 s"),
        (httpx.ReadTimeout, "read", "no byte came within 2.5 s"),
        (httpx.WriteTimeout, "write", "could not be sent within 3 s"),
        (httpx.PoolTimeout, "pool", "no connection became free"),
        (httpx.TimeoutException, "read", "no byte came"),
    ],
)
def test_the_phases_of_a_timeout(cls: Any, phase: str, words: str):
    limits = {"connect": 1.0, "read": 2.5, "write": 3.0, "pool": None}
    error = transport_error(cls("m"), ASKED, limits)
    assert isinstance(error, APITimeoutError)
    assert (error.phase, error.limit) == (phase, limits[phase])
    assert words in str(error)
    assert error.hint is not None


@pytest.mark.parametrize("cause", [OSError("m"), ConnectionResetError("m"), ssl.SSLError("m")])
def test_bare_errors_of_the_system(cause: Exception):
    error = transport_error(cause, ASKED, {})
    assert type(error) is APIConnectionError
    assert type(cause).__name__ in str(error)


@pytest.mark.parametrize(
    ("cause", "words"),
    [
        (socket.gaierror(-2, "Name or service not known"), f"the host name {ASKED.host} was not found"),
        (ssl.SSLCertVerificationError(1, "self-signed certificate"), "SSL_CERT_FILE"),
    ],
)  # fmt: skip
def test_the_cause_behind_the_cause_is_named(cause: OSError, words: str):
    inner = ConnectionError("m")
    inner.__cause__ = cause
    error = httpx.ConnectError(str(cause))
    error.__cause__ = inner
    shown = transport_error(error, ASKED, {})
    assert type(shown) is APIConnectionError
    assert words in str(shown)
    assert str(cause) in str(shown)
    assert shown.hint is not None


def test_what_the_caller_was_handling_is_no_cause():
    error = httpx.ReadError("m")
    error.__context__ = socket.gaierror(-2, "Name or service not known")
    assert "not found" not in str(transport_error(error, ASKED, {}))


def test_a_bare_timeout_is_a_read_timeout():
    error = transport_error(TimeoutError(), ASKED, {"read": 2.0})
    assert isinstance(error, APITimeoutError)
    assert (error.phase, error.limit) == ("read", 2.0)


def test_words_that_might_hold_a_header_are_not_shown():
    cause = httpx.LocalProtocolError(f"Illegal header value b'Bearer {KEY}'")
    assert KEY not in str(transport_error(cause, ASKED, {}))


def test_the_deadline_is_named():
    error = deadline_error(2.5, ASKED)
    assert (error.phase, error.limit, error.is_retryable) == ("deadline", 2.5, False)
    assert "2.5 s" in str(error)
    assert "raise it" in str(error)


@pytest.mark.parametrize(
    ("timeout", "remaining", "limits"),
    [
        (300.0, None, (10.0, 300.0, 300.0, 300.0)),
        (5, None, (5, 5, 5, 5)),
        (300.0, 7.0, (7.0, 7.0, 7.0, 7.0)),
        (5.0, 7.0, (5.0, 5.0, 5.0, 5.0)),
        (httpx.Timeout(None), None, (None, None, None, None)),
        (httpx.Timeout(None), 7.0, (7.0, 7.0, 7.0, 7.0)),
        (httpx.Timeout(9.0, connect=1.0, pool=None), 4.0, (1.0, 4.0, 4.0, 4.0)),
    ],
)
def test_no_limit_outlasts_the_deadline(timeout: Any, remaining: Any, limits: Any):
    assert (
        tuple(timeouts_for(timeout, remaining)[p] for p in ("connect", "read", "write", "pool"))
        == limits
    )


@both
async def test_the_limits_reach_the_transport(kind: str):
    seen: list[Any] = []

    def note(request: httpx.Request) -> httpx.Response:
        seen.append(request.extensions["timeout"])
        return httpx.Response(400)

    async with Caller(kind, note, timeout=7.0) as ask:
        with pytest.raises(SiliconFlowError):
            await ask("chat", **HI)
    assert seen == [{"connect": 7.0, "read": 7.0, "write": 7.0, "pool": 7.0}]


@both
async def test_an_injected_client_that_was_closed(kind: str):
    async with Caller(kind, lambda request: httpx.Response(400)) as ask:
        if isinstance(ask.http, httpx.Client):
            ask.http.close()
        elif ask.http is not None:
            await ask.http.aclose()
        with pytest.raises(ConfigurationError, match="closed") as caught:
            await ask("chat", **HI)
    assert caught.value.argument == ("http_client" if kind == "sync" else "async_http_client")


@pytest.mark.parametrize("kind", ["sync", "async", "aiohttp"])
@pytest.mark.parametrize(
    "limits",
    [
        {"timeout": float("inf")},
        {"timeout": sys.maxsize},
        {"timeout": httpx.Timeout(float("inf"))},
        {"timeout": httpx.Timeout(1e12, read=None)},
        {"deadline": float("inf")},
        {"deadline": sys.maxsize},
    ],
    ids=str,
)
async def test_a_limit_may_be_so_far_away_that_it_is_none(kind: str, limits: dict[str, Any]):
    with FaultServer(GOOD) as server:
        async with Caller(kind, base_url=server.url, **limits) as ask:
            assert (await ask("chat", **HI)).text == "Hello"


@both
@pytest.mark.parametrize("name", ["timeout", "deadline"])
async def test_a_limit_that_is_no_number_of_seconds_any_more_is_refused(kind: str, name: str):
    async with Caller(kind) as ask:
        with pytest.raises(ConfigurationError) as caught:
            await ask("chat", **HI, options=CallOptions(**{name: 10**400}))
    assert caught.value.argument == name


@both
async def test_headers_have_names_of_text(kind: str):
    async with Caller(kind) as ask:
        with pytest.raises(ConfigurationError, match="headers"):
            await ask("chat", **HI, options=CallOptions(headers=cast("Any", {b"x-a": "b"})))


class Refusal(httpx.SyncByteStream, httpx.AsyncByteStream):
    """A body that is not read yet."""

    def __iter__(self):
        yield b'{"code": 7, "message": "No."}'

    async def __aiter__(self):
        yield b'{"code": 7, "message": "No."}'


# --- hooks of injected clients ------------------------------------------------------------------


@both
@pytest.mark.parametrize("reads", [False, True], ids=["unread", "read"])
@pytest.mark.parametrize(
    ("status", "expected"), [(401, AuthenticationError), (402, InsufficientBalanceError)]
)
async def test_a_hook_that_raises_for_the_status_hides_no_status(
    kind: str, reads: bool, status: int, expected: type[SiliconFlowError]
):
    """Many keep `raise_for_status` as a hook on the client that all their packages share."""

    def answer(request: httpx.Request) -> httpx.Response:
        return httpx.Response(status, stream=Refusal(), headers=HEADERS)

    def refuse(response: httpx.Response) -> None:
        if reads:
            response.read()
        response.raise_for_status()

    async def refuse_later(response: httpx.Response) -> None:
        if reads:
            await response.aread()
        response.raise_for_status()

    async with Caller(kind, answer) as ask:
        assert ask.http is not None
        ask.http.event_hooks = {"response": [refuse if kind == "sync" else refuse_later]}
        with pytest.raises(expected) as caught:
            await ask("chat", **HI)
    assert caught.value.trace_id == TRACE
    assert caught.value.attempts == 1
    assert ("No." in str(caught.value)) is reads
