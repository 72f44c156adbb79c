"""One error, two trees; and what LangChain's middleware makes of it."""

from __future__ import annotations

import asyncio
import copy
import inspect
import pickle
import subprocess
import sys
import traceback
from typing import Any

import httpx
import pytest
from langchain.agents import create_agent
from langchain.agents.middleware import (
    ModelRetryMiddleware,
    SummarizationMiddleware,
    summarization,
)
from langchain_core import exceptions as core
from langchain_core.messages import AIMessage, HumanMessage
from pydantic import BaseModel

import langchain_siliconflow
import siliconflow_client
from langchain_siliconflow import (
    APIStatusError,
    ChatSiliconFlow,
    ConfigurationError,
    RateLimitError,
    SiliconFlowEmbeddings,
    SiliconFlowError,
    SiliconFlowLLM,
    SiliconFlowRerank,
)
from langchain_siliconflow._errors import FAMILY, both, family_of, langchain_errors, to_langchain
from tests.langchain.wire import (
    TRACE,
    Server,
    by_stream,
    completion,
    error,
    model_for,
    plain_s,
    sse,
    stream_s,
)

CLIENT_ERRORS = [
    value
    for name in siliconflow_client.__all__
    if inspect.isclass(value := getattr(siliconflow_client, name))
    and issubclass(value, SiliconFlowError)
]


def hasty_model_for(server: Server, **fields: Any) -> ChatSiliconFlow:
    """Make a model that does not wait between its attempts."""
    model = model_for(server, **fields)
    model._client._sleep = lambda _: None
    return model


@pytest.mark.parametrize("cls", CLIENT_ERRORS, ids=lambda cls: cls.__name__)
def test_every_client_error_belongs_to_a_family_of_langchains(cls: type[SiliconFlowError]) -> None:
    twin = both(cls)
    assert issubclass(twin, cls)
    assert issubclass(twin, core.ModelError)
    assert getattr(langchain_siliconflow, cls.__name__) is cls
    assert cls.__name__ in langchain_siliconflow.__all__


@pytest.mark.parametrize("cls", CLIENT_ERRORS, ids=lambda cls: cls.__name__)
def test_no_class_is_left_with_the_family_of_the_root(cls: type[SiliconFlowError]) -> None:
    """A class that the client adds beside the others needs a line in the table."""
    told_for = next(base for base in cls.__mro__ if base in FAMILY)
    assert told_for is not SiliconFlowError or cls is SiliconFlowError
    assert family_of(cls) is not core.ModelError or cls in {SiliconFlowError, APIStatusError}


def raised(error: SiliconFlowError) -> SiliconFlowError:
    with pytest.raises(SiliconFlowError) as caught, langchain_errors():
        raise error
    return caught.value


def test_an_error_keeps_its_data_and_travels() -> None:
    original = RateLimitError("no", status_code=429, code=50602, trace_id="ti", hint="wait")
    told, data = str(original), dict(original.__dict__)
    twin = raised(original)
    for again in (twin, pickle.loads(pickle.dumps(twin)), copy.copy(twin), copy.deepcopy(twin)):
        assert type(again) is type(twin)
        assert isinstance(again, RateLimitError)
        assert isinstance(again, core.ModelRateLimitError)
        assert again.__dict__ == data
        assert again.args == original.args
        assert str(again) == told
    assert to_langchain(twin) is twin


@pytest.mark.parametrize("cls", CLIENT_ERRORS, ids=lambda cls: cls.__name__)
def test_every_error_travels_to_another_process(cls: type[SiliconFlowError]) -> None:
    """As a process pool's worker does it: nothing of this process is there."""
    error = cls.__new__(cls, "what happened")
    error.message, error.hint, error.host = "what happened", None, "h"
    error.model, error.trace_id = None, "ti"
    error.__dict__ |= {"status_code": 500, "code": None, "retry_after": None}
    code = (
        "import pickle, sys; e = pickle.load(sys.stdin.buffer);"
        "from langchain_core.exceptions import ModelError;"
        f"from langchain_siliconflow import {cls.__name__} as C;"
        "print(isinstance(e, C), isinstance(e, ModelError), type(e).__qualname__, str(e))"
    )
    done = subprocess.run(
        [sys.executable, "-c", code],
        input=pickle.dumps(to_langchain(error)),
        capture_output=True,
        check=False,
    )
    assert done.stdout.decode().startswith(f"True True {cls.__name__} "), done.stderr.decode()
    assert "what happened" in done.stdout.decode()


