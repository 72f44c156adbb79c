"""Settings that all four classes share: where to ask, with which key, how long to wait."""

from __future__ import annotations

import os
from collections.abc import Awaitable, Callable, Mapping, Sequence
from typing import TYPE_CHECKING, Any, ClassVar, Literal, Self, TypeAlias, TypedDict, TypeVar

from langchain_core.version import VERSION as CORE_VERSION
from pydantic import BaseModel, ConfigDict, Field, PrivateAttr, SecretStr, ValidationError
from pydantic.json_schema import SkipJsonSchema

from langchain_siliconflow._errors import invalid_settings, langchain_errors
from langchain_siliconflow._params import CONNECTION_ALIASES, resolve_keywords

if TYPE_CHECKING:
    from httpx import AsyncClient, Client, Timeout

    from siliconflow_client import (
        AsyncSiliconFlowClient,
        ConfigurationError,
        EmptyAnswers,
        Limits,
        LongAnswers,
        OnUsage,
        SiliconFlowClient,
    )
else:
    # pydantic and `typing.get_type_hints` would import httpx to name them: 60 ms. The client
    # checks what it is given.
    AsyncClient = Client = Limits = OnUsage = Timeout = Any
    AsyncSiliconFlowClient = SiliconFlowClient = Any


KeySource: TypeAlias = Callable[[], str | SecretStr] | Callable[[], Awaitable[str | SecretStr]]
"""A function that tells the key, asked at each request; an async one for async calls only."""


class AnswerFields(TypedDict, total=False):
    """Keywords of `ClientConfig` that are about answers in words."""

    empty_answers: EmptyAnswers | None
    long_answers: LongAnswers | None
    fallback_models: Sequence[str] | None
    mend_reasoning: bool
    tool_markup: bool


def _key_from_env() -> SecretStr | None:
    key = os.environ.get("SILICONFLOW_API_KEY")
    return SecretStr(key) if key else None


def _url_from_env() -> str | None:
    return os.environ.get("SILICONFLOW_BASE_URL") or None


