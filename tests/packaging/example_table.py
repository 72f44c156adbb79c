"""The index of the examples in docs/examples.md: `python -m tests.packaging.example_table`."""

from __future__ import annotations

import ast
import re
import sys
from importlib.metadata import distribution
from pathlib import Path

from tests.conftest import ROOT
from tests.packaging.repository import PACKAGES, content

PAGE = ROOT / "docs" / "examples.md"
BEGIN, END = "<!-- examples: begin -->", "<!-- examples: end -->"
EXTRAS = {"langchain_siliconflow": "langchain", "llama_index_siliconflow": "llama-index"}
BROUGHT = {"httpx", "pydantic", "langchain-core", "llama-index-core"}
"""What the core and the extras bring."""


def scripts() -> list[Path]:
    return sorted((ROOT / "examples").glob("*.py"))


def imports(script: Path) -> set[str]:
    """List the modules that a script imports, in full."""
    found: set[str] = set()
    for node in ast.walk(ast.parse(content(script))):
        if isinstance(node, ast.ImportFrom) and node.module:
            found.add(node.module)
        elif isinstance(node, ast.Import):
            found.update(one.name for one in node.names)
    return found


def needs(script: Path) -> list[str]:
    """List what has to be installed for a script: our extras, then other distributions."""
    extras, others = set[str](), set[str]()
    for module in imports(script):
        top = module.partition(".")[0]
        if top in EXTRAS:
            extras.add(EXTRAS[top])
        elif top not in PACKAGES and top not in sys.stdlib_module_names:
            name = ".".join(module.split(".")[:2]) if top == "llama_index" else top
            others.add(distribution(re.sub(r"[_.]", "-", name)).name)
    ours = f"`.[{','.join(sorted(extras))}]`" if extras else "`.`"
    return [ours, *(f"`{other}`" for other in sorted(others - BROUGHT))]


def table() -> str:
    rows = [
        f"| [{script.name}](../examples/{script.name}) | {title(script)} "
        f"| {', '.join(needs(script))} |"
        for script in scripts()
    ]
    return "\n".join([BEGIN, "| script | shows | needs |", "|---|---|---|", *rows, END])


def title(script: Path) -> str:
    """Return the first line of a script's docstring."""
    return (ast.get_docstring(ast.parse(content(script))) or "").partition("\n")[0]


def in_page() -> str:
    """The table as the page has it."""
    text = PAGE.read_text(encoding="utf-8")
    return text[text.index(BEGIN) : text.index(END) + len(END)]


if __name__ == "__main__":
    text = PAGE.read_text(encoding="utf-8")
    PAGE.write_text(text.replace(in_page(), table()), encoding="utf-8")
