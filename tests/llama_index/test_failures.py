"""Errors of the API, retries, and time limits, through the LLM."""

from __future__ import annotations

import threading
from typing import Any

import pytest
from llama_index.core.base.llms.types import ChatMessage

from llama_index_siliconflow import SiliconFlow
from siliconflow_client import (
    APIConnectionError,
    APIResponseError,
    APITimeoutError,
    AuthenticationError,
    OverloadedError,
    RateLimitError,
    ServerError,
    SiliconFlowError,
)
from tests.llama_index import scenarios as s
from tests.llama_index.conftest import Make, Way
from tests.llama_index.stub import Stub

U = [ChatMessage(role="user", content="hi")]
NAMES = pytest.mark.parametrize("name", ["chat", "stream_chat"])
# Retry-After is honoured: a wait of 0 s keeps the tests quick, and shows it.
BUSY = s.always(
    s.json_reply(
        {"code": 50505, "message": "Model service overloaded.", "data": None},
        503,
        retry_after="0.001",
    )
)


def text_of(result: Any) -> str:
    return (result[-1] if isinstance(result, list) else result).message.content


@NAMES
async def test_a_refused_key(llm: SiliconFlow, stub: Stub, way: Way, name: str) -> None:
    """Errors were parsed as answers (TypeError), lost their body, and a 401 was tried again."""
    stub.script = s.ERR401
    with pytest.raises(AuthenticationError, match="Invalid token"):
        await way(llm, name, U)
    assert len(stub.requests) == 1


@NAMES
async def test_a_rate_limit(stub: Stub, way: Way, make: Make, name: str) -> None:
    """Errors were parsed as answers (KeyError 'choices'), or lost code and message."""
    stub.script = s.ERR429
    with pytest.raises(RateLimitError) as caught:
        await way(make(SiliconFlow, max_retries=0), name, U)
    error = caught.value
    assert (error.status_code, error.code) == (429, 50603)
    assert "rate limiting" in error.message
    assert error.trace_id == "ti_stub0001"
    assert "ti_stub0001" in str(error)


@NAMES
async def test_an_html_page(stub: Stub, way: Way, make: Make, name: str) -> None:
    """A page in HTML surfaced as an error of the JSON parser."""
    stub.script = s.ERR504HTML
    with pytest.raises(ServerError) as caught:
        await way(make(SiliconFlow, max_retries=0), name, U)
    assert caught.value.status_code == 504


@NAMES
@pytest.mark.parametrize(
    "body", [{"choices": []}, {}, [], "text", {"choices": [{"index": 0}]}], ids=repr
)
async def test_an_answer_of_another_shape(
    stub: Stub, way: Way, make: Make, name: str, body: Any
) -> None:
    stub.script = s.always(s.json_reply(body))
    with pytest.raises(SiliconFlowError):
        await way(make(SiliconFlow, max_retries=0), name, U)


async def test_an_error_object_under_200(stub: Stub, way: Way, make: Make) -> None:
    stub.script = s.always(s.json_reply({"code": 50505, "message": "busy", "data": None}))
    with pytest.raises(SiliconFlowError, match="busy") as caught:
        await way(make(SiliconFlow, max_retries=0), "chat", U)
    assert not isinstance(caught.value, KeyError | APIConnectionError)
    assert isinstance(caught.value, APIResponseError | ServerError)


@NAMES
async def test_a_busy_server_is_asked_again(
    llm: SiliconFlow, stub: Stub, way: Way, name: str
) -> None:
    """Asynchronous calls and streams were never tried again."""
    stub.script = s.in_turn(BUSY, s.PLAIN)
    assert text_of(await way(llm, name, U)) == "你好，世界"
    assert len(stub.requests) == 2


@NAMES
async def test_retries_end(stub: Stub, way: Way, make: Make, name: str) -> None:
    """Asynchronous calls and streams were never tried again."""
    stub.script = BUSY
    with pytest.raises(OverloadedError):
        await way(make(SiliconFlow, max_retries=2), name, U)
    assert len(stub.requests) == 3


