"""The tests on docs/testing.md pass as they are printed."""

from __future__ import annotations

import langchain_siliconflow.chat_models  # noqa: F401
from tests.conftest import ROOT
from tests.packaging.blocks import python_blocks

pytest_plugins = ["pytester"]

TESTING = ROOT / "docs" / "testing.md"
PAGE = TESTING.read_text(encoding="utf-8")


def test_the_tests_of_the_page_pass(run, pytester):
    for number, block in enumerate(python_blocks(TESTING)):
        (pytester.path / f"test_block_{number}.py").write_text(block.code)
    count = PAGE.count("\ndef test_")
    run("", "--siliconflow-record").assert_outcomes(passed=count)
    run("").assert_outcomes(passed=count)
    assert (pytester.path / "answers" / "ice.json").is_file()


def test_a_failure_reads_as_the_page_shows(run):
    printed = PAGE.split("```text\n")[1].split("```")[0]
    done = run(
        """
    from siliconflow_client import SiliconFlowClient

    def test_it(siliconflow):
        siliconflow.when("train").says("At nine.")
        siliconflow.when("weather in Paris").says("Sunny.")
        messages = [{"role": "user", "content": "What is the weather in Lisbon?"}]
        SiliconFlowClient().chat(model="Qwen/Qwen3-8B", messages=messages)
    """
    )
    shown = " ".join(done.stdout.str().split())
    assert " ".join(printed.split()) in shown
