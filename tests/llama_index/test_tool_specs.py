"""Tools as they are described: each schema is written once, and a changed tool is noticed."""

from __future__ import annotations

import gc
import weakref
from typing import Any

import pytest
from llama_index.core.base.llms.types import ChatMessage
from llama_index.core.tools import FunctionTool, ToolMetadata
from pydantic import BaseModel, create_model
from pydantic.json_schema import GenerateJsonSchema

from llama_index_siliconflow import SiliconFlow
from llama_index_siliconflow._tool_specs import tool_specs
from tests.llama_index.conftest import Way
from tests.llama_index.stub import Stub

U = [ChatMessage(role="user", content="hi")]


def forecast(city: str, days: int = 3, tags: list[str] | None = None) -> str:
    """Tell the weather."""
    return f"{city} {days} {tags}"


def tools(number: int) -> list[FunctionTool]:
    return [FunctionTool.from_defaults(forecast, name=f"tool_{n}") for n in range(number)]


@pytest.fixture
def written(monkeypatch: pytest.MonkeyPatch) -> list[object]:
    """Note each schema that pydantic writes."""
    seen: list[object] = []
    generate = GenerateJsonSchema.generate

    def noting(self: GenerateJsonSchema, *args: Any, **kwargs: Any) -> Any:
        seen.append(self)
        return generate(self, *args, **kwargs)

    monkeypatch.setattr(GenerateJsonSchema, "generate", noting)
    return seen


@pytest.mark.parametrize("strict", [None, False, True])
async def test_schemas_are_written_once_and_not_at_every_call(
    llm: SiliconFlow, stub: Stub, way: Way, written: list[object], strict: bool | None
) -> None:
    given = tools(20)
    for _ in range(3):
        await way(llm, "chat_with_tools", given, user_msg="x", strict=strict)
        await way(llm, "stream_chat_with_tools", given, user_msg="x", strict=strict)
    assert len(written) == 20
    bodies = [body["tools"] for body in stub.bodies]
    assert all(body == bodies[0] for body in bodies)
    assert len(bodies[0]) == 20


@pytest.mark.parametrize("strict", [None, False, True])
def test_what_is_kept_is_what_llama_index_writes(strict: bool | None) -> None:
    (tool,) = tools(1)
    expected = tool.metadata.to_openai_tool(skip_length_check=True)
    for _ in range(2):
        (spec,) = tool_specs([tool], strict=strict)
        function: Any = spec["function"]
        assert function.pop("strict", None) is strict
        if strict:
            assert function["parameters"]["additionalProperties"] is False
            assert function["parameters"]["required"] == ["city", "days", "tags"]
            function["parameters"] = expected["function"]["parameters"]
        assert spec == expected


def test_no_tool_lives_longer_for_it() -> None:
    (tool,) = tools(1)
    tool_specs([tool], strict=True)
    dead = [weakref.ref(tool), weakref.ref(tool.metadata.fn_schema)]
    del tool
    gc.collect()
    assert [reference() for reference in dead] == [None, None]


def described(tool: FunctionTool) -> Any:
    return tool_specs([tool], strict=None)[0]["function"]


def test_a_changed_tool_is_noticed() -> None:
    (tool,) = tools(1)
    described(tool)
    tool.metadata.name = "other [1]"
    tool.metadata.description = "Something else."
    assert (described(tool)["name"], described(tool)["description"]) == (
        "other__1_",
        "Something else.",
    )
    tool.metadata.fn_schema = create_model("Other", place=(str, ...))
    assert list(described(tool)["parameters"]["properties"]) == ["place"]
    tool.metadata.fn_schema = None
    assert list(described(tool)["parameters"]["properties"]) == ["input"]


def test_a_class_that_is_built_again_is_noticed() -> None:
    class Place(BaseModel):
        city: str

    tool = FunctionTool.from_defaults(forecast, fn_schema=Place)
    assert described(tool)["parameters"]["properties"]["city"]["type"] == "string"
    Place.__annotations__["city"] = int
    Place.model_fields["city"].annotation = int
    Place.model_rebuild(force=True)
    assert described(tool)["parameters"]["properties"]["city"]["type"] == "integer"


def test_what_a_caller_does_to_a_description_stays_with_it() -> None:
    (tool,) = tools(1)
    first = described(tool)
    first["parameters"]["properties"].clear()
    first["description"] = ""
    assert list(described(tool)["parameters"]["properties"]) == ["city", "days", "tags"]
    assert described(tool)["description"]


def test_classes_and_metadata_with_a_will_of_their_own_are_asked_every_time() -> None:
    class Counting(BaseModel):
        city: str

        @classmethod
        def model_json_schema(cls, *args: Any, **kwargs: Any) -> dict[str, Any]:
            asked.append("schema")
            return super().model_json_schema(*args, **kwargs)

    class Metadata(ToolMetadata):
        def get_parameters_dict(self) -> dict[str, Any]:
            asked.append("metadata")
            return {"type": "object", "properties": {"x": {"type": "string"}}}

    asked: list[str] = []
    counting = FunctionTool.from_defaults(forecast, fn_schema=Counting)
    custom = FunctionTool(forecast, metadata=Metadata(description="d", name="n"))
    for _ in range(2):
        assert list(described(counting)["parameters"]["properties"]) == ["city"]
        assert list(described(custom)["parameters"]["properties"]) == ["x"]
    assert asked == ["schema", "metadata"] * 2
