"""The fixture beside what else tests use: xdist, respx, vcrpy, and what forbids sockets."""

from __future__ import annotations

import httpx  # noqa: F401  kept loaded for the runs inside
import respx  # noqa: F401

pytest_plugins = ["pytester"]

ASK = """
    import httpx
    import pytest
    from siliconflow_client import SiliconFlowClient

    MESSAGES = [{"role": "user", "content": "hello"}]

    def ask(**settings):
        with SiliconFlowClient(**settings) as client:
            return client.chat(model="Qwen/Qwen3-8B", messages=MESSAGES).text
"""


def test_each_worker_of_xdist_has_its_own(run):
    done = run(
        ASK
        + """
    @pytest.mark.parametrize("number", range(4))
    def test_it(siliconflow, number):
        siliconflow.when("hello").says(f"Hi {number}!")
        assert ask() == f"Hi {number}!"
        assert len(siliconflow.requests) == 1
    """,
        "-n2",
        plugins=("xdist",),
    )
    done.assert_outcomes(passed=4)


def test_respx_mocks_other_sites_and_lets_this_one_through(run):
    done = run(
        ASK
        + """
    def test_in_process(siliconflow, respx_mock):
        respx_mock.get("https://example.com/").respond(json={"a": 1})
        siliconflow.when("hello").says("Hi!")
        assert ask(**siliconflow.settings()) == "Hi!"
        assert httpx.get("https://example.com/").json() == {"a": 1}

    def test_over_the_socket(siliconflow, respx_mock):
        respx_mock.get("https://example.com/").respond(json={"a": 1})
        respx_mock.route(host="127.0.0.1").pass_through()
        siliconflow.when("hello").says("Hi!")
        assert ask() == "Hi!"
        assert httpx.get("https://example.com/").json() == {"a": 1}
    """,
        plugins=("respx.plugin",),
    )
    done.assert_outcomes(passed=2)


def test_vcrpy_keeps_other_sites_and_lets_this_one_through(run, pytester):
    done = run(
        ASK
        + """
    @pytest.fixture(scope="module")
    def vcr_config():
        return {"ignore_localhost": True}

    @pytest.mark.vcr
    def test_in_process(siliconflow, vcr):
        siliconflow.when("hello").says("Hi!")
        assert ask(**siliconflow.settings()) == "Hi!"
        assert not vcr.requests

    @pytest.mark.vcr
    def test_over_the_socket(siliconflow, vcr):
        siliconflow.when("hello").says("Hi!")
        assert ask() == "Hi!"
        assert not vcr.requests
    """,
        plugins=("pytest_recording.plugin",),
    )
    done.assert_outcomes(passed=2)


def test_where_sockets_are_forbidden_it_answers_in_process_and_nowhere_else(run):
    done = run(
        ASK
        + """
    import socket

    from siliconflow_client import APIConnectionError

    class Forbidden(socket.socket):
        def __new__(cls, *args, **kwargs):
            raise RuntimeError("a test tried to use a socket")

    @pytest.fixture(autouse=True)
    def no_sockets(monkeypatch):
        monkeypatch.setattr(socket, "socket", Forbidden)

    def test_it(no_sockets, siliconflow):
        siliconflow.when("hello").says("Hi!")
        assert siliconflow.base_url == "https://siliconflow.invalid/v1"
        assert ask(**siliconflow.settings()) == "Hi!"
    """
    )
    done.assert_outcomes(passed=1)
