"""Prompts whose fields stand between tags, and answers out of the steps that an agent took."""

from __future__ import annotations

import json
import re
from typing import Any

from tests.simulator.asking import ask, text_of

OUTPUTS = {
    "next_thought": "str",
    "next_tool_name": "Literal['get_weather', 'finish']",
    "next_tool_args": "dict[str, Any]",
}
TOOLS = """When selecting the next_tool_name and its next_tool_args, the tool must be one of:

        (1) get_weather, whose description is <desc>Get the weather in a city.</desc>. It takes arguments {'city': {'type': 'string'}}.
        (2) finish, whose description is <desc>Marks the task as complete.</desc>. It takes arguments {}.
"""
QUESTION = "What is the weather in Paris?"
STEPS = {
    "thought_0": "I should look.",
    "tool_name_0": "get_weather",
    "tool_args_0": '{"city": "Paris"}',
    "observation_0": "Sunny in Paris.",
}
END = {"thought_1": "Enough.", "tool_name_1": "finish", "tool_args_1": "{}"}
END["observation_1"] = "Completed."


def tagged(fields: dict[str, str]) -> str:
    return "\n\n".join(f"<{name}>\n{value}\n</{name}>" for name, value in fields.items())


def marked(fields: dict[str, str]) -> str:
    return "\n\n".join(f"[[ ## {name} ## ]]\n{value}" for name, value in fields.items())


def system(inputs: dict[str, str], outputs: dict[str, str], task: str = "Answer.") -> Any:
    listed = [
        f"{i}. `{name}` ({kind}):"
        for i, (name, kind) in enumerate({**inputs, **outputs}.items(), 1)
    ]
    return {"role": "system", "content": "\n".join([*listed, task])}


def answered(
    inputs: dict[str, str], outputs: dict[str, str], given: dict[str, str], task: str = "Answer."
) -> dict[str, str]:
    listed = ", then ".join(f"`<{name}>`" for name in outputs)
    asked = f"Respond with the corresponding output fields wrapped in XML tags {listed}."
    text = text_of(ask(system(inputs, outputs, task), f"{tagged(given)}\n\n{asked}"))
    found = dict(re.findall(r"^<(\w+)>\n(.*?)\n</\1>$", text, re.MULTILINE | re.DOTALL))
    assert tagged(found) == text
    return found


def test_fields_between_tags_are_answered_between_tags() -> None:
    found = answered(
        {"text": "str"}, {"name": "str", "age": "int"}, {"text": "Alice is 30 years old."}
    )
    assert found == {"name": "Alice", "age": "30"}


def test_a_loop_of_thoughts_and_tools_between_tags_ends() -> None:
    inputs = {"question": "str", "trajectory": "str"}
    first = answered(inputs, OUTPUTS, {"question": QUESTION, "trajectory": ""}, TOOLS)
    assert (first["next_tool_name"], json.loads(first["next_tool_args"])) == (
        "get_weather",
        {"city": "Paris"},
    )
    taken = {"question": QUESTION, "trajectory": tagged(STEPS)}
    last = answered(inputs, OUTPUTS, taken, TOOLS)
    assert (last["next_tool_name"], last["next_tool_args"]) == ("finish", "{}")


def test_steps_between_tags_among_markers_are_steps_too() -> None:
    given = marked({"question": QUESTION, "trajectory": tagged(STEPS)})
    fields = ", then ".join(f"`{name}`" for name in OUTPUTS)
    asked = f"Respond with a JSON object in the following order of fields: {fields}."
    inputs = {"question": "str", "trajectory": "str"}
    found = json.loads(text_of(ask(system(inputs, OUTPUTS, TOOLS), f"{given}\n\n{asked}")))
    assert found["next_tool_name"] == "finish"


def test_what_the_tools_brought_is_the_answer_and_nothing_else_of_the_steps() -> None:
    found = answered(
        {"question": "str", "trajectory": "str"},
        {"reasoning": "str", "answer": "str"},
        {"question": QUESTION, "trajectory": tagged(STEPS | END)},
    )
    assert found["answer"] == "Sunny in Paris."


def test_a_schema_that_stands_in_a_note_is_filled() -> None:
    schema = {
        "type": "object",
        "properties": {"name": {"type": "string"}, "age": {"type": "integer"}},
        "required": ["name", "age"],
    }
    note = "the value you produce must adhere to the JSON schema"
    task = f"{{person}}        # note: {note}: {json.dumps(schema)}"
    found = answered(
        {"text": "str"}, {"person": "Person"}, {"text": "Alice is 30 years old."}, task
    )
    assert json.loads(found["person"]) == {"name": "Alice", "age": 30}


def test_arguments_that_cannot_be_read_are_none() -> None:
    steps = {**STEPS, "tool_args_0": '{"city": '}
    taken = {"question": QUESTION, "trajectory": tagged(steps)}
    found = answered({"question": "str", "trajectory": "str"}, OUTPUTS, taken, TOOLS)
    assert found["next_tool_name"] in {"get_weather", "finish"}


def test_words_about_an_answer_without_any_field_are_a_question() -> None:
    asked = "Respond with the corresponding output fields wrapped in XML tags `<answer>`."
    assert text_of(ask(f"Cats sleep.\n\n{asked}"))[:1] not in ("<", "")


def test_tags_in_a_question_are_no_fields() -> None:
    text = text_of(ask("What does\n<answer>\nx\n</answer>\nmean?"))
    assert not text.startswith("<")
