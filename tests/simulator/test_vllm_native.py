"""The form of vLLM itself, as behind private deployments and proxies (measured on vLLM 0.32)."""

from __future__ import annotations

from typing import Any

import pytest

from siliconflow_simulator import Simulator
from tests.simulator.asking import (
    DEFAULT_MODEL,
    WEATHER,
    ask,
    body_of,
    choice_of,
    events_of,
    joined,
    post,
)

NATIVE = Simulator(stream_style="vllm-native")
QUESTION = "What is the weather in Paris and in Rome?"
NAMED = {"type": "function", "function": {"name": "get_weather"}}
CODER = "Qwen/Qwen2.5-Coder-7B-Instruct"


def plain(*turns: Any, **fields: Any) -> Any:
    return choice_of(ask(*turns, simulator=NATIVE, **fields))


def stream(*turns: Any, **fields: Any) -> list[Any]:
    return events_of(ask(*turns, simulator=NATIVE, stream=True, **fields))


def deltas(events: list[Any]) -> list[Any]:
    return [event["choices"][0]["delta"] for event in events if event["choices"]]


def complete(prompt: str, **fields: Any) -> Any:
    body = {"model": CODER, "prompt": prompt, **fields}
    return post("/v1/completions", body, simulator=NATIVE)


def test_thinking_is_called_reasoning() -> None:
    message = plain("Hello", enable_thinking=True)["message"]
    assert message["reasoning"].startswith("The user asks")
    assert "reasoning_content" not in message
    events = stream("Hello", enable_thinking=True)
    assert joined(events, "reasoning") == message["reasoning"]
    assert joined(events) == message["content"]
    assert not any("reasoning_content" in delta for delta in deltas(events))


@pytest.mark.parametrize("options", [None, {}, {"include_usage": False}])
def test_a_stream_tells_its_usage_only_when_asked(options) -> None:
    assert not any("usage" in event for event in stream("Hello", stream_options=options))


def test_usage_comes_in_a_last_chunk_without_choices() -> None:
    *before, last = stream("Hello", stream_options={"include_usage": True})
    assert last["choices"] == []
    assert last["usage"] == body_of(ask("Hello", simulator=NATIVE))["usage"]
    assert set(last["usage"]) == {"prompt_tokens", "completion_tokens", "total_tokens"}
    assert not any("usage" in event for event in before)


def test_stream_options_are_checked() -> None:
    assert ask("Hello", simulator=NATIVE, stream=True, stream_options=1).status == 400


def test_the_first_piece_of_a_call_has_no_arguments_and_later_ones_nothing_else() -> None:
    events = stream(QUESTION, tools=[WEATHER])
    pieces = [piece for delta in deltas(events) for piece in delta.get("tool_calls") or []]
    seen: set[int] = set()
    for piece in pieces:
        if piece["index"] in seen:
            assert set(piece) == {"index", "function"}
            assert set(piece["function"]) == {"arguments"}
        else:
            assert set(piece) == {"index", "id", "type", "function"}
            assert piece["function"] == {"name": "get_weather"}
        seen.add(piece["index"])
    assert seen == {0, 1}


def test_a_call_has_no_text_beside_it() -> None:
    assert plain(QUESTION, tools=[WEATHER])["message"]["content"] is None
    assert plain("Hello")["message"]["content"] == "Hello! How can I help you today?"


@pytest.mark.parametrize(
    ("choice", "reason"), [("auto", "tool_calls"), ("required", "tool_calls"), (NAMED, "stop")]
)
def test_a_named_choice_ends_with_stop(choice, reason) -> None:
    fields = {"tools": [WEATHER], "tool_choice": choice}
    assert plain(QUESTION, **fields)["finish_reason"] == reason
    assert stream(QUESTION, **fields)[-1]["choices"][0]["finish_reason"] == reason


def test_an_unknown_model_is_a_404() -> None:
    response = ask("Hello", simulator=NATIVE, model="nobody/nothing")
    assert response.status == 404
    error = body_of(response)["error"]
    assert error["message"] == "The model `nobody/nothing` does not exist."
    assert (error["type"], error["param"], error["code"]) == ("NotFoundError", "model", 404)


def test_ids_are_those_of_the_engine() -> None:
    body = body_of(ask(QUESTION, simulator=NATIVE, tools=[WEATHER]))
    assert body["id"].startswith("chatcmpl-")
    ids = [call["id"] for call in body["choices"][0]["message"]["tool_calls"]]
    assert all(id.startswith("chatcmpl-tool-") for id in ids)
    assert len(set(ids)) == 2


