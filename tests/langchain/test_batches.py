"""`BatchJob`: a chain's inputs answered as a batch give what `chain.batch` gives."""

from __future__ import annotations

import asyncio
import contextlib
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from langchain_core.caches import InMemoryCache
from langchain_core.callbacks import UsageMetadataCallbackHandler
from langchain_core.exceptions import OutputParserException
from langchain_core.globals import set_llm_cache
from langchain_core.messages import AIMessage, HumanMessage, SystemMessage
from langchain_core.output_parsers import StrOutputParser
from langchain_core.prompts import ChatPromptTemplate
from langchain_core.runnables import (
    ConfigurableField,
    Runnable,
    RunnableLambda,
)

from langchain_siliconflow import (
    APITimeoutError,
    BadRequestError,
    BatchExpiredError,
    BatchJob,
    ChatSiliconFlow,
    ConfigurationError,
)
from tests.batch_jobs import MODEL, SCHEMAS, TEXTS, BatchSite, Person, weather

OTHER = "deepseek-ai/DeepSeek-V3"


class Site(BatchSite):
    """A simulator, and chats that ask it."""

    def chat(self, **settings: Any) -> ChatSiliconFlow:
        return ChatSiliconFlow(**{**self.settings(), **settings})


@pytest.fixture
def state(tmp_path: Path) -> Path:
    return tmp_path / "job.json"


PROMPT = ChatPromptTemplate([("system", "You are a careful clerk."), ("human", "{text}")])
INPUTS = [{"text": text} for text in TEXTS]
JSON_PROMPT = ChatPromptTemplate(
    [("system", "Answer in JSON with the keys name and age."), ("human", "{text}")]
)

