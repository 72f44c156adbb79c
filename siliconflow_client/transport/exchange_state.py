"""What the exchanges of both kinds share: settings, clock, a place among the account's requests."""

from __future__ import annotations

import contextlib
import time
from typing import TYPE_CHECKING

from siliconflow_client.errors.mapping import error_from_response
from siliconflow_client.errors.redaction import secrets_of
from siliconflow_client.errors.response import Head, Target
from siliconflow_client.errors.tree import (
    APIConnectionError,
    ConfigurationError,
    SiliconFlowError,
)
from siliconflow_client.protocol.requests import Multipart
from siliconflow_client.transport import forks
from siliconflow_client.transport.failures import (
    closed_meanwhile,
    content_of,
    deadline_error,
    failed_source,
    refusing_response,
    transport_error,
    unasked_answer,
    without_words,
)
from siliconflow_client.transport.outgoing import build_request
from siliconflow_client.transport.proxies import proxy_for, unusable_proxy
from siliconflow_client.transport.read_bounds import came_unasked
from siliconflow_client.transport.settings import timeouts_for

if TYPE_CHECKING:
    from collections.abc import Callable

    import httpx

    from siliconflow_client.protocol.actions import Reserve, Settle
    from siliconflow_client.protocol.requests import Request
    from siliconflow_client.transport.limiter import Place
    from siliconflow_client.transport.settings import CallSettings


class ExchangeState:
    """The settings of a call, its clock, and how its failures are mapped."""

    is_async = False

    __slots__ = (
        "_clock",
        "_deadline",
        "_ended",
        "_files",
        "_generation",
        "_is_waiting",
        "_place",
        "_response",
        "_secrets",
        "_settings",
        "_started",
        "_target",
        "_timeouts",
    )

    def __init__(self, settings: CallSettings, clock: Callable[[], float]) -> None:
        self._settings = settings
        self._clock = clock
        self._place: Place | None = None
        self._is_waiting = False
        self._deadline = settings.deadline
        self._started = time.monotonic()
        self._generation = forks.generation()
        self._response: httpx.Response | None = None
        self._ended = True
        self._timeouts: dict[str, float | None] = {}
        self._target = Target(settings.host, "")
        self._secrets: tuple[str, ...] = ()
        self._files: contextlib.ExitStack | None = None

    def _remaining(self) -> float | None:
        """Seconds left of the deadline, `None` without one; raises when none are left."""
        if self._deadline is None:
            return None
        left = self._deadline - self._elapsed()
        if left <= 0:
            raise deadline_error(self._deadline, self._target)
        return left

    def _failed(self, error: Exception, *, is_closed: bool) -> SiliconFlowError:
        """Our error for a transport's, with the latter as its cause where that can be shown."""
        if self._response is None and (refused := refusing_response(error)) is not None:
            head = self._head(refused)
            refusal = error_from_response(head, content_of(refused), self._target)
            refusal.__cause__ = without_words(error)
            return refusal
        if (own := failed_source(error)) is not None:
            return own
        passed = self._deadline is not None and self._elapsed() >= self._deadline
        proxy = None if self._settings.is_injected else proxy_for(self._settings.base_url)
        mapped = transport_error(error, self._target, self._timeouts, proxy)
        cause = without_words(error)
        if isinstance(error, ImportError):
            mapped = unusable_proxy() or mapped
        if passed and self._deadline is not None:
            mapped = deadline_error(self._deadline, self._target)
        elif is_closed and not self._settings.is_injected:
            mapped = closed_meanwhile(self._target, never_sent=False)
        mapped.__cause__ = cause
        return mapped

    def _build(
        self,
        client: httpx.Client | httpx.AsyncClient,
        request: Request,
        extensions: dict[str, object],
        key: str | None,
    ) -> httpx.Request:
        settings = self._settings
        self._target = request.target(settings.host)
        if settings.observer is not None:
            settings.observer.sent(request)
        if client.is_closed:
            if not settings.is_injected:
                raise closed_meanwhile(self._target, never_sent=True)
            raise ConfigurationError(
                "The httpx client that was passed in is closed.",
                argument="async_http_client" if self.is_async else "http_client",
            )
        self._close_files()
        self._timeouts = timeouts_for(settings.timeout, self._remaining())
        extensions["timeout"] = self._timeouts
        headers = dict(settings.headers)
        if key is not None:
            headers.setdefault("authorization", f"Bearer {key}")
        self._secrets = secrets_of(headers)
        if isinstance(request.body, Multipart):
            self._files = contextlib.ExitStack()
        return build_request(client, settings, request, headers, extensions, self._files)

    def _close_files(self) -> None:
        files, self._files = self._files, None
        if files is not None:
            files.close()

    def _opened(self, response: httpx.Response) -> Head:
        self._response = response
        self._ended = False
        if came_unasked(response):
            raise unasked_answer(self._target)
        head = self._head(response)
        if self._settings.observer is not None:
            self._settings.observer.began(head)
        return head

    def _head(self, response: httpx.Response) -> Head:
        headers = dict(response.headers.multi_items())
        return Head(response.status_code, headers, time.time(), self._secrets)

    def ended(self) -> None:
        """Tell that the call is over."""
        if self._settings.observer is not None:
            self._settings.observer.ended(self._elapsed())

    def _elapsed(self) -> float:
        return time.monotonic() - self._started

    def _book(self, action: Reserve) -> None:
        limits = self._settings.limits
        if limits is not None:
            demand = action.demand
            account = self._settings.account(demand.model)
            self._place = limits.book(account, demand, self._clock())
            self._is_waiting = True

    def _place_in(self) -> float:
        """Seconds until the request's place, at most those that the deadline leaves."""
        wait = 0.0 if self._place is None else self._place.wait(self._clock())
        left = self._remaining()
        if left is not None and wait > left:
            raise deadline_error(self._deadline or 0.0, self._target)
        if not wait:
            self._is_waiting = False
        return wait

    def _settle(self, action: Settle) -> None:
        place, self._place = self._place, None
        if place is not None:
            place.settle(action.tokens, action.refusal, self._clock())

    def _leave_queue(self) -> None:
        """Give back the place of a request that was given up before it was sent."""
        if self._is_waiting and self._place is not None:
            self._place.cancel()
            self._place, self._is_waiting = None, False

    def _check_process(self) -> None:
        """The socket of a forked child's stream is its parent's, who reads from it too."""
        if self._generation != forks.generation():
            self._leave_to_parent()
            self._generation = forks.generation()
            raise APIConnectionError(
                "Connection error: the answer belongs to the process that asked for it.",
                host=self._target.host,
                model=self._target.model,
                hint="ask again in this process, which opens connections of its own.",
            )

    def _leave_to_parent(self) -> None:
        forks.leave_alone(self._response)
        self._response = None
