"""The API's refusals, with the statuses and bodies of documents and captures."""

from __future__ import annotations

import json
from typing import Any

import pytest

from siliconflow_client import ModelFacts, known_models
from siliconflow_simulator import SimRequest, Simulator
from tests.fixtures import INDEX
from tests.simulator.asking import (
    CHAT,
    DEFAULT_MODEL,
    KEY,
    SIMULATOR,
    WEATHER,
    ask,
    body_of,
    called,
    post,
)

FIM = "Qwen/Qwen2.5-Coder-7B-Instruct"
IMAGE = {"type": "image_url", "image_url": {"url": "https://example.com/a.png"}}
USER = [{"role": "user", "content": "Hello"}]
JSON_OBJECT = {"type": "json_object"}
EMBEDDINGS, RERANK = "/v1/embeddings", "/v1/rerank"


def chat(**fields: Any) -> dict[str, Any]:
    return {"model": DEFAULT_MODEL, "messages": USER, **fields}


CASES = [
    ("400_20012_model_not_exist", CHAT, chat(model="somebody/unknown")),
    ("400_20012_model_not_exist", CHAT, chat(model="BAAI/bge-m3")),
    ("400_20012_model_not_exist", EMBEDDINGS, {"model": DEFAULT_MODEL, "input": "a"}),
    (
        "400_20015_enable_thinking",
        CHAT,
        chat(model="Qwen/Qwen3-Coder-30B-A3B-Instruct", enable_thinking=False),
    ),
    (
        "400_20015_enable_thinking",
        CHAT,
        chat(model="deepseek-ai/DeepSeek-R1", enable_thinking=True),
    ),
    ("400_20015_field_required", CHAT, {"messages": USER}),
    ("400_20015_field_required", CHAT, {"model": DEFAULT_MODEL}),
    ("400_20015_field_required", RERANK, {"model": "BAAI/bge-reranker-v2-m3", "query": "a"}),
    ("400_20015_field_required", EMBEDDINGS, {"model": "BAAI/bge-m3"}),
    (
        "400_20015_generic_param",
        EMBEDDINGS,
        {"model": "BAAI/bge-m3", "input": "a", "dimensions": 512},
    ),
    ("400_20015_generic_param", CHAT, chat(temperature=3)),
    ("400_20015_generic_param", CHAT, chat(max_tokens="many")),
    (
        "400_20015_rerank_empty_documents",
        RERANK,
        {"model": "BAAI/bge-reranker-v2-m3", "query": "a", "documents": []},
    ),
    ("400_20015_rerank_empty_documents", CHAT, chat(tools=[])),
    (
        "400_20024_json_mode",
        CHAT,
        chat(model="deepseek-ai/DeepSeek-R1", response_format=JSON_OBJECT),
    ),
    ("400_20037_no_tools", CHAT, chat(model="openai/gpt-oss-20b", tools=[WEATHER])),
    (
        "400_20041_not_vlm",
        CHAT,
        chat(messages=[{"role": "user", "content": [{"type": "text", "text": "?"}, IMAGE]}]),
    ),
]


@pytest.mark.parametrize(("name", "path", "body"), CASES)
def test_a_bad_request_gets_the_documented_answer(name, path, body) -> None:
    expected = INDEX[f"errors/{name}.json"]
    response = post(path, body)
    assert response.status == expected.status
    assert body_of(response) == expected.json()
    assert response.headers["x-siliconcloud-trace-id"].startswith("ti_")


@pytest.mark.parametrize(
    "headers",
    [{}, {"Authorization": "Bearer "}, {"Authorization": "Basic abc"}, {"X-Api-Key": "sk-test"}],
)
@pytest.mark.parametrize("path", [CHAT, EMBEDDINGS, RERANK, "/v1/completions"])
def test_a_missing_key_is_401(path, headers) -> None:
    response = post(path, {}, headers=headers)
    expected = INDEX["errors/401_30014_token_invalid.json"]
    assert (response.status, body_of(response)) == (401, expected.json())


def test_only_the_listed_keys_are_accepted_when_there_is_a_list() -> None:
    simulator = Simulator(api_keys={"sk-good"})
    body = chat()
    good = post(CHAT, body, simulator=simulator, headers={"authorization": "bearer sk-good "})
    bad = post(CHAT, body, simulator=simulator, headers={"authorization": "Bearer sk-bad"})
    assert (good.status, bad.status) == (200, 401)


