"""What the synchronous and the asynchronous client share: settings, and how a call is laid out."""

from __future__ import annotations

import logging
import random
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Protocol, Self, TypedDict

from siliconflow_client._config import ClientConfig
from siliconflow_client._lazy import LazyModule
from siliconflow_client.endpoints.usage import OnUsage
from siliconflow_client.errors.tree import ConfigurationError
from siliconflow_client.protocol.context import RequestContext
from siliconflow_client.protocol.options import (
    AsyncTransport,
    CallOptions,
    EmptyAnswers,
    KeySource,
    LongAnswers,
    Secret,
    checked_options,
)
from siliconflow_client.protocol.retry import RetryPolicy
from siliconflow_client.transport.limiter import Limits
from siliconflow_client.transport.settings import CallSettings

if TYPE_CHECKING:
    import httpx
else:
    httpx = LazyModule("httpx")


logger = logging.getLogger("siliconflow")


class Settings(TypedDict, total=False):
    """The keywords of `ClientConfig`."""

    api_key: Secret | KeySource | None
    base_url: str | None
    timeout: float | httpx.Timeout | None
    deadline: float | None
    max_retries: int | None
    default_headers: Mapping[str, str] | None
    allow_http: bool
    http_client: httpx.Client | None
    async_http_client: httpx.AsyncClient | None
    async_transport: AsyncTransport | None
    empty_answers: EmptyAnswers | None
    long_answers: LongAnswers | None
    fallback_models: Sequence[str] | None
    limits: Limits | None
    mend_reasoning: bool
    max_answer_bytes: int | None
    tool_markup: bool
    on_usage: OnUsage | None
    framework: str | None


class Pool(Protocol):
    """Connections that are opened on first use."""

    def get(self) -> httpx.Client:
        """The client to send with."""
        ...

    def close(self) -> None:
        """Close them; the next `get` opens new ones."""
        ...


class ClientCore:
    """Settings, and from them what the drivers and the flows of one call need."""

    def __init__(self, config: ClientConfig | None, settings: Settings) -> None:
        if config is not None and settings:
            raise ConfigurationError(
                f"Pass either config or {', '.join(settings)}, not both.", argument="config"
            )
        self.config = config if config is not None else ClientConfig(**settings)
        self._headers = self.config.headers()
        self._host = self.config.host
        self._usual: tuple[CallSettings, RequestContext] | None = None

    def __repr__(self) -> str:
        return f"{type(self).__name__}({self.config!r})"

    def __reduce__(self) -> tuple[type[Self], tuple[ClientConfig]]:
        return type(self), (self.config,)

    def _layout(self, options: CallOptions | None) -> tuple[CallSettings, RequestContext]:
        """How a call is sent and what its flow has to know; one pair for calls without options."""
        options = checked_options(options)
        if options is not None:
            settings = self._settings(options)
            pair = settings, self._context(options, settings)
        elif self._usual is not None:
            pair = self._usual
        else:
            settings = self._settings(_NO_OPTIONS)
            pair = self._usual = settings, self._context(_NO_OPTIONS, settings)
        if self.config.on_usage is None and not logger.isEnabledFor(logging.DEBUG):
            return pair
        from siliconflow_client._meter import CallObserver

        observer = CallObserver(self.config.on_usage, self._host)
        return replace(pair[0], observer=observer), replace(pair[1], observer=observer)

    def _settings(self, options: CallOptions) -> CallSettings:
        config = self.config
        headers = self._headers
        if options.headers:
            headers = {**headers, **{k.lower(): v for k, v in options.headers.items()}}
        return CallSettings(
            base_url=config.base_url,
            host=self._host,
            key=config.key,
            headers=headers,
            timeout=config.timeout if options.timeout is None else options.timeout,
            deadline=config.deadline if options.deadline is None else options.deadline,
            is_injected=self._is_injected(),
            limits=config.limits,
        )

    def _context(self, options: CallOptions, settings: CallSettings) -> RequestContext:
        retries = self.config.max_retries if options.max_retries is None else options.max_retries
        return RequestContext(
            self._host,
            RetryPolicy(retries, settings.deadline),
            random.random,
            empty_answers=options.empty_answers or self.config.empty_answers,
            long_answers=options.long_answers or self.config.long_answers,
            fallback_models=self.config.fallback_models
            if options.fallback_models is None
            else tuple(options.fallback_models),
            mend_reasoning=self.config.mend_reasoning,
            is_limited=self.config.limits is not None,
            max_answer_bytes=self.config.max_answer_bytes,
            tool_markup=self.config.tool_markup
            if options.tool_markup is None
            else options.tool_markup,
        )

    def _is_injected(self) -> bool:
        """Whether the caller's own httpx client is used."""
        raise NotImplementedError("each kind of client knows its own httpx client")


_NO_OPTIONS = CallOptions()
