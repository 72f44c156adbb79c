"""`SiliconFlowCompletion`: texts continued and gaps filled, by either endpoint."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator
from typing import Any

import httpx
import pytest
from llama_index.core import PromptTemplate
from llama_index.core.base.llms.types import ChatMessage
from llama_index.core.callbacks import (
    CallbackManager,
    CBEventType,
    LlamaDebugHandler,
    TokenCountingHandler,
)
from llama_index.core.instrumentation import get_dispatcher
from llama_index.core.instrumentation.span_handlers import SimpleSpanHandler
from llama_index.core.llms.llm import LLM

from llama_index_siliconflow import (
    ConfigurationError,
    RateLimitError,
    SiliconFlowCompletion,
    SiliconFlowError,
    StreamInterruptedError,
)
from siliconflow_client import CompletionRequest
from siliconflow_simulator import Simulator
from tests.llama_index import scenarios as s
from tests.llama_index.conftest import CountingLimiter, Events, Make, Way
from tests.llama_index.stub import Reply, Request, Stub

ENDPOINTS = pytest.mark.parametrize("endpoint", ["chat", "completions"])
U = [ChatMessage(role="user", content="hi")]
CALLS = [("complete", "hi"), ("stream_complete", "hi"), ("chat", U), ("stream_chat", U)]


def text_completion(*pieces: str, finish: str = "stop") -> s.Script:
    """Answer like `/completions`, plain or streamed."""
    head = {"id": "0192", "object": "text_completion", "created": 1, "model": "m"}

    def choice(text: str, reason: str | None) -> dict[str, Any]:
        return {"index": 0, "text": text, "finish_reason": reason, "logprobs": None}

    def script(request: Request) -> Reply:
        if not request.body.get("stream"):
            whole = choice("".join(pieces), finish)
            return s.json_reply({**head, "choices": [whole], "usage": s.USAGE})
        lines = [s.data({**head, "choices": [choice(piece, None)]}) for piece in pieces]
        lines.append(s.data({**head, "choices": [choice("", finish)], "usage": s.USAGE}))
        return s.event_stream([*lines, s.DONE])

    return script


def both(request: Request) -> Reply:
    if request.path.endswith("/chat/completions"):
        return s.PLAIN(request)
    return text_completion("你好", "，世界")(request)


@pytest.fixture
def stub() -> Iterator[Stub]:
    with Stub(both) as running:
        yield running


@ENDPOINTS
async def test_a_prompt_is_continued(stub: Stub, way: Way, make: Make, endpoint: str) -> None:
    llm = make(SiliconFlowCompletion, model="m", endpoint=endpoint)
    response = await way(llm, "complete", "hi")
    assert response.text == "你好，世界"
    assert response.raw["usage"] == s.USAGE
    assert response.raw["trace_id"] == "ti_stub0001"
    assert response.additional_kwargs == s.USAGE
    sent = {"model": "m", "stream": False}
    if endpoint == "chat":
        assert stub.last.path == "/v1/chat/completions"
        assert stub.last.body == {**sent, "messages": [{"role": "user", "content": "hi"}]}
    else:
        assert stub.last.path == "/v1/completions"
        assert stub.last.body == {**sent, "prompt": "hi"}


@ENDPOINTS
async def test_a_prompt_is_continued_piece_by_piece(
    stub: Stub, way: Way, make: Make, endpoint: str
) -> None:
    llm = make(SiliconFlowCompletion, model="m", endpoint=endpoint)
    pieces = await way(llm, "stream_complete", "hi")
    assert [piece.delta for piece in pieces] == ["你好", "，世界", ""]
    assert [piece.text for piece in pieces] == ["你好", "你好，世界", "你好，世界"]
    assert pieces[-1].additional_kwargs == s.USAGE
    assert pieces[-1].raw["usage"] == s.USAGE
    assert pieces[-1].raw["trace_id"] == "ti_stub0001"
    assert stub.last.body["stream"] is True
    assert stub.last.body["stream_options"] == {"include_usage": True}


@ENDPOINTS
@pytest.mark.parametrize("name", ["complete", "stream_complete"])
@pytest.mark.parametrize("where", ["field", "call"])
async def test_a_gap_is_filled_before_a_suffix(
    stub: Stub, way: Way, make: Make, endpoint: str, name: str, where: str
) -> None:
    gap = {"suffix": "return x"}
    llm = make(SiliconFlowCompletion, endpoint=endpoint, **(gap if where == "field" else {}))
    await way(llm, name, "def f(x):", **(gap if where == "call" else {}))
    sent = stub.last.body
    assert sent["suffix"] == "return x"
    if endpoint == "chat":
        assert sent["prefix"] == "def f(x):"
        assert sent["messages"] == [{"role": "user", "content": ""}]
    else:
        assert sent["prompt"] == "def f(x):"
        assert "messages" not in sent


SHARED: dict[str, Any] = {
    "max_tokens": 10,
    "temperature": 0.0,
    "top_p": 0.9,
    "top_k": 20,
    "min_p": 0.05,
    "frequency_penalty": 0.5,
    "presence_penalty": -0.5,
    "repetition_penalty": 1.1,
    "seed": 7,
    "n": 1,
    "stop": ["a", "b"],
    "logit_bias": {"5": -1.0},
    "suffix": "end",
}


@ENDPOINTS
@pytest.mark.parametrize("where", ["field", "call", "additional_kwargs"])
async def test_every_parameter_arrives(
    stub: Stub, way: Way, make: Make, endpoint: str, where: str
) -> None:
    given = {**SHARED, **({"enable_thinking": False} if endpoint == "chat" else {})}
    fields = given if where == "field" else {}
    fields = {"additional_kwargs": given} if where == "additional_kwargs" else fields
    llm = make(SiliconFlowCompletion, endpoint=endpoint, **fields)
    await way(llm, "complete", "hi", **(given if where == "call" else {}))
    assert given.items() <= stub.last.body.items()


def test_every_parameter_of_a_completion_is_a_field() -> None:
    assert set(CompletionRequest.__annotations__) - {"prompt"} <= set(
        SiliconFlowCompletion.model_fields
    )
    assert set(SHARED) == set(CompletionRequest.__annotations__) - {"prompt", "model"}


async def test_words_of_one_call(stub: Stub, way: Way, make: Make) -> None:
    llm = make(SiliconFlowCompletion, temperature=0.1, additional_kwargs={"top_p": 0.2})
    options = {"extra_headers": {"x-one": "1"}, "extra_body": {"a": None}, "timeout": 5.0}
    await way(llm, "complete", "hi", model="other", temperature=None, brand_new=1, **options)
    assert stub.last.body["model"] == "other"
    assert (stub.last.body["top_p"], stub.last.body["brand_new"]) == (0.2, 1)
    assert "temperature" not in stub.last.body
    assert stub.last.headers["x-one"] == "1"
    await way(llm, "complete", "hi", endpoint="completions")
    assert stub.last.path == "/v1/completions"


async def test_the_usage_of_streams_can_be_left_alone(stub: Stub, way: Way, make: Make) -> None:
    llm = make(SiliconFlowCompletion, stream_usage=False)
    await way(llm, "stream_complete", "hi")
    assert "stream_options" not in stub.last.body


async def test_thinking_needs_the_chat_endpoint(stub: Stub, way: Way, make: Make) -> None:
    llm = make(SiliconFlowCompletion, endpoint="completions", enable_thinking=False)
    for name in ("complete", "stream_complete"):
        with pytest.raises(ConfigurationError, match="endpoint") as caught:
            await way(llm, name, "hi")
        assert caught.value.argument == "enable_thinking"
    assert stub.requests == []


async def test_a_stream_of_several_texts_is_refused(stub: Stub, way: Way, make: Make) -> None:
    with pytest.raises(ConfigurationError, match="one text"):
        await way(make(SiliconFlowCompletion), "stream_complete", "hi", n=2)
    assert stub.requests == []


async def test_thinking_stands_beside_the_text(stub: Stub, way: Way, make: Make) -> None:
    stub.script = s.REASON
    llm = make(SiliconFlowCompletion)
    response = await way(llm, "complete", "hi")
    assert response.text == "The answer is 4."
    assert response.additional_kwargs["reasoning_content"] == "Okay, think"
    pieces = await way(llm, "stream_complete", "hi")
    thoughts = [piece.additional_kwargs.get("thinking_delta") for piece in pieces]
    assert thoughts == ["Okay", ", think", None, None, None]
    assert pieces[-1].text == "The answer is 4."
    assert pieces[-1].additional_kwargs == response.additional_kwargs


# --- LlamaIndex's machinery -----------------------------------------------------------------


@pytest.fixture
def spans() -> Iterator[SimpleSpanHandler]:
    handler = SimpleSpanHandler()
    root = get_dispatcher()
    root.add_span_handler(handler)
    yield handler
    root.span_handlers.remove(handler)


@ENDPOINTS
@pytest.mark.parametrize(("name", "given"), CALLS)
async def test_a_call_is_counted_once(
    stub: Stub,
    way: Way,
    make: Make,
    limiter: CountingLimiter,
    events: Events,
    spans: SimpleSpanHandler,
    name: str,
    given: Any,
    endpoint: str,
) -> None:
    counter = TokenCountingHandler(tokenizer=list)
    debug = LlamaDebugHandler(print_trace_on_end=False)
    llm = make(
        SiliconFlowCompletion, endpoint=endpoint, callback_manager=CallbackManager([counter, debug])
    )
    llm.rate_limiter = limiter
    result = await way(llm, name, given)
    (count,) = counter.llm_token_counts
    assert (count.prompt_token_count, count.completion_token_count) == (11, 3)
    assert limiter.n == 1
    assert len(debug.get_event_pairs(CBEventType.LLM)) == 1
    kind = "LLMChat" if "chat" in name else "LLMCompletion"
    middle = [f"{kind}InProgressEvent"] * len(result) if isinstance(result, list) else []
    assert events.names("LLM") == [f"{kind}StartEvent", *middle, f"{kind}EndEvent"]
    assert len(spans.completed_spans) == 1
    assert not spans.open_spans


@ENDPOINTS
@pytest.mark.parametrize(("name", "given"), CALLS)
async def test_a_failure_is_an_event_too(
    stub: Stub, way: Way, make: Make, events: Events, name: str, given: Any, endpoint: str
) -> None:
    debug = LlamaDebugHandler(print_trace_on_end=False)
    llm = make(
        SiliconFlowCompletion,
        endpoint=endpoint,
        callback_manager=CallbackManager([debug]),
        max_retries=0,
    )
    stub.script = s.ERR429
    with pytest.raises(RateLimitError):
        await way(llm, name, given)
    assert len(debug.get_event_pairs(CBEventType.LLM)) == 1
    assert not [event for event in events.names() if event.endswith("EndEvent")]


@ENDPOINTS
async def test_a_stream_that_breaks_keeps_what_came(
    stub: Stub, way: Way, make: Make, endpoint: str
) -> None:
    cut = {"choices": [{"index": 0, "text": "partial", "finish_reason": None}]}
    stub.script = s.CUT if endpoint == "chat" else s.raw_stream(s.data(cut))
    got: list[Any] = []
    with pytest.raises(StreamInterruptedError) as caught:
        await way.drain(got, make(SiliconFlowCompletion, endpoint=endpoint), "stream_complete", "x")
    assert caught.value.partial == "partial"
    assert [piece.text for piece in got] == ["partial"]


async def test_predictions_and_formatted_prompts(stub: Stub, way: Way, make: Make) -> None:
    llm = make(SiliconFlowCompletion, completion_to_prompt=lambda prompt: f"<s>{prompt}")
    assert await way(llm, "predict", PromptTemplate("Say {word}"), word="hi") == "你好，世界"
    await way(llm, "complete", "hi")
    assert stub.last.body["messages"][0]["content"] == "<s>hi"
    await way(llm, "complete", "hi", formatted=True)
    assert stub.last.body["messages"][0]["content"] == "hi"


async def test_a_conversation_is_written_as_text(stub: Stub, way: Way, make: Make) -> None:
    def script(messages: Any) -> str:
        return "|".join(f"{m.role.value}={m.content}" for m in messages)

    llm = make(SiliconFlowCompletion, endpoint="completions", messages_to_prompt=script)
    assert (await way(llm, "chat", [*U, *U])).message.content == "你好，世界"
    assert stub.last.body["prompt"] == "user=hi|user=hi"
    assert (await way(llm, "stream_chat", U))[-1].message.content == "你好，世界"


def test_it_says_that_it_is_no_chat_model() -> None:
    llm = SiliconFlowCompletion(api_key="k", model="Qwen/Qwen2.5-Coder-32B-Instruct", max_tokens=9)
    assert isinstance(llm, LLM)
    assert not llm.metadata.is_chat_model
    assert not llm.metadata.is_function_calling_model
    assert (llm.metadata.context_window, llm.metadata.num_output) == (32768, 9)
    assert llm.metadata.model_name == "Qwen/Qwen2.5-Coder-32B-Instruct"


# --- the simulator --------------------------------------------------------------------------


@pytest.fixture
async def wired() -> AsyncIterator[dict[str, Any]]:
    transport = Simulator().transport()
    with httpx.Client(transport=transport) as client:
        async with httpx.AsyncClient(transport=transport) as async_client:
            yield {
                "api_key": "sk-test",
                "http_client": client,
                "async_http_client": async_client,
                "max_retries": 0,
            }


@ENDPOINTS
async def test_infill_against_the_simulator(wired: dict[str, Any], way: Way, endpoint: str) -> None:
    llm = SiliconFlowCompletion(
        model="Qwen/Qwen2.5-Coder-32B-Instruct", endpoint=endpoint, max_tokens=100, **wired
    )
    given = {"suffix": "\nprint(add(1, 2))"}
    whole = await way(llm, "complete", "def add(a, b):\n", **given)
    pieces = await way(llm, "stream_complete", "def add(a, b):\n", **given)
    assert whole.text
    assert "".join(piece.delta for piece in pieces) == pieces[-1].text == whole.text
    assert whole.additional_kwargs["total_tokens"] == pieces[-1].additional_kwargs["total_tokens"]


@ENDPOINTS
async def test_what_no_json_can_hold_is_named(
    stub: Stub, way: Way, make: Make, endpoint: str
) -> None:
    llm = make(SiliconFlowCompletion, endpoint=endpoint)
    with pytest.raises(SiliconFlowError):
        await way(llm, "complete", "a\udcff")


@ENDPOINTS
@pytest.mark.parametrize("name", ["complete", "stream_complete"])
async def test_a_gap_at_the_start_of_a_file(
    stub: Stub, way: Way, make: Make, endpoint: str, name: str
) -> None:
    await way(make(SiliconFlowCompletion, endpoint=endpoint), name, "", suffix="return x")
    assert stub.last.body["prefix" if endpoint == "chat" else "prompt"] == ""
    assert stub.last.body["suffix"] == "return x"
