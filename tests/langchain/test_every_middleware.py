"""Every kind of LangChain's middleware that works with any model, around ours.

`test_middleware.py` and `test_errors.py` have the ones that choose tools, edit the context, fall
back, retry and summarise.
"""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Any

import pytest
from langchain.agents import create_agent
from langchain.agents import middleware as lc
from langchain_core.messages import AIMessage, HumanMessage, ToolMessage
from langgraph.checkpoint.memory import InMemorySaver
from langgraph.types import Command
from pydantic import BaseModel

from langchain_siliconflow import ChatSiliconFlow, RateLimitError
from tests.langchain.wire import (
    MODEL,
    Server,
    by_stream,
    call,
    completion,
    end,
    error,
    event,
    plain_s,
    sse,
    stream_s,
    tool_delta,
)

THREAD: Any = {"configurable": {"thread_id": "1"}}
RAN: list[str] = []


def now(zone: str) -> str:
    """Time in a zone."""
    RAN.append(zone)
    return f"noon in {zone}"


@pytest.fixture(autouse=True)
def _nothing_ran() -> None:
    RAN.clear()


def calling(name: str = "now", arguments: str = '{"zone": "CET"}', times: int = 1) -> Server:
    """Call a tool some times, then answer; whole or in pieces, as asked."""
    answers = [
        by_stream(
            completion("", tool_calls=[call(name, arguments, f"c{number}")], finish="tool_calls"),
            sse(
                event(tool_delta(arguments, index=0, id=f"c{number}", name=name)),
                end("tool_calls"),
            ),
        )
        for number in range(times)
    ]
    return Server(*answers, by_stream(plain_s(), stream_s()))


def agent_with(server: Server, *middleware: Any, tools: Any = (now,), **kwargs: Any) -> Any:
    model = ChatSiliconFlow(model=MODEL, max_retries=0, **server.clients)
    return create_agent(model, list(tools), middleware=list(middleware), **kwargs)


def ask(agent: Any, mode: str, given: Any = None, config: Any = THREAD) -> Any:
    """Run an agent and give its messages."""
    given = {"messages": [HumanMessage("What time is it?")]} if given is None else given
    if mode == "sync":
        return agent.invoke(given, config)["messages"]
    if mode == "async":
        return asyncio.run(agent.ainvoke(given, config))["messages"]
    *_, (_, last) = agent.stream(given, config, stream_mode=["messages", "values"])
    return last["messages"]


MODES = ["sync", "async", "stream"]


@pytest.mark.parametrize("mode", MODES)
@pytest.mark.parametrize("decision", ["approve", "edit", "reject"])
def test_a_person_decides_about_a_call(decision: str, mode: str) -> None:
    server = calling()
    human = lc.HumanInTheLoopMiddleware(interrupt_on={"now": True})
    agent = agent_with(server, human, checkpointer=InMemorySaver())
    ask(agent, mode)
    assert RAN == []
    decided: dict[str, Any] = {"type": decision}
    if decision == "edit":
        decided["edited_action"] = {"name": "now", "args": {"zone": "UTC"}}
    elif decision == "reject":
        decided["message"] = "Not now."
    messages = ask(agent, mode, Command(resume={"decisions": [decided]}))
    assert messages[-1].text == "Hi"
    assert {"approve": ["CET"], "edit": ["UTC"], "reject": []}[decision] == RAN
    told = server.body["messages"][2]["content"]
    words = {"approve": "noon in CET", "edit": "noon in UTC", "reject": "Not now."}
    assert words[decision] in told


@pytest.mark.parametrize("mode", MODES)
def test_limits_of_calls_end_the_run(mode: str) -> None:
    server = calling(times=9)
    limit = lc.ModelCallLimitMiddleware(run_limit=2, exit_behavior="end")
    assert "limit" in ask(agent_with(server, limit), mode)[-1].text
    assert len(server.requests) == 2
    server = calling(times=9)
    limited = lc.ToolCallLimitMiddleware(run_limit=1, exit_behavior="end")
    ask(agent_with(server, limited), mode)
    assert RAN[-1:] == ["CET"]
    assert len(server.requests) == 2


@pytest.mark.parametrize("mode", MODES)
def test_personal_data_never_reaches_the_model(mode: str) -> None:
    server = calling()
    guard = lc.PIIMiddleware("email", strategy="redact", apply_to_tool_results=True)
    given = {"messages": [HumanMessage("Write to ann@example.com.")]}
    assert ask(agent_with(server, guard), mode, given)[-1].text == "Hi"
    assert "ann@example.com" not in str(server.bodies)
    assert "[REDACTED_EMAIL]" in str(server.body["messages"])


@pytest.mark.parametrize("mode", MODES)
def test_a_list_of_things_to_do(mode: str) -> None:
    todo = '{"todos": [{"content": "look", "status": "in_progress"}]}'
    server = calling("write_todos", todo)
    agent = agent_with(server, lc.TodoListMiddleware(), checkpointer=InMemorySaver())
    assert ask(agent, mode)[-1].text == "Hi"
    assert agent.get_state(THREAD).values["todos"] == [{"content": "look", "status": "in_progress"}]
    assert "write_todos" in {one["function"]["name"] for one in server.body["tools"]}


@pytest.mark.parametrize("mode", ["sync", "async"])
def test_a_model_plays_the_tool(mode: str) -> None:
    played = Server(completion("It is noon."))
    model = ChatSiliconFlow(model=MODEL, **played.clients)
    server = calling()
    agent = agent_with(server, lc.LLMToolEmulator(model=model))
    assert ask(agent, mode)[-1].text == "Hi"
    assert RAN == []
    assert server.body["messages"][2]["content"] == "It is noon."


