"""No I/O: the lines of a batch's files, one request or one result each (docs/wire.md#batches)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import cast

import pydantic_core

from siliconflow_client._json import JsonObject, JsonValue
from siliconflow_client.catalogue.batches import BATCH_MODELS
from siliconflow_client.endpoints.answer_reader import answer_rules
from siliconflow_client.endpoints.batches import CHAT_ENDPOINT
from siliconflow_client.endpoints.chat import (
    ChatCompletion,
    ChatRequest,
    chat_body,
    chat_from_wire,
    may_be_empty,
)
from siliconflow_client.endpoints.checks import check_mapping, model_of
from siliconflow_client.endpoints.shapes import as_object, text
from siliconflow_client.endpoints.usage import Usage, read_usage
from siliconflow_client.errors.jobs import BatchExpiredError
from siliconflow_client.errors.mapping import (
    UndocumentedShapeError,
    error_from_event,
    error_from_response,
    unexpected_answer,
)
from siliconflow_client.errors.response import TRACE_HEADERS, Head, Target
from siliconflow_client.errors.tree import ConfigurationError, SiliconFlowError
from siliconflow_client.protocol.options import EmptyAnswers
from siliconflow_client.protocol.requests import json_content

_ROLES = ("system", "user", "assistant")
_ASKED = f'"method":"POST","url":"{CHAT_ENDPOINT}","body":'.encode()
_UNREACHED = frozenset({"batch_expired", "batch_cancelled"})
"""Codes of lines that a batch did not get to; the second is OpenAI's."""


@dataclass(frozen=True, slots=True)
class RequestLine:
    """A request of a batch: its model, and its body as JSON, which is never a stream."""

    model: str
    body: bytes = field(repr=False)

    def written(self, custom_id: str) -> bytes:
        """The line, with its end; ids are ours, and need no escaping."""
        return b'{"custom_id":"' + custom_id.encode() + b'",' + _ASKED + self.body + b"}\n"


class LineWriter:
    """Checks and writes requests; what all of them share is written once.

    Args:
        shared: Fields of a `ChatRequest` that each request has where it does not say otherwise,
            such as the model and the tools. They must not change any more.
        extra_body: Further fields of each request; they win.
        allow_unlisted: Whether models may be asked that the batch guide does not name.
    """

    __slots__ = ("_allow_unlisted", "_extra_body", "_fixed", "_shared", "_written")

    def __init__(
        self,
        shared: Mapping[str, object] | None = None,
        extra_body: Mapping[str, JsonValue] | None = None,
        *,
        allow_unlisted: bool = False,
    ) -> None:
        check_mapping(shared, "shared")
        check_mapping(extra_body, "extra_body")
        self._shared = shared or {}
        self._extra_body = extra_body
        self._allow_unlisted = allow_unlisted
        fixed = {**self._shared, **(extra_body or {}), "stream": False}
        self._fixed = {name: value for name, value in fixed.items() if value is not None}
        self._written = json_content(self._fixed).data

    def line(self, request: Mapping[str, object], position: int) -> RequestLine:
        """Check and write one request.

        Args:
            request: A `ChatRequest`, but for what is shared.
            position: Its place among the requests, to name it by.

        Raises:
            ConfigurationError: The batch API would refuse it; `.argument` names it.
        """
        where = f"requests[{position}]"
        if not isinstance(cast("object", request), Mapping):
            raise ConfigurationError(f"{where} is no mapping of a chat's fields.", argument=where)
        whole = {**self._shared, **request}
        try:
            body = chat_body(cast("ChatRequest", whole), self._extra_body)
            body["stream"] = False
            data = self._data(body)
        except ConfigurationError as error:
            argument = error.argument or ""
            raise ConfigurationError(
                f"{where}: {error.message}", argument=f"{where}.{argument}", hint=error.hint
            ) from None
        _check_turns(cast("list[Mapping[str, object]]", body["messages"]), where)
        n = body.get("n")
        if isinstance(n, int) and n > 1:
            raise ConfigurationError(
                f"{where} asks for n={n} answers; a batch gives one for each request.",
                argument=f"{where}.n",
                hint="add the request n times.",
            )
        model = model_of(body)
        if model not in BATCH_MODELS and not self._allow_unlisted:
            raise ConfigurationError(
                f"{where} asks {model!r}, which the batch guide does not name.",
                argument=f"{where}.model",
                hint=f"it names {', '.join(BATCH_MODELS)}; allow_unlisted=True sends it all the "
                "same.",
            )
        return RequestLine(model, data)

    def _data(self, body: dict[str, object]) -> bytes:
        if not all(body.get(name) is value for name, value in self._fixed.items()):
            return json_content(body).data
        own = {name: value for name, value in body.items() if name not in self._fixed}
        return json_content(own).data[:-1] + b"," + self._written[1:] if own else self._written


def _check_turns(turns: list[Mapping[str, object]], where: str) -> None:
    for number, turn in enumerate(turns):
        if turn.get("role") not in _ROLES:
            raise ConfigurationError(
                f"{where}.messages[{number}] has the role {str(turn.get('role'))[:40]!r}; batches "
                "take system, user and assistant only.",
                argument=f"{where}.messages[{number}]",
            )
    if turns[-1].get("role") != "user":
        raise ConfigurationError(
            f"{where}.messages does not end with a user message, and batches ask for that.",
            argument=f"{where}.messages",
        )


