"""Answers that a test writes: a callable, a list, or rules; and what came in."""

from __future__ import annotations

import re
import threading
from collections.abc import Callable
from typing import Any, cast

import httpx
import pytest

from siliconflow_client import (
    BadRequestError,
    ConfigurationError,
    OverloadedError,
    SiliconFlowClient,
)
from siliconflow_simulator import (
    Answer,
    ChatCall,
    NewCall,
    Received,
    Simulator,
    calls,
    fails,
    from_text,
    says,
    when,
)
from tests.simulator.asking import (
    WEATHER,
    ask,
    body_of,
    called,
    calls_of,
    choice_of,
    events_of,
    joined,
    post,
    text_of,
    tool,
)

WEATHER_RULE = when("weather").calls("get_weather", city="Paris").then.says("Sunny.")
QUESTION = "What is the weather like?"


def scripted(*rules: Any, **settings: Any) -> Simulator:
    return Simulator(answers=list(rules), **settings)


def message_of(response: Any) -> str:
    assert response.status == 400, response.content()
    body = body_of(response)
    assert (body["code"], body["data"]) == (20015, None)
    return body["message"]


# --- rules ------------------------------------------------------------------------------------


def test_a_rule_calls_a_tool_and_then_says_what_came_of_it() -> None:
    simulator = scripted(WEATHER_RULE)
    first = ask(QUESTION, tools=[WEATHER], simulator=simulator)
    assert calls_of(first) == [("get_weather", {"city": "Paris"})]
    assert choice_of(first)["finish_reason"] == "tool_calls"
    history = called("get_weather", '{"city": "Paris"}', "21 degrees")
    last = ask(QUESTION, *history, tools=[WEATHER], simulator=simulator)
    assert (text_of(last), choice_of(last)["finish_reason"]) == ("Sunny.", "stop")


def test_the_same_request_has_the_same_answer_however_often_it_comes() -> None:
    simulator = scripted(WEATHER_RULE)
    contents = {ask(QUESTION, tools=[WEATHER], simulator=simulator).content() for _ in range(3)}
    assert len(contents) == 1


def test_a_rule_streams_what_it_says() -> None:
    simulator = scripted(when("Hi").thinks("Hm. ", "Well.").says("Hel", "lo", "!"))
    events = events_of(ask("Hi", simulator=simulator, stream=True))
    pieces = [e["choices"][0]["delta"].get("content") for e in events if e["choices"]]
    assert [piece for piece in pieces if piece] == ["Hel", "lo", "!"]
    assert joined(events, "reasoning_content") == "Hm. Well."
    plain = choice_of(ask("Hi", simulator=simulator))["message"]
    assert (plain["content"], plain["reasoning_content"]) == ("Hello!", "Hm. Well.")
    whole = body_of(ask("Hi", simulator=simulator))["usage"]
    assert [event["usage"] for event in events if event.get("usage")][-1] == whole


def test_the_first_rule_that_fits_answers() -> None:
    simulator = scripted(when("Paris").says("one"), when("weather").says("two"), when().says("3"))
    assert [text_of(ask(q, simulator=simulator)) for q in ("Paris weather", "weather", "?")] == [
        "one",
        "two",
        "3",
    ]


@pytest.mark.parametrize(
    ("rule", "fields", "fits"),
    [
        (when("WEATHER"), {}, True),
        (when("snow"), {}, False),
        (when(re.compile(r"^what .* like\?$", re.IGNORECASE)), {}, True),
        (when(re.compile(r"^like")), {}, False),
        (when(lambda call: call.model.endswith("V3.2")), {}, True),
        (when(lambda call: call.stream), {}, False),
        (when(model="Qwen/Qwen3-8B"), {}, False),
        (when(model="deepseek-ai/DeepSeek-V3.2"), {}, True),
        (when(tool="get_weather"), {"tools": [WEATHER]}, True),
        (when(tool="get_weather"), {"tools": [tool("other")]}, False),
        (when("weather", tool="get_weather"), {}, False),
        (when(result="21"), {}, False),
        (when(system="brief"), {}, False),
    ],
)
def test_what_a_rule_looks_at(rule, fields, fits) -> None:
    response = ask(QUESTION, simulator=scripted(rule.says("yes"), when().says("no")), **fields)
    assert text_of(response) == ("yes" if fits else "no")


