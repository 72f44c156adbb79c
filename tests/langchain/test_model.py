"""The chat class as a LangChain object: tracing, copies, caches, limits, fallbacks."""

from __future__ import annotations

import asyncio
import copy
import json
import pickle
import time
import warnings
from typing import Any

import httpx
import pytest
from langchain_core.caches import InMemoryCache
from langchain_core.callbacks import BaseCallbackHandler, get_usage_metadata_callback
from langchain_core.load import dumpd, dumps, load
from langchain_core.messages import AIMessage, HumanMessage, SystemMessage, trim_messages
from langchain_core.rate_limiters import BaseRateLimiter
from langchain_core.runnables import ConfigurableField
from langchain_core.tools import tool

from langchain_siliconflow import (
    ChatSiliconFlow,
    ConfigurationError,
    ContextLengthError,
    EmptyAnswerError,
    __version__,
)
from siliconflow_client import known_models
from tests.langchain.wire import (
    MODEL,
    Server,
    by_stream,
    completion,
    end,
    error,
    event,
    model_for,
    plain_s,
    sse,
    stream_s,
)

# --- tracing and serialising ------------------------------------------------------------------


def test_dumpd_holds_no_secret_and_loads_again() -> None:
    model = ChatSiliconFlow(model="m", api_key="sk-secret", temperature=0.5, stop=["a"])
    written = dumps(model)
    assert "sk-secret" not in written
    assert json.loads(written)["kwargs"]["api_key"] == {
        "lc": 1,
        "type": "secret",
        "id": ["SILICONFLOW_API_KEY"],
    }
    headers = {"x-gateway-key": "sk-gateway"}
    with_headers = ChatSiliconFlow(api_key="k", default_headers=headers)
    assert "sk-gateway" not in dumps(with_headers) + repr(with_headers) + str(with_headers)
    again = load(
        json.loads(written),
        secrets_map={"SILICONFLOW_API_KEY": "sk-secret"},
        valid_namespaces=["langchain_siliconflow"],
        allowed_objects=[ChatSiliconFlow],
    )
    assert again.asdict() == model.asdict()
    assert dumpd(again) == dumpd(model)
    assert ChatSiliconFlow.get_lc_namespace() == ["langchain_siliconflow", "chat_models"]
    assert model.lc_secrets == {"api_key": "SILICONFLOW_API_KEY"}


class Started(BaseCallbackHandler):
    def __init__(self) -> None:
        self.metadata: dict[str, Any] = {}
        self.params: dict[str, Any] = {}
        self.responses: list[Any] = []
        self.errors: list[Any] = []

    def on_chat_model_start(self, serialized: Any, messages: Any, **kwargs: Any) -> None:
        self.metadata = kwargs["metadata"]
        self.params = kwargs["invocation_params"]

    def on_llm_end(self, response: Any, **_: Any) -> None:
        self.responses.append(response)

    def on_llm_error(self, error: BaseException, **kwargs: Any) -> None:
        self.errors.append(kwargs["response"])


def test_langsmith_parameters() -> None:
    seen = Started()
    model = model_for(Server(plain_s()), temperature=0.5, max_tokens=9, stop="E")
    model.invoke("x", {"callbacks": [seen]}, model="other")
    assert seen.metadata["ls_provider"] == "siliconflow"
    assert seen.metadata["ls_model_name"] == "other"
    assert seen.metadata["ls_model_type"] == "chat"
    assert seen.metadata["ls_temperature"] == 0.5
    assert seen.metadata["ls_max_tokens"] == 9
    assert seen.metadata["ls_stop"] == ["E"]
    assert seen.params["_type"] == "chat-siliconflow"
    assert "sk-test" not in str(seen.params)


def test_version_stamp() -> None:
    versions = ChatSiliconFlow(api_key="k").metadata["lc_versions"]
    assert versions["siliconflow-integrations"] == __version__
    assert "langchain-core" in versions


def test_llm_output_and_several_prompts() -> None:
    result = model_for(Server(plain_s())).generate([[HumanMessage("a")], [HumanMessage("b")]])
    assert result.llm_output == {
        "token_usage": {
            "prompt_tokens": 34,
            "completion_tokens": 6,
            "total_tokens": 40,
            "prompt_tokens_details": {"cached_tokens": 8},
            "completion_tokens_details": {"reasoning_tokens": 4},
        },
        "model_name": MODEL,
    }


def test_errors_reach_the_tracer_with_body_and_trace_id() -> None:
    seen = Started()
    server = Server(error(400, {"code": 20012, "message": "Model does not exist.", "data": None}))
    with pytest.raises(Exception, match="does not exist"):
        model_for(server).invoke("x", {"callbacks": [seen]})
    metadata = seen.errors[0].generations[0][0].message.response_metadata
    assert metadata["status_code"] == 400
    assert metadata["request_id"] == "ti_1"
    assert metadata["body"]["code"] == 20012


