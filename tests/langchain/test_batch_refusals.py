"""What a batch cannot do is refused by name, before anything is sent."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from langchain_core.exceptions import ModelInvalidRequestError
from langchain_core.language_models import FakeListChatModel
from langchain_core.output_parsers import StrOutputParser
from langchain_core.prompts import ChatPromptTemplate
from langchain_core.runnables import (
    ConfigurableField,
    RunnableBranch,
    RunnableLambda,
    RunnableParallel,
    RunnablePassthrough,
)
from langchain_core.runnables.history import RunnableWithMessageHistory

from langchain_siliconflow import BatchJob, ConfigurationError, SiliconFlowLLM
from tests.langchain.test_batches import INPUTS, MODEL, OTHER, PROMPT, Site

FAKE = FakeListChatModel(responses=["a"])
LLM = SiliconFlowLLM(model=MODEL, api_key="sk-any")


@pytest.fixture
def state(tmp_path: Path) -> Path:
    return tmp_path / "job.json"


CHAINS: dict[str, tuple[Any, str]] = {
    "a parallel": (
        lambda chat: PROMPT | {"a": chat, "b": RunnablePassthrough()},
        "RunnableParallel",
    ),
    "two models": (
        lambda chat: PROMPT | chat | StrOutputParser() | chat,
        r"2 models \(ChatSiliconFlow, ChatSiliconFlow\)",
    ),
    "two branches": (lambda chat: RunnableParallel(a=chat, b=chat), "2 models"),
    "a loop": (lambda chat: chat.map(), "RunnableEach"),
    "retries": (lambda chat: PROMPT | chat.with_retry(), "RunnableRetry"),
    "fallbacks of a chain": (
        lambda chat: (PROMPT | chat).with_fallbacks([RunnableLambda(str)]),
        "RunnableWithFallbacks",
    ),
    "fallbacks": (lambda chat: PROMPT | chat.with_fallbacks([chat]), "2 models"),
    "a branch": (
        lambda chat: RunnableBranch((lambda given: True, chat), lambda given: given),
        "RunnableBranch",
    ),
    "an assignment": (
        lambda chat: RunnablePassthrough.assign(answer=PROMPT | chat),
        "RunnableAssign",
    ),
    "a function": (
        lambda chat: PROMPT | RunnableLambda(chat.invoke),
        "RunnableLambda",
    ),
    "a history": (
        lambda chat: RunnableWithMessageHistory(chat, lambda session: None),
        "RunnableWithMessageHistory",
    ),
    "another model": (lambda chat: PROMPT | FAKE, "FakeListChatModel"),
    "texts": (lambda chat: LLM | StrOutputParser(), "SiliconFlowLLM"),
    "another alternative": (
        lambda chat: (
            PROMPT
            | chat.configurable_alternatives(ConfigurableField("who"), other=FAKE).with_config(
                configurable={"who": "other"}
            )
        ),
        "FakeListChatModel",
    ),
    "none": (lambda chat: PROMPT | RunnableLambda(str), "no model"),
    "no chain": (lambda chat: "chain", "str"),
}


@pytest.mark.filterwarnings("ignore:RunnableWithMessageHistory is deprecated")
@pytest.mark.parametrize("name", CHAINS)
def test_a_chain_that_cannot_be_split_is_refused_by_name(name: str, state: Path):
    make, words = CHAINS[name]
    site = Site()
    chain = make(site.chat())
    with pytest.raises(ConfigurationError, match=words) as caught:
        BatchJob.submit(chain, INPUTS, state=state)
    assert caught.value.argument == "chain"
    assert isinstance(caught.value, ModelInvalidRequestError)
    assert (site.asked, list(state.parent.iterdir())) == ([], [])
    with pytest.raises(ConfigurationError, match=words):
        BatchJob.resume(chain, state)


@pytest.mark.parametrize(
    ("settings", "given", "argument"),
    [
        ({"n": 2}, "x", "requests[1].n"),
        ({"model": "Qwen/Qwen3-8B"}, "x", "requests[1].model"),
        ({"temperature": 9}, [("ai", "x")], "requests[1].messages"),
        ({"extra_body": {"n": 2}}, "x", "requests[1].n"),
        ({}, [("human", "x"), ("ai", "y")], "requests[1].messages"),
        ({}, 3, "inputs"),
    ],
)
def test_what_the_batch_api_would_refuse_is_refused_by_name(
    settings: dict[str, Any], given: Any, argument: str, state: Path
):
    site = Site()
    wrong = site.chat(**{name: value for name, value in settings.items() if name != "n"})
    bound = wrong.bind(n=settings["n"]) if "n" in settings else wrong

    def inputs() -> Any:
        yield "fine" if given == 3 else given
        yield given

    expected = argument.replace("[1]", "[0]")
    with pytest.raises(ConfigurationError) as caught:
        BatchJob.submit(bound, inputs(), state=state)
    assert (caught.value.argument, site.asked) == (expected, [])


def test_an_input_that_a_step_refuses_is_named_and_nothing_is_sent(state: Path):
    site = Site()
    with pytest.raises(KeyError) as caught:
        BatchJob.submit(PROMPT | site.chat(), [INPUTS[0], {"test": "x"}], state=state)
    assert caught.value.__notes__[-1] == "inputs[1] became no request. Nothing was sent."
    assert site.asked == []
    # Nothing stands in the way of the next try.
    BatchJob.submit(PROMPT | site.chat(), INPUTS, state=state)


def test_one_alternative_of_several_models_is_asked(state: Path):
    site = Site()
    chat = site.chat().configurable_alternatives(
        ConfigurableField("who"), default_key="first", other=site.chat(model=OTHER)
    )
    config: Any = {"configurable": {"who": "other"}}
    job = BatchJob.submit(PROMPT | chat, INPUTS[:1], state=state, config=config)
    [found] = job.wait(poll=0.001).results()
    assert found.response_metadata["model_name"] == OTHER


def test_a_prompt_alone_is_no_place_for_a_model():
    with pytest.raises(ConfigurationError, match="no model"):
        BatchJob.resume(ChatPromptTemplate([("human", "x")]), "nowhere.json")
