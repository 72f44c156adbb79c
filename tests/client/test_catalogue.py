"""The catalogue: look-up rules, and the facts that other parts rely on."""

from __future__ import annotations

import dataclasses
import json
import re
import subprocess
import sys
from datetime import date
from pathlib import Path

import pytest

import siliconflow_client.catalogue.facts as catalogue
from siliconflow_client.catalogue.facts import ModelFacts, known_models, lookup_model

FILE = Path(catalogue.__file__).with_name("models.json")


def test_the_file_holds_facts_only_and_is_dated() -> None:
    content = json.loads(FILE.read_text("utf-8"))
    assert re.fullmatch(r"\d{4}-\d{2}-\d{2}", content["made"])
    assert content["source"]
    names = {field.name for field in dataclasses.fields(ModelFacts)} - {"id", "known"}
    for model, entry in content["models"].items():
        assert set(entry) <= names, model
    assert "price" not in json.dumps(content["models"])
    assert FILE.stat().st_size < 40_000


def test_every_entry_says_only_what_differs_from_the_defaults() -> None:
    defaults = {
        field.name: field.default
        for field in dataclasses.fields(ModelFacts)
        if field.name not in ("id", "known", "tools", "streaming_tools", "json_modes", "inputs")
    }
    for model, entry in json.loads(FILE.read_text("utf-8"))["models"].items():
        for name, value in entry.items():
            if name in defaults and name != "context_window":
                assert value != defaults[name], (model, name)


def test_an_exact_id_wins_over_its_twin() -> None:
    assert lookup_model("zai-org/GLM-5").context_window == 205_000
    assert lookup_model("Pro/zai-org/GLM-5").context_window == 200_000


@pytest.mark.parametrize(
    ("model", "listed"),
    [
        ("Pro/deepseek-ai/DeepSeek-V4-Flash", "deepseek-ai/DeepSeek-V4-Flash"),
        ("zai-org/GLM-4.7", "Pro/zai-org/GLM-4.7"),
    ],
)
def test_a_twin_stands_in_for_an_id_that_is_not_listed(model: str, listed: str) -> None:
    assert lookup_model(model) == dataclasses.replace(lookup_model(listed), id=model)


@pytest.mark.parametrize(
    "model",
    [
        "LoRA/Qwen/Qwen2.5-7B-Instruct",
        "LoRA/Qwen/Qwen2.5-72B-Instruct",
        "ft:LoRA/Qwen/Qwen2.5-72B-Instruct:name:run:ckpt_step_1",
    ],
)
def test_a_lora_has_its_base_models_window_and_no_tools(model: str) -> None:
    facts = lookup_model(model)
    assert facts.known
    assert facts.id == model
    assert facts.context_window == 32768
    assert not facts.tools
    assert not facts.streaming_tools


def test_an_unknown_id_is_refused_nothing() -> None:
    facts = lookup_model("somebody/new-model")
    assert not facts.known
    assert facts.kind == "chat"
    assert facts.tools
    assert facts.streaming_tools
    assert facts.accepts_dimensions
    assert facts.context_window == 32768
    assert facts.thinking == "unknown"
    assert not lookup_model("LoRA/somebody/new-model").known


