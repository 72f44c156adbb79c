"""The two clients do the same; opening, closing, sharing, and what a call may change."""

from __future__ import annotations

import asyncio
import gc
import inspect
import json
import pickle
import subprocess
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import httpx
import pytest

from siliconflow_client import (
    AsyncSiliconFlowClient,
    AsyncStream,
    CallOptions,
    ChatCompletion,
    ClientConfig,
    EmbeddingResult,
    ModelCard,
    RerankResult,
    ServerError,
    SiliconFlowClient,
    Stream,
    TextCompletion,
    __version__,
)
from siliconflow_simulator import Simulator
from tests.client.callers import CALLS, HI, KEY, PATHS, Caller, answering
from tests.double import Asked, Double
from tests.fixtures import INDEX

both = pytest.mark.parametrize("kind", ["sync", "async"])

ANSWERS = {
    "chat": "chat/nonstream_default.json",
    "complete": "completions/nonstream.json",
    "embed": "embeddings/float.json",
    "rerank": "rerank/no_documents.json",
    "models": "models/list.json",
}
RESULTS = {
    "chat": ChatCompletion,
    "complete": TextCompletion,
    "embed": EmbeddingResult,
    "rerank": RerankResult,
    "models": list,
}
STREAM = INDEX["stream/reasoning_deepseek_r1.sse"].content


def answer(asked: Asked) -> httpx.Response:
    """Answer every endpoint with a fixture."""
    if b'"stream":true' in asked.content:
        headers = {"content-type": "text/event-stream"}
        return httpx.Response(200, headers=headers, content=STREAM)
    method = next(m for m, path in PATHS.items() if asked.path == f"/v1{path}")
    return httpx.Response(200, json=INDEX[ANSWERS[method]].json())


# --- the same in both -----------------------------------------------------------------------


def test_both_clients_have_the_same_methods_and_arguments():
    def methods(cls: type[Any]) -> dict[str, list[tuple[str, Any, Any]]]:
        return {
            name.replace("aclose", "close"): [
                (p.name, p.kind, p.default) for p in inspect.signature(value).parameters.values()
            ]
            for name, value in inspect.getmembers(cls, inspect.isfunction)
            if not name.startswith("_")
        }

    assert methods(SiliconFlowClient) == methods(AsyncSiliconFlowClient)
    many = {"chat_many", "complete_many", "embed_many", "rerank_many"}
    others = {"stream_chat", "stream_complete", "media_tools", "close"}
    assert set(PATHS) | others | many == set(methods(SiliconFlowClient))


@both
@pytest.mark.parametrize("method", PATHS)
async def test_each_endpoint(kind: str, method: str):
    server = Double(answer)
    async with Caller(kind, server) as ask:
        result = await ask(method, **CALLS[method])
    assert isinstance(result, RESULTS[method])
    (request,) = server.requests
    assert str(request.url) == f"https://api.siliconflow.cn/v1{PATHS[method]}"
    assert request.method == ("GET" if method == "models" else "POST")
    assert request.headers["authorization"] == f"Bearer {KEY}"
    assert request.headers["accept"] == "application/json"
    assert request.headers["user-agent"] == f"siliconflow-integrations/{__version__}"
    assert request.headers["host"] == "api.siliconflow.cn"


@pytest.mark.parametrize("method", PATHS)
async def test_both_clients_send_and_read_the_same(method: str):
    outcomes = []
    for kind in ("sync", "async"):
        server = Double(answer)
        async with Caller(kind, server) as ask:
            result = await ask(method, **CALLS[method])
        (request,) = server.requests
        headers = dict(request.headers)
        outcomes.append((result, request.method, request.url, headers, request.content))
    assert outcomes[0] == outcomes[1]


async def test_both_streams_give_the_same():
    outcomes = []
    for kind in ("sync", "async"):
        async with Caller(kind, Double(answer)) as ask:
            told = await ask.stream(**HI)
        outcomes.append((told.deltas, told.id, told.model, told.usage, told.trace_id))
    assert outcomes[0] == outcomes[1]
    assert len(outcomes[0][0]) == 22


@both
async def test_against_the_simulator(kind: str):
    """A whole conversation with a server that reads what we send."""
    async with Caller(kind, _simulated) as ask:
        cards = await ask("models", sub_type="chat")
        answer = await ask("chat", **HI)
        told = await ask.stream(**HI)
        vectors = (await ask("embed", **CALLS["embed"])).vectors
        hits = (await ask("rerank", **CALLS["rerank"])).results
    assert all(isinstance(card, ModelCard) for card in cards)
    assert answer.text == told.text != ""
    assert answer.usage.total_tokens == answer.usage.prompt_tokens + answer.usage.completion_tokens
    assert told.error is None
    assert [len(vector) for vector in vectors] == [1024, 1024]
    assert sorted(hit.index for hit in hits) == [0, 1, 2]


def _simulated(request: httpx.Request) -> httpx.Response:
    handler = Simulator().transport().handler
    answer = handler(request)
    assert isinstance(answer, httpx.Response)
    return answer