def test_usage_callback() -> None:
    with get_usage_metadata_callback() as counted:
        model_for(Server(plain_s())).invoke("x")
    assert counted.usage_metadata[MODEL]["total_tokens"] == 20


# --- profile and tokens -------------------------------------------------------------------------


@pytest.mark.parametrize("facts", known_models("chat"), ids=lambda facts: facts.id)
def test_profiles_agree_with_the_catalogue(facts: Any) -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        profile = ChatSiliconFlow(model=facts.id, api_key="k").profile
    assert profile["max_input_tokens"] == facts.context_window
    assert profile["tool_calling"] is facts.tools
    assert profile["structured_output"] is (facts.tools and "json_schema" in facts.json_modes)
    assert profile["image_inputs"] is ("image" in facts.inputs)


def test_unknown_models_have_no_profile_and_a_given_one_wins() -> None:
    assert ChatSiliconFlow(model="who/knows", api_key="k").profile is None
    model = ChatSiliconFlow(api_key="k", profile={"max_input_tokens": 5})
    assert model.profile == {"max_input_tokens": 5}


def test_tokens_are_counted_offline() -> None:
    model = ChatSiliconFlow(api_key="k")
    assert 2 <= model.get_num_tokens("four words of text") <= 12
    with_tools = model.get_num_tokens_from_messages([HumanMessage("hi")], tools=[named_tool])
    assert with_tools > model.get_num_tokens_from_messages([HumanMessage("hi")])
    history = [HumanMessage("word " * 100), AIMessage("yes"), HumanMessage("last")]
    counted = ChatSiliconFlow(api_key="k", custom_get_token_ids=lambda text: [0] * len(text))
    assert counted.get_num_tokens("four") == 4
    assert counted.get_num_tokens_from_messages([HumanMessage("hi")]) == len("Human: hi")
    kept = trim_messages(history, token_counter=model, max_tokens=30, start_on="human")
    assert [message.content for message in kept] == ["last"]


@tool
def named_tool(city: str) -> str:
    """Weather of a city."""
    return city


# --- LangChain's machinery -----------------------------------------------------------------------


def test_pickle_and_copies() -> None:
    model = ChatSiliconFlow(model="m", api_key="sk-secret", temperature=0.5)
    again = pickle.loads(pickle.dumps(model))
    assert again.asdict() == model.asdict()
    assert again.api_key == model.api_key
    headers = {"x-gateway-key": "sk-gateway"}
    again = pickle.loads(pickle.dumps(ChatSiliconFlow(api_key="k", default_headers=headers)))
    assert again.default_headers == headers
    assert copy.deepcopy(model).asdict() == model.asdict()
    assert model.model_copy(deep=True).asdict() == model.asdict()


def test_injected_clients_are_shared_by_copies_and_not_pickled() -> None:
    server = Server(plain_s())
    model = model_for(server)
    assert copy.deepcopy(model).invoke("x").content == "Hi"
    assert copy.deepcopy(model).http_client is model.http_client
    with pytest.raises(TypeError, match="http_client"):
        pickle.dumps(model)


def test_cache() -> None:
    server = Server(plain_s())
    model = model_for(server, cache=InMemoryCache())
    assert model.invoke("x") != model.invoke("y")
    first, second = model.invoke("x"), model.invoke("x")
    assert first.content == second.content
    assert len(server.requests) == 2
    model.invoke("x", temperature=0.1)
    assert len(server.requests) == 3


class CountingLimiter(BaseRateLimiter):
    def __init__(self) -> None:
        self.asked = 0

    def acquire(self, *, blocking: bool = True) -> bool:
        self.asked += 1
        return True

    async def aacquire(self, *, blocking: bool = True) -> bool:
        self.asked += 1
        return True


def test_rate_limiter() -> None:
    limiter = CountingLimiter()
    model = model_for(Server(by_stream(plain_s(), stream_s())), rate_limiter=limiter)
    model.invoke("x")
    list(model.stream("x"))
    asyncio.run(model.ainvoke("x"))
    assert limiter.asked == 3


@pytest.mark.parametrize(
    ("fields", "bound", "streams"),
    [
        ({}, {}, True),
        ({"disable_streaming": True}, {}, False),
        ({"disable_streaming": "tool_calling"}, {}, True),
        ({"disable_streaming": "tool_calling"}, {"tools": [named_tool]}, False),
        ({"streaming": False}, {}, False),
        ({"n": 2}, {}, False),
    ],
)
def test_when_stream_streams(fields: Any, bound: Any, streams: bool) -> None:
    server = Server(by_stream(plain_s(), stream_s()))
    list(model_for(server, **fields).bind(**bound).stream("x"))
    assert server.body["stream"] is streams


def test_invoke_streams_when_told_to() -> None:
    server = Server(by_stream(plain_s(), stream_s()))
    model_for(server, streaming=True).invoke("x")
    assert server.body["stream"] is True
    model_for(server).invoke("x", stream=True)
    assert server.body["stream"] is True
    model_for(server, streaming=True).invoke("x", stream=False)
    assert server.body["stream"] is False


