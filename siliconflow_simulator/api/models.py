"""`GET /models`: the list of models, with the documented filters."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from siliconflow_simulator._wire import json_response
from siliconflow_simulator.api._routes import Route

if TYPE_CHECKING:
    from siliconflow_client import ModelFacts
    from siliconflow_simulator._wire import SimResponse
    from siliconflow_simulator.api._exchange import Exchange

_TYPES: Final[dict[str, tuple[str, ...]]] = {
    "text": ("chat", "embedding", "reranker"),
    "image": ("image",),
    "audio": ("speech", "transcription"),
    "video": ("video",),
}
_SUB_TYPES: Final[dict[str, str]] = {
    "chat": "chat",
    "embedding": "embedding",
    "reranker": "reranker",
    "text-to-image": "image",
    "image-to-image": "image",
    "speech-to-text": "transcription",
    "text-to-video": "video",
}


def list_models(exchange: Exchange) -> SimResponse:
    """Answer with ids and nothing else; an unknown filter finds nothing."""
    query = exchange.request.query
    kind, sub_kind = query.get("type"), query.get("sub_type")
    data = [
        {"id": facts.id, "object": "model", "created": 0, "owned_by": ""}
        for facts in exchange.service.models()
        if not facts.retired
        and (not kind or facts.kind in _TYPES.get(kind, ()))
        and (not sub_kind or _fits(facts, sub_kind))
    ]
    return json_response({"object": "list", "data": data})


def _fits(facts: ModelFacts, sub_kind: str) -> bool:
    if facts.kind != _SUB_TYPES.get(sub_kind):
        return False
    edits = "Edit" in facts.id or "Kontext" in facts.id
    return edits == (sub_kind == "image-to-image") if facts.kind == "image" else True


ROUTES: Final = (Route("GET", "/v1/models", list_models),)
