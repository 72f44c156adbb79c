"""Agents and workflows on top, over scripted answers."""

from __future__ import annotations

from typing import Any

import pytest
from llama_index.core import Settings
from llama_index.core.agent.workflow import (
    AgentStream,
    AgentWorkflow,
    FunctionAgent,
    ReActAgent,
    ToolCallResult,
)
from llama_index.core.base.llms.types import ChatMessage, ToolCallBlock
from llama_index.core.memory import Memory
from llama_index.core.workflow import Context, JsonSerializer

from llama_index_siliconflow import SiliconFlow
from siliconflow_client import RateLimitError
from tests.llama_index import scenarios as s
from tests.llama_index.conftest import Make, agents_warn
from tests.llama_index.stub import Request, Stub

U = [ChatMessage(role="user", content="hi")]


def add(a: int, b: int) -> int:
    """Add two numbers."""
    return a + b


def roles(request: Request) -> list[str]:
    return [turn["role"] for turn in request.body["messages"]]


@agents_warn
@pytest.mark.parametrize("streaming", [True, False])
async def test_function_agent(llm: SiliconFlow, stub: Stub, streaming: bool) -> None:
    """Older packages lost call ids and results in the history, and broke on streamed calls."""
    stub.script = s.in_turn(s.TOOL1, s.FINAL_SUM)
    agent = FunctionAgent(tools=[add], llm=llm, streaming=streaming)
    assert str(await agent.run("2+3?")) == "The sum is 5."
    first, second = stub.requests
    assert first.body["stream"] is streaming
    assert first.body["tool_choice"] == "auto"
    _, asked, told = second.body["messages"]
    assert asked["content"] == ""
    assert asked["tool_calls"] == [
        {
            "id": "call_a",
            "type": "function",
            "function": {"name": "add", "arguments": '{"a": 2, "b": 3}'},
        }
    ]
    assert told == {"role": "tool", "tool_call_id": "call_a", "content": "5"}


@agents_warn
async def test_a_second_run_with_memory(llm: SiliconFlow, stub: Stub, memory: Memory) -> None:
    stub.script = s.in_turn(s.TOOL1, s.FINAL_SUM)
    agent = FunctionAgent(tools=[add], llm=llm)
    await agent.run("2+3?", memory=memory)
    await agent.run("thanks", memory=memory)
    assert roles(stub.last) == ["user", "assistant", "tool", "assistant", "user"]
    assert stub.last.body["messages"][1]["tool_calls"][0]["id"] == "call_a"


@agents_warn
async def test_two_calls_at_once(llm: SiliconFlow, stub: Stub) -> None:
    def mul(a: int, b: int) -> int:
        """Multiply two numbers."""
        return a * b

    stub.script = s.in_turn(s.TOOL2_INTERLEAVED, s.FINAL_SUM)
    await FunctionAgent(tools=[add, mul], llm=llm).run("both?")
    results = {
        turn["tool_call_id"]: turn["content"]
        for turn in stub.last.body["messages"]
        if turn["role"] == "tool"
    }
    assert results == {"call_a": "5", "call_b": "20"}


@agents_warn
async def test_an_agent_may_be_held_to_one_call_at_a_time(llm: SiliconFlow, stub: Stub) -> None:
    stub.script = s.in_turn(s.TOOL2, s.FINAL_SUM)
    await FunctionAgent(tools=[add], llm=llm, allow_parallel_tool_calls=False).run("both?")
    assert roles(stub.last) == ["user", "assistant", "tool"]


@agents_warn
async def test_an_agent_s_first_tool(llm: SiliconFlow, stub: Stub) -> None:
    stub.script = s.in_turn(s.TOOL1, s.FINAL_SUM)
    await FunctionAgent(tools=[add], llm=llm, initial_tool_choice="add").run("2+3?")
    first, second = stub.bodies
    assert first["tool_choice"] == {"type": "function", "function": {"name": "add"}}
    assert second["tool_choice"] == "auto"