def test_a_class_the_client_adds_later_is_still_a_model_error() -> None:
    class TooHotError(siliconflow_client.ServerError):
        pass

    class NewKindError(SiliconFlowError, TimeoutError):
        pass

    assert isinstance(raised(TooHotError("hot", status_code=599)), core.ModelAPIError)
    late = raised(NewKindError("late"))
    assert isinstance(late, core.ModelError)
    assert isinstance(late, TimeoutError)


@pytest.mark.parametrize("cls", [RateLimitError, core.ModelRateLimitError, SiliconFlowError])
def test_either_trees_class_catches(cls: type[Exception]) -> None:
    model = hasty_model_for(Server(error(429, {"message": "rate limiting"})), max_retries=0)
    try:
        model.invoke("x")
    except cls as caught:
        assert type(caught).__name__ == "RateLimitError"  # noqa: PT017 - `except` is what is tested
    else:
        pytest.fail("nothing was raised")


FAILURES: dict[str, Any] = {
    "status": (error(429, {"code": 50603, "message": "No more tokens today."}), "No more tokens"),
    "transport": (httpx.ReadTimeout("the socket was slow"), "no byte"),
    "html": (httpx.Response(200, text="<html>"), "HTML"),
}


@pytest.mark.parametrize("surface", ["invoke", "ainvoke", "stream", "astream"])
@pytest.mark.parametrize("failure", FAILURES)
def test_a_traceback_tells_the_failure_once(failure: str, surface: str) -> None:
    answer, _ = FAILURES[failure]
    model = hasty_model_for(Server(answer), max_retries=0)

    async def pieces() -> None:
        async for _ in model.astream("x"):
            pass

    with pytest.raises(SiliconFlowError) as caught:
        if surface == "invoke":
            model.invoke("x")
        elif surface == "stream":
            list(model.stream("x"))
        else:
            asyncio.run(model.ainvoke("x") if surface == "ainvoke" else pieces())
    lines = "".join(traceback.format_exception(caught.value)).splitlines()
    assert sum(caught.value.message in line for line in lines) == 1
    assert lines[-1] == f"langchain_siliconflow.{type(caught.value).__name__}: {caught.value}"
    told = [line for line in lines if line.startswith(("langchain_siliconflow.", "siliconflow_"))]
    assert len(told) == 1
    assert isinstance(caught.value.__cause__, httpx.ReadTimeout) is (failure == "transport")


def test_a_wrong_argument_is_told_once_and_briefly() -> None:
    model = hasty_model_for(Server(plain_s()))
    with pytest.raises(ConfigurationError) as caught:
        model.invoke("x", temprature=1)
    text = "".join(traceback.format_exception(caught.value))
    assert text.count("has no keyword") == 1
    assert "The above exception" not in text
    assert "another exception occurred" not in text


SECRET = "sk-very-secret"
WRONG: dict[str, dict[str, Any]] = {
    "temperature": {"temperature": "hot"},
    "max_tokens": {"max_tokens": "many"},
    "stop": {"stop": 5},
    "api_key": {"api_key": {"key": SECRET}},
    "default_headers": {"default_headers": {"x-key": 5, "authorization": [SECRET]}},
    "default_headers as text": {"default_headers": f"authorization: {SECRET}"},
    "timeout": {"timeout": "soon"},
    "model_kwargs": {"model_kwargs": SECRET},
    "extra_body": {"extra_body": [SECRET]},
    "model": {"model": 5},
    "base_url": {"base_url": 5},
}


@pytest.mark.parametrize("name", WRONG)
@pytest.mark.parametrize(
    "cls", [ChatSiliconFlow, SiliconFlowLLM, SiliconFlowEmbeddings, SiliconFlowRerank]
)
def test_a_wrong_setting_is_a_configuration_error_without_its_value(cls: Any, name: str) -> None:
    given = WRONG[name]
    keyword = name.partition(" ")[0]
    with pytest.raises(ConfigurationError) as caught:
        cls(**{"api_key": "sk-test", **given})
    assert isinstance(caught.value, ValueError)
    assert isinstance(caught.value, core.ModelInvalidRequestError)
    assert keyword in str(caught.value)
    text = "".join(traceback.format_exception(caught.value)) + repr(caught.value)
    assert SECRET not in text.replace(f'"{SECRET}"', "")
    assert caught.value.__context__ is None
    assert caught.value.__cause__ is None


