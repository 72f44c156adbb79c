"""What the site needs beside its pages: the names of the reference, and pictures that take colours.

MkDocs runs it while it builds (`hooks:` in mkdocs.yml). Nothing is imported from the packages:
their names are read from their source, so the site is built without either framework.
"""

from __future__ import annotations

import ast
import re
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from mkdocs.config.defaults import MkDocsConfig
    from mkdocs.structure.files import Files
    from mkdocs.structure.pages import Page

ROOT = Path(__file__).parent.parent
NAMES = re.compile(r"<!-- names: (\w+) -->")
OUTSIDE = re.compile(r"\]\((\.\./[^)#\s]+)")
DRAWING = re.compile(r'<img alt="([^"]*)" src="[./]*assets/([\w-]+\.svg)" ?/?>')


def on_page_markdown(markdown: str, page: Page, config: MkDocsConfig, files: Files) -> str:
    """Put a package's public names where a page asks for them, and links to files into the web."""

    def listed(found: re.Match[str]) -> str:
        names = [name for name in public_names(found[1]) if name[0] != "_"]
        # Classes first, then what they are asked with; errors have their own page.
        return "\n\n".join(
            f"::: {found[1]}.{name}"
            for name in sorted(names, key=lambda name: (not name[0].isupper(), name.lower()))
            if not name.endswith("Error")
        )

    folder = (ROOT / "docs" / page.file.src_uri).parent

    def led(found: re.Match[str]) -> str:
        target = (folder / found[1]).resolve()
        if target.is_relative_to(ROOT / "docs") or not target.exists():
            return found[0]  # MkDocs' own to check
        return f"]({config.extra['repository']}/blob/main/{target.relative_to(ROOT).as_posix()}"

    return OUTSIDE.sub(led, NAMES.sub(listed, markdown))


def on_page_content(html: str, page: Page, config: MkDocsConfig, files: Files) -> str:
    """Put drawings into the page itself, so that they take its colours, light or dark."""

    def drawn(found: re.Match[str]) -> str:
        drawing = ROOT / "docs" / "assets" / found[2]
        return drawing.read_text(encoding="utf-8")

    return DRAWING.sub(drawn, html)


def public_names(package: str) -> list[str]:
    """Read `__all__` of a package from its source.

    Raises:
        ValueError: The package has none.
    """
    source = (ROOT / package / "__init__.py").read_text(encoding="utf-8")
    for node in ast.parse(source).body:
        match node:
            case ast.Assign(targets=[ast.Name(id="__all__")], value=value):
                return list(ast.literal_eval(value))
            case _:
                continue
    raise ValueError(f"{package} lists no public names")
