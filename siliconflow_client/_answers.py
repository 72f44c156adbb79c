"""No I/O: bodies in, typed results out.

Each function raises `UndocumentedShapeError` for a body that is not the documented shape, and
`ValueError` for one that is not JSON, so that no `KeyError` ever reaches a caller.
"""

from __future__ import annotations

import base64
import binascii
import re
import sys
from array import array
from typing import TYPE_CHECKING, cast

import pydantic_core
from pydantic_core import core_schema

from siliconflow_client._deltas import (
    UndocumentedShapeError,
    arguments_from_wire,
    finish_reason_from_wire,
    invented_id,
    usage_from_wire,
)
from siliconflow_client._errors import EmptyAnswerError
from siliconflow_client._results import (
    ChatChoice,
    ChatCompletion,
    EmbeddingResult,
    ModelCard,
    RerankHit,
    RerankResult,
    TextChoice,
    TextCompletion,
    ToolCall,
    Usage,
)

if TYPE_CHECKING:
    from collections.abc import Callable

    from siliconflow_client._types import ChatCompletionDict, JsonObject, JsonValue, UsageDict


_PACKED = re.compile(rb'"embedding"\s*:\s*"')
_FIRST_VECTOR = 4096
"""Bytes in which the first vector of a body begins."""
# Parses and checks vectors of floats in one go, in the time that parsing alone takes.
_VECTORS = pydantic_core.SchemaValidator(
    core_schema.typed_dict_schema(
        {
            "data": core_schema.typed_dict_field(
                core_schema.list_schema(
                    core_schema.typed_dict_schema(
                        {
                            "embedding": core_schema.typed_dict_field(
                                core_schema.list_schema(core_schema.float_schema(strict=True))
                            )
                        },
                        extra_behavior="allow",
                    )
                )
            )
        },
        extra_behavior="allow",
    )
)


def read_chat(content: bytes, trace_id: str | None, *, may_be_empty: bool) -> ChatCompletion:
    """Read the answer of `POST /chat/completions`."""
    answer = _answer(content)
    completion_id = _text(answer, "id")
    choices = [
        _chat_choice(_object(wire, "a choice"), completion_id)
        for wire in _filled_list(answer, "choices")
    ]
    choices.sort(key=lambda choice: choice.index)
    if not may_be_empty and all(
        not (choice.text or choice.reasoning or choice.tool_calls)
        and choice.finish_reason != "length"
        for choice in choices
    ):
        raise EmptyAnswerError
    return ChatCompletion(
        id=completion_id,
        model=_text(answer, "model"),
        created=_count(answer.get("created")),
        choices=choices,
        usage=_usage(answer),
        trace_id=trace_id,
        system_fingerprint=_text(answer, "system_fingerprint"),
        raw=cast("ChatCompletionDict", answer),
    )


def _chat_choice(wire: JsonObject, completion_id: str) -> ChatChoice:
    message = _object(wire.get("message"), "`message`")
    index = _count(wire.get("index"))
    calls = message.get("tool_calls") or []
    if not isinstance(calls, list):
        raise UndocumentedShapeError("`tool_calls` is not a list")
    reason = wire.get("finish_reason")
    return ChatChoice(
        index=index,
        text=_text(message, "content"),
        reasoning=_text(message, "reasoning_content"),
        tool_calls=[
            _tool_call(_object(call, "a tool call"), position, index, completion_id)
            for position, call in enumerate(calls)
        ],
        finish_reason=finish_reason_from_wire(str(reason)) if reason else None,
        logprobs=cast("JsonObject | None", wire.get("logprobs")),
    )


def _tool_call(wire: JsonObject, position: int, choice: int, completion_id: str) -> ToolCall:
    function = _object(wire.get("function") or {}, "`function` of a tool call")
    return ToolCall(
        index=position,
        id=_text(wire, "id") or invented_id(completion_id, choice, position),
        name=_text(function, "name"),
        arguments=arguments_from_wire(function.get("arguments")),
    )


def read_completion(content: bytes, trace_id: str | None) -> TextCompletion:
    """Read the answer of `POST /completions`."""
    answer = _answer(content)
    choices: list[TextChoice] = []
    for position, item in enumerate(_filled_list(answer, "choices")):
        wire = _object(item, "a choice")
        reason = wire.get("finish_reason")
        choices.append(
            TextChoice(
                index=_count(wire.get("index", position)),
                text=_text(wire, "text"),
                finish_reason=finish_reason_from_wire(str(reason)) if reason else None,
                logprobs=cast("JsonObject | None", wire.get("logprobs")),
            )
        )
    choices.sort(key=lambda choice: choice.index)
    return TextCompletion(
        id=_text(answer, "id"),
        model=_text(answer, "model"),
        created=_count(answer.get("created")),
        choices=choices,
        usage=_usage(answer),
        trace_id=trace_id,
        raw=answer,
    )


