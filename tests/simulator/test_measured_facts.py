"""What was measured of single models: the simulator is not kinder than they are."""

from __future__ import annotations

from typing import Any

import pytest

from tests.simulator.asking import CHAT, WEATHER, body_of, messages, post

ALWAYS = "该模型始终思考，不支持关闭思考；请使用 low、high 或 max。"
NO_PICTURE = "图片输入格式/解析错误"
SEEING = "Qwen/Qwen3-VL-32B-Instruct"


def chat(model: str, **fields: Any) -> Any:
    return post(CHAT, {"model": model, "messages": messages("Hello"), **fields})


@pytest.mark.parametrize("model", ["zai-org/GLM-5.3", "zai-org/GLM-5.3-Flash"])
@pytest.mark.parametrize(
    ("fields", "status"),
    [
        ({"enable_thinking": False}, 400),
        ({"thinking": {"type": "disabled"}}, 400),
        ({"reasoning_effort": "medium"}, 400),
        ({"enable_thinking": True, "reasoning_effort": "max"}, 200),
        ({"thinking": {"type": "enabled"}, "thinking_budget": 500}, 200),
    ],
)
def test_a_model_that_always_thinks_says_so(model, fields, status) -> None:
    answer = chat(model, **fields)
    assert answer.status == status
    assert status == 200 or body_of(answer) == {"code": 20015, "message": ALWAYS, "data": None}


def test_other_models_that_always_think_are_not_known_to_mind() -> None:
    assert chat("moonshotai/Kimi-K2-Thinking", reasoning_effort="medium").status == 200


def test_one_model_takes_no_named_tool_choice() -> None:
    name = WEATHER["function"]["name"]
    named = {"type": "function", "function": {"name": name}}
    assert chat(SEEING, tools=[WEATHER], tool_choice="auto").status == 200
    assert body_of(chat(SEEING, tools=[WEATHER], tool_choice=named))["code"] == 20015
    assert chat("Qwen/Qwen3-8B", tools=[WEATHER], tool_choice=named).status == 200


@pytest.mark.parametrize("encoded", ["@@@", "ä", "AAA"])
def test_a_data_uri_that_is_broken_is_no_picture(encoded) -> None:
    url = f"data:image/png;base64,{encoded}"
    part = {"type": "image_url", "image_url": {"url": url}}
    answer = chat(SEEING, messages=[{"role": "user", "content": [part]}])
    assert (answer.status, body_of(answer)["message"]) == (400, NO_PICTURE)
    drawn = {"model": "Qwen/Qwen-Image-Edit", "prompt": "a", "image": url}
    assert body_of(post("/v1/images/generations", drawn))["code"] == 20023
    voice = {"model": "FunAudioLLM/CosyVoice2-0.5B", "customName": "n", "text": "t"}
    spoken = {**voice, "audio": f"data:audio/mp3;base64,{encoded}"}
    assert body_of(post("/v1/uploads/audio/voice", spoken))["code"] == 20023


def test_one_model_counts_the_places_of_vectors_anew_every_eight() -> None:
    def places(model: str) -> list[int]:
        answer = body_of(post("/v1/embeddings", {"model": model, "input": ["a"] * 12}))
        return [item["index"] for item in answer["data"]]

    assert places("Qwen/Qwen3-VL-Embedding-8B") == [*range(8), *range(4)]
    assert places("BAAI/bge-m3") == [*range(12)]
