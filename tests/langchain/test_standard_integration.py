"""langchain-tests' integration suites, unmodified, from cassettes."""

from __future__ import annotations

from typing import Any

import httpx
import pytest
from langchain_core.embeddings import Embeddings
from langchain_tests.integration_tests import EmbeddingsIntegrationTests

from langchain_siliconflow import SiliconFlowEmbeddings
from tests.langchain.standard import ChatSuite

pytestmark = pytest.mark.vcr


class TestChatSiliconFlow(ChatSuite):
    @pytest.fixture(autouse=True)
    def _recorded(
        self,
        recorded_api_key: str,
        recorded_http_client: httpx.Client,
        recorded_async_http_client: httpx.AsyncClient,
    ) -> None:
        self.recorded = {
            "api_key": recorded_api_key,
            "http_client": recorded_http_client,
            "async_http_client": recorded_async_http_client,
        }

    @property
    def connection(self) -> dict[str, Any]:
        return self.recorded


class TestSiliconFlowEmbeddings(EmbeddingsIntegrationTests):
    @pytest.fixture(autouse=True)
    def _recorded(
        self,
        recorded_api_key: str,
        recorded_http_client: httpx.Client,
        recorded_async_http_client: httpx.AsyncClient,
    ) -> None:
        self.recorded = {
            "api_key": recorded_api_key,
            "http_client": recorded_http_client,
            "async_http_client": recorded_async_http_client,
        }

    @property
    def embeddings_class(self) -> type[Embeddings]:
        return SiliconFlowEmbeddings

    @property
    def embedding_model_params(self) -> dict[str, Any]:
        return {"model": "Qwen/Qwen3-Embedding-0.6B", "dimensions": 64, **self.recorded}
