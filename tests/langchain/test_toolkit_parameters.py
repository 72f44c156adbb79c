"""Every parameter of images, films and speech gets through `SiliconFlowToolkit` to the API."""

from __future__ import annotations

from pathlib import Path

import pytest

from siliconflow_simulator import Simulator
from tests.langchain.test_toolkit import Kit
from tests.tool_parameters import TOOL_PARAMETERS, tool_call


@pytest.mark.parametrize(("endpoint", "name"), TOOL_PARAMETERS)
@pytest.mark.parametrize("kind", ["sync", "async"])
async def test_a_parameter_is_sent(kind: str, endpoint: str, name: str, tmp_path: Path) -> None:
    simulator = Simulator()
    asked = tool_call(endpoint, name, tmp_path / "out")
    kit = Kit(kind == "async", tmp_path / "out", **asked.settings, **simulator.settings())
    answer = await kit(asked.tool, **asked.arguments)
    assert answer.status == "success", answer.text
    asked.check(simulator.requests[0].body)
