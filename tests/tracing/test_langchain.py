"""What OpenInference and OpenTelemetry see of `ChatSiliconFlow` (docs/tracing.md)."""

from __future__ import annotations

import json

import pytest

from langchain_siliconflow import BadRequestError, ChatSiliconFlow
from tests.tracing.conftest import MODEL


def get_weather(city: str) -> str:
    """Tell the weather."""
    return f"Sunny in {city}."


async def ask(model: ChatSiliconFlow, way: str) -> None:
    match way:
        case "invoke":
            model.invoke("hello")
        case "stream":
            list(model.stream("hello"))
        case "ainvoke":
            await model.ainvoke("hello")
        case _:
            [_ async for _ in model.astream("hello")]


WAYS = pytest.mark.parametrize("way", ["invoke", "stream", "ainvoke", "astream"])


@WAYS
async def test_openinference_sees_model_provider_and_tokens(traced, settings, way):
    traces = traced("openinference-langchain")
    await ask(ChatSiliconFlow(**settings), way)
    seen = traces.of("llm.model_name")
    assert seen["llm.model_name"] == MODEL
    assert seen["llm.provider"] == "siliconflow"
    assert json.loads(seen["llm.invocation_parameters"])["temperature"] == 0.5
    assert (seen["llm.token_count.prompt"], seen["llm.token_count.completion"]) == (20, 12)
    assert seen["llm.token_count.completion_details.reasoning"] == 5
    assert seen["llm.token_count.prompt_details.cache_read"] == 8
    assert seen["llm.finish_reason"] == "stop"
    assert seen["llm.output_messages.0.message.content"] == "Hi!"


@WAYS
async def test_opentelemetry_sees_model_tokens_and_the_finish_reason(traced, settings, way):
    traces = traced("opentelemetry-langchain")
    await ask(ChatSiliconFlow(**settings), way)
    seen = traces.of("gen_ai.request.model")
    assert (seen["gen_ai.request.model"], seen["gen_ai.response.model"]) == (MODEL, MODEL)
    assert seen["traceloop.association.properties.ls_provider"] == "siliconflow"
    assert seen["gen_ai.request.temperature"] == 0.5
    assert (seen["gen_ai.usage.input_tokens"], seen["gen_ai.usage.output_tokens"]) == (20, 12)
    assert seen["gen_ai.usage.cache_read.input_tokens"] == 8
    assert seen["gen_ai.response.finish_reasons"] == ("stop",)


@pytest.mark.parametrize("way", ["invoke", "stream"])
@pytest.mark.parametrize("kind", ["openinference", "opentelemetry"])
async def test_tool_calls_are_seen(traced, settings, kind, way):
    traces = traced(f"{kind}-langchain")
    model = ChatSiliconFlow(**settings).bind_tools([get_weather])
    if way == "invoke":
        model.invoke("weather")
    else:
        list(model.stream("weather"))
    if kind == "openinference":
        seen = traces.of("llm.model_name")
        call = "llm.output_messages.0.message.tool_calls.0.tool_call"
        assert seen[f"{call}.function.name"] == "get_weather"
        assert json.loads(seen[f"{call}.function.arguments"]) == {"city": "Paris"}
        assert seen[f"{call}.id"]
        assert "get_weather" in seen["llm.tools.0.tool.json_schema"]
    else:
        seen = traces.of("gen_ai.request.model")
        [message] = json.loads(seen["gen_ai.output.messages"])
        [called] = [part for part in message["parts"] if part["type"] == "tool_call"]
        assert (called["name"], called["arguments"]) == ("get_weather", {"city": "Paris"})
        assert seen["gen_ai.response.finish_reasons"] == ("tool_call",)
        assert "get_weather" in seen["gen_ai.tool.definitions"]


@pytest.mark.parametrize("kind", ["openinference", "opentelemetry"])
def test_errors_are_seen_by_their_class_and_without_the_key(traced, settings, kind):
    traces = traced(f"{kind}-langchain")
    with pytest.raises(BadRequestError):
        ChatSiliconFlow(**settings).invoke("fail")
    [span] = traces.errors
    assert "It cannot be." in span.status.description
    told = json.dumps([dict(event.attributes) for event in span.events]) + str(span.attributes)
    assert "BadRequestError" in told
    assert settings["api_key"] not in told
