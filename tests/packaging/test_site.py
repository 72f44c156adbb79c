"""The site's plan is whole; `make docs` builds it, and checks every link."""

from __future__ import annotations

import importlib
import importlib.util
import re
import sys
from itertools import pairwise
from pathlib import Path
from types import ModuleType, SimpleNamespace
from typing import Any

import pytest
import yaml

from tests.conftest import ROOT
from tests.packaging.repository import PACKAGES, content, headings, slug

DOCS = ROOT / "docs"
DRAWINGS = [DOCS / "assets" / "one-request.svg", DOCS / "assets" / "one-request-zh.svg"]
PLAN: dict[str, Any] = yaml.safe_load(content(ROOT / "mkdocs.yml"))


def pages(nav: object) -> list[str]:
    """List the pages of a navigation, its parts included."""
    if isinstance(nav, str):
        return [nav] if nav.endswith(".md") else []
    assert isinstance(nav, (dict, list))
    parts = nav.values() if isinstance(nav, dict) else nav
    return [page for part in parts for page in pages(part)]


@pytest.fixture(scope="module")
def hooks() -> ModuleType:
    spec = importlib.util.spec_from_file_location("site_hooks", DOCS / "site_hooks.py")
    assert spec
    assert spec.loader
    module = importlib.util.module_from_spec(spec)
    sys.modules["site_hooks"] = module
    spec.loader.exec_module(module)
    return module


def test_every_page_stands_in_the_navigation_once():
    left_out = tuple(line for line in PLAN["exclude_docs"].split() if line.endswith("/"))
    written = [
        path.relative_to(DOCS).as_posix()
        for path in DOCS.rglob("*.md")
        if not path.relative_to(DOCS).as_posix().startswith(left_out)
    ]
    assert sorted(pages(PLAN["nav"])) == sorted(written)


def test_a_link_that_leads_nowhere_is_an_error_of_the_build():
    assert PLAN["strict"] is True
    checks = {**PLAN["validation"]["nav"], **PLAN["validation"]["links"]}
    assert set(checks.values()) == {"warn"}


def test_nothing_of_the_site_is_fetched_from_elsewhere():
    assert PLAN["theme"]["font"] is False
    assert "repo_url" not in PLAN
    for path in (DOCS / "assets").iterdir():
        text = content(path).replace('xmlns="http://www.w3.org/2000/svg"', "")
        assert "//" not in text
        assert "url(" not in text


@pytest.mark.parametrize("package", PACKAGES)
def test_the_reference_has_all_public_names_of_a_package(package: str, hooks: ModuleType):
    assert sorted(hooks.public_names(package)) == sorted(importlib.import_module(package).__all__)
    asking = [page for page in DOCS.glob("reference/*.md") if f"names: {package} " in content(page)]
    assert len(asking) == 1


@pytest.mark.parametrize("drawing", DRAWINGS, ids=lambda drawing: drawing.stem)
def test_a_drawing_says_in_words_what_it_shows(drawing: Path):
    text = content(drawing)
    assert "<title" in text
    assert 'role="img"' in text
    assert "prefers-color-scheme: dark" in text


def test_the_chinese_drawing_is_the_english_one_with_other_words():
    english, chinese = (
        re.sub(r'(>)[^<>{}]+(</(?:text|title)>)|font-family="[^"]*"|-zh', r"\1\2", content(drawing))
        for drawing in DRAWINGS
    )
    assert chinese == english


def test_a_heading_has_the_anchor_that_links_to_it_name(hooks: ModuleType):
    found = [heading for page in DOCS.rglob("*.md") for _, heading in headings(page)]
    plain = [re.sub(r"\[([^\]]*)\]\([^)]*\)|`", r"\1", heading) for heading in found]
    assert [hooks.anchor(heading, "-") for heading in plain] == [slug(one) for one in found]


@pytest.fixture
def site() -> tuple[SimpleNamespace, SimpleNamespace]:
    """What MkDocs hands to the hooks: its settings, and a navigation as in mkdocs.yml."""

    def page(uri: str) -> SimpleNamespace:
        url = uri.replace(".md", ".html")
        return SimpleNamespace(file=SimpleNamespace(src_uri=uri), url=url, is_section=False)

    english = [page("index.md"), page("errors.md"), page("wire.md")]
    chinese = [page("zh/index.md"), page("zh/errors.md")]
    for first, second in pairwise([*english, *chinese]):
        first.next_page, second.previous_page = second, first
    english[0].previous_page = chinese[-1].next_page = None
    section = SimpleNamespace(is_section=True, children=chinese)
    nav = SimpleNamespace(items=[*english, section], pages=[*english, *chinese])
    theme = {"palette": [{"toggle": {}}, {"toggle": {}}]}
    return SimpleNamespace(extra=PLAN["extra"].copy(), theme=theme), nav


def test_a_page_is_shown_with_the_navigation_of_its_language(
    hooks: ModuleType, site: tuple[SimpleNamespace, SimpleNamespace]
):
    config, nav = site
    languages: list[tuple[str, str]] = []
    shown: dict[str, list[str]] = {}
    for page in nav.pages:
        context = hooks.on_page_context({}, page, config, nav)
        languages.append((config.theme["language"], config.theme["palette"][0]["toggle"]["name"]))
        shown[page.url] = [item.url for item in context["nav"].items]
    assert languages == [("en", "Dark")] * 3 + [("zh", "深色")] * 2
    assert shown["zh/errors.html"] == ["zh/index.html", "zh/errors.html"]
    assert shown["errors.html"] == ["index.html", "errors.html", "wire.html", "zh/index.html"]
    assert len(nav.items) == 4


def test_a_page_leads_to_the_other_language_or_to_its_start(
    hooks: ModuleType, site: tuple[SimpleNamespace, SimpleNamespace]
):
    config, nav = site
    others: dict[str, tuple[str, str]] = {}
    for page in nav.pages:
        hooks.on_page_context({}, page, config, nav)
        other = config.extra["alternate"]
        others[page.url] = (other.name, other.link)
    assert others == {
        "index.html": ("中文", "zh/index.html"),
        "errors.html": ("中文", "zh/errors.html"),
        "wire.html": ("中文", "zh/index.html"),
        "zh/index.html": ("English", "index.html"),
        "zh/errors.html": ("English", "errors.html"),
    }


def test_no_page_leads_on_to_the_other_language(
    hooks: ModuleType, site: tuple[SimpleNamespace, SimpleNamespace]
):
    config, nav = site
    hooks.on_nav(nav, config, None)
    following = [page.next_page and page.next_page.url for page in nav.pages]
    assert following == ["errors.html", "wire.html", None, "zh/errors.html", None]
    assert nav.pages[3].previous_page is None
