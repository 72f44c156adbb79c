"""The site's plan is whole; `make docs` builds it, and checks every link."""

from __future__ import annotations

import importlib
import importlib.util
import sys
from types import ModuleType
from typing import Any

import pytest
import yaml

from tests.conftest import ROOT
from tests.packaging.repository import PACKAGES, content

DOCS = ROOT / "docs"
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


def test_the_drawing_says_in_words_what_it_shows():
    drawing = content(DOCS / "assets" / "one-request.svg")
    assert "<title" in drawing
    assert 'role="img"' in drawing
    assert "prefers-color-scheme: dark" in drawing
