"""What an import loads, and what it says when the framework is missing. Fresh interpreters only."""

from __future__ import annotations

import pytest

from tests.interpreters import (
    CLIENT,
    LANGCHAIN,
    LLAMA_INDEX,
    PARSERS,
    READERS,
    TOOLKIT,
    loaded_after,
    run,
)


def loaded_by(step: str, steps: tuple[str, ...]) -> set[str]:
    return {name.partition(".")[0] for name in loaded_after(step, steps)}


@pytest.mark.parametrize(
    ("package", "framework", "extra"),
    [
        ("langchain_siliconflow", "langchain_core", "langchain"),
        ("llama_index_siliconflow", "llama_index", "llama-index"),
        ("llama_index_siliconflow", "llama_index.core", "llama-index"),
    ],
)
def test_a_missing_framework_is_one_line_naming_the_extra(package: str, framework: str, extra: str):
    done = run(f"import sys; sys.modules[{framework!r}] = None\nimport {package}")
    assert done.returncode == 1
    last = done.stderr.strip().splitlines()[-1]
    assert last.startswith("ImportError: ")
    assert f'pip install "siliconflow-integrations[{extra}]"' in last


@pytest.mark.parametrize(
    ("package", "dependency"),
    [("langchain_siliconflow", "langsmith"), ("llama_index_siliconflow", "banks")],
)
def test_a_broken_framework_is_not_reported_as_a_missing_one(package: str, dependency: str):
    use = "ChatSiliconFlow" if package.startswith("langchain") else "SiliconFlow"
    done = run(f"import sys; sys.modules[{dependency!r}] = None\nfrom {package} import {use}")
    assert done.returncode == 1
    assert dependency in done.stderr.strip().splitlines()[-1]
    assert "pip install" not in done.stderr.strip().splitlines()[-1]


def test_the_client_package_loads_nothing_heavy():
    heavy = {"httpx", "asyncio", "pydantic", "ssl", "langchain_core", "llama_index"}
    assert loaded_by("import siliconflow_client", CLIENT) & heavy == set()


@pytest.mark.parametrize(
    ("step", "steps", "unwanted"),
    [
        ("import langchain_siliconflow", LANGCHAIN, "openai numpy tiktoken llama_index httpx"),
        ("from langchain_siliconflow import ChatSiliconFlow", LANGCHAIN, "openai numpy tiktoken"),
        (
            "from llama_index_siliconflow import SiliconFlow, SiliconFlowRerank",
            LLAMA_INDEX,
            "openai langchain_core",
        ),
        ("import siliconflow_simulator", CLIENT, "starlette uvicorn langchain_core numpy"),
    ],
    ids=["langchain_siliconflow", "ChatSiliconFlow", "SiliconFlow", "siliconflow_simulator"],
)
def test_an_import_leaves_out(step: str, steps: tuple[str, ...], unwanted: str):
    assert loaded_by(step, steps) & set(unwanted.split()) == set()


@pytest.mark.parametrize(
    "steps", [TOOLKIT, PARSERS, READERS], ids=["toolkit", "parsers", "readers"]
)
def test_media_classes_load_nothing_foreign_beyond_their_framework(steps: tuple[str, ...]):
    framework, ours = (loaded_by(step, steps) for step in steps)
    foreign = {"aiohttp", "httpx", "httpx_aiohttp", "numpy", "openai", "requests", "tiktoken"}
    assert "siliconflow_client" in ours
    assert (ours - framework) & foreign == set()


def test_groups_that_nobody_asked_for_are_not_loaded():
    program = """
import json, sys
from siliconflow_client import SiliconFlowClient
client = SiliconFlowClient(api_key="sk-x")
groups = ("audio", "files", "images", "messages", "user", "videos", "voices")
early = [name for name in groups if f"siliconflow_client.endpoints.{name}" in sys.modules]
for name in (*groups, "batches"):
    getattr(client, name)
late = [name for name in groups if f"siliconflow_client.endpoints.{name}" in sys.modules]
print(json.dumps([early, late == list(groups), "httpx" in sys.modules]))
"""
    done = run(program)
    assert (done.stderr, done.stdout.strip()) == ("", "[[], true, false]")
