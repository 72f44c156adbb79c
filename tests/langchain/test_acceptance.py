"""The twenty cases that a first-class provider has to get exactly right, one test or more each."""

from __future__ import annotations

import asyncio
import json
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from functools import reduce
from itertools import pairwise
from operator import add
from typing import Any, TypedDict

import httpx
import pytest
from langchain.agents import create_agent
from langchain_core.callbacks import BaseCallbackHandler, get_usage_metadata_callback
from langchain_core.documents import Document
from langchain_core.exceptions import (
    ContextOverflowError,
    ModelAPIError,
    ModelAuthenticationError,
    ModelConnectionError,
    ModelError,
    ModelTimeoutError,
    OutputParserException,
)
from langchain_core.load import dumpd
from langchain_core.messages import AIMessage, HumanMessage, ToolMessage
from langchain_core.runnables import RunnableBinding
from langchain_tests.utils.stream_lifecycle import assert_valid_event_stream
from pydantic import BaseModel, Field

from langchain_siliconflow import ChatSiliconFlow, SiliconFlowEmbeddings, SiliconFlowRerank
from siliconflow_client import SiliconFlowError
from tests.interpreters import LANGCHAIN, loaded_after
from tests.langchain.wire import (
    FIXTURE_S,
    MODEL,
    TRACE,
    Server,
    call,
    completion,
    end,
    error,
    event,
    model_for,
    plain_s,
    sse,
    stream_s,
    tool_delta,
)

USAGE = {
    "input_tokens": 17,
    "output_tokens": 3,
    "total_tokens": 20,
    "input_token_details": {"cache_read": 4},
    "output_token_details": {"reasoning": 2},
}


def test_case_01_stream_and_sum() -> None:
    chunks = list(model_for(Server(stream_s())).stream("x"))
    total = reduce(add, chunks)
    assert total.content == "Hi"
    assert total.additional_kwargs == {"reasoning_content": "Let me."}
    assert total.usage_metadata == USAGE
    assert sum(chunk.usage_metadata is not None for chunk in chunks) == 1
    assert total.response_metadata["model_name"] == MODEL
    assert total.response_metadata["finish_reason"] == "stop"
    assert total.response_metadata["model_provider"] == "siliconflow"
    assert total.response_metadata["trace_id"] == TRACE
    assert chunks[-1].chunk_position == "last"


def test_case_02_invoke_gives_the_same() -> None:
    streamed = reduce(add, model_for(Server(stream_s())).stream("x"))
    answer = model_for(Server(plain_s())).invoke("x")
    assert isinstance(answer.content, str)
    assert answer.content == streamed.content
    assert answer.additional_kwargs == streamed.additional_kwargs
    assert answer.usage_metadata == streamed.usage_metadata
    for key in ("model_name", "finish_reason", "model_provider", "trace_id"):
        assert answer.response_metadata[key] == streamed.response_metadata[key]
    assert [block["type"] for block in answer.content_blocks] == ["reasoning", "text"]


def test_case_03_stream_events_v3() -> None:
    stream = model_for(Server(stream_s())).stream_events("x", version="v3")
    assert_valid_event_stream(list(stream))
    assert [block["type"] for block in stream.output.content] == ["reasoning", "text"]
    assert stream.output.usage_metadata == USAGE


# Cases 4, 5, 6 and 8 on every surface: test_surfaces.py. Here as the reference writes them.


def test_case_04_text_then_tool_call_in_pieces() -> None:
    pieces = [
        event({"content": "Let me check."}),
        event(tool_delta("", index=0, id="c1", name="get_weather")),
        event(tool_delta('{"city": "Par', index=0, id="", name="")),
        event(tool_delta('is"}', index=0)),
        end("tool_calls"),
    ]
    total = reduce(add, model_for(Server(sse(*pieces)), output_version="v1").stream("x"))
    assert total.tool_calls == [
        {"name": "get_weather", "args": {"city": "Paris"}, "id": "c1", "type": "tool_call"}
    ]
    assert [block["type"] for block in total.content_blocks] == ["text", "tool_call"]


