"""Every script in examples/ runs, offline, and prints what it is there to show."""

from __future__ import annotations

import asyncio
import runpy
from collections.abc import Iterator
from pathlib import Path

import pytest

EXAMPLES = Path(__file__).parents[2] / "examples"
SCRIPTS = sorted(EXAMPLES.glob("*.py"))

EXPECTED = {
    "langchain_agent.py": [
        "calls: get_weather {'city': 'Paris'}",
        "ai:    20.0 euros are 164.00 CNY",
    ],
    "langchain_fallbacks.py": [
        "Qwen/Qwen3-8B: The moon pulls the sea",
        "ModelNotFoundError retry: False",
    ],
    "langchain_fill_in_the_middle.py": [
        "def mean(",
        "    return numbers",
        "print(mean([1, 2, 3]))",
    ],
    "langchain_graph.py": ["[write]\nRivers carry sand", "[review]\nRivers drop the sand"],
    "langchain_reasoning.py": [
        "thinking False: ['text']",
        "thinking True: ['reasoning', 'text']",
        "answer: 42 pieces of rope",
    ],
    "langchain_rerank_retriever.py": [
        "Why does bread rise? Bread rises because yeast makes gas.",
        "What does salt do to bread? Salt slows the yeast down",
    ],
    "langchain_retrieval.py": ["Books can be kept for four weeks", "four weeks"],
    "langchain_stream_reasoning.py": [
        "--- answer ---\n",
        "Anna is taller than Ben",
        "'reasoning':",
    ],
    "langchain_structured_output.py": [
        "function_calling: Person(name='Anna', age=31, city='Lisbon')",
        "json_schema: Person(name='Anna', age=31, city='Lisbon')",
        "error: None",
    ],
    "langchain_usage_meter.py": [
        "/rerank BAAI/bge-reranker-v2-m3: ",
        "BAAI/bge-m3: ",
        "5 answers cost 0.000",
    ],
    "langchain_vision.py": ["'input_tokens': 2"],
    "langchain_tools.py": [
        "model calls: weekday",
        "tool returns: 2026-11-20 is a Friday",
        "model says: ",
    ],
    "llama_index_chat.py": ["yeast eats sugar", "Salt slows"],
    "llama_index_chat_engine.py": [
        "Engine: The library lends books for four weeks.",
        "Engine: Tomatoes need water in the morning.",
        "4 messages in memory",
    ],
    "llama_index_embeddings.py": ["3 vectors of 1024 dimensions"],
    "llama_index_function_agent.py": [
        "tool: multiply {'a': 7, 'b': 6} -> 42",
        "The result of multiply is 42.",
    ],
    "llama_index_ingestion.py": [
        "first run: 40 nodes, 256 dimensions, 2 embedding requests so far",
        "second run: 40 nodes, 256 dimensions, 2 embedding requests so far",
    ],
    "llama_index_multimodal.py": ["tokens: "],
    "llama_index_query_engine.py": ["The library lends books for four weeks.\n0."],
    "llama_index_rerank.py": ["Water tomatoes in the morning"],
    "llama_index_structured.py": [
        "name='Alice' age=30",
        "FlexiblePerson(name='Bernard', age=None)",
        "Person(name='Bernard', age=41)",
    ],
    "llama_index_thinking.py": ["thinking, ", "answer: Anna is taller than Ben."],
    "llama_index_workflow.py": ["tool: handoff", "tool: multiply", "The result of multiply is 42."],
}


@pytest.fixture
def thread_loop() -> Iterator[None]:
    """A loop for LlamaIndex's `asyncio_run`, which otherwise makes one and leaves it open."""
    loop = asyncio.new_event_loop()
    asyncio.set_event_loop(loop)
    yield
    asyncio.set_event_loop(None)
    loop.close()


# LlamaIndex's workflows use deprecated parts of pydantic and of their own.
@pytest.mark.filterwarnings("ignore::pydantic.warnings.PydanticDeprecationWarning")
@pytest.mark.filterwarnings("ignore:is_running called from within a step:DeprecationWarning")
@pytest.mark.parametrize("script", SCRIPTS, ids=lambda path: path.name)
def test_example(script: Path, thread_loop: None, capsys: pytest.CaptureFixture[str]):
    runpy.run_path(str(script), run_name="__main__")
    printed = capsys.readouterr().out
    assert script.name in EXPECTED, "say in EXPECTED what it is to print"
    for text in EXPECTED[script.name]:
        assert text in printed


@pytest.mark.parametrize("script", SCRIPTS, ids=lambda path: path.name)
def test_an_example_is_short(script: Path):
    lines = script.read_text(encoding="utf-8").splitlines()
    assert len(lines) <= 40
    assert lines[0].startswith('"""'), "the first line says what it shows"


def test_no_expectation_outlives_its_script():
    assert set(EXPECTED) == {script.name for script in SCRIPTS}
