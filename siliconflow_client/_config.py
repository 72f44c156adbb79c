"""Settings of a client: read, checked and normalised before anything is sent."""

from __future__ import annotations

import copy
import os
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Self, cast
from urllib.parse import urlsplit

from siliconflow_client._lazy import LazyModule
from siliconflow_client.endpoints.usage import OnUsage
from siliconflow_client.errors.redaction import printable
from siliconflow_client.errors.tree import ConfigurationError
from siliconflow_client.protocol.options import (
    DEFAULT_MAX_ANSWER_BYTES,
    AsyncTransport,
    EmptyAnswers,
    KeySource,
    LongAnswers,
    Secret,
    check_limits,
    checked_bytes,
    checked_callback,
    checked_empty_answers,
    checked_headers,
    checked_long_answers,
    checked_models,
    checked_source,
    checked_transport,
)
from siliconflow_client.transport.limiter import Limits

if TYPE_CHECKING:
    import httpx
else:
    httpx = LazyModule("httpx")

DEFAULT_BASE_URL = "https://api.siliconflow.cn/v1"
URL_VARIABLE = "SILICONFLOW_BASE_URL"
DEFAULT_TIMEOUT = 300.0
"""Seconds without a byte. DeepSeek-R1 can be silent for tens of seconds, and a plain (not
streamed) long answer is silent until it is whole."""
DEFAULT_MAX_RETRIES = 3

_ENDPOINTS = ("/chat/completions", "/completions", "/embeddings", "/rerank", "/models")
_WRITE_IT = f"write base_url (or {URL_VARIABLE}) in full, as in {DEFAULT_BASE_URL}."