def test_case_05_text_and_two_interleaved_calls() -> None:
    pieces = [
        event(
            {
                "content": "Both.",
                **tool_delta("", index=0, id="c1", type="function", name="get_weather"),
            }
        ),
        event(tool_delta('{"zone": ', index=1, id="c2", name="get_time")),
        event(tool_delta('{"city": ', index=0)),
        event(tool_delta('"CET"}', index=1)),
        event(tool_delta('"Paris"}', index=0)),
        end("tool_calls"),
    ]
    total = reduce(add, model_for(Server(sse(*pieces))).stream("x"))
    assert sorted(
        (c["id"], c["name"], c["args"]["city" if c["id"] == "c1" else "zone"])
        for c in total.tool_calls
    ) == [
        ("c1", "get_weather", "Paris"),
        ("c2", "get_time", "CET"),
    ]


def test_case_06_no_index_and_null_id() -> None:
    pieces = [
        event(tool_delta('{"city": ', id="c1", name="get_weather")),
        event(tool_delta('"Paris"}', id=None)),
        end("tool_calls"),
    ]
    total = reduce(add, model_for(Server(sse(*pieces))).stream("x"))
    assert [(c["name"], c["args"]) for c in total.tool_calls] == [
        ("get_weather", {"city": "Paris"})
    ]


def test_case_07_invalid_arguments_are_kept_and_sent_back_inside_an_object() -> None:
    server = Server(completion("", tool_calls=[call("f", "{bad"), call("g", "[1]", "c2")]))
    model = model_for(server)
    answer = model.invoke("x")
    assert answer.tool_calls == []
    first, second = answer.invalid_tool_calls
    assert (first["name"], first["id"], first["args"]) == ("f", "c1", "{bad")
    assert "not JSON" in str(first["error"])
    assert (second["name"], second["args"]) == ("g", "[1]")
    model.invoke(["x", answer, ToolMessage("wrong", tool_call_id="c1")])
    sent = server.body["messages"][1]["tool_calls"]
    assert [json.loads(one["function"]["arguments"]) for one in sent] == [
        {"__invalid_arguments__": "{bad"},
        {"__invalid_arguments__": "[1]"},
    ]


def test_case_08_cut_off_arguments() -> None:
    cut = '{"target": "a'
    answer = model_for(
        Server(completion("", tool_calls=[call("delete", cut)], finish="length"))
    ).invoke("x")
    assert answer.tool_calls == []
    assert len(answer.invalid_tool_calls) == 1
    assert answer.response_metadata["finish_reason"] == "length"
    pieces = [event(tool_delta(cut, index=0, id="c1", name="delete")), end("length")]
    output = model_for(Server(sse(*pieces))).stream_events("x", version="v3").output
    assert output.tool_calls == []
    assert len(output.invalid_tool_calls) == 1


@pytest.mark.parametrize("output_version", [None, "v1"])
def test_case_09_reasoning_goes_back_on_every_turn_with_tool_calls(
    output_version: str | None,
) -> None:
    server = Server(
        completion(
            "I will use a tool.",
            reasoning="Think.",
            tool_calls=[call("get_weather", '{"city": "Paris"}')],
        ),
        completion("Sunny."),
    )

    def get_weather(city: str) -> str:
        """Weather of a city."""
        return "sunny"

    agent = create_agent(model_for(server, output_version=output_version), [get_weather])
    state = agent.invoke({"messages": [HumanMessage("Weather?")]})
    assert server.body["messages"][1] == {
        "role": "assistant",
        "content": "I will use a tool.",
        "tool_calls": [call("get_weather", '{"city": "Paris"}')],
        "reasoning_content": "Think.",
    }
    agent.invoke({"messages": [*state["messages"], HumanMessage("And Rome?")]})
    later = server.bodies[2]["messages"][1]
    assert later["tool_calls"] == [call("get_weather", '{"city": "Paris"}')]
    assert later["reasoning_content"] == "Think."
    assert "reasoning_content" not in server.bodies[2]["messages"][3]


