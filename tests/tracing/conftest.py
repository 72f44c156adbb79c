"""The real instrumentation packages, on the simulator: `make test-tracing`.

They are in an environment of their own, so the other targets do not collect this folder.
"""

from __future__ import annotations

from collections.abc import Callable
from importlib import import_module
from typing import Any

import pytest
from opentelemetry.sdk.trace import ReadableSpan, TracerProvider
from opentelemetry.sdk.trace.export import SimpleSpanProcessor
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter
from opentelemetry.trace import StatusCode

from siliconflow_simulator import Simulator, when

MODEL = "Qwen/Qwen3-8B"
USAGE: dict[str, Any] = {
    "prompt_tokens": 20,
    "completion_tokens": 12,
    "total_tokens": 32,
    "completion_tokens_details": {"reasoning_tokens": 5},
    "prompt_tokens_details": {"cached_tokens": 8},
}
INSTRUMENTORS = {
    "openinference-langchain": "openinference.instrumentation.langchain:LangChainInstrumentor",
    "openinference-llama-index": "openinference.instrumentation.llama_index:LlamaIndexInstrumentor",
    "opentelemetry-langchain": "opentelemetry.instrumentation.langchain:LangchainInstrumentor",
    "opentelemetry-llama-index": (
        "opentelemetry.instrumentation.llamaindex:LlamaIndexInstrumentor"
    ),
}


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Their own warnings are not ours to mend."""
    for item in items:
        if "tracing" in item.path.parts:
            item.add_marker(pytest.mark.filterwarnings("ignore"))


class Traces:
    """The spans of a test."""

    def __init__(self, exporter: InMemorySpanExporter) -> None:
        self._exporter = exporter

    @property
    def spans(self) -> list[ReadableSpan]:
        return list(self._exporter.get_finished_spans())

    def of(self, key: str) -> dict[str, Any]:
        """The attributes of the one span that has a certain one."""
        [found] = [dict(span.attributes) for span in self.spans if key in (span.attributes or {})]
        return found

    @property
    def errors(self) -> list[ReadableSpan]:
        return [span for span in self.spans if span.status.status_code is StatusCode.ERROR]


@pytest.fixture(scope="session")
def exporters() -> dict[str, InMemorySpanExporter]:
    """Those that are switched on; one of them cannot be switched on again once it was off."""
    return {}


@pytest.fixture
def traced(exporters: dict[str, InMemorySpanExporter]) -> Callable[[str], Traces]:
    """Switch an instrumentation on, or go on with it, and forget the spans of other tests."""

    def switch_on(name: str) -> Traces:
        if name not in exporters:
            exporters[name] = InMemorySpanExporter()
            provider = TracerProvider()
            provider.add_span_processor(SimpleSpanProcessor(exporters[name]))
            module, _, attribute = INSTRUMENTORS[name].partition(":")
            getattr(import_module(module), attribute)().instrument(tracer_provider=provider)
        exporters[name].clear()
        return Traces(exporters[name])

    return switch_on


@pytest.fixture
def settings() -> dict[str, Any]:
    simulator = Simulator(
        answers=[
            when("weather").calls("get_weather", city="Paris").uses(USAGE),
            when("fail").fails(400, code=20015, message="It cannot be."),
            when().thinks("Hm.").says("Hi!").uses(USAGE),
        ]
    )
    return {"model": MODEL, "temperature": 0.5, "max_retries": 0, **simulator.settings()}