class ClientConfig:
    """Settings that a synchronous and an asynchronous client can share; opens nothing.

    Args:
        api_key: The key; else the environment's `SILICONFLOW_API_KEY`. White space is stripped
            (a trailing newline is an ordinary 401 otherwise). No other variable is read. A
            function, also an asynchronous one, is asked for the key at each request.
        base_url: Else `SILICONFLOW_BASE_URL`, else `https://api.siliconflow.cn/v1`. With or
            without `/v1`, with a trailing slash, or a full endpoint.
        timeout: Seconds without a byte (not a total), or an `httpx.Timeout`.
        deadline: Seconds for a whole call, retries and waits included; `None` for no limit.
            Only the system's name lookup, and connecting to a host's further addresses, can
            outlast it, in synchronous calls.
        max_retries: Further attempts after the first; see the README for what is retried.
        default_headers: Sent with every request.
        allow_http: Allow plain http to hosts other than loopback.
        http_client: Used for synchronous requests, and never closed by us.
        async_http_client: Used for asynchronous requests, and never closed by us.
        async_transport: `httpx`, `aiohttp` (the extra `aiohttp`), or `auto`: aiohttp where it is
            installed, unless a library for mocks, cassettes or traces has patched httpx's
            transports, which aiohttp passes by, or the environment's proxy speaks SOCKS. Else
            `SILICONFLOW_ASYNC_TRANSPORT`.
        empty_answers: An answer of nothing is asked for once more. When that is empty too it is
            returned, with a warning in the log; `raise` makes it an `EmptyAnswerError`.
        long_answers: A long answer outlasts the gateway (504), and asking for it again does not
            help. `after_504`: a chat call or a completion that meets one goes on as a stream that
            is joined inside; `stream`: from the start; `never`. Not with `n > 1`, nor with tools
            on models that stream broken calls.
        limits: Keeps requests within what the account may send a minute; share one object among
            all that use the account.
        fallback_models: Models to go on with, in their order, when the one that was asked for a
            chat answer or a completion is overloaded, rate limited, disabled or retired after all
            retries; never after the first delta.
        mend_reasoning: When a model refuses a history because the thinking of its tool turns is
            missing, ask once more with thinking off, or with empty thinking. No source settles
            whether that always helps (docs/wire.md#unsettled-points).
        max_answer_bytes: The longest plain answer that is read into memory, 256 MiB by default;
            what is longer is an `APIResponseError`. Streams have no limit but for one event
            (64 MiB), and of an error's body 1 MiB is read.
        tool_markup: When tools were offered and none was called, read calls that the model wrote
            as text, in its own notation (docs/wire.md#tool-markup). Only a whole call of an
            offered tool counts; everything else stays text.
        on_usage: Is told the tokens, the model and the trace id of each answer that speaks of
            them, plain and streamed, also of a stream that broke off or was left early: a
            `UsageReport`; `UsageMeter()` adds them up. It is called before the answer is handed
            out, on the thread or event loop of the call. What it raises is logged, and the answer
            goes on. Results of batches are not reported, since they can be read again and again.
        framework: Who calls, for the User-Agent, such as `langchain-core/1.7.2`.

    Raises:
        ConfigurationError: No key, a wrong URL, a wrong number; `.argument` names it.
    """

    __slots__ = (
        "_key",
        "allow_http",
        "async_http_client",
        "async_transport",
        "base_url",
        "deadline",
        "default_headers",
        "empty_answers",
        "fallback_models",
        "framework",
        "http_client",
        "limits",
        "long_answers",
        "max_answer_bytes",
        "max_retries",
        "mend_reasoning",
        "on_usage",
        "timeout",
        "tool_markup",
    )

    def __init__(
        self,
        *,
        api_key: Secret | KeySource | None = None,
        base_url: str | None = None,
        timeout: float | httpx.Timeout | None = None,
        deadline: float | None = None,
        max_retries: int | None = None,
        default_headers: Mapping[str, str] | None = None,
        allow_http: bool = False,
        http_client: httpx.Client | None = None,
        async_http_client: httpx.AsyncClient | None = None,
        async_transport: AsyncTransport | None = None,
        empty_answers: EmptyAnswers | None = None,
        long_answers: LongAnswers | None = None,
        fallback_models: Sequence[str] | None = None,
        limits: Limits | None = None,
        mend_reasoning: bool = True,
        max_answer_bytes: int | None = None,
        tool_markup: bool = True,
        on_usage: OnUsage | None = None,
        framework: str | None = None,
    ) -> None:
        self._key = checked_source(api_key)
        self.allow_http = allow_http
        self.base_url = normalise_base_url(
            base_url or os.environ.get(URL_VARIABLE, "").strip() or DEFAULT_BASE_URL,
            allow_http=allow_http,
        )
        check_limits(timeout, deadline, max_retries)
        self.timeout = DEFAULT_TIMEOUT if timeout is None else timeout
        self.deadline = deadline
        self.max_retries = DEFAULT_MAX_RETRIES if max_retries is None else max_retries
        self.default_headers = checked_headers(default_headers or {}, "default_headers")
        if http_client is not None:
            _refuse_other_kind(http_client, "http_client", httpx.AsyncClient)
        if async_http_client is not None:
            _refuse_other_kind(async_http_client, "async_http_client", httpx.Client)
        self.http_client = http_client
        self.async_http_client = async_http_client
        self.async_transport: AsyncTransport = checked_transport(async_transport)
        self.empty_answers: EmptyAnswers = checked_empty_answers(empty_answers)
        self.long_answers: LongAnswers = checked_long_answers(long_answers)
        self.limits = _checked_budget(limits)
        self.fallback_models = checked_models(fallback_models)
        self.mend_reasoning = mend_reasoning
        if max_answer_bytes is None:
            max_answer_bytes = DEFAULT_MAX_ANSWER_BYTES
        self.max_answer_bytes = checked_bytes(max_answer_bytes, "max_answer_bytes")
        self.tool_markup = tool_markup
        self.on_usage = checked_callback(on_usage, "on_usage")
        self.framework = framework

    @property
    def host(self) -> str:
        """The host that is asked, with its port where that is not the scheme's own."""
        return urlsplit(self.base_url).netloc

    @property
    def key(self) -> KeySource:
        """The key, or the function that tells it: not for logs."""
        return self._key

    def headers(self) -> dict[str, str]:
        """Headers of every request, a fixed key among them: not for logs."""
        from siliconflow_client._version import __version__

        agent = f"siliconflow-integrations/{__version__}"
        key = {"authorization": f"Bearer {self._key}"} if isinstance(self._key, str) else {}
        return {
            **key,
            "accept": "application/json",
            "user-agent": f"{agent} {self.framework}" if self.framework else agent,
            **{name.lower(): value for name, value in self.default_headers.items()},
        }

    def __repr__(self) -> str:
        return f"ClientConfig(base_url={self.base_url!r}, api_key='**********')"

    def __getstate__(self) -> dict[str, object]:
        for name in ("http_client", "async_http_client"):
            if getattr(self, name) is not None:
                raise TypeError(
                    f"Cannot pickle a client with its own {name}: connections do not travel. "
                    f"Leave {name} out, and set it again where it is unpickled."
                )
        return {name: getattr(self, name) for name in self.__slots__}

    def __setstate__(self, state: dict[str, object]) -> None:
        for name, value in state.items():
            setattr(self, name, value)

    def __copy__(self) -> Self:
        twin = type(self).__new__(type(self))
        for name in self.__slots__:
            setattr(twin, name, getattr(self, name))
        return twin

    def __deepcopy__(self, memo: dict[int, object]) -> Self:
        twin = copy.copy(self)
        twin.default_headers = dict(self.default_headers)
        return twin


