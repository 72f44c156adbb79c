"""What a text of the repository cites is there: pages, headings, files, payloads."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.conftest import ROOT
from tests.fixtures import HERE as FIXTURES
from tests.fixtures import INDEX
from tests.packaging.repository import FOLDERS, anchors, content, files, passages

PAGE = re.compile(r"(?<![\w/:.-])(docs/[\w/-]+\.md)(?:#([\w-]+))?")
LINK = re.compile(r"\]\(<?(?!\w+:)([^)#\s>]*)(?:#([^)\s>]+))?>?\)")
FILE = re.compile(rf"(?<![\w/:.@-])((?:{'|'.join(FOLDERS)}|\.ci)/[\w./*-]*[\w*/])")
NAMED_FILE = re.compile(r"`([\w-]+\.(?:py|json|sse|md|toml))`")
PAYLOAD = re.compile(r"\bfixtures?\s+(?:#\s+)?((?=[\w-]+/|\d{3}_)[\w/-]+(?:\.\w+)?)")
# Notes that were not handed over with the code, under the names that were used for them.
ELSEWHERE = re.compile(
    r"\bwire\s+(?:#\s+)?facts?\b(?!\]\()|§ ?\d|\bseeds? \d{3}\b|\bpublic notes\b"
)


def everything() -> Iterator[tuple[Path, str]]:
    """All texts, strings of programs included: a citation counts wherever it stands."""
    kinds = (".py", ".md", ".toml")
    for path in (*(path for kind in kinds for path in files(kind)), FIXTURES / "index.json"):
        yield path, content(path)


def place(path: Path, text: str, position: int) -> str:
    return f"{path.relative_to(ROOT)}:{text.count(chr(10), 0, position) + 1}"


def test_every_cited_page_and_heading_exists():
    lost = [
        f"{place(path, text, cited.start())}: {cited[0]}"
        for path, text in everything()
        for cited in PAGE.finditer(text)
        if not (ROOT / cited[1]).is_file()
        or (cited[2] is not None and cited[2] not in anchors(ROOT / cited[1]))
    ]
    assert not lost, "\n".join(["these lead nowhere:", *lost])


def test_every_relative_link_leads_somewhere():
    lost: list[str] = []
    for page in files(".md"):
        text = content(page)
        for link in LINK.finditer(text):
            target = (page.parent / link[1]).resolve() if link[1] else page
            heading = link[2]
            if not target.exists() or (heading and heading not in anchors(target)):
                lost.append(f"{place(page, text, link.start())}: {link[0]}")
    assert not lost, "\n".join(["these lead nowhere:", *lost])


def test_every_file_that_is_cited_exists():
    lost = [
        f"{passage.at(cited.start())}: {cited[1]}"
        for passage in passages()
        for cited in FILE.finditer(passage.text)
        if not any(ROOT.glob(cited[1].rstrip("/")))
    ]
    assert not lost, "\n".join(["these lead nowhere:", *lost])


def test_every_file_that_is_called_by_its_name_exists():
    names = {path.name for kind in (".py", ".json", ".sse", ".md", ".toml") for path in files(kind)}
    lost = [
        f"{passage.at(cited.start())}: {cited[1]}"
        for passage in passages()
        for cited in NAMED_FILE.finditer(passage.text)
        if cited[1] not in names
    ]
    assert not lost, "\n".join(["these lead nowhere:", *lost])


def test_every_payload_that_is_cited_exists():
    known = {str(Path(file).with_suffix("")) for file in INDEX} | set(INDEX)
    known |= {name.rpartition("/")[2] for name in known}
    lost = [
        f"{passage.at(cited.start())}: {cited[1]}"
        for passage in passages()
        for cited in PAYLOAD.finditer(passage.text)
        if cited[1] not in known
    ]
    assert not lost, "\n".join(["these lead nowhere:", *lost])


def test_no_text_cites_notes_that_the_repository_lacks():
    """`docs/wire.md` holds the facts; what cites them names the page and the heading."""
    page = ROOT / "docs" / "wire.md"
    lost = [
        f"{place(path, text, cited.start())}: {cited[0]}"
        for path, text in everything()
        for cited in ELSEWHERE.finditer(text)
        if path not in (page, Path(__file__))
    ]
    assert not lost, "\n".join(["these lead nowhere:", *lost])


def test_the_table_of_payloads_is_their_index():
    rows = [
        "| "
        + " | ".join(
            [entry.file, str(entry.status), entry.content_type, entry.origin, entry.source]
        )
        + " |"
        for entry in INDEX.values()
    ]
    table = [line for line in content(FIXTURES / "README.md").splitlines() if line.startswith("|")]
    assert table[2:] == rows


@pytest.mark.parametrize(
    ("pattern", "cited", "found"),
    [
        (PAGE, "see docs/" + "wire.md#errors.", "docs/wire.md"),
        (LINK, "[errors](wire.md#errors)", "wire.md"),
        (LINK, "[site](https://example.com/wire.md)", None),
        (FILE, "as tests/" + "fixtures/index.json says", "tests/fixtures/index.json"),
        (FILE, "https://example.com/docs/page", None),
        (NAMED_FILE, "see `_flow.py`", "_flow.py"),
        (PAYLOAD, "(fixture errors/429.json)", "errors/429.json"),
        (PAYLOAD, "fixture 400_20015_seed_negative", "400_20015_seed_negative"),
        (PAYLOAD, "the fixture serves pytest", None),
        (ELSEWHERE, "(wire" + " facts 9)", "wire facts"),
        (ELSEWHERE, "a section, \N{SECTION SIGN}2.3", "\N{SECTION SIGN}2"),
    ],
)
def test_a_citation_is_recognised(pattern: re.Pattern[str], cited: str, found: str | None):
    """Without this a pattern that matches nothing would leave every test above green."""
    match = pattern.search(cited)
    assert (match and (match[1] if match.lastindex else match[0])) == found
