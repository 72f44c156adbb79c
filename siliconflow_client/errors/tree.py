"""Everything that can go wrong, as one tree.

    SiliconFlowError
    ├─ ConfigurationError (also ValueError)   a bad argument; raised before any request
    ├─ APIConnectionError                     no complete answer reached us
    │  ├─ APITimeoutError                     which phase, which limit
    │  └─ StreamInterruptedError              a stream ended before its end
    ├─ APIStatusError                         the API said no
    │  ├─ BadRequestError                     400, 422
    │  │  ├─ ContextLengthError               the prompt is longer than the model's window
    │  │  ├─ UnsupportedParameterError        this model does not take this parameter
    │  │  └─ ModelNotFoundError               code 20012
    │  ├─ AuthenticationError                 401
    │  ├─ InsufficientBalanceError            402, or 403 with code 30001
    │  ├─ PermissionDeniedError               403
    │  ├─ NotFoundError                       404
    │  ├─ GoneError                           410
    │  ├─ PayloadTooLargeError                413
    │  ├─ RateLimitError                      429, or any body that speaks of rate limiting
    │  ├─ ContentRejectedError                451
    │  └─ ServerError                         5xx
    │     ├─ OverloadedError                  503
    │     └─ GatewayTimeoutError              504
    ├─ APIResponseError                       2xx, but not the documented shape
    │  └─ EmptyAnswerError (also ValueError)  finished with neither text, thinking nor tool call
    ├─ BatchExpiredError                      a batch ended before it came to this request
    └─ JobFailedError                         a job was taken on, and came to nothing

`str` of an error holds status, code, the server's message, host, model, trace id and a hint;
never a key, and no text of a prompt or an answer. What came of an answer is on `.partial`,
the server's body on `.body`.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Literal, Self, TypeAlias, TypeVar

from siliconflow_client._json import JsonValue
from siliconflow_client.errors.redaction import printable
from siliconflow_client.errors.response import ErrorResponse

Phase: TypeAlias = Literal["connect", "read", "write", "pool", "deadline"]
E = TypeVar("E", bound="SiliconFlowError")


class SiliconFlowError(Exception):
    """Base of all errors of this package.

    Attributes:
        message: What happened, in one sentence, without keys or prompt text.
        hint: What to do next, or `None`.
        host: The host that was asked, or `None` before any request.
        model: The model that was asked for, if the request had one.
        trace_id: `x-siliconcloud-trace-id`, to quote to support, if an answer had begun.
        is_retryable: Whether the same request may succeed later.
        partial: What had come before it failed: a stream's text, or the finished parts of
            many (see `embed_many`).
        attempts: How often the request was sent, or tried to be.
    """

    is_retryable: bool = False
    partial: Sequence[object] = ()
    attempts: int = 1

    def __init__(
        self,
        message: str,
        *,
        hint: str | None = None,
        host: str | None = None,
        model: str | None = None,
        trace_id: str | None = None,
    ) -> None:
        super().__init__(message)
        self.message = message
        self.hint = hint
        self.host = host
        self.model = model
        self.trace_id = trace_id

    @property
    def request_id(self) -> str | None:
        """The trace id, under the name that tracers look for."""
        return self.trace_id

    def _headline(self) -> str:
        return self.message

    def __str__(self) -> str:
        model = f"model {self.model}" if self.model else None
        trace = f"trace id {self.trace_id}" if self.trace_id else None
        where = ", ".join(part for part in (self.host, model, trace) if part)
        text = f"{self._headline()} [{where}]" if where else self._headline()
        if self.attempts > 1:
            text = f"{text} This was attempt {self.attempts}."
        return printable(text if self.hint is None else f"{text} Hint: {self.hint}")

    def as_type(self, cls: type[E]) -> E:
        """Rebuild this error as `cls`, one of its subclasses, with the same data.

        Adapters use it to raise errors that belong to their framework's tree as well.
        """
        error = cls.__new__(cls)
        Exception.__init__(error, *self.args)
        error.__dict__.update(self.__dict__)
        return error

    def __reduce__(self) -> tuple[Callable[..., Self], tuple[object, ...]]:
        return _rebuild, (type(self), self.args, dict(self.__dict__))


def _rebuild(cls: type[E], args: tuple[object, ...], state: dict[str, object]) -> E:
    error = cls.__new__(cls)
    Exception.__init__(error, *args)
    error.__dict__.update(state)
    return error


class ConfigurationError(SiliconFlowError, ValueError):
    """An argument cannot be right; no request was sent.

    Attributes:
        argument: Name of the argument, such as `"api_key"` or `"documents[3]"`.
    """

    def __init__(
        self, message: str, *, argument: str | None = None, hint: str | None = None
    ) -> None:
        super().__init__(message, hint=hint)
        self.argument = argument


class APIConnectionError(SiliconFlowError):
    """No complete answer reached us: refused, reset, cut short, unreadable.

    Attributes:
        partial: Answer text that had arrived, for streams.
        partial_reasoning: Thinking text that had arrived, for streams.
        never_sent: Whether the server cannot have seen the request: connecting, or waiting for
            a free connection, failed.
    """

    is_retryable = True
    never_sent: bool = False

    def __init__(
        self,
        message: str,
        *,
        hint: str | None = None,
        host: str | None = None,
        model: str | None = None,
        partial: str = "",
        partial_reasoning: str = "",
        trace_id: str | None = None,
    ) -> None:
        super().__init__(message, hint=hint, host=host, model=model, trace_id=trace_id)
        self.partial = partial
        self.partial_reasoning = partial_reasoning


class APITimeoutError(APIConnectionError):
    """A time limit passed.

    Attributes:
        phase: `connect`, `read`, `write`, `pool` (no free connection) or `deadline`.
        limit: The limit, in seconds, if known.
    """

    def __init__(
        self,
        message: str,
        *,
        phase: Phase,
        limit: float | None = None,
        hint: str | None = None,
        host: str | None = None,
        model: str | None = None,
    ) -> None:
        super().__init__(message, hint=hint, host=host, model=model)
        self.phase: Phase = phase
        self.limit = limit
        if phase == "deadline":
            self.is_retryable = False


class StreamInterruptedError(APIConnectionError):
    """A stream ended before a `finish_reason` or `[DONE]`; `.partial` holds what came."""


class APIStatusError(SiliconFlowError):
    """The API answered with an error.

    Attributes:
        status_code: HTTP status. For an error inside a stream, the status that its code
            stands for (the answer itself had begun with 200).
        code: SiliconFlow's code such as 20012, or the text code of other bodies, or `None`.
        message: The server's words, without keys or echoed input.
        retry_after: Seconds that the server asked to wait, or `None`.
        body: The parsed body: an object, a string, or `None`.
        response: Status, headers and content of the answer.
    """

    def __init__(
        self,
        message: str,
        *,
        status_code: int,
        code: int | str | None = None,
        trace_id: str | None = None,
        model: str | None = None,
        host: str | None = None,
        retry_after: float | None = None,
        body: JsonValue = None,
        hint: str | None = None,
        response: ErrorResponse | None = None,
    ) -> None:
        super().__init__(message, hint=hint, host=host, model=model, trace_id=trace_id)
        self.status_code = status_code
        self.code = code
        self.retry_after = retry_after
        self.body = body
        self.response = response
        self.is_retryable = status_code in (408, 409, 429) or status_code >= 500

    def _headline(self) -> str:
        code = "" if self.code is None else f", code {self.code}"
        wait = "" if self.retry_after is None else f" (retry after {self.retry_after:g} s)"
        return f"HTTP {self.status_code}{code}: {self.message}{wait}"


class BadRequestError(APIStatusError):
    """The request is wrong (400, 422); sending it again will not help."""


class ContextLengthError(BadRequestError):
    """The prompt, or prompt and answer together, exceed the model's context window."""