def normalise_base_url(url: str, *, allow_http: bool = False) -> str:
    """Bring every accepted form to `scheme://host[/prefix]/v1`.

    Raises:
        ConfigurationError: No host, another scheme, a query, or http to a foreign host.
    """
    if not isinstance(cast("object", url), str):
        raise ConfigurationError(
            f"base_url must be a string, not {type(url).__name__}.", argument="base_url"
        )
    text = url.strip()
    if any(character.isspace() or not character.isprintable() for character in text):
        raise ConfigurationError(
            f"base_url {_shown(text)} has white space or control characters inside.",
            argument="base_url",
            hint=_WRITE_IT,
        )
    try:
        parts = urlsplit(text)
        port = parts.port
    except ValueError as error:
        raise ConfigurationError(
            f"base_url {_shown(text)} is no URL.", argument="base_url", hint=_WRITE_IT
        ) from error
    # A scheme that was written twice makes a host of the second.
    if parts.scheme not in ("http", "https") or not parts.hostname or parts.netloc.endswith(":"):
        raise ConfigurationError(
            f"base_url {_shown(text)} is no http(s) URL with a host.",
            argument="base_url",
            hint=_WRITE_IT,
        )
    if parts.username or parts.password or parts.query or parts.fragment:
        raise ConfigurationError(
            "base_url must hold no user, password, query or fragment.", argument="base_url"
        )
    if parts.scheme == "http" and not (allow_http or _is_loopback(parts.hostname)):
        raise ConfigurationError(
            f"base_url {_shown(text)} would send the key in the clear.",
            argument="base_url",
            hint="use https, or allow_http=True if the network is yours.",
        )
    path = parts.path.rstrip("/")
    for endpoint in _ENDPOINTS:
        if path.endswith(endpoint):
            path = path.removesuffix(endpoint)
            break
    if not path.endswith("/v1"):
        path += "/v1"
    host = f"[{parts.hostname}]" if ":" in parts.hostname else parts.hostname
    return f"{parts.scheme}://{host}{f':{port}' if port else ''}{path}"


def _refuse_other_kind(client: object, argument: str, other: type) -> None:
    if isinstance(client, other):
        raise ConfigurationError(
            f"{argument} cannot be an httpx.{other.__name__}.",
            argument=argument,
            hint="http_client is an httpx.Client, async_http_client an httpx.AsyncClient.",
        )


def _checked_budget(limits: object) -> Limits | None:
    if limits is None or isinstance(limits, Limits):
        return limits
    raise ConfigurationError(
        f"limits must be a Limits, not {type(limits).__name__}.", argument="limits"
    )


def _shown(url: str) -> str:
    """A URL for an error's text: without a user and a password, on one line."""
    scheme, separator, rest = url.rpartition("://")
    return repr(printable(f"{scheme}{separator}{rest.rpartition('@')[2]}"[:200]))


def _is_loopback(host: str) -> bool:
    from ipaddress import ip_address

    try:
        return host == "localhost" or ip_address(host).is_loopback
    except ValueError:
        return False
