"""Every payload of tests/fixtures through LlamaIndex's methods: documented, captured, composed."""

from __future__ import annotations

from typing import Any

import pytest
from llama_index.core.base.llms.types import ChatMessage, ChatResponse, ThinkingBlock, ToolCallBlock
from llama_index.core.schema import NodeWithScore, TextNode

from llama_index_siliconflow import SiliconFlow, SiliconFlowEmbedding, SiliconFlowRerank
from siliconflow_client import APIResponseError, SiliconFlowError
from tests.fixtures import INDEX, of_kind
from tests.fixtures.outcomes import ERRORS, STREAMS, Refusal, Streamed
from tests.llama_index.conftest import Make, Way
from tests.llama_index.stub import Reply, Stub

U = [ChatMessage(role="user", content="hi")]
NAMELESS = "stream/tool_calls_broken_glm4_9b.sse"
PLAIN = [
    file
    for file in of_kind("chat")
    if file.startswith("chat/nonstream") and file != "chat/nonstream_error_in_200.json"
]


def serve(stub: Stub, file: str) -> None:
    payload = INDEX[file]
    reply = Reply([payload.content], payload.status, {"content-type": payload.content_type})
    stub.script = lambda request: reply


@pytest.mark.parametrize("name", ["chat", "stream_chat", "complete", "stream_complete"])
@pytest.mark.parametrize(("file", "expected"), ERRORS.items(), ids=list(ERRORS))
async def test_error_answers(
    stub: Stub, way: Way, make: Make, file: str, expected: Refusal, name: str
) -> None:
    serve(stub, file)
    with pytest.raises(SiliconFlowError) as caught:
        await way(make(SiliconFlow, max_retries=0), name, "hi" if "complete" in name else U)
    error = caught.value
    assert type(error) is expected.error
    assert (error.code, error.message) == (expected.code, expected.message)
    assert error.trace_id == "ti_stub0001"


def thinking_of(response: ChatResponse) -> str:
    return "".join(
        block.content or "" for block in response.message.blocks if isinstance(block, ThinkingBlock)
    )


def calls_of(response: ChatResponse) -> list[tuple[str | None, str]]:
    return [
        (block.tool_call_id, block.tool_name)
        for block in response.message.blocks
        if isinstance(block, ToolCallBlock)
    ]


@pytest.mark.parametrize("file", PLAIN)
async def test_plain_answers(llm: SiliconFlow, stub: Stub, way: Way, file: str) -> None:
    serve(stub, file)
    wire = INDEX[file].json()
    message = wire["choices"][0]["message"]
    response = await way(llm, "chat", U)
    assert (response.message.content or "") == (message["content"] or "")
    assert thinking_of(response) == (message.get("reasoning_content") or "")
    wire_calls = message.get("tool_calls") or []
    assert calls_of(response) == [(call["id"], call["function"]["name"]) for call in wire_calls]
    assert response.raw == {**wire, "trace_id": "ti_stub0001"}
    for key in ("prompt_tokens", "completion_tokens", "total_tokens"):
        assert response.additional_kwargs[key] == wire["usage"][key]