CHAINS: dict[str, Callable[[ChatSiliconFlow], Runnable[Any, Any]]] = {
    "prompt": lambda chat: PROMPT | chat,
    "bound": lambda chat: PROMPT | chat.bind(temperature=0.1, stop=["Ben"], seed=3),
    "tools": lambda chat: PROMPT | chat.bind_tools([weather, Person]),
    "forced tool": lambda chat: PROMPT | chat.bind_tools([weather], tool_choice="weather"),
    "parser": lambda chat: PROMPT | chat | StrOutputParser(),
    "function": lambda chat: PROMPT | chat | (lambda message: message.text.upper()),
    "failing function": lambda chat: PROMPT | chat | (lambda message: 1 // ("Anna" in message.text)),
    "function first": lambda chat: (lambda given: given["text"]) | chat,
    "dictionary first": lambda chat: {"text": lambda given: given["text"]} | PROMPT | chat,
    "in a dictionary": lambda chat: PROMPT | {"answer": chat | StrOutputParser()},
    "configured": lambda chat: (
        (PROMPT | chat.with_config(tags=["a"])).with_config(run_name="clerk") | StrOutputParser()
    ),
    "bound outside": lambda chat: chat.bind(top_p=0.5).bind(top_p=0.9).with_config(tags=["b"]),
    "bound chain": lambda chat: (PROMPT | chat).bind(stop=["Ben"]) | StrOutputParser(),
    "bound chain without a prompt": lambda chat: (
        (lambda given: given["text"]) | (chat | StrOutputParser()).bind(stop=["Ben"])
    ),
    "nested": lambda chat: PROMPT | (chat | StrOutputParser()) | (lambda text: [text]),
    "configurable": lambda chat: (
        PROMPT
        | chat.configurable_fields(temperature=ConfigurableField("warmth"))
        .with_config(configurable={"warmth": 0.3})
    ),
    "thinking blocks": lambda chat: PROMPT | chat.model_copy(update={"output_version": "v1"}),
    "response format": lambda chat: PROMPT | chat.bind(response_format=Person),
    **{
        f"{method}{' raw' * raw}": lambda chat, method=method, raw=raw: (
            JSON_PROMPT | chat.with_structured_output(Person, method=method, include_raw=raw)
        )
        for method in ("function_calling", "json_schema", "json_mode")
        for raw in (False, True)
    },
}  # fmt: skip


def chain_of(name: str, site: Site, **settings: Any) -> Runnable[Any, Any]:
    model = SCHEMAS if "schema" in name or name == "response format" else MODEL
    return CHAINS[name](site.chat(model=model, **settings))


def plain(value: Any) -> Any:
    """A value without what is another one at each call: ids."""
    if isinstance(value, AIMessage):
        told = value.model_dump(exclude={"id"})
        told["response_metadata"] = {
            name: said
            for name, said in told["response_metadata"].items()
            if name not in ("id", "trace_id")
        }
        calls = [*told["tool_calls"], *told["invalid_tool_calls"]]
        blocks = told["content"] if isinstance(told["content"], list) else []
        for one in [*calls, *blocks]:
            one.pop("id", None)
        return told
    if isinstance(value, dict):
        return {name: plain(inner) for name, inner in value.items()}
    if isinstance(value, list):
        return [plain(inner) for inner in value]
    if isinstance(value, BaseException):
        said = value.message if isinstance(value, BadRequestError) else str(value)
        return type(value), said, getattr(value, "code", None), getattr(value, "hint", None)
    return value


@pytest.mark.parametrize("name", CHAINS)
def test_results_are_those_of_batch(name: str, state: Path):
    site = Site()
    chain = chain_of(name, site)
    given: Any = TEXTS if name == "bound outside" else INPUTS
    job = BatchJob.submit(chain, iter(given), state=state, allow_unlisted=True)
    found = BatchJob.resume(chain, state).wait(poll=0.001).results(return_exceptions=True)
    assert "POST /v1/chat/completions" not in site.asked
    assert plain(found) == plain(chain.batch(given, return_exceptions=True))
    assert len(found) == 4
    assert isinstance(found[1], BadRequestError)
    assert len(job.batch_ids) == 1


@pytest.mark.parametrize("name", CHAINS)
def test_results_are_those_of_abatch(name: str, state: Path):
    site = Site()
    chain = chain_of(name, site)
    given: Any = TEXTS if name == "bound outside" else INPUTS

    async def run() -> tuple[Any, Any]:
        job = await BatchJob.asubmit(chain, iter(given), state=state, allow_unlisted=True)
        await (await BatchJob.aresume(chain, state)).await_(poll=0.001)
        await job.await_(poll=0.001)
        found = await job.aresults(return_exceptions=True)
        assert "POST /v1/chat/completions" not in site.asked
        return found, await chain.abatch(given, return_exceptions=True)

    found, wanted = asyncio.run(run())
    assert plain(found) == plain(wanted)
    assert len(found) == 4


@pytest.mark.parametrize("method", ["function_calling", "json_schema"])
def test_the_cases_above_hold_answers_and_errors_of_all_kinds(method: str, state: Path):
    chain = chain_of(method, Site())
    job = BatchJob.submit(chain, INPUTS, state=state, allow_unlisted=True).wait(poll=0.001)
    found = job.results(return_exceptions=True)
    assert found[0] == Person(name="Anna", age=31)
    assert isinstance(found[2], OutputParserException)
    assert found[3] == Person(name="Ben", age=40)


@pytest.mark.parametrize(
    "given",
    [
        "The sun is hot.",
        [HumanMessage("The sun is hot.")],
        [SystemMessage("Be short."), HumanMessage([{"type": "text", "text": "The sun is hot."}])],
        [("system", "Be short."), ("human", "The sun is hot.")],
        [{"role": "user", "content": "The sun is hot."}],
        PROMPT.invoke({"text": "The sun is hot."}),
    ],
    ids=["text", "message", "messages", "pairs", "dictionaries", "value"],
)
def test_a_chat_alone_takes_what_invoke_takes(given: Any, state: Path):
    chat = Site().chat()
    [found] = BatchJob.submit(chat, [given], state=state).wait(poll=0.001).results()
    assert plain(found) == plain(chat.invoke(given))


def test_the_first_error_is_raised_where_errors_are_not_asked_for(state: Path):
    chain = PROMPT | Site().chat()
    job = BatchJob.submit(chain, INPUTS, state=state).wait(poll=0.001)
    with pytest.raises(BadRequestError) as caught:
        job.results()
    assert (caught.value.code, isinstance(caught.value, ConfigurationError)) == (20015, False)
    with pytest.raises(BadRequestError):
        asyncio.run(job.aresults())


def test_only_what_has_no_answer_is_sent_again(state: Path):
    site = Site(faults=["", "batch-expires=1"])
    chain = CHAINS["function_calling"](site.chat())
    given = [{"text": f"The name is Anna, the age is {age}."} for age in range(3)] + INPUTS[2:3]
    job = BatchJob.submit(chain, given, state=state).wait(poll=0.001)
    before = job.results(return_exceptions=True)
    assert sum(isinstance(result, BatchExpiredError) for result in before) == 3
    assert job.resubmit_failed(completion_window="48h").wait(poll=0.001).is_done
    after = job.results(return_exceptions=True)
    assert after[:3] == [Person(name="Anna", age=age) for age in range(3)]
    # An answer that the parser cannot read is one: it is not paid again.
    assert isinstance(after[3], OutputParserException)
    [first, second] = [
        len(path.read_bytes().splitlines())
        for path in sorted(state.with_name("job.json.parts").glob("*.in"))
    ]
    assert (first, second) == (4, 3)


def test_a_cancelled_job_gives_what_is_there(state: Path):
    job = BatchJob.submit(PROMPT | Site().chat(), INPUTS, state=state)
    found = job.cancel().wait(poll=0.001).results(return_exceptions=True)
    assert any(isinstance(result, BatchExpiredError) for result in found)
    assert len(found) == 4


def test_the_asynchronous_twins_do_the_same(state: Path):
    site = Site(faults=["", "batch-expires=1"])
    chain = PROMPT | site.chat() | StrOutputParser()

    async def run() -> BatchJob[str]:
        job = await BatchJob.asubmit(chain, INPUTS[:1] * 3, state=state)
        await job.await_(poll=0.001)
        await (await job.aresubmit_failed()).acancel()
        return await job.await_(poll=0.001)

    job = asyncio.run(run())
    assert job.is_done
    assert len(job.batch_ids) == 2
    assert sum(isinstance(one, str) for one in job.results(return_exceptions=True)) >= 1


def test_progress_is_told_and_a_deadline_ends_the_waiting(state: Path):
    chain = PROMPT | Site().chat()
    job = BatchJob.submit(chain, INPUTS, state=state)
    with pytest.raises(APITimeoutError) as caught:
        job.wait(poll=5, deadline=1)
    assert "wait again" in str(caught.value.hint)
    told: list[str] = []
    job.wait(poll=0.001, on_progress=lambda progress: told.append(str(progress)))
    assert told[-1].startswith("3 of 4 requests done, 1 failed")
    assert repr(job) == f"BatchJob({str(state)!r}: {job.progress})"


@pytest.mark.parametrize("mode", ["sync", "async"])
def test_a_bar_counts_the_requests(mode: str, state: Path, capsys: pytest.CaptureFixture[str]):
    job = BatchJob.submit(PROMPT | Site().chat(), INPUTS, state=state)
    if mode == "sync":
        job.wait(poll=0.001, progress=True)
    else:
        asyncio.run(job.await_(poll=0.001, progress=True))
    assert "4/4" in capsys.readouterr().err


# --- what is sent -------------------------------------------------------------------------------


def bodies(state: Path) -> list[Any]:
    [part] = state.with_name("job.json.parts").glob("*.in")
    return [json.loads(line)["body"] for line in part.read_bytes().splitlines()]


@pytest.mark.parametrize("name", CHAINS)
def test_what_is_sent_is_what_invoke_sends(name: str, state: Path):
    site = Site()
    chain = chain_of(name, site, top_k=7, extra_body={"mine": [1]})
    given: Any = TEXTS[0] if name == "bound outside" else INPUTS[0]
    BatchJob.submit(chain, [given], state=state, allow_unlisted=True)
    with contextlib.suppress(OutputParserException):
        chain.invoke(given)
    assert bodies(state) == [site.simulator.requests[-1].body]


def test_tools_and_schema_are_converted_once_for_all(state: Path, monkeypatch: pytest.MonkeyPatch):
    asked: list[object] = []
    schema = Person.model_json_schema

    def count(*args: Any, **kwargs: Any) -> Any:
        asked.append(args)
        return schema(*args, **kwargs)

    chain = PROMPT | Site().chat().bind(response_format=Person, tools=[weather])
    monkeypatch.setattr(Person, "model_json_schema", count)
    BatchJob.submit(chain, INPUTS * 50, state=state)
    assert len(asked) <= 1
    assert len(bodies(state)) == 200


# --- what the steps are told --------------------------------------------------------------------


def test_callbacks_see_the_usage_and_steps_see_the_configuration(state: Path):
    usage = UsageMetadataCallbackHandler()
    seen: list[Any] = []

    def look(text: str, config: Any) -> str:
        seen.append(config["configurable"]["who"])
        return text

    chain = PROMPT | Site().chat() | StrOutputParser() | RunnableLambda(look)
    config: Any = {"callbacks": [usage], "configurable": {"who": "me"}}
    job = BatchJob.submit(chain, INPUTS[:1] * 2, state=state, config=config)
    assert usage.usage_metadata == {}
    job.wait(poll=0.001).results()
    assert seen == ["me", "me"]
    [told] = usage.usage_metadata.values()
    assert told["output_tokens"] > 0


def test_a_cache_is_left_alone(state: Path):
    set_llm_cache(InMemoryCache())
    try:
        chain = PROMPT | Site().chat() | StrOutputParser()
        given = [INPUTS[0], INPUTS[3]]
        found = BatchJob.submit(chain, given, state=state).wait(poll=0.001).results()
    finally:
        set_llm_cache(None)
    assert found == chain.batch(given)
    assert len(set(found)) == 2


def test_the_chat_that_was_given_stays_as_it_is(state: Path):
    chat = Site().chat(streaming=True)
    before = chat.model_dump(), chat._client, chat._async_client
    BatchJob.submit(chat, ["The sun is hot."], state=state).wait(poll=0.001).results()
    assert (chat.model_dump(), chat._client, chat._async_client) == before


def test_an_asynchronous_step_runs_where_the_job_is_asynchronous(state: Path):
    async def fetch(given: dict[str, str]) -> str:
        return given["text"]

    async def shout(message: AIMessage) -> str:
        return message.text.upper()

    chain = RunnableLambda(fetch) | Site().chat() | RunnableLambda(shout)

    async def run() -> list[str]:
        job = await BatchJob.asubmit(chain, INPUTS[:1], state=state)
        return await (await job.await_(poll=0.001)).aresults()

    [found] = asyncio.run(run())
    assert found == found.upper()