def test_pydantic_itself_tells_no_value_either() -> None:
    """A model that is a field of the user's own settings class is made by pydantic."""

    class Settings(BaseModel):
        chat: ChatSiliconFlow

    given = {"api_key": "k", "default_headers": {"authorization": [SECRET]}}
    with pytest.raises(ValueError, match="default_headers") as caught:
        ChatSiliconFlow.model_validate(given)
    assert SECRET not in str(caught.value)


BAD_CALLS: dict[str, dict[str, Any]] = {
    "temperature": {"temperature": "hot"},
    "timeout": {"timeout": "soon"},
    "deadline": {"deadline": -1},
    "max_retries": {"max_retries": 1.5},
    "headers": {"headers": {"x": 5}},
    "headers as text": {"headers": "x: 5"},
    "stop": {"stop": 5},
    "tools": {"tools": 5},
    "tool": {"tools": [5]},
    "tool_choice": {"tool_choice": 5},
    "response_format": {"response_format": 5},
    "extra_body": {"extra_body": "text"},
    "model": {"model": 5},
    "n": {"n": "two"},
    "strict": {"response_format": {"title": "x"}, "strict": "yes"},
}


@pytest.mark.parametrize("name", BAD_CALLS)
@pytest.mark.parametrize("surface", ["invoke", "stream"])
def test_a_wrong_argument_of_a_call_is_ours(surface: str, name: str) -> None:
    server = Server(by_stream(plain_s(), stream_s()))
    model = hasty_model_for(server)
    with pytest.raises(ConfigurationError):
        if surface == "invoke":
            model.invoke("x", **BAD_CALLS[name])
        else:
            list(model.stream("x", **BAD_CALLS[name]))
    assert server.requests == []


class Unwritable:
    """A thing that no JSON schema describes."""


def takes_unwritable(x: Unwritable) -> str:
    """Take it."""
    return str(x)


@pytest.mark.parametrize("tools", [5, [5], [None], ["get_weather"], [{}], [{"type": "function"}]])
def test_a_wrong_tool_is_ours(tools: Any) -> None:
    with pytest.raises(ConfigurationError):
        hasty_model_for(Server(plain_s())).bind_tools(tools)


def test_a_tool_whose_arguments_have_no_schema_is_ours() -> None:
    with pytest.raises(ConfigurationError, match="takes_unwritable"):
        hasty_model_for(Server(plain_s())).bind_tools([takes_unwritable])


@pytest.mark.parametrize("schema", [5, "Person", ["name"], {"title": "x", "type": "array"}])
@pytest.mark.parametrize("method", ["function_calling", "json_schema"])
def test_a_wrong_schema_is_ours(schema: Any, method: Any) -> None:
    with pytest.raises(ConfigurationError):
        hasty_model_for(Server(plain_s())).with_structured_output(schema, method=method)


def test_other_exceptions_pass_untouched() -> None:
    with pytest.raises(KeyError), langchain_errors():
        raise KeyError("x")


STATUSES: list[tuple[int, Any, type[BaseException], bool]] = [
    (400, {"code": 20015, "message": "bad"}, core.ModelInvalidRequestError, False),
    (400, {"code": 20012, "message": "Model does not exist."}, core.ModelNotFoundError, False),
    (
        400,
        {"code": 20015, "message": "number of input tokens (9) has exceeded max_prompt_tokens (8)"},
        core.ContextOverflowError,
        False,
    ),
    (401, "Invalid token", core.ModelAuthenticationError, False),
    (402, {"code": 30001, "message": "balance"}, core.ModelPermissionDeniedError, False),
    (403, {"code": 30003, "message": "Model disabled."}, core.ModelPermissionDeniedError, False),
    (404, "404 page not found", core.ModelNotFoundError, False),
    (410, {"code": 20092, "message": "retired"}, core.ModelInvalidRequestError, False),
    (413, {"code": 20042, "message": "too large"}, core.ModelInvalidRequestError, False),
    (429, {"message": "rate limiting", "data": None}, core.ModelRateLimitError, True),
    (451, {"code": 20021, "message": "no"}, core.ModelInvalidRequestError, False),
    (500, {"code": 50507, "message": "Unknown error."}, core.ModelAPIError, True),
    (503, {"code": 50508, "message": "busy"}, core.ModelAPIError, True),
    (504, "<html>timeout</html>", core.ModelAPIError, True),
]


