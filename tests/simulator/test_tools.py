"""Tool calls: the tool that fits, with arguments from the text, and never in circles."""

from __future__ import annotations

import pytest

from siliconflow_simulator import Simulator
from tests.simulator.asking import (
    ADD,
    INTEGER,
    MAGIC,
    MULTIPLY,
    NUMBER,
    STRING,
    WEATHER,
    ask,
    called,
    calls_of,
    choice_of,
    text_of,
    tool,
)

TIME = tool("get_current_time", "Tell the time in a city.", city=STRING)
SEARCH = tool("search_docs", "Search the documentation for passages.", query=STRING)
CUSTOMER = tool(
    "unicode_customer",
    "Tool for creating a customer with Unicode name.",
    customer_name=STRING,
    description=STRING,
)
BOOKING = tool(
    "book_flight",
    "Book a flight.",
    origin=STRING,
    destination=STRING,
    passengers={"type": "integer", "default": 1},
    cabin={"type": "string", "enum": ["economy", "business"], "default": "economy"},
)
NO_ARGUMENTS = tool("magic_function_no_args", "Calculate a magic function.")


@pytest.mark.parametrize(
    ("tools", "text", "expected"),
    [
        ([WEATHER], "What is the weather in Paris?", [("get_weather", {"city": "Paris"})]),
        ([WEATHER], "what's the weather in paris?", [("get_weather", {"city": "paris"})]),
        (
            [WEATHER],
            "What is the weather in San Francisco, CA?",
            [("get_weather", {"city": "San Francisco, CA"})],
        ),
        (
            [WEATHER],
            "What is the weather in Paris and in Rome?",
            [("get_weather", {"city": "Paris"}), ("get_weather", {"city": "Rome"})],
        ),
        (
            [WEATHER],
            "Weather in Paris, Rome and Berlin please",
            [("get_weather", {"city": city}) for city in ("Paris", "Rome", "Berlin")],
        ),
        ([WEATHER], "北京今天天气怎么样", [("get_weather", {"city": "北京"})]),
        (
            [WEATHER, TIME],
            "What is the weather in Paris and what time is it in Tokyo?",
            [("get_weather", {"city": "Paris"}), ("get_current_time", {"city": "Tokyo"})],
        ),
        ([ADD], "What is 2+3?", [("add", {"a": 2, "b": 3})]),
        ([ADD], "What is 5 - -3 plus 1", [("add", {"a": 5, "b": -3})]),
        ([ADD], "2+3 and 4+5", [("add", {"a": 2, "b": 3}), ("add", {"a": 4, "b": 5})]),
        (
            [ADD, MULTIPLY],
            "What is 2 + 3 and 4 * 5?",
            [("add", {"a": 2, "b": 3}), ("multiply", {"a": 4, "b": 5})],
        ),
        ([ADD, MULTIPLY], "Multiply three by four", [("multiply", {"a": 3, "b": 4})]),
        (
            [MAGIC],
            "What is the value of magic_function(3)? Use the tool.",
            [("magic_function", {"input": 3})],
        ),
        (
            [CUSTOMER],
            "Create a customer named '你好啊集团' (Hello Group) - a Chinese company",
            [
                (
                    "unicode_customer",
                    {
                        "customer_name": "你好啊集团",
                        "description": "Create a customer named '你好啊集团' (Hello Group) - a Chinese company",
                    },
                )
            ],
        ),
        (
            [BOOKING],
            "Book a business flight from Paris to New York for 3 passengers",
            [
                (
                    "book_flight",
                    {
                        "origin": "Paris",
                        "destination": "New York",
                        "passengers": 3,
                        "cabin": "business",
                    },
                )
            ],
        ),
        (
            [SEARCH, WEATHER],
            "How do I compress a file with gzip?",
            [("search_docs", {"query": "How do I compress a file with gzip?"})],
        ),
        (
            [NO_ARGUMENTS],
            "What is the value of magic_function_no_args()? Use the tool.",
            [("magic_function_no_args", {})],
        ),
        (
            [tool("calculator", "Evaluate an arithmetic expression.", expression=STRING)],
            "What is 12 * (3 + 4)?",
            [("calculator", {"expression": "12 * (3 + 4)"})],
        ),
        (
            [tool("get_order", "Look up an order.", order_id=STRING)],
            "Where is my order A-17?",
            [("get_order", {"order_id": "A-17"})],
        ),
        (
            [tool("convert", "Convert an amount of money.", amount=NUMBER, to=STRING)],
            "Convert an amount of 1,250.50 dollars to EUR",
            [("convert", {"amount": 1250.5, "to": "EUR"})],
        ),
    ],
)
def test_the_tool_that_fits_is_called(tools, text, expected) -> None:
    response = ask(text, tools=tools)
    assert calls_of(response) == expected
    assert choice_of(response)["finish_reason"] == "tool_calls"
    assert choice_of(response)["message"]["content"] == ""