def test_case_10_usage_callback_around_a_streaming_agent() -> None:
    first = sse(
        event({"content": None, "reasoning_content": "Let me."}),
        event(tool_delta("{}", index=0, id="c1", name="now")),
        end("tool_calls"),
    )

    def now() -> str:
        """Time of day."""
        return "noon"

    agent = create_agent(model_for(Server(first, stream_s())), [now])
    with get_usage_metadata_callback() as counted:
        list(agent.stream({"messages": [HumanMessage("x")]}, stream_mode="messages"))
    assert counted.usage_metadata == {
        MODEL: {
            "input_tokens": 34,
            "output_tokens": 6,
            "total_tokens": 40,
            "input_token_details": {"cache_read": 8},
            "output_token_details": {"reasoning": 4},
        }
    }


def test_case_11_exact_request_body() -> None:
    server = Server(plain_s())
    model = ChatSiliconFlow(
        model="m",
        max_tokens=7,
        enable_thinking=False,
        thinking_budget=256,
        min_p=0.05,
        top_k=20,
        stop=["E"],
        **server.clients,
    )
    model.invoke("x", temperature=0)
    assert server.body == {
        "model": "m",
        "messages": [{"role": "user", "content": "x"}],
        "stream": False,
        "max_tokens": 7,
        "enable_thinking": False,
        "thinking_budget": 256,
        "min_p": 0.05,
        "top_k": 20,
        "stop": ["E"],
        "temperature": 0,
    }


class GetWeather(BaseModel):
    """Weather of a city."""

    city: str


def test_case_12_tools_on_the_wire() -> None:
    server = Server(plain_s())
    model = model_for(server)
    bound = model.bind_tools([GetWeather], tool_choice="any", strict=True)
    assert isinstance(bound, RunnableBinding)
    bound.invoke("x")
    assert server.body["tool_choice"] == "required"
    function = server.body["tools"][0]["function"]
    assert function["strict"] is True
    assert function["parameters"]["additionalProperties"] is False

    model.bind_tools([GetWeather], tool_choice="GetWeather").invoke("x")
    assert server.body["tool_choice"] == {"type": "function", "function": {"name": "GetWeather"}}

    form = {"type": "json_schema", "json_schema": {"name": "A", "schema": {"type": "object"}}}
    model.bind_tools([], response_format=form).invoke("x")
    assert server.body["response_format"] == form
    assert "tools" not in server.body


class Joke(BaseModel):
    """A joke."""

    setup: str = Field(description="how it begins")
    punchline: str


class JokeDict(TypedDict):
    """A joke."""

    setup: str
    punchline: str


JOKE = {"setup": "a", "punchline": "b"}
SCHEMAS: dict[str, Any] = {
    "pydantic": Joke,
    "typeddict": JokeDict,
    "json schema": {**Joke.model_json_schema()},
}
METHODS = ["function_calling", "json_schema", "json_mode"]


def joke_answer(method: str, name: str, text: str = json.dumps(JOKE)) -> httpx.Response:
    if method == "function_calling":
        return completion("", tool_calls=[call(name, text)])
    return completion(text)


@pytest.mark.parametrize("include_raw", [False, True])
@pytest.mark.parametrize("schema", SCHEMAS)
@pytest.mark.parametrize("method", METHODS)
def test_case_13_structured_output(method: Any, schema: str, include_raw: bool) -> None:
    name = "JokeDict" if schema == "typeddict" else "Joke"
    server = Server(joke_answer(method, name))
    chain = model_for(server).with_structured_output(
        SCHEMAS[schema], method=method, include_raw=include_raw
    )
    result = chain.invoke("x")
    parsed = result["parsed"] if include_raw else result
    assert parsed == (Joke(**JOKE) if schema == "pydantic" else JOKE)
    if include_raw:
        assert isinstance(result["raw"], AIMessage)
        assert result["parsing_error"] is None
    if method == "json_schema":
        form = server.body["response_format"]
        assert form["type"] == "json_schema"
        assert form["json_schema"]["name"] == name
        assert set(form["json_schema"]) == {"name", "schema"}
        assert set(form["json_schema"]["schema"]["properties"]) == {"setup", "punchline"}


@pytest.mark.parametrize("method", METHODS)
def test_case_13_bad_json_is_an_error_that_include_raw_keeps(method: Any) -> None:
    server = Server(joke_answer(method, "Joke", '{"setup": "a", "punch'))
    result = (
        model_for(server).with_structured_output(Joke, method=method, include_raw=True).invoke("x")
    )
    assert result["parsed"] is None
    assert isinstance(result["parsing_error"], OutputParserException)
    with pytest.raises(OutputParserException):
        model_for(server).with_structured_output(Joke, method=method).invoke("x")