class UnsupportedParameterError(BadRequestError):
    """This model does not take this parameter, part or mode."""


class ModelNotFoundError(BadRequestError):
    """There is no model of this name (code 20012)."""


class AuthenticationError(APIStatusError):
    """The key is missing, wrong, or belongs to the other site (401)."""


class InsufficientBalanceError(APIStatusError):
    """The account has no money left (402, or 403 with code 30001)."""


class PermissionDeniedError(APIStatusError):
    """The account may not do this: model disabled, real-name check missing (403)."""


class NotFoundError(APIStatusError):
    """Nothing at this path (404); often a wrong base URL."""


class GoneError(APIStatusError):
    """The endpoint was retired (410)."""


class PayloadTooLargeError(APIStatusError):
    """Too many inputs, or one that is too long (413)."""


class RateLimitError(APIStatusError):
    """A rate limit was reached (429); limits are per account and per model.

    Attributes:
        limit: `RPM`, `TPM`, `RPD`, `RPH`, `IPM` or `IPD` when the answer names it.
    """

    limit: str | None = None


class ContentRejectedError(APIStatusError):
    """The content was refused (451)."""


class ServerError(APIStatusError):
    """The server failed (5xx)."""


class OverloadedError(ServerError):
    """The model is overloaded (503)."""


class GatewayTimeoutError(ServerError):
    """The answer took too long for the gateway (504); streaming helps."""


class APIResponseError(SiliconFlowError):
    """A 2xx answer that is not the documented shape.

    Attributes:
        body: What came, as text or parsed.
        code: The code inside the body, if it is an error object.
    """

    def __init__(
        self,
        message: str,
        *,
        body: JsonValue = None,
        code: int | str | None = None,
        trace_id: str | None = None,
        host: str | None = None,
        model: str | None = None,
        hint: str | None = None,
    ) -> None:
        super().__init__(message, hint=hint, host=host, model=model, trace_id=trace_id)
        self.body = body
        self.code = code


class EmptyAnswerError(APIResponseError, ValueError):
    """The model finished with neither text, thinking nor a tool call, twice in a row.

    Raised where `empty_answers="raise"` asks for it; the answer is returned as it is elsewhere.

    Attributes:
        answer: What came: the completion, or the last deltas of a stream.
    """

    is_retryable = True

    def __init__(
        self,
        message: str = "The model finished without text, thinking or a tool call.",
        *,
        answer: object = None,
        trace_id: str | None = None,
        host: str | None = None,
        model: str | None = None,
    ) -> None:
        hint = "try again; if it lasts, change the prompt or the model."
        super().__init__(message, trace_id=trace_id, host=host, model=model, hint=hint)
        self.answer = answer
