"""Thinking and half-made calls in tool loops: what goes back to the model, what is never executed."""

from __future__ import annotations

import json
from typing import Any

import pytest
from llama_index.core.agent.workflow import AgentStream, AgentWorkflow, FunctionAgent
from llama_index.core.base.llms.types import ChatMessage, TextBlock, ThinkingBlock, ToolCallBlock
from llama_index.core.memory import Memory
from llama_index.core.tools import FunctionTool
from llama_index.core.workflow import (
    Context,
    HumanResponseEvent,
    InputRequiredEvent,
    JsonSerializer,
)

from llama_index_siliconflow import SiliconFlow, TruncatedAnswerError
from llama_index_siliconflow._arguments import parse_arguments
from llama_index_siliconflow._messages import wire_messages
from siliconflow_client import APIResponseError
from tests.llama_index import scenarios as s
from tests.llama_index.conftest import Make, Way, agents_warn
from tests.llama_index.stub import Stub

U = [ChatMessage(role="user", content="2+3?")]
THINKING_CALL = s.scenario(
    [*s.thought("Okay", ", think"), s.calls(s.fragment(s.ADD, id="call_a", name="add"))],
    finish="tool_calls",
)
RESULT = ChatMessage(role="tool", content="5", additional_kwargs={"tool_call_id": "call_a"})


def add(a: int, b: int) -> int:
    """Add two numbers."""
    return a + b


def check_loop(stub: Stub) -> None:
    """Check that the running tool loop went back whole, thinking included."""
    asked, called, told = stub.last.body["messages"]
    assert asked == {"role": "user", "content": "2+3?"}
    assert called["reasoning_content"] == "Okay, think"
    assert [call["id"] for call in called["tool_calls"]] == ["call_a"]
    assert told == {"role": "tool", "tool_call_id": "call_a", "content": "5"}


async def as_json(message: ChatMessage) -> ChatMessage:
    return ChatMessage.model_validate_json(message.model_dump_json())


async def through_memory(message: ChatMessage) -> ChatMessage:
    memory = Memory.from_defaults(session_id="s", token_limit=4000)
    await memory.aput_messages([*U, message])
    last = (await memory.aget_all())[-1]
    engine = memory.sql_store._async_engine
    assert engine is not None
    await engine.dispose()
    return last


@agents_warn
@pytest.mark.parametrize("store", [as_json, through_memory])
@pytest.mark.parametrize("name", ["chat", "stream_chat"])
async def test_stored_messages_keep_thinking_and_calls(
    llm: SiliconFlow, stub: Stub, way: Way, name: str, store: Any
) -> None:
    stub.script = THINKING_CALL
    found = await way(llm, name, U)
    message = (found[-1] if isinstance(found, list) else found).message
    stored = await store(message)
    assert stored.blocks == message.blocks
    await way(llm, "chat", [*U, stored, RESULT])
    check_loop(stub)


@agents_warn
@pytest.mark.parametrize("streaming", [True, False])
async def test_agents_send_thinking_back(llm: SiliconFlow, stub: Stub, streaming: bool) -> None:
    stub.script = s.in_turn(THINKING_CALL, s.FINAL_SUM)
    await FunctionAgent(tools=[add], llm=llm, streaming=streaming).run("2+3?")
    check_loop(stub)


@pytest.mark.parametrize(
    ("replay", "kept"),
    [("tool_loop", [False, True]), ("always", [True, True]), ("never", [False] * 2)],
)
async def test_what_goes_back_is_a_setting(
    stub: Stub, way: Way, make: Make, replay: Any, kept: list[bool]
) -> None:
    llm = make(SiliconFlow, reasoning_replay=replay)
    earlier = ChatMessage(
        role="assistant", blocks=[ThinkingBlock(content="hm"), TextBlock(text="Hi.")]
    )
    stub.script = THINKING_CALL
    call = (await way(llm, "chat", U)).message
    for name in ("chat", "stream_chat"):
        await way(llm, name, [*U, earlier, *U, call, RESULT])
        turns = [turn for turn in stub.last.body["messages"] if turn["role"] == "assistant"]
        assert ["reasoning_content" in turn for turn in turns] == kept


@agents_warn
async def test_a_finished_loop_s_thinking_goes_back_at_the_next_question(
    llm: SiliconFlow, stub: Stub, memory: Memory
) -> None:
    stub.script = s.in_turn(THINKING_CALL, s.FINAL_SUM)
    agent = FunctionAgent(tools=[add], llm=llm)
    await agent.run("2+3?", memory=memory)
    await agent.run("thanks", memory=memory)
    turns = [turn for turn in stub.last.body["messages"] if turn["role"] == "assistant"]
    assert ["reasoning_content" in turn for turn in turns] == [
        "tool_calls" in turn for turn in turns
    ]
    assert any("reasoning_content" in turn for turn in turns)
    kept = [block for message in await memory.aget_all() for block in message.blocks]
    assert any(isinstance(block, ThinkingBlock) for block in kept)


