"""One answer, however it is asked for."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest
from langchain.agents import create_agent
from langchain_core.callbacks import BaseCallbackHandler
from langchain_core.messages import HumanMessage
from langchain_tests.utils.stream_lifecycle import assert_valid_event_stream

from tests.langchain.surfaces import SURFACES, V3, blocks_of
from tests.langchain.wire import (
    MODEL,
    TRACE,
    Server,
    by_stream,
    call,
    completion,
    end,
    event,
    model_for,
    plain_s,
    sse,
    stream_s,
    tool_delta,
)

USAGE = {
    "input_tokens": 17,
    "output_tokens": 3,
    "total_tokens": 20,
    "input_token_details": {"cache_read": 4},
    "output_token_details": {"reasoning": 2},
}


@pytest.mark.parametrize("output_version", [None, "v1"])
@pytest.mark.parametrize("surface", SURFACES)
def test_thinking_and_text(surface: str, output_version: str | None) -> None:
    server = Server(by_stream(plain_s(), stream_s()))
    answer = SURFACES[surface](model_for(server, output_version=output_version), "x")

    assert blocks_of(answer) == [
        {"type": "reasoning", "reasoning": "Let me."},
        {"type": "text", "text": "Hi"},
    ]
    assert str(answer.text) == "Hi"
    if output_version is None and surface not in V3:
        assert answer.content == "Hi"
    assert answer.additional_kwargs == {"reasoning_content": "Let me."}
    assert answer.usage_metadata == USAGE
    metadata = answer.response_metadata
    assert metadata["model_name"] == MODEL
    assert metadata["finish_reason"] == "stop"
    assert metadata["model_provider"] == "siliconflow"
    assert metadata["trace_id"] == TRACE
    assert metadata["id"] == "0197f1"


TEXT_THEN_CALL = [
    event({"content": "Let me check."}),
    event(tool_delta("", index=0, id="c1", type="function", name="get_weather")),
    event(tool_delta('{"city": "Par', index=0, id="", name="")),
    event(tool_delta('is"}', index=0, id=None)),
]
TOGETHER = [
    event(
        {
            "content": "Let me check.",
            **tool_delta('{"city": "Paris"}', index=0, id="c1", name="get_weather"),
        }
    ),
]
NO_INDEX = [
    event({"content": "Let me check."}),
    event(tool_delta('{"city": ', id="c1", name="get_weather")),
    event(tool_delta('"Paris"}', id=None)),
]
REPEATED_NAME = [
    event({"content": "Let me check."}),
    event(tool_delta('{"city": ', index=0, id="c1", name="get_weather")),
    event(tool_delta('"Paris"}', index=0, id="c1", name="get_weather")),
]


@pytest.mark.parametrize("output_version", [None, "v1"])
@pytest.mark.parametrize("surface", SURFACES)
@pytest.mark.parametrize(
    "pieces",
    [TEXT_THEN_CALL, TOGETHER, NO_INDEX, REPEATED_NAME],
    ids=["empty follow-up ids", "in one delta", "no index", "name repeated"],
)
def test_text_before_a_tool_call(
    pieces: list[str], surface: str, output_version: str | None
) -> None:
    plain = completion("Let me check.", tool_calls=[call("get_weather", '{"city": "Paris"}')])
    server = Server(by_stream(plain, sse(*pieces, end("tool_calls"))))
    answer = SURFACES[surface](model_for(server, output_version=output_version), "x")

    assert answer.tool_calls == [
        {"name": "get_weather", "args": {"city": "Paris"}, "id": "c1", "type": "tool_call"}
    ]
    assert answer.invalid_tool_calls == []
    assert blocks_of(answer) == [
        {"type": "text", "text": "Let me check."},
        {"type": "tool_call", "name": "get_weather", "args": {"city": "Paris"}, "id": "c1"},
    ]


@pytest.mark.parametrize("output_version", [None, "v1"])
@pytest.mark.parametrize("surface", SURFACES)
def test_two_interleaved_calls(surface: str, output_version: str | None) -> None:
    pieces = [
        event(tool_delta('{"city": ', index=0, id="c1", name="get_weather")),
        event(tool_delta('{"zone": ', index=1, id="c2", name="get_time")),
        event(tool_delta('"Paris"}', index=0)),
        event(tool_delta('"CET"}', index=1)),
    ]
    plain = completion(
        "",
        tool_calls=[
            call("get_weather", '{"city": "Paris"}'),
            call("get_time", '{"zone": "CET"}', "c2"),
        ],
    )
    server = Server(by_stream(plain, sse(*pieces, end("tool_calls"))))
    answer = SURFACES[surface](model_for(server, output_version=output_version), "x")
    assert [(c["name"], c["args"], c["id"]) for c in answer.tool_calls] == [
        ("get_weather", {"city": "Paris"}, "c1"),
        ("get_time", {"zone": "CET"}, "c2"),
    ]


@pytest.mark.parametrize("pieces", [[""], [None], ["null"], ["nu", "ll"], ["", "null"]], ids=str)
@pytest.mark.parametrize("surface", SURFACES)
def test_arguments_that_mean_none(surface: str, pieces: list[str | None]) -> None:
    first, *rest = pieces
    events = [event(tool_delta(first, index=0, id="c1", name="now"))]
    events += [event(tool_delta(piece, index=0)) for piece in rest]
    plain = completion("", tool_calls=[call("now", "".join(p or "" for p in pieces))])
    server = Server(by_stream(plain, sse(*events, end("tool_calls"))))
    answer = SURFACES[surface](model_for(server), "x")
    assert answer.tool_calls == [{"name": "now", "args": {}, "id": "c1", "type": "tool_call"}]
    assert answer.invalid_tool_calls == []


@pytest.mark.parametrize("surface", SURFACES)
def test_the_word_null_inside_arguments_survives(surface: str) -> None:
    events = [
        event(tool_delta('{"a": ', index=0, id="c1", name="f")),
        event(tool_delta("null", index=0)),
        event(tool_delta("}", index=0)),
    ]
    plain = completion("", tool_calls=[call("f", '{"a": null}')])
    server = Server(by_stream(plain, sse(*events, end("tool_calls"))))
    answer = SURFACES[surface](model_for(server), "x")
    assert [c["args"] for c in answer.tool_calls] == [{"a": None}]


@pytest.mark.parametrize("output_version", [None, "v1"])
@pytest.mark.parametrize(
    "surface", ["invoke", "ainvoke", "streamed_invoke", "astream_events_v2", *sorted(V3)]
)
def test_a_call_that_was_cut_off_is_never_whole(surface: str, output_version: str | None) -> None:
    """Adding up the pieces of `stream()` by hand is LangChain's code alone, and repairs it."""
    cut = '{"target": "a'
    plain = completion("", tool_calls=[call("delete", cut)], finish="length")
    events = [event(tool_delta(cut, index=0, id="c1", name="delete")), end("length")]
    model = model_for(Server(by_stream(plain, sse(*events))), output_version=output_version)
    if surface == "streamed_invoke":
        answer = model.invoke("x", stream=True)
    else:
        answer = SURFACES[surface](model, "x")
    assert not any(block["type"] == "tool_call" for block in answer.content_blocks)
    assert answer.tool_calls == []
    assert [(c["name"], c["args"]) for c in answer.invalid_tool_calls] == [("delete", cut)]
    assert answer.response_metadata["finish_reason"] == "length"