@pytest.mark.parametrize(
    ("model", "fact", "value"),
    [
        ("deepseek-ai/DeepSeek-V3.2", "thinking", "switch"),
        ("deepseek-ai/DeepSeek-V3.2", "replays_reasoning", True),
        ("deepseek-ai/DeepSeek-V3.2", "thinking_by_default", False),
        ("deepseek-ai/DeepSeek-V4-Flash", "reasoning_efforts", ("high", "max")),
        ("deepseek-ai/DeepSeek-R1", "thinking", "always"),
        ("Qwen/Qwen3-VL-32B-Thinking", "context_window", 65536),
        ("Qwen/Qwen3-Coder-30B-A3B-Instruct", "thinking", "never"),
        ("Qwen/Qwen2.5-72B-Instruct", "thinking", "unknown"),
        ("Qwen/Qwen3.5-4B", "thinking_by_default", True),
        ("Qwen/Qwen3.5-4B", "json_modes", frozenset({"json_object", "json_schema"})),
        ("deepseek-ai/DeepSeek-R1", "json_modes", frozenset()),
        ("openai/gpt-oss-20b", "tools", False),
        ("THUDM/GLM-4-9B-0414", "tools", True),
        ("THUDM/GLM-4-9B-0414", "streaming_tools", False),
        ("Qwen/Qwen2.5-Coder-7B-Instruct", "fim", True),
        ("deepseek-ai/DeepSeek-OCR", "inputs", frozenset({"text", "image", "pdf"})),
        (
            "Qwen/Qwen3-Omni-30B-A3B-Instruct",
            "inputs",
            frozenset({"text", "image", "video", "audio"}),
        ),
        ("Qwen/Qwen3-Embedding-8B", "default_dimensions", 4096),
        ("Qwen/Qwen3-Embedding-0.6B", "dimensions", (64, 128, 256, 512, 768, 1024)),
        ("Qwen/Qwen3-Embedding-0.6B", "accepts_dimensions", True),
        ("BAAI/bge-m3", "accepts_dimensions", False),
        ("BAAI/bge-m3", "max_input_tokens", 8192),
        ("BAAI/bge-m3", "tools", False),
        ("Qwen/Qwen3-Reranker-8B", "instruction", True),
        ("BAAI/bge-reranker-v2-m3", "chunk_parameters", True),
        ("fishaudio/fish-speech-1.5", "retired", date(2025, 3, 6)),
        ("zai-org/GLM-5.3", "thinking", "always"),
        ("zai-org/GLM-5.3", "reasoning_efforts", ("low", "high", "max")),
        ("zai-org/GLM-5.3-Flash", "thinking", "always"),
        ("zai-org/GLM-5.3-Flash", "thinking_budget", False),
        ("zai-org/GLM-5.3-Flash", "reasoning_efforts", ("low", "high", "max")),
        ("inclusionAI/Ling-1T", "retired", date(2025, 11, 20)),
        ("inclusionAI/Ring-1T", "retired", date(2025, 11, 20)),
        ("inclusionAI/Ring-1T", "successor", None),
        ("deepseek-ai/DeepSeek-V3.2-Exp", "retired", date(2025, 12, 4)),
        ("deepseek-ai/DeepSeek-V3.2-Exp", "successor", "deepseek-ai/DeepSeek-V3.2"),
        ("Pro/deepseek-ai/DeepSeek-V3.1", "successor", "Pro/deepseek-ai/DeepSeek-V3.1-Terminus"),
        ("inclusionAI/Ring-1T", "thinking_by_default", True),
        ("deepseek-ai/deepseek-vl2", "inputs", frozenset({"text", "image"})),
        ("deepseek-ai/deepseek-vl2", "retired", None),
        ("Wan-AI/Wan2.1-T2V-14B", "kind", "video"),
    ],
)
def test_facts(model: str, fact: str, value: object) -> None:
    assert getattr(lookup_model(model), fact) == value


@pytest.mark.parametrize("prefix", ["", "Pro/"])
def test_a_model_whose_calls_go_to_its_successor_has_its_facts(prefix: str) -> None:
    old = lookup_model(f"{prefix}moonshotai/Kimi-K2-Instruct")
    new = lookup_model(f"{prefix}moonshotai/Kimi-K2-Instruct-0905")
    assert old == dataclasses.replace(new, id=old.id, retired=date(2025, 9, 15), successor=new.id)


def test_a_successor_is_a_model_of_the_same_kind_that_is_not_retired_itself() -> None:
    successors = {one.id: lookup_model(one.successor) for one in known_models() if one.successor}
    assert successors
    for model, successor in successors.items():
        assert (successor.known, successor.retired) == (True, None), model
        assert successor.kind == lookup_model(model).kind
        assert lookup_model(model).retired is not None


def test_known_models_are_listed_by_kind() -> None:
    every = known_models()
    assert len(every) == len({facts.id for facts in every}) > 150
    embeddings = known_models("embedding")
    assert {facts.kind for facts in embeddings} == {"embedding"}
    assert "BAAI/bge-m3" in {facts.id for facts in embeddings}
    assert all(lookup_model(facts.id) == facts for facts in every)


def test_importing_the_catalogue_loads_no_parser_and_no_file() -> None:
    code = (
        # What was loaded before is the interpreter's, or of a tool that measures it.
        "import sys; before = set(sys.modules); import siliconflow_client.catalogue.facts as c;"
        "own = set(sys.modules) - before;"
        "assert not {'pydantic', 'pydantic_core', 'httpx', 'json'} & own, own;"
        "assert c._entries.cache_info().currsize == 0"
    )
    subprocess.run([sys.executable, "-c", code], check=True, timeout=60)
