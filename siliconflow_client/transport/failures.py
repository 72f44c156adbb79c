"""What a transport raises, as our errors. None of its words are shown but the system's own.

A peer that is no HTTP server may send anything back, also the request with its key and its
prompt, and httpx quotes it.
"""

from __future__ import annotations

import functools
import socket
import ssl
import sys
from typing import TYPE_CHECKING

import httpx

from siliconflow_client.errors.redaction import redact
from siliconflow_client.errors.tree import (
    APIConnectionError,
    APITimeoutError,
    ConfigurationError,
    SiliconFlowError,
)

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from siliconflow_client.errors.response import Target
    from siliconflow_client.errors.tree import Phase

_FAILURES: tuple[type[Exception], ...] = (
    httpx.HTTPError,
    httpx.StreamError,
    httpx.InvalidURL,
    httpx.CookieConflict,
    OSError,
    ImportError,  # of what a connection needs: SOCKS, HTTP/2
)

_PHASES: tuple[tuple[type[httpx.TimeoutException], Phase], ...] = (
    (httpx.ConnectTimeout, "connect"),
    (httpx.ReadTimeout, "read"),
    (httpx.WriteTimeout, "write"),
    (httpx.PoolTimeout, "pool"),
)
_CONNECT_HINT = "check the network, a proxy, and base_url."
_PROXY_HINT = (
    "the proxy comes from the environment (HTTPS_PROXY, HTTP_PROXY, ALL_PROXY); correct it, or "
    "name the host in NO_PROXY."
)
_CERTIFICATE_HINT = (
    "a proxy or virus scanner may have put its own in: set SSL_CERT_FILE to its authority's file."
)
_TIMEOUT_HINTS: dict[Phase, str] = {
    "connect": _CONNECT_HINT,
    "read": "raise timeout (seconds without a byte), or stream long answers.",
    "write": "check the network; large images are sent faster as URLs.",
    "pool": "all connections of the http client are busy: make fewer calls at once, close streams "
    "that were left early, or raise its limits.",
}
_WORDS: tuple[tuple[type[Exception], str], ...] = (
    (httpx.ConnectError, "could not connect"),
    (httpx.ReadError, "the connection broke while reading"),
    (httpx.WriteError, "the connection broke while sending"),
    (httpx.CloseError, "the connection could not be closed"),
    (httpx.RemoteProtocolError, "the answer was cut short or was not HTTP"),
    (httpx.ProxyError, "the proxy refused"),
    (httpx.DecodingError, "the answer could not be decompressed"),
    (httpx.TooManyRedirects, "too many redirects"),
    (httpx.StreamError, "the connection was used after it was closed"),
)


def failures() -> tuple[type[Exception], ...]:
    """What a transport may raise; httpx-aiohttp lets some of aiohttp's own errors through."""
    return _failures_with_aiohttp() if "aiohttp" in sys.modules else _FAILURES


@functools.cache
def _failures_with_aiohttp() -> tuple[type[Exception], ...]:
    from aiohttp import ClientError

    return (*_FAILURES, ClientError)


def failed_source(error: Exception) -> ConfigurationError | None:
    """What a file said that was being sent: aiohttp makes a connection error of it."""
    for link in _chain(error):
        if isinstance(link, ConfigurationError):
            return ConfigurationError(link.message, argument=link.argument, hint=link.hint)
    return None


def transport_error(
    error: Exception,
    target: Target,
    timeouts: Mapping[str, float | None],
    proxy: str | None = None,
) -> SiliconFlowError:
    """Map what a transport raised.

    Args:
        error: What it was.
        target: What was asked.
        timeouts: The limits of the phases, in seconds.
        proxy: Host and port of the proxy that stood in between, if any.
    """
    _forget_frames(error)
    if isinstance(error, ImportError):
        return ConfigurationError("httpx needs a package for this connection that is missing.")
    if isinstance(error, httpx.UnsupportedProtocol | httpx.InvalidURL):
        return ConfigurationError(
            f"httpx cannot use this URL ({type(error).__name__}).", argument="base_url"
        )
    cause = error.__cause__
    # httpx-aiohttp calls every lost connection a ConnectTimeout; its cause tells.
    lost = type(cause).__module__.startswith("aiohttp") and not isinstance(cause, TimeoutError)
    if isinstance(error, httpx.TimeoutException | TimeoutError) and not lost:
        return _timeout_error(error, target, timeouts, proxy)
    words = next((text for cls, text in _WORDS if isinstance(error, cls)), "the connection broke")
    if lost:
        kinds = {kind.__name__ for kind in type(cause).__mro__}
        unreached = bool(kinds & {"ClientConnectorError", "ClientHttpProxyError"})
        words = "could not connect" if "ClientConnectorError" in kinds else "the connection broke"
    else:
        unreached = isinstance(error, httpx.ConnectError | httpx.ProxyError)
    hint = _CONNECT_HINT if words == "could not connect" else None
    if any(isinstance(link, ssl.SSLError) for link in _chain(error)):
        proxy = None  # it was passed
    if proxy is not None and unreached:
        words = f"{words} to the proxy {proxy}" if hint else f"the proxy {proxy} refused"
        hint = _PROXY_HINT
    detail = ""
    is_certificate = False
    for link in _chain(error):
        if isinstance(link, OSError) and str(link) and not _is_of_a_library(link):
            detail = f": {redact(str(link))}"
        if isinstance(link, socket.gaierror):
            words = f"the host name {proxy or target.host} was not found"
            hint = _CONNECT_HINT if proxy is None else _PROXY_HINT
        elif isinstance(link, ssl.SSLCertVerificationError):
            words, hint = f"the certificate of {target.host} was not accepted", _CERTIFICATE_HINT
            is_certificate = True
    mapped = APIConnectionError(
        f"Connection error: {words} ({type(cause if lost and cause else error).__name__}{detail}).",
        host=target.host,
        model=target.model,
        hint=hint,
    )
    mapped.never_sent = unreached
    if is_certificate:  # it will not be another one at the next attempt
        mapped.is_retryable = False
    return mapped


