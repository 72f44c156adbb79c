"""The two faces, an httpx transport and a server: the same bytes, and the same faults."""

from __future__ import annotations

import signal
import socket
import subprocess
import sys
from typing import Any

import httpx
import pytest
import uvicorn

from siliconflow_simulator import SimRequest, Simulator
from siliconflow_simulator.__main__ import main
from siliconflow_simulator.asgi import create_app
from tests.simulator.asking import DEFAULT_MODEL, KEY, SIMULATOR, WEATHER, messages

URL = "https://api.siliconflow.cn/v1"
CHAT = {"model": DEFAULT_MODEL, "messages": messages("Hello, 你好")}
REQUESTS: list[tuple[str, str, Any, str]] = [
    ("GET", "/models?sub_type=embedding", None, ""),
    ("POST", "/chat/completions", CHAT, ""),
    ("POST", "/chat/completions", {**CHAT, "stream": True}, ""),
    ("POST", "/chat/completions", {**CHAT, "stream": True}, "cut-stream=1,crlf,bom"),
    ("POST", "/chat/completions", {**CHAT, "stream": True}, "one-byte"),
    ("POST", "/embeddings", {"model": "BAAI/bge-m3", "input": ["a", "b"]}, ""),
    ("POST", "/embeddings", {"model": "nobody/nothing", "input": "a"}, ""),
    ("POST", "/chat/completions", CHAT, "504"),
    ("POST", "/chat/completions", CHAT, "429-retry-after=3"),
    ("PUT", "/files", {}, ""),
]


def both(method, path, body, order, simulator_url) -> tuple[httpx.Response, httpx.Response]:
    headers = {**KEY, "x-simulate": order}
    with httpx.Client(transport=SIMULATOR.transport(), headers=headers) as client:
        inside = client.request(method, URL + path, json=body)
    with httpx.Client(headers=headers) as client:
        outside = client.request(method, simulator_url + path, json=body)
    return inside, outside


@pytest.mark.parametrize(("method", "path", "body", "order"), REQUESTS)
def test_both_faces_send_the_same(method, path, body, order, simulator_url) -> None:
    inside, outside = both(method, path, body, order, simulator_url)
    assert (inside.status_code, inside.content) == (outside.status_code, outside.content)
    added = {"date", "server", "transfer-encoding", "content-length"}
    assert {k: v for k, v in inside.headers.items() if k not in added} == {
        k: v for k, v in outside.headers.items() if k not in added
    }


async def test_async_clients_get_the_same() -> None:
    request = {**CHAT, "stream": True}
    sent = httpx.Request("POST", URL, json=request).content
    expected = SIMULATOR.handle(SimRequest("POST", "/v1/chat/completions", KEY, sent)).content()
    async with httpx.AsyncClient(transport=SIMULATOR.transport(), headers=KEY) as client:
        response = await client.post(f"{URL}/chat/completions", json=request)
    assert response.content == expected


def test_a_stream_arrives_in_pieces() -> None:
    core = SIMULATOR.handle(
        SimRequest(
            "POST",
            "/v1/chat/completions",
            KEY,
            httpx.Request("POST", URL, json={**CHAT, "stream": True}).content,
        )
    )
    with (
        httpx.Client(transport=SIMULATOR.transport(), headers=KEY) as client,
        client.stream("POST", f"{URL}/chat/completions", json={**CHAT, "stream": True}) as response,
    ):
        assert list(response.iter_raw()) == [chunk.data for chunk in core.chunks or []]


@pytest.mark.parametrize("stream", [True, False])
def test_a_dropped_connection_is_one_on_both_faces(stream, simulator_url) -> None:
    for url, transport in ((URL, SIMULATOR.transport()), (simulator_url, None)):
        headers = {**KEY, "x-simulate": "drop"}
        with (
            httpx.Client(transport=transport, headers=headers) as client,
            pytest.raises(httpx.RemoteProtocolError, match="incomplete chunked read"),
        ):
            client.post(f"{url}/chat/completions", json={**CHAT, "stream": stream})


