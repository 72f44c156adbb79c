"""`POST /v1/messages`: Anthropic's form over the chat engine."""

from __future__ import annotations

import json
from typing import Any

import pytest

from siliconflow_simulator import Script, SimRequest, SimResponse, Simulator, calls, says
from tests.simulator.asking import ANTHROPIC_WEATHER, DEFAULT_MODEL, KEY, body_of, post

PATH = "/v1/messages"


def ask(
    *turns: Any, simulator: Simulator | None = None, simulate: str = "", **fields: Any
) -> SimResponse:
    messages = [{"role": "user", "content": t} if isinstance(t, str) else t for t in turns]
    body = {"model": DEFAULT_MODEL, "messages": messages, "max_tokens": 500, **fields}
    return post(PATH, body, simulator=simulator or Simulator(), simulate=simulate)


def events_of(response: SimResponse) -> list[Any]:
    """The events; each is named as its data says."""
    found: list[Any] = []
    for block in response.content().decode().strip().split("\n\n"):
        name, _, data = block.partition("\n")
        if block == "data: [DONE]":
            found.append("[DONE]")
            continue
        found.append(json.loads(data.removeprefix("data: ")))
        assert name == f"event: {found[-1]['type']}"
    return found


def test_an_answer_has_blocks_and_counts() -> None:
    answer = body_of(ask("Hello", thinking={"type": "enabled", "budget_tokens": 1024}))
    thinking, text = answer["content"]
    assert (thinking["type"], text["type"]) == ("thinking", "text")
    assert thinking["thinking"]
    assert thinking["signature"]
    assert text["text"] == "Hello! How can I help you today?"
    assert (answer["type"], answer["role"], answer["stop_reason"]) == (
        "message",
        "assistant",
        "end_turn",
    )
    assert answer["id"].startswith("msg_")
    assert answer["usage"]["input_tokens"] > 0 < answer["usage"]["output_tokens"]


def test_thinking_can_be_switched_off() -> None:
    answer = body_of(ask("Hello", thinking={"type": "disabled"}))
    assert [block["type"] for block in answer["content"]] == ["text"]


def test_a_tool_is_called_and_its_result_used() -> None:
    question = "What is the weather in Paris?"
    first = body_of(ask(question, tools=[ANTHROPIC_WEATHER], thinking={"type": "disabled"}))
    [used] = first["content"]
    assert (used["type"], used["name"], used["input"]) == (
        "tool_use",
        "get_weather",
        {"city": "Paris"},
    )
    assert first["stop_reason"] == "tool_use"
    result = {"type": "tool_result", "tool_use_id": used["id"], "content": "Sunny in Paris."}
    last = ask(
        question,
        {"role": "assistant", "content": first["content"]},
        {"role": "user", "content": [result]},
        tools=[ANTHROPIC_WEATHER],
        thinking={"type": "disabled"},
    )
    assert body_of(last)["content"] == [{"type": "text", "text": "Sunny in Paris."}]


@pytest.mark.parametrize(
    ("choice", "called"),
    [
        ({"type": "any"}, True),
        ({"type": "tool", "name": "get_weather"}, True),
        ({"type": "none"}, False),
        ({"type": "auto", "disable_parallel_tool_use": True}, False),
    ],
)
def test_a_tool_choice_is_kept_to(choice: dict[str, Any], called: bool) -> None:
    answer = body_of(ask("Hello", tools=[ANTHROPIC_WEATHER], tool_choice=choice))
    assert ("tool_use" in {block["type"] for block in answer["content"]}) is called


def test_system_and_stop_sequences_and_pictures_reach_the_engine() -> None:
    seen: list[Any] = []

    def look(call: Any) -> list[Any]:
        seen.append(call)
        return [says("x")._answer()]

    picture = {"type": "base64", "media_type": "image/png", "data": "aGk="}
    parts = [{"type": "image", "source": picture}, {"type": "text", "text": "What is it?"}]
    response = ask(
        {"role": "user", "content": parts},
        simulator=Simulator(answers=look),
        model="Qwen/Qwen3-VL-8B-Instruct",
        system=[{"type": "text", "text": "Be brief."}],
        stop_sequences=["END"],
        temperature=0.5,
    )
    assert response.status == 200, response.content()
    [call] = seen
    assert (call.system, list(call.stop), call.max_tokens) == ("Be brief.", ["END"], 500)
    assert (call.question, call.turns[-1].media) == ("What is it?", ("image",))