class ConnectionSettings(BaseModel):
    """Fields of the connection, and the two clients made from them.

    Raises:
        ConfigurationError: There is no key, a setting is wrong, or a keyword is
            unknown; the text names it.
    """

    model_config = ConfigDict(
        arbitrary_types_allowed=True, protected_namespaces=(), hide_input_in_errors=True
    )

    _aliases: ClassVar[Mapping[str, str]] = CONNECTION_ALIASES

    api_key: SecretStr | SkipJsonSchema[KeySource] | None = Field(default_factory=_key_from_env)
    """The key, or a function (sync or async) that is asked for it at each request; else
    `SILICONFLOW_API_KEY`. No other variable is read."""

    base_url: str | None = Field(default_factory=_url_from_env)
    """Else `SILICONFLOW_BASE_URL`, else `https://api.siliconflow.cn/v1`. Keys work on the site
    (.cn or .com) that made them only."""

    timeout: float | Timeout | None = None
    """Seconds without a byte (not a total), or an `httpx.Timeout`; `None` for the default."""

    deadline: float | None = None
    """Seconds for a whole call, retries and waits included."""

    max_retries: int | None = None
    """Further tries after the first: transport errors, 408, 409, 429 and 5xx; 3 when `None`."""

    default_headers: dict[str, str] | None = Field(default=None, exclude=True, repr=False)
    """Sent with every request; not written down, since a gateway's key may be among them."""

    allow_http: bool = False
    """Allow plain http to hosts other than loopback."""

    http_client: Client | None = Field(default=None, exclude=True, repr=False)
    """An `httpx.Client` to use for synchronous calls; never closed by us."""

    async_http_client: AsyncClient | None = Field(default=None, exclude=True, repr=False)
    """An `httpx.AsyncClient` to use for asynchronous calls; never closed by us."""

    async_transport: Literal["auto", "httpx", "aiohttp"] | None = None
    """What carries asynchronous calls: aiohttp where it is installed, unless told otherwise; else
    `SILICONFLOW_ASYNC_TRANSPORT`."""

    max_answer_bytes: int | None = None
    """The longest plain answer that is read into memory; 256 MiB when `None`."""

    limits: Limits | None = Field(default=None, exclude=True, repr=False)
    """Keeps requests within what the account may send a minute: give the same `Limits` to all
    that use the account. Copies of a model share it; it is not written down, and a pickled model
    takes one of its own along."""

    on_usage: OnUsage | None = Field(default=None, exclude=True, repr=False)
    """Is told the tokens, the model and the trace id of each answer, embeddings and rerankings
    included: a `UsageMeter`, or a function of a `UsageReport`. Not written down."""

    _client: SiliconFlowClient = PrivateAttr()
    _async_client: AsyncSiliconFlowClient = PrivateAttr()

    def __init__(self, **data: Any) -> None:
        """Check the keywords, then the fields, then the connection's settings."""
        # Here and not above: importing a model class should cost little beyond LangChain itself.
        from siliconflow_client import AsyncSiliconFlowClient, ClientConfig, SiliconFlowClient

        cls = type(self)
        with langchain_errors():
            keywords = resolve_keywords(data, cls.model_fields, cls._aliases, cls.__name__)
            refused: ConfigurationError | None = None
            try:
                super().__init__(**keywords)
            except ValidationError as error:
                refused = invalid_settings(error, cls.__name__)
            if refused is not None:
                # Raised here and not above: pydantic's error tells the values, secrets too, and
                # would go with it as its context.
                raise refused
            config = ClientConfig(
                api_key=self.api_key,
                base_url=self.base_url,
                timeout=self.timeout,
                deadline=self.deadline,
                max_retries=self.max_retries,
                default_headers=self.default_headers,
                allow_http=self.allow_http,
                http_client=self.http_client,
                async_http_client=self.async_http_client,
                async_transport=self.async_transport,
                max_answer_bytes=self.max_answer_bytes,
                limits=self.limits,
                on_usage=self.on_usage,
                framework=f"langchain-core/{CORE_VERSION}",
                **self._answer_settings(),
            )
        self._client = SiliconFlowClient(config)
        self._async_client = AsyncSiliconFlowClient(config)

    def _answer_settings(self) -> AnswerFields:
        """What only classes that are answered with text have."""
        return {}

    def model_post_init(self, context: Any, /) -> None:
        """Pass on to LangChain's own hook, which pydantic would skip for private attributes."""
        super().model_post_init(context)

    @property
    def lc_secrets(self) -> dict[str, str]:
        """Name the environment variable that stands for the key in a serialised model."""
        return {"api_key": "SILICONFLOW_API_KEY"}

    def close(self) -> None:
        """Close the connections of synchronous calls; a later call opens new ones."""
        self._client.close()

    async def aclose(self) -> None:
        """Close the connections of asynchronous calls on this event loop."""
        await self._async_client.aclose()

    def __getstate__(self) -> dict[Any, Any]:
        for name in ("http_client", "async_http_client"):
            if getattr(self, name) is not None:
                raise TypeError(
                    f"Cannot pickle {type(self).__name__} with its own {name}: connections do "
                    f"not travel. Leave {name} out, and set it again where it is unpickled."
                )
        return super().__getstate__()

    def __deepcopy__(self, memo: dict[int, Any] | None = None) -> Self:
        memo = {} if memo is None else memo
        for shared in (self.http_client, self.async_http_client, self.limits, self.on_usage):
            if shared is not None:
                memo[id(shared)] = shared  # connections cannot be copied, counts must not be
        return super().__deepcopy__(memo)


Settings = TypeVar("Settings", bound=ConnectionSettings)


# Beside the class and not in it, where they would be public names of every model.


def clients_of(model: ConnectionSettings) -> tuple[SiliconFlowClient, AsyncSiliconFlowClient]:
    """Give the two clients of a model to what asks the API for it in another way."""
    return model._client, model._async_client  # noqa: SLF001  # pyright: ignore[reportPrivateUsage]


def asking(
    model: Settings,
    client: SiliconFlowClient,
    async_client: AsyncSiliconFlowClient,
    update: Mapping[str, object],
) -> Settings:
    """Copy a model, so that it asks other clients; the one given stays as it is."""
    copied = model.model_copy(update=update)
    copied._client, copied._async_client = client, async_client  # noqa: SLF001  # pyright: ignore[reportPrivateUsage]
    return copied
