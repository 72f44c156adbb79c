"""The live run itself, against the simulator; no test here reaches the API."""

from __future__ import annotations

import base64
import json
import re
import struct
import subprocess
import sys

import httpx
import pytest

from siliconflow_simulator import Simulator
from siliconflow_simulator.api._routes import all_routes, find_route
from tests.conftest import ROOT, served
from tests.live.__main__ import NO_KEY, main
from tests.live.asking import LIMIT, Asking, TooExpensiveError
from tests.live.run import PROBES, find, report, simulated
from tests.live.smoke import LEFT_OUT
from tests.packaging.repository import table

POINTS = [
    re.findall(r"`([^`]+)`", row[0])[0]
    for row in table(ROOT / "docs" / "wire.md", "unsettled-points")
]


@pytest.fixture(scope="module")
def findings():
    return simulated()


def test_every_unsettled_point_has_one_probe():
    assert sorted(probe.name for probe in PROBES) == sorted(POINTS)


def test_every_unsettled_point_names_its_switch_or_none():
    for row in table(ROOT / "docs" / "wire.md", "unsettled-points"):
        assert row[3] == "none" or re.match(r"`\w+`", row[3]), row[0]


def test_every_endpoint_is_asked_or_said_to_be_left_out(findings):
    asked = {
        (found[0].method, found[0].path)
        for method, path in findings.asking.seen
        if (found := find_route(method, path))
    }
    every = {(route.method, route.path) for route in all_routes()}
    left_out = set(LEFT_OUT)
    assert asked >= every - left_out - {("GET", "/outputs/{name}")}
    assert not asked & left_out
    assert every >= left_out
    assert len(left_out) <= 2, "only what costs too much, and what nobody can name"


def test_the_simulator_answers_everything_as_expected(findings):
    others = {name: how for name, how in findings.endpoints.items() if how != "as expected"}
    assert others == {"user.retrieve": "GoneError, HTTP 410"}
    assert list(findings.points) == [probe.name for probe in PROBES]
    assert all(findings.points.values())


def test_a_run_costs_less_than_its_limit(findings):
    assert 0 < findings.asking.yuan < LIMIT
    assert findings.asking.tokens > 500
    assert findings.asking.things > 3


def test_nothing_is_asked_beyond_the_limit():
    simulator = Simulator()
    with httpx.Client(transport=simulator.transport()) as http:
        ask = Asking(http, "https://api.siliconflow.cn/v1", tokens=1_000_000)
        later = [probe for probe in PROBES if probe.name == "embedding-batch"]
        with pytest.raises(TooExpensiveError):
            later[0].look(ask)
    assert simulator.requests == []


def test_what_differs_is_marked(findings):
    said: list[str] = []
    transport = Simulator(
        stream_style="vllm", max_embedding_inputs=32, messages_end="done"
    ).transport()
    with httpx.Client(transport=transport) as http:
        other = find(http, "https://api.siliconflow.cn/v1", "sk-x")
    assert report(other, findings, said.append) >= 2
    marked = [line.split()[1] for line in said if line.startswith("  ! ")]
    assert {"embedding-batch:", "messages-end:"} <= set(marked)
    assert report(findings, findings, said.append) == 0
    assert "  not asked: POST /v1/video/submit (a film costs more than a run may)" in said


def test_a_run_settles_what_a_listing_says_of_batches(findings):
    """Never paid twice hangs on it: on a new account there was nothing to look at."""
    assert findings.points["batch-listing"] == "listed at once"
    assert findings.points["batch-metadata"] == "echoed"


SAME = "taken, the same vectors as floats, little-endian float32"


def test_base64_gives_the_vectors_that_floats_give(findings):
    assert findings.points["base64-order"] == SAME


@pytest.mark.parametrize(
    ("wire", "said"),
    [
        (lambda vector: packed("<", vector), SAME),
        (
            lambda vector: packed(">", vector),
            "taken, the same vectors as floats, big-endian float32",
        ),
        (lambda vector: vector, "not understood: floats come all the same"),
        (lambda vector: packed("<", vector[::-1]), "taken, but no base64 of the same vectors"),
        (lambda vector: packed("<", vector[1:]), "taken, but no base64 of the same vectors"),
        (lambda _: "no base64", "taken, but no base64 of the same vectors"),
        (None, "refused: HTTP 400, code 20015"),
    ],
    ids=["same", "big-endian", "floats", "others", "shorter", "text", "refused"],
)
def test_a_site_of_another_base64_is_seen_through(wire, said):
    vectors = [[0.25, -1.5, 0.1], [1e-4, 2.0, 3.0]]

    def site(request: httpx.Request) -> httpx.Response:
        asked = json.loads(request.content)
        if asked.get("encoding_format") != "base64":
            found = vectors
        elif wire is None:
            return httpx.Response(400, json={"code": 20015, "message": "Invalid."})
        else:
            found = [wire(vector) for vector in vectors]
        data = [{"index": index, "embedding": one} for index, one in enumerate(found)]
        return httpx.Response(200, json={"data": data})

    (probe,) = [probe for probe in PROBES if probe.name == "base64-order"]
    with httpx.Client(transport=httpx.MockTransport(site)) as http:
        assert probe.look(Asking(http, "https://api.siliconflow.cn/v1")) == said


def packed(order: str, vector: list[float]) -> str:
    return base64.b64encode(struct.pack(f"{order}{len(vector)}f", *vector)).decode()


def test_without_a_key_it_says_so_and_stops(capsys: pytest.CaptureFixture[str]):
    assert main() == NO_KEY
    assert "nothing was asked" in capsys.readouterr().out


def test_it_runs_over_a_socket_and_prints_neither_key_nor_prompt(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
):
    monkeypatch.setenv("SILICONFLOW_API_KEY", "sk-secret-of-the-run")
    with served() as url:  # of its own: batches of other tests would be found
        monkeypatch.setenv("SILICONFLOW_BASE_URL", url)
        assert main() == 0
    printed = capsys.readouterr().out
    assert url in printed
    assert "0 differ from the simulator." in printed
    assert "sk-secret" not in printed
    assert "hello" not in printed.lower()


def test_make_live_runs_it():
    done = subprocess.run(
        [sys.executable, "-m", "tests.live"], cwd=ROOT, capture_output=True, text=True, check=False
    )
    assert (done.returncode, done.stderr) == (NO_KEY, "")
    assert re.search(
        r"^live: .*\n\t.*-m tests\.live$", (ROOT / "Makefile").read_text(), re.MULTILINE
    )
