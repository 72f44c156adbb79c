"""`POST /rerank`."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from siliconflow_client import parameters_of
from siliconflow_simulator import _refusals as refusals
from siliconflow_simulator._wire import json_response
from siliconflow_simulator.answers.tokens import count_all, count_tokens
from siliconflow_simulator.api._fields import flag, integer, required, required_list, text
from siliconflow_simulator.api._parameters import check_parameters
from siliconflow_simulator.api._routes import Route

if TYPE_CHECKING:
    from siliconflow_client import JsonObject, JsonValue, ModelFacts
    from siliconflow_simulator._wire import SimResponse
    from siliconflow_simulator.api._exchange import Exchange

_MAX_QUERY_CHARACTERS: Final = 6000


def rerank(exchange: Exchange) -> SimResponse:
    """Answer with the documents' places, the best first, with scores from 0 to 1."""
    request = exchange.json()
    facts = exchange.model(request, "reranker")
    query = _text_of(required(request, "query"), facts)
    documents = [_text_of(item, facts) for item in required_list(request, "documents")]
    check_parameters(request, parameters_of("rerank"))
    top_n = integer(request, "top_n") or len(documents)
    if "Qwen3" not in facts.id and len(query) > _MAX_QUERY_CHARACTERS:
        raise refusals.invalid("Query is too long")
    returned = flag(request, "return_documents") or False
    scores = exchange.service.scores(query, documents)
    ranked = sorted(range(len(documents)), key=lambda index: (-scores[index], index))
    results: list[JsonValue] = []
    for index in ranked[:top_n]:
        hit: JsonObject = {"index": index, "relevance_score": scores[index]}
        hit["document"] = {"text": documents[index]} if returned else None
        results.append(hit)
    tokens: JsonObject = {
        "input_tokens": count_tokens(query) * len(documents) + count_all(documents),
        "output_tokens": 0,
    }
    billed: JsonObject = {**tokens, "search_units": 0, "classifications": 0}
    return json_response(
        {
            "id": exchange.digest[:32],
            "results": results,
            "meta": {"tokens": tokens, "billed_units": billed},
        }
    )


def _text_of(value: JsonValue, facts: ModelFacts) -> str:
    if isinstance(value, str):
        return value
    if isinstance(value, dict) and "image" in facts.inputs:
        parts = [text(value, name) for name in ("text", "image", "video")]
        if any(part is not None for part in parts):
            return " ".join(part for part in parts if part)
    raise refusals.generic_invalid()


ROUTES: Final = (Route("POST", "/v1/rerank", rerank),)
