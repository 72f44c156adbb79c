"""Annotations can be evaluated, which LangChain does with the methods of a model that falls back."""

from __future__ import annotations

import subprocess
import sys
import typing
from typing import Any

import pytest
from langchain_core.runnables import RunnableWithFallbacks
from pydantic import BaseModel

import langchain_siliconflow
from langchain_siliconflow import ChatSiliconFlow, SiliconFlowLLM
from tests.annotations import check_annotations, public_callables
from tests.langchain.wire import MODEL, Server, call, completion, error

CALLABLES = dict(public_callables(langchain_siliconflow))


def test_the_walk_finds_what_users_call() -> None:
    assert {
        "ChatSiliconFlow",
        "ChatSiliconFlow.bind_tools",
        "ChatSiliconFlow.with_structured_output",
        "ChatSiliconFlow.model",
        "SiliconFlowRerank.arerank",
        "SiliconFlowEmbeddings.embed_query",
        "SiliconFlowLLM.get_num_tokens",
        "RateLimitError",
        "register_provider",
    } <= set(CALLABLES)


@pytest.mark.parametrize("name", CALLABLES)
def test_annotations_can_be_evaluated(name: str) -> None:
    check_annotations(CALLABLES[name])


@pytest.mark.parametrize("name", ["_generate", "_agenerate", "_stream", "_astream"])
@pytest.mark.parametrize("cls", [ChatSiliconFlow, SiliconFlowLLM])
def test_so_can_those_of_the_methods_that_langchain_calls(cls: type, name: str) -> None:
    assert "return" in typing.get_type_hints(getattr(cls, name))


def test_evaluating_them_is_what_loads_the_types() -> None:
    code = (
        "import sys, typing; from langchain_siliconflow import ChatSiliconFlow as C;"
        "before = 'langchain_core.tools' in sys.modules;"
        "typing.get_type_hints(C.bind_tools);"
        "print(before, 'langchain_core.tools' in sys.modules)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout == "False True\n"


class Person(BaseModel):
    """A person."""

    name: str


def get_weather(city: str) -> str:
    """Get the weather of a city."""
    return city


def falling_back(second: Server) -> Any:
    first = Server(error(401, "Invalid token"))
    return ChatSiliconFlow(model=MODEL, **first.clients).with_fallbacks(
        [ChatSiliconFlow(model="other", **second.clients)]
    )


def test_tools_are_bound_to_the_fallback_too() -> None:
    second = Server(completion(None, tool_calls=[call("get_weather", '{"city": "Paris"}')]))
    bound = falling_back(second).bind_tools([get_weather])
    assert isinstance(bound, RunnableWithFallbacks)
    answer = bound.invoke("Weather?")
    assert answer.tool_calls[0]["args"] == {"city": "Paris"}
    assert second.body["tools"][0]["function"]["name"] == "get_weather"
    assert second.body["model"] == "other"


def test_structured_output_falls_back_too() -> None:
    second = Server(completion(None, tool_calls=[call("Person", '{"name": "Ann"}')]))
    chain = falling_back(second).with_structured_output(Person)
    assert isinstance(chain, RunnableWithFallbacks)
    assert chain.invoke("Who?") == Person(name="Ann")
    assert second.body["model"] == "other"
    raw = falling_back(second).with_structured_output(Person, include_raw=True).invoke("Who?")
    assert raw["parsed"] == Person(name="Ann")