@pytest.mark.parametrize(
    ("tools", "text"),
    [
        ([WEATHER], "Hello!"),
        ([WEATHER], "What is the capital of France?"),
        ([SEARCH], "Hello"),
        ([ADD], "Who wrote this?"),
        ([MAGIC], "Good morning"),
    ],
)
def test_no_tool_is_called_when_none_fits(tools, text) -> None:
    response = ask(text, tools=tools)
    assert calls_of(response) == []
    assert text_of(response)
    assert choice_of(response)["finish_reason"] == "stop"


# --- tool_choice ------------------------------------------------------------------------------


def test_none_means_no_call() -> None:
    assert calls_of(ask("What is the weather in Paris?", tools=[WEATHER], tool_choice="none")) == []


@pytest.mark.parametrize("text", ["Hello!", "What is the weather in Paris?"])
def test_required_means_one_of_them(text) -> None:
    calls = calls_of(ask(text, tools=[MAGIC, WEATHER], tool_choice="required"))
    assert len(calls) == 1


def test_the_named_tool_is_called_whatever_is_said() -> None:
    choice = {"type": "function", "function": {"name": "magic_function"}}
    calls = calls_of(ask("Weather in Paris?", tools=[WEATHER, MAGIC], tool_choice=choice))
    assert [name for name, _ in calls] == ["magic_function"]


def test_a_forced_call_of_qwen35_ends_with_stop() -> None:
    response = ask(
        "What is the weather in Paris?",
        model="Qwen/Qwen3.5-4B",
        tools=[WEATHER],
        tool_choice="required",
        enable_thinking=False,
    )
    assert choice_of(response)["finish_reason"] == "stop"
    assert calls_of(response) == [("get_weather", {"city": "Paris"})]


def test_one_call_at_a_time_when_parallel_calls_are_not_wanted() -> None:
    text = "What is the weather in Paris and in Rome?"
    first = calls_of(ask(text, tools=[WEATHER], parallel_tool_calls=False))
    assert first == [("get_weather", {"city": "Paris"})]
    history = called("get_weather", '{"city": "Paris"}', "Sunny in Paris.")
    second = ask(text, *history, tools=[WEATHER], parallel_tool_calls=False)
    assert calls_of(second) == [("get_weather", {"city": "Rome"})]
    history += called("get_weather", '{"city": "Rome"}', "Rain in Rome.", "c2")
    last = ask(text, *history, tools=[WEATHER], parallel_tool_calls=False)
    assert text_of(last) == "Sunny in Paris. Rain in Rome."


def test_vision_models_that_take_tools_and_never_call_them() -> None:
    fields = {"model": "Qwen/Qwen3-VL-8B-Instruct", "tools": [WEATHER]}
    response = ask("What is the weather in Paris?", **fields)
    assert calls_of(response) == []


# --- after a tool has spoken ------------------------------------------------------------------


@pytest.mark.parametrize(
    ("result", "answer"),
    [
        ("It is sunny.", "It is sunny."),
        ('{"temperature": 21, "sky": "clear"}', "temperature: 21, sky: clear"),
        ("21", "The result of get_weather is 21."),
        ('{"rain": false, "wind": null}', "rain: no, wind: nothing"),
        ("{broken", "{broken"),
        ('["sunny", "warm"]', "sunny; warm"),
        ("Error: no such city", "Error: no such city"),
    ],
)
def test_the_result_becomes_the_answer(result, answer) -> None:
    history = called("get_weather", '{"city": "Paris"}', result)
    response = ask("What is the weather in Paris?", *history, tools=[WEATHER])
    assert text_of(response) == answer