@pytest.mark.parametrize(("status", "body", "cls", "retryable"), STATUSES)
def test_statuses(status: int, body: Any, cls: type[core.ModelError], retryable: bool) -> None:
    server = Server(error(status, body))
    for surface in (lambda m: m.invoke("x"), lambda m: list(m.stream("x"))):
        with pytest.raises(cls) as caught:
            surface(hasty_model_for(server, max_retries=0))
        assert isinstance(caught.value, APIStatusError)
        assert caught.value.is_retryable is retryable
        assert caught.value.request_id == TRACE
        assert caught.value.response is not None
        assert caught.value.response.status_code == status
        assert caught.value.__cause__ is None


@pytest.mark.parametrize(
    ("answer", "cls"),
    [
        (httpx.ConnectError("refused"), core.ModelConnectionError),
        (httpx.ReadTimeout("slow"), core.ModelTimeoutError),
        (httpx.Response(200, text="<html>"), core.ModelAPIError),
        (httpx.Response(200, json={"choices": []}), core.ModelAPIError),
        (sse("data: {broken\n\n"), core.ModelAPIError),
    ],
    ids=["refused", "timeout", "html", "no choices", "broken line"],
)
def test_what_is_no_status(answer: Any, cls: type[BaseException]) -> None:
    model = hasty_model_for(Server(answer), max_retries=0)
    streamed = isinstance(answer, httpx.Response) and "event" in answer.headers.get(
        "content-type", ""
    )
    with pytest.raises(cls):
        list(model.stream("x")) if streamed else model.invoke("x")


# --- middleware ------------------------------------------------------------------------------------

OVERFLOW = error(
    400,
    {
        "code": 20015,
        "message": "length of prompt_tokens (57535) must be less than max_seq_len (32768).",
        "data": None,
    },
)


def test_the_retry_middleware_retries_exactly_what_can_help() -> None:
    for status, body, _, retryable in STATUSES:
        server = Server(error(status, body), plain_s())
        agent = create_agent(
            hasty_model_for(server, max_retries=0),
            [],
            middleware=[ModelRetryMiddleware(max_retries=1, initial_delay=0, on_failure="error")],
        )
        if retryable:
            answer = agent.invoke({"messages": ["x"]})["messages"][-1]
            assert answer.content == "Hi", (status, body)
        else:
            with pytest.raises(core.ModelError):
                agent.invoke({"messages": ["x"]})
        assert len(server.requests) == 1 + retryable, (status, body)


@pytest.mark.skipif(
    not hasattr(summarization, "ContextOverflowError"),
    reason="this LangChain's middleware does not send a shorter text after an overflow",
)
@pytest.mark.parametrize("mode", ["sync", "async"])
def test_the_summarisation_middleware_recovers_from_a_context_overflow(mode: str) -> None:
    """The history is too long even to summarise; LangChain then sends a shorter one."""
    summaries = Server(OVERFLOW, completion("Ann asked for one."))
    server = Server(plain_s())
    middleware = SummarizationMiddleware(
        model=hasty_model_for(summaries), trigger=("messages", 3), keep=("messages", 1)
    )
    agent = create_agent(hasty_model_for(server), [], middleware=[middleware])
    history = [HumanMessage("one " * 2000), AIMessage("two"), HumanMessage("three")]
    given: Any = {"messages": history}
    state = agent.invoke(given) if mode == "sync" else asyncio.run(agent.ainvoke(given))
    assert state["messages"][-1].content == "Hi"
    first, second = (len(str(body["messages"])) for body in summaries.bodies)
    assert second < first
    assert "Ann asked for one." in str(server.body["messages"])
    assert "one one" not in str(server.body["messages"])


def test_the_profile_sets_the_summarisation_trigger() -> None:
    model = hasty_model_for(Server(plain_s()))
    middleware = SummarizationMiddleware(model=model, trigger=("fraction", 0.5))
    agent = create_agent(model, [], middleware=[middleware])
    assert agent.invoke({"messages": ["x"]})["messages"][-1].content == "Hi"
