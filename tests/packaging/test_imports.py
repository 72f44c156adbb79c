"""What an import loads, and what it says when the framework is missing. Fresh interpreters only."""

from __future__ import annotations

import subprocess
import sys

import pytest

from tests.conftest import ROOT


def python(code: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=False
    )


def loaded_by(statement: str) -> set[str]:
    done = python(f"{statement}\nimport sys\nprint(*sys.modules)")
    assert done.returncode == 0, done.stderr
    return {name.partition(".")[0] for name in done.stdout.split()}


@pytest.mark.parametrize(
    ("package", "framework", "extra"),
    [
        ("langchain_siliconflow", "langchain_core", "langchain"),
        ("llama_index_siliconflow", "llama_index", "llama-index"),
        ("llama_index_siliconflow", "llama_index.core", "llama-index"),
    ],
)
def test_a_missing_framework_is_one_line_naming_the_extra(package: str, framework: str, extra: str):
    done = python(f"import sys; sys.modules[{framework!r}] = None\nimport {package}")
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
    done = python(f"import sys; sys.modules[{dependency!r}] = None\nfrom {package} import {use}")
    assert done.returncode == 1
    assert dependency in done.stderr.strip().splitlines()[-1]
    assert "pip install" not in done.stderr.strip().splitlines()[-1]


def test_the_client_package_loads_nothing_heavy():
    heavy = {"httpx", "asyncio", "pydantic", "ssl", "langchain_core", "llama_index"}
    assert loaded_by("import siliconflow_client") & heavy == set()


@pytest.mark.parametrize(
    ("statement", "unwanted"),
    [
        ("import langchain_siliconflow", {"openai", "numpy", "tiktoken", "llama_index", "httpx"}),
        ("from langchain_siliconflow import ChatSiliconFlow", {"openai", "numpy", "tiktoken"}),
        ("from llama_index_siliconflow import SiliconFlow", {"openai", "langchain_core"}),
        ("import siliconflow_simulator", {"starlette", "uvicorn", "langchain_core", "numpy"}),
    ],
)
def test_an_import_leaves_out(statement: str, unwanted: set[str]):
    assert loaded_by(statement) & unwanted == set()