# --- options of one call --------------------------------------------------------------------


@both
async def test_headers_of_one_call(kind: str):
    server = Double(answer)
    settings = {"default_headers": {"X-Team": "a", "X-Kept": "k"}, "framework": "f/1"}
    async with Caller(kind, server, **settings) as ask:
        await ask("chat", **HI, options=CallOptions(headers={"x-team": "b", "X-Once": "c"}))
        await ask("chat", **HI)
    first, second = (request.headers for request in server.requests)
    assert (first["x-team"], first["x-once"], first["x-kept"]) == ("b", "c", "k")
    assert (second["x-team"], second["x-kept"]) == ("a", "k")
    assert "x-once" not in second
    assert second["user-agent"].endswith(" f/1")


@both
@pytest.mark.parametrize(("of_client", "of_call", "tries"), [(3, None, 4), (3, 0, 1), (0, 2, 3), (0, None, 1)])  # fmt: skip
async def test_retries_of_one_call(kind: str, of_client: int, of_call: int | None, tries: int):
    sent: list[httpx.Request] = []

    def fail(request: httpx.Request) -> httpx.Response:
        sent.append(request)
        return httpx.Response(500)

    async with Caller(kind, fail, max_retries=of_client) as ask:
        with pytest.raises(ServerError) as caught:
            await ask("chat", **HI, options=CallOptions(max_retries=of_call))
    assert len(sent) == tries
    travelled = pickle.loads(pickle.dumps(caught.value))
    assert travelled.attempts == tries
    assert (f" This was attempt {tries}." in str(travelled)) is (tries > 1)
    assert len({request.content for request in sent}) == 1
    assert all(0 <= wait <= 0.5 * 2**n for n, wait in enumerate(ask.waits))


@both
async def test_the_timeout_of_one_call(kind: str):
    seen: list[Any] = []

    def note(request: httpx.Request) -> httpx.Response:
        seen.append(request.extensions["timeout"]["read"])
        return answering(INDEX["chat/nonstream_default.json"].content)(request)

    async with Caller(kind, note) as ask:
        await ask("chat", **HI)
        await ask("chat", **HI, options=CallOptions(timeout=4.0))
        await ask("chat", **HI, options=CallOptions(timeout=httpx.Timeout(6.0)))
        await ask("chat", **HI)
    assert seen == [300.0, 4.0, 6.0, 300.0]


@both
async def test_what_an_injected_client_adds_is_kept(kind: str):
    server = Double(answer)
    async with Caller(kind, server) as ask:
        assert ask.http is not None
        ask.http.headers["x-proxy"] = "p"
        ask.http.params = ask.http.params.set("tenant", "t")
        await ask("chat", **HI)
    assert server.requests[0].headers["x-proxy"] == "p"
    assert server.requests[0].headers["user-agent"].startswith("siliconflow-integrations/")


# --- opening and closing --------------------------------------------------------------------

CONSTRUCTING = """
import sys
from siliconflow_client import AsyncSiliconFlowClient, ClientConfig, SiliconFlowClient
config = ClientConfig(api_key="sk-x")
clients = [SiliconFlowClient(config), AsyncSiliconFlowClient(config), SiliconFlowClient(api_key="sk-x")]
repr(clients)
loaded = {"httpx", "ssl", "asyncio", "aiohttp", "httpx_aiohttp"} & set(sys.modules)
assert not loaded, loaded
"""


def test_constructing_imports_no_http_and_opens_nothing():
    done = subprocess.run(
        [sys.executable, "-c", CONSTRUCTING], capture_output=True, text=True, check=False
    )
    assert (done.returncode, done.stderr) == (0, "")


@both
async def test_an_injected_client_is_never_closed(kind: str):
    async with Caller(kind, Double(answer)) as ask:
        client, http = ask.client, ask.http
        if isinstance(client, SiliconFlowClient):
            with client:
                await ask("chat", **HI)
            client.close()
        else:
            async with client:
                await ask("chat", **HI)
            await client.aclose()
        assert http is not None
        assert not http.is_closed
        assert (await ask("chat", **HI)).text
    assert http.is_closed


@both
async def test_a_context_manager_gives_the_client(kind: str):
    client = (
        SiliconFlowClient(api_key=KEY) if kind == "sync" else AsyncSiliconFlowClient(api_key=KEY)
    )
    if isinstance(client, SiliconFlowClient):
        with client as entered:
            assert entered is client
    else:
        async with client as entered:
            assert entered is client


@both
async def test_nothing_is_sent_before_a_stream_is_read(kind: str):
    server = Double(answer)
    async with Caller(kind, server) as ask:
        stream = ask.client.stream_chat(**HI)
        assert (stream.id, stream.model, stream.usage, stream.trace_id) == ("", "", None, None)
        assert server.requests == []
        if isinstance(stream, Stream):
            assert next(stream).reasoning == "We"
            assert stream.id
            assert stream.usage is not None
            assert stream.usage.total_tokens > 0
            stream.close()
        else:
            assert isinstance(stream, AsyncStream)
            assert (await anext(stream)).reasoning == "We"
            assert stream.id
            await stream.aclose()
    assert len(server.requests) == 1


