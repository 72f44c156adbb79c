"""What to do next, for each kind of failure: one table, in words."""

from __future__ import annotations

import re
from dataclasses import dataclass

from siliconflow_client.catalogue.facts import lookup_model, nearest_models
from siliconflow_client.catalogue.parameter import Endpoint
from siliconflow_client.catalogue.parameters import parameters_of
from siliconflow_client.errors.codes import Code
from siliconflow_client.errors.response import LONGEST_RETRY_AFTER, Target
from siliconflow_client.errors.tree import (
    APIResponseError,
    AuthenticationError,
    BadRequestError,
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

_WORD = re.compile(r"[a-z_]+")
_NUMBER = re.compile(r"\b\d{2}")

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
    20063: "the task has expired: a result is kept for ten minutes; submit it anew.",
    20092: "the endpoint was retired and has no successor. To check a key, list the models: "
    "SiliconFlowClient().models() answers 401 for a wrong one.",
    30003: "the model is disabled for this account; SiliconFlowClient().models() lists those that "
    "are not.",
}
_REPLAY = (
    "send reasoning_content back unchanged on every assistant turn with tool calls, or switch "
    "thinking off."
)
_BY_WORDS = (
    (
        "enable_thinking",
        "leave enable_thinking unset: this model refuses it, even with the value false.",
    ),
    ("reasoning_content is missing", _REPLAY),
    ("must be passed back", _REPLAY),
    ("No user query found", "add at least one user message."),
    ("Model disabled", _BY_CODE[30003]),
    (
        "始终思考",
        "this model always thinks: leave enable_thinking and thinking unset; reasoning_effort "
        "takes low, high or max.",
    ),
    (
        "图片输入格式",
        "the image could not be read; send a JPEG, PNG or WebP file as a data URI, or a URL that "
        "the server can reach.",
    ),
    (
        "cannot be greater than max_model_len",
        "lower max_tokens: prompt and answer together have to fit into the model's window.",
    ),
)
_INVALID = "The parameter is invalid"
_INVALID_ON = {
    "/embeddings": "the API says this for over-long embedding inputs and for parameters the model "
    "lacks (such as dimensions outside Qwen3-Embedding).",
}
_INVALID_ELSEWHERE = (
    "the API does not say which: leave out the parameters that are not needed, and check the "
    "others against the model's page."
)
_FEW_PARAMETERS: tuple[Endpoint, ...] = ("images", "video", "speech", "transcriptions", "voices")
# The paths whose bodies the table of parameters describes.
_ENDPOINT_ON: dict[str, Endpoint] = {
    "/chat/completions": "chat",
    "/completions": "completions",
    "/messages": "messages",
    "/embeddings": "embeddings",
    "/rerank": "rerank",
    "/images/generations": "images",
    "/video/submit": "video",
    "/audio/speech": "speech",
    "/audio/transcriptions": "transcriptions",
    "/uploads/audio/voice": "voices",
    "/batches": "chat",  # a refused line
}
_TOO_LARGE_ON = {
    "/embeddings": "send at most 32 texts in one embedding request, and shorter ones (a batch "
    "fails as a whole for one long text).",
    "/rerank": "send fewer documents in one request, and shorter ones.",
    "/chat/completions": "shorten the history, and send images, films and sounds as URLs or "
    "smaller.",
}
_TOO_LARGE_ELSEWHERE = "send less in one request."
_BY_CLASS: tuple[tuple[type[SiliconFlowError], str], ...] = (
    (
        ContextLengthError,
        (
            "shorten the history or the passages, lower max_tokens, or choose a model with a "
            "larger window."
        ),
    ),
    (UnsupportedParameterError, "leave the parameter out, or choose another model."),
    (
        RateLimitError,
        (
            "limits are per account and per model, so another key does not help; send fewer tokens "
            "at once, wait a minute or two, or raise max_retries."
        ),
    ),
    (GoneError, "the endpoint was retired; look for its successor in the API reference."),
    (ContentRejectedError, "the content was refused by the provider's filter."),
    (GatewayTimeoutError, "stream the answer: long ones often outlast the gateway."),
    (OverloadedError, "the model is busy; try again later, or fall back to another model."),
    (ServerError, "try again; if it lasts, quote the trace id to support."),
    (
        NotFoundError,
        "nothing is at this path; base_url should be the root of the API, as in "
        "https://api.siliconflow.cn/v1.",
    ),
    (
        APIResponseError,
        "what came is in .body; check that base_url is a SiliconFlow endpoint and not a proxy or a "
        "web page.",
    ),
)


@dataclass(frozen=True, slots=True)
class Failure:
    """What a hint is chosen by.

    Attributes:
        cls: The error's class.
        target: What was asked, and of whom.
        code: The code of the body.
        message: The server's words.
        retry_after: Seconds that the server asked to wait.
    """

    cls: type[SiliconFlowError]
    target: Target
    code: Code
    message: str
    retry_after: float | None = None