def refusing_response(error: Exception) -> httpx.Response | None:
    """The answer that a hook of an injected client raised for (`response.raise_for_status()`)."""
    return error.response if isinstance(error, httpx.HTTPStatusError) else None


def content_of(response: httpx.Response) -> bytes:
    """What was read of an answer's body by someone else, before it was closed."""
    try:
        return response.content
    except httpx.ResponseNotRead:
        return b""


def _timeout_error(
    error: httpx.TimeoutException | TimeoutError,
    target: Target,
    timeouts: Mapping[str, float | None],
    proxy: str | None,
) -> APITimeoutError:
    phase = _phase_of(error)
    limit = timeouts.get(phase)
    after = f" within {limit:g} s" if limit is not None else ""
    what = {
        "connect": f"could not connect{f' to the proxy {proxy}' if proxy else ''}{after}",
        "read": f"no byte came{after}",
        "write": f"the request could not be sent{after}",
        "pool": f"no connection became free{after}",
        "deadline": "",
    }[phase]
    mapped = APITimeoutError(
        f"Timed out: {what}.",
        phase=phase,
        limit=limit,
        host=target.host,
        model=target.model,
        hint=_PROXY_HINT if proxy and phase == "connect" else _TIMEOUT_HINTS.get(phase),
    )
    mapped.never_sent = phase in ("connect", "pool")
    return mapped


def without_words(error: Exception) -> BaseException | None:
    """The error without what its words and its causes repeat of a peer; `None` if none is left.

    A traceback shows the words of every cause, and aiohttp's errors hold the request's headers.
    """
    if _quotes(error):
        if not isinstance(error, httpx.HTTPError | httpx.StreamError):
            return None
        error.args = ()
        error.__cause__ = error.__context__ = None
    seen: set[int] = set()
    links: list[BaseException] = [error]
    while links:
        link = links.pop()
        seen.add(id(link))
        if link.__cause__ is not None and _quotes(link.__cause__):
            link.__cause__ = None
        if link.__context__ is not None and _quotes(link.__context__):
            link.__context__ = None
        below = (link.__cause__, link.__context__)
        links += [found for found in below if found is not None and id(found) not in seen]
    return error


_QUOTING = (
    "RemoteProtocolError",
    "LocalProtocolError",
    "DecodingError",
    "ProxyError",
)


def _quotes(error: BaseException) -> bool:
    """Whether an error may repeat what came or what was sent."""
    library = type(error).__module__.partition(".")[0]
    if isinstance(error, OSError):
        return False
    return library in ("aiohttp", "h11") or type(error).__name__ in _QUOTING


def _is_of_a_library(error: BaseException) -> bool:
    """Whether the words are a library's, which quotes what came, and not the system's."""
    return type(error).__module__.partition(".")[0] in ("aiohttp", "httpcore", "httpx")


def _forget_frames(error: BaseException) -> None:
    """Let go of the frames below: their local variables hold the request and its key."""
    seen: set[int] = set()
    links: list[BaseException | None] = [error]
    while links:
        link = links.pop()
        if link is not None and id(link) not in seen:
            seen.add(id(link))
            link.__traceback__ = None
            links += [link.__cause__, link.__context__]


def _chain(error: BaseException | None) -> Iterator[BaseException]:
    """An error and what it came from: httpx wraps the system's errors, two or three deep."""
    while error is not None:
        yield error
        # httpcore hands the system's error on as an argument, without `from`.
        wrapped = (item for item in error.args if isinstance(item, BaseException))
        error = error.__cause__ or next(wrapped, None)


def _phase_of(error: httpx.TimeoutException | TimeoutError) -> Phase:
    for cls, phase in _PHASES:
        if isinstance(error, cls):
            return phase
    return "read"


def unasked_answer(target: Target) -> APIConnectionError:
    """Say that a connection held an answer before the request was sent."""
    return APIConnectionError(
        "Connection error: an answer was there before the request was sent, so it is another's.",
        host=target.host,
        model=target.model,
        hint="something in between mixes up answers; look at the proxy or gateway, and ask again.",
    )


def closed_meanwhile(target: Target, *, never_sent: bool) -> APIConnectionError:
    """Say that the client was closed, by another thread or task, before its call was done."""
    error = APIConnectionError(
        "Connection error: the client was closed while the call was under way.",
        host=target.host,
        model=target.model,
        hint="close it when its calls are done; a call after that opens new connections.",
    )
    error.is_retryable = False
    error.never_sent = never_sent
    return error


def deadline_error(limit: float, target: Target) -> APITimeoutError:
    """Say that a whole call took longer than its deadline."""
    return APITimeoutError(
        f"Timed out: the call was not done within its deadline of {limit:g} s.",
        phase="deadline",
        limit=limit,
        host=target.host,
        model=target.model,
        hint="the deadline covers all attempts and waits; raise it, or lower timeout or "
        "max_retries.",
    )
