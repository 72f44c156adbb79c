"""Every committed cassette is looked at: no secret, no stray header, no stale file."""

from __future__ import annotations

import json
import re
from pathlib import Path
from urllib.parse import urlsplit

import pytest

from siliconflow_simulator.pytest_plugin.cassette_format import REQUEST_HEADERS, RESPONSE_HEADERS
from tests.conftest import CASSETTES, REACHABLE_CASSETTES, ROOT

FILES = sorted(CASSETTES.rglob("*.*"))
each_cassette = pytest.mark.parametrize(
    "path", [pytest.param(path, id=str(path.relative_to(CASSETTES))) for path in FILES]
)

SECRETS = {
    "API key": re.compile(r"\bsk-[A-Za-z0-9_-]{8,}"),
    "bearer token": re.compile(r"(?i)\bbearer\s+\S"),
    "JWT": re.compile(r"\beyJ[A-Za-z0-9_-]{10,}\.[A-Za-z0-9_-]{10,}"),
    "e-mail address": re.compile(r"[\w.+-]+@[\w-]+\.[A-Za-z]{2,}"),
    "account id": re.compile(r"\b(?:user|org)-[A-Za-z0-9]{16,}"),
}


def test_there_are_cassettes():
    assert FILES, "`make record` makes them"


@each_cassette
def test_a_cassette_holds_no_secret(path: Path):
    text = path.read_text(encoding="utf-8")
    found = {what: match[0] for what, secret in SECRETS.items() if (match := secret.search(text))}
    assert found == {}


@each_cassette
def test_a_cassette_is_small_signed_and_from_the_true_host(path: Path):
    assert path.suffix == ".json"
    assert path.stat().st_size <= 64 * 1024
    cassette = json.loads(path.read_text(encoding="utf-8"))
    assert re.fullmatch(r"simulator \d+\.\d+\.\d+|live \d{4}-\d\d-\d\d", cassette["provenance"])
    assert cassette["interactions"]
    for exchange in cassette["interactions"]:
        url = urlsplit(exchange["request"]["url"])
        assert (url.scheme, url.netloc) == ("https", "api.siliconflow.cn")
        assert url.path.startswith("/v1/")
        assert set(exchange["request"]["headers"]) <= REQUEST_HEADERS
        assert set(exchange["response"]["headers"]) <= RESPONSE_HEADERS


@each_cassette
def test_a_test_asks_for_the_cassette(path: Path, pytestconfig: pytest.Config):
    folder = path.parent.relative_to(CASSETTES)
    module = (ROOT / "tests" / folder).with_suffix(".py")
    assert module.is_file(), "its test module is gone; run `make record`"
    reachable = pytestconfig.stash[REACHABLE_CASSETTES]
    collected_whole = any(one.parent == path.parent for one in reachable) and not any(
        "::" in argument for argument in pytestconfig.args
    )
    # A run of some other folder cannot tell; the full run does.
    assert path in reachable or not collected_whole, "no test asks for it; run `make record`"


@pytest.mark.parametrize(
    "secret",
    [
        "sk-abcdefghijklmnop",
        "Authorization: Bearer abc",
        "eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxMjM0In0.x",
        "someone@example.com",
        "user-abcdefghijklmnopqrst",
    ],
)
def test_the_scan_sees_what_it_looks_for(secret: str):
    assert any(pattern.search(f'{{"text": "{secret}"}}') for pattern in SECRETS.values())
