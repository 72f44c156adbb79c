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
    BatchExpiredError,
    ConfigurationError,
    ContentRejectedError,
    ContextLengthError,
    GoneError,
    InsufficientBalanceError,
    JobFailedError,
    ModelNotFoundError,
    NotFoundError,
    PayloadTooLargeError,
    PermissionDeniedError,
    RateLimitError,
    ServerError,
    SiliconFlowError,
)

if TYPE_CHECKING:
    from collections.abc import Callable
    from types import TracebackType

    from pydantic import ValidationError

FAMILY: Final[dict[type[SiliconFlowError], type[ModelError]]] = {
    SiliconFlowError: ModelError,
    ConfigurationError: ModelInvalidRequestError,
    APIConnectionError: ModelConnectionError,
    APITimeoutError: ModelTimeoutError,
    APIStatusError: ModelError,
    BadRequestError: ModelInvalidRequestError,
    ContextLengthError: ContextOverflowError,
    ModelNotFoundError: CoreModelNotFoundError,
    AuthenticationError: ModelAuthenticationError,
    InsufficientBalanceError: ModelPermissionDeniedError,
    PermissionDeniedError: ModelPermissionDeniedError,
    NotFoundError: CoreModelNotFoundError,
    GoneError: ModelInvalidRequestError,
    PayloadTooLargeError: ModelInvalidRequestError,
    RateLimitError: ModelRateLimitError,
    ContentRejectedError: ModelInvalidRequestError,
    ServerError: ModelAPIError,
    BatchExpiredError: ModelTimeoutError,
    APIResponseError: ModelAPIError,
    JobFailedError: ModelAPIError,
}
"""Which of LangChain's classes a client class is, too; subclasses inherit their base's."""


def family_of(cls: type[SiliconFlowError]) -> type[ModelError]:
    """Find LangChain's class for a client class: its own, or else its nearest base's."""
    return next(FAMILY[base] for base in cls.__mro__ if base in FAMILY)


_MADE: Final[dict[type[SiliconFlowError], type[SiliconFlowError]]] = {}


def both(cls: type[SiliconFlowError]) -> type[SiliconFlowError]:
    """Make the class that is a client class and LangChain's, or return one that is already.

    It bears the client class's name, under which users import and catch it.
    """
    if issubclass(cls, ModelError):
        return cls
    made = _MADE.get(cls)
    return _MADE.setdefault(cls, _make(cls)) if made is None else made


def _make(cls: type[SiliconFlowError]) -> type[SiliconFlowError]:
    members = {
        "__doc__": cls.__doc__,
        "__module__": "langchain_siliconflow",
        "__reduce__": _reduce,
    }
    return type(cls.__name__, (cls, family_of(cls)), members)


def _reduce(
    error: SiliconFlowError,
) -> tuple[Callable[..., SiliconFlowError], tuple[object, ...]]:
    """Travel as the client's error: the class made from it is in no module to be found in."""
    bases: tuple[type[object], ...] = type(error).__mro__
    plain = next(cls for cls in bases if not issubclass(cls, ModelError))
    return _revive, (plain, error.args, dict(error.__dict__))


def _revive(
    cls: type[SiliconFlowError], args: tuple[object, ...], state: dict[str, object]
) -> SiliconFlowError:
    error = cls.__new__(cls, *args)
    error.__dict__.update(state)
    return to_langchain(error)


def to_langchain(error: SiliconFlowError) -> SiliconFlowError:
    """Give an error LangChain's class as well: the same object, with its data and traceback."""
    twin = both(type(error))
    if twin is not type(error):
        error.__class__ = twin
    return error


def invalid_settings(error: ValidationError, owner: str) -> ConfigurationError:
    """Say what pydantic refused, without the values, which may be secrets."""
    problems = error.errors(include_url=False, include_context=False, include_input=False)
    arguments = [".".join(str(part) for part in problem["loc"]) for problem in problems]
    told = "; ".join(
        f"{argument}: {problem['msg']}"
        for argument, problem in zip(arguments, problems, strict=True)
    )
    return ConfigurationError(
        f"{owner} cannot be made: {told}", argument=arguments[0] if arguments else None
    )


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
        # Not for every message about thinking: another one is about a parameter of that name.
        if (
            self._forced_choice
            and isinstance(error, BadRequestError)
            and "tool_choice" in error.message.lower()
        ):
            error.hint = _FORCED_CHOICE_HINT
        # The same object goes on, so that a traceback tells the failure once.
        to_langchain(error)
