"""How far a long piece of work is: a bar of tqdm's, or a function that is told."""

from __future__ import annotations

import importlib.util
from collections.abc import Callable, Sized
from types import TracebackType
from typing import Generic, Protocol, Self, TypeAlias, TypeVar

from siliconflow_client.errors.tree import ConfigurationError

Result = TypeVar("Result")

Progress: TypeAlias = bool | Callable[[int], object]
"""`True` shows a bar (needs tqdm); a function is told how many inputs each result finished."""


class _Shown(Protocol):
    def update(self, n: float | None = 1) -> object: ...

    def close(self) -> None: ...


class ProgressTeller(Generic[Result]):
    """Tells of each result, in the caller's thread, before it is handed out.

    Args:
        progress: Whether, or whom.
        what: What the bar says before its numbers.
        inputs: What is worked on; its length is the bar's, where it has one.
        size: How many inputs a result finished.
        unit: What the bar counts.

    Raises:
        ConfigurationError: A bar is wanted and tqdm is not installed.
    """

    __slots__ = ("_bar", "_progress", "_size", "_total", "_unit", "_what")

    def __init__(
        self,
        progress: Progress,
        what: str,
        inputs: object,
        *,
        size: Callable[[Result], int] = lambda _: 1,
        unit: str = "request",
    ) -> None:
        if progress is True and importlib.util.find_spec("tqdm") is None:
            raise ConfigurationError(
                "A progress bar needs tqdm, which is not installed.",
                argument="progress",
                hint="pip install tqdm, or pass a function that is told how many are done.",
            )
        self._progress = progress
        self._what = what
        self._total = len(inputs) if isinstance(inputs, Sized) else None
        self._size = size
        self._unit = unit
        self._bar: _Shown | None = None

    def tell(self, result: Result) -> None:
        """Move on by what a result finished."""
        if self._bar is not None:
            self._bar.update(self._size(result))
        elif callable(self._progress):
            self._progress(self._size(result))

    def __enter__(self) -> Self:
        if self._progress is True:
            from tqdm.auto import tqdm

            self._bar = tqdm(total=self._total, desc=self._what, unit=self._unit)
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        if self._bar is not None:
            self._bar.close()
