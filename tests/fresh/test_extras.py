"""Each extra alone: what it brings works, and what it does not bring is said in one line."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.fresh.conftest import Create
from tests.packaging.repository import PACKAGES

pytestmark = pytest.mark.timeout(900)  # environments are made, from the network

PROGRAMS = {
    "siliconflow_client": """
from siliconflow_client import SiliconFlowClient
from siliconflow_simulator import Simulator

with SiliconFlowClient(**Simulator().settings()) as client:
    messages = [{"role": "user", "content": "Snow is white. What is white?"}]
    print(client.chat(model="Qwen/Qwen3-8B", messages=messages).text)
""",
    "langchain_siliconflow": """
from langchain_siliconflow import ChatSiliconFlow
from siliconflow_simulator import Simulator

print(ChatSiliconFlow(**Simulator().settings()).invoke("Snow is white. What is white?").text)
""",
    "llama_index_siliconflow": """
from llama_index_siliconflow import SiliconFlow
from siliconflow_simulator import Simulator

print(SiliconFlow(**Simulator().settings()).complete("Snow is white. What is white?"))
""",
}
EXTRAS = {
    "": {"siliconflow_client"},
    "[langchain]": {"siliconflow_client", "langchain_siliconflow"},
    "[llama-index]": {"siliconflow_client", "llama_index_siliconflow"},
    "[all]": set(PROGRAMS),
}
NEEDED = {"langchain_siliconflow": "langchain", "llama_index_siliconflow": "llama-index"}


@pytest.mark.parametrize("extra", EXTRAS)
def test_an_extra_brings_what_its_package_needs_and_no_other(
    extra: str, create: Create, wheel: Path
):
    environment = create("extra", [f"{wheel}{extra}"])
    environment.pip("check")
    for package, program in PROGRAMS.items():
        done = environment.run("-c", program)
        if package in EXTRAS[extra]:
            assert done.stdout == "Snow is white.\n", done.stderr
        else:
            assert f'pip install "siliconflow-integrations[{NEEDED[package]}]"' in done.stderr
    for package in PACKAGES:
        home = environment.run("-c", f"import {package}; print({package}.__file__)").stdout
        assert not home or Path(home).is_relative_to(environment.home)


def test_the_simulators_server_says_what_it_needs(create: Create, wheel: Path):
    done = create("server", [str(wheel)]).run("-m", "siliconflow_simulator", "--port", "0")
    assert done.returncode == 1
    assert "pip install 'siliconflow-integrations[simulator]'" in done.stderr
