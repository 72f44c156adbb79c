"""What to do next, for each kind of failure: one table, in words."""

from __future__ import annotations

from siliconflow_client._errors import (
    APIResponseError,
    AuthenticationError,
    ContentRejectedError,
    ContextLengthError,
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
    UnsupportedParameterError,
)

CONSOLE = "https://cloud.siliconflow.cn"
CONSOLE_COM = "https://cloud.siliconflow.com"
SITES = {
    "api.siliconflow.cn": "https://api.siliconflow.com/v1",
    "api-st.siliconflow.cn": "https://api.siliconflow.com/v1",
    "api.siliconflow.com": "https://api.siliconflow.cn/v1",
    "api.ap.siliconflow.com": "https://api.siliconflow.cn/v1",
}

# Hints for codes and words come first: they know more than the class does.
_BY_CODE = {
    20024: "this model has no JSON mode; use function calling for structured output, "
    "or ask for JSON in the prompt.",
    20037: "this model takes no tools; choose one whose catalogue entry has tools.",
    20041: "this model reads text only; choose a vision model for images, video and audio.",
    30005: f"the account needs the real-name check: {CONSOLE}/account/authentication.",
    30003: "the model is disabled for this account; client.models() lists those that are not.",
}
_BY_WORDS = (
    (
        "enable_thinking",
        "leave enable_thinking unset: this model refuses it, even with the value false.",
    ),
    (
        "reasoning_content is missing",
        'send reasoning_content back on every turn with tool calls (reasoning replay "always").',
    ),
    ("No user query found", "add at least one user message."),
    ("Model disabled", _BY_CODE[30003]),
    (
        "The parameter is invalid",
        (
            "the API says this for over-long embedding inputs and for parameters the model lacks "
            "(such as dimensions outside Qwen3-Embedding)."
        ),
    ),
)
_BY_CLASS: tuple[tuple[type[SiliconFlowError], str], ...] = (
    (
        ContextLengthError,
        (
            "shorten the history or the passages, lower max_tokens, or choose a model with a "
            "larger window."
        ),
    ),
    (ModelNotFoundError, "client.models() lists the models of this site; ids are exact."),
    (UnsupportedParameterError, "leave the parameter out, or choose another model."),
    (
        RateLimitError,
        (
            "limits are per account and per model, so another key does not help; send fewer tokens "
            "at once, wait a minute or two, or raise max_retries."
        ),
    ),
    (GoneError, "the endpoint was retired; look for its successor in the API reference."),
    (
        PayloadTooLargeError,
        (
            "send at most 32 texts in one embedding request, and shorter ones (a batch fails as a "
            "whole for one long text)."
        ),
    ),
    (ContentRejectedError, "the content was refused by the provider's filter."),
    (GatewayTimeoutError, "stream the answer: long ones often outlast the gateway."),
    (OverloadedError, "the model is busy; try again later, or fall back to another model."),
    (ServerError, "try again; if it lasts, quote the trace id to support."),
    (NotFoundError, "check base_url: it should end in /v1."),
    (
        APIResponseError,
        "check that base_url is a SiliconFlow endpoint and not a proxy or a web page.",
    ),
)


def hint_for(
    cls: type[SiliconFlowError],
    code: int | str | None,
    message: str,
    host: str,
) -> str | None:
    """Say what to do about an error of class `cls`."""
    if isinstance(code, int) and code in _BY_CODE:
        return _BY_CODE[code]
    if issubclass(cls, AuthenticationError):
        other = SITES.get(host)
        if other is None:
            return f"the key was refused by {host}; check SILICONFLOW_API_KEY and the base URL."
        return (
            f"{host} refused the key. Keys belong to one site: if yours is from the other one, "
            f"set base_url (or SILICONFLOW_BASE_URL) to {other}."
        )
    console = CONSOLE_COM if host.endswith(".com") else CONSOLE
    if issubclass(cls, InsufficientBalanceError):
        return (
            f"top up at {console}/expensebill (free models need a positive balance too); "
            f"the real-name check is at {console}/account/authentication."
        )
    for words, hint in _BY_WORDS:
        if words in message:
            return hint
    if issubclass(cls, PermissionDeniedError):
        return (
            "the model may be disabled for the account, or the real-name check is missing: "
            f"{console}/account/authentication."
        )
    for kind, hint in _BY_CLASS:
        if issubclass(cls, kind):
            return hint
    return None
