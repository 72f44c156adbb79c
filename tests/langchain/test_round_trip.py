"""What came of the API goes back as it came, by way of LangChain's messages and their stored form."""

from __future__ import annotations

import functools
import operator

import pytest
from hypothesis import given, settings
from langchain_core.messages import (
    AIMessage,
    HumanMessage,
    ToolMessage,
    messages_from_dict,
    messages_to_dict,
)

from langchain_siliconflow import ChatSiliconFlow
from tests.round_trips import Api, Said, answers

API = Api()
CHAT = ChatSiliconFlow(**API.settings)


@pytest.mark.parametrize("streamed", [False, True], ids=["whole", "streamed"])
@pytest.mark.parametrize("version", ["v0", "v1"])
@settings(max_examples=40)
@given(said=answers())
def test_an_answer_goes_back_as_it_came(streamed: bool, version: str, said: Said) -> None:
    API.said = said
    chat = CHAT.model_copy(update={"output_version": version})
    answer = functools.reduce(operator.add, chat.stream("Hi")) if streamed else chat.invoke("Hi")
    assert isinstance(answer, AIMessage)
    (stored,) = messages_from_dict(messages_to_dict([answer]))
    results = [ToolMessage("done", tool_call_id=id) for id in said.ids]
    chat.invoke([HumanMessage("Hi"), stored, *results, *([] if results else [HumanMessage("on")])])
    asked, turn, *rest = API.body["messages"]
    assert asked == {"role": "user", "content": "Hi"}
    API.check(turn)
    assert [one["tool_call_id"] for one in rest if one["role"] == "tool"] == said.ids
