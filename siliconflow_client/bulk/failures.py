"""Adds what only the surrounding call knows to an error that passes."""

from __future__ import annotations

from types import TracebackType
from typing import Self

from siliconflow_client.errors.tree import SiliconFlowError


class AddsToFailure:
    """A context that completes an error of ours on its way out; for sync and async code alike."""

    __slots__ = ()

    def _complete(self, error: SiliconFlowError) -> None:
        """Add what this context knows."""
        raise NotImplementedError("each context knows something else")

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        if isinstance(error, SiliconFlowError):
            self._complete(error)
