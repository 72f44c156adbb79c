"""Which page says again in Chinese what an English one says, and what the two have to share."""

from __future__ import annotations

import re
from pathlib import Path

from tests.conftest import ROOT
from tests.packaging.repository import headings, prose, slug

DOCS = ROOT / "docs"
CHINESE_DOCS = DOCS / "zh"
TRANSLATIONS = {
    ROOT / "README.zh-CN.md": ROOT / "README.md",
    **{page: DOCS / page.relative_to(CHINESE_DOCS) for page in sorted(CHINESE_DOCS.rglob("*.md"))},
}
"""Pages in Chinese, each with the page that it says again: the same path, below `docs/zh`."""

_TWINS = {english: chinese for chinese, english in TRANSLATIONS.items()}
_CODE = re.compile(r"(?<!`)`([^`]+)`(?!`)")
_QUESTION = re.compile(r'"[^"]*[?？]"')
_LINK = re.compile(r"\]\(<?([^)\s>]+)>?\)|^\[[^\]]+\]: (\S+)$", re.MULTILINE)
_WEB = re.compile(r"(https?://.+)/blob/main/(.+)")


def names(text: str) -> set[str]:
    """List the names that stand as code in a text; a question there is in its reader's language."""
    return {_QUESTION.sub('"?"', name) for name in _CODE.findall(text)}


def sections(page: Path) -> list[str]:
    """Split a page at its headings, code blocks left out."""
    return re.split(r"^#{1,6} .*$", prose(page), flags=re.MULTILINE)


def shape(section: str) -> list[str]:
    """Say of what a section is made: a mark for each of its paragraphs, items and tables."""
    found: list[str] = []
    fresh = True
    for line in section.splitlines():
        mark = re.match(r"[-|]|\d+\.|", line)
        kind = mark[0] if mark else ""
        if line.strip() and (fresh or kind not in ("", "|")):
            found.append(kind or "text")
        fresh = not line.strip()
    return found


def rows(page: Path) -> list[list[str]]:
    """List the rows of all tables of a page, each as its cells."""
    return [
        [cell.strip() for cell in re.split(r"(?<!\\)\|", line.strip().strip("|"))]
        for line in prose(page).splitlines()
        if line.startswith("|")
    ]


def links(page: Path) -> list[tuple[Path | str, str]]:
    """List where the links of a page lead: a file or an address, and an anchor of it or nothing."""
    found: list[tuple[Path | str, str]] = []
    for inline, defined in _LINK.findall(prose(page)):
        target, _, anchor = (inline or defined).partition("#")
        web = _WEB.fullmatch(target)
        if web:
            found.append(((ROOT / web[2]).resolve(), anchor))
        elif "://" in target:
            found.append((target, anchor))
        else:
            found.append(((page.parent / target).resolve() if target else page, anchor))
    return found


def in_chinese(link: tuple[Path | str, str], *, on: Path) -> tuple[Path | str, str]:
    """Say where a link of an English page leads on its Chinese one.

    To the Chinese page, where there is one, and there to the heading in the same place; what leads
    from the English page to its own twin leads back.
    """
    target, anchor = link
    if target == _TWINS[on]:
        return on, anchor
    if not isinstance(target, Path):
        return link
    drawing = target.with_stem(f"{target.stem}-zh")
    if target not in _TWINS:
        return (drawing if drawing.is_file() else target), anchor
    if anchor:
        place = [slug(heading) for _, heading in headings(target)].index(anchor)
        anchor = slug(headings(_TWINS[target])[place][1])
    return _TWINS[target], anchor
