"""Every payload of tests/fixtures/index.json gives its documented outcome, in both worlds."""

from __future__ import annotations

import json

import httpx
import pytest

from siliconflow_client import (
    APIResponseError,
    EmptyAnswerError,
    RateLimitError,
    ServerError,
    SiliconFlowError,
    StreamInterruptedError,
    lookup_model,
)
from siliconflow_client.protocol.retry import RetryPolicy
from tests.client.by_hand import Hand, events
from tests.client.callers import CALLS, HI, KEY, PATHS, TRACE, Caller, Told, answering
from tests.fixtures import HERE, INDEX, of_kind
from tests.fixtures.outcomes import ERRORS, STREAMS, Refusal, Streamed

both = pytest.mark.parametrize("kind", ["sync", "async"])

PLAIN_CHATS = [file for file in of_kind("chat") if file.startswith("chat/nonstream")]
REQUESTS = [file for file, payload in INDEX.items() if payload.content_type == "request body"]
# Of other endpoints, which have tests of their own: none is what a chat answer looks like.
FOREIGN = [
    file
    for kind in ("user", "images", "video", "audio", "files", "batches", "messages")
    for file in of_kind(kind)
    if file not in ERRORS
]
ANSWERS = [
    file
    for kind in ("embeddings", "rerank", "models", "completions")
    for file in of_kind(kind)
    if file not in REQUESTS
]


def body_of(file: str) -> bytes:
    return INDEX[file].content


def test_every_payload_is_tested_here():
    tested = [
        *ERRORS, *STREAMS, *PLAIN_CHATS, "chat/stream_first_chunk.json", *ANSWERS, *REQUESTS, *FOREIGN,
    ]  # fmt: skip
    assert sorted(tested) == sorted(INDEX)


def test_every_payload_has_its_provenance():
    on_disk = {
        str(path.relative_to(HERE))
        for path in HERE.rglob("*")
        if path.is_file() and path.suffix in {".json", ".sse", ".txt", ".html"}
    }
    assert on_disk - {"index.json"} == set(INDEX)
    for payload in INDEX.values():
        assert payload.origin in {"documentation", "capture", "composed"}
        assert payload.source.strip()


# --- errors ---------------------------------------------------------------------------------


@both
@pytest.mark.parametrize(("file", "expected"), ERRORS.items(), ids=list(ERRORS))
async def test_an_error_answer_is_the_documented_error(kind: str, file: str, expected: Refusal):
    payload = INDEX[file]
    attempts: list[httpx.Request] = []
    answer = answering(payload.content, payload.status, payload.content_type)

    def handle(request: httpx.Request) -> httpx.Response:
        attempts.append(request)
        return answer(request)

    async with Caller(kind, handle, mend_reasoning=False) as ask:
        with pytest.raises(SiliconFlowError) as caught:
            await ask(expected.method, **CALLS[expected.method])
    error = caught.value
    assert type(error) is expected.error
    assert isinstance(error, expected.error)
    assert (error.status_code, error.code, error.message) == (
        payload.status,
        expected.code,
        expected.message,
    )
    assert error.trace_id == error.request_id == TRACE
    assert TRACE in str(error)
    assert (error.model, error.host) == (CALLS[expected.method]["model"], "api.siliconflow.cn")
    assert error.is_retryable is expected.retryable
    assert len(attempts) == (4 if expected.retryable else 1)
    assert len(ask.waits) == len(attempts) - 1
    if expected.hint is None:
        assert error.hint is None
    else:
        assert error.hint is not None
        assert expected.hint in error.hint
        assert error.hint in str(error)
    if isinstance(error, RateLimitError):
        assert error.limit == expected.limit
    assert error.retry_after is None
    assert error.response is not None
    assert error.response.content == payload.content
    if payload.content_type == "application/json":
        assert error.body == error.response.json() == payload.json()


@both
@pytest.mark.parametrize("file", ERRORS)
async def test_a_stream_that_is_refused_raises_the_same_error(kind: str, file: str):
    payload, expected = INDEX[file], ERRORS[file]
    answer = answering(payload.content, payload.status, payload.content_type)
    async with Caller(kind, answer) as ask:
        told = await ask.stream(**HI)
    assert isinstance(told.error, expected.error)
    assert told.error.message == expected.message
    assert not told.deltas
    assert len(ask.waits) == (3 if expected.retryable else 0)


# --- chat -----------------------------------------------------------------------------------