@pytest.mark.parametrize("order", ["stall", "slow=30"])
@pytest.mark.parametrize("stream", [True, False])
def test_waiting_ends_with_the_read_timeout_on_both_faces(order, stream, simulator_url) -> None:
    for url, transport in ((URL, SIMULATOR.transport()), (simulator_url, None)):
        timeout = httpx.Timeout(5, read=0.05)
        headers = {**KEY, "x-simulate": order}
        with (
            httpx.Client(transport=transport, headers=headers, timeout=timeout) as client,
            pytest.raises(httpx.ReadTimeout),
        ):
            client.post(f"{url}/chat/completions", json={**CHAT, "stream": stream})


async def test_async_waiting_ends_with_the_read_timeout() -> None:
    headers = {**KEY, "x-simulate": "stall"}
    timeout = httpx.Timeout(5, read=0.01)
    async with httpx.AsyncClient(
        transport=SIMULATOR.transport(), headers=headers, timeout=timeout
    ) as client:
        with pytest.raises(httpx.ReadTimeout):
            await client.post(f"{URL}/chat/completions", json=CHAT)


def test_a_stall_without_a_timeout_says_so_instead_of_hanging() -> None:
    headers = {**KEY, "x-simulate": "stall"}
    with (
        httpx.Client(transport=SIMULATOR.transport(), headers=headers, timeout=None) as client,
        pytest.raises(httpx.ReadTimeout, match="no read timeout is set"),
    ):
        client.post(f"{URL}/chat/completions", json=CHAT)


def test_slow_waits_between_the_chunks() -> None:
    headers = {**KEY, "x-simulate": "cut-stream=2,slow=0.01"}
    with httpx.Client(transport=SIMULATOR.transport(), headers=headers) as client:
        response = client.post(f"{URL}/chat/completions", json={**CHAT, "stream": True})
    assert response.elapsed.total_seconds() >= 0.02


# --- start-up -----------------------------------------------------------------------------------


def test_the_package_imports_neither_client_library_nor_server() -> None:
    code = (
        "import sys; from siliconflow_simulator import SimRequest, Simulator;"
        "Simulator().handle(SimRequest('GET', '/v1/models'));"
        "assert not {'httpx', 'starlette', 'uvicorn', 'numpy'} & set(sys.modules)"
    )
    subprocess.run([sys.executable, "-c", code], check=True, timeout=60)


async def test_a_client_that_leaves_before_its_request_is_whole_is_no_error_of_the_server() -> None:
    simulator, sent = Simulator(), []

    async def receive() -> dict[str, str]:
        return {"type": "http.disconnect"}

    async def send(message: dict[str, Any]) -> None:
        sent.append(message["type"])

    scope = {"type": "http", "method": "POST", "path": "/v1/files", "headers": [], "scheme": "http"}
    scope |= {"query_string": b"", "root_path": "", "server": ("127.0.0.1", 80)}
    await create_app(simulator)(scope, receive, send)
    assert simulator.requests == []
    assert sent == ["http.response.start", "http.response.body"]


def test_a_missing_server_is_named_with_the_extra(monkeypatch, capsys) -> None:
    monkeypatch.setitem(sys.modules, "uvicorn", None)
    assert main(["--port", "1"]) == 1
    assert "siliconflow-integrations[simulator]" in capsys.readouterr().err


def test_a_missing_framework_is_named_with_the_extra(monkeypatch) -> None:
    for module in ("siliconflow_simulator.asgi", "siliconflow_simulator.faces.asgi"):
        monkeypatch.delitem(sys.modules, module, raising=False)
    monkeypatch.setitem(sys.modules, "starlette.applications", None)
    with pytest.raises(ImportError, match=r"siliconflow-integrations\[simulator\]"):
        import siliconflow_simulator.asgi  # noqa: F401