@pytest.mark.parametrize("mode", ["sync", "async"])
def test_several_answers(mode: str) -> None:
    server = Server(completion("Hi", choices=2))
    model = model_for(server, n=2)
    prompts = [[HumanMessage("x")]]
    result = model.generate(prompts) if mode == "sync" else asyncio.run(model.agenerate(prompts))
    assert [one.text for one in result.generations[0]] == ["Hi", "Hi"]
    assert server.body["n"] == 2
    used = [one.message.usage_metadata for one in result.generations[0]]
    assert [usage is not None for usage in used] == [True, False]
    with pytest.raises(ConfigurationError, match="cannot be streamed"):
        next(model._stream([HumanMessage("x")]))


def test_fallbacks_and_retry() -> None:
    down = Server(error(503, {"code": 50508, "message": "busy", "data": None}))
    up = Server(plain_s())
    first = model_for(down, max_retries=0)
    assert first.with_fallbacks([model_for(up)]).invoke("x").content == "Hi"
    flaky = Server(error(503, {"code": 50508, "message": "busy", "data": None}), plain_s())
    patient = model_for(flaky, max_retries=0).with_retry(wait_exponential_jitter=False)
    assert patient.invoke("x").content == "Hi"
    assert len(flaky.requests) == 2


def test_configurable_fields() -> None:
    server = Server(plain_s())
    model = model_for(server).configurable_fields(
        temperature=ConfigurableField(id="t"), model_name=ConfigurableField(id="m")
    )
    model.with_config(configurable={"t": 0.25, "m": "other"}).invoke("x")
    assert (server.body["temperature"], server.body["model"]) == (0.25, "other")


def test_model_override_is_reflected() -> None:
    server = Server(lambda request: completion(model=json.loads(request.content)["model"]))
    answer = model_for(server).invoke("x", model="other")
    assert answer.response_metadata["model_name"] == "other"


def test_batch() -> None:
    server = Server(plain_s())
    assert [answer.content for answer in model_for(server).batch(["a", "b", "c"])] == ["Hi"] * 3


def test_developer_role_is_sent_as_system() -> None:
    server = Server(plain_s())
    message = SystemMessage("s", additional_kwargs={"__openai_role__": "developer"})
    model_for(server).invoke([message, "x"])
    assert server.body["messages"][0] == {"role": "system", "content": "s"}


def test_construction_is_cheap() -> None:
    ChatSiliconFlow(api_key="k")
    started = time.process_time()  # of this process: a busy machine is no failure
    for _ in range(50):
        ChatSiliconFlow(api_key="k")
    assert (time.process_time() - started) / 50 < 0.001


def test_streams_that_hold_nothing_are_an_error_where_that_is_asked_for() -> None:
    server = Server(sse("data: [DONE]\n\n"))
    with pytest.raises(EmptyAnswerError) as caught:
        list(model_for(server, max_retries=0, empty_answers="raise").stream("x"))
    assert caught.value.is_retryable
    (only,) = model_for(server, max_retries=0).stream("x")
    assert (only.text, only.chunk_position) == ("", "last")


@pytest.mark.parametrize("streamed", [False, True])
def test_logprobs(streamed: bool) -> None:
    wanted = {"content": [{"token": "Hi", "logprob": -0.1}]}

    def answer(request: httpx.Request) -> httpx.Response:
        body = completion("Hi").json()
        body["choices"][0]["logprobs"] = wanted
        if not streamed:
            return httpx.Response(200, json=body)
        chunk = event({"content": "Hi"}).removeprefix("data: ")
        piece = json.loads(chunk)
        piece["choices"][0]["logprobs"] = wanted
        return sse(f"data: {json.dumps(piece)}\n\n", end())

    model = model_for(Server(answer), logprobs=True)
    message = model.invoke("x", stream=streamed)
    assert message.response_metadata["logprobs"] == wanted


def test_closing(simulator_url: str) -> None:
    model = ChatSiliconFlow(api_key="k", base_url=simulator_url)
    model.close()  # nothing is open yet
    model.invoke("Hi")
    assert model._client._pool is not None
    pool = model._client._pool.get()
    model.close()
    assert pool.is_closed
    assert model.invoke("Hi").text, "a later call opens a new pool"
    model.close()

    async def use_and_close() -> bool:
        await model.ainvoke("Hi")
        loops = model._async_client._pools
        assert loops is not None
        (opened,) = (pool for pool, _ in loops._pools.values())
        await model.aclose()
        return opened.is_closed

    assert asyncio.run(use_and_close())


def test_context_overflow_class_is_in_both_trees() -> None:
    server = Server(
        error(400, "max_total_tokens (33802) must be less than or equal to max_seq_len (32768)")
    )
    with pytest.raises(ContextLengthError):
        model_for(server).invoke("x")


def test_an_httpx_timeout_object_is_taken() -> None:
    server = Server(plain_s())
    model_for(server, timeout=httpx.Timeout(3, read=9)).invoke("x")
    assert server.requests[0].extensions["timeout"]["read"] == 9
