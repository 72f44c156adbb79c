"""Structured prediction: by tool call and by response_format, whole and streamed."""

from __future__ import annotations

from typing import Any

import pytest
from llama_index.core import PromptTemplate
from llama_index.core.agent.workflow import FunctionAgent
from llama_index.core.base.llms.types import ChatMessage
from llama_index.core.program import FunctionCallingProgram
from llama_index.core.prompts import ChatPromptTemplate
from llama_index.core.types import PydanticProgramMode
from pydantic import BaseModel

from llama_index_siliconflow import SiliconFlow, TruncatedAnswerError
from siliconflow_client import APIResponseError, RateLimitError
from tests.llama_index import scenarios as s
from tests.llama_index.conftest import Events, Make, Way, agents_warn
from tests.llama_index.stub import Stub


class Person(BaseModel):
    """A person."""

    name: str
    age: int


ALICE = Person(name="Alice", age=30)
PROMPT = PromptTemplate("Who is {who}?")
CUT_CALL = s.scenario(
    [s.calls(s.fragment('{"age": 30, "name": "Al', id="c", name="Person"))], finish="length"
)
CUT_TEXT = s.scenario(s.text('{"age": 30, "name": "Al'), finish="length")


@pytest.fixture(params=["tool call", "json_schema", "json_object"])
def mode(request: pytest.FixtureRequest) -> str:
    return request.param


@pytest.fixture
def predictor(mode: str, stub: Stub, make: Make) -> SiliconFlow:
    if mode == "tool call":
        stub.script = s.TOOL_STRUCT
        return make(SiliconFlow)
    stub.script = s.STRUCT
    if mode == "json_schema":
        return make(SiliconFlow, should_use_structured_outputs=True)
    return make(SiliconFlow, structured_output_mode="json_object")


def check_request(body: dict[str, Any], mode: str) -> None:
    if mode == "tool call":
        assert body["tool_choice"] == "required"
        assert [tool["function"]["name"] for tool in body["tools"]] == ["Person"]
        assert "response_format" not in body
        return
    assert "tools" not in body
    assert body["response_format"]["type"] == mode
    if mode == "json_schema":
        wanted = body["response_format"]["json_schema"]
        assert wanted["name"] == "Person"
        assert wanted["strict"] is True
        assert wanted["schema"]["additionalProperties"] is False
    else:
        assert "JSON" in body["messages"][0]["content"]
        assert '"age"' in body["messages"][0]["content"]


async def test_an_object(predictor: SiliconFlow, stub: Stub, way: Way, mode: str) -> None:
    """Streamed predictions were objects of nothing but None."""
    assert await way(predictor, "structured_predict", Person, PROMPT, who="she") == ALICE
    check_request(stub.last.body, mode)
    assert stub.last.body["messages"][-1] == {"role": "user", "content": "Who is she?"}
    assert stub.last.body["stream"] is False


async def test_an_object_that_grows(
    predictor: SiliconFlow, stub: Stub, way: Way, mode: str
) -> None:
    """Streamed predictions were objects of nothing but None."""
    objects = await way(predictor, "stream_structured_predict", Person, PROMPT, who="she")
    assert objects[-1] == ALICE
    assert isinstance(objects[-1], Person)
    assert [item.name for item in objects] == ["Al", "Alice", "Alice"]
    assert [item.age for item in objects] == [None, None, 30]  # nothing comes twice
    check_request(stub.last.body, mode)
    assert stub.last.body["stream"] is True


@pytest.mark.filterwarnings("ignore:The `json` method is deprecated")  # LlamaIndex's own
async def test_as_structured_llm(predictor: SiliconFlow, stub: Stub, way: Way, mode: str) -> None:
    structured = predictor.as_structured_llm(Person)
    question = [ChatMessage(role="user", content="Who?")]
    response = await way(structured, "chat", question, temperature=0.5)
    assert response.raw == ALICE
    assert stub.last.body["temperature"] == 0.5
    check_request(stub.last.body, mode)
    assert (await way(structured, "complete", "Who?")).raw == ALICE
    assert (await way(structured, "stream_chat", question))[-1].raw == ALICE


class Team(BaseModel):
    """A team."""

    lead: Person
    people: list[Person]


async def test_nested_objects_grow_too(stub: Stub, way: Way, make: Make) -> None:
    text = '{"lead": {"name": "Alice", "age": 30}, "people": [{"name": "Al", "age": 3}, {"name": "Bo", "age": 4}]}'
    stub.script = s.scenario(
        [
            s.calls(s.fragment("", id="c", name="Team")),
            *(s.calls(s.fragment(text[at : at + 7])) for at in range(0, len(text), 7)),
        ],
        finish="tool_calls",
    )
    objects = await way(make(SiliconFlow), "stream_structured_predict", Team, PROMPT, who="they")
    whole = Team.model_validate_json(text)
    assert objects[-1] == whole
    assert objects.count(whole) == 1
    sizes = [len(item.people) for item in objects if item.people is not None]
    assert sorted(sizes) == sizes
    assert set(sizes) >= {1, 2}


