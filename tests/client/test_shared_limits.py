"""Limits that several processes share: a ledger behind a protocol, in an actor or in a bucket."""

from __future__ import annotations

import json
import re
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import httpx
import pytest

from siliconflow_client import ConfigurationError, Limits, RateLimitError, SiliconFlowClient
from siliconflow_client.bulk.ray_limits import LimitsActor
from siliconflow_client.protocol.limits import MARGIN, WINDOW
from tests.client.callers import KEY
from tests.conftest import ROOT
from tests.interpreters import run

OK = {"data": [{"index": 0, "embedding": [0.5]}], "usage": {"total_tokens": 40}}


class Place:
    def __init__(self, book: Book) -> None:
        self._book = book
        self._waits = [2.0, 0.0]

    def wait(self) -> float:
        return self._waits.pop(0)

    def cancel(self) -> None:
        self._book.told.append("cancelled")

    def settle(self, tokens: float | None) -> None:
        self._book.told.append(("settled", tokens))

    def refuse(self, limit: str | None, retry_after: float | None) -> None:
        self._book.told.append(("refused", limit, retry_after))


class Book:
    """A shared ledger that notes what it is told."""

    def __init__(self) -> None:
        self.told: list[Any] = []
        self.accounts: list[str] = []
        self.tokens: list[float] = []

    def book(self, account: str, tokens: float) -> Place:
        self.accounts.append(account)
        self.tokens.append(tokens)
        return Place(self)


def client_of(
    limits: Limits, answer: Callable[[httpx.Request], httpx.Response], waits: list[float]
) -> SiliconFlowClient:
    http = httpx.Client(transport=httpx.MockTransport(answer))
    return SiliconFlowClient(
        api_key=KEY, limits=limits, http_client=http, sleep=waits.append, max_retries=0
    )


def test_a_shared_ledger_is_asked_and_told():
    book, waits = Book(), list[float]()
    client = client_of(Limits(shared=book), lambda _: httpx.Response(200, json=OK), waits)
    client.embed(model="m", input="x")
    assert waits == [2.0]
    assert book.told == [("settled", 40.0)]
    (account,) = book.accounts
    assert account.startswith("https://api.siliconflow.cn/v1 ")
    assert account.endswith(" m")
    assert KEY not in account


def test_a_refusal_is_told_with_what_the_server_said():
    book, waits = Book(), list[float]()

    def refuse(request: httpx.Request) -> httpx.Response:
        said = {"code": 50602, "message": "rate limiting. Details: TPM limit reached."}
        return httpx.Response(429, json=said, headers={"retry-after": "7"})

    with pytest.raises(RateLimitError):
        client_of(Limits(shared=book), refuse, waits).embed(model="m", input="x")
    assert ("refused", "TPM", 7.0) in book.told


def test_an_account_has_the_same_name_in_every_process():
    program = """
from siliconflow_client.transport.settings import CallSettings
print(CallSettings("https://x/v1", "x", "sk-secret", {}, 1.0, None, False).account("m"))
"""
    first, second = (run(program).stdout for _ in range(2))
    assert first == second
    assert "sk-secret" not in first


def test_numbers_beside_a_shared_ledger_are_refused():
    with pytest.raises(ConfigurationError) as caught:
        Limits(rpm=5, shared=Book())
    assert caught.value.argument == "shared"


# --- the actor, without Ray -----------------------------------------------------------------


def test_an_actor_gives_places_as_limits_do():
    now = [0.0]
    actor = LimitsActor(rpm=2, clock=lambda: now[0])
    numbers = [actor.book("a", 1) for _ in range(3)]
    assert [wait for _, wait in numbers] == [0.0, 0.0, WINDOW + MARGIN]
    assert actor.book("b", 1)[1] == 0.0, "accounts count for themselves"
    now[0] = 60.5
    assert actor.wait(numbers[2][0]) == pytest.approx(0.5)
    actor.cancel(numbers[2][0])
    assert actor.wait(numbers[2][0]) == 0.0


def test_an_actor_corrects_its_estimates_and_learns_from_refusals():
    now = [0.0]
    known = LimitsActor(tpm=1000, clock=lambda: now[0])
    number, _ = known.book("a", 900)
    known.settle(number, 100)
    assert known.book("a", 800)[1] == 0.0
    learning = LimitsActor(clock=lambda: now[0])
    first, _ = learning.book("a", 10)
    learning.refuse(first, "TPM", 7.0)
    assert learning.book("a", 10)[1] == pytest.approx(7.0)


def test_places_of_workers_that_died_are_forgotten():
    now = [0.0]
    actor = LimitsActor(clock=lambda: now[0])
    for _ in range(100):
        actor.book("a", 1)
    now[0] = 1000.0
    actor.book("a", 1)
    assert len(actor._places) == 1


# --- a bucket of pyrate-limiter's, as the page shows it -------------------------------------


def bucket_of_the_page() -> str:
    page = (ROOT / "docs" / "scale.md").read_text(encoding="utf-8")
    (block,) = [
        block
        for block in re.findall(r"^```python\n(.*?)^```$", page, re.MULTILINE | re.DOTALL)
        if "class BucketLedger" in block
    ]
    return block.partition("# --- a job")[0]


PROCESS = """
import sys
{block}
ledger = BucketLedger(*[
    SQLiteBucket.init_from_file([Rate(most, Duration.MINUTE)], table, sys.argv[1], use_file_lock=True)
    for table, most in (("requests", 5), ("tokens", 100))
])
print([ledger.book("account", 100).wait() > 0 for _ in range(4)])
"""


def test_processes_share_a_bucket_in_sqlite(tmp_path: Path):
    """Five requests a minute: of four in each of two processes, three wait."""
    program = PROCESS.replace("{block}", bucket_of_the_page())
    path = str(tmp_path / "limits.sqlite")
    program = program.replace("sys.argv[1]", repr(path))
    outcomes = [run(program) for _ in range(2)]
    assert [done.stderr for done in outcomes] == ["", ""]
    first, second = (json.loads(done.stdout.lower()) for done in outcomes)
    assert first == [False] * 4
    assert second == [False, True, True, True]


def test_a_client_keeps_to_a_bucket(tmp_path: Path):
    scope: dict[str, Any] = {}
    exec(bucket_of_the_page(), scope)
    bucket, rate, minute = scope["SQLiteBucket"], scope["Rate"], scope["Duration"].MINUTE
    buckets = [
        bucket.init_from_file([rate(most, minute)], table, str(tmp_path / "one.sqlite"))
        for table, most in (("requests", 2), ("tokens", 1000))
    ]
    ledger = scope["BucketLedger"](*buckets)
    waits: list[float] = []

    def waiting(seconds: float) -> None:
        waits.append(seconds)
        raise KeyboardInterrupt  # a minute is too long for a test

    http = httpx.Client(transport=httpx.MockTransport(lambda _: httpx.Response(200, json=OK)))
    client = SiliconFlowClient(
        api_key=KEY, limits=Limits(shared=ledger), http_client=http, sleep=waiting
    )
    client.embed(model="m", input="x")
    client.embed(model="m", input="x")
    assert waits == []
    with pytest.raises(KeyboardInterrupt):
        client.embed(model="m", input="x")
    assert 50 < waits[0] <= 60.1
    for one in buckets:
        one.close()
    assert sys.version_info >= (3, 11)
