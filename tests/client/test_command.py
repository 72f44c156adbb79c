"""`siliconflow doctor` and `siliconflow models`: what they print, and with which exit code."""

from __future__ import annotations

import os
import re
import signal
import socket
import subprocess
import sys
import tomllib
from collections.abc import Iterator
from typing import Any

import httpx
import pytest

from siliconflow_client import _packages, lookup_model
from siliconflow_client.command import doctor
from siliconflow_client.command.cli import SUB_TYPES, TYPES, main
from siliconflow_client.command.findings import Finding
from tests.client.callers import KEY
from tests.conftest import ROOT
from tests.double import Double

REFUSED = httpx.Response(401, json={"code": 30014, "message": "Token is invalid.", "data": None})
OLD, GONE = "deepseek-ai/DeepSeek-V3.2-Exp", "zai-org/GLM-4.5"
MODELS = httpx.Response(200, json={"data": [{"id": "Qwen/Qwen3-8B"}, {"id": OLD}]})


@pytest.fixture(autouse=True)
def one_package(monkeypatch: pytest.MonkeyPatch) -> None:
    """What is installed beside the tests is not what they are about."""
    monkeypatch.setattr(doctor, "version_of", {_packages.OURS: "0.1.0"}.get)
    monkeypatch.setattr(doctor, "spoilt_files", list)
    for name in doctor._NOT_READ:
        monkeypatch.delenv(name, raising=False)


@pytest.fixture
def key(monkeypatch: pytest.MonkeyPatch) -> str:
    monkeypatch.setenv("SILICONFLOW_API_KEY", KEY)
    return KEY


class Ran:
    """What a command printed, on one line and as it was."""

    def __init__(self, code: int, captured: Any) -> None:
        self.code, self.out, self.err = code, captured.out, captured.err
        self.told = " ".join(self.out.split())


@pytest.fixture
def run(capsys: pytest.CaptureFixture[str]) -> Any:
    def running(*arguments: str) -> Ran:
        code = main(arguments)
        return Ran(code, capsys.readouterr())

    return running


@pytest.fixture
def site() -> Iterator[Double]:
    with Double(MODELS) as server:
        yield server


def test_all_is_well(key: str, run: Any, simulator_url: str):
    done = run("doctor", "--base-url", simulator_url, "--model", "Qwen/Qwen3-8B")
    assert done.code == 0
    host = simulator_url.split("/")[2]
    for text in (
        "ok key found in SILICONFLOW_API_KEY",
        f"ok site {simulator_url} (--base-url)",
        f"ok host {host} answers",
        f"ok key accepted by {host}",
        "visible ok model Qwen/Qwen3-8B is for chat, and visible",
        "alone owns langchain_siliconflow Everything is in place.",
    ):
        assert text in done.told
    assert re.search(r"ok models \d{2,} visible", done.told)


