"""What the logger `siliconflow` is told: a line for each call, and attempts that failed."""

from __future__ import annotations

import contextlib
import json
import logging
import re
from typing import Any

import httpx
import pytest

from siliconflow_client import APITimeoutError, OverloadedError, SiliconFlowError, UsageMeter
from tests.client.callers import CALLS, HI, KEY, Caller
from tests.client.test_meter import ANSWERS, chat, chunk, stream
from tests.double import TRACE, Double

both = pytest.mark.parametrize("kind", ["sync", "async"])
FIELDS = re.compile(r"(\w+)=(\S+)")
MODEL = HI["model"]
BUSY = httpx.Response(503, json={"code": 50505, "message": "busy"})


def lines(caplog: pytest.LogCaptureFixture, level: int) -> list[str]:
    assert {record.name for record in caplog.records} <= {"siliconflow", "httpx", "asyncio"}
    return [
        record.getMessage()
        for record in caplog.records
        if record.levelno == level and record.name == "siliconflow"
    ]


def told(caplog: pytest.LogCaptureFixture) -> dict[str, str]:
    (line,) = lines(caplog, logging.DEBUG)
    return dict(FIELDS.findall(line))


@pytest.fixture(autouse=True)
def everything(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)


@both
@pytest.mark.parametrize("method", ANSWERS)
async def test_a_call_is_one_line(kind: str, method: str, caplog: pytest.LogCaptureFixture):
    answer, path, tokens = ANSWERS[method]
    async with Caller(kind, Double(answer)) as ask:
        await ask(method, **CALLS[method])
    (line,) = lines(caplog, logging.DEBUG)
    assert line.startswith(f"POST {path} ")
    fields = told(caplog)
    assert 0 <= float(fields.pop("seconds")) < 60
    assert fields == {
        "model": CALLS[method]["model"],
        "host": "api.siliconflow.cn",
        "status": "200",
        "attempts": "1",
        "trace_id": TRACE,
        "tokens": str(tokens[2]),
    }


@both
async def test_a_stream_is_one_line_at_its_end(kind: str, caplog: pytest.LogCaptureFixture):
    server = Double(stream(chunk("Hel"), chunk("lo.", "stop", {"total_tokens": 12})))
    async with Caller(kind, server) as ask:
        await ask.stream(**HI)
    assert (told(caplog)["tokens"], told(caplog)["status"]) == ("12", "200")


@both
async def test_a_stream_that_is_left_early_is_one_line_too(
    kind: str, caplog: pytest.LogCaptureFixture
):
    server = Double(stream(chunk("Hel"), chunk("lo.", "stop")))
    async with Caller(kind, server) as ask:
        await ask.stream(**HI, take=1)
    assert told(caplog)["tokens"] == "-"


@both
async def test_attempts_are_counted_and_late_ones_are_warned_of(
    kind: str, caplog: pytest.LogCaptureFixture
):
    async with Caller(kind, Double(BUSY, BUSY, BUSY, chat())) as ask:
        await ask("chat", **HI)
    assert told(caplog)["attempts"] == "4"
    (first,) = lines(caplog, logging.INFO)
    late = lines(caplog, logging.WARNING)
    assert first.startswith("attempt 1 failed; trying again in ")
    assert [line.partition(";")[0] for line in late] == ["attempt 2 failed", "attempt 3 failed"]
    assert all("503" in line and MODEL in line for line in (first, *late))


@both
async def test_the_last_attempt_is_no_line_but_an_error_that_says_its_number(
    kind: str, caplog: pytest.LogCaptureFixture
):
    async with Caller(kind, Double(BUSY), max_retries=1) as ask:
        with pytest.raises(OverloadedError) as caught:
            await ask("chat", **HI)
    assert lines(caplog, logging.WARNING) == []
    assert len(lines(caplog, logging.INFO)) == 1
    assert (told(caplog)["attempts"], told(caplog)["status"]) == ("2", "503")
    assert caught.value.attempts == 2
    text, hint = str(caught.value).split(" Hint: ")
    assert text.endswith("] This was attempt 2.")
    assert hint


@both
async def test_a_call_without_an_answer_has_no_status(kind: str, caplog: pytest.LogCaptureFixture):
    async with Caller(kind, Double(httpx.ReadTimeout("late")), max_retries=0) as ask:
        with pytest.raises(APITimeoutError) as caught:
            await ask("chat", **HI)
    assert (told(caplog)["status"], told(caplog)["trace_id"]) == ("-", "-")
    assert "attempt" not in str(caught.value)


@both
async def test_no_line_is_written_for_nobody(kind: str, caplog: pytest.LogCaptureFixture):
    caplog.set_level(logging.INFO, logger="siliconflow")
    async with Caller(kind, Double(chat()), on_usage=UsageMeter()) as ask:
        await ask("chat", **HI)
    assert lines(caplog, logging.DEBUG) == []


SECRET = "the prompt that nobody may read"
REFUSALS: dict[str, Any] = {
    "answer": chat(),
    "echo": lambda asked: httpx.Response(
        503, json={"code": 50505, "message": f"{asked.headers['authorization']} is busy"}
    ),
    "broken": httpx.ReadError(f"reading {KEY} {SECRET}"),
    "nonsense": httpx.Response(200, text=f"<html>{SECRET}"),
    "trace": httpx.Response(
        200, content=chat().content, headers={"x-siliconcloud-trace-id": f"t {KEY}"}
    ),
}


@both
@pytest.mark.parametrize("name", REFUSALS)
@pytest.mark.parametrize("streamed", [False, True], ids=["plain", "stream"])
async def test_neither_key_nor_prompt_is_logged(
    kind: str, name: str, streamed: bool, caplog: pytest.LogCaptureFixture
):
    request = {**HI, "messages": [{"role": "user", "content": SECRET}]}
    async with Caller(kind, Double(REFUSALS[name]), max_retries=2) as ask:
        if streamed:
            await ask.stream(**request)
        else:
            with contextlib.suppress(SiliconFlowError):
                await ask("chat", **request)
    assert lines(caplog, logging.DEBUG)
    for record in caplog.records:
        shown = f"{record.getMessage()} {json.dumps(record.args, default=repr)}"
        assert KEY not in shown
        assert SECRET not in shown


@both
async def test_an_answer_of_nothing_tells_of_another_try_only_where_there_was_one(
    kind: str, caplog: pytest.LogCaptureFixture
):
    for retries, told_of in ((0, False), (1, True)):
        server = Double(chat(content=""))
        async with Caller(kind, server, max_retries=retries) as ask:
            await ask("chat", **HI)
        assert len(server.requests) == 1 + retries
        line = lines(caplog, logging.WARNING)[-1]
        assert line.startswith("An answer of nothing is returned as it is")
        assert ("after one more try" in line) is told_of