def test_case_13_strict_is_sent_only_when_given() -> None:
    server = Server(joke_answer("json_schema", "Joke"))
    for strict in (True, False):
        model_for(server).with_structured_output(Joke, method="json_schema", strict=strict).invoke(
            "x"
        )
        assert server.body["response_format"]["json_schema"]["strict"] is strict


def test_case_14_media_blocks() -> None:
    server = Server(plain_s())
    url = "https://example.com/film.mp4"
    wav = {"type": "audio_url", "audio_url": {"url": "data:audio/wav;base64,AA"}}
    message = HumanMessage(
        [
            {"type": "text", "text": "What is it?"},
            {"type": "video", "url": url, "extras": {"fps": 1, "detail": "low"}},
            {"type": "audio", "base64": "AA", "mime_type": "audio/wav"},
            {"type": "image", "base64": "AA", "mime_type": "image/png"},
        ]
    )
    model_for(server).invoke([message])
    assert server.body["messages"][0]["content"] == [
        {"type": "text", "text": "What is it?"},
        {"type": "video_url", "video_url": {"url": url, "fps": 1, "detail": "low"}},
        wav,
        {"type": "image_url", "image_url": {"url": "data:image/png;base64,AA"}},
    ]
    openai = {"type": "input_audio", "input_audio": {"data": "AA", "format": "wav"}}
    model_for(server).invoke([HumanMessage([openai])])
    assert server.body["messages"][0]["content"] == [wav]


OVERFLOW = {
    "code": 20015,
    "message": "length of prompt_tokens (57535) must be less than max_seq_len (32768).",
    "data": None,
}


class Waits:
    """Stands for sleeping: keeps how long was waited."""

    def __init__(self, model: ChatSiliconFlow) -> None:
        self.seconds: list[float] = []
        model._client._sleep = self.seconds.append
        model._async_client._sleep = self._later

    async def _later(self, seconds: float) -> None:
        self.seconds.append(seconds)


def ask(model: ChatSiliconFlow, mode: str) -> AIMessage:
    return model.invoke("x") if mode == "sync" else asyncio.run(model.ainvoke("x"))


@pytest.mark.parametrize("mode", ["sync", "async"])
def test_case_15_wrong_key(mode: str) -> None:
    server = Server(error(401, "Invalid token"))
    model = model_for(server)
    with pytest.raises(ModelAuthenticationError) as caught:
        ask(model, mode)
    assert isinstance(caught.value, SiliconFlowError)
    assert caught.value.is_retryable is False
    assert len(server.requests) == 1
    assert "api.siliconflow.cn" in str(caught.value)
    assert TRACE in str(caught.value)
    assert caught.value.response.status_code == 401
    assert caught.value.request_id == TRACE
    for text in (str(caught.value), repr(caught.value), repr(model)):
        assert "sk-test" not in text


@pytest.mark.parametrize("mode", ["sync", "async"])
def test_case_15_rate_limit_then_success(mode: str) -> None:
    busy = error(429, {"message": "rate limiting", "data": None}, **{"retry-after": "1"})
    server = Server(busy, plain_s())
    model = model_for(server)
    waits = Waits(model)
    assert ask(model, mode).content == "Hi"
    assert len(server.requests) == 2
    assert sum(waits.seconds) >= 1


@pytest.mark.parametrize("mode", ["sync", "async"])
def test_case_15_overloaded_to_the_end(mode: str) -> None:
    server = Server(error(503, {"code": 50508, "message": "System is too busy now.", "data": None}))
    model = model_for(server, max_retries=2)
    Waits(model)
    with pytest.raises(ModelAPIError) as caught:
        ask(model, mode)
    assert len(server.requests) == 3
    assert caught.value.is_retryable is True


@pytest.mark.parametrize("mode", ["sync", "async"])
def test_case_15_context_overflow(mode: str) -> None:
    server = Server(error(400, OVERFLOW))
    with pytest.raises(ContextOverflowError) as caught:
        ask(model_for(server), mode)
    assert caught.value.is_retryable is False
    assert len(server.requests) == 1


