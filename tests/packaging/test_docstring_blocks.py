"""The code in docstrings runs as it stands there: a docstring is one program."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from textwrap import dedent

import pytest

from tests.conftest import ROOT
from tests.packaging.blocks import run, simulated_site
from tests.packaging.repository import PACKAGES, content, files

__all__ = ["simulated_site"]

FENCE = re.compile(r"^( *)```(\w+)\n(.*?)^\1```$", re.MULTILINE | re.DOTALL)
_NAMED = (ast.Module, ast.ClassDef, ast.FunctionDef, ast.AsyncFunctionDef)


def docstrings(mark: str) -> Iterator[tuple[str, str]]:
    """Find the docstrings that hold a mark; few modules do, and only those are parsed."""
    for path in files(".py"):
        place = path.relative_to(ROOT)
        if place.parts[0] not in PACKAGES or mark not in content(path):
            continue
        for node in ast.walk(ast.parse(content(path))):
            if isinstance(node, _NAMED):
                text = ast.get_docstring(node)
                if text and mark in text:
                    yield f"{place.as_posix()}:{getattr(node, 'name', 'module')}", text


def programs() -> dict[str, list[str]]:
    """List the docstrings with code, each with its blocks."""
    found: dict[str, list[str]] = {}
    for name, text in docstrings("```"):
        # In a section ("Examples:") the whole block is indented.
        blocks = [(fence[2], dedent(fence[3])) for fence in FENCE.finditer(text)]
        found[name] = [code for language, code in blocks if language == "python"]
    return found


PROGRAMS = programs()


# Frameworks use deprecated parts of pydantic.
@pytest.mark.filterwarnings("ignore::pydantic.warnings.PydanticDeprecationWarning")
@pytest.mark.usefixtures("simulated_site")
@pytest.mark.parametrize("name", PROGRAMS)
def test_the_code_of_a_docstring_runs_and_shows_something(
    name: str, capsys: pytest.CaptureFixture[str]
):
    run({}, *PROGRAMS[name], place=name)
    assert capsys.readouterr().out.strip()


def test_no_docstring_shows_code_that_is_not_run():
    """Fences that the tests run, in place of prompts and indented code that they do not."""
    assert [name for name, _ in docstrings(">>> ")] == []
    assert all(PROGRAMS.values())
