"""However much a peer sends, what is read of it has an end, and the error names it."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from siliconflow_client import (
    APIResponseError,
    APIStatusError,
    ClientConfig,
    ConfigurationError,
    ServerError,
)
from siliconflow_client.protocol.flow import MAX_ERROR_BYTES
from siliconflow_client.protocol.retry import RetryPolicy
from siliconflow_client.protocol.sse import LONGEST_EVENT, EventTooLongError, SSEDecoder
from tests.client.by_hand import REQUEST, Hand, Reply, events
from tests.client.callers import HI, Caller
from tests.faults.server import CHAT, GOOD, Act, FaultServer, Stall, body, chunked, head

MB = b"x" * 2**20
ONE_TRY = RetryPolicy(max_retries=0)
LONG_CHAT = CHAT.replace(b"Hello", b"Hello" + b"o" * 100_000)


def endless(status: int, content_type: str = "application/json") -> list[Act]:
    """An answer of which 3 MiB come, and that does not end then."""
    return [head(status, content_type, 10**9), MB, MB, MB, Stall]


async def test_a_plain_answer_that_is_too_long_is_not_read_to_its_end(kind: str):
    with FaultServer(endless(200), GOOD) as server:
        async with Caller(kind, base_url=server.url, max_answer_bytes=2**21, timeout=5) as ask:
            with pytest.raises(APIResponseError) as caught:
                await ask("chat", **HI)
            assert (await ask("chat", **HI)).text == "Hello"
    assert "longer than 2,097,152 bytes" in caught.value.message
    assert "raise max_answer_bytes" in str(caught.value.hint)
    assert caught.value.trace_id == "ti_fault"
    assert not caught.value.is_retryable
    assert [request.connection for request in server.seen] == [1, 2]


async def test_an_answer_within_the_limit_is_read(kind: str):
    with FaultServer(body(LONG_CHAT)) as server:
        for limit, fits in ((len(LONG_CHAT), True), (len(LONG_CHAT) - 1, False)):
            async with Caller(kind, base_url=server.url, max_answer_bytes=limit) as ask:
                if fits:
                    assert len((await ask("chat", **HI)).text) == 100_005
                else:
                    with pytest.raises(APIResponseError):
                        await ask("chat", **HI)


@pytest.mark.parametrize("streamed", [False, True])
async def test_of_an_error_s_body_a_mebibyte_is_read(kind: str, streamed: bool):
    with FaultServer(endless(500)) as server:
        async with Caller(kind, base_url=server.url, max_retries=0, timeout=5) as ask:
            if streamed:
                error: Any = (await ask.stream(**HI)).error
            else:
                with pytest.raises(ServerError) as caught:
                    await ask("chat", **HI)
                error = caught.value
    assert isinstance(error, ServerError)
    assert error.response is not None
    assert len(error.response.content) == MAX_ERROR_BYTES
    assert len(str(error)) < 1000


async def test_a_plain_body_where_a_stream_was_asked_for_is_not_read_to_its_end(kind: str):
    with FaultServer(endless(200)) as server:
        async with Caller(kind, base_url=server.url, timeout=5) as ask:
            told = await ask.stream(**HI)
    assert isinstance(told.error, APIResponseError)


def test_an_event_that_does_not_end_is_not_kept():
    pieces = [b"data: ", *[MB] * (LONGEST_EVENT // len(MB)), b"x", MB, MB]
    hand = Hand([events(*pieces)])
    error = hand.stream(policy=ONE_TRY).error
    assert isinstance(error, APIResponseError)
    assert f"An event from /chat/completions is longer than {LONGEST_EVENT:,} bytes" in str(error)
    assert "max_answer_bytes" in str(error.hint)


@pytest.mark.parametrize("line", [b"data: x\n", b"x" * 2**20], ids=["lines", "one line"])
def test_the_bound_holds_for_lines_and_for_an_event_of_many_lines(line: bytes):
    piece = line * (2**20 // len(line))
    decoder = SSEDecoder()
    taken = 0
    with pytest.raises(EventTooLongError):
        for _ in range(2 * LONGEST_EVENT // len(piece)):
            decoder.feed(b"data: " if not taken else piece)
            taken += len(piece)
    assert LONGEST_EVENT * 0.9 < taken < LONGEST_EVENT * 1.1


@pytest.mark.parametrize(
    "piece",
    [b"data: " + MB + b"\n\n", b": " + MB + b"\n", b"data: a\n\ndata: " + MB, b"id: x\n" * 200_000],
    ids=["events", "comments", "pieces that end in an event", "other fields"],
)
def test_a_long_stream_of_short_events_is_within_the_bound(piece: bytes):
    decoder = SSEDecoder()
    for _ in range(LONGEST_EVENT // len(piece) + 2):
        decoder.feed(piece)
    assert decoder.feed(b"\n\ndata: b\n\n")[-1] == b"b"


def test_a_download_is_not_bounded():
    hand = Hand([Reply(200, [MB] * 300)])
    request = replace(REQUEST, is_bounded=False)
    assert hand.plain(lambda content, _: len(content), request=request) == 300 * 2**20


def test_300_mebibytes_are_too_many_for_a_plain_answer():
    with pytest.raises(APIResponseError, match="268,435,456"):
        Hand([Reply(200, [MB] * 300)]).plain(lambda content, _: len(content), policy=ONE_TRY)


@pytest.mark.parametrize("limit", [0, -1, True, 1.5, "1"])
def test_a_limit_that_cannot_be_meant(limit: Any):
    with pytest.raises(ConfigurationError) as caught:
        ClientConfig(api_key="sk-any", max_answer_bytes=limit)
    assert caught.value.argument == "max_answer_bytes"


async def test_a_stream_of_many_events_has_no_limit(kind: str):
    one = (
        b'data: {"id":"x","choices":[{"index":0,"delta":{"content":"' + b"y" * 50_000 + b'"}}]}\n\n'
    )
    with FaultServer(chunked(*[one] * 60, b"data: [DONE]\n\n")) as server:
        async with Caller(kind, base_url=server.url, max_answer_bytes=1000) as ask:
            told = await ask.stream(**HI)
    assert told.error is None
    assert len(told.text) == 3_000_000


async def test_an_error_is_still_an_error_when_plain_answers_are_short(kind: str):
    with FaultServer(body(b'{"code":20015,"message":"x"}', 400)) as server:
        async with Caller(kind, base_url=server.url, max_answer_bytes=5) as ask:
            with pytest.raises(APIStatusError) as caught:
                await ask("chat", **HI)
    assert caught.value.code == 20015