@both
@pytest.mark.parametrize(
    "file", [file for file in PLAIN_CHATS if file != "chat/nonstream_error_in_200.json"]
)
async def test_a_chat_answer_is_read_field_by_field(kind: str, file: str):
    wire = INDEX[file].json()
    message = wire["choices"][0]["message"]
    async with Caller(kind, answering(body_of(file))) as ask:
        answer = await ask("chat", **HI)
    assert (answer.id, answer.model, answer.created) == (wire["id"], wire["model"], wire["created"])
    assert answer.trace_id == TRACE
    assert answer.text == (message["content"] or "")
    assert answer.reasoning == (message.get("reasoning_content") or "")
    assert answer.finish_reason == wire["choices"][0]["finish_reason"]
    assert [(call.index, call.id, call.name, call.arguments) for call in answer.tool_calls] == [
        (position, call["id"], call["function"]["name"], call["function"]["arguments"])
        for position, call in enumerate(message.get("tool_calls") or [])
    ]
    usage = wire["usage"]
    assert answer.usage.prompt_tokens == usage["prompt_tokens"]
    assert answer.usage.completion_tokens == usage["completion_tokens"]
    assert answer.usage.total_tokens == usage["total_tokens"]
    details = usage.get("completion_tokens_details")
    assert answer.usage.reasoning_tokens == (details["reasoning_tokens"] if details else None)
    cached = usage.get("prompt_tokens_details")
    assert answer.usage.cached_tokens == (cached["cached_tokens"] if cached else None)
    assert answer.raw == wire


@both
@pytest.mark.parametrize(
    ("file", "name", "arguments", "finish_reason"),
    [
        ("tool_calls", "get_current_weather", '{"location": "Boston, MA"}', "tool_calls"),
        ("tool_call_missing_type", "get_weather", '{"city": "Shenzhen"}', "tool_calls"),
        # A forced call ends with "stop": calls are known by being there, not by the reason.
        ("forced_tool_finish_stop", "search_wiki", '{"query": "1+1"}', "stop"),
    ],
)
async def test_a_tool_call_is_read(
    kind: str, file: str, name: str, arguments: str, finish_reason: str
):
    async with Caller(kind, answering(body_of(f"chat/nonstream_{file}.json"))) as ask:
        answer = await ask("chat", **HI)
    (call,) = answer.tool_calls
    assert (call.name, call.arguments, answer.finish_reason) == (name, arguments, finish_reason)


@both
async def test_text_and_thinking_are_what_the_payloads_say(kind: str):
    async def read(file: str) -> tuple[str, str]:
        async with Caller(kind, answering(body_of(f"chat/nonstream_{file}.json"))) as ask:
            answer = await ask("chat", **HI)
        return answer.text, answer.reasoning

    assert await read("text_deepseek_v3") == ("你好！😊 很高兴见到你～有什么我可以帮你的吗？", "")
    assert await read("reasoning") == ("4", "\n2 + 2 equals 4.")
    assert await read("reasoning_only_length") == ("", "Let me think")
    assert await read("answer_in_reasoning") == ("", "The whole answer is here.")


@both
async def test_an_error_object_under_200_is_what_its_code_stands_for(kind: str):
    async with Caller(kind, answering(body_of("chat/nonstream_error_in_200.json"))) as ask:
        with pytest.raises(ServerError) as caught:
            await ask("chat", **HI)
    assert (caught.value.code, caught.value.status_code) == (50507, 500)
    assert caught.value.trace_id == TRACE
    assert "Request failed: Unknown error." in str(caught.value)
    assert len(ask.waits) == 3


@both
async def test_a_chunk_is_not_a_plain_answer(kind: str):
    async with Caller(kind, answering(body_of("chat/stream_first_chunk.json"))) as ask:
        with pytest.raises(APIResponseError, match="`message` is not an object"):
            await ask("chat", **HI)


@both
async def test_a_first_chunk_alone_says_nothing(kind: str):
    stream = b"data: " + body_of("chat/stream_first_chunk.json").strip() + b"\n\ndata: [DONE]\n\n"
    async with Caller(
        kind, answering(stream, content_type="text/event-stream"), empty_answers="raise"
    ) as ask:
        told = await ask.stream(**HI)
    assert isinstance(told.error, EmptyAnswerError)
    assert told.model == "Pro/zai-org/GLM-4.7"
    assert told.usage is not None
    assert told.usage.prompt_tokens == 15
    assert ask.waits == [0.0]


# --- streams --------------------------------------------------------------------------------


