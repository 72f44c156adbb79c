"""Structured output of `create_agent`: both strategies, chosen by hand or by the profile."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest
from langchain.agents import create_agent
from langchain.agents.structured_output import ProviderStrategy, ToolStrategy
from langchain_core.exceptions import ModelInvalidRequestError
from langchain_core.messages import HumanMessage
from pydantic import BaseModel

from siliconflow_simulator import Script, calls, fails, says
from tests.double import Asked, Double
from tests.langchain.wire import unlisted_model_for as model_for


class Answer(BaseModel):
    """The answer."""

    value: int


@pytest.mark.parametrize("tools", [[], ["now"]], ids=["no tools", "one tool"])
def test_agents_provider_strategy(tools: list[str]) -> None:
    def now() -> str:
        """Time of day."""
        return "noon"

    server = Double('{"value": 7}')
    agent = create_agent(
        model_for(server), [now] if tools else [], response_format=ProviderStrategy(Answer)
    )
    state = agent.invoke({"messages": ["x"]})
    assert state["structured_response"] == Answer(value=7)
    assert server.body["response_format"]["json_schema"]["name"] == "Answer"
    assert ("tools" in server.body) is bool(tools)


def test_agents_tool_strategy() -> None:
    server = Double(calls("Answer", value=7))
    agent = create_agent(model_for(server), [], response_format=ToolStrategy(Answer))
    state = agent.invoke({"messages": ["x"]})
    assert state["structured_response"] == Answer(value=7)
    assert server.body["tool_choice"] == "required"


def now(zone: str) -> str:
    """Time in a zone."""
    return "noon"


FIRST = says("Let me see.").thinks("Hm.").calls("now", zone="CET")


def final(asked: Asked) -> Script:
    """Answer in the form that was asked for: as JSON, or as a call of `Answer`."""
    return says('{"val', 'ue": 7}') if "response_format" in asked.body else calls("Answer", value=7)


def run(agent: Any, way: str) -> dict[str, Any]:
    given: Any = {"messages": [HumanMessage("x")]}

    async def arun() -> Any:
        if way == "ainvoke":
            return await agent.ainvoke(given)
        parts = agent.astream(given, stream_mode=["messages", "values"])
        return [data async for kind, data in parts if kind == "values"][-1]

    if way == "invoke":
        state: dict[str, Any] = agent.invoke(given)
    elif way == "v3":
        state = agent.stream_events(given, version="v3").output
    else:
        state = asyncio.run(arun())
    return state


@pytest.mark.parametrize("output_version", [None, "v1"])
@pytest.mark.parametrize("way", ["invoke", "ainvoke", "astream messages", "v3"])
@pytest.mark.parametrize("strategy", [ProviderStrategy, ToolStrategy])
def test_a_tool_first_and_then_the_answer(
    strategy: Any, way: str, output_version: str | None
) -> None:
    server = Double(FIRST, final)
    model = model_for(server, output_version=output_version)
    state = run(create_agent(model, [now], response_format=strategy(Answer)), way)
    assert state["structured_response"] == Answer(value=7)
    assert len(server.requests) == 2
    assert server.body["messages"][1]["reasoning_content"] == "Hm."


@pytest.mark.parametrize(
    ("model", "native"),
    [("Qwen/Qwen3.5-27B", True), ("deepseek-ai/DeepSeek-V3.2", False), ("who/knows", False)],
)
def test_a_bare_schema_lets_the_profile_choose(model: str, native: bool) -> None:
    """Native only where tools and a schema are known to work together."""
    server = Double(final)
    agent = create_agent(model_for(server, model=model), [now], response_format=Answer)
    assert run(agent, "invoke")["structured_response"] == Answer(value=7)
    assert ("response_format" in server.body) is native
    assert (server.body.get("tool_choice") == "required") is not native


def test_strict_provider_strategy_and_a_bare_json_schema() -> None:
    server = Double(final)
    strict = ProviderStrategy(Answer, strict=True)
    run(create_agent(model_for(server), [now], response_format=strict), "invoke")
    assert server.body["response_format"]["json_schema"]["strict"] is True
    schema = {"title": "Answer", "type": "object", "properties": {"value": {"type": "integer"}}}
    for strategy in (ProviderStrategy(schema), ToolStrategy(schema)):
        agent = create_agent(model_for(server), [], response_format=strategy)
        assert run(agent, "invoke")["structured_response"] == {"value": 7}


def test_tool_strategy_asks_again_after_wrong_arguments() -> None:
    server = Double(calls("Answer", value="many"), final)
    agent = create_agent(model_for(server), [], response_format=ToolStrategy(Answer))
    assert run(agent, "invoke")["structured_response"] == Answer(value=7)
    assert server.body["messages"][-1]["role"] == "tool"


def test_tool_strategy_with_a_model_that_refuses_a_forced_choice_while_thinking() -> None:
    message = "Thinking mode does not support this tool_choice"
    server = Double(fails(400, code=20015, message=message))
    model = model_for(server, enable_thinking=True)
    agent = create_agent(model, [], response_format=ToolStrategy(Answer))
    with pytest.raises(ModelInvalidRequestError, match=r"enable_thinking=False.*ProviderStrategy"):
        run(agent, "invoke")
