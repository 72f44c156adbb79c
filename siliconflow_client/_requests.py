"""No I/O: arguments in, a checked request out.

What can be seen to be wrong here costs no request: the error names the argument. What only the
server can know (whether a model has a parameter) is left to the server.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, cast

import pydantic_core

from siliconflow_client._catalogue import lookup_model
from siliconflow_client._errors import ConfigurationError

if TYPE_CHECKING:
    from siliconflow_client._types import (
        ChatRequest,
        CompletionRequest,
        EmbeddingRequest,
        RerankRequest,
    )

MAX_EMBEDDING_INPUTS = 32
"""Inputs in one request, by the documentation; the server was seen to take up to 64."""
SERVER_EMBEDDING_INPUTS = 64
MAX_RERANK_DOCUMENTS = 64
"""Documents in one request. No limit is documented; other clients send 32 to 64."""

_INTEGERS = frozenset(
    {
        "max_tokens",
        "top_k",
        "seed",
        "n",
        "thinking_budget",
        "top_logprobs",
        "dimensions",
        "top_n",
        "max_chunks_per_doc",
        "overlap_tokens",
    }
)
_NUMBERS = frozenset(
    {
        "temperature",
        "top_p",
        "min_p",
        "frequency_penalty",
        "presence_penalty",
        "repetition_penalty",
    }
)
_BOOLEANS = frozenset({"enable_thinking", "parallel_tool_calls", "logprobs", "return_documents"})
_STRINGS = frozenset(
    {"prefix", "suffix", "reasoning_effort", "instruction", "user", "truncate", "encoding_format"}
)
_POSITIVE = frozenset({"max_tokens", "n", "dimensions", "top_n", "thinking_budget"})

_EFFORTS = ("minimal", "low", "medium", "high", "xhigh", "max")


@dataclass(frozen=True, slots=True)
class HttpRequest:
    """A request without its headers: path below the base URL, query, JSON body."""

    method: str
    path: str
    content: bytes | None = None
    query: Mapping[str, str] | None = None
    model: str | None = None
    stream: bool = False


def chat_request(
    request: ChatRequest, extra_body: Mapping[str, object] | None, *, stream: bool
) -> HttpRequest:
    """Check and write the body of `POST /chat/completions`.

    A `reasoning_effort` that the model does not know is moved to the next one up that it does
    (DeepSeek-V4 takes `high` and `max`, GLM-5.3 `low`, `high` and `max`; the vendor reads `low`
    and `medium` as `high`, `xhigh` as `max`).

    Raises:
        ConfigurationError: An argument of the wrong kind; `.argument` names it.
    """
    body = _body(cast("Mapping[str, object]", request), extra_body)
    model = _require_model(body)
    _check_messages(body.get("messages"))
    effort = body.get("reasoning_effort")
    if isinstance(effort, str):
        body["reasoning_effort"] = nearest_effort(effort, lookup_model(model).reasoning_efforts)
    return _post("/chat/completions", body, model, stream=stream)


def completion_request(
    request: CompletionRequest, extra_body: Mapping[str, object] | None, *, stream: bool
) -> HttpRequest:
    """Check and write the body of `POST /completions`."""
    body = _body(cast("Mapping[str, object]", request), extra_body)
    model = _require_model(body)
    _check_string(body.get("prompt"), "prompt")
    return _post("/completions", body, model, stream=stream)


def embedding_request(
    request: EmbeddingRequest, extra_body: Mapping[str, object] | None
) -> tuple[HttpRequest, int]:
    """Check and write the body of `POST /embeddings`; tell how many vectors to expect."""
    body = _body(cast("Mapping[str, object]", request), extra_body)
    model = _require_model(body)
    given = body.get("input")
    inputs = [given] if isinstance(given, str) else _sequence(given)
    if inputs is None:
        raise _wrong("input", "a string or a list of strings", given)
    if not inputs:
        raise ConfigurationError("input is empty: nothing to embed.", argument="input")
    _check_texts(inputs, "input", model)
    count = len(inputs)
    if count > SERVER_EMBEDDING_INPUTS:
        raise ConfigurationError(
            f"input has {count} texts; one request takes {MAX_EMBEDDING_INPUTS} "
            f"(at most {SERVER_EMBEDDING_INPUTS}).",
            argument="input",
            hint="send them in batches, as the embeddings classes of the adapters do.",
        )
    if body.get("encoding_format") not in (None, "float", "base64"):
        raise _wrong("encoding_format", "'float' or 'base64'", body["encoding_format"])
    return _post("/embeddings", body, model), count


def rerank_request(
    request: RerankRequest, extra_body: Mapping[str, object] | None
) -> tuple[HttpRequest, int]:
    """Check and write the body of `POST /rerank`; tell how many documents it holds."""
    body = _body(cast("Mapping[str, object]", request), extra_body)
    model = _require_model(body)
    if not (isinstance(body.get("query"), Mapping) and _takes_objects(model)):
        _check_string(body.get("query"), "query")
    documents = _sequence(body.get("documents"))
    if documents is None:
        raise _wrong("documents", "a list of strings", body.get("documents"))
    if not documents:
        raise ConfigurationError("documents is empty: nothing to rank.", argument="documents")
    _check_texts(documents, "documents", model)
    return _post("/rerank", body, model), len(documents)


def models_request(kind: str | None, sub_type: str | None) -> HttpRequest:
    """Write `GET /models`."""
    query = {
        name: value for name, value in (("type", kind), ("sub_type", sub_type)) if value is not None
    }
    return HttpRequest("GET", "/models", query=query or None)


def may_be_empty(request: Mapping[str, object]) -> bool:
    """Whether an answer of nothing can be right: a stop word at once, an empty infill."""
    return bool(request.get("stop") or request.get("suffix") or request.get("prefix"))


def nearest_effort(effort: str, known: Sequence[str]) -> str:
    """The effort to send: `effort` itself, or the next one up that the model knows."""
    if not known or effort in known or effort not in _EFFORTS:
        return effort
    higher = _EFFORTS[_EFFORTS.index(effort) :]
    return next((name for name in higher if name in known), known[-1])


def _body(
    request: Mapping[str, object], extra_body: Mapping[str, object] | None
) -> dict[str, object]:
    body = {name: value for name, value in request.items() if value is not None}
    for name, value in body.items():
        _check_value(name, value)
    if extra_body:
        body.update(extra_body)
    return body


def _post(path: str, body: dict[str, object], model: str, *, stream: bool = False) -> HttpRequest:
    if stream:
        body["stream"] = True
    elif path.endswith("completions"):
        body["stream"] = False
    try:
        content = pydantic_core.to_json(body)
    except (pydantic_core.PydanticSerializationError, UnicodeEncodeError) as error:
        raise ConfigurationError(
            f"The request cannot be written as JSON ({type(error).__name__}): it holds an object "
            "that is not data, or text that is not valid Unicode.",
            argument="extra_body",
        ) from None
    return HttpRequest("POST", path, content, None, model, stream)


def _require_model(body: Mapping[str, object]) -> str:
    model = body.get("model")
    _check_string(model, "model")
    return cast("str", model)


def _takes_objects(model: str) -> bool:
    """Vision embedders and rerankers take `{"text": …}` and `{"image": …}` beside strings."""
    facts = lookup_model(model)
    return "image" in facts.inputs or not facts.known


def _check_texts(values: Sequence[object], name: str, model: str) -> None:
    allowed = (str, Mapping) if _takes_objects(model) else (str,)
    for position, value in enumerate(values):
        if not isinstance(value, allowed):
            raise _wrong(f"{name}[{position}]", "a string", value)


def _check_string(value: object, name: str) -> None:
    if not isinstance(value, str):
        raise _wrong(name, "a string", value)
    if not value.strip():
        raise ConfigurationError(f"{name} is empty.", argument=name)


def _check_value(name: str, value: object) -> None:
    if name in _INTEGERS:
        if isinstance(value, bool) or not isinstance(value, int):
            raise _wrong(name, "a whole number", value)
        if name in _POSITIVE and value < 1:
            raise ConfigurationError(f"{name} must be 1 or more, not {value}.", argument=name)
    elif name in _NUMBERS:
        if isinstance(value, bool) or not isinstance(value, int | float):
            raise _wrong(name, "a number", value)
        if not math.isfinite(value):
            raise ConfigurationError(f"{name} must be finite, not {value}.", argument=name)
    elif name in _BOOLEANS and not isinstance(value, bool):
        raise _wrong(name, "True or False", value)
    elif name in _STRINGS and not isinstance(value, str):
        raise _wrong(name, "a string", value)
    elif name == "stop" and not isinstance(value, str):
        words = _sequence(value)
        if words is None or not all(isinstance(word, str) for word in words):
            raise _wrong("stop", "a string or a list of strings", value)


def _sequence(value: object) -> Sequence[object] | None:
    """`value` if it is a list of things, which a string is not."""
    if isinstance(value, Sequence) and not isinstance(value, str | bytes):
        return cast("Sequence[object]", value)
    return None


def _check_messages(messages: object) -> None:
    turns = _sequence(messages)
    if turns is None:
        raise _wrong("messages", "a list of messages", messages)
    if not turns:
        raise ConfigurationError("messages is empty.", argument="messages")
    asks = False
    for position, turn in enumerate(turns):
        where = f"messages[{position}]"
        if not isinstance(turn, Mapping):
            raise _wrong(where, "a mapping with role and content", turn)
        message = cast("Mapping[str, object]", turn)
        role, content = message.get("role"), message.get("content")
        if not isinstance(role, str):
            raise _wrong(f"{where}['role']", "a string", role)
        if not isinstance(content, str | list):
            raise _wrong(f"{where}['content']", "a string or a list of parts", content)
        asks = asks or role == "user"
    if not asks:
        raise ConfigurationError(
            "messages holds no user message, and the API refuses that "
            "(code 20015, 'No user query found in messages.').",
            argument="messages",
            hint="send the text of a lone system message as a user message.",
        )


def _wrong(name: str, wanted: str, value: object) -> ConfigurationError:
    kind = "None" if value is None else type(value).__name__
    return ConfigurationError(f"{name} must be {wanted}, not {kind}.", argument=name)