class Options(BaseModel):
    """Options, none of which need be there."""

    verbose: bool = False


async def test_an_object_without_a_field_comes_too(stub: Stub, way: Way, make: Make) -> None:
    stub.script = s.scenario([s.calls(s.fragment("{}", id="c", name="Options"))])
    objects = await way(make(SiliconFlow), "stream_structured_predict", Options, PROMPT, who="she")
    assert objects == [Options()]


async def test_the_system_prompt_is_sent(stub: Stub, way: Way, make: Make) -> None:
    stub.script = s.TOOL_STRUCT
    llm = make(SiliconFlow, system_prompt="Be brief.")
    await way(llm, "structured_predict", Person, PROMPT, who="she")
    assert stub.last.body["messages"][0] == {"role": "system", "content": "Be brief."}


async def test_keywords_of_the_call(llm: SiliconFlow, stub: Stub, way: Way) -> None:
    stub.script = s.TOOL_STRUCT
    kwargs = {"max_tokens": 50, "tool_required": False, "tool_choice": "auto"}
    await way(llm, "structured_predict", Person, PROMPT, llm_kwargs=kwargs, who="she")
    assert stub.last.body["max_tokens"] == 50
    assert stub.last.body["tool_choice"] == "auto"
    assert set(kwargs) == {"max_tokens", "tool_required", "tool_choice"}


@pytest.mark.parametrize("name", ["structured_predict", "stream_structured_predict"])
async def test_a_truncated_object_is_an_error(
    predictor: SiliconFlow, stub: Stub, way: Way, mode: str, name: str
) -> None:
    # All fields are there, so taking it for finished would give a wrong Person without a word.
    stub.script = CUT_CALL if mode == "tool call" else CUT_TEXT
    with pytest.raises(TruncatedAnswerError, match=r"Person.*max_tokens") as caught:
        await way(predictor, name, Person, PROMPT, who="she")
    assert isinstance(caught.value, APIResponseError)
    assert isinstance(caught.value, ValueError)
    assert caught.value.trace_id == "ti_stub0001"


@pytest.mark.parametrize("name", ["structured_predict", "stream_structured_predict"])
async def test_text_instead_of_an_object_is_an_error(
    predictor: SiliconFlow, stub: Stub, way: Way, name: str
) -> None:
    stub.script = s.scenario(s.text("I would rather not."))
    with pytest.raises(ValueError, match="Person"):
        await way(predictor, name, Person, PROMPT, who="she")


async def test_fields_that_do_not_fit_are_an_error(llm: SiliconFlow, stub: Stub, way: Way) -> None:
    stub.script = s.scenario([s.calls(s.fragment('{"name": 1}', id="c", name="Person"))])
    with pytest.raises(ValueError, match="age"):
        await way(llm, "structured_predict", Person, PROMPT, who="she")


async def test_fenced_json_is_read(stub: Stub, way: Way, make: Make) -> None:
    stub.script = s.scenario(s.text('```json\n{"name": "Alice",', ' "age": 30}\n```'))
    llm = make(SiliconFlow, structured_output_mode="json_object")
    assert await way(llm, "structured_predict", Person, PROMPT, who="she") == ALICE
    objects = await way(llm, "stream_structured_predict", Person, PROMPT, who="she")
    assert objects[-1] == ALICE


@pytest.mark.parametrize(
    ("model", "kind"),
    [
        ("acme/unknown", "json_schema"),
        ("Qwen/Qwen2.5-7B-Instruct", "json_object"),
    ],
)
def test_the_json_mode_is_the_model_s(stub: Stub, make: Make, model: str, kind: str) -> None:
    stub.script = s.STRUCT
    llm = make(SiliconFlow, model=model, should_use_structured_outputs=True)
    llm.structured_predict(Person, PROMPT, who="she")
    assert stub.last.body["response_format"]["type"] == kind


@pytest.mark.parametrize("text", ['{"name": "Alice", "age": 30}'])
async def test_without_function_calling_text_is_parsed(
    stub: Stub, way: Way, make: Make, text: str
) -> None:
    stub.script = s.scenario(s.text(text))
    llm = make(SiliconFlow, is_function_calling_model=False)
    assert await way(llm, "structured_predict", Person, PROMPT, who="she") == ALICE
    llm = make(SiliconFlow, pydantic_program_mode=PydanticProgramMode.LLM)
    assert await way(llm, "structured_predict", Person, PROMPT, who="she") == ALICE
    assert "tools" not in stub.last.body


