"""The two drivers, and the streams that callers hold: iterate, close, nothing clever.

A driver runs a flow: it does each errand with an exchange and sends the outcome back, and hands
out the deltas that the flow emits.
"""

from __future__ import annotations

from collections.abc import AsyncGenerator, AsyncIterator, Callable, Coroutine, Generator, Iterator
from typing import TYPE_CHECKING, Self, TypeVar

from siliconflow_client._deltas import usage_from_wire
from siliconflow_client._errors import SiliconFlowError
from siliconflow_client._flow import Emit

if TYPE_CHECKING:
    from types import TracebackType

    from siliconflow_client._exchange import AsyncExchange, SyncExchange
    from siliconflow_client._flow import Flow, Progress
    from siliconflow_client._results import Delta, Usage

T = TypeVar("T")


def drive(flow: Flow[T], exchange: SyncExchange) -> Generator[list[Delta], None, T]:
    """Run a flow; yield what it emits, return its result."""
    try:
        action = next(flow)
        while True:
            if isinstance(action, Emit):
                yield action.deltas
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
        exchange.close()


async def drive_async(
    flow: Flow[T], exchange: AsyncExchange, done: Callable[[T], None]
) -> AsyncGenerator[list[Delta], None]:
    """Run a flow; yield what it emits, give its result to `done`."""
    try:
        action = next(flow)
        while True:
            if isinstance(action, Emit):
                yield action.deltas
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
    finally:
        await exchange.aclose()


class _Told:
    """What a stream has told so far."""

    __slots__ = ("_progress",)

    def __init__(self, progress: Progress) -> None:
        self._progress = progress

    @property
    def trace_id(self) -> str | None:
        """The `x-siliconcloud-trace-id` header, once the answer has begun."""
        return self._progress.trace_id

    @property
    def id(self) -> str:
        """The completion's id, "" until known."""
        return self._progress.normaliser.id

    @property
    def model(self) -> str:
        """The model that answers, "" until known."""
        return self._progress.normaliser.model

    @property
    def system_fingerprint(self) -> str:
        """As received; usually ""."""
        return self._progress.normaliser.system_fingerprint

    @property
    def usage(self) -> Usage | None:
        """Token totals so far; some models tell them only at the end."""
        raw = self._progress.normaliser.usage
        return usage_from_wire(raw) if raw else None


class Stream(_Told, Iterator["Delta"]):
    """The deltas of an answer as they come; the request is sent by the first `next`.

    Close it (`with stream:` or `close()`) when leaving early: the connection is given back.

    Raises:
        SiliconFlowError: While iterating; see `siliconflow_client._errors`.
    """

    __slots__ = ("_batches", "_deltas")

    def __init__(self, batches: Generator[list[Delta], None, None], progress: Progress) -> None:
        super().__init__(progress)
        self._batches = batches
        self._deltas = (delta for batch in batches for delta in batch)

    def __iter__(self) -> Iterator[Delta]:  # noqa: PYI034  # a generator is quicker to step
        return self._deltas

    def __next__(self) -> Delta:
        return next(self._deltas)

    def close(self) -> None:
        """Stop, and give the connection back; harmless when already done."""
        self._deltas.close()
        self._batches.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self.close()


class AsyncStream(_Told, AsyncIterator["Delta"]):
    """The asynchronous twin of `Stream`: `async for`, `async with`, `aclose()`."""

    __slots__ = ("_batches", "_deltas")

    def __init__(self, batches: AsyncGenerator[list[Delta], None], progress: Progress) -> None:
        super().__init__(progress)
        self._batches = batches
        self._deltas = _flattened(batches)

    def __aiter__(self) -> AsyncIterator[Delta]:  # noqa: PYI034  # a generator is quicker to step
        return self._deltas

    def __anext__(self) -> Coroutine[None, None, Delta]:
        return self._next()

    async def _next(self) -> Delta:
        return await anext(self._deltas)

    async def aclose(self) -> None:
        """Stop, and give the connection back; harmless when already done."""
        await self._deltas.aclose()
        await self._batches.aclose()

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        await self.aclose()


async def _flattened(batches: AsyncGenerator[list[Delta], None]) -> AsyncGenerator[Delta, None]:
    async for batch in batches:
        for delta in batch:
            yield delta