@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("POST", "/v1/responses"),
        ("POST", "/v1/embedding"),
        ("POST", "/chat/completions"),
        ("GET", CHAT),
        ("POST", "/v1/models"),
        ("GET", "/"),
    ],
)
def test_anything_else_is_a_bare_404_string(method, path) -> None:
    response = SIMULATOR.handle(SimRequest(method, path, KEY, b"{}"))
    assert (response.status, body_of(response)) == (404, "404 page not found")


def test_only_a_system_message() -> None:
    response = ask({"role": "system", "content": "Be brief."})
    assert response.status == 400
    # The capture has no `data` key; everything else in the frame is alike.
    expected = INDEX["errors/400_20015_no_user_message.json"].json()
    assert expected.items() <= body_of(response).items()


def test_a_developer_message_names_the_four_roles() -> None:
    response = ask({"role": "developer", "content": "Be brief."}, "Hello")
    assert (response.status, body_of(response)["code"]) == (400, 20015)
    for role in ("system", "user", "assistant", "tool"):
        assert f"'{role}'" in body_of(response)["message"]


def test_a_tool_call_that_is_sent_back_without_its_type() -> None:
    turns = called("get_weather", "{}", "sunny")
    del turns[0]["tool_calls"][0]["type"]
    response = ask("Weather?", *turns)
    expected = INDEX["errors/400_20015_tool_call_type_missing.json"]
    assert (response.status, body_of(response)) == (400, expected.json())


def test_kimi_insists_on_its_reasoning() -> None:
    turns = called("get_weather", "{}", "sunny")
    system = {"role": "system", "content": "Be brief."}
    response = ask(system, "Weather?", *turns, model="Pro/moonshotai/Kimi-K2.5")
    expected = INDEX["errors/400_reasoning_content_missing.json"]
    assert (response.status, body_of(response)) == (400, expected.json())
    turns[0]["reasoning_content"] = "I need the weather."
    assert ask(system, "Weather?", *turns, model="Pro/moonshotai/Kimi-K2.5").status == 200


@pytest.mark.parametrize(
    ("model", "message"),
    [
        ("zai-org/GLM-4.5-Air", "has exceeded max_prompt_tokens (100) limit."),
        ("inclusionAI/Ling-flash-2.0", "has exceeded max_seq_len (100) limit."),
        ("deepseek-ai/DeepSeek-V3", "must be less than max_seq_len (100)."),
        ("Qwen/Qwen3.6-27B", "This model's maximum context length is 100 tokens."),
        ("Qwen/Qwen2.5-7B-Instruct", "must be less than or equal to max_seq_len (100)"),
    ],
)
def test_too_long_a_prompt_is_refused_in_the_models_own_wording(model, message) -> None:
    simulator = Simulator(models=[ModelFacts(id=model, context_window=100)])
    response = ask("word " * 200, simulator=simulator, model=model)
    assert response.status == 400
    body = body_of(response)
    assert message in (body if isinstance(body, str) else body["message"])
    assert ask("word", simulator=simulator, model=model).status == 200


def test_the_bare_string_wording_is_a_bare_string() -> None:
    facts = ModelFacts(id="Qwen/Qwen2.5-7B-Instruct", context_window=100)
    response = ask("a " * 300, simulator=Simulator(models=[facts]), model=facts.id, max_tokens=8)
    assert isinstance(body_of(response), str)


@pytest.mark.parametrize("count", [32, 33, 64])
def test_up_to_64_texts_are_embedded(count) -> None:
    response = post(EMBEDDINGS, {"model": "BAAI/bge-m3", "input": ["a"] * count})
    assert [item["index"] for item in body_of(response)["data"]] == list(range(count))


def test_more_texts_are_413() -> None:
    response = post(EMBEDDINGS, {"model": "BAAI/bge-m3", "input": ["a"] * 83})
    expected = INDEX["errors/413_20042_embedding_batch.json"]
    assert (response.status, body_of(response)) == (413, expected.json())
    strict = Simulator(max_embedding_inputs=32)
    body = {"model": "BAAI/bge-m3", "input": ["a"] * 33}
    assert post(EMBEDDINGS, body, simulator=strict).status == 413