def test_what_the_model_said_and_thought_before_reaches_the_engine() -> None:
    seen: list[Any] = []

    def look(call: Any) -> list[Any]:
        seen.append(call)
        return [says("x")._answer()]

    before = [
        {"type": "thinking", "thinking": "A greeting.", "signature": "s"},
        {"type": "text", "text": "Hello"},
        {"type": "text", "text": " there."},
    ]
    picture = {"type": "image", "source": {"type": "url", "url": "https://x/a.png"}}
    response = ask(
        "Hi",
        {"role": "assistant", "content": before},
        {"role": "user", "content": [picture]},
        simulator=Simulator(answers=look),
        model="Qwen/Qwen3-VL-8B-Instruct",
    )
    assert response.status == 200, response.content()
    [call] = seen
    _, said, asked = call.turns
    assert (said.text, said.reasoning, said.calls) == ("Hello there.", "A greeting.", ())
    assert asked.media == ("image",)


def test_what_was_read_from_the_cache_is_counted() -> None:
    usage = body_of(ask("Hello", simulator=Simulator(cached_share=0.5)))["usage"]
    assert usage["cache_read_input_tokens"] == usage["input_tokens"] // 2 > 0


def test_an_answer_that_is_cut_says_so() -> None:
    answer = body_of(ask("Tell me a story.", max_tokens=2, thinking={"type": "disabled"}))
    assert answer["stop_reason"] == "max_tokens"


@pytest.mark.parametrize("end", ["message_stop", "done"])
def test_a_stream_says_the_same_in_pieces(end: Any) -> None:
    script = Script().thinks("Let me see.").says("Look: ").calls("get_weather", city="Paris")
    simulator = Simulator(answers=[script], messages_end=end)
    events = events_of(ask("x", simulator=simulator, tools=[ANTHROPIC_WEATHER], stream=True))
    whole = body_of(ask("x", simulator=Simulator(answers=[script]), tools=[ANTHROPIC_WEATHER]))
    kinds = [event if isinstance(event, str) else event["type"] for event in events]
    assert kinds[0] == "message_start"
    assert kinds[-1] == ("[DONE]" if end == "done" else "message_stop")
    deltas = [event for event in events if "delta" in event and "index" in event]
    told = {
        name: "".join(event["delta"].get(name, "") for event in deltas)
        for name in ("thinking", "text", "partial_json")
    }
    assert told["thinking"] == whole["content"][0]["thinking"]
    assert told["text"] == whole["content"][1]["text"]
    assert json.loads(told["partial_json"]) == whole["content"][2]["input"] == {"city": "Paris"}
    ending = next(event for event in events if event["type"] == "message_delta")
    assert ending["delta"]["stop_reason"] == "tool_use"
    assert ending["usage"] == whole["usage"]


def test_arguments_that_are_broken_have_no_place_in_this_form() -> None:
    script = calls("get_weather", '{"city": ')
    answer = body_of(ask("x", simulator=Simulator(answers=[script]), tools=[ANTHROPIC_WEATHER]))
    assert answer["content"][0]["input"] == {}


# --- errors ---------------------------------------------------------------------------------


def error_of(response: SimResponse) -> Any:
    body = body_of(response)
    assert body["type"] == "error"
    return body["error"]


