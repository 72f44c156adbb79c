"""An object in an answer that wraps it: prose, fences, thinking, a call written as text."""

from __future__ import annotations

import time
from typing import Any

import pytest
from llama_index.core import PromptTemplate
from pydantic import BaseModel, RootModel

from llama_index_siliconflow import SiliconFlow, TruncatedAnswerError, UnexpectedAnswerError
from llama_index_siliconflow._json_text import answered, find_objects, growing_object, is_cut_off
from tests.llama_index import scenarios as s
from tests.llama_index.conftest import Make, Way
from tests.llama_index.stub import Stub

PROMPT = PromptTemplate("Who is {who}?")
NAMES = pytest.mark.parametrize("name", ["structured_predict", "stream_structured_predict"])


class Person(BaseModel):
    """A person."""

    name: str
    age: int


ALICE = Person(name="Alice", age=30)
JSON = '{"name": "Alice", "age": 30}'
WRAPPED = {
    "bare": JSON,
    "fence": f"```json\n{JSON}\n```",
    "fence without a language": f"```\n{JSON}\n```",
    "fence in prose": f"Here it is:\n\n```json\n{JSON}\n```\n\nAnything else?",
    "prose": f"Here it is: {JSON} I hope that it helps.",
    "prose with braces": f"For {{who}} = she, with {{1, 2}}: {JSON}",
    "prose with a brace that stays open": f"I write {{ for objects. {JSON}",
    "thinking": f"<think>Who?</think>{JSON}",
    "thinking that tries": f'\n<think>\n{{"name": "Nobody", "age": 1}}?\n</think>\n\n{JSON}',
    "thinking, then a fence": f"<think>Who?</think>\n```json\n{JSON}\n```",
    "thinking without its beginning": f'Maybe {{"name": "Nobody"}}.\n</think>\n\n{JSON}',
}


@pytest.fixture(params=["call", "json_schema", "json_object"])
def predictor(request: pytest.FixtureRequest, make: Make) -> SiliconFlow:
    if request.param == "call":
        return make(SiliconFlow)
    return make(SiliconFlow, structured_output_mode=request.param)


@pytest.mark.parametrize("text", list(WRAPPED.values()), ids=list(WRAPPED))
@NAMES
async def test_the_object_is_found(
    predictor: SiliconFlow, stub: Stub, way: Way, name: str, text: str
) -> None:
    stub.script = s.scenario(s.text(*(text[at : at + 7] for at in range(0, len(text), 7))))
    found = await way(predictor, name, Person, PROMPT, who="she")
    assert (found[-1] if isinstance(found, list) else found) == ALICE
    # While thinking has no beginning, nobody can tell that it is none of the answer.
    if isinstance(found, list) and text != WRAPPED["thinking without its beginning"]:
        assert {item.name for item in found} <= {None, *("Alice"[:n] for n in range(6))}


@pytest.mark.parametrize(
    "text",
    [
        f'{{"name": "Person", "arguments": {JSON}}}',
        f'{{"name": "Person", "parameters": {JSON}}}',
        f'{{"type": "function", "name": "Person", "arguments": {JSON!r}}}'.replace(
            "'" + JSON + "'", '"{\\"name\\": \\"Alice\\", \\"age\\": 30}"'
        ),
        f'<tool_call>\n{{"name": "Person", "arguments": {JSON}}}\n</tool_call>',
    ],
    ids=["arguments", "parameters", "arguments as text", "tags"],
)
@NAMES
async def test_a_call_that_was_written_as_text(
    stub: Stub, way: Way, make: Make, name: str, text: str
) -> None:
    stub.script = s.scenario(s.text(text))
    found = await way(make(SiliconFlow), name, Person, PROMPT, who="she")
    assert (found[-1] if isinstance(found, list) else found) == ALICE


class Call(BaseModel):
    """Something that looks like a call itself."""

    name: str
    arguments: dict[str, Any]


async def test_an_object_that_looks_like_a_call_is_left_alone(
    stub: Stub, way: Way, make: Make
) -> None:
    stub.script = s.scenario(s.text('{"name": "add", "arguments": {"a": 2}}'))
    found = await way(make(SiliconFlow), "structured_predict", Call, PROMPT, who="she")
    assert found == Call(name="add", arguments={"a": 2})


async def test_text_around_the_json_of_a_call(stub: Stub, way: Way, make: Make) -> None:
    arguments = f"```json\n{JSON}\n```"
    stub.script = s.scenario([s.calls(s.fragment(arguments, id="c", name="Person"))])
    assert await way(make(SiliconFlow), "structured_predict", Person, PROMPT, who="she") == ALICE


class Names(RootModel[list[str]]):
    """Names."""


async def test_an_answer_that_is_a_list(stub: Stub, way: Way, make: Make) -> None:
    stub.script = s.scenario(s.text('["Al", "Bo"]'))
    llm = make(SiliconFlow, structured_output_mode="json_schema")
    found = await way(llm, "structured_predict", Names, PROMPT, who="they")
    assert found == Names(["Al", "Bo"])


