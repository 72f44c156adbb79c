"""The streams that callers hold: iterate, close, nothing clever."""

from __future__ import annotations

import contextlib
from collections.abc import AsyncGenerator, AsyncIterator, Coroutine, Generator, Iterator, Sequence
from types import TracebackType
from typing import Generic, Self, TypeVar, cast

from siliconflow_client.endpoints.chat_stream import ChatDecoder
from siliconflow_client.endpoints.deltas import Delta
from siliconflow_client.endpoints.normaliser import DeltaNormaliser
from siliconflow_client.endpoints.usage import Usage, usage_from_wire
from siliconflow_client.protocol.context import StreamState
from siliconflow_client.transport.drivers import CloseStreamError

D = TypeVar("D")


class _Metadata(Generic[D]):
    """What every stream tells beside its items."""

    __slots__ = ("_state",)

    def __init__(self, state: StreamState[D]) -> None:
        self._state = state

    @property
    def trace_id(self) -> str | None:
        """The `x-siliconcloud-trace-id` header, once the answer has begun."""
        head = self._state.head
        return None if head is None else head.trace_id


class ItemStream(_Metadata[D], Iterator[D]):
    """The items of an answer as they come; the request is sent by the first `next`.

    Close it (`with stream:` or `close()`) when leaving early: the connection is given back.

    Raises:
        SiliconFlowError: While iterating; see `siliconflow_client.errors`.
    """

    __slots__ = ("_batches", "_items")

    def __init__(
        self, batches: Generator[Sequence[object], None, None], state: StreamState[D]
    ) -> None:
        super().__init__(state)
        self._batches = cast("Generator[Sequence[D], None, None]", batches)
        self._items = (item for batch in self._batches for item in batch)

    def __iter__(self) -> Iterator[D]:  # noqa: PYI034  # a generator is quicker to step
        return self._items

    def __next__(self) -> D:
        return next(self._items)

    def close(self) -> None:
        """Stop, and give the connection back; harmless when already done."""
        self._items.close()
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


class AsyncItemStream(_Metadata[D], AsyncIterator[D]):
    """The asynchronous twin of `ItemStream`: `async for`, `async with`, `aclose()`."""

    __slots__ = ("_batches", "_items")

    def __init__(
        self, batches: AsyncGenerator[Sequence[object], None], state: StreamState[D]
    ) -> None:
        super().__init__(state)
        self._batches = cast("AsyncGenerator[Sequence[D], None]", batches)
        self._items = _flattened(self._batches)

    def __aiter__(self) -> AsyncIterator[D]:  # noqa: PYI034  # a generator is quicker to step
        return self._items

    def __anext__(self) -> Coroutine[None, None, D]:
        return self._next()

    async def _next(self) -> D:
        return await anext(self._items)

    async def aclose(self) -> None:
        """Stop, and give the connection back; harmless when already done."""
        await self._items.aclose()
        with contextlib.suppress(CloseStreamError, StopAsyncIteration):
            await self._batches.athrow(CloseStreamError)

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        # Thrown into a generator around this one, which whoever closes generators closes as well.
        if kind is not GeneratorExit:
            await self.aclose()


async def _flattened(batches: AsyncGenerator[Sequence[D], None]) -> AsyncGenerator[D, None]:
    async for batch in batches:
        for item in batch:
            yield item


class _ChatMetadata(_Metadata[Delta]):
    """What the chunks of a chat or a completion tell beside their deltas."""

    __slots__ = ()

    @property
    def fallback_from(self) -> str | None:
        """The model that was asked for, where another one answers."""
        return self._state.fallback_from

    @property
    def _known(self) -> DeltaNormaliser:
        decoder = self._state.decoder
        return decoder.normaliser if isinstance(decoder, ChatDecoder) else DeltaNormaliser()

    @property
    def id(self) -> str:
        """The completion's id, "" until known."""
        return self._known.id

    @property
    def model(self) -> str:
        """The model that answers, "" until known."""
        return self._known.model

    @property
    def system_fingerprint(self) -> str:
        """As received; usually ""."""
        return self._known.system_fingerprint

    @property
    def usage(self) -> Usage | None:
        """Token totals so far; some models tell them only at the end."""
        raw = self._known.usage
        return usage_from_wire(raw) if raw else None


class Stream(ItemStream[Delta], _ChatMetadata):
    """The deltas of a chat or a completion as they come; see `ItemStream`."""

    __slots__ = ()


class AsyncStream(AsyncItemStream[Delta], _ChatMetadata):
    """The asynchronous twin of `Stream`."""

    __slots__ = ()
