"""langchain-tests' suites for tools, unmodified, for each tool of the toolkit."""

from __future__ import annotations

from functools import partial
from pathlib import Path
from typing import Any

import pytest
from langchain_core.tools import BaseTool
from langchain_tests.integration_tests import ToolsIntegrationTests
from langchain_tests.unit_tests import ToolsUnitTests

from langchain_siliconflow import SiliconFlowToolkit
from siliconflow_client import MEDIA_TOOLS, MediaSettings, SiliconFlowClient
from siliconflow_simulator import Simulator

EXAMPLES: dict[str, dict[str, Any]] = {
    "generate_image": {"prompt": "a cat", "image_size": "1328x1328", "seed": 1},
    "edit_image": {"prompt": "a blue cat", "images": ["cat.png"]},
    "create_speech": {"text": "Good morning.", "voice": "anna", "speed": 1.2},
    "transcribe_audio": {"file": "said.wav"},
    "submit_video": {"prompt": "waves", "image": "cat.png", "image_size": "960x960"},
    "video_status": {"request_id": "to be ordered"},
}


class _Tools:
    """A tool of a toolkit that asks a simulator, and a folder with what the examples name."""

    @pytest.fixture(autouse=True, params=EXAMPLES)
    def _toolkit(self, request: pytest.FixtureRequest, tmp_path: Path) -> None:
        self.name = request.param
        (tmp_path / "cat.png").write_bytes(b"\x89PNG\r\n\x1a\n" + bytes(9))
        (tmp_path / "said.wav").write_bytes(b"RIFF\0\0\0\0WAVE" + bytes(40))
        settings = Simulator().settings()
        toolkit = SiliconFlowToolkit(folder=tmp_path, max_wait=1, **settings)
        self.made = next(tool for tool in toolkit.get_tools() if tool.name == self.name)
        self.order = partial(
            SiliconFlowClient(**settings).media_tools(MediaSettings(folder=tmp_path)).call,
            "submit_video",
            {"prompt": "waves"},
        )

    @property
    def tool_constructor(self) -> BaseTool:
        return self.made

    @property
    def tool_invoke_params_example(self) -> dict[str, Any]:
        if self.name == "video_status":
            return {"request_id": self.order().request_id}
        return EXAMPLES[self.name]


class TestTools(_Tools, ToolsUnitTests):
    pass


class TestCalls(_Tools, ToolsIntegrationTests):
    pass


def test_no_tool_is_left_out() -> None:
    assert set(EXAMPLES) == set(MEDIA_TOOLS)
