"""Passages to search in: the standard library's docstrings, or the reader's own files."""

from __future__ import annotations

import ast
import builtins
import inspect
import os
import re
import sysconfig
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import cast

MAX_CHARACTERS = 1200
"""About 300 tokens, well inside the 512 that the smallest embedding models take."""

MIN_CHARACTERS = 40
"""Shorter docstrings ("See the base class.") say too little to be found."""

SUFFIXES = frozenset({".md", ".txt", ".py", ".rst"})

# Tests and vendored parts of the library, folders without documentation, and modules that not
# every installation has.
_SKIPPED = frozenset(
    {"__pycache__", "dist-packages", "distutils", "encodings", "ensurepip", "idle_test", "idlelib"}
    | {"lib2to3", "site-packages", "test", "tests", "tkinter", "turtle.py", "turtledemo"}
)


_RUNNING = re.compile(r"[A-Za-z`(](?!.*[^.!?:] {2,}\S)")
"""A line of running text begins with a word and has no columns: no bullet, no `>>>`, no table."""


class CorpusError(Exception):
    """There is nothing to search in; the message tells the reader what was looked for."""


@dataclass(frozen=True)
class Passage:
    """A piece of text small enough to embed, under a title that says where it is from."""

    title: str
    text: str

    @property
    def content(self) -> str:
        """What is embedded, reranked and shown to the model."""
        return f"{self.title}\n\n{self.text}"


def standard_library() -> list[Passage]:
    """Gather the docstrings of Python's standard library, without importing any of it."""
    root = Path(sysconfig.get_path("stdlib"))
    passages: list[Passage] = []
    for path in sorted(_public_modules(root)):
        name = ".".join(path.relative_to(root).with_suffix("").parts).removesuffix(".__init__")
        passages.extend(docstrings(path.read_bytes(), name))
    return [*passages, *_built_in()]


def folder(path: Path) -> list[Passage]:
    """Cut the .md, .txt, .rst and .py files below `path` into passages.

    Hidden folders (`.git`, `.venv`) are left out.

    Raises:
        CorpusError: There is no such folder, no text in it, or a file cannot be read.
    """
    if not path.is_dir():
        raise CorpusError(f"{path} is not a folder.")
    files = sorted(
        file
        for file in path.rglob("*")
        if file.suffix.lower() in SUFFIXES
        and file.is_file()
        and not any(part.startswith(".") for part in file.relative_to(path).parts)
    )
    if not files:
        raise CorpusError(f"{path} holds no {', '.join(sorted(SUFFIXES))} files.")
    passages = [passage for file in files for passage in _file(file, file.relative_to(path))]
    if not passages:
        raise CorpusError(f"The {len(files)} files in {path} hold no text.")
    return passages


def docstrings(source: bytes | str, module: str) -> Iterator[Passage]:
    """Yield the docstrings of public names in `source`, titled `module.qualified.name`."""
    try:
        tree = ast.parse(source)
    except (SyntaxError, ValueError):  # some files of the library are wrong on purpose
        return
    yield from _docstrings_of(tree, module)


def split(text: str, limit: int = MAX_CHARACTERS) -> list[str]:
    """Cut `text` at blank lines into pieces of at most `limit` characters.

    A paragraph that is longer is cut at the end of a line, or at a space, or anywhere.
    """
    pieces: list[str] = []
    for paragraph in re.split(r"\n\s*\n", text.strip()):
        rest = paragraph.rstrip()
        if pieces and len(pieces[-1]) + 2 + len(rest) <= limit:
            pieces[-1] += "\n\n" + rest
            continue
        while len(rest) > limit:
            head = rest[:limit]
            cut = max(head.rfind("\n"), 0) or max(head.rfind(" "), 0) or limit
            pieces.append(rest[:cut].rstrip())
            rest = rest[cut:].lstrip("\n ")
        pieces.append(rest)
    return [piece for piece in pieces if piece]


def unwrap(text: str) -> str:
    """Join the lines of running text; what is indented, listed or an example keeps its lines."""
    lines: list[str] = []
    for line in text.splitlines():
        if lines and _RUNNING.match(lines[-1]) and _RUNNING.match(line):
            lines[-1] += " " + line.strip()
        else:
            lines.append(line)
    return "\n".join(lines)


def _public_modules(root: Path) -> Iterator[Path]:
    """Yield the library's files; what is skipped, such as site-packages, is not even walked."""

    def wanted(name: str) -> bool:
        return name == "__init__.py" or not (name.startswith("_") or name in _SKIPPED)

    for here, folders, files in os.walk(root):
        folders[:] = filter(wanted, folders)
        yield from (Path(here, name) for name in files if name.endswith(".py") and wanted(name))


def _built_in() -> Iterator[Passage]:
    """Yield what is said of the functions and types that need no import, such as `list.sort`."""
    for name, thing in vars(builtins).items():
        if name.startswith("_") or (isinstance(thing, type) and issubclass(thing, BaseException)):
            continue
        yield from _built_in_of(cast("object", thing), name)
        if isinstance(thing, type):
            for inner, method in vars(thing).items():
                if not inner.startswith("_"):
                    yield from _built_in_of(method, f"{name}.{inner}")


def _built_in_of(thing: object, name: str) -> Iterator[Passage]:
    text = inspect.getdoc(thing) if callable(thing) else None
    if text and len(text) >= MIN_CHARACTERS:
        yield from _titled(name, unwrap(text))


def _docstrings_of(
    node: ast.Module | ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef, name: str
) -> Iterator[Passage]:
    text = ast.get_docstring(node)
    if text and len(text) >= MIN_CHARACTERS:
        text = unwrap(text)
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            text = f"{node.name}({ast.unparse(node.args)})\n\n{text}"
        yield from _titled(name, text)
    for child in node.body:
        match child:
            case ast.ClassDef() | ast.FunctionDef() | ast.AsyncFunctionDef():
                if not child.name.startswith("_"):
                    yield from _docstrings_of(child, f"{name}.{child.name}")
            case _:
                pass


def _file(path: Path, relative: Path) -> Iterator[Passage]:
    try:
        text = path.read_text(encoding="utf-8", errors="replace")
    except OSError as error:
        raise CorpusError(f"{path} cannot be read: {error.strerror}.") from error
    if path.suffix.lower() == ".py":
        found = list(docstrings(text, ".".join(relative.with_suffix("").parts)))
        if found:
            yield from found
            return
    # A name on disk need not be UTF-8; a title is sent.
    yield from _titled(os.fsencode(relative).decode(errors="replace"), text)


def _titled(title: str, text: str) -> Iterator[Passage]:
    pieces = split(text)
    for number, piece in enumerate(pieces, start=1):
        part = f" ({number}/{len(pieces)})" if len(pieces) > 1 else ""
        yield Passage(title + part, piece)
