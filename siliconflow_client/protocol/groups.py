"""How the groups of a client (`client.user`, …) reach the client that runs their plans."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator
from typing import Protocol, TypeVar

from siliconflow_client.protocol.flow import Plan, StreamPlan
from siliconflow_client.protocol.options import CallOptions

T = TypeVar("T")
D = TypeVar("D")
D_co = TypeVar("D_co", covariant=True)


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


class Items(Protocol[D_co]):
    """The items of a streamed answer; the request is sent by the first `next`."""

    @property
    def trace_id(self) -> str | None:
        """The trace header, once the answer has begun."""
        ...

    def __iter__(self) -> Iterator[D_co]: ...

    def close(self) -> None:
        """Stop, and give the connection back."""
        ...


class AsyncItems(Protocol[D_co]):
    """The asynchronous twin of `Items`."""

    @property
    def trace_id(self) -> str | None:
        """The trace header, once the answer has begun."""
        ...

    def __aiter__(self) -> AsyncIterator[D_co]: ...

    async def aclose(self) -> None:
        """Stop, and give the connection back."""
        ...


class Open(Protocol):
    """Opens streams; nothing is sent before they are read."""

    def __call__(self, plan: StreamPlan[D], options: CallOptions | None, /) -> Items[D]:
        """Open one."""
        ...


class AsyncOpen(Protocol):
    """The asynchronous twin of `Open`."""

    def __call__(self, plan: StreamPlan[D], options: CallOptions | None, /) -> AsyncItems[D]:
        """Open one."""
        ...
