"""The repository's own texts, for tests that read them: pages, comments, docstrings, headings."""

from __future__ import annotations

import ast
import io
import re
import tokenize
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from tests.conftest import ROOT

PACKAGES = (
    "siliconflow_client",
    "langchain_siliconflow",
    "llama_index_siliconflow",
    "siliconflow_simulator",
)
FOLDERS = (*PACKAGES, "benchmarks", "cassettes", "demo", "docs", "examples", "tests")
_FENCE = re.compile(r"^ *```.*?^ *```$", re.MULTILINE | re.DOTALL)
_HEADING = re.compile(r"^#{1,6} +(.+?) *#*$", re.MULTILINE)
_ANCHOR = re.compile(r'<a id="([^"]+)">')


@dataclass(frozen=True)
class Passage:
    """A page, a comment or a docstring: words for readers, with where they stand."""

    path: Path
    line: int
    text: str

    def at(self, position: int) -> str:
        """Name the place of a character, as `file:line`."""
        line = self.line + self.text.count("\n", 0, position)
        return f"{self.path.relative_to(ROOT)}:{line}"


@cache
def files(suffix: str) -> tuple[Path, ...]:
    """List the repository's files of one kind, without what tools put beside them."""
    found = [path for path in ROOT.glob(f"*{suffix}") if path.is_file()]
    for folder in FOLDERS:
        found += [path for path in (ROOT / folder).rglob(f"*{suffix}") if path.is_file()]
    return tuple(sorted(found))


@cache
def content(path: Path) -> str:
    return path.read_text(encoding="utf-8")


@cache
def passages() -> tuple[Passage, ...]:
    """List all that is written for readers: pages whole, of programs comments and docstrings."""
    pages = [Passage(path, 1, content(path)) for path in files(".md")]
    makefile = ROOT / "Makefile"
    pages.append(Passage(makefile, 1, content(makefile)))
    return (*pages, *(passage for path in files(".py") for passage in _of_program(path)))


def _of_program(path: Path) -> Iterator[Passage]:
    source = content(path)
    # Neighbouring comment lines are one text, so that a citation may be wrapped.
    first, last, lines = 0, -1, list[str]()
    for token in tokenize.generate_tokens(io.StringIO(source).readline):
        if token.type != tokenize.COMMENT:
            continue
        row = token.start[0]
        if lines and row != last + 1:
            yield Passage(path, first, "\n".join(lines))
            lines = []
        if not lines:
            first = row
        last = row
        lines.append(token.string)
    if lines:
        yield Passage(path, first, "\n".join(lines))
    for node in ast.walk(ast.parse(source)):
        # Docstrings, and the strings that stand below a constant or a field.
        if isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant):
            text = node.value.value
            if isinstance(text, str):
                yield Passage(path, node.lineno, text)


@cache
def prose(page: Path) -> str:
    """Give the text of a page without its code blocks."""
    return _FENCE.sub("", content(page))


def slug(heading: str) -> str:
    """Make the anchor of a heading as GitHub and MkDocs do."""
    words = re.sub(r"\[([^\]]*)\]\([^)]*\)", r"\1", heading).replace("`", "").lower()
    return re.sub(r"[^\w\- ]", "", words).strip().replace(" ", "-")


@cache
def headings(page: Path) -> tuple[tuple[int, str], ...]:
    """List the headings of a page, each with its depth."""
    found = _HEADING.finditer(prose(page))
    return tuple((len(one[0]) - len(one[0].lstrip("#")), one[1]) for one in found)


@cache
def anchors(page: Path) -> frozenset[str]:
    """List the anchors of a page: its headings, and the ones set by hand."""
    found: list[str] = []
    for _, heading in headings(page):
        name = slug(heading)
        seen = sum(1 for other in found if re.fullmatch(rf"{re.escape(name)}(-\d+)?", other))
        found.append(f"{name}-{seen}" if seen else name)
    return frozenset([*found, *_ANCHOR.findall(prose(page))])


def table(page: Path, anchor: str) -> list[list[str]]:
    """Read the first table below a heading; its own heading row is left out."""
    text = content(page)
    for heading in _HEADING.finditer(text):
        if slug(heading[1]) == anchor:
            below = text[heading.end() :]
            rows = re.search(r"^\|.*(?:\n\|.*)*", below, re.MULTILINE)
            assert rows, f"no table below #{anchor}"
            return [
                [cell.strip() for cell in re.split(r"(?<!\\)\|", row.strip().strip("|"))]
                for row in rows[0].splitlines()[2:]
            ]
    raise AssertionError(f"{page.name} has no heading #{anchor}")
