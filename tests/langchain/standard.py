"""What both runs of langchain-tests' integration suites say about our classes."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any, Literal

import pytest
from langchain_core.language_models import BaseChatModel
from langchain_core.messages import AIMessage
from langchain_tests.integration_tests import ChatModelIntegrationTests

from langchain_siliconflow import ChatSiliconFlow

MODEL = "Qwen/Qwen3.5-27B"
"""Takes tools, pictures, both JSON modes and the thinking switch."""

MODEL_OF_TEST = {
    "test_audio_inputs": "Qwen/Qwen3-Omni-30B-A3B-Instruct",
    "test_pdf_inputs": "deepseek-ai/DeepSeek-OCR",
}
"""No model reads everything."""

# One white pixel: the suites download their pictures, and tests have no network.
PIXEL = bytes.fromhex(
    "89504e470d0a1a0a0000000d4948445200000001000000010802000000907753de"
    "0000000c49444154789c63f8ffff3f0005fe02fe0def46b80000000049454e44ae426082"
)


class ChatSuite(ChatModelIntegrationTests):
    """Every flag that the API supports is on.

    Off, because tool results are text in this API, and none of its models that call tools reads
    PDFs: `supports_pdf_tool_message`. Pictures in tool results move behind them.
    """

    thinking = False

    @pytest.fixture(autouse=True)
    def _offline_pictures(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(
            "langchain_tests.integration_tests.chat_models.httpx",
            SimpleNamespace(get=lambda *_, **__: SimpleNamespace(content=PIXEL)),
        )
        monkeypatch.setenv("LANGCHAIN_TESTS_USER_AGENT", "siliconflow-integrations")

    @pytest.fixture(autouse=True)
    def _which_test(self, request: pytest.FixtureRequest) -> None:
        self.test_name = request.node.originalname

    @property
    def connection(self) -> dict[str, Any]:
        """Keywords that say where to ask."""
        raise NotImplementedError

    @property
    def chat_model_class(self) -> type[BaseChatModel]:
        return ChatSiliconFlow

    @property
    def chat_model_params(self) -> dict[str, Any]:
        model = MODEL_OF_TEST.get(self.test_name, MODEL)
        params: dict[str, Any] = {"model": model, **self.connection}
        if model == MODEL:
            params |= {"enable_thinking": self.thinking, "max_tokens": 2000}
        return params

    @property
    def model_override_value(self) -> str:
        return "Qwen/Qwen3.5-9B"

    @property
    def supports_json_mode(self) -> bool:
        return True

    @property
    def supports_image_inputs(self) -> bool:
        return True

    @property
    def supports_image_urls(self) -> bool:
        return True

    @property
    def supports_pdf_inputs(self) -> bool:
        return True

    @property
    def supports_audio_inputs(self) -> bool:
        return True

    @property
    def supports_video_inputs(self) -> bool:
        return True

    @property
    def supports_image_tool_message(self) -> bool:
        return True

    @property
    def supports_anthropic_inputs(self) -> bool:
        return True

    @property
    def enable_vcr_tests(self) -> bool:
        return True

    @property
    def supported_usage_metadata_details(self) -> dict[Literal["invoke", "stream"], list[Any]]:
        details = ["reasoning_output", "cache_read_input"]
        return {"invoke": details, "stream": details}

    def invoke_with_reasoning_output(self, *, stream: bool = False) -> AIMessage:
        return self._answer("Which is larger, 9.9 or 9.11?", stream=stream)

    def invoke_with_cache_read_input(self, *, stream: bool = False) -> AIMessage:
        return self._answer("Say the same again.", stream=stream)

    def _answer(self, prompt: str, *, stream: bool) -> AIMessage:
        params = {**self.chat_model_params, "enable_thinking": True}
        model = ChatSiliconFlow(**params)
        if not stream:
            return model.invoke(prompt)
        first, *rest = model.stream(prompt)
        total = first + rest
        assert isinstance(total, AIMessage)
        return total
