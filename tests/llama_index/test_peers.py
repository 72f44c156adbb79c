"""What the test-suites of the three older SiliconFlow packages ask of behaviour.

Their names, signatures and attributes, and the documentation's own sample bodies. What they ask
of internals (the `requests` session, private headers) is left out, and so is one point on which we
differ on purpose: a wire chunk that adds nothing makes no response.
"""

from __future__ import annotations

from typing import Any

import pytest
from llama_index.core.base.llms.base import BaseLLM
from llama_index.core.base.llms.types import ChatMessage, MessageRole
from llama_index.core.embeddings import BaseEmbedding
from llama_index.core.postprocessor.types import BaseNodePostprocessor
from llama_index.core.schema import Document, NodeWithScore

from llama_index_siliconflow import SiliconFlow, SiliconFlowEmbedding, SiliconFlowRerank
from tests.llama_index import scenarios as s
from tests.llama_index.conftest import Make, Way
from tests.llama_index.stub import Stub

USAGE = {"prompt_tokens": 123, "completion_tokens": 123, "total_tokens": 123}
ANSWER: dict[str, Any] = {
    "id": "<string>",
    "choices": [{"message": {"role": "assistant", "content": "<string>"}, "finish_reason": "stop"}],
    "usage": USAGE,
    "created": 123,
    "model": "<string>",
    "object": "chat.completion",
}


@pytest.mark.parametrize(
    ("cls", "base"),
    [
        (SiliconFlow, BaseLLM),
        (SiliconFlowEmbedding, BaseEmbedding),
        (SiliconFlowRerank, BaseNodePostprocessor),
    ],
)
def test_base_classes_by_name(cls: type, base: type) -> None:
    assert base.__name__ in [parent.__name__ for parent in cls.__mro__]


@pytest.mark.parametrize("cls", [SiliconFlow, SiliconFlowEmbedding, SiliconFlowRerank])
def test_a_component_is_made_without_a_key(cls: type) -> None:
    assert cls().model


def test_the_model_and_its_keywords() -> None:
    llm = SiliconFlow(model="deepseek-ai/DeepSeek-V2.5", api_key="api_key_test")
    assert llm.model == "deepseek-ai/DeepSeek-V2.5"
    assert llm.model_kwargs == {}


async def test_a_completion(stub: Stub, way: Way, make: Make) -> None:
    stub.script = s.always(s.json_reply(ANSWER))
    result = await way(make(SiliconFlow), "complete", "...")
    assert result.text == "<string>"
    assert {**result.raw, "trace_id": None} == {**ANSWER, "trace_id": None}
    assert stub.last.body["messages"] == [{"role": "user", "content": "..."}]


async def test_a_stream_with_an_empty_piece(stub: Stub, way: Way, make: Make) -> None:
    def line(delta: dict[str, Any]) -> bytes:
        return s.data({"id": "1", "choices": [{"delta": delta}]})

    stub.script = s.raw_stream(
        line({"role": "assistant", "content": "Hello"}),
        line({"content": " there"}),
        line({"content": None}),
        line({"content": "!"}),
        s.DONE,
    )
    messages = [ChatMessage(role=MessageRole.USER, content="Hello")]
    responses = await way(make(SiliconFlow), "stream_chat", messages)
    assert [response.delta for response in responses] == ["Hello", " there", "!", ""]
    assert [response.message.content for response in responses] == [
        "Hello",
        "Hello there",
        "Hello there!",
        "Hello there!",
    ]
    assert all(response.message.role == MessageRole.ASSISTANT for response in responses)


@pytest.mark.parametrize(
    ("settings", "wire"), [({}, [123]), ({"encoding_format": "base64"}, "AAD2Qg==")]
)
async def test_an_embedding(
    stub: Stub, way: Way, make: Make, settings: dict[str, Any], wire: Any
) -> None:
    rows = [{"object": "embedding", "embedding": wire, "index": 0}]
    stub.script = s.always(s.json_reply({"model": "<string>", "data": rows, "usage": USAGE}))
    embedding = make(SiliconFlowEmbedding, **settings)
    assert await way(embedding, "get_query_embedding", "...") == [123]
    assert stub.last.body["input"] == ["..."]


async def test_a_rerank(stub: Stub, way: Way, make: Make) -> None:
    texts = {"1": "first 1", "2": "first 2", "3": "last 1", "4": "last 2"}
    results = [
        {"document": {"text": "last 1"}, "index": 2, "relevance_score": 0.9},
        {"document": {"text": "last 2"}, "index": 3, "relevance_score": 0.8},
    ]
    tokens = {"input_tokens": 123, "output_tokens": 123}
    stub.script = s.always(s.json_reply({"id": "<string>", "results": results, "tokens": tokens}))

    def node(name: str, score: float | None = None) -> NodeWithScore:
        return NodeWithScore(node=Document(doc_id=name, text=texts[name]), score=score)

    given = [node(name) for name in texts]
    found = await way(make(SiliconFlowRerank), "postprocess_nodes", given, query_str="last")
    assert found == [node("3", 0.9), node("4", 0.8)]
