"""The Chinese pages say what the English ones say, in the same places, with the same code."""

from __future__ import annotations

import re
from itertools import pairwise
from pathlib import Path

import pytest

from tests.conftest import ROOT
from tests.packaging.blocks import blocks
from tests.packaging.repository import content, headings, prose
from tests.packaging.test_site import PLAN, pages
from tests.packaging.translations import (
    CHINESE_DOCS,
    DOCS,
    TRANSLATIONS,
    in_chinese,
    links,
    names,
    rows,
    sections,
    shape,
)

START = CHINESE_DOCS / "index.md"
ENGLISH = [DOCS / page for page in pages(PLAN["nav"]) if not page.startswith("zh/")]
HAN = r"[\u3400-\u9fff]"
EVERY_PAGE = pytest.mark.parametrize(
    "page", TRANSLATIONS, ids=lambda page: str(page.relative_to(ROOT))
)


@EVERY_PAGE
def test_a_chinese_page_has_the_code_and_the_sections_of_its_english_one(page: Path):
    """So what is run of the English page has been run of this one."""
    english = TRANSLATIONS[page]
    assert [(one.language, one.code) for one in blocks(page)] == [
        (one.language, one.code) for one in blocks(english)
    ]
    assert [depth for depth, _ in headings(page)] == [depth for depth, _ in headings(english)]


@EVERY_PAGE
def test_each_section_of_a_chinese_page_has_as_many_paragraphs_and_items(page: Path):
    chinese = [shape(section) for section in sections(page)]
    english = [shape(section) for section in sections(TRANSLATIONS[page])]
    # What the start page says of pages without a translation.
    assert chinese == ([english[0], english[1] + ["text", "|"]] if page == START else english)


@EVERY_PAGE
def test_each_section_of_a_chinese_page_names_the_same_things_in_code(page: Path):
    parts = zip(sections(page), sections(TRANSLATIONS[page]), strict=True)
    differing = [names(chinese) ^ names(english) for chinese, english in parts]
    assert [one for one in differing if one] == []


@EVERY_PAGE
def test_the_tables_of_a_chinese_page_have_the_rows_and_the_code_of_the_english_ones(page: Path):
    chinese, english = (
        [(len(row), [names(cell) for cell in row]) for row in rows(one)]
        for one in (page, TRANSLATIONS[page])
    )
    assert chinese[: len(english)] == english
    assert page == START or len(chinese) == len(english)


@EVERY_PAGE
def test_a_chinese_page_leads_where_the_english_one_does_and_to_chinese_pages_if_there_are_any(
    page: Path,
):
    english = TRANSLATIONS[page]
    expected = {in_chinese(link, on=english) for link in links(english)}
    found = set(links(page))
    assert expected <= found
    also = {(english_only, "") for english_only in ENGLISH} if page == START else set()
    assert found - expected <= also


def test_the_start_page_says_of_every_page_without_a_translation_why():
    """The reasons stand there and nowhere else; which pages they are about is what is missing."""
    missing = [page for page in ENGLISH if page not in TRANSLATIONS.values()]
    reasons = content(START).partition("| 只有英文的页面 |")[2].splitlines()[2:]
    cells = [row.strip("|").split("|") for row in reasons]
    linked = [target for named, _ in cells for target in re.findall(r"\]\(([^)]+)\)", named)]
    assert sorted((CHINESE_DOCS / target).resolve() for target in linked) == sorted(missing)
    assert all(reason.strip() for _, reason in cells)


def test_the_chinese_part_of_the_navigation_is_in_the_order_of_the_english_one():
    translated = [page for page in ENGLISH if page in TRANSLATIONS.values()]
    chinese = [DOCS / page for page in pages(PLAN["nav"]) if page.startswith("zh/")]
    assert [TRANSLATIONS[page] for page in chinese] == translated


@EVERY_PAGE
def test_chinese_and_latin_words_are_parted_by_a_space(page: Path):
    text = re.sub(r"`[^`]+`", "`name`", prose(page))
    text = re.sub(r"\]\([^)]*\)|<[^>]*>|\*\*", "", text)
    text = re.sub(r"^\[.*\]: .*$", "", text, flags=re.MULTILINE)
    close = re.findall(rf".{{0,12}}(?:{HAN}\[?[A-Za-z0-9`]|[A-Za-z0-9`]\]?{HAN}).{{0,12}}", text)
    halved = re.findall(rf".{{0,12}}{HAN}[,;:?!()].{{0,12}}", text)
    assert close + halved == []


@EVERY_PAGE
def test_no_line_breaks_off_between_two_chinese_characters(page: Path):
    """Browsers show a line break as a space, which does not belong there."""
    lines = [line.strip() for line in prose(page).splitlines()]
    broken = [
        (first, second)
        for first, second in pairwise(lines)
        if re.search(rf"{HAN}$", first) and re.match(HAN, second)
    ]
    assert broken == []


@EVERY_PAGE
def test_bold_text_ends_where_markdown_sees_its_end(page: Path):
    """Between punctuation and a Chinese character the asterisks stay asterisks."""
    assert re.findall(rf"[^\w\s*]\*\*{HAN}|{HAN}\*\*[^\w\s*]+\*\*", prose(page)) == []
