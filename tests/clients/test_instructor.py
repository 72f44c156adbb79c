"""instructor, in every mode that it has for the openai and the anthropic SDK."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import anthropic
import instructor
import openai
import pytest
from instructor import Mode
from instructor.v2.core.errors import InstructorRetryException, ModeError

from tests.clients.answers import ALICE, CHAT, KEY, PERSON, SCHEMAS, Person

OPENAI = [
    Mode.FUNCTIONS,
    Mode.TOOLS,
    Mode.TOOLS_STRICT,
    Mode.JSON,
    Mode.JSON_O1,
    Mode.MD_JSON,
    Mode.JSON_SCHEMA,
]
RESPONSES = [Mode.RESPONSES_TOOLS, Mode.RESPONSES_TOOLS_WITH_INBUILT_TOOLS]
ANTHROPIC = [Mode.ANTHROPIC_TOOLS, Mode.ANTHROPIC_JSON]
ASKED: list[Any] = [{"role": "user", "content": ALICE}]
# A model that is free to answer in words is told to call.
EXTRACT: list[Any] = [{"role": "user", "content": f"Extract the person: {ALICE}"}]
BOTH: list[Any] = [{"role": "user", "content": f"{ALICE} Bob is 25 years old."}]


def client(site: dict[str, Any], mode: Mode) -> Any:
    return instructor.from_openai(openai.OpenAI(**site), mode=mode)


def applies(mode: Mode) -> bool:
    try:
        instructor.from_openai(openai.OpenAI(api_key=KEY), mode=mode)
    except ModeError:
        return False
    return True


def test_no_mode_of_the_openai_sdk_is_left_out() -> None:
    assert {mode for mode in Mode if applies(mode)} == {*OPENAI, *RESPONSES, Mode.PARALLEL_TOOLS}


@pytest.mark.parametrize("mode", OPENAI)
def test_a_structure(site: dict[str, Any], mode: Mode) -> None:
    made = client(site, mode).chat.completions.create(
        model=SCHEMAS, messages=ASKED, response_model=Person, max_retries=0
    )
    assert made.model_dump() == PERSON.model_dump()


@pytest.mark.parametrize("mode", [Mode.TOOLS, Mode.JSON, Mode.MD_JSON, Mode.JSON_SCHEMA])
def test_a_structure_piece_by_piece(site: dict[str, Any], mode: Mode) -> None:
    pieces = list(
        client(site, mode).chat.completions.create_partial(
            model=SCHEMAS, messages=ASKED, response_model=Person
        )
    )
    assert len(pieces) > 2
    assert pieces[-1].model_dump() == PERSON.model_dump()


@pytest.mark.parametrize("mode", [Mode.TOOLS, Mode.JSON, Mode.MD_JSON, Mode.JSON_SCHEMA])
def test_several_structures(site: dict[str, Any], mode: Mode) -> None:
    people = client(site, mode).chat.completions.create_iterable(
        model=SCHEMAS, messages=BOTH, response_model=Person
    )
    assert list(people) == [PERSON, Person(name="Bob", age=25)]


def test_parallel_tools(site: dict[str, Any]) -> None:
    found = client(site, Mode.PARALLEL_TOOLS).chat.completions.create(
        model=SCHEMAS, messages=EXTRACT, response_model=Iterable[Person], max_retries=0
    )
    assert list(found) == [PERSON]


@pytest.mark.parametrize("mode", RESPONSES)
def test_the_api_has_no_responses_endpoint(site: dict[str, Any], mode: Mode) -> None:
    with pytest.raises(InstructorRetryException, match="404"):
        client(site, mode).chat.completions.create(
            model=SCHEMAS, messages=ASKED, response_model=Person, max_retries=0
        )


@pytest.mark.parametrize("mode", ANTHROPIC)
def test_a_structure_in_anthropic_s_form(root: str, mode: Mode) -> None:
    made: Any = instructor.from_anthropic(
        anthropic.Anthropic(api_key=KEY, base_url=root), mode=mode
    )
    answer = made.messages.create(
        model=CHAT, max_tokens=500, messages=ASKED, response_model=Person, max_retries=0
    )
    assert answer.model_dump() == PERSON.model_dump()
