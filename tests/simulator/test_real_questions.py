"""Questions as people and frameworks ask them: the vendor's own samples, prompts that want JSON."""

from __future__ import annotations

import json
import re
from typing import Any

import pytest

from tests.simulator.asking import (
    INTEGER,
    STRING,
    ask,
    called,
    calls_of,
    choice_of,
    text_of,
    tool,
)

# The four tools of the vendor's guide to function calling, with its own names of types.
INT, FLOAT, STR = {"type": "int"}, {"type": "float"}, {"type": "str"}
ADD = tool("add", "Compute the sum of two numbers", a=INT, b=INT)
MUL = tool("mul", "Calculate the product of two numbers", a=INT, b=INT)
COUNT = tool(
    "count_letter_in_string",
    "Count letter number in a string",
    a={**STR, "description": "source string"},
    b={**STR, "description": "letter"},
)
COMPARE = tool("compare", "Compare two number, which one is bigger", a=FLOAT, b=FLOAT)
VENDOR = [ADD, MUL, COUNT, COMPARE]
WEATHER = tool("get_weather", "Get the current weather for a given city.", city=STR)

LESS = [("compare", {"a": 9.11, "b": 9.9})]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("用中文回答：9.11和9.9，哪个小?", LESS),
        ("9.11和9.9，哪个小?", LESS),
        ("compare 9.11和9.9", LESS),
        ("9.11和9.9哪个更大？", LESS),
        ("9.11 and 9.9, which one is bigger?", LESS),
        ("用中文回答：strawberry中有多少个r?", [("count_letter_in_string", {"a": "strawberry", "b": "r"})]),
        ("strawberry中有多少个r?", [("count_letter_in_string", {"a": "strawberry", "b": "r"})]),
        ("3加5等于多少？", [("add", {"a": 3, "b": 5})]),
        ("计算12乘以7", [("mul", {"a": 12, "b": 7})]),
    ],
)  # fmt: skip
def test_the_vendor_s_samples_call_the_tools_that_they_are_about(text, expected) -> None:
    assert calls_of(ask(text, tools=VENDOR)) == expected


def test_the_vendor_s_first_sample_goes_through() -> None:
    question = "用中文回答：9.11和9.9，哪个小?"
    history = called("compare", '{"a": 9.11, "b": 9.9}', "9.9 is greater than 9.11")
    assert text_of(ask(question, *history, tools=VENDOR)) == "9.9 is greater than 9.11"


@pytest.mark.parametrize("kind", ["int", "integer", "float", "number", "str", "bool", "dict"])
def test_types_are_also_understood_by_the_names_that_python_gives_them(kind) -> None:
    made = {"int": int, "integer": int, "float": (int, float), "number": (int, float), "str": str,
            "bool": bool, "dict": dict}[kind]  # fmt: skip
    [(_, arguments)] = calls_of(ask("use f with 7", tools=[tool("f", "", x={"type": kind})]))
    assert isinstance(arguments["x"], made)


def test_a_list_by_python_s_name() -> None:
    numbers = {"type": "list", "items": {"type": "int"}}
    [(_, arguments)] = calls_of(ask("use f with 7和8", tools=[tool("f", "", x=numbers)]))
    assert arguments == {"x": [7, 8]}


@pytest.mark.parametrize(
    ("text", "city"),
    [("What is the weather in Beijing?", "Beijing"), ("北京今天天气如何？", "北京")],
)
def test_the_vendor_s_second_sample(text, city) -> None:
    assert calls_of(ask(text, tools=[WEATHER])) == [("get_weather", {"city": city})]


def test_words_between_chinese_are_words() -> None:
    search = tool("search", "Search the documents.", query=STRING)
    greet = tool("greet", "Greet a person.", name=STRING)
    assert calls_of(ask("请greet一下Alice", tools=[search, greet])) == [
        ("greet", {"name": "Alice"})
    ]


def test_a_version_or_an_order_number_is_no_number() -> None:
    order = tool("get_order", "Look up an order.", order_id=STRING, count=INTEGER)
    [(_, arguments)] = calls_of(ask("查询订单A-17共3件 get_order", tools=[order]))
    assert arguments == {"order_id": "A-17", "count": 3}


