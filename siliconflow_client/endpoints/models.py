"""`GET /models`."""

from __future__ import annotations

from dataclasses import dataclass

from siliconflow_client.endpoints.checks import check_word
from siliconflow_client.endpoints.shapes import as_object, count, read_object, text
from siliconflow_client.errors.mapping import UndocumentedShapeError
from siliconflow_client.errors.response import Head
from siliconflow_client.protocol.flow import Call
from siliconflow_client.protocol.requests import Request


@dataclass(slots=True)
class ModelCard:
    """An entry of `GET /models`; the API tells no more than the id."""

    id: str
    owned_by: str
    created: int


def read_models(content: bytes, _head: Head) -> list[ModelCard]:
    """Read the answer of `GET /models`."""
    data = read_object(content).get("data")
    if not isinstance(data, list):
        raise UndocumentedShapeError("`data` is not a list")
    cards: list[ModelCard] = []
    for item in data:
        wire = as_object(item, "a model")
        if not text(wire, "id"):
            raise UndocumentedShapeError("a model lacks `id`")
        cards.append(
            ModelCard(text(wire, "id"), text(wire, "owned_by"), count(wire.get("created")))
        )
    return cards


def models_call(kind: str | None, sub_type: str | None) -> Call[list[ModelCard]]:
    """Ask for the site's models."""
    query = {
        name: value for name, value in (("type", kind), ("sub_type", sub_type)) if value is not None
    }
    for name, value in query.items():
        check_word(value, name)
    return Call(Request("GET", "/models", query=query or None), read_models)