def read_embeddings(content: bytes, trace_id: str | None, *, expected: int) -> EmbeddingResult:
    """Read the answer of `POST /embeddings`: vectors in the order of the inputs.

    The answer may be in any order (fixture embeddings/float_out_of_order_no_object.json), so
    `index` decides, and a missing vector is an error rather than a shifted list.
    """
    answer, vector = _vectors(content)
    data = _filled_list(answer, "data")
    vectors: list[list[float] | None] = [None] * expected
    for position, item in enumerate(data):
        wire = _object(item, "an embedding")
        index = wire.get("index", position)
        if not isinstance(index, int) or not 0 <= index < expected or vectors[index] is not None:
            raise UndocumentedShapeError(
                f"expected {expected} embeddings, got one with index {index!r}"
            )
        vectors[index] = vector(wire.get("embedding"))
    found = [vector for vector in vectors if vector is not None]
    if len(found) != expected:
        raise UndocumentedShapeError(f"expected {expected} embeddings, got {len(found)}")
    return EmbeddingResult(found, _text(answer, "model"), _usage(answer), trace_id)


def _vectors(content: bytes) -> tuple[JsonObject, Callable[[JsonValue], list[float]]]:
    """Parse a body, and tell how to take a vector out of it."""
    # Where a vector in base64 would fail the check, which costs more than the parsing.
    packed = _PACKED.search(content, 0, _FIRST_VECTOR) is not None
    if not packed:
        try:
            checked: JsonObject = _VECTORS.validate_json(content)
        except pydantic_core.ValidationError:  # the wrong shape: look closer
            pass
        else:
            return checked, _checked
    return _answer(content), _vector


def _checked(wire: JsonValue) -> list[float]:
    """What `_VECTORS` has found to be a list of floats."""
    if not wire:
        raise UndocumentedShapeError("an embedding is empty")
    return cast("list[float]", wire)


def _vector(wire: JsonValue) -> list[float]:
    try:
        if isinstance(wire, str):
            floats = array("f")
            floats.frombytes(base64.b64decode(wire, validate=True))
            if sys.byteorder == "big":  # little-endian float32, as at OpenAI; no source says so
                floats.byteswap()
            return _checked(cast("JsonValue", floats.tolist()))
    except (ValueError, binascii.Error) as error:
        raise UndocumentedShapeError("an embedding is not base64 of float32") from error
    if not isinstance(wire, list) or not all(isinstance(item, int | float) for item in wire):
        raise UndocumentedShapeError("an embedding is not a list of numbers")
    return _checked([float(cast("float", number)) for number in wire])


def read_reranking(content: bytes, trace_id: str | None, *, documents: int) -> RerankResult:
    """Read the answer of `POST /rerank`, best score first."""
    answer = _answer(content)
    results = answer.get("results")
    if not isinstance(results, list):
        raise UndocumentedShapeError("`results` is not a list")
    hits: list[RerankHit] = []
    for item in results:
        wire = _object(item, "a result")
        index, score = wire.get("index"), wire.get("relevance_score")
        if not isinstance(index, int) or not isinstance(score, int | float):
            raise UndocumentedShapeError("a result lacks `index` or `relevance_score`")
        if not 0 <= index < documents:
            raise UndocumentedShapeError(f"a result names document {index} of {documents}")
        document = wire.get("document")
        text = document.get("text") if isinstance(document, dict) else document
        hits.append(RerankHit(index, float(score), text))
    hits.sort(key=lambda hit: -hit.relevance_score)
    meta = answer.get("meta")
    tokens = meta.get("tokens") if isinstance(meta, dict) else None
    if not isinstance(tokens, dict):
        top_level = answer.get("tokens")
        tokens = top_level if isinstance(top_level, dict) else {}
    return RerankResult(
        id=_text(answer, "id"),
        results=hits,
        input_tokens=_optional_count(tokens.get("input_tokens")),
        output_tokens=_optional_count(tokens.get("output_tokens")),
        trace_id=trace_id,
    )


def read_models(content: bytes, _trace_id: str | None) -> list[ModelCard]:
    """Read the answer of `GET /models`."""
    data = _answer(content).get("data")
    if not isinstance(data, list):
        raise UndocumentedShapeError("`data` is not a list")
    cards: list[ModelCard] = []
    for item in data:
        wire = _object(item, "a model")
        if not _text(wire, "id"):
            raise UndocumentedShapeError("a model lacks `id`")
        cards.append(
            ModelCard(_text(wire, "id"), _text(wire, "owned_by"), _count(wire.get("created")))
        )
    return cards


def _answer(content: bytes) -> JsonObject:
    body: JsonValue = pydantic_core.from_json(content, cache_strings="keys")
    return _object(body, "the body")


def _object(value: JsonValue, what: str) -> JsonObject:
    if not isinstance(value, dict):
        raise UndocumentedShapeError(f"{what} is not an object")
    return value


def _filled_list(answer: JsonObject, key: str) -> list[JsonValue]:
    value = answer.get(key)
    if not isinstance(value, list):
        raise UndocumentedShapeError(f"`{key}` is not a list")
    if not value:
        raise UndocumentedShapeError(f"`{key}` is empty")
    return value


def _text(wire: JsonObject, key: str) -> str:
    value = wire.get(key)
    if value is None:
        return ""
    if not isinstance(value, str):
        raise UndocumentedShapeError(f"`{key}` is not a string")
    return value


def _count(value: JsonValue) -> int:
    return value if isinstance(value, int) else 0


def _optional_count(value: JsonValue) -> int | None:
    return value if isinstance(value, int) else None


def _usage(answer: JsonObject) -> Usage | None:
    usage = answer.get("usage")
    if not usage:
        return None
    if not isinstance(usage, dict):
        raise UndocumentedShapeError("`usage` is not an object")
    return usage_from_wire(cast("UsageDict", usage))