# --- prompts that want JSON ---------------------------------------------------------------------

PERSON = {
    "properties": {
        "name": {"title": "Name", "type": "string"},
        "age": {"title": "Age", "type": "integer"},
    },
    "required": ["name", "age"],
    "title": "Person",
    "type": "object",
}
ALICE = {"name": "Alice", "age": 30}
INSTRUCTOR = (
    "Your task is to understand the content and provide the parsed objects in json that match the "
    f"following json_schema:\n\n{json.dumps(PERSON, indent=2)}\n\n"
    "Make sure to return an instance of the JSON, not the schema itself"
)
FENCE = re.compile(r"\A```json\n(.*)\n```\Z", re.DOTALL)


def test_a_schema_among_the_instructions_with_a_code_block_asked_for() -> None:
    system = {"role": "system", "content": INSTRUCTOR}
    user = "Alice is 30 years old.\n\nReturn the correct JSON response within a ```json codeblock. not the JSON_SCHEMA"
    fenced = FENCE.match(text_of(ask(system, user)))
    assert fenced
    assert json.loads(fenced.group(1)) == ALICE


def test_a_schema_among_the_instructions_without_a_code_block() -> None:
    system = {"role": "system", "content": INSTRUCTOR}
    assert json.loads(text_of(ask(system, "Alice is 30 years old."))) == ALICE


@pytest.mark.parametrize(
    ("prompt", "keys"),
    [
        (
            "Extract the person from: Alice is 30. Respond with a JSON object with the keys 'name' and 'age'.",
            {"name", "age"},
        ),
        (
            'Who won in 2020? Please respond in the format {"Men\'s Champion": ..., "Women\'s Champion": ...} as JSON.',
            {"Men's Champion", "Women's Champion"},
        ),
        (
            "提取人名和年龄：Alice 30岁。请以JSON格式输出，包含字段 `name` 和 `age`。",
            {"name", "age"},
        ),
        (
            "Describe Alice. The output should be a markdown code snippet formatted in the following schema, "
            'including the leading and trailing "```json" and "```":\n\n```json\n{\n\t"name": string  // who\n'
            '\t"age": string  // years\n}\n```',
            {"name", "age"},
        ),
        ("Alice is 30. Return only JSON.", {"answer"}),
    ],
)
def test_a_prompt_that_asks_for_json_gets_json(prompt, keys) -> None:
    text = text_of(ask(prompt))
    fenced = FENCE.match(text)
    assert bool(fenced) is ("code snippet" in prompt)
    assert set(json.loads(fenced.group(1) if fenced else text)) == keys


@pytest.mark.parametrize(
    "prompt",
    [
        "What is JSON?",
        "How do I return JSON from a web server?",
        "The json module encodes data. Which module encodes data?",
        "什么是JSON格式？",
    ],
)
def test_a_question_about_json_is_answered_in_prose(prompt) -> None:
    with pytest.raises(json.JSONDecodeError):
        json.loads(text_of(ask(prompt)))


# --- prompts whose fields stand between markers -------------------------------------------------


def marked(**fields: str) -> str:
    return "\n\n".join(f"[[ ## {name} ## ]]\n{value}" for name, value in fields.items())


def signature(inputs: dict[str, str], outputs: dict[str, str], task: str = "Answer.") -> Any:
    """A system message that lays out fields as dspy does."""
    described = [
        "Your input fields are:",
        *(f"{i}. `{name}` ({kind}):" for i, (name, kind) in enumerate(inputs.items(), 1)),
        "Your output fields are:",
        *(f"{i}. `{name}` ({kind}):" for i, (name, kind) in enumerate(outputs.items(), 1)),
        "All interactions will be structured in the following way, with the appropriate values filled in.",
        "",
        marked(**{name: f"{{{name}}}" for name in (*inputs, *outputs)}),
        "",
        "[[ ## completed ## ]]",
        f"In adhering to this structure, your objective is:\n        {task}",
    ]
    return {"role": "system", "content": "\n".join(described)}


def wanted(*names: str) -> str:
    listed = ", then ".join(f"`[[ ## {name} ## ]]`" for name in names)
    return (
        f"Respond with the corresponding output fields, starting with the field {listed}, and then "
        "ending with the marker for `[[ ## completed ## ]]`."
    )