def broken(zone: str) -> str:
    """Time in a zone, from a clock that fails once."""
    RAN.append(zone)
    if len(RAN) == 1:
        raise OSError("the clock stopped")
    return "noon"


@pytest.mark.parametrize("mode", MODES)
def test_a_failing_tool_is_tried_again_or_told(mode: str) -> None:
    again = lc.ToolRetryMiddleware(max_retries=1, initial_delay=0, jitter=False)
    server = calling("broken")
    assert ask(agent_with(server, again, tools=[broken]), mode)[-1].text == "Hi"
    assert server.body["messages"][2]["content"] == "noon"
    RAN.clear()
    server = calling("broken")
    told = lc.ToolErrorMiddleware(on_error=lambda problem, _: f"It failed: {problem}")
    assert ask(agent_with(server, told, tools=[broken]), mode)[-1].text == "Hi"
    assert "the clock stopped" in server.body["messages"][2]["content"]


@pytest.mark.parametrize("mode", MODES)
def test_files_are_searched(mode: str, tmp_path: Path) -> None:
    (tmp_path / "notes.txt").write_text("ice floats\n")
    search = lc.FilesystemFileSearchMiddleware(root_path=str(tmp_path), use_ripgrep=False)
    server = calling("grep_search", '{"pattern": "floats"}')
    assert ask(agent_with(server, search, tools=[]), mode)[-1].text == "Hi"
    assert "notes.txt" in server.body["messages"][2]["content"]


@pytest.mark.parametrize("mode", MODES)
def test_a_prompt_of_the_moment_and_hooks_around_everything(mode: str) -> None:
    seen: list[str] = []

    @lc.dynamic_prompt
    def prompt(request: Any) -> str:
        return f"There are {len(request.messages)} messages."

    @lc.before_model
    def before(state: Any, runtime: Any) -> None:
        seen.append("before model")

    @lc.after_model
    def after(state: Any, runtime: Any) -> None:
        seen.append(f"after model: {type(state['messages'][-1]).__name__}")

    @lc.before_agent
    def first(state: Any, runtime: Any) -> None:
        seen.append("before agent")

    @lc.after_agent
    def last(state: Any, runtime: Any) -> None:
        seen.append("after agent")

    server = calling()
    if mode == "async":
        # Written for sync use only: an async run needs the async form of a prompt.
        @lc.dynamic_prompt
        async def prompt(request: Any) -> str:
            return f"There are {len(request.messages)} messages."

    agent = agent_with(server, prompt, before, after, first, last)
    assert ask(agent, mode)[-1].text == "Hi"
    assert [body["messages"][0]["content"] for body in server.bodies] == [
        "There are 1 messages.",
        "There are 3 messages.",
    ]
    assert seen == [
        "before agent",
        *["before model", "after model: AIMessage"] * 2,
        "after agent",
    ]


@pytest.mark.parametrize("mode", ["sync", "async"])
def test_a_wrapped_call_answers_for_an_error(mode: str) -> None:
    """`except RateLimitError` in the user's own middleware."""

    class Patient(lc.AgentMiddleware[Any, Any]):
        def wrap_model_call(self, request: Any, handler: Any) -> Any:
            try:
                return handler(request)
            except RateLimitError:
                return AIMessage("Later, please.")

        async def awrap_model_call(self, request: Any, handler: Any) -> Any:
            try:
                return await handler(request)
            except RateLimitError:
                return AIMessage("Later, please.")

        def wrap_tool_call(self, request: Any, handler: Any) -> Any:
            return handler(request)

    server = Server(error(429, {"code": 50603, "message": "rate limiting", "data": None}))
    assert ask(agent_with(server, Patient()), mode)[-1].text == "Later, please."


@pytest.mark.parametrize("mode", MODES)
def test_a_wrapped_tool_call_may_give_a_picture(mode: str) -> None:
    @lc.wrap_tool_call
    def with_picture(request: Any, handler: Any) -> ToolMessage:
        picture = {"type": "image", "base64": "AA", "mime_type": "image/png"}
        return ToolMessage(["A clock.", picture], tool_call_id=request.tool_call["id"])

    if mode == "async":

        @lc.wrap_tool_call
        async def with_picture(request: Any, handler: Any) -> ToolMessage:
            picture = {"type": "image", "base64": "AA", "mime_type": "image/png"}
            return ToolMessage(["A clock.", picture], tool_call_id=request.tool_call["id"])

    server = calling()
    assert ask(agent_with(server, with_picture), mode)[-1].text == "Hi"
    assert server.body["messages"][2]["content"].startswith("A clock.\n[image omitted: ")


class Time(BaseModel):
    """A time of day."""

    hour: int


@pytest.mark.parametrize("mode", ["sync", "async"])
def test_an_answer_in_a_form_with_middleware_around(mode: str) -> None:
    """Counting, summarising and redacting beside a structured answer."""
    server = Server(
        completion("", tool_calls=[call("now", '{"zone": "CET"}')]),
        completion("", tool_calls=[call("Time", '{"hour": 12}')]),
    )
    agent = agent_with(
        server,
        lc.ModelCallLimitMiddleware(run_limit=5),
        lc.PIIMiddleware("email"),
        response_format=Time,
    )
    given: Any = {"messages": [HumanMessage("What time is it?")]}
    state = agent.invoke(given) if mode == "sync" else asyncio.run(agent.ainvoke(given))
    assert state["structured_response"] == Time(hour=12)