async def test_the_program_mode_comes_first(stub: Stub, way: Way, make: Make) -> None:
    text_mode = {"pydantic_program_mode": PydanticProgramMode.LLM}
    stub.script = s.STRUCT
    llm = make(SiliconFlow, should_use_structured_outputs=True, **text_mode)
    assert await way(llm, "structured_predict", Person, PROMPT, who="she") == ALICE
    assert not {"tools", "response_format"} & set(stub.last.body)
    by_function = {"pydantic_program_mode": PydanticProgramMode.FUNCTION}
    llm = make(SiliconFlow, is_function_calling_model=False, **by_function)
    stub.script = CUT_CALL
    with pytest.raises(TruncatedAnswerError):
        await way(llm, "structured_predict", Person, PROMPT, who="she")


async def test_a_tool_choice_means_nothing_to_a_format(stub: Stub, way: Way, make: Make) -> None:
    stub.script = s.STRUCT
    llm = make(SiliconFlow, structured_output_mode="json_schema")
    choice = {"tool_choice": "required"}  # as LlamaIndex's extractors pass
    await way(llm, "structured_predict", Person, PROMPT, llm_kwargs=choice, who="she")
    assert "tool_choice" not in stub.last.body


async def test_llama_index_s_own_program(llm: SiliconFlow, stub: Stub, way: Way) -> None:
    stub.script = s.TOOL_STRUCT
    program = FunctionCallingProgram.from_defaults(
        Person, prompt_template_str="Who is {who}?", llm=llm
    )
    if way.asynchronous:
        assert await program.acall(who="she") == ALICE
        stream = [item async for item in await program.astream_call(who="she")]
    else:
        assert program(who="she") == ALICE
        stream = list(program.stream_call(who="she"))
    assert stub.bodies[0]["tool_choice"] == "required"
    assert stream[-1] == ALICE
    assert [item.name for item in stream[1:3]] == ["Al", "Alice"]


async def test_events_of_a_prediction(
    llm: SiliconFlow, stub: Stub, way: Way, events: Events
) -> None:
    stub.script = s.TOOL_STRUCT
    await way(llm, "structured_predict", Person, PROMPT, who="she")
    assert events.names("LLM") == [
        "LLMStructuredPredictStartEvent",
        "LLMChatStartEvent",
        "LLMChatEndEvent",
        "LLMStructuredPredictEndEvent",
    ]


async def test_errors_of_the_call_stay_what_they_are(stub: Stub, way: Way, make: Make) -> None:
    stub.script = s.ERR429
    llm = make(SiliconFlow, max_retries=0)
    for name in ("structured_predict", "stream_structured_predict"):
        with pytest.raises(RateLimitError):
            await way(llm, name, Person, PROMPT, who="she")


async def test_chat_prompts_with_braces(llm: SiliconFlow, stub: Stub, way: Way) -> None:
    stub.script = s.TOOL_STRUCT
    prompt = ChatPromptTemplate.from_messages([("user", "Read {text}")])
    await way(llm, "structured_predict", Person, prompt, text='{"x": {y}}')
    assert stub.last.body["messages"][-1]["content"] == 'Read {"x": {y}}'


@agents_warn
async def test_an_agent_with_an_output_class(llm: SiliconFlow, stub: Stub) -> None:
    stub.script = s.in_turn(s.FINAL_SUM, s.TOOL_STRUCT)
    agent = FunctionAgent(llm=llm, tools=[], output_cls=Person)
    result = await agent.run("Who?")
    assert result.get_pydantic_model(Person) == ALICE


@pytest.mark.parametrize(
    "names",
    [("structured_predict", "structured_predict"), ("stream_structured_predict", "structured_predict")],
    ids=["whole", "streamed"],
)  # fmt: skip
async def test_a_prompt_that_a_text_program_has_used_is_as_it_was(
    stub: Stub, way: Way, make: Make, names: tuple[str, str]
) -> None:
    """LlamaIndex's program for texts leaves its parser on the prompt, which then asks for JSON."""
    prompt = PromptTemplate("Who is {who}?")
    stub.script = s.STRUCT
    by_text = make(SiliconFlow, pydantic_program_mode=PydanticProgramMode.LLM)
    await way(by_text, names[0], Person, prompt, who="she")
    assert prompt.output_parser is None
    stub.script = s.TOOL_STRUCT
    assert await way(make(SiliconFlow), names[1], Person, prompt, who="she") == ALICE
    assert stub.last.body["messages"] == [{"role": "user", "content": "Who is she?"}]
