"""`POST /embeddings`."""

from __future__ import annotations

import base64
import binascii
import functools
import re
import sys
from array import array
from collections.abc import Callable, Mapping, Sequence
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
    wrong,
)
from siliconflow_client.endpoints.media_inputs import TextOrMedia
from siliconflow_client.endpoints.shapes import as_object, filled_list, read_object, text
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

    Models that see take objects among the inputs: `{"text": …}`, `{"image": …}`.
    """

    model: Required[str]
    input: Required[str | Sequence[TextOrMedia]]
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


def read_embeddings(content: bytes, head: Head, *, expected: int) -> EmbeddingResult:
    """Read the answer of `POST /embeddings`: vectors in the order of the inputs.

    The answer may be in any order (fixture embeddings/float_out_of_order_no_object.json), so
    `index` decides where it is a permutation of the places. Qwen3-VL-Embedding-8B restarts it
    every 8 inputs while the array is in order (docs/wire.md, Embeddings): then the array decides.
    A missing vector is an error rather than a shifted list.
    """
    answer, vector = _vectors(content)
    rows = [as_object(item, "an embedding") for item in filled_list(answer, "data")]
    if len(rows) != expected:
        raise UndocumentedShapeError(f"expected {expected} embeddings, got {len(rows)}")
    model = text(answer, "model")
    places = [row.get("index", position) for position, row in enumerate(rows)]
    vectors: list[list[float]] = [[]] * expected
    for place, row in zip(_order(places, model), rows, strict=True):
        vectors[place] = vector(row.get("embedding"))
    return EmbeddingResult(vectors, model, read_usage(answer), head.trace_id)


def _order(places: Sequence[JsonValue], model: str) -> Sequence[int]:
    """The places if they are all different and leave none out, else the array's order."""
    whole = [place for place in places if isinstance(place, int)]
    if len(whole) == len(places) and set(whole) == set(range(len(places))):
        return whole
    warn_once(
        f"{model or 'A model'} numbers its vectors in a way that is no order; they are taken in "
        "the order in which they came."
    )
    return range(len(places))


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
    return read_object(content), _vector


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
    inputs = [given] if isinstance(given, str) else as_sequence(given)
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
