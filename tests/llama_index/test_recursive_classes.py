"""Classes that refer to themselves: pydantic writes no more than a `$ref` at the top of theirs."""

from __future__ import annotations

from typing import Any

import pytest
from llama_index.core import PromptTemplate
from llama_index.core.tools import FunctionTool
from pydantic import BaseModel

from llama_index_siliconflow import SiliconFlow
from llama_index_siliconflow._tool_specs import tool_specs
from siliconflow_simulator import Simulator, calls, says


class Part(BaseModel):
    """A part and what it is made of."""

    name: str
    parts: list[Part] = []


BIKE = Part(name="bike", parts=[Part(name="wheel", parts=[Part(name="spoke")])])
PROMPT = PromptTemplate("Describe the {thing}.")


def check_schema(schema: dict[str, Any]) -> None:
    assert schema["type"] == "object"
    assert list(schema["properties"]) == ["name", "parts"]
    assert schema["properties"]["parts"]["items"] == {"$ref": "#/$defs/Part"}
    assert list(schema["$defs"]["Part"]["properties"]) == ["name", "parts"]
    assert "$ref" not in schema


def test_a_predicted_tree_is_described_whole() -> None:
    simulator = Simulator(answers=[calls("Part", **BIKE.model_dump())])
    llm = SiliconFlow(model="deepseek-ai/DeepSeek-V4-Flash", **simulator.settings())
    assert llm.structured_predict(Part, PROMPT, thing="bike") == BIKE
    body: Any = simulator.requests[0].body
    (tool,) = body["tools"]
    assert tool["function"]["name"] == "Part"
    assert tool["function"]["description"] == "A part and what it is made of."
    check_schema(tool["function"]["parameters"])


def test_a_tree_as_response_format_is_described_whole() -> None:
    simulator = Simulator(answers=[says(BIKE.model_dump_json())])
    llm = SiliconFlow(
        model="deepseek-ai/DeepSeek-V4-Flash",
        should_use_structured_outputs=True,
        **simulator.settings(),
    )
    assert llm.structured_predict(Part, PROMPT, thing="bike") == BIKE
    body: Any = simulator.requests[0].body
    schema = body["response_format"]["json_schema"]["schema"]
    check_schema(schema)
    assert schema["additionalProperties"] is False
    assert schema["required"] == ["name", "parts"]


@pytest.mark.parametrize("strict", [None, True])
def test_a_tool_whose_arguments_are_a_tree(strict: bool | None) -> None:
    def save(**part: object) -> str:
        """Save a part."""
        return str(part)

    tool = FunctionTool.from_defaults(save, fn_schema=Part)
    (spec,) = tool_specs([tool], strict=strict)
    function: Any = spec["function"]
    check_schema(function["parameters"])
    assert "description" not in function["parameters"]
    assert function["parameters"].get("additionalProperties") is (False if strict else None)
