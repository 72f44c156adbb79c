"""The two drivers: each runs a flow, does its actions with an exchange, hands out what it emits."""

from __future__ import annotations

from typing import TYPE_CHECKING, TypeVar

from siliconflow_client.errors.tree import SiliconFlowError
from siliconflow_client.protocol.actions import Emit

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator, Awaitable, Callable, Generator, Sequence

    from siliconflow_client.protocol.actions import Flow
    from siliconflow_client.transport.exchange import AsyncExchange, SyncExchange

T = TypeVar("T")


class CloseStreamError(BaseException):
    """Thrown into `drive_async` to close it, which its caller waits for.

    `GeneratorExit` says the same, but is also what the collector throws.
    """


def drive(flow: Flow[T], exchange: SyncExchange) -> Generator[Sequence[object], None, T]:
    """Run a flow; yield what it emits, return its result."""
    try:
        action = next(flow)
        while True:
            if isinstance(action, Emit):
                yield action.items
                action = flow.send(None)
                continue
            try:
                outcome = exchange.perform(action)
            except SiliconFlowError as error:
                action = flow.throw(error)
            else:
                action = flow.send(outcome)
    except StopIteration as stop:
        result: T = stop.value
        return result
    finally:
        flow.close()  # at once, not when it is collected: it may hold an unfinished file
        exchange.ended()
        outcome = None  # tracebacks may show it, and it is what came
        exchange.close()


async def drive_async(
    flow: Flow[T], opened: Callable[[], Awaitable[AsyncExchange]], done: Callable[[T], None]
) -> AsyncGenerator[Sequence[object], None]:
    """Run a flow with the exchange that `opened` makes; yield what it emits, give its result away.

    Only what closes generators may close this one: the loop's hook when it is collected, the loop
    at its end, or `CloseStreamError`. Generators around it must not: the loop closes all at once.
    """
    exchange = await opened()
    try:
        action = next(flow)
        while True:
            if isinstance(action, Emit):
                yield action.items
                action = flow.send(None)
                continue
            try:
                outcome = await exchange.perform(action)
            except SiliconFlowError as error:
                action = flow.throw(error)
            else:
                action = flow.send(outcome)
    except StopIteration as stop:
        done(stop.value)
    except GeneratorExit:
        exchange.leave_open()
        raise
    finally:
        flow.close()  # as above
        exchange.ended()
        outcome = None  # tracebacks may show it, and it is what came
        await exchange.aclose()
