"""How the groups of a client (`client.user`, …) reach the client that runs their plans."""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Iterator
from types import TracebackType
from typing import Protocol, Self, TypeVar

from siliconflow_client.protocol.context import Plan, StreamPlan
from siliconflow_client.protocol.options import CallOptions

T = TypeVar("T")


class Run(Protocol):
    """Runs plans to their results."""

    def __call__(self, plan: Plan[T], options: CallOptions | None, /) -> T:
        """Run one."""
        ...


class AsyncRun(Protocol):
    """The asynchronous twin of `Run`."""

    async def __call__(self, plan: Plan[T], options: CallOptions | None, /) -> T:
        """Run one."""
        ...


D = TypeVar("D")
D_co = TypeVar("D_co", covariant=True)


class Items(Iterator[D_co], Protocol[D_co]):
    """Items of an answer, or of several, as they come; nothing is sent before the first `next`.

    Close it (`with items:` or `close()`) when leaving early: the connection is given back.
    """

    @property
    def trace_id(self) -> str | None:
        """The `x-siliconcloud-trace-id` header, once the answer has begun."""
        ...

    def close(self) -> None:
        """Stop, and give the connection back; harmless when already done."""
        ...

    def __enter__(self) -> Self: ...

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None: ...


class AsyncItems(Protocol[D_co]):
    """The asynchronous twin of `Items`: `async for`, `async with`, `aclose()`."""

    def __aiter__(self) -> AsyncIterator[D_co]: ...

    def __anext__(self) -> Awaitable[D_co]: ...

    @property
    def trace_id(self) -> str | None:
        """The `x-siliconcloud-trace-id` header, once the answer has begun."""
        ...

    async def aclose(self) -> None:
        """Stop, and give the connection back; harmless when already done."""
        ...

    async def __aenter__(self) -> Self: ...

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None: ...


class Open(Protocol):
    """Opens what is answered piece by piece."""

    def __call__(self, plan: StreamPlan[D], options: CallOptions | None, /) -> Items[D]:
        """Open one; called without `await` by the asynchronous client too."""
        ...


class AsyncOpen(Protocol):
    """The asynchronous twin of `Open`."""

    def __call__(self, plan: StreamPlan[D], options: CallOptions | None, /) -> AsyncItems[D]:
        """Open one."""
        ...
