"""What we do when the provider does not do its part: each fault, in every way to ask."""

from __future__ import annotations

import asyncio

import httpx
import pytest

from siliconflow_client import APIConnectionError
from tests.client.callers import HI, Caller
from tests.faults.columns import COLUMNS, Column
from tests.faults.running import run, verdict
from tests.faults.server import DONE, GOOD, Close, Drip, FaultServer, Reply, chunked, head, piece
from tests.faults.table import TABLE
from tests.faults.table.row import Row

# On httpx2 (`make test-httpx2`) the client alone is asked: the adapters see no transport.
ASKED = [column for column in COLUMNS if httpx.__name__ == "httpx" or "client" in column.name]


@pytest.mark.parametrize("column", ASKED, ids=[column.name for column in ASKED])
@pytest.mark.parametrize(
    "row",
    [pytest.param(row, id=f"{group.title}: {row.name}") for group in TABLE for row in group.rows],
)
def test_a_fault(row: Row, column: Column, record_property):
    cell = run(row, column)
    said = verdict(row, column, cell)
    record_property("verdict", said)
    assert not said, said if cell.error is None else f"{said} ({cell.error})"


CALLS = [
    piece(tool_calls=[{"index": 0, "id": "a", "function": {"name": "one", "arguments": '{"x"'}}]),
    piece(tool_calls=[{"index": 1, "id": "b", "function": {"name": "two", "arguments": '{"y"'}}]),
    piece(tool_calls=[{"index": 0, "function": {"arguments": ":1}"}}]),
    piece(tool_calls=[{"index": 1, "function": {"arguments": ":2}"}}]),
]


async def test_two_calls_whose_pieces_alternate(kind: str):
    with FaultServer(chunked(*CALLS, piece("", finish="tool_calls"), DONE)) as server:
        async with Caller(kind, base_url=server.url) as ask:
            told = await ask.stream(**HI)
    assert told.calls == (("a", "one", '{"x":1}'), ("b", "two", '{"y":2}'))
    assert told.finish_reason == "tool_calls"


async def test_a_chunk_size_of_nonsense(kind: str):
    """In a segment of its own: aiohttp 3.14.5 parses it, and then never wakes its reader."""
    with FaultServer(NONSENSE_CHUNK, GOOD) as server:
        async with Caller(kind, base_url=server.url, timeout=0.3) as ask, asyncio.timeout(1.5):
            assert (await ask("chat", **HI)).text == "Hello"
    assert (len(server.seen), len(ask.waits)) == (2, 1)


async def test_a_chunk_size_of_nonsense_is_ended_by_a_deadline():
    with FaultServer(NONSENSE_CHUNK) as server:
        async with Caller("aiohttp", base_url=server.url, deadline=0.3, max_retries=0) as ask:
            with pytest.raises(APIConnectionError):
                await ask("chat", **HI)


NONSENSE_CHUNK: Reply = [
    head(200, transfer_encoding="chunked"),
    Drip(b"1\r\n{\r\n", 0.005),
    b"zz\r\nx\r\n",
    Close,
]
