"""What type checkers know of a constructor's keywords is what it takes."""

from __future__ import annotations

import inspect

import pytest
from pydantic import BaseModel

import langchain_siliconflow as langchain
import llama_index_siliconflow as llama_index
from langchain_siliconflow import _keywords as langchain_keywords
from llama_index_siliconflow import _keywords as llama_index_keywords
from llama_index_siliconflow.tool_spec import MediaToolSettings

FIXED = {"model_name"}
"""LlamaIndex's fields that a constructor sets by itself."""


@pytest.mark.parametrize(
    ("cls", "keywords"),
    [
        (langchain.ChatSiliconFlow, langchain_keywords.ChatKeywords),
        (langchain.SiliconFlowEmbeddings, langchain_keywords.EmbeddingKeywords),
        (langchain.SiliconFlowLLM, langchain_keywords.TextKeywords),
        (langchain.SiliconFlowRerank, langchain_keywords.RerankKeywords),
        (langchain.SiliconFlowToolkit, langchain_keywords.ToolkitKeywords),
        (langchain.SiliconFlowAudioParser, langchain_keywords.AudioParserKeywords),
        (langchain.SiliconFlowOCRParser, langchain_keywords.OCRParserKeywords),
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


@pytest.mark.parametrize(
    ("fields", "signature", "keywords"),
    [
        (MediaToolSettings, llama_index.SiliconFlowToolSpec, llama_index_keywords.ToolSpecKeywords),
        (
            llama_index.SiliconFlowAudioReader,
            llama_index.SiliconFlowAudioReader,
            llama_index_keywords.AudioReaderKeywords,
        ),
        (
            llama_index.SiliconFlowOCRReader,
            llama_index.SiliconFlowOCRReader,
            llama_index_keywords.OCRReaderKeywords,
        ),
    ],
)
def test_tools_and_readers_of_llama_index_take_their_fields(
    fields: type[BaseModel], signature: type, keywords: type
):
    named = set(inspect.signature(signature.__init__).parameters)
    further = set(keywords.__annotations__)
    clients = {"http_client", "async_http_client"}
    assert not further & named
    assert further - clients - {"api_base", "extra_headers"} == set(fields.model_fields) - named
    assert {"api_base", "extra_headers"} <= further
    assert clients <= further | named


def test_no_public_class_takes_keywords_that_no_type_checker_knows():
    """`**data: Any` lets a misspelt keyword pass until the program runs."""
    for package in (langchain, llama_index):
        for name in package.__all__:
            cls = getattr(package, name)
            if isinstance(cls, type) and not issubclass(cls, BaseException):
                for parameter in inspect.signature(cls.__init__).parameters.values():
                    is_open = parameter.kind is inspect.Parameter.VAR_KEYWORD
                    assert not is_open or str(parameter.annotation).startswith("Unpack["), name
