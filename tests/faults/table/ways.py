"""What lies between: certificates, proxies, redirects."""

from __future__ import annotations

from siliconflow_client import (
    APIConnectionError,
    APIStatusError,
    APITimeoutError,
    ConfigurationError,
)
from tests.faults.server import CHAT, GOOD, Close, Reset, Stall, body, head
from tests.faults.table.row import Peer, Row

TLS = "https://localhost:{port}/v1"
TRUST = {"SSL_CERT_FILE": "{authority}"}
ONE_TRY = {"max_retries": 0}
TWO_TRIES = {"max_retries": 1}
NOT_TRUSTED = {"is_retryable": False, "never_sent": True}

CERTIFICATES = [
    Row("one that SSL_CERT_FILE vouches for", [GOOD], "Hello", peer=Peer(TLS, TRUST, "localhost")),
    Row("one of an unknown authority", [GOOD], APIConnectionError, 0, NOT_TRUSTED, peer=Peer(TLS, {}, "localhost"), connections=1),
    Row("one for another host", [GOOD], APIConnectionError, 0, NOT_TRUSTED, peer=Peer(TLS, TRUST, "another host"), connections=1),
    Row("one that has expired", [GOOD], APIConnectionError, 0, NOT_TRUSTED, peer=Peer(TLS, TRUST, "expired"), connections=1),
    Row("none: plain HTTP is spoken", [GOOD], APIConnectionError, 2, {"is_retryable": True}, TWO_TRIES, peer=Peer(TLS)),
    Row("TLS where plain HTTP was asked for", [GOOD], APIConnectionError, 0, {"is_retryable": True}, TWO_TRIES, peer=Peer("http://localhost:{port}/v1", {}, "localhost"), connections=2),
    Row("a good one, then closed in the body, once", [[head(200, length=len(CHAT)), CHAT[:20], Close], GOOD], "Hello", 2, peer=Peer(TLS, TRUST, "localhost")),
    Row("a good one, then a reset, for ever", [[Reset]], APIConnectionError, 2, {}, TWO_TRIES, peer=Peer(TLS, TRUST, "localhost")),
]  # fmt: skip

API = "https://api.siliconflow.cn/v1"
BEHIND = Peer(API, {"HTTPS_PROXY": "http://127.0.0.1:{port}"})
OPEN = Peer("http://api.example.org/v1", {"HTTP_PROXY": "http://127.0.0.1:{port}"})
ALLOWED = {"allow_http": True}

PROXIES = [
    Row("HTTPS_PROXY: nobody listens", [GOOD], APIConnectionError, 0, {"never_sent": True, "host": "api.siliconflow.cn"}, TWO_TRIES, peer=Peer(API, BEHIND.environment, listens=False)),
    Row("HTTPS_PROXY: 407", [body(b"no", "407 Proxy Authentication Required", None)], APIConnectionError, 2, {"host": "api.siliconflow.cn"}, TWO_TRIES, peer=BEHIND),
    Row("HTTPS_PROXY: 502", [body(b"no", 502, None)], APIConnectionError, 2, {}, TWO_TRIES, peer=BEHIND),
    Row("HTTPS_PROXY: 503 and a page", [body(b"<html>", 503, "text/html")], APIConnectionError, 2, {}, TWO_TRIES, peer=BEHIND),
    Row("HTTPS_PROXY: closes", [[Close]], APIConnectionError, 2, {}, TWO_TRIES, peer=BEHIND),
    Row("HTTPS_PROXY: resets", [[Reset]], APIConnectionError, 2, {}, TWO_TRIES, peer=BEHIND),
    Row("HTTPS_PROXY: nonsense", [[b"nonsense\r\n\r\n", Close]], APIConnectionError, 2, {}, TWO_TRIES, peer=BEHIND),
    Row("HTTPS_PROXY: a tunnel that closes", [[b"HTTP/1.1 200 Connection established\r\n\r\n", Close]], APIConnectionError, 2, {}, TWO_TRIES, peer=BEHIND),
    Row("HTTPS_PROXY: a tunnel to what is no TLS", [[b"HTTP/1.1 200 Connection established\r\n\r\n", b"nonsense\r\n\r\n", Close]], APIConnectionError, 2, {}, TWO_TRIES, peer=BEHIND),
    Row("HTTPS_PROXY: no answer", [[Stall]], APITimeoutError, 1, {}, {"timeout": 0.3, "max_retries": 0}, peer=BEHIND),
    Row("HTTPS_PROXY of an unknown scheme", [GOOD], ConfigurationError, 0, {"argument": "HTTPS_PROXY"}, ONE_TRY, peer=Peer(API, {"HTTPS_PROXY": "ftp://127.0.0.1:{port}"})),
    Row("HTTPS_PROXY without a host", [GOOD], APIConnectionError, 0, {}, ONE_TRY, peer=Peer(API, {"HTTPS_PROXY": "http://"})),
    Row("HTTPS_PROXY with a port of nonsense", [GOOD], ConfigurationError, 0, {"argument": "HTTPS_PROXY"}, ONE_TRY, peer=Peer(API, {"HTTPS_PROXY": "http://127.0.0.1:port"})),
    Row("HTTPS_PROXY: SOCKS, for which a package is missing", [GOOD], ConfigurationError, 0, {}, ONE_TRY, peer=Peer(API, {"HTTPS_PROXY": "socks5://127.0.0.1:{port}"})),
    Row("HTTP_PROXY: passes it on", [GOOD], "Hello", 1, {}, ALLOWED, peer=OPEN),
    Row("HTTP_PROXY: 407", [body(b"no", "407 Proxy Authentication Required", None)], APIStatusError, 1, {"status_code": 407}, ALLOWED, peer=OPEN),
    Row("HTTP_PROXY: a page under 502, once", [body(b"<html>", 502, "text/html"), GOOD], "Hello", 2, {}, ALLOWED, peer=OPEN),
    Row("NO_PROXY names the host", [GOOD], "Hello", 1, peer=Peer(environment={"HTTP_PROXY": "http://127.0.0.1:9", "NO_PROXY": "127.0.0.1"})),
]  # fmt: skip

ELSEWHERE = "http://127.0.0.1:9/v1/chat/completions"
REDIRECTS = [
    *(
        Row(f"{status} to another host", [body(b"", status, None, location=ELSEWHERE)], APIStatusError, 1, {"status_code": status, "is_retryable": False})
        for status in (301, 302, 303, 307, 308)
    ),
    Row("307 to the same path, for ever", [body(b"", 307, None, location="/v1/chat/completions")], APIStatusError, 1, {"status_code": 307}),
    Row("307 without a location", [body(b"", 307, None)], APIStatusError, 1, {"status_code": 307}),
    Row("307 to nonsense", [body(b"", 307, None, location="http://[")], APIStatusError, 1, {"status_code": 307}),
    Row("300", [body(b'{"message":"choose"}', 300)], APIStatusError, 1, {"status_code": 300, "message": "choose"}),
    Row("304", [[b"HTTP/1.1 304 Not Modified\r\n\r\n"]], APIStatusError, 1, {"status_code": 304}),
]  # fmt: skip