def test_too_long_a_text_fails_the_whole_batch() -> None:
    texts = ["short", "word " * 9000]
    response = post(EMBEDDINGS, {"model": "BAAI/bge-m3", "input": texts})
    expected = INDEX["errors/413_20042_embedding_too_long.json"]
    assert (response.status, body_of(response)) == (413, expected.json())
    newer = post(EMBEDDINGS, {"model": "Qwen/Qwen3-Embedding-8B", "input": ["word " * 33000]})
    assert newer.status == 400
    assert body_of(newer) == INDEX["errors/400_20015_generic_param.json"].json()


@pytest.mark.parametrize(
    ("code", "fields"),
    [
        (20081, {"n": 21}),
        (20031, {"prefix": "a", "suffix": "b"}),
        (20033, {"prefix": "a", "response_format": JSON_OBJECT}),
        (20030, {"prefix": "a", "model": "deepseek-ai/DeepSeek-R1"}),
        (20060, {"top_k": 0}),
        (20024, {"response_format": {"type": "json_schema", "json_schema": {"schema": {}}}}),
        (20015, {"response_format": {"type": "yaml"}}),
        (20015, {"tools": [WEATHER] * 129}),
        (20015, {"tools": [{"type": "function", "function": {"name": "not a name"}}]}),
        (20015, {"tools": [{"type": "web_search"}]}),
        (20015, {"tool_choice": "get_weather", "tools": [WEATHER]}),
        (
            20015,
            {
                "tool_choice": {"type": "function", "function": {"name": "other"}},
                "tools": [WEATHER],
            },
        ),
        (20015, {"stop": ["a", "b", "c", "d", "e"]}),
        (20015, {"messages": []}),
        (20015, {"messages": "Hello"}),
        (20015, {"messages": ["Hello"]}),
        (20015, {"messages": [{"role": "user", "content": 5}]}),
        (20015, {"messages": [{"role": "user", "content": ["Hello"]}]}),
        (20015, {"messages": [*USER, {"role": "tool", "content": "21"}]}),
        (20015, {"messages": [*USER, {"role": "assistant", "content": "", "tool_calls": {}}]}),
        (20015, {"messages": [*USER, {"role": "assistant", "content": "", "tool_calls": [1]}]}),
        (20015, {"messages": [*USER, {"role": "assistant", "tool_calls": [{"type": "function"}]}]}),
        (20015, {"response_format": "json"}),
        (20015, {"response_format": {"type": "json_schema"}, "model": "Qwen/Qwen3.5-4B"}),
        (20015, {"tools": [{"type": "function", "function": "f"}]}),
        (20015, {"tools": [{"type": "function", "function": {"name": "f", "parameters": 1}}]}),
        (20015, {"tool_choice": {"type": "function", "function": "f"}}),
        (20015, {"stop": [1]}),
        (20032, {"suffix": "b", "model": FIM, "response_format": JSON_OBJECT}),
        (20015, {"n": 0}),
        (20015, {"stream": "yes"}),
        (20015, {"max_tokens": 0}),
        (20015, {"messages": [{"role": "user"}]}),
        (20015, {"response_format": {}}),
        (20015, {"messages": [{"role": "user", "content": [{"type": "file"}]}]}),
    ],
)
def test_what_is_refused_says_why_by_its_code(code, fields) -> None:
    response = post(CHAT, chat(**fields))
    assert (response.status, body_of(response)["code"]) == (400, code)


@pytest.mark.parametrize("body", [b"", b"{", b"[]", b"null", b"\xff", b'"text"'])
@pytest.mark.parametrize("path", [CHAT, EMBEDDINGS, RERANK, "/v1/completions"])
def test_a_broken_body_is_400(path, body) -> None:
    response = post(path, body)
    assert (response.status, body_of(response)["code"]) == (400, 20015)


def test_fields_that_nobody_documents_are_ignored() -> None:
    response = ask("Hello", invented_field={"a": 1}, max_completion_tokens=5, seed=3, user="me")
    assert response.status == 200
    assert body_of(response)["choices"] == body_of(ask("Hello"))["choices"]


def test_the_one_model_that_refuses_a_large_max_tokens() -> None:
    assert ask("Hi", model="THUDM/GLM-4-9B-0414", max_tokens=32768).status == 400
    assert ask("Hi", model="THUDM/GLM-4-9B-0414", max_tokens=16384).status == 200
    assert ask("Hi", model="Qwen/Qwen3.5-4B", max_tokens=131072).status == 200


