"""Who is to blame: certificates, proxies, ports, and answers that nobody asked for."""

from __future__ import annotations

import asyncio
import contextlib
import shutil
import socket
import ssl
import subprocess
import threading
import traceback
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest

from siliconflow_client import (
    APIConnectionError,
    APITimeoutError,
    ConfigurationError,
    SiliconFlowClient,
    SiliconFlowError,
)
from siliconflow_client.errors.response import Target
from siliconflow_client.transport.failures import transport_error
from siliconflow_client.transport.proxies import proxy_for
from tests.client.callers import HI, Caller
from tests.faults.peers import surroundings
from tests.faults.server import CHAT, GOOD, Close, FaultServer, Stall, body
from tests.faults.table.row import Peer

SITE = "https://api.siliconflow.cn/v1"

# --- certificates ---------------------------------------------------------------------------


@pytest.fixture(scope="module")
def certificate(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A certificate that its owner has signed, and its key, in one file."""
    if shutil.which("openssl") is None:
        pytest.skip("needs the openssl program")
    folder = tmp_path_factory.mktemp("tls")
    key, file = folder / "key.pem", folder / "certificate.pem"
    subprocess.run(
        ["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2", "-subj", "/CN=localhost",
         "-keyout", str(key), "-out", str(file)],
        check=True, capture_output=True, timeout=60,
    )  # fmt: skip
    file.write_bytes(file.read_bytes() + key.read_bytes())
    return file


@contextlib.contextmanager
def tls_server(certificate: Path) -> Iterator[tuple[str, list[int]]]:
    """Shakes hands, or tries to; the list grows with every connection."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate)
    connections: list[int] = []
    over = threading.Event()

    def serve(listener: socket.socket) -> None:
        while True:
            connection, _ = listener.accept()
            with connection:
                if over.is_set():
                    return
                connections.append(1)
                connection.settimeout(5)
                with contextlib.suppress(OSError):
                    context.wrap_socket(connection, server_side=True).close()

    with socket.create_server(("127.0.0.1", 0)) as listener:
        thread = threading.Thread(target=serve, args=[listener], daemon=True)
        thread.start()
        port = listener.getsockname()[1]
        try:
            yield f"https://localhost:{port}/v1", connections
        finally:
            over.set()
            socket.create_connection(("127.0.0.1", port), timeout=1).close()
            thread.join(10)


async def test_a_certificate_that_is_not_trusted_is_not_tried_again(kind: str, certificate: Path):
    with tls_server(certificate) as (url, connections):
        async with Caller(kind, base_url=url) as ask:
            with pytest.raises(APIConnectionError) as caught:
                await ask("chat", **HI)
    assert len(connections) == 1
    assert ask.waits == []
    assert not caught.value.is_retryable
    assert "the certificate of localhost" in caught.value.message
    assert "SSL_CERT_FILE" in str(caught.value.hint)


def test_tls_that_breaks_off_is_tried_again():
    broken = transport_error(ssl.SSLError(1, "unexpected eof"), Target("h", "/p"), {})
    assert broken.is_retryable


# --- proxies --------------------------------------------------------------------------------


@pytest.fixture
def no_proxies(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY", "NO_PROXY"):
        monkeypatch.delenv(name, raising=False)
        monkeypatch.delenv(name.lower(), raising=False)


def unused_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        return listener.getsockname()[1]


OURS = pytest.mark.parametrize("kind", ["sync", "aiohttp"])
"""Clients that make their pools themselves; an injected one's proxies are its owner's."""


@OURS
@pytest.mark.usefixtures("no_proxies")
async def test_a_proxy_that_is_not_there_is_to_blame(kind: str, monkeypatch: pytest.MonkeyPatch):
    port = unused_port()
    login = "user:geheim@" if kind == "sync" else ""  # aiohttp warns of its own way with them
    monkeypatch.setenv("HTTPS_PROXY", f"http://{login}127.0.0.1:{port}")
    async with Caller(kind, base_url="https://api.siliconflow.cn/v1", max_retries=0) as ask:
        with pytest.raises(APIConnectionError) as caught:
            await ask("chat", **HI)
    assert f"could not connect to the proxy 127.0.0.1:{port}" in caught.value.message
    assert "HTTPS_PROXY" in str(caught.value.hint)
    assert "base_url" not in str(caught.value.hint)
    assert caught.value.host == "api.siliconflow.cn"
    assert "geheim" not in str(caught.value)


@OURS
@pytest.mark.usefixtures("no_proxies")
async def test_a_proxy_that_refuses_is_to_blame(kind: str, monkeypatch: pytest.MonkeyPatch):
    with FaultServer(body(b"no", "407 Proxy Authentication Required", None)) as server:
        monkeypatch.setenv("HTTPS_PROXY", f"http://127.0.0.1:{server.port}")
        async with Caller(kind, base_url="https://api.siliconflow.cn/v1", max_retries=0) as ask:
            with pytest.raises(APIConnectionError) as caught:
                await ask("chat", **HI)
    assert f"the proxy 127.0.0.1:{server.port} refused" in caught.value.message
    assert "HTTPS_PROXY" in str(caught.value.hint)
    assert server.seen[0].head.startswith("CONNECT api.siliconflow.cn:443")


@OURS
@pytest.mark.parametrize(
    "place",
    [
        "ftp://{}127.0.0.1:1",
        "http://{}127.0.0.1:port",
        "socks5://{}127.0.0.1:1",
        "http://{}[::1",
        "http://{}127.0.0.1:1\n",
    ],
)
async def test_a_proxy_that_cannot_be_used_is_named_without_its_password(kind: str, place: str):
    peer = Peer(SITE, {"ALL_PROXY": place.format("user:geheim@")})
    with surroundings(peer, 0) as url:
        async with Caller(kind, base_url=url) as ask:
            with pytest.raises(ConfigurationError) as caught:
                await ask("chat", **HI)
    assert caught.value.argument == "ALL_PROXY"
    assert ask.waits == []
    assert "geheim" not in "".join(traceback.format_exception(caught.value))


@OURS
@pytest.mark.parametrize("entry", ["[::1]", "localhost,fd00::/8"])
async def test_an_entry_of_no_proxy_that_httpx_cannot_read_is_a_setting_to_correct(
    kind: str, entry: str
):
    peer = Peer(SITE, {"HTTPS_PROXY": "http://u:geheim@127.0.0.1:1", "NO_PROXY": entry})
    with surroundings(peer, 0) as url:
        async with Caller(kind, base_url=url) as ask:
            with pytest.raises(ConfigurationError) as caught:
                await ask("chat", **HI)
    assert caught.value.argument == "NO_PROXY"
    assert "geheim" not in "".join(traceback.format_exception(caught.value))


@OURS
@pytest.mark.parametrize(
    ("variable", "place"),
    [
        pytest.param(
            "SSL_CERT_FILE",
            "{}/none.pem",
            marks=pytest.mark.skipif(
                httpx.__version__.startswith("0.27."),
                reason="httpx 0.27 takes the usual ones where the file is not there",
            ),
        ),
        ("SSL_CERT_FILE", __file__),
        ("SSLKEYLOGFILE", "{}/no/log"),
    ],
)
async def test_certificates_that_cannot_be_read_are_a_setting_to_correct(
    kind: str, variable: str, place: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.delenv("SSL_CERT_FILE", raising=False)
    with surroundings(Peer(SITE, {variable: place.format(tmp_path)}), 0) as url:
        async with Caller(kind, base_url=url) as ask:
            with pytest.raises(ConfigurationError) as caught:
                await ask("chat", **HI)
    assert caught.value.argument == variable
    assert variable in str(caught.value.hint)
    assert ask.waits == []


def test_no_proxy_is_not_blamed_for_a_package_that_is_missing(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv("NO_PROXY", "localhost")

    def answer(request: httpx.Request) -> httpx.Response:
        raise ImportError("h2")

    http = httpx.Client(transport=httpx.MockTransport(answer))
    with SiliconFlowClient(api_key="k", http_client=http) as client:
        with pytest.raises(ConfigurationError, match="needs a package") as caught:
            client.models()
    assert caught.value.argument is None


async def test_aiohttp_that_was_asked_for_speaks_no_socks():
    peer = Peer(SITE, {"ALL_PROXY": "socks5://127.0.0.1:1"})
    with surroundings(peer, 0) as url:
        async with Caller("aiohttp", base_url=url, async_transport="aiohttp") as ask:
            with pytest.raises(ConfigurationError) as caught:
                await ask("chat", **HI)
    assert caught.value.argument == "async_transport"
    assert "SOCKS" in caught.value.message


@pytest.mark.usefixtures("no_proxies")
async def test_without_a_proxy_the_host_is_to_blame():
    port = unused_port()
    async with Caller("sync", base_url=f"http://127.0.0.1:{port}", max_retries=0) as ask:
        with pytest.raises(APIConnectionError) as caught:
            await ask("chat", **HI)
    assert "proxy" not in caught.value.message
    assert "base_url" in str(caught.value.hint)


@pytest.mark.usefixtures("no_proxies")
@pytest.mark.parametrize(
    ("variables", "url", "proxy"),
    [
        ({}, "https://h/v1", None),
        ({"HTTPS_PROXY": "http://p:8080"}, "https://h/v1", "p:8080"),
        ({"https_proxy": "p:8080"}, "https://h/v1", "p:8080"),
        ({"HTTPS_PROXY": "http://u:w@p:8080/"}, "https://h/v1", "p:8080"),
        ({"ALL_PROXY": "socks5://p:1080"}, "https://h/v1", "p:1080"),
        ({"HTTP_PROXY": "http://p:8080"}, "https://h/v1", None),
        ({"HTTP_PROXY": "http://p:8080"}, "http://h/v1", "p:8080"),
        ({"HTTPS_PROXY": "http://p:8080", "NO_PROXY": "h"}, "https://h/v1", None),
        ({"HTTPS_PROXY": ""}, "https://h/v1", None),
        ({"HTTPS_PROXY": "http://u:w@[::1"}, "https://h/v1", None),
    ],
)
def test_which_proxy_stands_in_between(
    variables: dict[str, str], url: str, proxy: str | None, monkeypatch: pytest.MonkeyPatch
):
    for name, value in variables.items():
        monkeypatch.setenv(name, value)
    assert proxy_for(url) == proxy


def test_a_proxy_is_named_where_connecting_takes_too_long_and_where_its_name_is_unknown():
    target = Target("api.siliconflow.cn", "/p")
    slow = transport_error(httpx.ConnectTimeout("m"), target, {"connect": 2.0}, "p:8080")
    assert isinstance(slow, APITimeoutError)
    assert "could not connect to the proxy p:8080 within 2 s" in slow.message
    unknown = httpx.ConnectError("m")
    unknown.__cause__ = socket.gaierror(-2, "Name or service not known")
    assert "the host name p:8080 was not found" in str(transport_error(unknown, target, {}, "p:8080"))  # fmt: skip


def test_a_handshake_that_fails_behind_a_proxy_is_not_the_proxy_s_fault():
    error = httpx.ConnectError("m")
    error.__cause__ = ssl.SSLError(1, "unexpected eof")
    shown = transport_error(error, Target("api.siliconflow.cn", "/p"), {}, "p:8080")
    assert "p:8080" not in str(shown)


# --- the host -------------------------------------------------------------------------------


async def test_the_port_is_part_of_the_host_that_is_shown(kind: str):
    with FaultServer([Close]) as server:
        async with Caller(kind, base_url=server.url, max_retries=0) as ask:
            with pytest.raises(SiliconFlowError) as caught:
                await ask("chat", **HI)
    assert caught.value.host == f"127.0.0.1:{server.port}"
    assert f"[127.0.0.1:{server.port}" in str(caught.value)


# --- answers that nobody asked for ----------------------------------------------------------

WRONG = b"".join(part for part in body(CHAT.replace(b"Hello", b"WRONG")) if isinstance(part, bytes))
RIGHT = b"".join(part for part in GOOD if isinstance(part, bytes))


@pytest.mark.parametrize("first", [[RIGHT + WRONG], [RIGHT, WRONG]], ids=["together", "apart"])
@pytest.mark.parametrize("deadline", [None, 30.0])
async def test_a_second_answer_is_not_taken_for_the_next_call_s(
    kind: str, first: list[bytes], deadline: float | None
):
    if kind == "aiohttp" and len(first) > 1:
        pytest.skip(
            "aiohttp keeps what came on an idle connection, and reads it as the next answer"
        )
    with FaultServer(first, GOOD) as server:
        async with Caller(kind, base_url=server.url, max_retries=1, deadline=deadline) as ask:
            texts = [(await ask("chat", **HI)).text]
            assert await asyncio.to_thread(server.replied.wait, 5)
            texts += [(await ask("chat", **HI)).text for _ in range(2)]
    assert texts == ["Hello"] * 3
    assert server.connections == 2


async def test_without_a_retry_a_second_answer_is_an_error():
    with FaultServer([RIGHT + WRONG], GOOD) as server:
        async with Caller("sync", base_url=server.url, max_retries=0) as ask:
            await ask("chat", **HI)
            with pytest.raises(APIConnectionError, match="before the request was sent") as caught:
                await ask("chat", **HI)
            assert (await ask("chat", **HI)).text == "Hello"
    assert caught.value.is_retryable
    assert not caught.value.never_sent


async def test_a_connection_is_used_again_when_nothing_is_wrong(kind: str):
    with FaultServer(GOOD) as server:
        async with Caller(kind, base_url=server.url) as ask:
            for _ in range(4):
                assert (await ask("chat", **HI)).text == "Hello"
    assert {request.connection for request in server.seen} == {1}


async def test_a_stall_names_the_host_and_no_proxy(kind: str):
    with FaultServer([Stall]) as server:
        async with Caller(kind, base_url=server.url, timeout=0.2, max_retries=0) as ask:
            with pytest.raises(APITimeoutError) as caught:
                await ask("chat", **HI)
    assert caught.value.phase == "read"
    assert "proxy" not in str(caught.value)