@pytest.mark.parametrize("mode", ["sync", "async"])
def test_case_15_read_timeout(mode: str) -> None:
    model = model_for(Server(httpx.ReadTimeout("slow")), max_retries=0)
    with pytest.raises(ModelTimeoutError) as caught:
        ask(model, mode)
    assert caught.value.phase == "read"
    assert isinstance(caught.value.__cause__, httpx.ReadTimeout)


@pytest.mark.parametrize("mode", ["sync", "async"])
def test_case_16_error_inside_a_stream(mode: str) -> None:
    line = json.dumps({"code": 50505, "message": "Model service overloaded.", "data": None})
    model = model_for(Server(sse(event({"content": "He"}), f"data: {line}\n\n")))
    heard: list[Any] = []
    config: Any = {"callbacks": [Listener(heard)]}

    async def read() -> None:
        async for _ in model.astream("x", config):
            pass

    with pytest.raises(ModelAPIError):
        asyncio.run(read()) if mode == "async" else list(model.stream("x", config))
    assert heard == ["He"]


class Listener(BaseCallbackHandler):
    def __init__(self, heard: list[Any]) -> None:
        self.heard = heard

    def on_llm_new_token(self, token: Any, **_: Any) -> None:
        self.heard.append(token)


def test_case_16_a_stream_without_an_end() -> None:
    server = Server(sse(event({"content": "He"})))
    with pytest.raises(ModelConnectionError) as caught:
        list(model_for(server).stream("x"))
    assert caught.value.partial == "He"
    assert len(server.requests) == 1


def sliced(body: bytes, cuts: list[int]) -> Iterator[bytes]:
    edges = [0, *cuts, len(body)]
    return (body[a:b] for a, b in pairwise(edges))


@pytest.mark.parametrize("style", ["one block", "split", "crlf", "tight", "comments"])
def test_case_16_any_framing_gives_the_same(style: str) -> None:
    text = "".join(FIXTURE_S).replace("Hi", "Hí")
    if style == "crlf":
        text = text.replace("\n", "\r\n")
    elif style == "tight":
        text = text.replace("data: ", "data:")
    elif style == "comments":
        text = ": keep-alive\n\n" + text.replace("\n\n", "\n\n: ping\n\n")
    body = text.encode()
    inside = body.index("í".encode()) + 1
    pieces = list(sliced(body, [inside])) if style == "split" else [body]
    answer = httpx.Response(
        200, headers={"content-type": "text/event-stream"}, content=iter(pieces)
    )
    total = reduce(add, model_for(Server(lambda _: answer)).stream("x"))
    assert total.content == "Hí"
    assert total.additional_kwargs == {"reasoning_content": "Let me."}


def test_case_17_every_event_loop_works(loopback: Any) -> None:
    url = loopback(plain_s())
    model = ChatSiliconFlow(model=MODEL, api_key="sk-test", base_url=url, max_retries=0)
    assert [asyncio.run(model.ainvoke("x")).content for _ in range(4)] == ["Hi"] * 4


def test_case_17_leaving_a_stream_early_closes_it() -> None:
    closed: list[str] = []

    class Body(httpx.SyncByteStream, httpx.AsyncByteStream):
        def __iter__(self) -> Iterator[bytes]:
            for part in FIXTURE_S:
                yield part.encode()

        async def __aiter__(self) -> Any:
            for part in FIXTURE_S:
                yield part.encode()

        def close(self) -> None:
            closed.append("sync")

        async def aclose(self) -> None:
            closed.append("async")

    headers = {"content-type": "text/event-stream"}
    model = model_for(Server(lambda _: httpx.Response(200, headers=headers, stream=Body())))

    for _ in model.stream("x"):
        break
    assert closed == ["sync"]

    async def leave() -> None:
        stream = model.astream("x")
        async for _ in stream:
            break
        await stream.aclose()

    asyncio.run(leave())
    assert closed == ["sync", "async"]


def test_case_17_eight_threads_share_a_model() -> None:
    model = model_for(Server(plain_s()))
    together = threading.Barrier(8)

    def work(_: int) -> Any:
        together.wait(10)
        return [model.invoke("x").content for _ in range(5)]

    with ThreadPoolExecutor(8) as pool:
        assert list(pool.map(work, range(8))) == [["Hi"] * 5] * 8