@pytest.mark.parametrize(
    ("fields", "status", "code"),
    [
        ({"model": "nobody/nothing"}, 400, 20012),
        ({"messages": []}, 400, 20015),
        ({"messages": [{"role": "system", "content": "x"}]}, 400, 20015),
        ({"messages": [{"role": "user", "content": [{"type": "film"}]}]}, 400, 20015),
        ({"temperature": 2.5}, 400, 20015),
        ({"top_p": 0.05}, 400, 20015),
        ({"top_k": 51}, 400, 20015),
        ({"tool_choice": {"type": "never"}}, 400, 20015),
        ({"tools": [{"name": "no_schema"}]}, 400, 20015),
        ({"tools": "all"}, 400, 20015),
        ({"tools": ["get_weather"]}, 400, 20015),
        ({"tool_choice": "any"}, 400, 20015),
        ({"system": 5}, 400, 20015),
        ({"messages": ["Hello"]}, 400, 20015),
        ({"messages": [{"role": "user", "content": ["Hello"]}]}, 400, 20015),
        ({"messages": [{"role": "assistant", "content": [{"type": "film"}]}]}, 400, 20015),
        (
            {"messages": [{"role": "user", "content": [{"type": "image", "source": "a.png"}]}]},
            400,
            20015,
        ),
    ],
)
def test_a_refusal_is_in_its_own_shape(fields: dict[str, Any], status: int, code: int) -> None:
    response = ask("Hello", **fields)
    error = error_of(response)
    assert (response.status, error["code"]) == (status, code)
    assert error["type"] == "invalid_request_error"
    assert error["message"]


@pytest.mark.parametrize(
    ("answer", "kind", "message"),
    [
        (ask("Hello", simulator=Simulator(answers=[says("x").fails(429, message="Slow.")])),
         "rate_limit_error", "Slow."),
        (ask("word " * 40_000, model="Qwen/Qwen2.5-7B-Instruct"),
         "invalid_request_error", "max_total_tokens (40504) must be less than or equal to "),
    ],
    ids=["an object", "a bare text"],
)  # fmt: skip
def test_a_refusal_without_a_code_has_none_here(
    answer: SimResponse, kind: str, message: str
) -> None:
    error = error_of(answer)
    assert (error["type"], "code" in error) == (kind, False)
    assert error["message"].startswith(message)


def test_an_unknown_model_is_named_by_an_engine_of_its_own_too() -> None:
    native = Simulator(stream_style="vllm-native")
    response = ask("Hello", model="nobody/nothing", simulator=native)
    assert (response.status, error_of(response)) == (
        404,
        {
            "type": "not_found_error",
            "code": 404,
            "message": "The model `nobody/nothing` does not exist.",
        },
    )


def test_both_headers_bear_a_key_and_a_wrong_one_is_refused() -> None:
    body = json.dumps(
        {"model": DEFAULT_MODEL, "messages": [{"role": "user", "content": "Hello"}]}
    ).encode()
    simulator = Simulator(api_keys=["sk-right"])

    def status(headers: dict[str, str]) -> int:
        return simulator.handle(SimRequest("POST", PATH, headers, body)).status

    assert status({"x-api-key": "sk-right"}) == 200
    assert status({"Authorization": "Bearer sk-right"}) == 200
    assert status({"x-api-key": "sk-wrong"}) == 401
    refused = simulator.handle(SimRequest("POST", PATH, {}, body))
    assert (refused.status, error_of(refused)["type"]) == (401, "authentication_error")


@pytest.mark.parametrize(
    "order", ["cut-stream=3", "drop=3", "stall=3", "one-byte", "crlf", "slow=0"]
)
def test_faults_of_streams_can_be_ordered(order: str) -> None:
    whole = ask("Hello", stream=True)
    spoilt = ask("Hello", stream=True, simulate=order)
    assert spoilt.status == 200
    kept = spoilt.content().replace(b"\r\n", b"\n")
    assert whole.content().startswith(kept)
    assert (kept == whole.content()) is (order in ("one-byte", "crlf", "slow=0"))


@pytest.mark.parametrize("order", ["empty", "no-choices", "broken-json", "bom", "comments"])
def test_faults_for_chat_streams_do_no_harm(order: str) -> None:
    assert ask("Hello", stream=True, simulate=order).status == 200


def test_the_key_s_header_is_not_kept() -> None:
    simulator = Simulator()
    body: Any = {"model": DEFAULT_MODEL, "messages": [{"role": "user", "content": "Hello"}]}
    post(PATH, body, simulator=simulator, headers={**KEY, "x-api-key": "sk-secret"})
    assert "sk-secret" not in repr(simulator.requests)
