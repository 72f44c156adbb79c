"""What stands on the pages runs as printed, and prints what the page says that it prints."""

from __future__ import annotations

import ast
import importlib
import re
from pathlib import Path
from unicodedata import east_asian_width

import pytest

from tests.conftest import ROOT
from tests.packaging.blocks import Block, blocks, python_blocks, simulated_site
from tests.packaging.blocks import run as run_block
from tests.packaging.repository import content, files
from tests.packaging.translations import TRANSLATIONS

__all__ = ["simulated_site"]

README = ROOT / "README.md"
PAGES = [page for page in (*files(".md"), *files(".mdx")) if page.is_relative_to(ROOT / "docs")]
READ = [README, *(page for page in PAGES if page not in TRANSLATIONS)]


# Frameworks use deprecated parts of pydantic and of their own.
@pytest.mark.filterwarnings("ignore::pydantic.warnings.PydanticDeprecationWarning")
@pytest.mark.filterwarnings("ignore:is_running called from within a step:DeprecationWarning")
@pytest.mark.usefixtures("simulated_site")
@pytest.mark.parametrize("block", python_blocks(*READ), ids=str)
def test_a_block_prints_what_the_page_says(block: Block, capsys: pytest.CaptureFixture[str]):
    run_block({}, block.code, place=str(block))
    printed = capsys.readouterr().out
    assert block.output is None or printed == block.output


# What needs packages that the tests' own environment has not, in the environments that have them.
ELSEWHERE = {"scale.md": "tests/ray/test_page.py", "tracing.md": "tests/tracing/test_page.py"}


def test_what_cannot_be_run_here_is_run_elsewhere():
    """Blocks marked `py`; a page that gains one has to be named, with the test that runs it."""
    marked = {page.name for page in READ for block in blocks(page) if block.language == "py"}
    assert marked == set(ELSEWHERE)
    for page, test in ELSEWHERE.items():
        assert f'"{page}"' in content(ROOT / test)


FOR_USERS = [
    page
    for page in READ
    if page.parent == ROOT or page.parent.name in ("getting-started", "guides")
]


@pytest.mark.parametrize("package", ["langchain_siliconflow", "llama_index_siliconflow"])
def test_every_class_of_an_adapter_is_at_work_on_a_page_for_users(package: str):
    """One that stands in the reference alone is not found by those who do not know its name."""
    adapter = importlib.import_module(package)
    public = {name: getattr(adapter, name) for name in adapter.__all__}
    classes = {
        name
        for name, value in public.items()
        if isinstance(value, type) and not issubclass(value, BaseException)
    }
    shown = {
        name.name
        for block in python_blocks(*FOR_USERS)
        for node in ast.walk(ast.parse(block.code))
        if isinstance(node, ast.ImportFrom) and node.module == package
        for name in node.names
    }
    assert classes - shown == set()


@pytest.mark.parametrize("page", FOR_USERS, ids=lambda page: page.stem)
def test_a_terminal_of_80_columns_shows_code_and_outputs_whole(page: Path):
    lines = [line for block in blocks(page) for line in block.code.splitlines()]
    assert [line for line in lines if len(line) > 80] == []


@pytest.mark.parametrize("page", [README, ROOT / "README.zh-CN.md"], ids=lambda page: page.name)
def test_the_readme_itself_is_read_in_a_terminal_of_80_columns(page: Path):
    """All but its tables and the addresses at its end."""
    lines = [line for line in content(page).splitlines() if not line.startswith(("|", "["))]
    assert [line for line in lines if columns(line) > 80] == []


def columns(line: str) -> int:
    return sum(1 + (east_asian_width(character) in "WF") for character in line)


def test_while_the_package_is_not_on_pypi_no_page_installs_it_from_there():
    """`pip install siliconflow-integrations` finds nothing yet, or what someone else put there."""
    assert "is not on PyPI yet" in content(README), "now they may; take this test away"
    from_there = re.compile(r"(?:pip|uv) (?:install|add) [^\n`]*siliconflow-integrations(?!-)")
    upstream = ROOT / "docs" / "upstream"  # written for the day on which it is there
    for page in (*READ, *TRANSLATIONS):
        if not page.is_relative_to(upstream):
            printed = [block.code for block in blocks(page) if block.language == "text"]
            said = content(page)
            for output in printed:  # what our programs print names the place that it came from
                said = said.replace(output, "")
            assert not from_there.search(said), page


def test_both_frameworks_are_shown_with_their_output():
    shown = [block.code for block in python_blocks(README) if block.output]
    for package in ("langchain_siliconflow", "llama_index_siliconflow"):
        assert any(package in code for code in shown)
