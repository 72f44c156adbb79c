"""What type checkers know of a constructor's keywords is what it takes."""

from __future__ import annotations

import inspect

import pytest
from pydantic import BaseModel

import langchain_siliconflow as langchain
import llama_index_siliconflow as llama_index
from langchain_siliconflow import _keywords as langchain_keywords
from llama_index_siliconflow import _keywords as llama_index_keywords

FIXED = {"model_name"}
"""LlamaIndex's fields that a constructor sets by itself."""


@pytest.mark.parametrize(
    ("cls", "keywords"),
    [
        (langchain.ChatSiliconFlow, langchain_keywords.ChatKeywords),
        (langchain.SiliconFlowEmbeddings, langchain_keywords.EmbeddingKeywords),
        (langchain.SiliconFlowLLM, langchain_keywords.TextKeywords),
        (langchain.SiliconFlowRerank, langchain_keywords.RerankKeywords),
    ],
)
def test_a_langchain_class_takes_its_fields_and_other_packages_names(
    cls: type[BaseModel], keywords: type
):
    aliases = set(cls._aliases)
    assert set(keywords.__annotations__) == set(cls.model_fields) | aliases


@pytest.mark.parametrize(
    ("classes", "keywords"),
    [
        ([llama_index.SiliconFlow], llama_index_keywords.ChatKeywords),
        ([llama_index.SiliconFlowCompletion], llama_index_keywords.TextKeywords),
        (
            [llama_index.SiliconFlowEmbedding, llama_index.SiliconFlowMultiModalEmbedding],
            llama_index_keywords.EmbeddingKeywords,
        ),
        ([llama_index.SiliconFlowRerank], llama_index_keywords.RerankKeywords),
    ],
)
def test_a_llama_index_class_takes_its_fields_and_what_its_signature_names(
    classes: list[type[BaseModel]], keywords: type
):
    fields = {name for cls in classes for name in cls.model_fields}
    named = {name for cls in classes for name in inspect.signature(cls.__init__).parameters}
    further = set(keywords.__annotations__)
    elsewhere = {"api_base", "extra_body", "extra_headers"}
    assert not further & named
    assert further - elsewhere == fields - named - FIXED
    assert elsewhere <= further
