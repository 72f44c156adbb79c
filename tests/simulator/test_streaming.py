"""Chat streams: three wire forms, one content."""

from __future__ import annotations

import json
from typing import Any

import pytest

from siliconflow_simulator import Simulator
from tests.simulator.asking import WEATHER, ask, body_of, events_of, joined

QUESTION = "What is the weather in Paris and in Rome?"
STYLES = ["inhouse", "vllm", "mixed"]


def stream(*turns: str, style: str = "auto", **fields: Any) -> list[Any]:
    return events_of(ask(*turns, simulator=Simulator(stream_style=style), stream=True, **fields))


def deltas(events: list[Any]) -> list[Any]:
    return [event["choices"][0]["delta"] for event in events if event["choices"]]


def streamed_calls(events: list[Any]) -> dict[int, dict[str, str]]:
    """Put fragments together by index, as wire rules say."""
    calls: dict[int, dict[str, str]] = {}
    for delta in deltas(events):
        for piece in delta.get("tool_calls") or []:
            call = calls.setdefault(piece["index"], {"id": "", "name": "", "arguments": ""})
            call["id"] = call["id"] or piece["id"] or ""
            call["name"] = call["name"] or piece["function"].get("name") or ""
            call["arguments"] += piece["function"]["arguments"] or ""
    return calls


@pytest.mark.parametrize("style", STYLES)
@pytest.mark.parametrize(
    "fields",
    [
        {},
        {"enable_thinking": True},
        {"tools": [WEATHER]},
        {"tools": [WEATHER], "enable_thinking": True},
        {"max_tokens": 3},
        {"tools": [WEATHER], "max_tokens": 9},
    ],
)
def test_a_stream_says_what_the_plain_answer_says(style, fields) -> None:
    plain = body_of(ask(QUESTION, simulator=Simulator(stream_style=style), **fields))
    message = plain["choices"][0]["message"]
    events = stream(QUESTION, style=style, **fields)
    assert joined(events) == message["content"]
    assert joined(events, "reasoning_content") == message.get("reasoning_content", "")
    calls = streamed_calls(events).values()
    expected = [
        (call["function"]["name"], call["function"]["arguments"])
        for call in message.get("tool_calls", [])
    ]
    assert [(call["name"], call["arguments"]) for call in calls] == expected
    assert len({call["id"] for call in calls}) == len(expected)
    finishes = [c["finish_reason"] for e in events for c in e["choices"] if c["finish_reason"]]
    assert finishes == [plain["choices"][0]["finish_reason"]]
    assert [event["usage"] for event in events if event.get("usage")][-1] == plain["usage"]
    assert {event["id"] for event in events} == {events[0]["id"]}
    assert {event["object"] for event in events} == {"chat.completion.chunk"}


@pytest.mark.parametrize(
    ("model", "style"),
    [
        ("deepseek-ai/DeepSeek-V3.2", "inhouse"),
        ("Qwen/Qwen3-8B", "inhouse"),
        ("Qwen/Qwen3.5-4B", "vllm"),
        ("Qwen/Qwen3.6-27B", "vllm"),
        ("deepseek-ai/DeepSeek-V4-Flash", "mixed"),
    ],
)
def test_the_models_family_decides_the_form(model, style) -> None:
    assert stream("Hello", model=model) == stream("Hello", style=style, model=model)


def test_in_house_chunks_have_both_texts_and_running_usage() -> None:
    events = stream("Hello", style="inhouse", enable_thinking=True)
    totals = [event["usage"]["completion_tokens"] for event in events]
    assert totals == sorted(totals)
    assert (totals[0], totals[-1]) == (0, totals[-2])
    assert [event["usage"]["prompt_tokens"] for event in events] == [4] * len(events)
    first, second, *_, last = deltas(events)
    assert first == {"content": None, "reasoning_content": "", "role": "assistant"}
    assert (second["content"], second["reasoning_content"]) == (None, "The")
    assert last == {"content": "", "reasoning_content": None}
    assert all({"content", "reasoning_content"} <= set(delta) for delta in deltas(events))


def test_in_house_answers_without_thinking_begin_with_an_empty_text() -> None:
    first = deltas(stream("Hello", style="inhouse"))[0]
    assert first == {"content": "", "reasoning_content": None, "role": "assistant"}


def test_vllm_deltas_hold_what_changed_and_usage_comes_last() -> None:
    events = stream("Hello", style="vllm", enable_thinking=True)
    assert [bool(event.get("usage")) for event in events] == [False] * (len(events) - 1) + [True]
    assert events[-1]["choices"] == []
    first, *middle, last = deltas(events)
    assert first == {"role": "assistant", "content": ""}
    assert last == {}
    assert all(len(delta) == 1 for delta in middle)


def test_the_mixed_form_has_a_chunk_without_choices_in_the_middle() -> None:
    events = stream("Hello", style="mixed")
    assert [index for index, event in enumerate(events) if not event["choices"]] == [
        1,
        len(events) - 1,
    ]
    assert "usage" not in events[1]


@pytest.mark.parametrize(("empty", "value"), [(False, None), (True, "")])
def test_later_pieces_of_a_call_have_no_id_and_no_name(empty, value) -> None:
    simulator = Simulator(empty_follow_up_ids=empty)
    events = events_of(ask(QUESTION, simulator=simulator, stream=True, tools=[WEATHER]))
    pieces = [piece for delta in deltas(events) for piece in delta.get("tool_calls") or []]
    seen: set[int] = set()
    for piece in pieces:
        if piece["index"] in seen:
            assert (piece["id"], piece["type"], piece["function"]["name"]) == (value, value, "")
        else:
            assert (piece["type"], piece["function"]["arguments"]) == ("function", "")
            assert piece["id"]
            assert piece["function"]["name"] == "get_weather"
        seen.add(piece["index"])
    assert seen == {0, 1}


def test_glm_4_9b_streams_calls_that_nobody_can_rescue() -> None:
    model = "THUDM/GLM-4-9B-0414"
    events = stream(QUESTION, model=model, tools=[WEATHER])
    calls = streamed_calls(events)
    assert {call["name"] for call in calls.values()} == {""}
    assert {call["id"] for call in calls.values()} == {""}
    assert calls[0]["arguments"].startswith("get_weather")
    message = body_of(ask(QUESTION, model=model, tools=[WEATHER]))["choices"][0]["message"]
    assert json.loads(message["tool_calls"][0]["function"]["arguments"]) == {"city": "Paris"}


@pytest.mark.parametrize("style", STYLES)
def test_several_answers_in_one_stream(style) -> None:
    events = stream("Hello", style=style, n=2)
    assert joined(events, choice=0) == joined(events, choice=1) != ""


def test_the_form_of_the_event_stream() -> None:
    response = ask("Hello", stream=True)
    assert response.headers["content-type"].startswith("text/event-stream")
    assert response.chunks is not None
    assert all(chunk.data.startswith(b"data: ") for chunk in response.chunks)
    assert all(chunk.data.endswith(b"\n\n") for chunk in response.chunks)
    assert response.chunks[-1].data == b"data: [DONE]\n\n"
    assert {chunk.delay for chunk in response.chunks} == {0}
