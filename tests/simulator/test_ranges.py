"""The documented range of each number of a chat request: its edges are taken, what is beyond is not."""

from __future__ import annotations

from typing import Any

import pytest

from siliconflow_client import parameters_of
from tests.simulator.asking import ask, body_of, messages, post

# https://docs.siliconflow.cn/cn/api-reference/chat-completions/chat-completions
RANGES: dict[str, tuple[list[Any], list[Any]]] = {
    "temperature": ([0, 0.0, 2], [-0.01, 2.01]),
    "top_p": ([0.01, 1], [-0.01, 1.01]),
    "top_k": ([-1, 1, 100], [-2, 0, 101]),
    "min_p": ([0, 0.05, 1], [-0.01, 1.01]),
    "frequency_penalty": ([-2, 2], [-2.01, 2.01]),
    "presence_penalty": ([-2, 2], [-2.01, 2.01]),
    "n": ([1, 20], [0, 21]),
    "max_tokens": ([1, 100], [0, -1]),
    "thinking_budget": ([128, 32768], [127, 32769]),
}


@pytest.mark.parametrize(
    ("name", "value"), [(name, value) for name, (good, _) in RANGES.items() for value in good]
)
def test_a_value_of_the_range_is_answered(name: str, value: Any):
    assert ask("Hi", **{name: value}).status == 200


@pytest.mark.parametrize(
    ("name", "value"), [(name, value) for name, (_, bad) in RANGES.items() for value in bad]
)
def test_a_value_beyond_the_range_is_refused(name: str, value: Any):
    refused = ask("Hi", **{name: value})
    assert refused.status == 400
    assert body_of(refused)["message"]


@pytest.mark.parametrize("name", RANGES)
@pytest.mark.parametrize("value", ["1", True, [1], {}], ids=str)
def test_what_is_no_number_is_refused(name: str, value: Any):
    assert ask("Hi", **{name: value}).status == 400


# --- every endpoint, by the client's table ----------------------------------------------------

PATHS = {
    "chat": ("/v1/chat/completions", {"model": "Qwen/Qwen3-8B", "messages": messages("Hi")}),
    "completions": ("/v1/completions", {"model": "Qwen/Qwen2.5-7B-Instruct", "prompt": "Hi"}),
    "embeddings": ("/v1/embeddings", {"model": "BAAI/bge-m3", "input": "Hi"}),
    "messages": ("/v1/messages", {"model": "Qwen/Qwen3-8B", "messages": messages("Hi")}),
    "rerank": (
        "/v1/rerank",
        {"model": "BAAI/bge-reranker-v2-m3", "query": "a", "documents": ["a", "b"]},
    ),
    "images": ("/v1/images/generations", {"model": "Kwai-Kolors/Kolors", "prompt": "a"}),
    "video": ("/v1/video/submit", {"model": "Wan-AI/Wan2.2-T2V-A14B", "prompt": "a"}),
    "speech": (
        "/v1/audio/speech",
        {
            "model": "FunAudioLLM/CosyVoice2-0.5B",
            "input": "a",
            "voice": "FunAudioLLM/CosyVoice2-0.5B:alex",
        },
    ),
}
EDGES = [
    pytest.param(endpoint, entry.name, edge, step, id=f"{endpoint} {entry.name} {edge:g}")
    for endpoint in PATHS
    for entry in parameters_of(endpoint).values()
    for edge, step in ((entry.least, -1), (entry.most, 1))
    if edge is not None
]


@pytest.mark.parametrize(("endpoint", "name", "edge", "step"), EDGES)
def test_each_documented_range_ends_where_the_table_says(endpoint, name, edge, step) -> None:
    path, body = PATHS[endpoint]
    at = int(edge) if edge == int(edge) else edge
    beyond = post(path, {**body, name: at + step})
    assert beyond.status == 400
    if (name, at) != ("top_k", 0):
        assert post(path, {**body, name: at}).status == 200


def test_what_nobody_documents_is_not_looked_at() -> None:
    assert ask("Hi", parallel_tool_calls=None, logprobs="x", top_logprobs=-5).status == 200