def test_a_rule_may_look_at_the_system_text_and_at_a_tool_s_result() -> None:
    simulator = scripted(
        when(result="no such city").says("I do not know."),
        when(system="Be brief").says("ok"),
        when().says("other"),
    )
    system = {"role": "system", "content": "Be brief."}
    assert text_of(ask(system, QUESTION, simulator=simulator)) == "ok"
    history = called("get_weather", "{}", "Error: no such city")
    assert text_of(ask(QUESTION, *history, simulator=simulator)) == "I do not know."
    # Only the newest result counts.
    later = called("get_weather", "{}", "21", "c2")
    assert text_of(ask(QUESTION, *history, *later, simulator=simulator)) == "other"


def test_several_calls_and_a_text_in_one_answer() -> None:
    rule = (
        when("weather")
        .says("Let me look.")
        .calls("get_weather", city="Paris")
        .calls("get_weather", {"city": "Rome"})
    )
    response = ask(QUESTION, tools=[WEATHER], simulator=scripted(rule))
    assert [arguments["city"] for _, arguments in calls_of(response)] == ["Paris", "Rome"]
    assert choice_of(response)["message"]["content"] == "Let me look."


def test_arguments_may_be_broken_on_purpose() -> None:
    simulator = scripted(when().calls("get_weather", '{"city": "Par'))
    [call] = choice_of(ask(QUESTION, simulator=simulator))["message"]["tool_calls"]
    assert call["function"]["arguments"] == '{"city": "Par'


def test_finish_reason_and_usage_may_be_said() -> None:
    usage = {"prompt_tokens": 7, "completion_tokens": 5, "total_tokens": 12}
    simulator = scripted(when().says("Cut").ends("length").uses(usage))
    body = body_of(ask("Hi", simulator=simulator))
    assert (body["choices"][0]["finish_reason"], body["usage"]) == ("length", usage)
    events = events_of(ask("Hi", simulator=simulator, stream=True))
    assert events[-1]["usage"] == usage
    assert events[-1]["choices"][0]["finish_reason"] == "length"


def test_several_choices() -> None:
    simulator = scripted(when("two").answers("one", says("two")), when().says("same"))
    body = body_of(ask("two of them", simulator=simulator, n=2))
    assert [choice["message"]["content"] for choice in body["choices"]] == ["one", "two"]
    body = body_of(ask("Hi", simulator=simulator, n=3))
    assert [choice["message"]["content"] for choice in body["choices"]] == ["same"] * 3
    events = events_of(ask("two of them", simulator=simulator, n=2, stream=True))
    assert [joined(events, choice=index) for index in (0, 1)] == ["one", "two"]


def test_what_a_script_says_is_not_cut() -> None:
    response = ask("Hi", simulator=scripted(when().says("one two three")), max_tokens=1, stop="two")
    assert text_of(response) == "one two three"


# --- failing ----------------------------------------------------------------------------------


def test_a_rule_may_fail_once_and_then_answer() -> None:
    simulator = scripted(when("weather").fails(503).then.fails(429).then.says("Sunny."))
    answers = [ask(QUESTION, simulator=simulator) for _ in range(4)]
    assert [answer.status for answer in answers] == [503, 429, 200, 200]
    assert text_of(answers[-1]) == "Sunny."


def test_a_rule_that_only_fails_fails_for_ever() -> None:
    simulator = scripted(when("weather").fails(402))
    answers = [ask(QUESTION, simulator=simulator) for _ in range(3)]
    assert [(a.status, body_of(a)["code"]) for a in answers] == [(402, 30001)] * 3


def test_an_error_of_one_s_own() -> None:
    simulator = scripted(when().fails(403, code=30005, message="Real-name check is needed."))
    response = ask("Hi", simulator=simulator)
    expected = {"code": 30005, "message": "Real-name check is needed.", "data": None}
    assert (response.status, body_of(response)) == (403, expected)


def test_an_answer_may_break_off() -> None:
    simulator = scripted(when().says("Sun", "ny.").fails("cut-stream=2"))
    chunks = ask("Hi", simulator=simulator, stream=True).chunks or []
    assert len(chunks) == 2
    assert b"Sun" in chunks[1].data


@pytest.mark.parametrize(
    "order", ["nonsense", "slow", 418, {"code": 1}, {"status": 503, "code": 1}]
)
def test_an_unknown_failure_is_refused_where_it_is_written(order) -> None:
    with pytest.raises(ConfigurationError, match="fails"):
        if isinstance(order, dict):
            fails(order.pop("status", 418), **order)
        else:
            fails(order)


# --- no rule ----------------------------------------------------------------------------------