class Watched(httpx.SyncByteStream, httpx.AsyncByteStream):
    """A body that tells whether it was closed."""

    def __init__(self) -> None:
        self.closed = 0
        self.read = 0

    def __iter__(self):
        for line in STREAM.splitlines(keepends=True):
            self.read += 1
            yield line

    async def __aiter__(self):
        for line in self:
            yield line

    def close(self) -> None:
        self.closed += 1

    async def aclose(self) -> None:
        self.closed += 1


@both
@pytest.mark.parametrize("take", [1, 5, None])
async def test_a_body_is_closed_once_it_is_left(kind: str, take: int | None):
    body = Watched()

    def answer(request: httpx.Request) -> httpx.Response:
        return httpx.Response(200, headers={"content-type": "text/event-stream"}, stream=body)

    async with Caller(kind, answer) as ask:
        told = await ask.stream(take=take, **HI)
        assert body.closed == 1
    assert len(told.deltas) == (take or 22)
    if take is not None:
        assert body.read < STREAM.count(b"\n"), "it was read to its end"


@both
async def test_an_error_in_the_caller_s_loop_closes_the_body(kind: str):
    body = Watched()

    def answer(request: httpx.Request) -> httpx.Response:
        return httpx.Response(200, headers={"content-type": "text/event-stream"}, stream=body)

    async def read(stream: Stream | AsyncStream) -> None:
        if isinstance(stream, Stream):
            with stream:
                for _ in stream:
                    raise KeyError("the caller's own")
        else:
            async with stream:
                async for _ in stream:
                    raise KeyError("the caller's own")

    async with Caller(kind, answer) as ask:
        with pytest.raises(KeyError, match="the caller's own"):
            await read(ask.client.stream_chat(**HI))
    assert body.closed == 1


# --- sharing --------------------------------------------------------------------------------


def test_one_config_serves_both_clients():
    server = Double(answer)
    transport = httpx.MockTransport(server)

    async def ask(client: AsyncSiliconFlowClient) -> str:
        return (await client.chat(**HI)).text

    with httpx.Client(transport=transport) as http:
        config = ClientConfig(
            api_key=KEY, http_client=http, async_http_client=httpx.AsyncClient(transport=transport)
        )
        texts = {SiliconFlowClient(config).chat(**HI).text}
        texts.add(asyncio.run(ask(AsyncSiliconFlowClient(config))))
    assert len(texts) == 1
    assert len(server.requests) == 2


def test_threads_do_not_mix_up_their_answers():
    def echo(request: httpx.Request) -> httpx.Response:
        said = json.loads(request.content)["messages"][0]["content"]
        choice = {"index": 0, "message": {"content": said}, "finish_reason": "stop"}
        return httpx.Response(200, json={"choices": [choice]})

    with httpx.Client(transport=httpx.MockTransport(echo)) as http:
        client = SiliconFlowClient(api_key=KEY, http_client=http)

        def ask(number: int) -> str:
            message: Any = {"role": "user", "content": f"say {number}"}
            return client.chat(model="m", messages=[message]).text

        with ThreadPoolExecutor(8) as pool:
            assert list(pool.map(ask, range(200))) == [f"say {number}" for number in range(200)]


@both
async def test_interleaved_streams_do_not_mix(kind: str):
    async with Caller(kind, Double(answer)) as ask:
        one, two = ask.client.stream_chat(**HI), ask.client.stream_chat(**HI)
        if isinstance(one, Stream) and isinstance(two, Stream):
            pairs = list(zip(one, two, strict=True))
        else:
            assert isinstance(one, AsyncStream)
            assert isinstance(two, AsyncStream)
            pairs = [(delta, await anext(two)) async for delta in one]
            assert [delta async for delta in two] == []
    assert len(pairs) == 22
    assert all(left == right for left, right in pairs)


@pytest.mark.parametrize("make", [SiliconFlowClient, AsyncSiliconFlowClient])
def test_making_a_client_is_cheap(make: Any):
    """CPU time, and the least of many, so that a busy machine does not count."""

    def cost() -> float:
        began = time.process_time()
        make(api_key=KEY)
        return time.process_time() - began

    assert min(cost() for _ in range(50)) < 0.001


def test_making_a_client_opens_nothing():
    config = ClientConfig(api_key=KEY)
    client, other = SiliconFlowClient(config), AsyncSiliconFlowClient(config)
    assert client._pool is None
    assert other._pools is None
    assert client.config is other.config is config


@pytest.mark.filterwarnings("error::ResourceWarning")
def test_a_client_that_no_one_closes_is_closed_when_it_goes(simulator_url: str):
    client = SiliconFlowClient(api_key="sk-test", base_url=simulator_url)
    client.models()
    assert client._pool is not None
    pool = client._pool.get()
    assert not pool.is_closed
    del client
    gc.collect()
    assert pool.is_closed