# --- probabilities ----------------------------------------------------------------------------


def test_probabilities_of_each_token() -> None:
    choice = plain("Hello", logprobs=True, top_logprobs=2)
    entries = choice["logprobs"]["content"]
    assert "".join(entry["token"] for entry in entries) == choice["message"]["content"]
    for entry in entries:
        assert entry["logprob"] <= 0
        assert bytes(entry["bytes"]).decode() == entry["token"]
        assert len(entry["top_logprobs"]) == 2
        best = entry["top_logprobs"][0]
        assert (best["token"], best["logprob"]) == (entry["token"], entry["logprob"])
        assert entry["top_logprobs"][1]["logprob"] < best["logprob"]
    pieces = [event["choices"][0] for event in stream("Hello", logprobs=True, top_logprobs=2)]
    streamed = [entry for piece in pieces for entry in (piece["logprobs"] or {}).get("content", [])]
    assert streamed == entries


def test_no_probabilities_unless_asked() -> None:
    assert plain("Hello")["logprobs"] is None
    assert plain("Hello", logprobs=True)["logprobs"]["content"][0]["top_logprobs"] == []


@pytest.mark.parametrize("fields", [{"logprobs": "x"}, {"logprobs": True, "top_logprobs": 21}])
def test_probabilities_that_are_none_are_refused(fields) -> None:
    assert ask("Hello", simulator=NATIVE, **fields).status == 400


def test_the_api_knows_no_probabilities() -> None:
    assert "logprobs" not in choice_of(ask("Hello", logprobs="x", top_logprobs=99))


# --- completions ------------------------------------------------------------------------------


def test_a_completion_may_echo_its_prompt_with_probabilities() -> None:
    prompt = "def add(a, b):\n    return "
    [choice] = body_of(complete(prompt, echo=True, logprobs=1, max_tokens=3))["choices"]
    assert choice["text"] == f"{prompt}a + b"
    found = choice["logprobs"]
    assert "".join(found["tokens"]) == choice["text"]
    assert [
        choice["text"][at:].startswith(token)
        for at, token in zip(found["text_offset"], found["tokens"], strict=True)
    ] == [True] * len(found["tokens"])
    assert found["token_logprobs"][0] is None, "nothing comes before the first token"
    assert all(value <= 0 for value in found["token_logprobs"][1:])
    assert found["top_logprobs"][1] == {found["tokens"][1]: found["token_logprobs"][1]}


def test_a_completion_without_echo_tells_the_probabilities_of_its_own_text() -> None:
    [choice] = body_of(complete("def add(a, b):\n    return ", logprobs=0))["choices"]
    assert "".join(choice["logprobs"]["tokens"]) == choice["text"] == "a + b"
    assert choice["logprobs"]["token_logprobs"][0] <= 0
    [choice] = body_of(complete("def add(a, b):\n    return "))["choices"]
    assert choice["logprobs"] is None


def test_a_streamed_completion_echoes_first_and_tells_usage_when_asked() -> None:
    events = events_of(complete("def add(a, b):\n    return ", echo=True, stream=True))
    text = "".join(event["choices"][0]["text"] for event in events)
    assert text == "def add(a, b):\n    return a + b"
    assert not any("usage" in event for event in events)
    fields = {"stream": True, "stream_options": {"include_usage": True}}
    *_, last = events_of(complete("def add(a, b):\n    return ", **fields))
    assert (last["choices"], last["usage"]["completion_tokens"]) == ([], 3)


def test_the_api_echoes_nothing() -> None:
    body = {"model": CODER, "prompt": "def add(a, b):\n    return ", "echo": True, "logprobs": 1}
    [choice] = body_of(post("/v1/completions", body))["choices"]
    assert (choice["text"], choice["logprobs"]) == ("a + b", None)


def test_the_other_forms_stay_as_they_were_seen() -> None:
    for style in ("inhouse", "vllm", "mixed"):
        events = events_of(
            ask("Hello", simulator=Simulator(stream_style=style), stream=True, enable_thinking=True)
        )
        assert events[-1]["usage"] or events[-2]["usage"]
        assert joined(events, "reasoning_content")
    assert body_of(ask("Hello", simulator=NATIVE))["model"] == DEFAULT_MODEL
