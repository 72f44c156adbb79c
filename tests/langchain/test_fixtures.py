"""Every payload of tests/fixtures gives its documented outcome through LangChain's classes too."""

from __future__ import annotations

import asyncio
import json
from functools import reduce
from operator import add
from typing import Any

import httpx
import pytest
from langchain_core.exceptions import ModelError
from langchain_core.messages import AIMessage, AIMessageChunk, HumanMessage

from langchain_siliconflow import ChatSiliconFlow, SiliconFlowEmbeddings, SiliconFlowRerank
from langchain_siliconflow._messages import to_wire
from siliconflow_client import APIResponseError, APIStatusError, RateLimitError
from tests.fixtures import INDEX, of_kind
from tests.fixtures.outcomes import ERRORS, STREAMS
from tests.langchain.surfaces import SURFACES
from tests.langchain.wire import TRACE, Server, unlisted_model_for

STREAMED = ["stream", "astream", "stream_events_v3", "astream_events_v3", "langgraph_messages"]


def answer(file: str) -> httpx.Response:
    payload = INDEX[file]
    headers = {"content-type": payload.content_type, "x-siliconcloud-trace-id": TRACE}
    return httpx.Response(payload.status, headers=headers, content=payload.content)


def model_replaying(file: str) -> ChatSiliconFlow:
    return unlisted_model_for(Server(answer(file)), max_retries=0, empty_answers="raise")


def argument_of(text: str) -> object:
    try:
        return json.loads(text or "{}")
    except json.JSONDecodeError:
        return text


@pytest.mark.parametrize("surface", STREAMED)
@pytest.mark.parametrize("file", STREAMS)
def test_streams(file: str, surface: str) -> None:
    outcome = STREAMS[file]
    model = model_replaying(file)
    if outcome.error is not None:
        with pytest.raises(outcome.error) as caught:
            SURFACES[surface](model, "x")
        assert isinstance(caught.value, ModelError)
        for name, value in outcome.said.items():
            assert getattr(caught.value, name) == value
        return
    message = SURFACES[surface](model, "x")
    assert str(message.text) == outcome.text
    assert message.additional_kwargs.get("reasoning_content", "") == outcome.reasoning
    assert message.response_metadata["finish_reason"] == outcome.finish_reason
    calls = [(c["id"], c["name"] or "", c["args"]) for c in message.tool_calls]
    calls += [(c["id"], c["name"] or "", c["args"]) for c in message.invalid_tool_calls]
    assert [(name, args) for _, name, args in calls] == [
        (name, argument_of(arguments)) for _, name, arguments in outcome.calls
    ]
    assert [call_id or "" for call_id, _, _ in calls] == [wanted for wanted, _, _ in outcome.calls]
    if outcome.usage is not None:
        used = message.usage_metadata
        assert used is not None
        assert (used["input_tokens"], used["output_tokens"], used["total_tokens"]) == outcome.usage
        details = used.get("output_token_details", {})
        if outcome.reasoning_tokens is not None:
            assert details.get("reasoning") == outcome.reasoning_tokens
        if outcome.cached_tokens is not None:
            assert used.get("input_token_details", {}).get("cache_read") == outcome.cached_tokens


@pytest.mark.parametrize("file", STREAMS)
def test_no_chunk_of_a_stream_is_empty_but_the_last(file: str) -> None:
    chunks: list[AIMessageChunk] = []
    try:
        for chunk in model_replaying(file).stream("x"):
            chunks.append(chunk)  # noqa: PERF402 - what came before an error counts
    except ModelError:
        assert STREAMS[file].error is not None
    body = chunks if STREAMS[file].error is not None else chunks[:-1]
    assert all(
        one.text or one.tool_call_chunks or one.additional_kwargs.get("reasoning_content")
        for one in body
    )


@pytest.mark.parametrize("mode", ["invoke", "ainvoke", "stream"])
@pytest.mark.parametrize("file", ERRORS)
def test_errors(file: str, mode: str) -> None:
    outcome = ERRORS[file]
    with pytest.raises(outcome.error) as caught:
        SURFACES[mode](model_replaying(file), "x")
    failure = caught.value
    assert isinstance(failure, APIStatusError)
    assert isinstance(failure, ModelError)
    assert failure.code == outcome.code
    assert outcome.message in failure.message
    assert failure.is_retryable is outcome.retryable
    assert failure.request_id == TRACE
    if outcome.hint is not None and outcome.method == "chat":  # hints go by the endpoint
        assert outcome.hint in str(failure)
    if isinstance(failure, RateLimitError):
        assert failure.limit == outcome.limit


PLAIN = [file for file in of_kind("chat") if file.startswith("chat/nonstream")]
FAILING = {"chat/nonstream_error_in_200.json"}