def test_the_command_serves_with_the_settings_given(monkeypatch, capsys) -> None:
    served: list[tuple[str, int]] = []

    def run(server: uvicorn.Server, sockets: list[socket.socket]) -> None:
        served.extend(listener.getsockname() for listener in sockets)
        raise KeyboardInterrupt

    monkeypatch.setattr(uvicorn.Server, "run", run)
    assert main(["--port", "0", "--host", "0.0.0.0", "--api-key", "sk-only"]) == 0
    [(host, port)] = served
    assert host == "0.0.0.0"
    assert f"http://0.0.0.0:{port}/v1" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("host", "place"), [("::1", "[::1]"), ("", "127.0.0.1"), ("0.0.0.0", "0.0.0.0")]
)
def test_the_address_that_is_printed_is_a_url(host, place, monkeypatch, capsys) -> None:
    monkeypatch.setattr(uvicorn.Server, "run", lambda *_, **__: None)
    assert main(["--port", "0", "--host", host]) == 0
    printed = httpx.URL(capsys.readouterr().out.split()[-2].partition("=")[2])
    assert str(printed) == f"http://{place}:{printed.port}/v1"


def test_a_port_that_is_no_number_is_named(capsys) -> None:
    with pytest.raises(SystemExit) as caught:
        main(["--port", "http"])
    assert caught.value.code == 2
    assert "http is no port; ports go from 0 to 65535" in capsys.readouterr().err


@pytest.mark.parametrize("output", [">&-", ">/dev/full"])
def test_it_serves_where_nobody_reads_what_it_prints(output) -> None:
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    command = f"exec {sys.executable} -m siliconflow_simulator --port {port} {output}"
    with subprocess.Popen(["/bin/sh", "-c", command], stderr=subprocess.PIPE) as process:
        try:
            with httpx.Client(transport=httpx.HTTPTransport(retries=8), headers=KEY) as client:
                answer = client.get(f"http://127.0.0.1:{port}/v1/models")
        finally:
            process.send_signal(signal.SIGINT)
            _, told = process.communicate(timeout=20)
    assert answer.status_code == 200
    assert (process.returncode, told) == (0, b"")


def test_ctrl_c_does_not_wait_for_an_answer_that_stalls() -> None:
    command = [sys.executable, "-m", "siliconflow_simulator", "--port", "0"]
    with subprocess.Popen(command, stdout=-1, stderr=-1, text=True) as process:
        url = process.stdout.readline().split()[-1]
        asked = {**CHAT, "stream": True}
        with httpx.Client(headers={**KEY, "x-simulate": "stall"}) as client:
            with client.stream("POST", f"{url}/chat/completions", json=asked) as answer:
                pieces = answer.iter_raw()
                first = next(pieces)
                process.send_signal(signal.SIGINT)
                _, told = process.communicate(timeout=20)
    assert first.startswith(b"data: ")
    assert (process.returncode, told) == (0, "")


def test_a_busy_port_is_told_and_not_announced_as_served(capsys) -> None:
    with socket.create_server(("127.0.0.1", 0)) as other:
        port = other.getsockname()[1]
        assert main(["--port", str(port)]) == 1
    printed = capsys.readouterr()
    assert printed.out == ""
    assert f"Cannot serve at 127.0.0.1:{port}: address already in use." in printed.err
    assert "Traceback" not in printed.err


def test_the_command_answers_at_the_address_that_it_prints() -> None:
    command = [sys.executable, "-m", "siliconflow_simulator", "--port", "0", "--api-key", "sk-one"]
    command += ["--any-model", "--bare-follow-ups"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        try:
            url = process.stdout.readline().split()[-1]
            right = httpx.get(f"{url}/models", headers={"Authorization": "Bearer sk-one"})
            wrong = httpx.get(f"{url}/models", headers={"Authorization": "Bearer sk-two"})
            assert (right.status_code, wrong.status_code) == (200, 401)
            asked = {"model": "nobody/nothing", "messages": messages("The weather in Paris?")}
            streamed = httpx.post(
                f"{url}/chat/completions",
                json={**asked, "tools": [WEATHER], "stream": True},
                headers={"Authorization": "Bearer sk-one"},
            )
            assert streamed.status_code == 200
            assert streamed.text.count('"type":"function"') == 1
            assert '"type":null' not in streamed.text
        finally:
            process.terminate()


def test_unknown_names_are_unknown() -> None:
    import siliconflow_simulator

    assert "Simulator" in dir(siliconflow_simulator)
    with pytest.raises(AttributeError, match="nothing"):
        _ = siliconflow_simulator.nothing
    assert isinstance(Simulator(), siliconflow_simulator.Simulator)