def hint_for(failure: Failure) -> str | None:
    """Say what to do about an error."""
    if failure.retry_after is not None and failure.retry_after > LONGEST_RETRY_AFTER:
        return _about_the_wait(failure.cls, failure.retry_after)
    if isinstance(failure.code, int) and failure.code in _BY_CODE:
        return _BY_CODE[failure.code]
    return _about_the_account(failure) or _about_the_words(failure) or _about_the_class(failure)


def _about_the_account(failure: Failure) -> str | None:
    """Keys and money belong to a site."""
    host = failure.target.host
    if issubclass(failure.cls, AuthenticationError):
        other = SITES.get(host)
        if other is None:
            return (
                f"{host} refused the key; check it (api_key, or SILICONFLOW_API_KEY) and base_url."
            )
        return (
            f"{host} refused the key. Keys belong to one site: if yours is from the other one, "
            f"set base_url (or SILICONFLOW_BASE_URL) to {other}; if not, copy it anew from "
            f"{_console(host)}/account/ak."
        )
    if issubclass(failure.cls, InsufficientBalanceError):
        where = f"{CONSOLE}/expensebill" if _console(host) == CONSOLE else f"{CONSOLE_COM}/"
        return f"top up at {where} (free models need a positive balance too){_real_name(host)}."
    return None


def _about_the_words(failure: Failure) -> str | None:
    cls, message, path = failure.cls, failure.message, failure.target.path
    if issubclass(cls, ModelNotFoundError):
        return _about_model(failure.target.model)
    for words, hint in _BY_WORDS:
        if words in message:
            return hint
    if _INVALID in message:
        return _INVALID_ON.get(path) or _documented_values(path) or _INVALID_ELSEWHERE
    return _documented_range(message, path) if issubclass(cls, BadRequestError) else None


def _about_the_class(failure: Failure) -> str | None:
    cls, target = failure.cls, failure.target
    if issubclass(cls, PayloadTooLargeError):
        return _TOO_LARGE_ON.get(target.path, _TOO_LARGE_ELSEWHERE)
    if issubclass(cls, PermissionDeniedError):
        return f"the model may be disabled for this account{_real_name(target.host)}."
    return next((hint for kind, hint in _BY_CLASS if issubclass(cls, kind)), None)


def _about_the_wait(cls: type[SiliconFlowError], seconds: float) -> str:
    """For a wait that is longer than the client waits by itself."""
    why = (
        "limits are per account and per model, so another key does not help; "
        if issubclass(cls, RateLimitError)
        else ""
    )
    return (
        f"{why}the server asks to wait {seconds:g} s, and the client does not wait longer than "
        f"{LONGEST_RETRY_AFTER:g} s by itself: ask again then."
    )


def _documented_range(message: str, path: str) -> str | None:
    """The range of a parameter that a refusal names; a model may allow more, or less."""
    endpoint = _ENDPOINT_ON.get(path)
    if endpoint is None:
        return None
    words = set(_WORD.findall(message))
    for parameter in parameters_of(endpoint).values():
        if parameter.name in words and parameter.range is not None and len(parameter.name) > 2:
            return f"{parameter.name} is documented as {parameter.range}."
    return None


def _documented_values(path: str) -> str | None:
    """What is documented of the parameters of images, films and sounds, which are few."""
    endpoint = _ENDPOINT_ON.get(path)
    if endpoint not in _FEW_PARAMETERS:
        return None
    told: list[str] = []
    for parameter in parameters_of(endpoint).values():
        if parameter.range is not None:
            told.append(f"{parameter.name} {parameter.range}")
        # A limit that its description tells in words; one "of … only" may be another model's.
        elif _NUMBER.search(parameter.description) and "only" not in parameter.description:
            words = parameter.description.rstrip(".")
            told.append(f"{parameter.name} ({words[0].lower()}{words[1:]})")
    return f"the API does not say which. Documented are: {'; '.join(told)}."


def _console(host: str) -> str:
    return CONSOLE_COM if host.endswith(".com") else CONSOLE


def _real_name(host: str) -> str:
    """The real-name check, which the .cn site alone asks for."""
    if _console(host) == CONSOLE_COM:
        return ""
    return f"; the real-name check may be missing too: {CONSOLE}/account/authentication"


def _about_model(model: str | None) -> str:
    listing = (
        "SiliconFlowClient().models() lists the models of this site; ids are exact, and .cn and "
        ".com differ."
    )
    if not model:
        return listing
    facts = lookup_model(model)
    if facts.retired:
        successor = f"; {facts.successor} is its successor" if facts.successor else ""
        return f"the vendor has switched {model} off ({facts.retired}){successor}. {listing}"
    if facts.known:
        return f"{model} is known, for {facts.kind}: is this the right call? {listing}"
    near = " or ".join(nearest_models(model))
    return f"did you mean {near}? {listing}" if near else listing