def test_a_request_without_a_rule_is_an_error_that_shows_the_nearest() -> None:
    simulator = scripted(
        when("snow", model="Qwen/Qwen3-8B").says("x"),
        when("weather", tool="get_weather").says("y"),
        when("train", tool="get_trains").says("z"),
    )
    said = message_of(ask("What is the weather like?", tools=[tool("add")], simulator=simulator))
    assert "when('weather', tool='get_weather')" in said
    assert "the tool 'get_weather' is not offered" in said
    assert "the nearest of 3" in said
    assert "snow" not in said
    assert simulator.unmatched == [said]


def test_the_reason_tells_each_condition_that_failed_and_no_prompt() -> None:
    simulator = scripted(when("snow", model="Qwen/Qwen3-8B", result="5").says("x"))
    said = message_of(ask("My secret question", simulator=simulator))
    assert "the user's last message (18 characters) does not hold 'snow'" in said
    assert "the model is 'deepseek-ai/DeepSeek-V3.2'" in said
    assert "the last message is no tool's result" in said
    assert "secret" not in said
    pattern = scripted(when(re.compile("snow")).says("x"))
    assert "'snow'" in message_of(ask("My secret question", simulator=pattern))


def test_a_rule_without_a_further_answer_says_so() -> None:
    simulator = scripted(when("weather").calls("get_weather", city="Paris"))
    history = called("get_weather", '{"city": "Paris"}', "21")
    said = message_of(ask(QUESTION, *history, simulator=simulator))
    assert "has given its 1 answer" in said
    assert ".then" in said


def test_an_answer_that_calls_no_tool_is_given_again_where_the_conversation_goes_on() -> None:
    simulator = scripted(when("weather").calls("get_weather").then.says("Sunny."))
    history = called("get_weather", "{}", "21")
    said = {"role": "assistant", "content": "Sunny."}
    assert text_of(ask(QUESTION, *history, said, said, simulator=simulator)) == "Sunny."


def test_turns_of_other_agents_are_no_answers_of_a_rule() -> None:
    simulator = scripted(
        when("weather", tool="transfer_to_expert").calls("transfer_to_expert").then.says("Done."),
        WEATHER_RULE,
    )
    transfer = tool("transfer_to_expert")
    assert (
        calls_of(ask(QUESTION, tools=[transfer], simulator=simulator))[0][0] == "transfer_to_expert"
    )
    history = called("transfer_to_expert", "{}", "ok")
    expert = ask(QUESTION, *history, tools=[WEATHER], simulator=simulator)
    assert calls_of(expert) == [("get_weather", {"city": "Paris"})]
    history += called("get_weather", '{"city": "Paris"}', "21", "c2")
    assert text_of(ask(QUESTION, *history, tools=[WEATHER], simulator=simulator)) == "Sunny."
    history.append({"role": "assistant", "content": "Sunny."})
    assert text_of(ask(QUESTION, *history, tools=[transfer], simulator=simulator)) == "Done."


def test_answers_in_one_joined_turn_are_counted_each() -> None:
    simulator = scripted(when("weather").calls("a").then.calls("a").then.calls("b").then.says("4"))
    first, second = called("a", "{}", "1"), called("a", "{}", "2", "c2")
    joined_turn = dict(first[0])
    joined_turn["tool_calls"] = [*first[0]["tool_calls"], *second[0]["tool_calls"]]
    history = [joined_turn, first[1], second[1]]
    assert calls_of(ask(QUESTION, *history, simulator=simulator)) == [("b", {})]
    assert calls_of(ask(QUESTION, *first, simulator=simulator)) == [("a", {})]


def test_a_rule_about_a_result_answers_each_such_result() -> None:
    simulator = scripted(when(result="again").calls("f"), when("weather").calls("f"))
    history = called("f", "{}", "again")
    assert calls_of(ask(QUESTION, *history, simulator=simulator)) == [("f", {})]
    history += called("f", "{}", "again", "c2")
    assert calls_of(ask(QUESTION, *history, simulator=simulator)) == [("f", {})]


def test_a_rule_without_any_answer_says_so() -> None:
    assert "has no answer yet" in message_of(ask("Hi", simulator=scripted(when("Hi"))))


def test_no_rules_at_all_say_so() -> None:
    assert "no rule" in message_of(ask("Hi", simulator=Simulator(answers=[]))).lower()


