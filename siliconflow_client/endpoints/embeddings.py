"""`POST /embeddings`."""

from __future__ import annotations

import base64
import binascii
import functools
import math
import sys
from array import array
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Literal, Required, TypedDict, cast

import pydantic_core
from pydantic_core import core_schema

from siliconflow_client._json import JsonObject, JsonValue
from siliconflow_client.endpoints.checks import (
    as_sequence,
    check_texts,
    checked_body,
    model_of,
    takes_objects,
    wrong,
)
from siliconflow_client.endpoints.media_inputs import TextOrMedia
from siliconflow_client.endpoints.shapes import (
    as_object,
    filled_list,
    read_object,
    text,
)
from siliconflow_client.endpoints.usage import Usage, read_usage
from siliconflow_client.errors.mapping import UndocumentedShapeError
from siliconflow_client.errors.response import Head
from siliconflow_client.errors.tree import ConfigurationError
from siliconflow_client.protocol.flow import Call
from siliconflow_client.protocol.notices import warn_once
from siliconflow_client.protocol.requests import Request, json_content

MAX_EMBEDDING_INPUTS = 32
"""Inputs in one request, by the documentation; the server was seen to take up to 64."""
SERVER_EMBEDDING_INPUTS = 64


class EmbeddingRequest(TypedDict, total=False):
    """Body of `POST /embeddings`; at most 32 inputs (the server refuses more than 64).

    Models that see take objects among the inputs: `{"text": …}`, `{"image": …}` (a URL or a data
    URI). `encoding_format="base64"` is half the bytes or less; the results are the same. `make
    live` compares both at the API itself (docs/wire.md#unsettled-points, `base64-order`).
    """

    model: Required[str]
    input: Required[str | JsonObject | Sequence[TextOrMedia]]
    dimensions: int
    encoding_format: Literal["float", "base64"]
    user: str
    truncate: Literal["left", "right"]


@dataclass(slots=True)
class EmbeddingResult:
    """Vectors, one per input and in the order of the inputs.

    Attributes:
        vectors: `list[list[float]]`, each of the model's (or the requested) dimensions.
        model: The model that answered.
        usage: Token totals; `completion_tokens` is 0.
        trace_id: The `x-siliconcloud-trace-id` header.
    """

    vectors: list[list[float]]
    model: str
    usage: Usage | None
    trace_id: str | None


# Checks a parsed vector, and makes floats of its whole numbers, in a quarter of the parsing's time;
# checking while parsing takes longer than both.
_VECTOR = pydantic_core.SchemaValidator(
    core_schema.list_schema(core_schema.float_schema(strict=True, allow_inf_nan=False), strict=True)
)


def read_embeddings(content: bytes, head: Head, *, expected: int) -> EmbeddingResult:
    """Read the answer of `POST /embeddings`: vectors in the order of the inputs.

    The answer may be in any order (fixture embeddings/float_out_of_order_no_object.json), so
    `index` decides where it is a permutation; some models begin it anew in the middle, and then
    the array's order is right (docs/wire.md#embeddings). A missing vector, one of another length
    and one that holds no numbers are errors, since each would spoil a store silently.
    """
    answer = read_object(content)
    data = filled_list(answer, "data")
    if len(data) != expected:
        raise UndocumentedShapeError(f"expected {expected} embeddings, got {len(data)}")
    items = [as_object(item, "an embedding") for item in data]
    vectors = [_vector(item.get("embedding")) for item in items]
    lengths = {len(found) for found in vectors}
    if len(lengths) > 1:
        raise UndocumentedShapeError(
            f"the embeddings have {min(lengths)} to {max(lengths)} dimensions"
        )
    return EmbeddingResult(
        _ordered(vectors, [item.get("index") for item in items]),
        text(answer, "model"),
        read_usage(answer),
        head.trace_id,
    )


def _ordered(vectors: list[list[float]], indexes: list[JsonValue]) -> list[list[float]]:
    """The vectors by their indexes, where these number them all."""
    places = [index for index in indexes if type(index) is int]
    numbers = list(range(len(vectors)))
    if places == numbers or not any(index is not None for index in indexes):
        return vectors
    if sorted(places) != numbers:
        warn_once(
            "An answer's embeddings were not numbered from 0 to their count; they are taken in "
            "the order in which they came."
        )
        return vectors
    ordered: list[list[float]] = [[]] * len(vectors)
    for place, vector in zip(places, vectors, strict=True):
        ordered[place] = vector
    return ordered


def _vector(wire: JsonValue) -> list[float]:
    if isinstance(wire, str):
        return _unpacked(wire)
    try:
        vector: list[float] = _VECTOR.validate_python(wire)
    except pydantic_core.ValidationError:
        # Without a cause, which would quote what came.
        raise UndocumentedShapeError("an embedding is not a list of finite numbers") from None
    return _filled(vector)


def _unpacked(wire: str) -> list[float]:
    floats = array("f")
    try:
        floats.frombytes(base64.b64decode(wire, validate=True))
    except (ValueError, binascii.Error) as error:
        raise UndocumentedShapeError("an embedding is not base64 of float32") from error
    if sys.byteorder == "big":  # little-endian float32, as at OpenAI; no source says so
        floats.byteswap()
    vector = floats.tolist()
    if not math.isfinite(sum(vector)):  # the sum of float32s cannot overflow
        raise UndocumentedShapeError("an embedding holds NaN or infinity")
    return _filled(vector)


def _filled(vector: list[float]) -> list[float]:
    if not vector:
        raise UndocumentedShapeError("an embedding is empty")
    return vector


def _is_one(given: object, model: str) -> bool:
    return isinstance(given, str) or (isinstance(given, Mapping) and takes_objects(model))


def embedding_call(
    request: EmbeddingRequest, extra_body: Mapping[str, JsonValue] | None
) -> Call[EmbeddingResult]:
    """Ask for the vectors of some inputs.

    Raises:
        ConfigurationError: An argument of the wrong kind, or too many inputs.
    """
    body = checked_body("embeddings", cast("Mapping[str, object]", request), extra_body)
    model = model_of(body)
    given = body.get("input")
    inputs = [given] if _is_one(given, model) else as_sequence(given)
    if inputs is None:
        raise wrong("input", "a string or a list of strings", given)
    if not inputs:
        raise ConfigurationError("input is empty: nothing to embed.", argument="input")
    check_texts(inputs, "input", model)
    count = len(inputs)
    if count > SERVER_EMBEDDING_INPUTS:
        raise ConfigurationError(
            f"input has {count} texts; one request takes {MAX_EMBEDDING_INPUTS} "
            f"(at most {SERVER_EMBEDDING_INPUTS}).",
            argument="input",
            hint="embed_many sends them in batches.",
        )
    if body.get("encoding_format") not in (None, "float", "base64"):
        raise wrong("encoding_format", "'float' or 'base64'", body["encoding_format"])
    return Call(
        Request("POST", "/embeddings", json_content(body), model=model),
        functools.partial(read_embeddings, expected=count),
    )
