"""An answer that ended with `length`: its last call has arguments only if some came.

vLLM sends `""` or `"{}"` for a call that it cut off, and a tool whose arguments have defaults
would run with those.
"""

from __future__ import annotations

import asyncio
from typing import Any

import pytest
from langchain.agents import create_agent
from langchain_core.messages import AIMessage, HumanMessage

from tests.langchain.surfaces import SURFACES
from tests.langchain.wire import (
    Server,
    by_stream,
    call,
    completion,
    end,
    event,
    model_for,
    sse,
    tool_delta,
)

NOTHING = ["", "{}", "{ }", " {\n} ", "null", None]


def deleting(arguments: list[str | None], finish: str) -> Server:
    """Answer with a call each, whole or in pieces, and end so."""
    whole = [call("delete", text, f"c{number}") for number, text in enumerate(arguments)]
    pieces = []
    for number, text in enumerate(arguments):
        first = tool_delta(None, index=number, id=f"c{number}", name="delete")
        pieces.append(event(first))
        pieces += [event(tool_delta(one, index=number)) for one in (text or "")]
    return Server(
        by_stream(
            completion("", tool_calls=whole, finish=finish),
            sse(*pieces, end(finish)),
        )
    )


@pytest.mark.parametrize("version", ["v0", "v1"])
@pytest.mark.parametrize("surface", SURFACES)
@pytest.mark.parametrize("arguments", NOTHING, ids=repr)
def test_a_call_without_arguments_is_invalid(
    arguments: str | None, surface: str, version: Any
) -> None:
    model = model_for(deleting([arguments], "length"), output_version=version)
    answer = SURFACES[surface](model, "x")
    assert answer.tool_calls == []
    (bad,) = answer.invalid_tool_calls
    assert (bad["name"], bad["id"]) == ("delete", "c0")
    assert "tool_call" not in [block["type"] for block in answer.content_blocks]


@pytest.mark.parametrize("surface", SURFACES)
@pytest.mark.parametrize("arguments", NOTHING, ids=repr)
def test_a_call_without_arguments_is_one_when_the_answer_is_whole(
    arguments: str | None, surface: str
) -> None:
    answer = SURFACES[surface](model_for(deleting([arguments], "tool_calls")), "x")
    assert [one["args"] for one in answer.tool_calls] == [{}]
    assert answer.invalid_tool_calls == []


@pytest.mark.parametrize("surface", SURFACES)
def test_a_whole_object_stays_valid(surface: str) -> None:
    answer = SURFACES[surface](model_for(deleting(['{"path": "a"}'], "length")), "x")
    assert [one["args"] for one in answer.tool_calls] == [{"path": "a"}]


@pytest.mark.parametrize("surface", SURFACES)
def test_only_the_last_call_was_cut_off(surface: str) -> None:
    answer = SURFACES[surface](model_for(deleting(["{}", '{"path": "a"}', "{}"], "length")), "x")
    assert [(one["id"], one["args"]) for one in answer.tool_calls] == [
        ("c0", {}),
        ("c1", {"path": "a"}),
    ]
    assert [one["id"] for one in answer.invalid_tool_calls] == ["c2"]


@pytest.mark.parametrize("arguments", ["", "{}"])
def test_what_came_is_told_with_the_reason(arguments: str) -> None:
    answer = model_for(deleting([arguments], "length")).invoke("x")
    (bad,) = answer.invalid_tool_calls
    assert bad["args"] == arguments
    assert "length" in str(bad["error"])


DELETED: list[str] = []


def delete(path: str = "everything") -> str:
    """Delete a path."""
    DELETED.append(path)
    return "gone"


@pytest.mark.parametrize("mode", ["invoke", "ainvoke", "messages", "updates", "events"])
@pytest.mark.parametrize("arguments", ["", "{}"])
def test_no_agent_runs_a_tool_with_its_defaults(arguments: str, mode: str) -> None:
    DELETED.clear()
    agent: Any = create_agent(model_for(deleting([arguments], "length")), [delete])
    question = {"messages": [HumanMessage("Delete a.")]}
    agent = agent.with_config(recursion_limit=8)
    if mode == "invoke":
        state = agent.invoke(question)
    elif mode == "ainvoke":
        state = asyncio.run(agent.ainvoke(question))
    elif mode == "events":
        state = asyncio.run(last_state(agent, question))
    else:
        *_, (_, state) = agent.stream(question, stream_mode=[mode, "values"])
    assert DELETED == []
    answer = state["messages"][-1]
    assert isinstance(answer, AIMessage)
    assert len(answer.invalid_tool_calls) == 1


async def last_state(agent: Any, question: Any) -> Any:
    state = None
    async for one in agent.astream_events(question, version="v2"):
        if one["event"] == "on_chain_end":
            state = one["data"]["output"]
    return state