@pytest.mark.parametrize(
    ("model", "kind", "status"),
    [
        ("Qwen/Qwen3-VL-8B-Instruct", "image_url", 200),
        ("Qwen/Qwen3-VL-8B-Instruct", "video_url", 200),
        ("Qwen/Qwen3-VL-8B-Instruct", "audio_url", 400),
        ("Qwen/Qwen3-Omni-30B-A3B-Instruct", "audio_url", 200),
        ("zai-org/GLM-4.5V", "video_url", 400),
    ],
)
def test_parts_are_taken_as_the_catalogue_says(model, kind, status) -> None:
    part = {"type": kind, kind: {"url": "https://example.com/a"}}
    content = [part, {"type": "text", "text": "What is this?"}]
    response = ask({"role": "user", "content": content}, model=model)
    assert response.status == status


@pytest.mark.parametrize("source", ["a.png", {"url": "ftp://a"}, {"url": None}, {}])
def test_a_part_needs_an_address(source) -> None:
    turn = {"role": "user", "content": [{"type": "image_url", "image_url": source}]}
    assert ask(turn, model="zai-org/GLM-4.5V").status == 400


def test_a_pdf_is_only_for_the_model_that_reads_it() -> None:
    part = {"type": "image_url", "image_url": {"url": "data:application/pdf;base64,AAAA"}}
    turn = {"role": "user", "content": [part]}
    assert ask(turn, model="deepseek-ai/DeepSeek-OCR").status == 200
    assert ask(turn, model="zai-org/GLM-4.5V").status == 400


def test_every_body_is_json_with_the_trace_header() -> None:
    response = ask("Hello", model="nobody/nothing")
    assert response.headers["content-type"].startswith("application/json")
    assert json.loads(response.content())["data"] is None


# --- a history that is sent back --------------------------------------------------------------


@pytest.mark.parametrize("arguments", ['{"city": "Par', "[]", '"Paris"', "null", "", "{}}", "NaN"])
def test_arguments_that_are_no_json_object_are_refused_in_the_history(arguments) -> None:
    response = ask("Weather?", *called("get_weather", arguments, "sunny"))
    assert (response.status, body_of(response)["code"]) == (400, 20015)
    assert "messages.1.tool_calls.0.function.arguments" in body_of(response)["message"]


@pytest.mark.parametrize("arguments", ["{}", '{"city": "Paris"}', ' {"a": {"b": [1]}} '])
def test_arguments_that_are_an_object_are_taken(arguments) -> None:
    assert ask("Weather?", *called("get_weather", arguments, "sunny")).status == 200


REPLAYING = [facts.id for facts in known_models("chat") if facts.replays_reasoning]


def thoughts(*reasoning: str | None) -> list[Any]:
    """A question for each thought, answered by way of a tool."""
    turns: list[Any] = []
    for number, thought in enumerate(reasoning):
        asked, told = called("get_weather", "{}", "sunny", f"c{number}")
        if thought is not None:
            asked["reasoning_content"] = thought
        turns += [f"Weather {number}?", asked, told, {"role": "assistant", "content": "Sunny."}]
    return [*turns, "And now?"]


def test_there_are_models_that_want_their_reasoning_back() -> None:
    assert {"deepseek-ai/DeepSeek-V3.2", "Pro/moonshotai/Kimi-K2.5"} <= set(REPLAYING)


@pytest.mark.parametrize("model", REPLAYING)
@pytest.mark.parametrize(
    ("reasoning", "index"),
    [((None,), 1), (("Hm.", None), 5), ((None, "Hm."), 1), (("Hm.", "", "Hm."), 5)],
)
def test_reasoning_that_is_missing_anywhere_is_named_by_its_index(model, reasoning, index) -> None:
    response = ask(*thoughts(*reasoning), model=model, enable_thinking=True)
    expected = INDEX["errors/400_reasoning_content_missing.json"].json()
    expected["message"] = expected["message"].replace("index 2", f"index {index}")
    assert (response.status, body_of(response)) == (400, expected)


@pytest.mark.parametrize("model", REPLAYING)
def test_reasoning_is_not_missed_where_it_is_there_or_nobody_thinks(model) -> None:
    assert ask(*thoughts("Hm.", "Hm."), model=model, enable_thinking=True).status == 200
    assert ask(*thoughts(None, None), model=model, enable_thinking=False).status == 200
    assert ask(*thoughts(None), model="Qwen/Qwen3-8B", enable_thinking=True).status == 200