@agents_warn
async def test_a_loop_goes_on_in_a_restored_context(
    llm: SiliconFlow, stub: Stub, memory: Memory
) -> None:
    """A tool waits for a human; the context is stored meanwhile, and another process goes on."""

    async def add(ctx: Context, a: int, b: int) -> int:
        """Add two numbers, if a human agrees."""
        asked = InputRequiredEvent(prefix="Really?")  # type: ignore[call-arg]  # events take any
        said = await ctx.wait_for_event(HumanResponseEvent, waiter_event=asked)
        assert said.response == "yes"
        return a + b

    add.__annotations__["ctx"] = Context  # LlamaIndex does not resolve those that are text
    stub.script = s.in_turn(THINKING_CALL, s.FINAL_SUM)
    agent = FunctionAgent(tools=[add], llm=llm)
    handler = agent.run("2+3?", memory=memory)
    async for event in handler.stream_events():
        if isinstance(event, InputRequiredEvent):
            break
    stored = json.dumps(handler.ctx.to_dict(serializer=JsonSerializer()))
    await handler.cancel_run()
    assert "sk-secret" not in stored

    restored = Context.from_dict(agent, json.loads(stored), serializer=JsonSerializer())
    handler = agent.run(ctx=restored)
    await handler.ctx.store.set("memory", memory)  # contexts leave it out
    handler.ctx.send_event(HumanResponseEvent(response="yes"))  # type: ignore[call-arg]  # events take any
    assert str(await handler) == "The sum is 5."
    assert len(stub.requests) == 2
    check_loop(stub)


def test_results_without_ids_belong_to_the_calls_in_order() -> None:
    blocks = [ToolCallBlock(tool_name=name, tool_kwargs={}) for name in ("add", "mul")]
    turn = ChatMessage(role="assistant", blocks=blocks)
    results = [ChatMessage(role="function", content=text) for text in ("5", "20")]
    _, calls, *answers = wire_messages([*U, turn, *results], model="m")
    asked = [call["id"] for call in calls["tool_calls"]]
    assert [answer["tool_call_id"] for answer in answers] == asked
    assert len(set(asked)) == 2


# --- calls that were cut off ----------------------------------------------------------------

CUT = s.scenario(
    [
        *s.text("Let me see."),
        s.calls(s.fragment('{"a": 2, "b": 3, "note": "half a sent', id="call_a", name="note")),
    ],
    finish="length",
)
CUT_SECOND = s.scenario(
    [
        s.calls(
            s.fragment(s.ADD, id="call_a", name="add"),
            s.fragment('{"a": 4', index=1, id="call_b", name="mul"),
        )
    ],
    finish="length",
)


@pytest.mark.parametrize("name", ["chat", "stream_chat"])
async def test_a_call_that_was_cut_off_is_an_error(
    llm: SiliconFlow, stub: Stub, way: Way, name: str
) -> None:
    stub.script = CUT
    got: list[Any] = []
    with pytest.raises(TruncatedAnswerError, match=r"note.*length.*max_tokens") as caught:
        if name == "chat":
            await way(llm, name, U)
        else:
            await way.drain(got, llm, name, U)
    assert isinstance(caught.value, APIResponseError)
    assert caught.value.trace_id == "ti_stub0001"
    if name == "stream_chat":
        assert [response.delta for response in got] == ["Let me see.", ""]


@pytest.mark.parametrize("name", ["chat_with_tools", "stream_chat_with_tools"])
async def test_a_cut_call_that_is_trimmed_away_does_not_matter(
    llm: SiliconFlow, stub: Stub, way: Way, name: str
) -> None:
    stub.script = CUT_SECOND
    tools = [FunctionTool.from_defaults(add)]
    found = await way(llm, name, tools, user_msg="x", allow_parallel_tool_calls=False)
    message = (found[-1] if isinstance(found, list) else found).message
    assert [block.tool_name for block in message.blocks] == ["add"]
    with pytest.raises(TruncatedAnswerError, match="mul"):
        await way(llm, name, tools, user_msg="x", allow_parallel_tool_calls=True)


