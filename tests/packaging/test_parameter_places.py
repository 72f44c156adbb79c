"""A parameter is written down once in the table; every place that repeats its name is held to it.

The typed requests of the client are the list that nothing here derives from; the adapters' classes
are compared with it, so that a field that one of them lacks fails.
"""

from __future__ import annotations

from typing import Any

import pytest

from langchain_siliconflow import ChatSiliconFlow, SiliconFlowLLM
from llama_index_siliconflow import SiliconFlow, SiliconFlowCompletion
from siliconflow_client import ChatRequest, CompletionRequest, parameters_of

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