@pytest.mark.parametrize("byte_by_byte", [False, True], ids=["whole", "byte by byte"])
@pytest.mark.parametrize(
    ("file", "expected"),
    [(file, expected) for file, expected in STREAMS.items() if file != NAMELESS],
    ids=[file for file in STREAMS if file != NAMELESS],
)
async def test_streams(
    stub: Stub, way: Way, make: Make, file: str, expected: Streamed, byte_by_byte: bool
) -> None:
    content = INDEX[file].content
    pieces: list[Any] = [bytes([byte]) for byte in content] if byte_by_byte else [content]
    reply = Reply(pieces, headers={"content-type": "text/event-stream"})
    stub.script = lambda request: reply
    got: list[ChatResponse] = []
    error: SiliconFlowError | None = None
    try:
        llm = make(SiliconFlow, max_retries=0, empty_answers="raise")
        await way.drain(got, llm, "stream_chat", U)
    except SiliconFlowError as raised:
        error = raised
    assert (type(error) if error else None) is expected.error
    for name, value in expected.said.items():
        assert getattr(error, name) == value
    assert "".join(response.delta or "" for response in got) == expected.text
    thoughts = [response.additional_kwargs.get("thinking_delta") or "" for response in got]
    assert "".join(thoughts) == expected.reasoning
    if error is not None:
        return
    last = got[-1]
    assert (last.message.content or "") == expected.text
    assert thinking_of(last) == expected.reasoning
    assert calls_of(last) == [(call_id, name) for call_id, name, _ in expected.calls]
    arguments = [
        call["function"]["arguments"]
        for call in last.message.additional_kwargs.get("tool_calls", [])
    ]
    assert arguments == [text for _, _, text in expected.calls]
    if expected.usage is not None:
        assert expected.usage == tuple(
            last.additional_kwargs[key]
            for key in ("prompt_tokens", "completion_tokens", "total_tokens")
        )
        assert last.raw["usage"]["completion_tokens"] == expected.usage[1]
    assert last.additional_kwargs.get("reasoning_tokens") == expected.reasoning_tokens
    assert last.additional_kwargs.get("cached_tokens") == expected.cached_tokens


async def test_a_stream_of_nameless_calls(llm: SiliconFlow, stub: Stub, way: Way) -> None:
    serve(stub, NAMELESS)
    with pytest.raises(APIResponseError, match="without a name"):
        await way(llm, "stream_chat", U)


@pytest.mark.parametrize("name", ["chat", "stream_chat", "complete", "stream_complete"])
async def test_an_error_under_200(stub: Stub, way: Way, make: Make, name: str) -> None:
    serve(stub, "chat/nonstream_error_in_200.json")
    with pytest.raises(SiliconFlowError, match="Unknown error") as caught:
        await way(make(SiliconFlow, max_retries=0), name, "hi" if "complete" in name else U)
    assert caught.value.code == 50507  # type: ignore[attr-defined]  # of the two classes that it may be
    assert caught.value.trace_id == "ti_stub0001"  # type: ignore[attr-defined]  # each of these classes has it
    assert len(stub.requests) == 1


VECTORS = [file for file in of_kind("embeddings") if "request" not in file]


@pytest.mark.parametrize("file", VECTORS)
async def test_vectors(stub: Stub, way: Way, make: Make, file: str) -> None:
    serve(stub, file)
    rows = sorted(INDEX[file].json()["data"], key=lambda row: row["index"])
    texts = [f"t{number}" for number in range(len(rows))]
    in_base64 = file == "embeddings/base64.json"
    embedding = make(SiliconFlowEmbedding, encoding_format="base64" if in_base64 else None)
    found = await way(embedding, "get_text_embedding_batch", texts)
    # 0.5, -0.25, 0.125 and 1.0 are exact in 32 bits.
    assert found == ([[0.5, -0.25, 0.125, 1.0]] if in_base64 else [r["embedding"] for r in rows])


@pytest.mark.parametrize("file", [file for file in of_kind("rerank") if "request" not in file])
async def test_rankings(stub: Stub, way: Way, make: Make, file: str) -> None:
    serve(stub, file)
    results = INDEX[file].json()["results"]
    count = max((result["index"] for result in results), default=0) + 1
    nodes = [NodeWithScore(node=TextNode(text=f"t{n}", id_=str(n))) for n in range(count)]
    rerank = make(SiliconFlowRerank, top_n=count, max_batch=200)
    found = await way(rerank, "postprocess_nodes", nodes, query_str="q")
    best_first = sorted(results, key=lambda result: -result["relevance_score"])
    assert [(node.node.node_id, node.score) for node in found] == [
        (str(result["index"]), result["relevance_score"]) for result in best_first
    ]