@pytest.mark.parametrize("arguments", ["", "{}", " { } ", None])
@pytest.mark.parametrize("name", ["chat", "stream_chat"])
async def test_a_call_that_was_cut_off_before_its_arguments_is_an_error(
    llm: SiliconFlow, stub: Stub, way: Way, name: str, arguments: str | None
) -> None:
    # What vLLM 0.32 sends when max_tokens ends an answer between a call's name and its arguments.
    fragments = [
        s.calls(s.fragment(s.ADD, id="call_a", name="add")),
        s.calls(s.fragment(arguments, index=1, id="call_b", name="forecast")),
    ]
    stub.script = s.scenario(fragments, finish="length")
    with pytest.raises(TruncatedAnswerError, match="forecast.*max_tokens"):
        await way(llm, name, U)
    stub.script = s.scenario(fragments, finish="tool_calls")
    found = await way(llm, name, U)
    message = (found[-1] if isinstance(found, list) else found).message
    assert [block.tool_kwargs for block in message.blocks] == [{"a": 2, "b": 3}, {}]


@pytest.mark.parametrize("name", ["chat", "stream_chat"])
async def test_whole_calls_of_an_answer_that_was_cut_off_stay_valid(
    llm: SiliconFlow, stub: Stub, way: Way, name: str
) -> None:
    fragments = [
        s.calls(s.fragment("{}", id="call_a", name="forecast")),  # not the last: it was finished
        s.calls(s.fragment(s.ADD, index=1, id="call_b", name="add")),
    ]
    stub.script = s.scenario(fragments, finish="length")
    found = await way(llm, name, U)
    message = (found[-1] if isinstance(found, list) else found).message
    assert [block.tool_kwargs for block in message.blocks] == [{}, {"a": 2, "b": 3}]


@agents_warn
@pytest.mark.parametrize("arguments", ["", "{}"])
@pytest.mark.parametrize("streaming", [True, False])
async def test_agents_never_execute_a_call_without_the_arguments_that_were_cut_off(
    llm: SiliconFlow, stub: Stub, streaming: bool, arguments: str
) -> None:
    done: list[str] = []

    def delete(folder: str = "/") -> None:
        """Delete a folder."""
        done.append(folder)

    call = s.calls(s.fragment(arguments, id="call_a", name="delete"))
    stub.script = s.scenario([call], finish="length")
    with pytest.raises(TruncatedAnswerError, match="delete.*max_tokens"):
        await FunctionAgent(tools=[delete], llm=llm, streaming=streaming).run("Clean up.")
    assert done == []


@agents_warn
@pytest.mark.parametrize("streaming", [True, False])
@pytest.mark.parametrize("workflow", [True, False], ids=["workflow", "agent"])
async def test_agents_never_execute_half_a_call(
    llm: SiliconFlow, stub: Stub, streaming: bool, workflow: bool
) -> None:
    done: list[str] = []

    def note(a: int, b: int, note: str) -> None:
        """Take a note."""
        done.append(note)

    stub.script = CUT
    agent = FunctionAgent(name="one", tools=[note], llm=llm, streaming=streaming)
    runner = AgentWorkflow(agents=[agent], root_agent="one") if workflow else agent
    with pytest.raises(TruncatedAnswerError, match="max_tokens"):
        await runner.run("2+3?")
    assert done == []


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ('{"a": 2, "name": "Al"}', {"a": 2, "name": "Al"}),
        ('{"a": 2, "name": "Al', {"a": 2}),
        ('{"name": "Al', {}),
        ("", {}),
    ],
)
def test_half_a_string_is_no_argument_of_a_finished_call(text: str, value: Any) -> None:
    assert parse_arguments(text, finished=True) == value


@agents_warn
@pytest.mark.parametrize("streaming", [True, False])
async def test_a_broken_call_lacks_what_is_broken(
    llm: SiliconFlow, stub: Stub, streaming: bool
) -> None:
    """The model ended the call, but not its JSON: the tool is told, and the model by the tool."""
    done: list[str] = []

    def note(a: int, b: int, note: str) -> None:
        """Take a note."""
        done.append(note)

    half = s.fragment('{"a": 2, "b": 3, "note": "half a sent', id="call_a", name="note")
    stub.script = s.in_turn(s.scenario([s.calls(half)], finish="tool_calls"), s.FINAL_SUM)
    agent = FunctionAgent(tools=[note], llm=llm, streaming=streaming)
    assert str(await agent.run("2+3?")) == "The sum is 5."
    assert done == []
    assert (
        "missing 1 required positional argument: 'note'" in stub.last.body["messages"][2]["content"]
    )


@agents_warn
async def test_thinking_is_streamed_by_a_workflow_too(
    llm: SiliconFlow, make: Make, stub: Stub
) -> None:
    stub.script = s.in_turn(THINKING_CALL, s.FINAL_SUM)
    agent = FunctionAgent(name="one", tools=[add], llm=llm)
    handler = AgentWorkflow(agents=[agent], root_agent="one").run("2+3?")
    thoughts = [
        event.thinking_delta
        async for event in handler.stream_events()
        if isinstance(event, AgentStream) and event.thinking_delta
    ]
    assert str(await handler) == "The sum is 5."
    assert thoughts == ["Okay", ", think"]