def test_the_site_is_told_with_where_it_comes_from(
    key: str, run: Any, site: Double, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setenv("SILICONFLOW_BASE_URL", site.url)
    assert f"ok site {site.url} (SILICONFLOW_BASE_URL)" in run("doctor").told


def test_no_key_is_a_problem_and_the_host_is_looked_at_all_the_same(
    run: Any, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setenv("SILICONCLOUD_API_KEY", KEY)
    with Double(REFUSED) as server:
        done = run("doctor", "--base-url", server.url)
        host, sent = server.url.split("/")[2], server.last.headers["authorization"]
    assert done.code == 1
    assert (
        "PROBLEM key SILICONFLOW_API_KEY is not set. SILICONCLOUD_API_KEY is set, but" in done.told
    )
    assert f"ok host {host} answers" in done.told
    assert sent == "Bearer sk-none"
    assert done.told.endswith("1 problem.")


def test_a_site_that_wants_no_key_accepts_none(run: Any, site: Double):
    done = run("doctor", "--base-url", site.url)
    assert f"ok host {site.url.split('/')[2]} answers" in done.told
    assert "PROBLEM key SILICONFLOW_API_KEY is not set" in done.told
    assert "accepted by" not in done.told
    assert "visible" in done.told


def test_a_key_that_cannot_be_one_is_not_shown(run: Any, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv("SILICONFLOW_API_KEY", "sk-secret and more")
    done = run("doctor")
    assert done.code == 1
    assert "PROBLEM settings api_key has a character that no key has" in done.told
    assert "secret" not in done.out


def test_a_wrong_url_is_named(key: str, run: Any):
    done = run("doctor", "--base-url", "ftp://example.com")
    assert done.code == 1
    assert "PROBLEM settings base_url 'ftp://example.com' is no http(s) URL" in done.told


def test_a_proxy_that_cannot_be_used_is_not_the_host_s_answer(
    key: str, run: Any, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setenv("HTTPS_PROXY", "ftp://127.0.0.1")
    done = run("doctor")
    assert done.code == 1
    assert "PROBLEM settings The proxy that HTTPS_PROXY names cannot be used" in done.told
    assert "answers" not in done.told


def test_a_host_that_cannot_be_reached_is_a_problem(key: str, run: Any):
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
    done = run("doctor", "--base-url", f"http://127.0.0.1:{port}", "--model", "Qwen/Qwen3-8B")
    assert done.code == 1
    assert f"PROBLEM host 127.0.0.1:{port} does not answer: Connection error" in done.told
    assert (
        "note model Qwen/Qwen3-8B is for chat; whether the site has it could not be seen"
        in done.told
    )


def test_a_host_that_answers_with_an_error_is_told_apart(key: str, run: Any):
    with Double(httpx.Response(404, text="not here")) as server:
        done = run("doctor", "--base-url", server.url)
    assert done.code == 1
    assert "answers, but with an error: " in done.told
    assert "404" in done.told


def test_a_refused_key_is_a_problem(key: str, run: Any):
    with Double(REFUSED) as server:
        done = run("doctor", "--base-url", server.url)
    assert done.code == 1
    assert "ok host" in done.told
    assert "PROBLEM key refused: " in done.told


def test_a_key_of_the_other_site_is_recognised(key: str, site: Double):
    with Double(REFUSED) as server:
        host = server.url.split("/")[2]
        found = list(doctor.examine(base_url=server.url, sites={host: site.url}))
    (problem,) = [one for one in found if one.level == "problem"]
    assert problem.text == (
        f"refused by {host}, and accepted by the other site: it is a key of {site.url}"
    )
    assert problem.commands == [f"export SILICONFLOW_BASE_URL={site.url}"]


def test_a_key_that_no_site_accepts_is_told_so(key: str):
    with Double(REFUSED) as server, Double(REFUSED) as other:
        host, there = server.url.split("/")[2], other.url
        found = list(doctor.examine(base_url=server.url, sites={host: there}))
    (problem,) = [one for one in found if one.level == "problem"]
    assert problem.text == f"refused by {host}, and not taken by {there}"


def test_nobody_sees_a_model(key: str, run: Any):
    with Double(httpx.Response(200, json={"data": []})) as server:
        done = run("doctor", "--base-url", server.url)
    assert (done.code, "PROBLEM models 0 visible" in done.told) == (1, True)


@pytest.mark.parametrize(
    ("model", "code", "text"),
    [
        ("Qwen/Qwen3-8B", 0, "ok model Qwen/Qwen3-8B is for chat, and visible"),
        ("qwen/qwen3-8b", 1, "not visible to this key; did you mean Qwen/Qwen3-8B?"),
        (" ", 1, "PROBLEM model --model is empty"),
        ("a/b", 1, "a/b is not visible to this key; `siliconflow models` lists those that are"),
        (GONE, 1, f"PROBLEM model {GONE} is retired since 2025-12-31"),
        (
            OLD,
            0,
            f"note model {OLD} is retired since 2025-12-04; its successor is "
            "deepseek-ai/DeepSeek-V3.2, but the site lists it still",
        ),
    ],
)
def test_the_chosen_model(key: str, run: Any, site: Double, model: str, code: int, text: str):
    done = run("doctor", "--base-url", site.url, "--model", model)
    assert done.code == code
    assert text in done.told


# --- the list ---------------------------------------------------------------------------------


def test_models_of_a_type_are_listed_one_a_line(key: str, run: Any, simulator_url: str):
    done = run("models", "--type", "chat", "--base-url", simulator_url)
    listed = done.out.splitlines()
    assert done.code == 0
    assert "Qwen/Qwen3-8B" in listed
    assert {lookup_model(name).kind for name in listed} == {"chat"}
    assert listed == sorted(listed)


@pytest.mark.parametrize("kind", [*SUB_TYPES, *TYPES])
def test_every_type_is_asked_for_in_the_api_s_words(key: str, run: Any, site: Double, kind: str):
    assert run("models", "--type", kind, "--base-url", site.url).code == 0
    wanted = {"type": kind} if kind in ("text", "image", "audio", "video") else {"sub_type": kind}
    assert dict(site.last.url.params) == wanted


def test_a_failure_is_one_sentence_on_the_error_stream(run: Any):
    done = run("models")
    assert (done.code, done.out) == (1, "")
    assert done.err.startswith("No API key")


# --- the command line -------------------------------------------------------------------------


@pytest.mark.parametrize("arguments", [[], ["cure"], ["models", "--type", "poems"]])
def test_a_wrong_command_line_is_code_2(arguments: list[str], capsys: pytest.CaptureFixture[str]):
    with pytest.raises(SystemExit) as caught:
        main(arguments)
    assert caught.value.code == 2
    assert "usage: siliconflow" in capsys.readouterr().err


def test_an_interrupt_is_code_130(key: str, site: Double, monkeypatch: pytest.MonkeyPatch):
    def interrupted(*_: object) -> list[Finding]:
        raise KeyboardInterrupt

    monkeypatch.setattr("siliconflow_client.command.cli.examine", interrupted)
    assert main(["doctor"]) == 130


def test_nothing_is_wider_than_80_columns_and_no_key_is_printed(
    key: str, run: Any, monkeypatch: pytest.MonkeyPatch
):
    versions = {_packages.OURS: "0.1.0", _packages.THEIRS: "1.0.0"}
    monkeypatch.setattr(doctor, "version_of", versions.get)
    monkeypatch.setattr(_packages, "_source", lambda: '"siliconflow-integrations[langchain]"')
    echoing = httpx.Response(401, json={"code": 30014, "message": f"no such token: {KEY}"})
    with Double(echoing) as server:
        done = run("doctor", "--base-url", server.url, "--model", OLD)
    assert done.code == 1
    assert max(len(line) for line in done.out.splitlines()) <= 80
    assert KEY not in done.out + done.err


def environment(url: str) -> dict[str, str]:
    return {**os.environ, "SILICONFLOW_API_KEY": KEY, "SILICONFLOW_BASE_URL": url}


def test_the_module_is_the_command(site: Double):
    command = [sys.executable, "-m", "siliconflow_client", "models"]
    done = subprocess.run(
        command, cwd=ROOT, env=environment(site.url), capture_output=True, text=True, check=True
    )
    assert done.stdout.splitlines() == ["Qwen/Qwen3-8B", OLD]
    assert done.stderr == ""


def test_a_terminal_that_knows_ascii_only_is_no_error():
    command = [sys.executable, "-m", "siliconflow_client", "doctor"]
    with Double(httpx.Response(400, json={"code": 20015, "message": "图片"})) as server:
        env = {**environment(server.url), "PYTHONIOENCODING": "ascii"}
        done = subprocess.run(
            command, cwd=ROOT, env=env, capture_output=True, text=True, check=False
        )
    assert (done.returncode, done.stderr) == (1, "")
    assert "??" in done.stdout


def test_names_of_models_cannot_command_the_terminal():
    named = httpx.Response(200, json={"data": [{"id": "通义/a"}, {"id": "b\x1b[31m\nc"}]})
    command = [sys.executable, "-m", "siliconflow_client", "models"]
    with Double(named) as server:
        env = {**environment(server.url), "PYTHONIOENCODING": "ascii"}
        done = subprocess.run(
            command, cwd=ROOT, env=env, capture_output=True, text=True, check=True
        )
    assert done.stdout.splitlines() == ["b?[31m c", "??/a"]


@pytest.mark.parametrize("command", ["doctor", "models"])
@pytest.mark.parametrize(
    ("place", "codes", "told"),
    [
        (">&-", {"doctor": 0, "models": 0}, ""),
        (">/dev/full", {"doctor": 1, "models": 1}, "The output cannot be written: No space left"),
    ],
)
def test_an_output_that_takes_nothing_is_no_traceback(
    command: str, place: str, codes: dict[str, int], told: str, simulator_url: str
):
    done = subprocess.run(
        ["/bin/sh", "-c", f"{sys.executable} -m siliconflow_client {command} {place}"],
        cwd=ROOT, env=environment(simulator_url), capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert done.returncode == codes[command]
    assert done.stderr.startswith(told)
    assert len(done.stderr.splitlines()) == bool(told)


def test_a_reader_that_has_enough_is_no_error(simulator_url: str):
    command = f"{sys.executable} -m siliconflow_client models | head -n 1"
    done = subprocess.run(
        ["/bin/sh", "-c", command], cwd=ROOT, env=environment(simulator_url), capture_output=True,
        text=True, check=True,
    )  # fmt: skip
    assert (len(done.stdout.splitlines()), done.stderr) == (1, "")


def test_what_is_found_is_told_while_a_host_is_silent():
    command = [sys.executable, "-m", "siliconflow_client", "doctor"]
    with socket.create_server(("127.0.0.1", 0)) as silent:
        url = f"http://127.0.0.1:{silent.getsockname()[1]}/v1"
        with subprocess.Popen(command, cwd=ROOT, env=environment(url), stdout=-1, stderr=-1) as run:
            assert run.stdout is not None
            told = [run.stdout.readline() for _ in range(3)]
            run.send_signal(signal.SIGINT)
            _, complaint = run.communicate(timeout=20)
    assert told[2].startswith(b"ok       site       http://127.0.0.1")
    assert (run.returncode, complaint) == (130, b"")


def test_the_console_script_is_declared():
    with (ROOT / "pyproject.toml").open("rb") as file:
        scripts = tomllib.load(file)["project"]["scripts"]
    module, _, function = scripts["siliconflow"].partition(":")
    assert scripts.keys() == {"siliconflow"}
    assert (module, function) == (main.__module__, main.__name__)
