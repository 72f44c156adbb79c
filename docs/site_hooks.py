"""What the site needs beside its pages: names, drawings that take colours, and two languages.

MkDocs runs it while it builds (`hooks:` in mkdocs.yml). Nothing is imported from the packages:
their names are read from their source, so the site is built without either framework.
"""

from __future__ import annotations

import ast
import copy
import re
from pathlib import Path
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from mkdocs.config.defaults import MkDocsConfig
    from mkdocs.structure.files import Files
    from mkdocs.structure.nav import Navigation
    from mkdocs.structure.pages import Page
    from mkdocs.utils.templates import TemplateContext

ROOT = Path(__file__).parent.parent
NAMES = re.compile(r"<!-- names: (\w+) -->")
OUTSIDE = re.compile(r"\]\((\.\./[^)#\s]+)")
DRAWING = re.compile(r'<img alt="([^"]*)" src="[./]*assets/([\w-]+\.svg)" ?/?>')
CHINESE = "zh/"


def on_config(config: MkDocsConfig) -> None:
    """Give headings the anchors that they have on GitHub: MkDocs' own leave Chinese out."""
    config.mdx_configs["toc"]["slugify"] = anchor
    speak(config, "en")


def anchor(heading: str, separator: str) -> str:
    """Make the anchor of a heading."""
    return re.sub(r"[^\w\- ]", "", heading).strip().lower().replace(" ", separator)


def on_nav(nav: Navigation, config: MkDocsConfig, files: Files) -> None:
    """Let the last page of one language not lead on to the first of the other."""
    for page in nav.pages:
        following = page.next_page
        if following and is_chinese(page) != is_chinese(following):
            page.next_page = following.previous_page = None


def on_page_context(
    context: TemplateContext, page: Page, config: MkDocsConfig, nav: Navigation
) -> TemplateContext:
    """Show a page in its language: labels, title, the navigation, and the way to the other.

    The theme reads these from the settings of the site, so they are set anew for each page.
    """
    names = speak(config, "zh" if is_chinese(page) else "en")
    chinese = next(item for item in nav.items if item.is_section and is_chinese(item.children[0]))
    shown = copy.copy(nav)
    if is_chinese(page):
        shown.items = chinese.children
        shown.homepage = chinese.children[0]
    else:
        # The start page alone stands for the other language.
        shown.items = [chinese.children[0] if item is chinese else item for item in nav.items]
    context["nav"] = shown
    written = {other.file.src_uri: other.url for other in nav.pages}
    start = "index.md" if is_chinese(page) else f"{CHINESE}index.md"
    link = written.get(other_uri(page), written[start])
    # No list: of each page in a list the theme's script asks for a sitemap beside it.
    config.extra["alternate"] = SimpleNamespace(**names["other"], link=link)
    return context


def speak(config: MkDocsConfig, language: str) -> dict[str, Any]:
    """Set what the theme says in a language, and give the names that are used in it."""
    names = config.extra["languages"][language]
    config.theme["language"] = language
    config.site_name = names["site_name"]
    config.site_description = names["site_description"]
    for scheme, label in zip(config.theme["palette"], names["palette"], strict=True):
        scheme["toggle"]["name"] = label
    return names


def is_chinese(page: Page) -> bool:
    """Say whether a page stands below the folder of the Chinese ones."""
    return page.file.src_uri.startswith(CHINESE)


def other_uri(page: Page) -> str:
    """Name the file that says the same in the other language, whether or not it is there."""
    uri = page.file.src_uri
    return uri.removeprefix(CHINESE) if is_chinese(page) else CHINESE + uri


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
