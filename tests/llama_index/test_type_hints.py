"""Annotations can be evaluated, as frameworks do with what they are given."""

from __future__ import annotations

import inspect
import subprocess
import sys
import typing
from collections.abc import Callable, Iterator
from typing import Any

import pytest

import llama_index_siliconflow


def public_callables() -> Iterator[tuple[str, Callable[..., Any]]]:
    """Every exported callable, and every public method that this package defines for one."""
    for name in llama_index_siliconflow.__all__:
        value = getattr(llama_index_siliconflow, name)
        if not callable(value):
            continue
        yield name, value
        if not inspect.isclass(value):
            continue
        for member in dir(value):
            if member.startswith("_") and member != "__init__":
                continue
            found = inspect.getattr_static(value, member)
            if isinstance(found, property):
                found = found.fget
            elif isinstance(found, classmethod | staticmethod):
                found = found.__func__
            found = inspect.unwrap(found) if callable(found) else found
            home = str(getattr(found, "__module__", ""))
            if callable(found) and home.startswith("llama_index_siliconflow"):
                yield f"{name}.{member}", found


CALLABLES = dict(public_callables())


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
    hints = typing.get_type_hints(CALLABLES[name])
    written = getattr(CALLABLES[name], "__annotations__", {})
    assert set(written) <= set(hints)


def test_evaluating_them_is_what_loads_httpx() -> None:
    code = (
        "import sys, typing; from llama_index_siliconflow import SiliconFlow as S;"
        "before = 'httpx' in sys.modules;"
        "typing.get_type_hints(S.__init__);"
        "print(before, 'httpx' in sys.modules)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout == "False True\n"
