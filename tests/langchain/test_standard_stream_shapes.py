"""The same suite once more for each way in which this API's answers differ.

The back ends stream differently, some models write or think before they call a tool, and later
pieces of a call come with `null` or with "" as id. Straight from the simulator, without cassettes.
"""

from __future__ import annotations

from typing import Any, ClassVar

import httpx

from siliconflow_simulator import Simulator
from tests.langchain.standard import ChatSuite


class _Simulated(ChatSuite):
    shape: ClassVar[dict[str, Any]]

    @property
    def connection(self) -> dict[str, Any]:
        transport = Simulator(**self.shape, cached_share=0.5).transport()
        return {
            "api_key": "sk-test",
            "http_client": httpx.Client(transport=transport),
            "async_http_client": httpx.AsyncClient(transport=transport),
        }

    @property
    def enable_vcr_tests(self) -> bool:
        # A cassette recorded with a key would be signed "live", and these answers never are.
        # test_standard_integration.py runs the one test that this leaves out.
        return False


class TestRunningUsage(_Simulated):
    """In-house style: usage as a running total in every chunk."""

    shape: ClassVar = {"stream_style": "inhouse"}


class TestThinkingAndTextBeforeTools(_Simulated):
    """Thinking, then a sentence, then the call."""

    shape: ClassVar = {"stream_style": "inhouse", "text_before_tools": True}
    thinking = True


class TestEmptyFollowUpIds(_Simulated):
    """Later pieces of a call carry "" for id and name."""

    shape: ClassVar = {
        "stream_style": "inhouse",
        "text_before_tools": True,
        "empty_follow_up_ids": True,
    }


class TestTrailingUsage(_Simulated):
    """vLLM style: only what changed, and usage once, in a last chunk without choices."""

    shape: ClassVar = {
        "stream_style": "vllm",
        "text_before_tools": True,
        "empty_follow_up_ids": True,
    }
    thinking = True