def sections(text: str) -> dict[str, str]:
    parts = re.split(r"^\[\[ ## (\w+) ## \]\]$", text, flags=re.MULTILINE)
    assert not parts[0].strip()
    found = dict(zip(parts[1::2], (part.strip() for part in parts[2::2]), strict=True))
    assert found.pop("completed") == ""
    return found


def test_a_prediction_answers_between_its_markers() -> None:
    system = signature({"context": "str", "question": "str"}, {"reasoning": "str", "answer": "str"})
    asked = marked(
        context="Cats sleep sixteen hours a day. Dogs bark.", question="How long do cats sleep?"
    )
    text = text_of(ask(system, f"{asked}\n\n{wanted('reasoning', 'answer')}"))
    assert list(sections(text)) == ["reasoning", "answer"]
    assert sections(text)["answer"] == "Cats sleep sixteen hours a day."


def test_fields_have_the_types_that_are_asked_for() -> None:
    kinds = {
        "age": "int",
        "height": "float",
        "known": "bool",
        "tags": "list[str]",
        "mood": "Literal['glad', 'sad']",
        "person": "dict[str, Any]",
    }
    system = signature({"text": "str"}, kinds)
    asked = marked(text="Alice is 30 years old, 1.7 tall, 'kind' and sad.")
    found = sections(text_of(ask(system, f"{asked}\n\n{wanted(*kinds)}")))
    assert json.loads(found["age"]) == 30
    assert json.loads(found["height"]) == 1.7
    assert json.loads(found["known"]) in (True, False)
    assert isinstance(json.loads(found["tags"]), list)
    assert found["mood"] == "sad"
    assert isinstance(json.loads(found["person"]), dict)


def test_a_json_form_of_the_same_fields() -> None:
    system = signature({"question": "str"}, {"reasoning": "str", "answer": "str"})
    asked = marked(question="Cats sleep a lot. What do cats do?")
    tail = (
        "Respond with a JSON object in the following order of fields: `reasoning`, then `answer`."
    )
    found = json.loads(text_of(ask(system, f"{asked}\n\n{tail}")))
    assert list(found) == ["reasoning", "answer"]


TOOLS = """You are an Agent. In each episode, you will be given the fields `question` as input.

        (1) get_weather, whose description is <desc>Get the weather in a city.</desc>. It takes arguments {'city': {'type': 'string'}}.
        (2) add, whose description is <desc>Add two numbers.</desc>. It takes arguments {'a': {'type': 'integer'}, 'b': {'type': 'integer'}}.
        (3) finish, whose description is <desc>Marks the task as complete.</desc>. It takes arguments {}.
"""
STEP = ("next_thought", "next_tool_name", "next_tool_args")


def step(question: str, trajectory: str) -> dict[str, str]:
    outputs = {
        "next_thought": "str",
        "next_tool_name": "Literal['get_weather', 'add', 'finish']",
        "next_tool_args": "dict[str, Any]",
    }
    system = signature({"question": "str", "trajectory": "str"}, outputs, TOOLS)
    asked = marked(question=question, trajectory=trajectory)
    return sections(text_of(ask(system, f"{asked}\n\n{wanted(*STEP)}")))


def test_a_loop_of_thoughts_and_tools_between_markers_ends() -> None:
    question = "What is the weather in Paris?"
    first = step(question, "")
    assert first["next_tool_name"] == "get_weather"
    assert json.loads(first["next_tool_args"]) == {"city": "Paris"}
    done = marked(
        thought_0=first["next_thought"],
        tool_name_0="get_weather",
        tool_args_0=first["next_tool_args"],
        observation_0="Sunny.",
    )
    last = step(question, done)
    assert (last["next_tool_name"], json.loads(last["next_tool_args"])) == ("finish", {})


def test_a_choice_of_tools_stays_within_the_choice() -> None:
    assert step("Tell me a story.", "")["next_tool_name"] == "finish"


def test_markers_in_a_question_are_no_instruction() -> None:
    choice = choice_of(ask("What does [[ ## answer ## ]] mean?"))
    assert not choice["message"]["content"].startswith("[[ ##")
