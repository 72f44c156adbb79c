"""The code in the classes' docstrings runs as it stands there."""

from __future__ import annotations

import gc
import inspect
import re
import warnings
from pathlib import Path

import pytest

import langchain_siliconflow

CLASSES = [
    "ChatSiliconFlow",
    "SiliconFlowAudioParser",
    "SiliconFlowEmbeddings",
    "SiliconFlowLLM",
    "SiliconFlowOCRParser",
    "SiliconFlowRerank",
    "SiliconFlowToolkit",
]
FENCE = re.compile(r"^```python\n(.*?)^```$", re.MULTILINE | re.DOTALL)


def blocks(name: str) -> list[str]:
    return FENCE.findall(inspect.getdoc(getattr(langchain_siliconflow, name)) or "")


@pytest.mark.parametrize("name", CLASSES)
def test_code_blocks(
    name: str,
    simulator_url: str,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    tmp_path: Path,
) -> None:
    monkeypatch.chdir(tmp_path)  # some write files
    monkeypatch.setenv("SILICONFLOW_API_KEY", "sk-docs")
    monkeypatch.setenv("SILICONFLOW_BASE_URL", simulator_url)
    assert blocks(name)
    names: dict[str, object] = {"__name__": "__docs__"}
    for number, code in enumerate(blocks(name)):
        exec(compile(code, f"{name}, block {number}", "exec"), names)
        assert capsys.readouterr().out.strip()
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ResourceWarning)  # a script's end would close these
        names.clear()
        gc.collect()


def test_the_chat_class_says_what_it_prints_about() -> None:
    assert len(blocks("ChatSiliconFlow")) == 6
