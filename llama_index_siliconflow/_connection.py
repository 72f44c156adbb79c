"""Where to connect, for all three classes: fields, and the clients behind them.

The key is a field, so that pickling keeps it, and excluded, so that no dict, JSON, repr, event or
ingestion hash shows it. Clients are made at the first call and are no part of the component's
state: copies and pickles make their own.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from importlib import import_module
from typing import TYPE_CHECKING, Any, ClassVar, Final, Literal, Self, TypeAlias, cast

from llama_index.core import __version__ as core_version
from llama_index.core.bridge.pydantic import (
    ConfigDict,
    Field,
    PrivateAttr,
    SecretStr,
    ValidationError,
    field_validator,
)
from llama_index.core.schema import BaseComponent
from pydantic.json_schema import SkipJsonSchema  # pydantic reads it

from llama_index_siliconflow._errors import wrong_settings
from llama_index_siliconflow._settings import mapping, translated
from siliconflow_client import (
    AsyncSiliconFlowClient,
    CallOptions,
    ClientConfig,
    ConfigurationError,
    Limits,
    OnUsage,
    SiliconFlowClient,
)

if TYPE_CHECKING:
    import httpx
else:

    class _Httpx:
        """httpx for annotations: `typing.get_type_hints` finds its classes, and imports it then."""

        def __getattr__(self, name: str) -> object:
            return getattr(import_module("httpx"), name)

    httpx = _Httpx()


KeySource: TypeAlias = Callable[[], str | SecretStr] | Callable[[], Awaitable[str | SecretStr]]
"""A function that tells a key."""

_OF_CONSTRUCTORS: Final = (
    "api_key",
    "base_url",
    "api_base",
    "default_headers",
    "http_client",
    "async_http_client",
)
"""Settings that a call does not take, though it takes every unknown name for the body."""


class Connection(BaseComponent):
    """Settings of the connection, and a synchronous and an asynchronous client made from them."""

    model_config = ConfigDict(
        # A misspelt keyword must not be lost without a word.
        extra="forbid",
        arbitrary_types_allowed=True,
        # Validators are built for the classes that are used, when they are: half the import's time.
        defer_build=True,
        protected_namespaces=("pydantic_model_",),
    )

    api_key: SecretStr | SkipJsonSchema[KeySource] | None = Field(
        default=None,
        description="The key, or a function that tells it at each request (in asynchronous calls "
        "also an asynchronous one); else the environment's SILICONFLOW_API_KEY.",
        exclude=True,
        repr=False,
    )
    base_url: str | None = Field(
        default=None,
        description=(
            "Else SILICONFLOW_BASE_URL, else https://api.siliconflow.cn/v1. With or without /v1, "
            "or a full endpoint."
        ),
    )
    timeout: float | None = Field(
        default=None, description="Seconds without a byte, not a total. Default: 300.", gt=0
    )
    deadline: float | None = Field(
        default=None, description="Seconds for a whole call, retries included.", gt=0
    )
    max_retries: int = Field(default=3, description="Further tries after the first.", ge=0)
    default_headers: dict[str, str] | None = Field(
        default=None, description="Sent with every request.", exclude=True, repr=False
    )
    allow_http: bool = Field(
        default=False, description="Allow plain http to hosts other than loopback."
    )

    async_transport: Literal["auto", "httpx", "aiohttp"] | None = Field(
        default=None,
        description="What carries asynchronous calls: aiohttp where it is installed, unless told "
        "otherwise; else SILICONFLOW_ASYNC_TRANSPORT.",
    )
    max_answer_bytes: int | None = Field(
        default=None,
        description="The longest plain answer that is read into memory. Default: 256 MiB.",
        gt=0,
    )
    limits: SkipJsonSchema[Limits] | None = Field(
        default=None,
        description="Keeps requests within what the account may send a minute: the same object for "
        "all that use the account. A pickled component takes one of its own along.",
        exclude=True,
        repr=False,
    )
    on_usage: SkipJsonSchema[OnUsage] | None = Field(
        default=None,
        description="Is told the tokens, the model and the trace id of each answer, embeddings and "
        "rerankings included: a UsageMeter, or a function of a UsageReport.",
        exclude=True,
        repr=False,
    )

    client_fields: ClassVar[tuple[str, ...]] = (
        "allow_http",
        "api_key",
        "async_transport",
        "base_url",
        "default_headers",
        "limits",
        "max_answer_bytes",
        "on_usage",
    )
    """Fields that a client is made with; the others go with each call."""

    _clients: _Clients = PrivateAttr()

    def __init__(self, **fields: object) -> None:
        http_client = cast("httpx.Client | None", fields.pop("http_client", None))
        async_client = cast("httpx.AsyncClient | None", fields.pop("async_http_client", None))
        settings = translated(fields, type(self))
        try:
            super().__init__(**settings)
        except ValidationError as error:
            # Its text holds values, maybe the key, and so would a traceback that shows the cause.
            raise wrong_settings(type(self), error) from None
        self._clients = _Clients(http_client, async_client)
        try:
            self._clients.config(self)
        except ConfigurationError as error:
            # The key may come later: from the environment, or from whoever loads this from JSON.
            if error.argument != "api_key" or self.api_key is not None:
                raise

    @field_validator("api_key", mode="before")
    @classmethod
    def _no_empty_key(cls, value: object) -> object:
        return value or None

    def close(self) -> None:
        """Close the connections of synchronous calls; a later call opens new ones."""
        self._clients.close()

    async def aclose(self) -> None:
        """Close the connections of asynchronous calls; a later call opens new ones."""
        await self._clients.aclose()

    def __getstate__(self) -> dict[str, Any]:
        self._clients.refuse_to_travel()
        state: dict[str, Any] = super().__getstate__()
        # __setstate__ calls __init__ with the fields: private state is made anew.
        state["__pydantic_private__"] = None
        return state

    def _sync_client(self) -> SiliconFlowClient:
        return self._clients.sync(self)

    def _async_client(self) -> AsyncSiliconFlowClient:
        return self._clients.asynchronous(self)

    def _options(self) -> CallOptions:
        return CallOptions(
            timeout=self.timeout, deadline=self.deadline, max_retries=self.max_retries
        )

    def _options_of(self, keywords: dict[str, Any]) -> CallOptions:
        """Take the options of one call out of its keywords, and unfold `extra_body` in them.

        Raises:
            ConfigurationError: An option of the wrong kind, or one of the constructor's: a key
                would travel in the body, and the call would use another.
        """
        for name in _OF_CONSTRUCTORS:
            if keywords.pop(name, None) is not None:
                raise ConfigurationError(
                    f"{name} is a setting of {type(self).__name__}(...), not of a call",
                    argument=name,
                )
        extra_body = mapping("extra_body", keywords.pop("extra_body", None))
        headers = mapping("extra_headers", keywords.pop("extra_headers", None))
        keywords.update(extra_body)
        return CallOptions(
            timeout=keywords.pop("timeout", self.timeout),
            deadline=keywords.pop("deadline", self.deadline),
            max_retries=keywords.pop("max_retries", self.max_retries),
            headers=headers or None,
        )


class _Clients:
    """The clients of one component, by the settings that they were made from.

    Settings of a component can change (`llm.api_key = …`, `model_copy(update=…)`); looking the
    client up by its settings keeps every call with the right key and host.
    """

    __slots__ = ("_async", "_async_http_client", "_configs", "_http_client", "_sync")

    def __init__(
        self, http_client: httpx.Client | None, async_http_client: httpx.AsyncClient | None
    ) -> None:
        self._http_client = http_client
        self._async_http_client = async_http_client
        self._configs: dict[tuple[object, ...], ClientConfig] = {}
        self._sync: dict[tuple[object, ...], SiliconFlowClient] = {}
        self._async: dict[tuple[object, ...], AsyncSiliconFlowClient] = {}

    # setdefault: two threads may come here at once, and must leave with the same client.

    def config(self, owner: Connection) -> ClientConfig:
        key = _settings(owner)
        config = self._configs.get(key)
        if config is not None:
            return config
        settings: dict[str, Any] = {name: getattr(owner, name) for name in owner.client_fields}
        made = ClientConfig(
            http_client=self._http_client,
            async_http_client=self._async_http_client,
            framework=f"llama-index-core/{core_version}",
            **settings,
        )
        return self._configs.setdefault(key, made)

    def sync(self, owner: Connection) -> SiliconFlowClient:
        key = _settings(owner)
        client = self._sync.get(key)
        if client is not None:
            return client
        return self._sync.setdefault(key, SiliconFlowClient(self.config(owner)))

    def asynchronous(self, owner: Connection) -> AsyncSiliconFlowClient:
        key = _settings(owner)
        client = self._async.get(key)
        if client is not None:
            return client
        return self._async.setdefault(key, AsyncSiliconFlowClient(self.config(owner)))

    def close(self) -> None:
        while self._sync:
            self._sync.popitem()[1].close()

    async def aclose(self) -> None:
        while self._async:
            await self._async.popitem()[1].aclose()

    def refuse_to_travel(self) -> None:
        for name, client in (
            ("http_client", self._http_client),
            ("async_http_client", self._async_http_client),
        ):
            if client is not None:
                raise TypeError(
                    f"cannot pickle a component with its own {name}: connections do not travel"
                )

    def __deepcopy__(self, memo: dict[int, object]) -> Self:
        return type(self)(self._http_client, self._async_http_client)


def _settings(owner: Connection) -> tuple[object, ...]:
    fields = owner.__dict__
    return tuple(_hashable(fields[name]) for name in owner.client_fields)


def _hashable(value: object) -> object:
    if isinstance(value, dict):
        return tuple(sorted(cast("dict[str, str]", value).items()))
    try:
        hash(value)
    except TypeError:  # a callable with an `__eq__`; the config that is found keeps it alive
        return id(value)
    return value


# Beside the class and not in it, where they would be public names of every component.


def clients_of(component: Connection) -> tuple[SiliconFlowClient, AsyncSiliconFlowClient]:
    """Give the two clients of a component to what asks the API for it in another way."""
    return component._sync_client(), component._async_client()  # noqa: SLF001  # pyright: ignore[reportPrivateUsage]