def test_a_client_sees_the_reason_as_an_ordinary_error() -> None:
    simulator = scripted(when("weather").says("Sunny."))
    with (
        httpx.Client(transport=simulator.transport()) as http,
        SiliconFlowClient(api_key="sk-test", http_client=http) as client,
        pytest.raises(BadRequestError, match="does not hold 'weather'"),
    ):
        client.chat(model="Qwen/Qwen3-8B", messages=[{"role": "user", "content": "Hi"}])
    assert len(simulator.requests) == 1


def test_rules_are_added_to_a_simulator_that_runs() -> None:
    simulator = Simulator()
    assert text_of(ask("Hello", simulator=simulator)).startswith("Hello!")
    simulator.when("weather").calls("get_weather", city="Paris").then.says("Sunny.")
    assert calls_of(ask(QUESTION, simulator=simulator)) == [("get_weather", {"city": "Paris"})]
    assert "the only one" in message_of(ask("Hello", simulator=simulator))


def test_rules_cannot_be_added_to_a_list_or_a_callable() -> None:
    with pytest.raises(ConfigurationError, match="answers"):
        Simulator(answers=["a"]).when("b")


# --- lists and callables ----------------------------------------------------------------------


def test_a_list_is_answered_in_turn() -> None:
    simulator = Simulator(
        answers=[
            "one",
            calls("get_weather", city="Paris"),
            fails(503),
            Answer(text="four", finish_reason="eos"),
            says("five").then.says("six"),
        ]
    )
    answers = [ask("Hi", simulator=simulator) for _ in range(6)]
    assert text_of(answers[0]) == "one"
    assert calls_of(answers[1]) == [("get_weather", {"city": "Paris"})]
    assert answers[2].status == 503
    assert choice_of(answers[3])["finish_reason"] == "eos"
    assert [text_of(answer) for answer in answers[4:]] == ["five", "six"]
    assert "all 6 answers" in message_of(ask("Hi", simulator=simulator)).lower()


