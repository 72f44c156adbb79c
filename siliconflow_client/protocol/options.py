"""Settings of one call, and where a key comes from."""

from __future__ import annotations

import os
import re
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Literal, Protocol, TypeAlias, TypeVar, cast, get_args

from siliconflow_client._lazy import LazyModule
from siliconflow_client.errors.tree import ConfigurationError

if TYPE_CHECKING:
    import httpx
else:
    httpx = LazyModule("httpx")

KEY_VARIABLE = "SILICONFLOW_API_KEY"
TRANSPORT_VARIABLE = "SILICONFLOW_ASYNC_TRANSPORT"

T = TypeVar("T")

_MOST_SECONDS = 2**63
"""An integer above it may not even be a float."""

_HEADER_NAME = re.compile(r"[!#$%&'*+.^_`|~0-9A-Za-z-]+")


class Secret(Protocol):
    """What `pydantic.SecretStr` offers."""

    def get_secret_value(self) -> str:
        """Tell the secret."""
        ...


KeySource: TypeAlias = str | Callable[[], str | Secret | Awaitable[str | Secret]]
"""A key, or a function that tells it, also asynchronously."""


AsyncTransport: TypeAlias = Literal["auto", "httpx", "aiohttp"]
"""What carries asynchronous requests; `auto` is aiohttp where it is installed and no one patches
httpx's transports."""
LongAnswers: TypeAlias = Literal["after_504", "stream", "never"]
"""When a plain chat call or completion is asked for as a stream that is joined inside: after the
gateway gave up waiting (504), from the start, or never."""
EmptyAnswers: TypeAlias = Literal["return", "raise"]
"""What becomes of a chat answer with nothing in it that came twice in a row."""


DEFAULT_MAX_ANSWER_BYTES = 256 * 2**20
"""The longest plain answer that is read into memory: 64 vectors of 4096 numbers are 6 MB."""


@dataclass(frozen=True, slots=True)
class CallOptions:
    """Settings for one call; what is `None` stays as the client has it.

    Attributes:
        timeout: Seconds without a byte, or an `httpx.Timeout`.
        deadline: Seconds for the whole call, retries included.
        max_retries: Further attempts after the first.
        headers: Sent with this call.
        empty_answers: `return` or `raise` an answer of nothing that came twice.
        long_answers: When a plain chat call or completion streams inside.
        fallback_models: Models to go on with when one cannot answer.
        tool_markup: Whether tool calls that a model wrote as text become tool calls.

    Raises:
        ConfigurationError: A setting cannot be right; `.argument` names it.
    """

    timeout: float | httpx.Timeout | None = None
    deadline: float | None = None
    max_retries: int | None = None
    headers: Mapping[str, str] | None = field(default=None, repr=False)
    empty_answers: EmptyAnswers | None = None
    long_answers: LongAnswers | None = None
    fallback_models: Sequence[str] | None = None
    tool_markup: bool | None = None

    def __post_init__(self) -> None:
        """Check before any request."""
        check_limits(self.timeout, self.deadline, self.max_retries)
        checked_headers(self.headers or {}, "headers")
        checked_empty_answers(self.empty_answers)
        checked_long_answers(self.long_answers)
        checked_models(self.fallback_models)


def checked_options(options: CallOptions | None) -> CallOptions | None:
    """Refuse what is given in the place of `CallOptions`, such as a dict of them."""
    if options is None or isinstance(cast("object", options), CallOptions):
        return options
    raise ConfigurationError(
        f"options must be CallOptions, not {type(options).__name__}.",
        argument="options",
        hint="write it as in options=CallOptions(timeout=30).",
    )


def checked_source(api_key: Secret | KeySource | None) -> KeySource:
    """Check a key; a function that tells one is asked later, at each request.

    Raises:
        ConfigurationError: There is none, or it has characters that no key has.
    """
    if callable(api_key) and not hasattr(api_key, "get_secret_value"):
        return cast("KeySource", api_key)
    return checked_key(cast("str | Secret | None", api_key))


def checked_key(api_key: str | Secret | None) -> str:
    """Bring a key into the form that is sent.

    Raises:
        ConfigurationError: There is none, or it has characters that no key has.
    """
    if api_key is None:
        api_key = os.environ.get(KEY_VARIABLE, "")
    secret = getattr(api_key, "get_secret_value", None)
    text: object = secret() if callable(secret) else api_key
    if not isinstance(text, str):
        raise ConfigurationError(
            f"api_key must be a string, not {type(text).__name__}.", argument="api_key"
        )
    key = text.strip()
    if not key:
        raise ConfigurationError(
            f"No API key: pass api_key, or set the environment variable {KEY_VARIABLE}.",
            argument="api_key",
            hint="keys are made at https://cloud.siliconflow.cn/account/ak (.cn) or "
            "https://cloud.siliconflow.com/account/ak (.com); each works on its own site only.",
        )
    if not key.isascii() or not key.isprintable() or any(mark in key for mark in " \"'"):
        raise ConfigurationError(
            "api_key has a character that no key has (white space inside, a quotation mark, or "
            "not ASCII).",
            argument="api_key",
            hint=f"something came along when it was copied into api_key or {KEY_VARIABLE}.",
        )
    return key