def test_case_18_no_other_providers_key(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OPENAI_API_KEY", "sk-openai")
    with pytest.raises(ValueError, match="SILICONFLOW_API_KEY"):
        ChatSiliconFlow(model=MODEL)


@pytest.mark.parametrize(
    "url",
    [
        "https://api.siliconflow.cn",
        "https://api.siliconflow.cn/",
        "https://api.siliconflow.cn/v1",
        "https://api.siliconflow.cn/v1/chat/completions",
    ],
)
def test_case_18_base_url_forms(url: str) -> None:
    server = Server(plain_s())
    model_for(server, base_url=url).invoke("x")
    assert str(server.requests[0].url) == "https://api.siliconflow.cn/v1/chat/completions"


def test_case_18_the_key_is_masked() -> None:
    model = ChatSiliconFlow(model=MODEL, api_key="sk-secret-value")
    for text in (repr(model), str(model), json.dumps(dumpd(model)), str(model.asdict())):
        assert "sk-secret-value" not in text


def vectors(request: httpx.Request) -> httpx.Response:
    texts = json.loads(request.content)["input"]
    data = [
        {"object": "embedding", "index": number, "embedding": [int(text), 0.5]}
        for number, text in enumerate(texts)
    ]
    counts = {"prompt_tokens": 1, "completion_tokens": 0, "total_tokens": 1}
    return httpx.Response(
        200, json={"object": "list", "model": "m", "data": data[::-1], "usage": counts}
    )


@pytest.mark.parametrize("mode", ["sync", "async"])
def test_case_19_embeddings(mode: str) -> None:
    server = Server(vectors)
    embeddings = SiliconFlowEmbeddings(model="m", dimensions=512, **server.clients)
    texts = [str(number) for number in range(70)]
    if mode == "sync":
        result = embeddings.embed_documents(texts)
        nothing = embeddings.embed_documents([])
    else:
        result = asyncio.run(embeddings.aembed_documents(texts))
        nothing = asyncio.run(embeddings.aembed_documents([]))
    assert sorted(len(body["input"]) for body in server.bodies) == [6, 32, 32]
    assert [vector[0] for vector in result] == [float(text) for text in texts]
    assert all(isinstance(number, float) for vector in result for number in vector)
    assert nothing == []
    assert all(body["dimensions"] == 512 for body in server.bodies)
    assert all("encoding_format" not in body for body in server.bodies)


@pytest.mark.parametrize("mode", ["sync", "async"])
def test_case_20_rerank(mode: str) -> None:
    hits = [{"index": 2, "relevance_score": 0.9}, {"index": 0, "relevance_score": 0.5}]
    server = Server(httpx.Response(200, json={"id": "1", "results": hits}))
    reranker = SiliconFlowRerank(top_n=2, **server.clients)
    documents = [Document(text, metadata={"source": text.lower()}) for text in "ABC"]
    if mode == "sync":
        ranked = reranker.compress_documents(documents, "q")
        nothing = reranker.compress_documents([], "q")
    else:
        ranked = asyncio.run(reranker.acompress_documents(documents, "q"))
        nothing = asyncio.run(reranker.acompress_documents([], "q"))
    assert [(one.page_content, one.metadata) for one in ranked] == [
        ("C", {"source": "c", "relevance_score": 0.9}),
        ("A", {"source": "a", "relevance_score": 0.5}),
    ]
    assert [one.metadata for one in documents] == [{"source": s} for s in "abc"]
    assert list(nothing) == []
    assert len(server.requests) == 1


def test_case_20_the_package_imports_no_heavy_stacks() -> None:
    loaded = loaded_after("ChatSiliconFlow(api_key='sk-test')", LANGCHAIN)
    assert "langchain_siliconflow.chat_models" in loaded
    assert not loaded & {"openai", "langchain_openai", "numpy", "tiktoken"}


def test_every_error_is_a_model_error() -> None:
    for status in (400, 401, 402, 403, 404, 409, 410, 413, 418, 429, 451, 500, 503, 504):
        server = Server(error(status, {"code": 1, "message": "no", "data": None}))
        with pytest.raises(ModelError) as caught:
            model_for(server, max_retries=0).invoke("x")
        assert caught.value.response.status_code == status
