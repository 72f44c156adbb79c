"""What a fresh interpreter loads, step by step; asked once, however many tests look at it."""

from __future__ import annotations

import json
import subprocess
import sys
from functools import cache
from typing import Final

from tests.conftest import ROOT

# Each list goes from the small to the large, so that a step's modules hold those of the steps
# before it: a module that must be missing after a step is missing in the program with only that step.
LANGCHAIN: Final = (
    "from langchain_core.embeddings import Embeddings",
    "import langchain_siliconflow",
    "from langchain_siliconflow import SiliconFlowEmbeddings",
    "from langchain_siliconflow import register_provider",
    "from langchain_siliconflow import ChatSiliconFlow",
    "ChatSiliconFlow(api_key='sk-test')",
)
LLAMA_INDEX: Final = (
    "import llama_index.core, llama_index.core.program.function_program",
    "from llama_index_siliconflow import SiliconFlowEmbedding",
    "from llama_index_siliconflow import SiliconFlow, SiliconFlowRerank",
)
TOOLKIT: Final = (
    "from langchain_core.tools import BaseToolkit",
    "from langchain_siliconflow import SiliconFlowToolkit",
)
PARSERS: Final = (
    "from langchain_core.document_loaders import BaseBlobParser",
    "from langchain_siliconflow import SiliconFlowAudioParser, SiliconFlowOCRParser",
)
READERS: Final = (
    "import llama_index.core",
    "from llama_index_siliconflow import SiliconFlowOCRReader, SiliconFlowToolSpec",
)
CLIENT: Final = (
    "import siliconflow_client",
    "import siliconflow_simulator",
)

_PROGRAM = """
import json, sys
for step in {steps!r}:
    exec(step)
    print(json.dumps(sorted(sys.modules)))
"""


def run(code: str) -> subprocess.CompletedProcess[str]:
    """Run `code` in a new interpreter."""
    return subprocess.run(
        [sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=False
    )


def loaded_after(step: str, steps: tuple[str, ...]) -> frozenset[str]:
    """Tell which modules there are after `step`, the steps before it included."""
    return _loaded(steps)[steps.index(step)]


@cache
def _loaded(steps: tuple[str, ...]) -> tuple[frozenset[str], ...]:
    done = run(_PROGRAM.format(steps=steps))
    assert done.returncode == 0, done.stderr
    return tuple(frozenset(json.loads(line)) for line in done.stdout.splitlines())