def check(told: Told, expected: Streamed) -> None:
    assert told.text == expected.text
    assert told.reasoning == expected.reasoning
    assert told.calls == expected.calls
    assert told.finish_reason == expected.finish_reason
    if expected.error is not None:
        assert type(told.error) is expected.error
        assert {name: getattr(told.error, name) for name in expected.said} == expected.said
        assert told.error.trace_id == TRACE  # type: ignore[attr-defined]  # all that can come here have one
        assert told.finish_reason is None
        return
    assert told.error is None
    *earlier, last = told.deltas
    assert [delta.usage for delta in earlier] == [None] * len(earlier)
    assert all(delta.finish_reason is None for delta in earlier)
    assert all(delta.text or delta.reasoning or delta.tool_calls for delta in earlier)
    assert last.usage is not None
    assert expected.usage is not None
    assert (
        last.usage.prompt_tokens,
        last.usage.completion_tokens,
        last.usage.total_tokens,
    ) == expected.usage
    assert last.usage.reasoning_tokens == expected.reasoning_tokens
    assert last.usage.cached_tokens == expected.cached_tokens
    assert last.raw.get("usage") == last.usage.raw
    assert last.raw.get("choices")


@both
@pytest.mark.parametrize(("file", "expected"), STREAMS.items(), ids=list(STREAMS))
async def test_a_stream_gives_its_documented_outcome(kind: str, file: str, expected: Streamed):
    answer = answering(body_of(file), content_type="text/event-stream; charset=utf-8")
    async with Caller(kind, answer, max_retries=0, empty_answers="raise") as ask:
        told = await ask.stream(**HI)
    check(told, expected)
    first_chunk = json.loads(body_of(file).split(b"data:", 1)[1].split(b"\n")[0])
    assert (told.id, told.model) == (first_chunk["id"], first_chunk["model"])
    assert {delta.model for delta in told.deltas} <= {first_chunk["model"]}
    assert told.trace_id == TRACE


once = RetryPolicy(max_retries=0)


@pytest.mark.parametrize(("file", "expected"), STREAMS.items(), ids=list(STREAMS))
def test_a_stream_split_at_any_byte_gives_the_same_outcome(file: str, expected: Streamed):
    content = body_of(file)
    for cut in range(len(content) + 1):
        check(Hand([events(content[:cut], content[cut:])]).stream(policy=once), expected)


@pytest.mark.parametrize(("file", "expected"), STREAMS.items(), ids=list(STREAMS))
@pytest.mark.parametrize(
    "reshape",
    [
        lambda content: [content[at : at + 1] for at in range(len(content))],
        lambda content: [b"\xef\xbb\xbf" + content],
        lambda content: [content.replace(b"\r\n", b"\n").replace(b"\n", b"\r\n")],
        lambda content: [content.replace(b"\r\n", b"\n").replace(b"\n", b"\r")],
        lambda content: [content.replace(b"data: ", b"data:")],
        lambda content: [content.replace(b"data:", b": a comment\n:\ndata:")],
        lambda content: [content.replace(b"data:", b"id: 7\nevent: message\nretry: 9\ndata:")],
        lambda content: [b"", *(piece for byte in content for piece in (bytes([byte]), b""))],
        lambda content: [content.rstrip(b"\r\n")],
    ],
    ids=[
        "byte by byte", "BOM", "CRLF", "CR", "no space", "comments", "other fields",
        "empty pieces", "no line end at the end",
    ],
)  # fmt: skip
def test_a_stream_in_another_framing_gives_the_same_outcome(file, expected, reshape):
    pieces = reshape(body_of(file))
    told = Hand([events(*pieces)]).stream(policy=once)
    if expected.error is StreamInterruptedError and not pieces[-1].endswith(b"\n"):
        # Whether the last event was whole is known at the end only; by then it counts as partial.
        assert isinstance(told.error, StreamInterruptedError)
        assert told.error.partial == expected.text
        assert told.error.partial_reasoning == expected.reasoning
    else:
        check(told, expected)


@both
@pytest.mark.parametrize("mark", ["\u2028", "\u2029", "\x85", "\x0b", "\x0c", "\x1c", "\x1e"])
async def test_what_python_calls_a_line_end_is_text(kind: str, mark: str):
    chunk = {"id": "1", "model": "m", "choices": [{"index": 0, "delta": {"content": f"a{mark}b"}}]}
    stream = f"data: {json.dumps(chunk, ensure_ascii=mark < ' ')}\n\ndata: [DONE]\n\n".encode()
    async with Caller(kind, answering(stream, content_type="text/event-stream")) as ask:
        told = await ask.stream(**HI)
    assert told.error is None
    assert told.text == f"a{mark}b"


# --- the other endpoints --------------------------------------------------------------------


@both
@pytest.mark.parametrize(
    ("file", "inputs", "vectors"),
    [
        ("float", 2, [[0.5, -0.25, 0.125, 1.0], [-0.5, 0.25, -0.125, 0.75]]),
        ("float_out_of_order_no_object", 2, [[0.5, -0.25, 0.125, 1.0], [-0.5, 0.25, -0.125, 0.75]]),
        ("base64", 1, [[0.5, -0.25, 0.125, 1.0]]),
    ],
)
async def test_embeddings_come_in_the_order_of_the_inputs(kind, file, inputs, vectors):
    async with Caller(kind, answering(body_of(f"embeddings/{file}.json"))) as ask:
        answer = await ask("embed", model="BAAI/bge-m3", input=["x"] * inputs)
    assert answer.vectors == vectors
    assert answer.model == "BAAI/bge-m3"
    assert answer.usage.prompt_tokens == answer.usage.total_tokens == 6 * inputs
    assert answer.usage.completion_tokens == 0
    assert answer.trace_id == TRACE