def custom_id_of(line: bytes) -> str | None:
    """Whose result a line is; `None` for a line that is no result."""
    try:
        wire: JsonValue = pydantic_core.from_json(line, cache_strings="keys")
    except ValueError:
        return None
    found = wire.get("custom_id") if isinstance(wire, dict) else None
    return found if isinstance(found, str) else None


@dataclass(frozen=True, slots=True)
class LineUsage:
    """What a line of results tells of its tokens.

    Attributes:
        custom_id: Whose result it is.
        usage: The tokens.
        trace_id: The `request_id` of the answer, or `None`.
    """

    custom_id: str
    usage: Usage
    trace_id: str | None


def usage_of_line(line: bytes) -> LineUsage | None:
    """What a line tells of its tokens; `None` where it tells nothing that can be read."""
    try:
        wire: JsonValue = pydantic_core.from_json(line, cache_strings="keys")
        result = as_object(wire, "a result")
        response = as_object(result.get("response"), "`response`")
        usage = read_usage(as_object(response.get("body"), "`body`"))
    except ValueError:
        return None
    custom_id = result.get("custom_id")
    if usage is None or not isinstance(custom_id, str):
        return None
    return LineUsage(custom_id, usage, text(response, "request_id") or None)


@dataclass(frozen=True, slots=True)
class Reading:
    """How answers are read, as a plain call reads them.

    Attributes:
        tool_markup: Whether tool calls that a model wrote as text become tool calls.
        empty_answers: `return` or `raise` an answer of nothing.
    """

    tool_markup: bool = True
    empty_answers: EmptyAnswers = "return"


def read_result(
    line: bytes, asked: bytes | None, batch_id: str, host: str, model: str, reading: Reading
) -> ChatCompletion | SiliconFlowError:
    """Read a line of an output or error file; what went wrong with it is returned, not raised.

    Args:
        line: As it came.
        asked: The line of its request, which says how it is to be read; `None` where it is gone.
        batch_id: Of its batch.
        host: The site.
        model: Whom the request asked.
        reading: Settings of the client.
    """
    target = Target(host, "/batches", model)
    bare = Head(200, {}, 0.0)
    try:
        wire = as_object(cast("JsonValue", pydantic_core.from_json(line)), "a result")
        return _result(wire, _body_of(asked), batch_id, target, reading)
    except SiliconFlowError as error:
        return error
    except UndocumentedShapeError as error:
        return unexpected_answer(line, bare, target, str(error))
    except ValueError:
        return unexpected_answer(line, bare, target, "a result is not JSON")


def _body_of(asked: bytes | None) -> JsonObject:
    """The body of a request's line; one that was damaged on the disk costs no answer."""
    try:
        wire: JsonValue = None if asked is None else pydantic_core.from_json(asked)
    except ValueError:
        return {}
    body = wire.get("body") if isinstance(wire, dict) else None
    return body if isinstance(body, dict) else {}


def _result(
    wire: JsonObject, asked: JsonObject, batch_id: str, target: Target, reading: Reading
) -> ChatCompletion | SiliconFlowError:
    response = wire.get("response")
    trace = text(response, "request_id") if isinstance(response, dict) else ""
    headers = {TRACE_HEADERS[0]: trace} if trace else {}
    problem = wire.get("error")
    if problem:
        code = problem.get("code") if isinstance(problem, dict) else None
        if code in _UNREACHED:
            return expired(str(code), batch_id, target.host, target.model)
        said: JsonObject = problem if isinstance(problem, dict) else {"message": str(problem)}
        if not isinstance(response, dict) or response.get("status_code") in (None, 200):
            found = error_from_event(said, Head(200, headers, 0.0), target)
            if found is not None:
                found.__notes__ = []
                return found
    answer = as_object(response, "`response`")
    status = answer.get("status_code")
    body = answer.get("body")
    if isinstance(status, int) and not 200 <= status < 300:
        said_so = pydantic_core.to_json(body if body is not None else problem)
        return error_from_response(Head(status, headers, 0.0), said_so, target)
    rules = answer_rules(asked, target.model or "")
    return chat_from_wire(
        as_object(body, "`body`"),
        Head(200, headers, 0.0),
        may_be_empty=reading.empty_answers == "return" or may_be_empty(cast("ChatRequest", asked)),
        rules=rules.of_call(tool_markup=reading.tool_markup),
    )


def expired(code: str, batch_id: str, host: str, model: str | None) -> BatchExpiredError:
    """Make the error of a request that its batch did not get to."""
    why = "was cancelled" if code == "batch_cancelled" else "expired"
    return BatchExpiredError(
        f"The batch {why} before it came to this request.",
        batch_id=batch_id,
        code=code,
        host=host,
        model=model,
    )


def failed(errors: JsonValue, batch_id: str, host: str, model: str) -> SiliconFlowError:
    """Make the error of a request whose batch failed as a whole, in the batch's own words."""
    listed = errors.get("data") if isinstance(errors, dict) else errors
    first = listed[0] if isinstance(listed, list) and listed else None
    said: JsonObject = first if isinstance(first, dict) else {}
    message = said.get("message")
    words = (
        f"The batch {batch_id} failed: {message}" if message else f"The batch {batch_id} failed."
    )
    body = pydantic_core.to_json({"code": said.get("code"), "message": words})
    return error_from_response(Head(400, {}, 0.0), body, Target(host, "/batches", model))
