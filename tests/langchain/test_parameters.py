"""Every parameter that the client's request types name reaches the wire, in every way to give it."""

from __future__ import annotations

from typing import Any

import pytest

from langchain_siliconflow import ChatSiliconFlow, ConfigurationError, SiliconFlowLLM
from tests.langchain.test_llms import ANSWERS
from tests.langchain.wire import MODEL, Server, plain_s, stream_s
from tests.parameters import CHAT_PARAMETERS, COMPLETION_PARAMETERS, value_of

# Tools belong to a call, not to the model: LangChain's own `bind_tools` gives them so.
OF_A_CALL = {"tools", "tool_choice"}
FIELDS = [name for name in CHAT_PARAMETERS if name not in OF_A_CALL]


def chat(server: Server, **fields: Any) -> ChatSiliconFlow:
    return ChatSiliconFlow(**{"model": MODEL, **server.clients, **fields})


@pytest.mark.parametrize("way", ["constructor", "bind", "call", "model_kwargs"])
@pytest.mark.parametrize("name", FIELDS)
def test_a_chat_parameter_is_sent(name: str, way: str) -> None:
    server = Server(plain_s())
    given = {name: value_of(name)}
    if way == "constructor":
        chat(server, **given).invoke("x")
    elif way == "bind":
        chat(server).bind(**given).invoke("x")
    elif way == "call":
        chat(server).invoke("x", **given)
    else:
        chat(server, model_kwargs=given).invoke("x")
    assert server.body[name] == value_of(name)
    assert set(server.body) == {"model", "messages", "stream", name}


@pytest.mark.parametrize("name", FIELDS)
def test_a_chat_parameter_is_sent_with_a_stream(name: str) -> None:
    server = Server(stream_s())
    list(chat(server, **{name: value_of(name)}).stream("x"))
    assert server.body[name] == value_of(name)
    assert server.body["stream"] is True


@pytest.mark.parametrize("way", ["bind", "call"])
def test_tools_and_their_choice_are_sent(way: str) -> None:
    server = Server(plain_s())
    given = {name: value_of(name) for name in sorted(OF_A_CALL)}
    if way == "bind":
        chat(server).bind(**given).invoke("x")
    else:
        chat(server).invoke("x", **given)
    assert {name: server.body[name] for name in given} == given


def llm(server: Server, endpoint: str, **fields: Any) -> SiliconFlowLLM:
    return SiliconFlowLLM(model=MODEL, endpoint=endpoint, **server.clients, **fields)


ONLY_OF_COMPLETIONS = set(COMPLETION_PARAMETERS) - set(CHAT_PARAMETERS)


@pytest.mark.parametrize("streamed", [False, True], ids=["invoke", "stream"])
@pytest.mark.parametrize("way", ["constructor", "bind", "call"])
@pytest.mark.parametrize("endpoint", ["completions", "chat"])
@pytest.mark.parametrize("name", COMPLETION_PARAMETERS)
def test_a_parameter_of_a_completion_is_sent(
    name: str, endpoint: str, way: str, streamed: bool
) -> None:
    server = Server(ANSWERS[endpoint])
    given = {name: value_of(name)}

    def ask() -> None:
        model: Any = llm(server, endpoint, **(given if way == "constructor" else {}))
        if way == "bind":
            model = model.bind(**given)
        call = given if way == "call" else {}
        list(model.stream("x", **call)) if streamed else model.invoke("x", **call)

    if endpoint == "chat" and name in ONLY_OF_COMPLETIONS:
        with pytest.raises(ConfigurationError, match=rf'{name}.*"completions"'):
            ask()
        assert server.requests == []
    else:
        ask()
        assert server.body[name] == value_of(name)