@both
async def test_a_captured_embedding_keeps_every_digit(kind: str):
    file = "embeddings/float_qwen3_shortened.json"
    async with Caller(kind, answering(body_of(file))) as ask:
        answer = await ask("embed", model="Qwen/Qwen3-Embedding-8B", input="x", dimensions=1536)
    assert answer.vectors == [INDEX[file].json()["data"][0]["embedding"]]
    assert len(answer.vectors[0]) == 9
    assert answer.usage.prompt_tokens == 22


@both
@pytest.mark.parametrize(
    ("file", "documents", "hits", "tokens"),
    [
        ("meta_tokens", 2, [(1, 0.85, "深度学习是机器学习的子集...")], (150, 10)),
        ("meta_tokens_no_image", 1, [], (255, 0)),
        ("top_level_tokens", 124, [(123, 123.0, "<string>")], (123, 123)),
        ("no_documents", 3, [(2, 0.9953725, None), (0, 0.0020992735, None), (1, 1.7502925e-05, None)], (36, 0)),
    ],
)  # fmt: skip
async def test_a_reranking_is_read_in_both_shapes(kind, file, documents, hits, tokens):
    async with Caller(kind, answering(body_of(f"rerank/{file}.json"))) as ask:
        answer = await ask(
            "rerank", model="BAAI/bge-reranker-v2-m3", query="q", documents=["d"] * documents
        )
    assert [(hit.index, hit.relevance_score, hit.document) for hit in answer.results] == hits
    assert (answer.input_tokens, answer.output_tokens) == tokens
    assert answer.id == INDEX[f"rerank/{file}.json"].json()["id"]
    assert answer.trace_id == TRACE


@both
async def test_the_model_list_is_read(kind: str):
    async with Caller(kind, answering(body_of("models/list.json"))) as ask:
        (card,) = await ask("models")
    assert (card.id, card.owned_by, card.created) == (
        "stabilityai/stable-diffusion-xl-base-1.0",
        "",
        0,
    )


@both
async def test_a_text_completion_is_read(kind: str):
    async with Caller(kind, answering(body_of("completions/nonstream.json"))) as ask:
        answer = await ask("complete", model="Qwen/Qwen2.5-Coder-7B-Instruct", prompt="def add")
    assert answer.text == "return a + b"
    assert answer.choices[0].finish_reason == "stop"
    assert (answer.id, answer.usage.total_tokens) == ("019d0000000000000000000000000030", 15)


@both
@pytest.mark.parametrize("method", ["chat", "complete"])
@pytest.mark.parametrize("file", FOREIGN)
async def test_the_body_of_another_endpoint_is_an_unexpected_answer(kind, method, file):
    async with Caller(kind, answering(body_of(file))) as ask:
        with pytest.raises(APIResponseError) as caught:
            await ask(method, **CALLS[method])
    assert caught.value.body == INDEX[file].json()
    assert caught.value.trace_id == TRACE
    assert PATHS[method] in str(caught.value)


# --- requests -------------------------------------------------------------------------------


def sent_for(wire: dict) -> tuple[str, dict]:
    """Which method sends this body, and with which arguments."""
    request = dict(wire)
    if "documents" in request:
        return "rerank", request
    if "input" in request:
        return "embed", request
    if request.pop("stream", False):
        request["extra_body"] = {"stream_options": request.pop("stream_options")}
        return "stream_chat", request
    return "chat", request


@both
@pytest.mark.parametrize("file", REQUESTS)
async def test_a_documented_request_is_what_is_sent(kind: str, file: str):
    wire = INDEX[file].json()
    seen: list[httpx.Request] = []

    def handle(request: httpx.Request) -> httpx.Response:
        seen.append(request)
        return httpx.Response(400, json={"code": 20015, "message": "seen"})

    method, request = sent_for(wire)
    async with Caller(kind, handle) as ask:
        if method == "stream_chat":
            assert (await ask.stream(**request)).error is not None
        else:
            with pytest.raises(SiliconFlowError, match="seen"):
                await ask(method, **request)
    (sent,) = seen
    body = json.loads(sent.content)
    if method == "chat":
        assert body.pop("stream", False) is False
    assert body == wire
    assert sent.headers["authorization"] == f"Bearer {KEY}"
    assert sent.headers["content-type"] == "application/json"
    assert lookup_model(wire["model"]).known
