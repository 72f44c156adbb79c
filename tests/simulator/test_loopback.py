"""The pytest plugin's own server, of the standard library alone: what the other faces send."""

from __future__ import annotations

import socket
import threading
from collections.abc import Iterator
from contextlib import closing
from typing import Any

import httpx
import pytest

from siliconflow_simulator import SimResponse
from siliconflow_simulator.faces.loopback import LoopbackServer
from tests.simulator.asking import KEY, SIMULATOR
from tests.simulator.test_faces import CHAT, REQUESTS, both


def serving(handle: Any) -> closing[LoopbackServer]:
    return closing(LoopbackServer(handle, lambda _: None))


@pytest.fixture(scope="module")
def url() -> Iterator[str]:
    with serving(SIMULATOR.handle) as server:
        yield f"{server.url}/v1"


@pytest.mark.parametrize(("method", "path", "body", "order"), REQUESTS)
def test_it_sends_what_the_others_send(method, path, body, order, url) -> None:
    inside, outside = both(method, path, body, order, url)
    assert (inside.status_code, inside.content) == (outside.status_code, outside.content)


def test_a_body_may_come_in_pieces(url) -> None:
    whole = httpx.Request("POST", url, json=CHAT).content
    headers = {**KEY, "content-type": "application/json"}
    with httpx.Client(headers=headers) as client:
        pieces = (whole[at : at + 7] for at in range(0, len(whole), 7))
        answer = client.post(f"{url}/chat/completions", content=pieces)
        assert answer.request.headers["transfer-encoding"] == "chunked"
        assert answer.content == client.post(f"{url}/chat/completions", content=whole).content
    assert answer.status_code == 200


@pytest.mark.parametrize("stream", [False, True])
def test_a_dropped_connection_is_one(stream, url) -> None:
    with httpx.Client(headers={**KEY, "x-simulate": "drop=1"}) as client:
        with pytest.raises(httpx.RemoteProtocolError):
            client.post(f"{url}/chat/completions", json={**CHAT, "stream": stream})


@pytest.mark.parametrize(
    ("failure", "is_told"), [(ConnectionResetError("gone"), False), (KeyError("ours"), True)]
)
def test_a_client_that_left_is_not_told_and_a_defect_is(failure, is_told, capfd) -> None:
    asked = threading.Event()

    def fail(request: Any) -> SimResponse:
        asked.set()
        raise failure

    with serving(fail) as server:
        parts = httpx.URL(server.url)
        with socket.create_connection((parts.host, parts.port or 0), timeout=10) as connection:
            connection.sendall(b"GET / HTTP/1.1\r\nhost: x\r\n\r\n")
            assert connection.recv(100) == b""
    assert asked.is_set()
    assert (type(failure).__name__ in capfd.readouterr().err) is is_told


POST = b"POST /v1/chat/completions HTTP/1.1\r\nhost: x\r\n"


@pytest.mark.parametrize(
    "sent",
    [
        POST + b"content-length: 9\r\n\r\n{",
        POST + b"content-length: nine\r\n\r\n",
        POST + b"content-length: -9\r\n\r\n",
        POST + b"transfer-encoding: chunked\r\n\r\n",
        POST + b"transfer-encoding: chunked\r\n\r\n9\r\n{",
        POST + b"transfer-encoding: chunked\r\n\r\nzz\r\n",
        b"GET http://[x/v1/models HTTP/1.1\r\nhost: x\r\n\r\n",
    ],
)
def test_half_a_request_is_none_and_nothing_is_printed(sent, capfd) -> None:
    asked: list[Any] = []
    with serving(asked.append) as server:
        parts = httpx.URL(server.url)
        with socket.create_connection((parts.host, parts.port or 0), timeout=10) as connection:
            connection.sendall(sent)
            connection.shutdown(socket.SHUT_WR)
            while connection.recv(1000):
                pass
    assert asked == []
    assert "Traceback" not in capfd.readouterr().err


def test_a_path_is_decoded(url) -> None:
    with httpx.Client(headers=KEY) as client:
        assert client.get(f"{url}/%6dodels").status_code == 200


def test_it_can_be_closed_where_connecting_is_forbidden(monkeypatch) -> None:
    def forbidden(*_: object) -> None:
        raise RuntimeError("no network")

    with serving(SIMULATOR.handle) as server:
        monkeypatch.setattr(socket.socket, "connect", forbidden)
        monkeypatch.setattr(socket, "create_connection", forbidden)
    assert not server._thread.is_alive()
