"""Texts and documents that are no list: taken if they can be counted out, else refused by name."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest
from langchain_core.documents import Document

from langchain_siliconflow import ConfigurationError, SiliconFlowEmbeddings, SiliconFlowRerank
from siliconflow_simulator import Simulator

MODES = pytest.mark.parametrize("mode", ["sync", "async"])
TEXTS = ["Bread rises.", "Snow is white."]


def embed(texts: Any, mode: str) -> list[list[float]]:
    embeddings = SiliconFlowEmbeddings(**Simulator().settings())
    if mode == "sync":
        return embeddings.embed_documents(texts)
    return asyncio.run(embeddings.aembed_documents(texts))


def compress(documents: Any, mode: str) -> list[str]:
    reranker = SiliconFlowRerank(**Simulator().settings())
    if mode == "sync":
        ranked = reranker.compress_documents(documents, "What is white?")
    else:
        ranked = asyncio.run(reranker.acompress_documents(documents, "What is white?"))
    return [document.page_content for document in ranked]


@MODES
def test_texts_of_a_generator_are_embedded(mode: str) -> None:
    assert embed((text for text in TEXTS), mode) == embed(TEXTS, mode)


@MODES
def test_documents_of_an_iterator_are_ranked(mode: str) -> None:
    documents = [Document(text) for text in TEXTS]
    assert compress(iter(documents), mode) == compress(documents, mode) == TEXTS[::-1]


@MODES
@pytest.mark.parametrize("thing", [None, 5])
def test_what_is_no_list_is_refused_by_name(thing: object, mode: str) -> None:
    with pytest.raises(ConfigurationError, match=f"texts must be a list.*{type(thing).__name__}"):
        embed(thing, mode)
    with pytest.raises(ConfigurationError, match=f"documents must be a.*{type(thing).__name__}"):
        compress(thing, mode)