@agents_warn
async def test_an_agent_that_runs_out_of_steps_answers_all_the_same(
    llm: SiliconFlow, stub: Stub
) -> None:
    stub.script = s.in_turn(s.TOOL1, s.FINAL_SUM)
    agent = FunctionAgent(tools=[add], llm=llm, early_stopping_method="generate")
    assert str(await agent.run("2+3?", max_iterations=1)) == "The sum is 5."
    # The agent appends its last instruction as a system message, which some models refuse there.
    assert roles(stub.last)[0] == "system"
    assert "system" not in roles(stub.last)[1:]


@agents_warn
async def test_a_direct_answer_of_a_tool(llm: SiliconFlow, stub: Stub, memory: Memory) -> None:
    from llama_index.core.tools import FunctionTool

    stub.script = s.in_turn(s.TOOL1, s.FINAL_SUM)
    tool = FunctionTool.from_defaults(add, return_direct=True)
    agent = FunctionAgent(tools=[tool], llm=llm)
    assert str(await agent.run("2+3?", memory=memory)) == "5"
    await agent.run("thanks", memory=memory)
    assert all("tool_call_id" not in m for m in stub.last.body["messages"] if m["role"] != "tool")


@agents_warn
async def test_an_agent_s_stream_shows_thinking_and_growing_arguments(
    llm: SiliconFlow, stub: Stub
) -> None:
    thinking_call = s.scenario(
        [
            *s.thought("Okay", ", think"),
            s.calls(s.fragment("", id="call_a", name="add")),
            s.calls(s.fragment('{"a": 2')),
            s.calls(s.fragment(', "b": 3}')),
        ],
        finish="tool_calls",
    )
    stub.script = s.in_turn(thinking_call, s.FINAL_SUM)
    handler = FunctionAgent(tools=[add], llm=llm).run("2+3?")
    thoughts: list[str] = []
    growing: list[dict[str, Any]] = []
    async for event in handler.stream_events():
        if isinstance(event, AgentStream):
            thoughts.extend([event.thinking_delta] if event.thinking_delta else [])
            growing.extend(call.tool_kwargs for call in event.tool_calls)
    await handler
    assert thoughts == ["Okay", ", think"]
    assert growing == [{}, {"a": 2}, {"a": 2, "b": 3}, {"a": 2, "b": 3}]
    # The thinking of a running tool loop goes back, as DeepSeek-V3.2, GLM-4.7 and Kimi want it.
    assert stub.bodies[1]["messages"][1]["reasoning_content"] == "Okay, think"


@agents_warn
@pytest.mark.parametrize("streaming", [True, False])
async def test_react_agent(llm: SiliconFlow, stub: Stub, streaming: bool) -> None:
    act = 'Thought: I need a tool.\nAction: add\nAction Input: {"a": 2, "b": 3}'
    done = "Thought: I can answer.\nAnswer: The sum is 5."
    stub.script = s.in_turn(s.scenario([*s.thought("hm"), *s.text(act)]), s.scenario(s.text(done)))
    agent = ReActAgent(tools=[add], llm=llm, streaming=streaming)
    handler = agent.run("2+3?")
    results = [e async for e in handler.stream_events() if isinstance(e, ToolCallResult)]
    assert "The sum is 5." in str(await handler)
    assert [result.tool_output.content for result in results] == ["5"]
    assert len(stub.requests) == 2  # an empty answer would have been asked for again


@agents_warn
async def test_a_workflow_hands_off(llm: SiliconFlow, stub: Stub) -> None:
    hand_off = s.scenario(
        [
            s.calls(
                s.fragment('{"to_agent": "adder", "reason": "sums"}', id="call_h", name="handoff")
            )
        ],
        finish="tool_calls",
    )
    stub.script = s.in_turn(hand_off, s.TOOL1, s.FINAL_SUM)
    greeter = FunctionAgent(name="greeter", description="Greets", llm=llm, can_handoff_to=["adder"])
    adder = FunctionAgent(name="adder", description="Adds", llm=llm, tools=[add])
    workflow = AgentWorkflow(agents=[greeter, adder], root_agent="greeter")
    assert str(await workflow.run("2+3?")) == "The sum is 5."
    assert len(stub.requests) == 3