@pytest.mark.parametrize("surface", SURFACES)
def test_arguments_that_are_no_object_are_invalid_everywhere(surface: str) -> None:
    plain = completion("", tool_calls=[call("f", "[1]")])
    events = [event(tool_delta("[1]", index=0, id="c1", name="f")), end("tool_calls")]
    answer = SURFACES[surface](model_for(Server(by_stream(plain, sse(*events)))), "x")
    assert answer.tool_calls == []
    assert [(c["name"], c["id"], c["args"]) for c in answer.invalid_tool_calls] == [
        ("f", "c1", "[1]")
    ]


@pytest.mark.parametrize("output_version", [None, "v1"])
@pytest.mark.parametrize("surface", SURFACES)
def test_a_name_that_comes_late_is_not_lost(surface: str, output_version: str | None) -> None:
    plain = completion("", tool_calls=[call("f", '{"a": 1}'), call("g", "{}", "c2")])
    events = [
        event(tool_delta('{"a": ', index=0, id="c1")),
        event(tool_delta("{}", index=1, id="c2", name="g")),
        event(tool_delta("1}", index=0, id="c1", name="f")),
        end("tool_calls"),
    ]
    server = Server(by_stream(plain, sse(*events)))
    answer = SURFACES[surface](model_for(server, output_version=output_version), "x")
    assert sorted((c["name"], c["args"], c["id"]) for c in answer.tool_calls) == [
        ("f", {"a": 1}, "c1"),
        ("g", {}, "c2"),
    ]


@pytest.mark.parametrize("output_version", [None, "v1"])
@pytest.mark.parametrize(
    "surface", ["invoke", "ainvoke", "streamed_invoke", "astream_events_v2", *sorted(V3)]
)
def test_a_call_without_a_name_is_invalid(surface: str, output_version: str | None) -> None:
    plain = completion("", tool_calls=[call("", '{"a": 1}')])
    events = [event(tool_delta('{"a": 1}', index=0, id="c1")), end("tool_calls")]
    model = model_for(Server(by_stream(plain, sse(*events))), output_version=output_version)
    if surface == "streamed_invoke":
        answer = model.invoke("x", stream=True)
    else:
        answer = SURFACES[surface](model, "x")
    assert answer.tool_calls == []
    assert [c["args"] for c in answer.invalid_tool_calls] == ['{"a": 1}']
    assert not any(block["type"] == "tool_call" for block in answer.content_blocks)