async def test_a_whole_object_counts_though_the_prose_after_it_was_cut(
    predictor: SiliconFlow, stub: Stub, way: Way
) -> None:
    stub.script = s.scenario(s.text(f"{JSON}\n\nI chose this na"), finish="length")
    assert await way(predictor, "structured_predict", Person, PROMPT, who="she") == ALICE


# --- what is called truncated ---------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "finish"),
    [
        ('{"age": 30, "name": "Al', "length"),
        ('{"age": 30, "name": "Al', "stop"),
        ('Here: ```json\n{"age": 30, "name": "Al', "stop"),
        ("<think>Let me see", "length"),
        ("Here it is:", "length"),
    ],
)
@NAMES
async def test_what_was_cut_off_is_said_to_be(
    predictor: SiliconFlow, stub: Stub, way: Way, name: str, text: str, finish: str
) -> None:
    stub.script = s.scenario(s.text(text), finish=finish)
    with pytest.raises(TruncatedAnswerError, match="Person.*middle") as caught:
        await way(predictor, name, Person, PROMPT, who="she")
    assert ("max_tokens" in str(caught.value)) is (finish == "length")


@pytest.mark.parametrize(
    "text", ["I would rather not.", "{who}?", "I write { for objects.", '{"name": }', "[1, {}"]
)
@NAMES
async def test_what_was_not_cut_off_is_not_said_to_be(
    predictor: SiliconFlow, stub: Stub, way: Way, name: str, text: str
) -> None:
    stub.script = s.scenario(s.text(text))
    with pytest.raises(UnexpectedAnswerError, match="Person") as caught:
        await way(predictor, name, Person, PROMPT, who="she")
    assert not isinstance(caught.value, TruncatedAnswerError)


@pytest.mark.parametrize(
    ("arguments", "cut"),
    [("nonsense", False), ("[1]", False), ('{"age": 30, "name": "Al', True), ("{", True)],
)
@NAMES
async def test_arguments_that_are_no_object(
    stub: Stub, way: Way, make: Make, name: str, arguments: str, cut: bool
) -> None:
    call = s.calls(s.fragment(arguments, id="c", name="Person"))
    stub.script = s.scenario([call], finish="tool_calls")
    with pytest.raises(UnexpectedAnswerError, match="Person") as caught:
        await way(make(SiliconFlow), name, Person, PROMPT, who="she")
    assert isinstance(caught.value, TruncatedAnswerError) is cut


# --- the search -----------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "found", "cut"),
    [
        ("", None, False),
        ("no brace", None, False),
        ("{}", {}, False),
        ('a {"b": "}"} c', {"b": "}"}, False),
        ('a {"b": "\\"}"} c', {"b": '"}'}, False),
        ('a {"b": "\\\\"} c', {"b": "\\"}, False),
        ('{"a": {"b": {}}} {"c": 1}', {"a": {"b": {}}}, False),
        ('{a} {"b": 1}', {"b": 1}, False),
        ('{"a": 1', None, True),
        ('{a} {"b": 1', None, True),
        ('{ open {"b": 1', None, True),
        ('{ open {"b": 1}', {"b": 1}, False),
        ("} {", None, True),
        ('{"a": 1}}', {"a": 1}, False),
    ],
)
def test_finding_an_object(text: str, found: Any, cut: bool) -> None:
    assert next(find_objects(text), None) == found
    assert is_cut_off(text) is cut


@pytest.mark.parametrize(
    ("text", "grown"),
    [
        ("", {}),
        ("Here", {}),
        ('Here: {"name": "Al', {"name": "Al"}),
        ('{who}: {"name": "Al', {"name": "Al"}),
        ('```json\n{"name": "Al"}\n```', {"name": "Al"}),
        ("{who}", {}),
    ],
)
def test_an_object_that_grows(text: str, grown: Any) -> None:
    assert growing_object(text) == grown


@pytest.mark.parametrize(
    ("text", "rest"),
    [
        ("plain", "plain"),
        ("<think>so far", ""),
        ("<think>done</think>", ""),
        ("<think>done</think>{", "{"),
        ("{x}</think> {", " {"),
        ('{"a": "</think>"', '{"a": "</think>"'),
    ],
)
def test_thinking_is_left_out(text: str, rest: str) -> None:
    assert answered(text) == rest


@pytest.mark.parametrize(
    "text",
    [
        "{" * 300_000,
        "{}" * 150_000 + "{",
        '{"' * 150_000,
        '{"a":' * 60_000,
        "\\" * 300_000 + "{" + "\\" * 300_000,
        "{x} " * 75_000,
        "<think>" * 40_000,
        "</think>" * 40_000 + "{",
        '{"a": "' + "x{}" * 100_000,
    ],
    ids=range(9),
)
def test_the_search_is_linear_in_the_text(text: str) -> None:
    # Quadratic work on these takes minutes; linear work some hundred milliseconds.
    began = time.process_time()
    rest = answered(text)
    list(find_objects(rest))
    growing_object(rest)
    is_cut_off(rest)
    assert time.process_time() - began < 10