@agents_warn
async def test_a_workflow_chooses_the_function_agent(llm: SiliconFlow, stub: Stub) -> None:
    """A fixed list of models that call tools made workflows refuse all newer ones."""
    stub.script = s.in_turn(s.TOOL1, s.FINAL_SUM)
    workflow = AgentWorkflow.from_tools_or_functions([add], llm=llm)
    assert isinstance(next(iter(workflow.agents.values())), FunctionAgent)
    assert str(await workflow.run("2+3?")) == "The sum is 5."


@agents_warn
@pytest.mark.parametrize("streaming", [True, False])
async def test_a_workflow_of_react_agents(llm: SiliconFlow, stub: Stub, streaming: bool) -> None:
    act = 'Thought: I need a tool.\nAction: add\nAction Input: {"a": 2, "b": 3}'
    done = "Thought: I can answer.\nAnswer: The sum is 5."
    stub.script = s.in_turn(s.scenario(s.text(act)), s.scenario(s.text(done)))
    agent = ReActAgent(name="one", tools=[add], llm=llm, streaming=streaming)
    workflow = AgentWorkflow(agents=[agent], root_agent="one")
    assert "The sum is 5." in str(await workflow.run("2+3?"))
    assert [body["stream"] for body in stub.bodies] == [streaming] * 2
    assert "tools" not in stub.last.body


@agents_warn
async def test_agents_take_the_llm_from_settings(
    llm: SiliconFlow, stub: Stub, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(Settings, "_llm", llm)
    stub.script = s.in_turn(s.TOOL1, s.FINAL_SUM)
    assert str(await FunctionAgent(tools=[add]).run("2+3?")) == "The sum is 5."


@agents_warn
@pytest.mark.parametrize("again", [True, False], ids=["agent", "workflow"])
async def test_a_run_that_fails_says_why(stub: Stub, make: Make, again: bool) -> None:
    stub.script = s.ERR429
    agent = FunctionAgent(name="one", tools=[add], llm=make(SiliconFlow, max_retries=0))
    runner = agent if again else AgentWorkflow(agents=[agent], root_agent="one")
    with pytest.raises(RateLimitError) as caught:
        await runner.run("2+3?")
    assert (caught.value.code, caught.value.trace_id) == (50603, "ti_stub0001")


@agents_warn
async def test_a_context_can_be_stored(llm: SiliconFlow, stub: Stub) -> None:
    stub.script = s.in_turn(s.TOOL1, s.FINAL_SUM)
    agent = FunctionAgent(tools=[add], llm=llm)
    context = Context(agent)
    await agent.run("2+3?", ctx=context)
    stored = context.to_dict(serializer=JsonSerializer())
    restored = Context.from_dict(agent, stored, serializer=JsonSerializer())
    assert str(await agent.run("thanks", ctx=restored)) == "The sum is 5."


@agents_warn
async def test_messages_survive_json_in_between(llm: SiliconFlow, stub: Stub) -> None:
    stub.script = s.TOOL2
    message = llm.chat(U).message
    again = ChatMessage.model_validate_json(message.model_dump_json())
    assert again == message
    results = [
        ChatMessage(role="tool", content="5", additional_kwargs={"tool_call_id": call_id})
        for call_id in ("call_a", "call_b")
    ]
    llm.chat([*U, again, *results])
    assert [call["id"] for call in stub.last.body["messages"][1]["tool_calls"]] == [
        "call_a",
        "call_b",
    ]
    assert sum(isinstance(block, ToolCallBlock) for block in again.blocks) == 2