@pytest.mark.parametrize("stream_mode", ["messages", "updates"])
def test_an_agent_does_not_execute_a_call_that_was_cut_off(stream_mode: Any) -> None:
    deleted: list[str] = []

    def delete(target: str) -> str:
        """Delete a target."""
        deleted.append(target)
        return "done"

    cut = '{"target": "/home/ann'
    plain = completion("", tool_calls=[call("delete", cut)], finish="length")
    events = [event(tool_delta(cut, index=0, id="c1", name="delete")), end("length")]
    agent = create_agent(model_for(Server(by_stream(plain, sse(*events)))), [delete])
    list(agent.stream({"messages": [HumanMessage("x")]}, stream_mode=stream_mode))
    assert deleted == []


class Heard(BaseCallbackHandler):
    def __init__(self) -> None:
        self.tokens = 0
        self.events: list[Any] = []

    def on_llm_new_token(self, token: str, **kwargs: Any) -> None:
        self.tokens += 1

    def on_stream_event(self, event: Any, **kwargs: Any) -> None:
        self.events.append(event)


def test_v3_events_are_well_formed_and_fire_no_tokens() -> None:
    heard = Heard()
    stream = model_for(Server(stream_s())).stream_events(
        "x", version="v3", config={"callbacks": [heard]}
    )
    assert_valid_event_stream(list(stream))
    assert heard.events
    assert heard.tokens == 0
    assert [block["type"] for block in stream.output.content] == ["reasoning", "text"]
    assert stream.output.usage_metadata == USAGE


def test_stream_fires_one_token_event_per_chunk() -> None:
    heard = Heard()
    chunks = list(model_for(Server(stream_s())).stream("x", config={"callbacks": [heard]}))
    assert heard.tokens == len(chunks) == 4


def test_usage_and_metadata_are_on_the_last_chunk_only() -> None:
    chunks = list(model_for(Server(stream_s())).stream("x"))
    assert [chunk.usage_metadata is not None for chunk in chunks] == [False, False, False, True]
    assert [chunk.chunk_position for chunk in chunks] == [None, None, None, "last"]
    assert [set(chunk.response_metadata) for chunk in chunks[:-1]] == [{"model_provider"}] * 3


def test_no_usage_in_streams_when_switched_off() -> None:
    chunks = list(model_for(Server(stream_s()), stream_usage=False).stream("x"))
    assert all(chunk.usage_metadata is None for chunk in chunks)
    assert chunks[-1].chunk_position == "last"


AGENT_TURN = [
    event({"content": None, "reasoning_content": "Hm."}),
    event({"content": "Let me see."}),
    event(tool_delta("", index=0, id="c1", type="function", name="now")),
    event(tool_delta('{"zone": "CET"}', index=0, id="", name="")),
    end("tool_calls"),
]


def run_agent(agent: Any, way: str) -> list[Any]:
    given: Any = {"messages": [HumanMessage("x")]}

    async def arun() -> Any:
        if way == "ainvoke":
            return await agent.ainvoke(given)
        if way == "astream messages":
            parts = agent.astream(given, stream_mode=["messages", "values"])
            return [data async for kind, data in parts if kind == "values"][-1]
        events = await agent.astream_events(given, version="v3")
        return await events.output()

    if way == "invoke":
        return agent.invoke(given)["messages"]
    if way == "stream messages":
        parts = agent.stream(given, stream_mode=["messages", "values"])
        return [data for kind, data in parts if kind == "values"][-1]["messages"]
    if way == "stream_events v3":
        return agent.stream_events(given, version="v3").output["messages"]
    return asyncio.run(arun())["messages"]


@pytest.mark.parametrize("output_version", [None, "v1"])
@pytest.mark.parametrize(
    "way",
    [
        "invoke",
        "ainvoke",
        "stream messages",
        "astream messages",
        "stream_events v3",
        "astream_events v3",
    ],
)
def test_agents(way: str, output_version: str | None) -> None:
    """Text and thinking before a call with empty follow-up ids, then thinking and text."""
    asked: list[str] = []

    def now(zone: str) -> str:
        """Time in a zone."""
        asked.append(zone)
        return "noon"

    call_turn = completion(
        "Let me see.", reasoning="Hm.", tool_calls=[call("now", '{"zone": "CET"}')]
    )
    server = Server(by_stream(call_turn, sse(*AGENT_TURN)), by_stream(plain_s(), stream_s()))
    agent = create_agent(model_for(server, output_version=output_version), [now])
    _, first, result, last = run_agent(agent, way)

    assert asked == ["CET"]
    assert result.content == "noon"
    assert [block["type"] for block in first.content_blocks] == ["reasoning", "text", "tool_call"]
    assert blocks_of(last) == [
        {"type": "reasoning", "reasoning": "Let me."},
        {"type": "text", "text": "Hi"},
    ]
    assert first.usage_metadata == last.usage_metadata == USAGE
    assert server.body["messages"][1] == {
        "role": "assistant",
        "content": "Let me see.",
        "reasoning_content": "Hm.",
        "tool_calls": [call("now", '{"zone": "CET"}')],
    }
