"""Bodies have the vendor's shapes, and no input makes the simulator stumble."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import jsonschema
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from siliconflow_simulator import SimRequest, Simulator
from tests.fixtures import INDEX
from tests.simulator.asking import CHAT, KEY, SIMULATOR, WEATHER, ask, body_of, post, tool

SCHEMA = json.loads(Path(__file__).with_name("chat_response_schema.json").read_text())["schema"]
VALIDATOR = jsonschema.validators.validator_for(SCHEMA)(SCHEMA)


@pytest.mark.parametrize(
    "fields",
    [
        {},
        {"enable_thinking": True},
        {"tools": [WEATHER]},
        {"tools": [WEATHER], "enable_thinking": True, "n": 2},
        {"max_tokens": 1},
        {"model": "Qwen/Qwen3.5-4B", "tools": [WEATHER]},
        {"response_format": {"type": "json_object"}},
    ],
)
def test_a_plain_answer_fits_the_documented_schema(fields) -> None:
    answer = body_of(ask("What is the weather in Paris?", **fields))
    assert [error.message for error in VALIDATOR.iter_errors(answer)] == []


def keys_of(value: Any) -> Any:
    """The keys of a JSON value, all the way down."""
    if isinstance(value, dict):
        return {key: keys_of(item) for key, item in value.items()}
    return [keys_of(item) for item in value] if isinstance(value, list) else None


@pytest.mark.parametrize(
    ("file", "question", "fields"),
    [
        ("chat/nonstream_default.json", "Hello", {"enable_thinking": True}),
        (
            "chat/nonstream_tool_calls.json",
            "What is the weather in Paris?",
            {"enable_thinking": True, "tools": [WEATHER]},
        ),
    ],
)
def test_a_plain_answer_has_the_keys_of_the_documented_example(file, question, fields) -> None:
    assert keys_of(body_of(ask(question, **fields))) == keys_of(INDEX[file].json())


def test_embeddings_rerank_and_models_have_the_keys_of_the_documented_examples() -> None:
    body = body_of(post("/v1/embeddings", {"model": "BAAI/bge-m3", "input": ["a", "b"]}))
    assert set(body) == set(INDEX["embeddings/float.json"].json())
    documents = {"model": "BAAI/bge-reranker-v2-m3", "query": "a", "documents": ["a"]}
    ranked = body_of(post("/v1/rerank", {**documents, "return_documents": True}))
    expected = keys_of(INDEX["rerank/meta_tokens.json"].json()["meta"])
    for counts in expected.values():
        # Documented as optional; nothing here is an image.
        del counts["image_tokens"]
    assert keys_of(ranked["meta"]) == expected
    assert keys_of(ranked["results"]) == [
        {"index": None, "document": {"text": None}, "relevance_score": None}
    ]


JSON = st.recursive(
    st.one_of(
        st.none(), st.booleans(), st.integers(), st.floats(allow_nan=False), st.text(max_size=20)
    ),
    lambda inner: st.one_of(
        st.lists(inner, max_size=3), st.dictionaries(st.text(max_size=8), inner, max_size=3)
    ),
    max_leaves=6,
)
FIELDS = st.sampled_from(
    [
        "messages", "stream", "max_tokens", "stop", "temperature", "n", "response_format", "tools",
        "tool_choice", "enable_thinking", "thinking_budget", "prefix", "suffix", "input", "query",
        "documents", "dimensions", "encoding_format", "top_n", "prompt", "parallel_tool_calls",
    ]
)  # fmt: skip
PATHS = st.sampled_from([CHAT, "/v1/embeddings", "/v1/rerank", "/v1/completions"])
MODELS = st.sampled_from(
    ["deepseek-ai/DeepSeek-V3.2", "BAAI/bge-m3", "BAAI/bge-reranker-v2-m3", "Qwen/Qwen3.5-4B", 7]
)


@settings(deadline=None, max_examples=150)
@given(PATHS, MODELS, st.dictionaries(FIELDS, JSON, max_size=5))
def test_any_json_gets_an_answer_or_a_refusal(path, model, fields) -> None:
    response = post(path, {"model": model, **fields})
    assert response.status in (200, 400, 413)
    assert response.headers["x-siliconcloud-trace-id"]


PROPERTY = st.sampled_from(
    [
        {"type": "string"},
        {"type": "integer"},
        {"type": "number", "minimum": 3},
        {"type": "boolean"},
        {"enum": ["a", "b"]},
        {"type": "array", "items": {"type": "string"}},
        {"anyOf": [{"type": "integer"}, {"type": "null"}], "default": None},
    ]
)
NAMES = st.sampled_from(["city", "query", "a", "b", "count", "to", "name", "input", "reason"])
QUESTIONS = st.one_of(
    st.text(max_size=120),
    st.sampled_from(
        [
            "What is the weather in Paris and in Rome?",
            "Add 2 and 3, then multiply the result by 4.",
            "北京和上海的天气怎么样？",
            "search_web for 'cats' and 'dogs', then transfer_to_bob",
        ]
    ),
)
TOOLS = st.lists(
    st.builds(
        lambda name, properties: tool(name, f"Does {name} things.", **properties),
        st.sampled_from(["get_weather", "add", "search_web", "transfer_to_bob", "multiply"]),
        st.dictionaries(NAMES, PROPERTY, max_size=3),
    ),
    min_size=1,
    max_size=4,
    unique_by=lambda t: t["function"]["name"],
)


@settings(deadline=None, max_examples=150)
@given(QUESTIONS, TOOLS)
def test_an_agent_loop_always_ends_and_every_call_fits_its_tool(question, tools) -> None:
    parameters = {t["function"]["name"]: t["function"]["parameters"] for t in tools}
    turns: list[Any] = [question or "?"]
    for _ in range(24):
        message = body_of(ask(*turns, tools=tools))["choices"][0]["message"]
        if not message.get("tool_calls"):
            assert message["content"]
            return
        turns.append(message)
        for call in message["tool_calls"]:
            arguments = json.loads(call["function"]["arguments"])
            jsonschema.validate(arguments, parameters[call["function"]["name"]])
            turns.append({"role": "tool", "tool_call_id": call["id"], "content": "7 is the result"})
    pytest.fail(f"no end: {turns}")


def test_the_core_sees_neither_keys_nor_clock() -> None:
    body = json.dumps({"model": "Qwen/Qwen3-8B", "messages": [{"role": "user", "content": "Hi"}]})
    one = SIMULATOR.handle(SimRequest("POST", CHAT, KEY, body.encode()))
    other = Simulator().handle(
        SimRequest("post", CHAT, {"authorization": "Bearer b"}, body.encode())
    )
    assert (one.status, one.content(), one.headers) == (200, other.content(), other.headers)
