"""`POST /embeddings`."""

from __future__ import annotations

import base64
import struct
import zlib
from typing import TYPE_CHECKING, Final

from siliconflow_client import parameters_of
from siliconflow_simulator import _refusals as refusals
from siliconflow_simulator._wire import json_response
from siliconflow_simulator.answers.tokens import count_tokens
from siliconflow_simulator.answers.vectors import embedding
from siliconflow_simulator.api._fields import integer, required_list, text
from siliconflow_simulator.api._parameters import check_parameters
from siliconflow_simulator.api._routes import Route

if TYPE_CHECKING:
    from siliconflow_client import JsonObject, JsonValue, ModelFacts
    from siliconflow_simulator._wire import SimResponse
    from siliconflow_simulator.api._exchange import Exchange

_DEFAULT_DIMENSIONS: Final = 1024
_RESTARTING: Final = "Qwen3-VL-Embedding-8B"
_RESTARTS: Final = 8
"""The one model was seen to count its `index` from 0 again every 8 inputs."""


def embed(exchange: Exchange) -> SimResponse:
    """Answer with one vector for each input."""
    request = exchange.json()
    facts = exchange.model(request, "embedding")
    # The documents say 32, the server says 64.
    max_inputs = exchange.service.settings.max_embedding_inputs
    inputs = [_input(item, facts) for item in required_list(request, "input")]
    if len(inputs) > max_inputs:
        raise refusals.refusal(
            413,
            20042,
            f"input batch size {len(inputs)} > maximum allowed batch size {max_inputs}",
        )
    dimensions = _dimensions(request, facts)
    check_parameters(request, parameters_of("embeddings"))
    encoding = text(request, "encoding_format") or "float"
    tokens = [count_tokens(item) for item in inputs]
    _check_lengths(tokens, facts)
    seed = zlib.crc32(facts.id.removeprefix("Pro/").encode())
    data: list[JsonValue] = []
    scripted = exchange.service.vector
    for index, item in enumerate(inputs):
        vector = list(scripted(item)) if scripted else embedding(item, dimensions, seed)
        packed = base64.b64encode(struct.pack(f"<{len(vector)}f", *vector)).decode()
        value: JsonValue = packed if encoding == "base64" else [*vector]
        place = index % _RESTARTS if _RESTARTING in facts.id else index
        data.append({"object": "embedding", "embedding": value, "index": place})
    total = sum(tokens)
    return json_response(
        {
            "object": "list",
            "model": facts.id,
            "data": data,
            "usage": {"prompt_tokens": total, "completion_tokens": 0, "total_tokens": total},
        }
    )


def _input(value: JsonValue, facts: ModelFacts) -> str:
    if isinstance(value, str):
        return value
    if isinstance(value, dict) and "image" in facts.inputs:
        written, image = text(value, "text"), text(value, "image")
        if written is not None or image is not None:
            return " ".join(part for part in (written, image) if part)
    raise refusals.generic_invalid()


def _dimensions(request: JsonObject, facts: ModelFacts) -> int:
    wanted = integer(request, "dimensions")
    if wanted is None:
        return facts.default_dimensions or _DEFAULT_DIMENSIONS
    if not facts.accepts_dimensions or (facts.dimensions and wanted not in facts.dimensions):
        raise refusals.generic_invalid()
    return wanted


def _check_lengths(tokens: list[int], facts: ModelFacts) -> None:
    limit = facts.max_input_tokens
    if limit is None or max(tokens) < limit:
        return
    if "Qwen3" in facts.id:
        raise refusals.generic_invalid()
    raise refusals.refusal(413, 20042, f"input must have less than {limit} tokens")


ROUTES: Final = (Route("POST", "/v1/embeddings", embed),)
