"""`UsageMeter`, and what tells it of each answer and the log of each call."""

from __future__ import annotations

import logging
import threading
from collections import deque
from collections.abc import Mapping
from types import TracebackType
from typing import Final, Self

from siliconflow_client.endpoints.usage import OnUsage, Usage, UsageReport, added, usage_of
from siliconflow_client.errors.redaction import printable
from siliconflow_client.errors.response import Head
from siliconflow_client.errors.tree import ConfigurationError
from siliconflow_client.protocol.requests import Request

logger = logging.getLogger("siliconflow")

_NOTHING: Final = Usage(0, 0, 0)
_PRICED_TOKENS: Final = 1_000_000
_NAMED_MODELS: Final = 5
_KEPT_APART: Final = 1000
"""Answers that wait to be added up, at most about."""


class UsageMeter:
    """Adds up the tokens of all answers that it is told of; threads may share one.

    Pass it as `on_usage=` to as many clients and models as it shall count for. A deep copy of a
    model tells the same meter; a pickled one takes a meter of its own along, with what was counted.

    ```python
    from siliconflow_client import SiliconFlowClient, UsageMeter

    meter = UsageMeter()
    with SiliconFlowClient(on_usage=meter) as client:
        client.chat(model="Qwen/Qwen3-8B", messages=[{"role": "user", "content": "Hi"}])
    print(meter.total.total_tokens, meter.cost({"Qwen/Qwen3-8B": (0.5, 2.0)}))
    ```
    """

    def __init__(self) -> None:
        self._lock = threading.Lock()
        # Appended without the lock: a stream that nobody closed may tell its tokens when it is
        # collected, in the middle of anything that this thread does.
        self._told: deque[tuple[str, Usage]] = deque()
        self._by_model: dict[str, Usage] = {}
        self._answers = 0

    def __call__(self, report: UsageReport) -> None:
        """Take the tokens of one answer."""
        self.add(report.model, report.usage)

    def add(self, model: str, usage: Usage) -> None:
        """Take tokens that nobody reported, such as those of an answer kept from another day."""
        self._told.append((model, usage))
        if len(self._told) >= _KEPT_APART and self._lock.acquire(blocking=False):
            try:
                self._add_up()
            finally:
                self._lock.release()

    @property
    def answers(self) -> int:
        """How many answers were counted."""
        return self._counted()[1]

    @property
    def by_model(self) -> dict[str, Usage]:
        """The tokens of each model."""
        return self._counted()[0]

    def _counted(self) -> tuple[dict[str, Usage], int]:
        with self._lock:
            self._add_up()
            return dict(self._by_model), self._answers

    def _add_up(self) -> None:
        while self._told:
            model, usage = self._told.popleft()
            self._by_model[model] = added(self._by_model.get(model, _NOTHING), usage)
            self._answers += 1

    @property
    def total(self) -> Usage:
        """The tokens of all models together."""
        total = _NOTHING
        for usage in self.by_model.values():
            total = added(total, usage)
        return total

    def cost(self, prices: Mapping[str, tuple[float, float]]) -> float:
        """Add up what the answers cost, in the currency of the prices.

        Args:
            prices: For each model, the prices of a million tokens read and of a million written.
                The vendor's change often, so none are kept here.

        Raises:
            ConfigurationError: A model was used that has no price.
        """
        used = self.by_model
        missing = [model for model in used if model not in prices]
        if missing:
            named = ", ".join(repr(model) for model in missing[:_NAMED_MODELS])
            more = len(missing) - _NAMED_MODELS
            raise ConfigurationError(
                f"prices has none for {named}{f' and {more} more' if more > 0 else ''}.",
                argument="prices",
            )
        cost = 0.0
        for model, usage in used.items():
            read, written = prices[model]
            cost += usage.prompt_tokens * read + usage.completion_tokens * written
        return cost / _PRICED_TOKENS

    def reset(self) -> None:
        """Forget what was counted."""
        with self._lock:
            self._told.clear()
            self._by_model.clear()
            self._answers = 0

    def __repr__(self) -> str:
        return f"UsageMeter(answers={self.answers}, total={self.total!r})"

    def __deepcopy__(self, memo: dict[int, object]) -> Self:
        return self

    def __getstate__(self) -> tuple[dict[str, Usage], int]:
        return self._counted()

    def __setstate__(self, state: tuple[dict[str, Usage], int]) -> None:
        self._lock, self._told = threading.Lock(), deque()
        self._by_model, self._answers = state


class _Reported:
    """Runs the caller's function; what it raises is logged, since the answer is paid for."""

    def __enter__(self) -> None:
        """Nothing to prepare."""

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> bool:
        if not isinstance(error, Exception):
            return False
        # Its own text may hold anything, so only its kind is told.
        logger.error("on_usage raised %s; the answer goes on.", type(error).__name__)
        return True


_REPORTED: Final = _Reported()


class CallObserver:
    """Tells `on_usage` of each answer of one call, and the log of the call, at its end."""

    __slots__ = ("_attempts", "_head", "_host", "_last", "_on_usage", "_request", "_tokens")

    def __init__(self, on_usage: OnUsage | None, host: str) -> None:
        self._on_usage = on_usage
        self._host = host
        self._attempts = 0
        self._tokens: int | None = None
        self._request: Request | None = None
        self._head: Head | None = None
        self._last: object = None

    def sent(self, request: Request) -> None:
        """See `Observer`."""
        self._attempts += 1
        self._request, self._head = request, None

    def began(self, head: Head) -> None:
        """See `Observer`."""
        self._head = head

    def answered(self, request: Request, told: object) -> None:
        """See `Observer`."""
        if told is None or told is self._last:  # of an earlier attempt
            return
        self._last = told
        usage = usage_of(told)
        if usage is None:
            return
        self._tokens = (self._tokens or 0) + usage.total_tokens
        if self._on_usage is not None:
            own: object = getattr(told, "trace_id", None)  # each result of a batch has one
            head = None if self._head is None else self._head.trace_id
            trace_id = own if isinstance(own, str) else head
            with _REPORTED:
                self._on_usage(UsageReport(request.model or "", usage, trace_id, request.path))

    def ended(self, seconds: float) -> None:
        """See `Observer`."""
        request, head, self._last = self._request, self._head, None
        if request is None or not logger.isEnabledFor(logging.DEBUG):
            return
        logger.debug(
            "%s %s model=%s host=%s status=%s seconds=%.3f attempts=%d trace_id=%s tokens=%s",
            request.method,
            request.target(self._host).path,
            printable(request.model or "-"),
            self._host,
            "-" if head is None else head.status,
            seconds,
            self._attempts,
            (head and head.trace_id) or "-",
            "-" if self._tokens is None else self._tokens,
        )
