"""LangChain's own middleware around our model, and models by name."""

from __future__ import annotations

from functools import partial
from typing import Any

import pytest
from langchain.agents import create_agent
from langchain.agents.middleware import (
    ClearToolUsesEdit,
    ContextEditingMiddleware,
    LLMToolSelectorMiddleware,
    ModelFallbackMiddleware,
    wrap_model_call,
)
from langchain.chat_models import init_chat_model
from langchain_core.messages import AIMessage, HumanMessage, ToolMessage
from langchain_core.messages.tool import tool_call

from langchain_siliconflow import register_provider
from siliconflow_simulator import calls, fails
from tests.double import Double
from tests.langchain.wire import model_for

model_once = partial(model_for, max_retries=0)


def now(zone: str) -> str:
    """Time in a zone."""
    return "noon"


def answer_of(agent: Any, *messages: Any) -> Any:
    return agent.invoke({"messages": list(messages) or [HumanMessage("x")]})["messages"][-1]


def test_the_tool_selector_gets_its_choice() -> None:
    server = Double(calls("ToolSelectionResponse", tools=["now"]), "Hi")
    model = model_once(server)
    agent = create_agent(model, [now], middleware=[LLMToolSelectorMiddleware(model=model)])
    assert answer_of(agent).content == "Hi"
    assert [one["function"]["name"] for one in server.body["tools"]] == ["now"]


def test_context_editing_counts_tokens_with_the_model() -> None:
    server = Double("Hi")
    editing = ContextEditingMiddleware(
        edits=[ClearToolUsesEdit(trigger=100, keep=0)], token_count_method="model"
    )
    agent = create_agent(model_once(server), [now], middleware=[editing])
    history = [
        HumanMessage("q"),
        AIMessage("", tool_calls=[tool_call(name="now", args={"zone": "CET"}, id="c1")]),
        ToolMessage("noon " * 200, tool_call_id="c1"),
        HumanMessage("go on"),
    ]
    assert answer_of(agent, *history).content == "Hi"
    assert server.body["messages"][2]["content"] == "[cleared]"


def test_the_fallback_model_answers() -> None:
    down = Double(fails(503))
    fallback = ModelFallbackMiddleware(model_once(Double("Hi")))
    assert answer_of(create_agent(model_once(down), [], middleware=[fallback])).content == "Hi"
    assert len(down.requests) == 1


def test_settings_of_one_call_reach_the_wire() -> None:
    @wrap_model_call
    def settings(request: Any, handler: Any) -> Any:
        given = {"temperature": 0.3, "enable_thinking": False, "parallel_tool_calls": False}
        return handler(request.override(model_settings=given, tool_choice="any"))

    server = Double("Hi")
    answer_of(create_agent(model_once(server), [now], middleware=[settings]))
    body = server.body
    assert (body["temperature"], body["enable_thinking"]) == (0.3, False)
    assert (body["parallel_tool_calls"], body["tool_choice"]) == (False, "required")


@pytest.fixture
def _registered(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SILICONFLOW_API_KEY", "sk-test")
    for module in ("langchain.chat_models.base", "langchain.embeddings.base"):
        monkeypatch.setattr(f"{module}._BUILTIN_PROVIDERS", {"other": ("x", "y", None)})
    register_provider()


@pytest.mark.usefixtures("_registered")
def test_a_model_by_name_is_configured_per_call() -> None:
    server = Double("Hi")
    model = init_chat_model(
        "siliconflow:a/b", configurable_fields="any", config_prefix="p", **server.clients
    )
    changes = {"p_model": "siliconflow:c/d", "p_temperature": 0.5}
    model.bind_tools([now]).invoke("x", config={"configurable": changes})
    assert (server.body["model"], server.body["temperature"]) == ("c/d", 0.5)
    assert len(server.body["tools"]) == 1


@pytest.mark.usefixtures("_registered")
def test_an_agent_takes_a_model_by_name() -> None:
    graph = create_agent("siliconflow:Qwen/Qwen3-8B", [now])
    assert "model" in graph.nodes