def test_a_list_is_safe_for_threads() -> None:
    simulator = Simulator(answers=[str(number) for number in range(200)])
    said: list[str] = []

    def work() -> None:
        said.extend(text_of(ask("Hi", simulator=simulator)) for _ in range(25))

    threads = [threading.Thread(target=work) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(map(int, said)) == list(range(200))


def test_a_callable_is_given_the_checked_call() -> None:
    seen: list[ChatCall] = []

    def answer(call: ChatCall) -> str:
        seen.append(call)
        return f"{call.question} {call.system} {call.max_tokens} {[t.name for t in call.tools]}"

    system = {"role": "system", "content": "Be brief."}
    simulator = Simulator(answers=answer)
    response = ask(system, "Hi", simulator=simulator, tools=[WEATHER], max_tokens=5)
    assert text_of(response) == "Hi Be brief. 5 ['get_weather']"
    assert ask("Hi", simulator=simulator, temperature=9).status == 400
    assert len(seen) == 1


@pytest.mark.parametrize(
    ("reply", "texts"),
    [
        ("a", ["a", "a"]),
        (Answer(text="a"), ["a", "a"]),
        (says("a"), ["a", "a"]),
        (["a", Answer(text="b")], ["a", "b"]),
    ],
)
def test_what_a_callable_may_return(reply, texts) -> None:
    body = body_of(ask("Hi", simulator=Simulator(answers=lambda call: reply), n=2))
    assert [choice["message"]["content"] for choice in body["choices"]] == texts


@pytest.mark.parametrize("reply", [None, 5, [], [None], says("a").then.says("b")])
def test_what_a_callable_may_not_return(reply) -> None:
    with pytest.raises(ConfigurationError, match="answers"):
        ask("Hi", simulator=Simulator(answers=lambda call: reply))


def test_the_engine_may_answer_where_a_rule_says_so() -> None:
    simulator = scripted(when("weather").says("Sunny."), when().answers(from_text))
    assert text_of(ask(QUESTION, simulator=simulator)) == "Sunny."
    assert text_of(ask("Hello", simulator=simulator)) == text_of(ask("Hello"))


@pytest.mark.parametrize("wrong", ["a text", 5, [5], [when("a"), "b"], [None]])
def test_answers_that_are_none_of_these_are_refused(wrong) -> None:
    with pytest.raises(ConfigurationError, match="answers"):
        Simulator(answers=wrong)


def test_completions_are_scripted_too() -> None:
    simulator = scripted(when("def add").says("    return a + b"))
    body = {"model": "Qwen/Qwen2.5-Coder-7B-Instruct", "prompt": "def add(a, b):"}
    response = post("/v1/completions", body, simulator=simulator)
    assert body_of(response)["choices"][0]["text"] == "    return a + b"
    response = post("/v1/completions", {**body, "prompt": "?"}, simulator=simulator)
    assert "def add" in message_of(response)


def test_a_call_may_have_an_id_of_its_own() -> None:
    made = Answer(calls=(NewCall("f", "{}", id="functions.f:0"),))
    [call] = choice_of(ask("Hi", simulator=Simulator(answers=[made])))["message"]["tool_calls"]
    assert call["id"] == "functions.f:0"


# --- vectors and scores -----------------------------------------------------------------------


def test_vectors_and_scores_may_be_scripted() -> None:
    simulator = Simulator(
        vectors=lambda text: [float(len(text)), 0.5],
        scores=lambda query, documents: [float(len(document)) for document in documents],
    )
    body = {"model": "BAAI/bge-m3", "input": ["a", "bcd"]}
    data = body_of(post("/v1/embeddings", body, simulator=simulator))["data"]
    assert [item["embedding"] for item in data] == [[1.0, 0.5], [3.0, 0.5]]
    body = {"model": "BAAI/bge-reranker-v2-m3", "query": "q", "documents": ["a", "bcd"]}
    results = body_of(post("/v1/rerank", body, simulator=simulator))["results"]
    assert [(hit["index"], hit["relevance_score"]) for hit in results] == [(1, 3.0), (0, 1.0)]


# --- what came in -----------------------------------------------------------------------------


def test_what_came_in_is_kept_without_the_key() -> None:
    simulator = Simulator()
    headers = {"Authorization": "Bearer sk-secret", "X-Api-Key": "sk-secret", "X-Mine": "1"}
    post("/v1/chat/completions", {"model": "m"}, simulator=simulator, headers=headers)
    post("/v1/files", b"--boundary", simulator=simulator)
    post("/v1/files", b"", simulator=simulator)
    chat, upload, empty = simulator.requests
    assert isinstance(chat, Received)
    assert (chat.method, chat.path) == ("POST", "/v1/chat/completions")
    assert chat.headers == {"x-mine": "1"}
    assert chat.body == {"model": "m"}
    assert (upload.body, empty.body) == (b"--boundary", None)
    assert "sk-secret" not in repr(chat)


def test_a_prompt_stands_in_no_repr() -> None:
    seen: list[ChatCall] = []
    simulator = Simulator(answers=lambda call: seen.append(call) or "ok")
    ask("My secret question", simulator=simulator)
    assert "secret" not in repr(simulator.requests)
    assert "secret" not in repr(seen)


def test_only_the_last_requests_are_kept() -> None:
    simulator = Simulator(keep_requests=2)
    for number in range(4):
        ask(f"{number}", simulator=simulator)
    kept = [request.body["messages"][0]["content"] for request in simulator.requests]
    assert kept == ["2", "3"]
    simulator.requests.clear()
    assert len(simulator.requests) == 2, "a copy"


async def test_one_helper_gives_both_kinds_of_client() -> None:
    simulator = scripted(when().says("Hi."))
    settings = simulator.settings()
    with settings["http_client"] as http:
        url = "https://api.siliconflow.cn/v1/models"
        headers = {"Authorization": f"Bearer {settings['api_key']}"}
        assert http.get(url, headers=headers).status_code == 200
        async with settings["async_http_client"] as async_http:
            assert (await async_http.get(url, headers=headers)).status_code == 200
    assert len(simulator.requests) == 2


def test_a_scripted_failure_is_the_client_s_typed_error() -> None:
    settings = scripted(when().fails(503)).settings()
    with (
        settings["http_client"] as http,
        SiliconFlowClient(api_key="sk-test", http_client=http, max_retries=0) as client,
        pytest.raises(OverloadedError),
    ):
        client.chat(model="Qwen/Qwen3-8B", messages=[{"role": "user", "content": "Hi"}])


@pytest.mark.parametrize(
    ("write", "argument"),
    [
        (lambda: says(cast("Any", 5)), "says"),
        (lambda: says("a", cast("Any", None)), "says"),
        (lambda: says("a").thinks(cast("Any", b"b")), "thinks"),
        (lambda: calls(cast("Any", len)), "calls"),
        (lambda: fails("nonsense"), "fails"),
        (lambda: fails(418), "fails"),
    ],
)
def test_what_is_no_answer_fails_where_it_was_written(
    write: Callable[[], object], argument: str
) -> None:
    with pytest.raises(ConfigurationError) as caught:
        write()
    assert caught.value.argument == argument
