"""What is left open on a loop is closed by its next call, by another loop's, or at exit."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator

import pytest

from siliconflow_client.transport.left_open import LeftOpen


class Connection:
    """Notes how often, and on which loop, it was closed."""

    def __init__(self, *, waits: bool = False) -> None:
        self.waits = waits
        self.begun = self.closed = 0

    async def aclose(self) -> None:
        self.begun += 1
        if self.waits:
            await asyncio.sleep(0)
        self.closed += 1


@pytest.fixture
def loops() -> Iterator[list[asyncio.AbstractEventLoop]]:
    made = [asyncio.new_event_loop() for _ in range(3)]
    yield made
    for loop in made:
        loop.close()


def test_the_loops_next_call_closes_it_once(loops: list[asyncio.AbstractEventLoop]):
    left, thing = LeftOpen(), Connection(waits=True)
    left.hold(loops[0], thing)
    left.leave(loops[0], thing)
    for _ in range(2):
        loops[0].run_until_complete(left.close(loops[0]))
    assert (thing.begun, thing.closed) == (1, 1)


@pytest.mark.parametrize("waits", [False, True])
def test_what_a_closed_loop_left_is_closed_by_another_without_waiting(
    waits: bool, loops: list[asyncio.AbstractEventLoop]
):
    left, thing, other = LeftOpen(), Connection(waits=waits), Connection()
    left.leave(loops[0], thing)
    left.leave(loops[1], other)
    loops[0].close()
    loops[2].run_until_complete(left.close(loops[2]))
    assert (thing.begun, thing.closed) == (1, 0 if waits else 1)
    assert other.begun == 0, "its own loop may still close it"


def test_at_exit_everything_is_closed(loops: list[asyncio.AbstractEventLoop]):
    left = LeftOpen()
    gone, used, running = Connection(), Connection(waits=True), Connection()
    left.leave(loops[0], gone)
    left.hold(loops[1], used)
    loops[0].close()

    async def at_exit() -> None:
        left.leave(loops[2], running)
        # Its loop runs, in the middle of which nothing can be waited for.
        await asyncio.get_running_loop().run_in_executor(None, left._close_all)

    loops[2].run_until_complete(at_exit())
    assert (gone.closed, used.closed, running.closed) == (1, 1, 0)