@pytest.mark.parametrize("mode", ["invoke", "ainvoke"])
@pytest.mark.parametrize("file", [file for file in PLAIN if file not in FAILING])
def test_plain_answers(file: str, mode: str) -> None:
    wire = INDEX[file].json()
    sent = wire["choices"][0]["message"]
    message = SURFACES[mode](model_replaying(file), "x")
    assert message.content == (sent.get("content") or "")
    assert message.additional_kwargs.get("reasoning_content") == (
        sent.get("reasoning_content") or None
    )
    assert [(call["name"], call["args"]) for call in message.tool_calls] == [
        (call["function"]["name"], json.loads(call["function"]["arguments"]))
        for call in sent.get("tool_calls") or []
    ]
    assert message.response_metadata["model_name"] == wire["model"]
    assert message.usage_metadata is not None
    assert message.usage_metadata["total_tokens"] == wire["usage"]["total_tokens"]
    # What came back can be sent back: every call has a type, and content is no null.
    turn = to_wire([HumanMessage("x"), message], replay="always")[1]
    assert isinstance(turn["content"], str)
    assert all(call["type"] == "function" for call in turn.get("tool_calls", []))


@pytest.mark.parametrize("file", sorted(FAILING))
def test_an_error_in_a_200_is_an_error(file: str) -> None:
    with pytest.raises((APIResponseError, APIStatusError)) as caught:
        model_replaying(file).invoke("x")
    assert isinstance(caught.value, ModelError)


def test_the_documented_second_turn() -> None:
    """requests/tool_round_trip.json: what to send after a tool call."""
    wanted = INDEX["requests/tool_round_trip.json"].json()["messages"]
    assistant = next(one for one in wanted if one["role"] == "assistant")
    server = Server(answer("chat/nonstream_default.json"))
    message = AIMessage(
        assistant["content"],
        additional_kwargs={"reasoning_content": assistant["reasoning_content"]},
        tool_calls=[
            {
                "name": call["function"]["name"],
                "args": json.loads(call["function"]["arguments"]),
                "id": call["id"],
            }
            for call in assistant["tool_calls"]
        ],
    )
    history: list[Any] = [message if one is assistant else one for one in wanted]
    ChatSiliconFlow(model="m", **server.clients).invoke(history)
    assert server.body["messages"] == wanted


def test_the_documented_parts() -> None:
    """requests/vlm_parts.json: native parts pass through as they are."""
    for message in INDEX["requests/vlm_parts.json"].json()["messages"]:
        if isinstance(message["content"], list):
            assert to_wire([HumanMessage(message["content"])])[0]["content"] == message["content"]


@pytest.mark.parametrize("mode", ["sync", "async"])
@pytest.mark.parametrize("file", ["float.json", "float_out_of_order_no_object.json", "base64.json"])
def test_embeddings(file: str, mode: str) -> None:
    wire = INDEX[f"embeddings/{file}"].json()["data"]
    embeddings = SiliconFlowEmbeddings(model="m", **Server(answer(f"embeddings/{file}")).clients)
    texts = ["x"] * len(wire)
    vectors = (
        embeddings.embed_documents(texts)
        if mode == "sync"
        else asyncio.run(embeddings.aembed_documents(texts))
    )
    if file == "base64.json":
        assert vectors == [[0.5, -0.25, 0.125, 1.0]]
    else:
        wire.sort(key=lambda entry: entry["index"])
        assert vectors == [entry["embedding"] for entry in wire]


@pytest.mark.parametrize("file", [name for name in of_kind("rerank") if "request" not in name])
def test_rerank(file: str) -> None:
    wire = INDEX[file].json()["results"]
    count = 1 + max((hit["index"] for hit in wire), default=0)
    reranker = SiliconFlowRerank(top_n=None, chunk_size=200, **Server(answer(file)).clients)
    hits = reranker.rerank(["x"] * count, "q")
    assert {hit["index"]: hit["relevance_score"] for hit in hits} == {
        hit["index"]: hit["relevance_score"] for hit in wire
    }
    scores = [hit["relevance_score"] for hit in hits]
    assert scores == sorted(scores, reverse=True)


def test_pieces_add_up_whatever_their_order_of_addition() -> None:
    chunks = list(model_replaying("stream/tool_calls_fragmented.sse").stream("x"))
    left = reduce(add, chunks)
    halves = chunks[: len(chunks) // 2], chunks[len(chunks) // 2 :]
    right = reduce(add, halves[0]) + reduce(add, halves[1])
    assert left.tool_calls == right.tool_calls
    assert left.usage_metadata == right.usage_metadata
    assert left.response_metadata == right.response_metadata
