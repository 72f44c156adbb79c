"""Text completions, and the list of models."""

from __future__ import annotations

import pytest

from siliconflow_client import ModelFacts
from siliconflow_simulator import SimRequest, Simulator
from tests.simulator.asking import KEY, body_of, events_of, get, post

COMPLETIONS = "/v1/completions"
CODER = "Qwen/Qwen2.5-Coder-7B-Instruct"


def complete(prompt, **fields):
    return post(COMPLETIONS, {"model": CODER, "prompt": prompt, **fields})


@pytest.mark.parametrize(
    ("prompt", "suffix", "text"),
    [
        ("def add(a, b):\n    return ", "\n\nprint(add(1, 2))", "a + b"),
        ("def multiply(x: int, y: int = 2) -> int:\n", "\n", "    return x * y"),
        ("class A:\n    def name(self):\n        ", "", "return None"),
        ("if x:\n    ", "\nelse:", "pass"),
        ("Cats sleep a lot. Question: What do cats do?", None, None),
    ],
)
def test_code_is_filled_in_and_text_is_answered(prompt, suffix, text) -> None:
    [choice] = body_of(complete(prompt, suffix=suffix))["choices"]
    assert choice["text"] == text if text else choice["text"]
    assert (choice["finish_reason"], choice["index"], choice["logprobs"]) == ("stop", 0, None)


def test_a_stream_joins_to_the_plain_text() -> None:
    plain = body_of(complete("def add(a, b):\n    return "))
    events = events_of(complete("def add(a, b):\n    return ", stream=True))
    assert "".join(event["choices"][0]["text"] for event in events) == "a + b"
    assert events[-1]["usage"] == plain["usage"]
    assert events[-1]["choices"][0]["finish_reason"] == "stop"
    assert {event["object"] for event in events} == {"text_completion"}


def test_limits() -> None:
    [choice] = body_of(complete("def add(a, b):\n    return ", max_tokens=1))["choices"]
    assert (choice["text"], choice["finish_reason"]) == ("a", "length")
    [choice] = body_of(complete("def add(a, b):\n    return ", stop=["+"]))["choices"]
    assert (choice["text"], choice["finish_reason"]) == ("a ", "stop")
    assert len(body_of(complete("def f(a):\n", n=3))["choices"]) == 3


@pytest.mark.parametrize(
    ("fields", "code"),
    [
        ({"model": "Qwen/Qwen2.5-72B-Instruct", "suffix": "b"}, 20031),
        ({"model": "Qwen/Qwen3-VL-8B-Instruct"}, 20039),
        ({"model": "BAAI/bge-m3"}, 20012),
        ({"n": 129}, 20015),
        ({"prompt": ["a"]}, 20015),
    ],
)
def test_refusals(fields, code) -> None:
    response = post(COMPLETIONS, {"model": CODER, "prompt": "a", **fields})
    assert (response.status, body_of(response)["code"]) == (400, code)


# --- models -----------------------------------------------------------------------------------


def ids(**query) -> list[str]:
    return [card["id"] for card in body_of(get("/v1/models", **query))["data"]]


@pytest.mark.parametrize(
    ("query", "there", "not_there"),
    [
        ({}, "BAAI/bge-m3", "zai-org/GLM-4.5"),
        ({"sub_type": "chat"}, "Qwen/Qwen3-8B", "BAAI/bge-m3"),
        ({"sub_type": "embedding"}, "BAAI/bge-m3", "Qwen/Qwen3-8B"),
        ({"type": "text"}, "BAAI/bge-reranker-v2-m3", "Kwai-Kolors/Kolors"),
        ({"type": "image"}, "Kwai-Kolors/Kolors", "Qwen/Qwen3-8B"),
        ({"sub_type": "image-to-image"}, "Qwen/Qwen-Image-Edit", "Kwai-Kolors/Kolors"),
        ({"type": "audio", "sub_type": "speech-to-text"}, "TeleAI/TeleSpeechASR", "BAAI/bge-m3"),
        ({"sub_type": "text-to-video"}, "Wan-AI/Wan2.2-T2V-A14B", "BAAI/bge-m3"),
    ],
)
def test_the_list_is_filtered(query, there, not_there) -> None:
    found = ids(**query)
    assert there in found
    assert not_there not in found


def test_contradicting_and_unknown_filters_find_nothing() -> None:
    assert ids(type="audio", sub_type="chat") == ids(type="smell") == []


def test_an_entry_says_no_more_than_the_id() -> None:
    card = body_of(get("/v1/models"))["data"][0]
    assert card == {"id": card["id"], "object": "model", "created": 0, "owned_by": ""}


def test_further_models_can_be_served() -> None:
    simulator = Simulator(models=[ModelFacts(id="me/mine", tools=False)])
    listed = body_of(simulator.handle(SimRequest("GET", "/v1/models", KEY)))["data"]
    assert "me/mine" in {card["id"] for card in listed}
    body = {"model": "me/mine", "messages": [{"role": "user", "content": "Hello"}]}
    assert post("/v1/chat/completions", body, simulator=simulator).status == 200
    assert post("/v1/chat/completions", body).status == 400


def test_any_model_can_be_served() -> None:
    simulator = Simulator(any_model=True)
    chat = {"model": "m", "messages": [{"role": "user", "content": "Hello"}]}
    for path, body in (
        ("/v1/chat/completions", chat),
        (COMPLETIONS, {"model": "m", "prompt": "Hello"}),
        ("/v1/embeddings", {"model": "m", "input": "Hello"}),
        ("/v1/rerank", {"model": "m", "query": "a", "documents": ["a"]}),
    ):
        assert post(path, body, simulator=simulator).status == 200
        assert post(path, body).status == 400
    image = {"type": "image_url", "image_url": {"url": "https://example.com/a.png"}}
    seen = {"messages": [{"role": "user", "content": [image]}]}
    form = {"response_format": {"type": "json_schema", "json_schema": {"schema": {}}}}
    for fields in (seen, form):
        body = {**chat, **fields}
        assert post("/v1/chat/completions", body, simulator=simulator).status == 200
    known = {"model": "BAAI/bge-m3", "prompt": "Hello"}
    assert post(COMPLETIONS, known, simulator=simulator).status == 400
