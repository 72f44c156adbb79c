"""Errors that belong to two trees: SiliconFlow's own and LangChain's `ModelError` family.

LangChain's retry, fallback and summarisation middleware decide by its family; code that knows
this API catches `siliconflow_client`'s classes. Both `except` clauses work on the same object.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from langchain_core.exceptions import (
    ContextOverflowError,
    ModelAPIError,
    ModelAuthenticationError,
    ModelConnectionError,
    ModelError,
    ModelInvalidRequestError,
    ModelPermissionDeniedError,
    ModelRateLimitError,
    ModelTimeoutError,
)
from langchain_core.exceptions import ModelNotFoundError as CoreModelNotFoundError

from siliconflow_client import (
    APIConnectionError,
    APIResponseError,
    APIStatusError,
    APITimeoutError,
    AuthenticationError,
    BadRequestError,
    ConfigurationError,
    ContentRejectedError,
    ContextLengthError,
    EmptyAnswerError,
    GatewayTimeoutError,
    GoneError,
    InsufficientBalanceError,
    ModelNotFoundError,
    NotFoundError,
    OverloadedError,
    PayloadTooLargeError,
    PermissionDeniedError,
    RateLimitError,
    ServerError,
    SiliconFlowError,
    StreamInterruptedError,
    UnsupportedParameterError,
)

if TYPE_CHECKING:
    from types import TracebackType


class SiliconFlowConfigurationError(ConfigurationError, ModelInvalidRequestError):
    """An argument cannot be right; no request was sent. `.argument` names it."""


class SiliconFlowAPIConnectionError(APIConnectionError, ModelConnectionError):
    """No complete answer reached us."""


class SiliconFlowAPITimeoutError(APITimeoutError, ModelTimeoutError):
    """A time limit passed; `.phase` and `.limit` say which."""


class SiliconFlowStreamInterruptedError(StreamInterruptedError, ModelConnectionError):
    """A stream ended before its end; `.partial` holds what came."""


class SiliconFlowAPIStatusError(APIStatusError, ModelError):
    """The API answered with an error that has no class of its own."""


class SiliconFlowBadRequestError(BadRequestError, ModelInvalidRequestError):
    """The request is wrong (400, 422)."""


class SiliconFlowContextOverflowError(ContextLengthError, ContextOverflowError):
    """The input exceeds the model's window; summarisation middleware recovers from it."""


class SiliconFlowUnsupportedParameterError(UnsupportedParameterError, ModelInvalidRequestError):
    """This model does not take this parameter, part or mode."""


class SiliconFlowModelNotFoundError(ModelNotFoundError, CoreModelNotFoundError):
    """There is no model of this name (code 20012)."""


class SiliconFlowAuthenticationError(AuthenticationError, ModelAuthenticationError):
    """The key is wrong, or belongs to the other site (401)."""


class SiliconFlowInsufficientBalanceError(InsufficientBalanceError, ModelPermissionDeniedError):
    """The account has no money left (402, or 403 with code 30001)."""


class SiliconFlowPermissionDeniedError(PermissionDeniedError, ModelPermissionDeniedError):
    """The account may not do this (403)."""


class SiliconFlowNotFoundError(NotFoundError, CoreModelNotFoundError):
    """Nothing at this path (404)."""


class SiliconFlowGoneError(GoneError, ModelInvalidRequestError):
    """The endpoint was retired (410)."""


class SiliconFlowPayloadTooLargeError(PayloadTooLargeError, ModelInvalidRequestError):
    """Too many inputs, or one that is too long (413)."""


class SiliconFlowRateLimitError(RateLimitError, ModelRateLimitError):
    """A rate limit was reached (429); `.limit` names it when the answer does."""


class SiliconFlowContentRejectedError(ContentRejectedError, ModelInvalidRequestError):
    """The content was refused (451)."""


class SiliconFlowServerError(ServerError, ModelAPIError):
    """The server failed (5xx)."""


class SiliconFlowOverloadedError(OverloadedError, ModelAPIError):
    """The model is overloaded (503)."""


class SiliconFlowGatewayTimeoutError(GatewayTimeoutError, ModelAPIError):
    """The answer took too long for the gateway (504); streaming helps."""


class SiliconFlowAPIResponseError(APIResponseError, ModelAPIError):
    """A 2xx answer that is not the documented shape."""


class SiliconFlowEmptyAnswerError(EmptyAnswerError, ModelAPIError):
    """The model finished with neither text, thinking nor a tool call."""


_TWINS: Final[dict[type[SiliconFlowError], type[SiliconFlowError]]] = {
    ConfigurationError: SiliconFlowConfigurationError,
    APIConnectionError: SiliconFlowAPIConnectionError,
    APITimeoutError: SiliconFlowAPITimeoutError,
    StreamInterruptedError: SiliconFlowStreamInterruptedError,
    APIStatusError: SiliconFlowAPIStatusError,
    BadRequestError: SiliconFlowBadRequestError,
    ContextLengthError: SiliconFlowContextOverflowError,
    UnsupportedParameterError: SiliconFlowUnsupportedParameterError,
    ModelNotFoundError: SiliconFlowModelNotFoundError,
    AuthenticationError: SiliconFlowAuthenticationError,
    InsufficientBalanceError: SiliconFlowInsufficientBalanceError,
    PermissionDeniedError: SiliconFlowPermissionDeniedError,
    NotFoundError: SiliconFlowNotFoundError,
    GoneError: SiliconFlowGoneError,
    PayloadTooLargeError: SiliconFlowPayloadTooLargeError,
    RateLimitError: SiliconFlowRateLimitError,
    ContentRejectedError: SiliconFlowContentRejectedError,
    ServerError: SiliconFlowServerError,
    OverloadedError: SiliconFlowOverloadedError,
    GatewayTimeoutError: SiliconFlowGatewayTimeoutError,
    APIResponseError: SiliconFlowAPIResponseError,
    EmptyAnswerError: SiliconFlowEmptyAnswerError,
}


def to_langchain(error: SiliconFlowError) -> SiliconFlowError:
    """Rebuild a client error as the class that is in both trees.

    Its own class decides, or else the nearest base that has a twin, so that a class which the
    client adds later is still a `ModelError`.
    """
    if isinstance(error, ModelError):
        return error
    for cls in type(error).__mro__:
        twin = _TWINS.get(cls)
        if twin is not None:
            return error.as_type(twin)
    return error


_FORCED_CHOICE_HINT: Final = (
    "some models take no forced tool_choice while they think. Pass enable_thinking=False, or leave "
    'the choice to the model (tool_choice="auto"), or ask for structured output with '
    'method="json_schema" or "json_mode" (in an agent: ProviderStrategy).'
)


class langchain_errors:  # noqa: N801 - used like a function, as contextlib's are
    """Let client errors leave a block in LangChain's form; for sync and async code alike.

    Args:
        forced_choice: Whether the request forced a tool call, which some models refuse while
            they think; the error then says what to do.
    """

    __slots__ = ("_forced_choice",)

    def __init__(self, *, forced_choice: bool = False) -> None:
        self._forced_choice = forced_choice

    def __enter__(self) -> None:
        return None

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        if not isinstance(error, SiliconFlowError) or isinstance(error, ModelError):
            return
        twin = to_langchain(error)
        # Not for every message about thinking: another one is about a parameter of that name.
        if (
            self._forced_choice
            and isinstance(error, BadRequestError)
            and "tool_choice" in error.message.lower()
        ):
            twin.hint = _FORCED_CHOICE_HINT
        raise twin from error
