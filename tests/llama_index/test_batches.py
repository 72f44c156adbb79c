"""`BatchJob`: what an LLM answers as a batch is what it answers by itself."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from llama_index.core import PromptTemplate
from llama_index.core.base.llms.types import (
    ChatMessage,
    ChatResponse,
    CompletionResponse,
    MessageRole,
    ToolCallBlock,
)
from llama_index.core.llms import MockLLM
from llama_index.core.prompts import ChatPromptTemplate
from llama_index.core.tools import FunctionTool
from llama_index.core.types import PydanticProgramMode

from llama_index_siliconflow import (
    BadRequestError,
    BatchExpiredError,
    BatchJob,
    ConfigurationError,
    SiliconFlow,
    SiliconFlowCompletion,
    SiliconFlowError,
    UnexpectedAnswerError,
)
from tests.batch_jobs import SCHEMAS, TEXTS, BatchSite, Person, weather

TOOLS = [FunctionTool.from_defaults(weather)]


class Site(BatchSite):
    """A simulator, and LLMs that ask it."""

    def llm(self, **settings: Any) -> SiliconFlow:
        return SiliconFlow(**{**self.settings(), **settings})


@pytest.fixture
def state(tmp_path: Path) -> Path:
    return tmp_path / "job.json"


def chat(text: str) -> list[ChatMessage]:
    return [
        ChatMessage(role=MessageRole.SYSTEM, content="You are a careful clerk."),
        ChatMessage(role=MessageRole.USER, content=text),
    ]


CHATS = [chat(text) for text in TEXTS]


def predicts(llm: SiliconFlow, given: Any) -> Any:
    if isinstance(given, str):
        return llm.structured_predict(Person, PromptTemplate("{text}"), text=given)
    return llm.structured_predict(
        Person, ChatPromptTemplate([*given[:-1], chat("{text}")[1]]), text=given[-1].content
    )


Case = tuple[dict[str, Any], list[Any], dict[str, Any], Callable[[SiliconFlow, Any], Any]]
"""Settings of the LLM, inputs, keywords of the job, and the call that answers one input."""
CASES: dict[str, Case] = {
    "texts": ({}, TEXTS, {}, lambda llm, text: llm.complete(text)),
    "chats": ({}, CHATS, {}, lambda llm, messages: llm.chat(messages)),
    "keywords": (
        {"top_p": 0.9, "additional_kwargs": {"mine": [1]}},
        CHATS,
        {"temperature": 0.3, "stop": ["Ben"], "extra_body": {"seed": 4}},
        lambda llm, messages: llm.chat(
            messages, temperature=0.3, stop=["Ben"], extra_body={"seed": 4}
        ),
    ),
    "thinking": ({"enable_thinking": True}, CHATS, {}, lambda llm, messages: llm.chat(messages)),
    "tools": (
        {},
        TEXTS,
        {"tools": TOOLS},
        lambda llm, text: llm.chat_with_tools(TOOLS, user_msg=text),
    ),
    "forced tools": (
        {},
        CHATS,
        {"tools": TOOLS, "tool_required": True, "allow_parallel_tool_calls": True},
        lambda llm, messages: llm.chat_with_tools(
            TOOLS, chat_history=messages, tool_required=True, allow_parallel_tool_calls=True
        ),
    ),
    "objects": ({}, TEXTS, {"output_cls": Person}, predicts),
    "objects of chats": ({}, CHATS, {"output_cls": Person}, predicts),
    "objects with a system prompt": (
        {"system_prompt": "You read letters."},
        TEXTS,
        {"output_cls": Person},
        predicts,
    ),
    "objects by JSON": (
        {"should_use_structured_outputs": True},
        TEXTS,
        {"output_cls": Person},
        predicts,
    ),
    "objects by schema": (
        {"structured_output_mode": "json_schema", "model": SCHEMAS, "enable_thinking": False},
        CHATS,
        {"output_cls": Person},
        predicts,
    ),
}


def plain(value: Any) -> Any:
    """A value without what is another one at each call: ids and times."""
    if isinstance(value, ChatResponse | CompletionResponse):
        told = value.model_dump()
        told["raw"].pop("trace_id")
        return without_ids(told)
    if isinstance(value, SiliconFlowError):
        return type(value), value.message, value.hint, getattr(value, "code", None)
    return value


def without_ids(value: Any) -> Any:
    if isinstance(value, dict):
        kept = {name: one for name, one in value.items() if name not in ("id", "tool_call_id")}
        kept.pop("created", None)
        return {name: without_ids(one) for name, one in kept.items()}
    return [without_ids(one) for one in value] if isinstance(value, list) else value


def one_by_one(llm: SiliconFlow, case: Case) -> Iterator[Any]:
    for given in case[1]:
        try:
            yield case[3](llm, given)
        except SiliconFlowError as error:
            yield error


@pytest.mark.parametrize("name", CASES)
def test_results_are_those_of_the_call(name: str, state: Path):
    case = CASES[name]
    site = Site()
    llm = site.llm(**case[0])
    job = BatchJob.submit(llm, iter(case[1]), state=state, allow_unlisted=True, **case[2])
    found = BatchJob.resume(llm, state, **case[2]).wait(poll=0.001).results(return_exceptions=True)
    assert "POST /v1/chat/completions" not in site.asked
    wanted = list(one_by_one(llm, case))
    assert [plain(result) for result in found] == [plain(result) for result in wanted]
    assert isinstance(found[0], type(wanted[0]))
    assert isinstance(found[1], BadRequestError)
    assert not isinstance(found[3], SiliconFlowError)
    assert len(job.batch_ids) == 1


@pytest.mark.parametrize("name", CASES)
def test_the_asynchronous_twins_give_the_same(name: str, state: Path):
    case = CASES[name]
    site = Site()
    llm = site.llm(**case[0])

    async def run() -> Any:
        given: Any = case[1]
        job = await BatchJob.asubmit(llm, given, state=state, allow_unlisted=True, **case[2])
        await (await BatchJob.aresume(llm, state, **case[2])).await_(poll=0.001)
        await job.await_(poll=0.001)
        return await job.aresults(return_exceptions=True)

    found = asyncio.run(run())
    assert [plain(result) for result in found] == [
        plain(result) for result in one_by_one(llm, case)
    ]


def test_the_cases_above_hold_what_they_say(state: Path):
    site = Site()
    objects = BatchJob.submit(site.llm(), TEXTS, state=state, output_cls=Person).wait(poll=0.001)
    found = objects.results(return_exceptions=True)
    assert found[0] == Person(name="Anna", age=31)
    assert isinstance(found[2], UnexpectedAnswerError)
    given = ["What is the weather in Paris?"]
    called = BatchJob.submit(site.llm(), given, state=state.with_name("b.json"), tools=TOOLS)
    [response] = called.wait(poll=0.001).results()
    [call] = [block for block in response.message.blocks if isinstance(block, ToolCallBlock)]
    assert (call.tool_name, call.tool_kwargs) == ("weather", {"city": "Paris"})


@pytest.mark.parametrize("name", CASES)
def test_what_is_sent_is_what_the_call_sends(name: str, state: Path):
    settings, given, kwargs, call = CASES[name]
    site = Site()
    llm = site.llm(**settings)
    BatchJob.submit(llm, given[:1], state=state, allow_unlisted=True, **kwargs)
    [part] = state.with_name("job.json.parts").glob("*.in")
    call(llm, given[0])
    assert json.loads(part.read_bytes())["body"] == site.simulator.requests[-1].body


def test_the_first_error_is_raised_where_errors_are_not_asked_for(state: Path):
    job = BatchJob.submit(Site().llm(), TEXTS, state=state).wait(poll=0.001)
    with pytest.raises(BadRequestError):
        job.results()
    with pytest.raises(BadRequestError):
        asyncio.run(job.aresults())


def test_only_what_has_no_answer_is_sent_again(state: Path):
    site = Site(faults=["", "batch-expires=1"])
    given = ["talks", *(f"The name is Anna, the age is {age}." for age in range(3))]
    job = BatchJob.submit(site.llm(), given, state=state, output_cls=Person).wait(poll=0.001)
    before = job.results(return_exceptions=True)
    assert sum(isinstance(result, BatchExpiredError) for result in before) == 3
    after = job.resubmit_failed().wait(poll=0.001).results(return_exceptions=True)
    assert after[1:] == [Person(name="Anna", age=age) for age in range(3)]
    assert isinstance(after[0], UnexpectedAnswerError)


def test_a_cancelled_job_gives_what_is_there(state: Path):
    job = BatchJob.submit(Site().llm(), CHATS, state=state)
    found = job.cancel().wait(poll=0.001).results(return_exceptions=True)
    assert any(isinstance(result, BatchExpiredError) for result in found)
    assert len(found) == 4

    async def run() -> Any:
        asked = state.with_name("async.json")
        job = await BatchJob.asubmit(Site(faults=["", "batch-expires=1"]).llm(), CHATS, state=asked)
        await job.await_(poll=0.001)
        await (await job.aresubmit_failed()).acancel()
        return await (await job.await_(poll=0.001)).aresults(return_exceptions=True)

    assert len(asyncio.run(run())) == 4


def test_no_inputs_are_no_results(state: Path):
    site = Site()
    job = BatchJob.submit(site.llm(), iter([]), state=state).wait(poll=0.001)
    assert (job.results(), site.asked, job.is_done) == ([], [], True)


def test_tools_and_schema_are_written_once_for_all(state: Path, monkeypatch: pytest.MonkeyPatch):
    asked: list[object] = []
    schema = Person.model_json_schema

    def count(*args: Any, **kwargs: Any) -> Any:
        asked.append(args)
        return schema(*args, **kwargs)

    llm = Site().llm(should_use_structured_outputs=True)
    monkeypatch.setattr(Person, "model_json_schema", count)
    told: list[str] = []
    job = BatchJob.submit(llm, TEXTS * 50, state=state, output_cls=Person)
    assert len(asked) == 1
    job.wait(poll=0.001, on_progress=lambda progress: told.append(str(progress)))
    assert told[-1].startswith("150 of 200 requests done, 50 failed")
    assert repr(job) == f"BatchJob({str(state)!r}: {job.progress})"


@pytest.mark.parametrize("mode", ["sync", "async"])
def test_a_bar_counts_the_requests(mode: str, state: Path, capsys: pytest.CaptureFixture[str]):
    job = BatchJob.submit(Site().llm(), TEXTS, state=state)
    if mode == "sync":
        job.wait(poll=0.001, progress=True)
    else:
        asyncio.run(job.await_(poll=0.001, progress=True))
    assert "4/4" in capsys.readouterr().err


# --- refused before anything is sent ------------------------------------------------------------


@pytest.mark.parametrize(
    ("settings", "given", "kwargs", "argument"),
    [
        ({"model": "Qwen/Qwen3-8B"}, ["x"], {}, "requests[0].model"),
        ({"n": 2}, ["x"], {}, "requests[0].n"),
        ({}, ["x"], {"n": 2}, "requests[0].n"),
        ({}, [[ChatMessage("x"), ChatMessage(role="assistant", content="y")]], {}, "requests[0].messages"),
        ({}, ["x", [ChatMessage("x")]], {}, "inputs[1]"),
        ({}, [[ChatMessage("x")], "x"], {}, "inputs[1]"),
        ({}, [["x"]], {}, "inputs"),
        ({}, ["x"], {"output_cls": Person, "tools": TOOLS}, "tools"),
        ({"pydantic_program_mode": PydanticProgramMode.LLM}, ["x"], {"output_cls": Person}, "output_cls"),
        ({}, ["x"], {"completion_window": "1h"}, "completion_window"),
    ],
)  # fmt: skip
def test_what_a_batch_cannot_do_is_refused_by_name(
    settings: Any, given: Any, kwargs: Any, argument: str, state: Path
):
    site = Site()
    with pytest.raises(ConfigurationError) as caught:
        BatchJob.submit(site.llm(**settings), given, state=state, **kwargs)
    assert (caught.value.argument, site.asked) == (argument, [])
    assert not state.exists()


@pytest.mark.parametrize("llm", [MockLLM(), SiliconFlowCompletion(api_key="sk-any"), "llm"])
def test_another_llm_is_refused_by_name(llm: Any, state: Path):
    with pytest.raises(ConfigurationError, match=type(llm).__name__) as caught:
        BatchJob.submit(llm, ["x"], state=state)
    assert caught.value.argument == "llm"


def test_a_block_that_cannot_be_sent_is_named_with_its_input(state: Path):
    from llama_index.core.base.llms.types import CitableBlock, TextBlock

    odd = CitableBlock(title="a", source="b", content=[TextBlock(text="c")])
    given = [chat("x"), [ChatMessage(role="user", blocks=[odd])]]
    with pytest.raises(ConfigurationError) as caught:
        BatchJob.submit(Site().llm(), given, state=state)
    assert caught.value.__notes__ == ["inputs[1] became no request. Nothing was sent."]
