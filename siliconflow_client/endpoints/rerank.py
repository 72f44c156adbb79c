"""`POST /rerank`."""

from __future__ import annotations

import functools
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Required, TypedDict, cast

from siliconflow_client._json import JsonValue
from siliconflow_client.endpoints.checks import (
    as_sequence,
    check_object,
    check_string,
    check_texts,
    checked_body,
    model_of,
    wrong,
)
from siliconflow_client.endpoints.media_inputs import TextOrMedia
from siliconflow_client.endpoints.shapes import (
    as_object,
    finite,
    optional_count,
    read_object,
    text,
)
from siliconflow_client.errors.mapping import UndocumentedShapeError
from siliconflow_client.errors.response import Head
from siliconflow_client.errors.tree import ConfigurationError
from siliconflow_client.protocol.flow import Call
from siliconflow_client.protocol.notices import warn_once
from siliconflow_client.protocol.requests import Request, json_content

MAX_RERANK_DOCUMENTS = 64
"""Documents in one request. No limit is documented; other clients send 32 to 64."""


class RerankRequest(TypedDict, total=False):
    """Body of `POST /rerank`.

    Models that see take objects as query and among the documents: `{"text": …}`,
    `{"image": …}`, `{"video": …}`.
    """

    model: Required[str]
    query: Required[TextOrMedia]
    documents: Required[Sequence[TextOrMedia]]
    top_n: int
    return_documents: bool
    instruction: str
    max_chunks_per_doc: int
    overlap_tokens: int


@dataclass(slots=True)
class RerankHit:
    """A document's place in the order: `index` into the request's documents, score 0 to 1."""

    index: int
    relevance_score: float
    document: JsonValue = None


@dataclass(slots=True)
class RerankResult:
    """Hits with the best score first.

    `input_tokens` and `output_tokens` are read from `meta.tokens`, else from `tokens` at the
    top level (both shapes are documented), else `None`.
    """

    id: str
    results: list[RerankHit]
    input_tokens: int | None
    output_tokens: int | None
    trace_id: str | None


def read_reranking(
    content: bytes, head: Head, *, documents: int, wanted: int | None = None
) -> RerankResult:
    """Read the answer of `POST /rerank`, best score first.

    No source promises that every document is ranked, so fewer results than `wanted` are what
    came, with one warning.
    """
    answer = read_object(content)
    results = answer.get("results")
    if not isinstance(results, list):
        raise UndocumentedShapeError("`results` is not a list")
    hits: list[RerankHit] = []
    ranked: set[int] = set()
    for item in results:
        wire = as_object(item, "a result")
        index, score = wire.get("index"), finite(wire.get("relevance_score"))
        if isinstance(index, bool) or not isinstance(index, int) or score is None:
            raise UndocumentedShapeError("a result lacks `index` or a finite `relevance_score`")
        if not 0 <= index < documents:
            raise UndocumentedShapeError(f"a result names document {index} of {documents}")
        if index in ranked:
            raise UndocumentedShapeError(f"two results name document {index}")
        ranked.add(index)
        document = wire.get("document")
        echoed = document.get("text") if isinstance(document, dict) else document
        hits.append(RerankHit(index, score, echoed))
    if wanted is not None and len(hits) < wanted:
        warn_once(
            "A reranking had fewer results than there were documents to rank; those that came are "
            "used."
        )
    hits.sort(key=lambda hit: -hit.relevance_score)
    meta = answer.get("meta")
    tokens = meta.get("tokens") if isinstance(meta, dict) else None
    if not isinstance(tokens, dict):
        top_level = answer.get("tokens")
        tokens = top_level if isinstance(top_level, dict) else {}
    return RerankResult(
        id=text(answer, "id"),
        results=hits,
        input_tokens=optional_count(tokens.get("input_tokens")),
        output_tokens=optional_count(tokens.get("output_tokens")),
        trace_id=head.trace_id,
    )


def rerank_call(
    request: RerankRequest, extra_body: Mapping[str, JsonValue] | None
) -> Call[RerankResult]:
    """Ask for the order of some documents.

    Raises:
        ConfigurationError: An argument of the wrong kind.
    """
    body = checked_body("rerank", cast("Mapping[str, object]", request), extra_body)
    model = model_of(body)
    if isinstance(body.get("query"), Mapping):
        check_object(body["query"], "query", model)
    else:
        check_string(body.get("query"), "query")
    documents = as_sequence(body.get("documents"))
    if documents is None:
        raise wrong("documents", "a list of strings", body.get("documents"))
    if not documents:
        raise ConfigurationError("documents is empty: nothing to rank.", argument="documents")
    check_texts(documents, "documents", model)
    return Call(
        Request("POST", "/rerank", json_content(body), model=model),
        functools.partial(
            read_reranking, documents=len(documents), wanted=_wanted(body, len(documents))
        ),
    )


def _wanted(body: Mapping[str, object], documents: int) -> int:
    """How many results are asked for."""
    top_n = body.get("top_n")
    return min(top_n, documents) if isinstance(top_n, int) and top_n > 0 else documents