def test_a_chinese_question_has_a_chinese_answer() -> None:
    history = called("get_weather", '{"city": "巴黎"}', "21")
    assert text_of(ask("巴黎的天气怎么样？", *history)) == "get_weather 的结果是 21。"


def test_where_no_tool_said_anything_the_answer_is_what_was_said_before_or_that_nothing_is_known():
    question = "What is the weather in Paris?"
    history = called("get_weather", '{"city": "Paris"}', " ")
    assert text_of(ask(question, *history)).startswith("Nothing in this conversation answers")
    said = {"role": "assistant", "content": "It is sunny, I think."}
    assert text_of(ask(question, said, *history)) == "It is sunny, I think."


def test_a_long_result_is_answered_from() -> None:
    result = "Dogs bark. " * 60 + "Cats sleep sixteen hours a day. " + "Birds sing. " * 20
    history = called("search_docs", '{"query": "cats"}', result)
    response = ask("How long do cats sleep?", *history, tools=[SEARCH])
    assert text_of(response) == "Cats sleep sixteen hours a day."


def test_a_call_that_needs_a_result_waits_for_it() -> None:
    text = "Add 2 and 3, then multiply the result by 4."
    tools = [ADD, MULTIPLY]
    assert calls_of(ask(text, tools=tools)) == [("add", {"a": 2, "b": 3})]
    history = called("add", '{"a": 2, "b": 3}', "5")
    assert calls_of(ask(text, *history, tools=tools)) == [("multiply", {"a": 5, "b": 4})]
    history += called("multiply", '{"a": 5, "b": 4}', "20", "c2")
    assert "20" in text_of(ask(text, *history, tools=tools))


def test_the_next_question_may_call_the_same_tool_again() -> None:
    history = called("get_weather", '{"city": "Paris"}', "Sunny.")
    turns = [
        "What is the weather in Paris?",
        *history,
        {"role": "assistant", "content": "Sunny."},
        "And the weather in Rome?",
    ]
    assert calls_of(ask(*turns, tools=[WEATHER])) == [("get_weather", {"city": "Rome"})]


def test_an_output_schema_among_the_tools_is_filled_last_and_from_the_results() -> None:
    report = tool("WeatherReport", "A weather report.", city=STRING, temperature=INTEGER)
    fields = {"tools": [WEATHER, report], "tool_choice": "required"}
    text = "What is the weather in Paris?"
    assert calls_of(ask(text, **fields)) == [("get_weather", {"city": "Paris"})]
    history = called("get_weather", '{"city": "Paris"}', "It is 21 degrees in Paris.")
    expected = [("WeatherReport", {"city": "Paris", "temperature": 21})]
    assert calls_of(ask(text, *history, **fields)) == expected


# --- shape ------------------------------------------------------------------------------------


def test_text_before_the_call_on_demand() -> None:
    simulator = Simulator(text_before_tools=True)
    choice = choice_of(ask("Weather in Paris?", tools=[WEATHER], simulator=simulator))
    assert choice["message"]["content"] == "Let me use get_weather."
    assert choice["message"]["tool_calls"]


def test_plain_calls_have_an_id_a_type_and_no_index() -> None:
    message = choice_of(ask("Weather in Paris and in Rome?", tools=[WEATHER]))["message"]
    assert [set(call) for call in message["tool_calls"]] == [{"id", "type", "function"}] * 2
    assert len({call["id"] for call in message["tool_calls"]}) == 2


def test_max_tokens_may_end_in_the_middle_of_the_arguments() -> None:
    choice = choice_of(ask("What is the weather in Paris?", tools=[WEATHER], max_tokens=6))
    [call] = choice["message"]["tool_calls"]
    assert choice["finish_reason"] == "length"
    assert '{"city": "Paris"}'.startswith(call["function"]["arguments"])
    assert not call["function"]["arguments"].endswith("}")
