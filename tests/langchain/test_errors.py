"""One error, two trees; and what LangChain's middleware makes of it."""

from __future__ import annotations

import asyncio
import copy
import inspect
import pickle
from typing import Any

import httpx
import pytest
from langchain.agents import create_agent
from langchain.agents.middleware import ModelRetryMiddleware, SummarizationMiddleware
from langchain_core import exceptions as core
from langchain_core.messages import AIMessage, HumanMessage

import langchain_siliconflow
import siliconflow_client
from langchain_siliconflow import ChatSiliconFlow
from langchain_siliconflow._errors import _TWINS, langchain_errors, to_langchain
from siliconflow_client import APIStatusError, SiliconFlowError
from tests.langchain.wire import MODEL, TRACE, Server, completion, error, plain_s, sse

CLIENT_ERRORS = [
    value
    for name in siliconflow_client.__all__
    if inspect.isclass(value := getattr(siliconflow_client, name))
    and issubclass(value, SiliconFlowError)
    and value is not SiliconFlowError  # the root: nothing raises it
]


def model_for(server: Server, **fields: Any) -> ChatSiliconFlow:
    model = ChatSiliconFlow(**{"model": MODEL, **server.clients, **fields})
    model._client._sleep = lambda _: None
    return model


@pytest.mark.parametrize("cls", CLIENT_ERRORS, ids=lambda cls: cls.__name__)
def test_every_client_error_has_a_twin_in_both_trees(cls: type[SiliconFlowError]) -> None:
    twin = _TWINS[cls]
    assert issubclass(twin, cls)
    assert issubclass(twin, core.ModelError)
    assert getattr(langchain_siliconflow, twin.__name__) is twin


def test_an_error_keeps_its_data_and_travels() -> None:
    original = APIStatusError("no", status_code=429, code=50602, trace_id="ti", hint="wait")
    twin = to_langchain(original)
    assert isinstance(twin, core.ModelError)
    for again in (twin, pickle.loads(pickle.dumps(twin)), copy.copy(twin), copy.deepcopy(twin)):
        assert type(again) is type(twin)
        assert isinstance(again, APIStatusError)
        assert again.__dict__ == original.__dict__
        assert str(again) == str(original)
    assert to_langchain(twin) is twin


def test_a_class_the_client_adds_later_is_still_a_model_error() -> None:
    class TooHotError(siliconflow_client.ServerError):
        pass

    twin = to_langchain(TooHotError("hot", status_code=599))
    assert isinstance(twin, core.ModelAPIError)


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
            surface(model_for(server, max_retries=0))
        assert isinstance(caught.value, APIStatusError)
        assert caught.value.is_retryable is retryable
        assert caught.value.request_id == TRACE
        assert caught.value.response is not None
        assert caught.value.response.status_code == status
        assert isinstance(caught.value.__cause__, SiliconFlowError)


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
    model = model_for(Server(answer), max_retries=0)
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
            model_for(server, max_retries=0),
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


@pytest.mark.parametrize("mode", ["sync", "async"])
def test_the_summarisation_middleware_recovers_from_a_context_overflow(mode: str) -> None:
    """The history is too long even to summarise; LangChain then sends a shorter one."""
    summaries = Server(OVERFLOW, completion("Ann asked for one."))
    server = Server(plain_s())
    middleware = SummarizationMiddleware(
        model=model_for(summaries), trigger=("messages", 3), keep=("messages", 1)
    )
    agent = create_agent(model_for(server), [], middleware=[middleware])
    history = [HumanMessage("one " * 2000), AIMessage("two"), HumanMessage("three")]
    given: Any = {"messages": history}
    state = agent.invoke(given) if mode == "sync" else asyncio.run(agent.ainvoke(given))
    assert state["messages"][-1].content == "Hi"
    first, second = (len(str(body["messages"])) for body in summaries.bodies)
    assert second < first
    assert "Ann asked for one." in str(server.body["messages"])
    assert "one one" not in str(server.body["messages"])


def test_the_profile_sets_the_summarisation_trigger() -> None:
    model = model_for(Server(plain_s()))
    middleware = SummarizationMiddleware(model=model, trigger=("fraction", 0.5))
    agent = create_agent(model, [], middleware=[middleware])
    assert agent.invoke({"messages": ["x"]})["messages"][-1].content == "Hi"
