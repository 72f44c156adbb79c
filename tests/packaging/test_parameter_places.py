"""A parameter is written down once in the table; every place that repeats its name is held to it.

The typed requests of the client are the list that nothing here derives from; the adapters' classes
are compared with it, so that a field that one of them lacks fails.
"""

from __future__ import annotations

import re
from typing import Any

import pytest

from langchain_siliconflow import ChatSiliconFlow, SiliconFlowLLM
from llama_index_siliconflow import SiliconFlow, SiliconFlowCompletion
from siliconflow_client import ChatRequest, CompletionRequest, parameters_of
from tests.conftest import ROOT
from tests.packaging.repository import content

ABOUT = {"model", "messages", "prompt", "tools", "tool_choice"}
"""What a request is about has arguments of its own."""
CHAT = [name for name in ChatRequest.__annotations__ if name not in ABOUT]
COMPLETIONS = [name for name in CompletionRequest.__annotations__ if name not in ABOUT]
PLACES: list[tuple[Any, str, str]] = [
    *((cls, "chat", name) for cls in (ChatSiliconFlow, SiliconFlow) for name in CHAT),
    *(
        (cls, "completions", name)
        for cls in (SiliconFlowLLM, SiliconFlowCompletion)
        for name in COMPLETIONS
    ),
]


@pytest.mark.parametrize(
    ("cls", "endpoint", "name"), PLACES, ids=lambda value: getattr(value, "__name__", value)
)
def test_a_parameter_is_a_field_described_by_the_table(cls: Any, endpoint: Any, name: str):
    field = cls.model_fields[name]
    assert field.default is None, "what is not set is not sent"
    assert field.description == parameters_of(endpoint)[name].description


@pytest.mark.parametrize("name", ["temperature", "top_p", "thinking_budget", "min_p"])
def test_no_class_refuses_by_the_documented_range(name: str):
    """A newer model may allow more."""
    most = parameters_of("chat")[name].most
    assert most is not None
    beyond: dict[str, Any] = {name: most + 1}
    assert getattr(ChatSiliconFlow(api_key="k", **beyond), name) == most + 1
    assert getattr(SiliconFlow(api_key="k", **beyond), name) == most + 1


@pytest.mark.parametrize("name", ["top_logprobs", "repetition_penalty"])
def test_the_page_about_adding_one_names_every_file_that_it_stands_in(name: str):
    page = content(ROOT / "docs" / "add-a-parameter.md")
    written = re.compile(rf'^ {{4}}{name}: |^ +name="{name}",$', re.MULTILINE)
    packages = ("siliconflow_client", "langchain_siliconflow", "llama_index_siliconflow")
    homes = {
        file.relative_to(ROOT).as_posix().removeprefix("siliconflow_client/")
        for package in packages
        for file in sorted((ROOT / package).rglob("*.py"))
        if written.search(content(file))
    }
    assert len(homes) >= 6
    assert [home for home in homes if f"{home}`" not in page] == []