@NAMES
async def test_retries_of_one_call(llm: SiliconFlow, stub: Stub, way: Way, name: str) -> None:
    stub.script = BUSY
    with pytest.raises(OverloadedError):
        await way(llm, name, U, max_retries=0)
    assert len(stub.requests) == 1


async def test_a_stream_is_not_asked_again_once_it_has_begun(
    llm: SiliconFlow, stub: Stub, way: Way
) -> None:
    stub.script = s.in_turn(s.ERR_MID, s.PLAIN)
    with pytest.raises(OverloadedError):
        await way(llm, "stream_chat", U)
    assert len(stub.requests) == 1


async def test_a_stream_that_fails_before_its_first_piece_is_asked_again(
    llm: SiliconFlow, stub: Stub, way: Way
) -> None:
    at_once = s.raw_stream(s.data({"code": 50505, "message": "busy", "data": None}))
    stub.script = s.in_turn(at_once, s.PLAIN)
    assert text_of(await way(llm, "stream_chat", U)) == "你好，世界"


async def test_one_event_pair_however_many_tries(
    llm: SiliconFlow, stub: Stub, way: Way, limiter: Any
) -> None:
    llm.rate_limiter = limiter
    stub.script = s.in_turn(BUSY, BUSY, s.PLAIN)
    await way(llm, "chat", U)
    assert limiter.n == 1


async def test_a_time_limit_is_for_silence_not_for_the_whole_stream(
    stub: Stub, way: Way, make: Make
) -> None:
    """An asynchronous `timeout` bounded the whole answer, and cut long ones."""
    gates = [threading.Event() for _ in range(4)]
    pieces = [s.data(s.chunk({"content": str(number)})) for number in range(4)]
    end = s.data(s.chunk({"content": ""}, finish="stop"))
    segments = [part for pair in zip(pieces, gates, strict=True) for part in pair]
    stub.script = s.raw_stream(*segments, end, s.DONE)
    llm = make(SiliconFlow, timeout=0.3, max_retries=0)
    count = 0
    import time

    started = time.monotonic()
    async for response in way.each(llm, "stream_chat", U):
        if response.delta:
            # Hold each piece back for less than the limit, all of them for more.
            threading.Timer(0.12, gates[int(response.delta)].set).start()
            count += 1
    assert count == 4
    assert time.monotonic() - started > 0.3


WHERE = pytest.mark.parametrize("per_call", [False, True], ids=["field", "per call"])


@NAMES
@WHERE
async def test_silence_is_a_timeout(
    stub: Stub, way: Way, make: Make, name: str, per_call: bool
) -> None:
    gate = threading.Event()
    stub.script = s.raw_stream(gate, s.DONE)
    limit: dict[str, Any] = {"timeout": 0.1, "max_retries": 0}
    llm = make(SiliconFlow, **({} if per_call else limit))
    with pytest.raises(APITimeoutError) as caught:
        await way(llm, name, U, **(limit if per_call else {}))
    gate.set()
    assert (caught.value.phase, caught.value.limit) == ("read", 0.1)


@NAMES
@WHERE
async def test_a_deadline_bounds_the_whole_call(
    stub: Stub, way: Way, make: Make, name: str, per_call: bool
) -> None:
    gate = threading.Event()
    stub.script = s.raw_stream(gate, s.DONE)
    limit: dict[str, Any] = {"deadline": 0.15}
    llm = make(SiliconFlow, **({} if per_call else limit))
    with pytest.raises(APITimeoutError) as caught:
        await way(llm, name, U, **(limit if per_call else {}))
    gate.set()
    assert (caught.value.phase, caught.value.limit) == ("deadline", 0.15)


async def test_nobody_there(way: Way, make: Make) -> None:
    # Port 9 (discard) is closed on machines of this century.
    llm = make(SiliconFlow, base_url="http://127.0.0.1:9/v1", max_retries=0)
    with pytest.raises(APIConnectionError):
        await way(llm, "chat", U)
