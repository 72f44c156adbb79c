"""Annotations can be evaluated, as frameworks do with what they are given."""

from __future__ import annotations

import subprocess
import sys

import pytest

import llama_index_siliconflow
from tests.annotations import check_annotations, public_callables

CALLABLES = dict(public_callables(llama_index_siliconflow))


def test_the_walk_finds_what_users_call() -> None:
    assert {
        "SiliconFlow",
        "SiliconFlow.__init__",
        "SiliconFlow.structured_predict",
        "SiliconFlow.count_tokens",
        "SiliconFlowEmbedding.__init__",
        "SiliconFlowToolSpec.generate_image",
        "SiliconFlowOCRReader.lazy_load_data",
        "BatchJob.submit",
    } <= set(CALLABLES)


@pytest.mark.parametrize("name", CALLABLES)
def test_annotations_can_be_evaluated(name: str) -> None:
    check_annotations(CALLABLES[name])


def test_evaluating_them_is_what_loads_httpx() -> None:
    code = (
        "import sys, typing; from llama_index_siliconflow import SiliconFlow as S;"
        "before = 'httpx' in sys.modules;"
        "typing.get_type_hints(S.__init__);"
        "print(before, 'httpx' in sys.modules)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout == "False True\n"