def check_limits(timeout: object, deadline: object, max_retries: object) -> None:
    """Refuse limits that cannot be meant."""
    if timeout is not None and not hasattr(timeout, "as_dict"):  # as an httpx.Timeout has
        _check_positive(timeout, "timeout")
    if deadline is not None:
        _check_positive(deadline, "deadline")
    if max_retries is not None and not _is_count(max_retries):
        raise ConfigurationError(
            f"max_retries must be 0 or more, not {max_retries!r}.", argument="max_retries"
        )


def checked_headers(headers: Mapping[str, str], argument: str) -> dict[str, str]:
    """Return a copy, or say which one is no header; never what is in it."""
    if not isinstance(cast("object", headers), Mapping):
        raise ConfigurationError(
            f"{argument} must be a mapping, not {type(headers).__name__}.", argument=argument
        )
    for name, value in cast("Mapping[object, object]", headers).items():
        if not (isinstance(name, str) and _HEADER_NAME.fullmatch(name) and _is_header_value(value)):
            raise ConfigurationError(
                f"{argument}[{name!r}] is not a header's name and ASCII text.", argument=argument
            )
    return dict(headers)


def checked_bytes(value: object, argument: str) -> int:
    """Check a limit of bytes.

    Raises:
        ConfigurationError: It is no whole number above 0.
    """
    if isinstance(value, bool) or not isinstance(value, int) or value < 1:
        raise ConfigurationError(
            f"{argument} must be a whole number above 0, not {value!r}.", argument=argument
        )
    return value


def checked_empty_answers(value: object) -> EmptyAnswers:
    """Refuse a word that is neither; `None` is the default."""
    if value not in (None, "return", "raise"):
        raise ConfigurationError(
            f'empty_answers must be "return" or "raise", not {value!r}.', argument="empty_answers"
        )
    return "raise" if value == "raise" else "return"


def checked_long_answers(value: object) -> LongAnswers:
    """Refuse a word that is none of the three; `None` is the default."""
    for word in get_args(LongAnswers):
        if value == word:
            return cast("LongAnswers", word)
    if value is not None:
        raise ConfigurationError(
            f"long_answers must be one of {', '.join(get_args(LongAnswers))}, not {value!r}.",
            argument="long_answers",
        )
    return "after_504"


def checked_transport(value: object) -> AsyncTransport:
    """Refuse a word that is none of the three; `None` is the environment's, or `auto`."""
    if value is None:
        value = os.environ.get(TRANSPORT_VARIABLE, "").strip() or "auto"
    for word in get_args(AsyncTransport):
        if value == word:
            return cast("AsyncTransport", word)
    raise ConfigurationError(
        f"async_transport must be one of {', '.join(get_args(AsyncTransport))}, not {value!r}.",
        argument="async_transport",
        hint=f"it is also read from {TRANSPORT_VARIABLE}.",
    )


def checked_models(models: Sequence[str] | None) -> tuple[str, ...]:
    """Return the models to fall back to.

    Raises:
        ConfigurationError: They are no list of names.
    """
    if models is None:
        return ()
    names = () if isinstance(models, str) else tuple(cast("Sequence[object]", models))
    known = tuple(name for name in names if isinstance(name, str) and name)
    if isinstance(models, str) or len(known) != len(names):
        raise ConfigurationError(
            "fallback_models must be a list of model ids.", argument="fallback_models"
        )
    return known


def checked_callback(value: T | None, argument: str) -> T | None:
    """Refuse what cannot be called, and asynchronous functions: nobody would await them.

    Raises:
        ConfigurationError: It is either.
    """
    if value is None:
        return None
    from inspect import iscoroutinefunction

    called = getattr(value, "__call__", None)  # noqa: B004  # which may be asynchronous
    if called is None or iscoroutinefunction(value) or iscoroutinefunction(called):
        raise ConfigurationError(
            f"{argument} must be a function, and no asynchronous one, not {type(value).__name__}.",
            argument=argument,
        )
    return value


def _check_positive(value: object, name: str) -> None:
    if isinstance(value, int) and not isinstance(value, bool) and 0 < value < _MOST_SECONDS:
        return
    if isinstance(value, float) and value > 0:
        return
    raise ConfigurationError(
        f"{name} must be a number of seconds above 0, not {value!r}.", argument=name
    )


def _is_header_value(value: object) -> bool:
    return isinstance(value, str) and value.isascii() and value.isprintable()


def _is_count(value: object) -> bool:
    return isinstance(value, int) and not isinstance(value, bool) and value >= 0
