"""The README, and its Chinese twin: links, commands, and what it shows."""

from __future__ import annotations

import re
import tomllib
from pathlib import Path

import pytest

from siliconflow_simulator.faults.orders import FAULT_WORDS, parse_faults
from tests.conftest import ROOT
from tests.packaging.repository import anchors, content, files

READMES = [ROOT / "README.md", ROOT / "README.zh-CN.md"]
URL = re.compile(r"https?://[^\s<>()\]\"]+")
with (ROOT / "pyproject.toml").open("rb") as _file:
    PROJECT = tomllib.load(_file)["project"]
HOME: str = PROJECT["urls"]["Source"]


@pytest.mark.parametrize("page", READMES, ids=lambda page: page.name)
def test_its_links_work_wherever_it_is_shown(page: Path):
    """PyPI shows the README too, where a relative link leads nowhere."""
    text = content(page)
    inline = re.findall(r"\]\(<?([^)>\s]+)", text)
    defined = dict(re.findall(r"^\[([^\]]+)\]: (\S+)$", text, re.MULTILINE))
    assert [link for link in (*inline, *defined.values()) if not URL.match(link)] == []
    body = re.sub(
        r"^```.*?^```$|^\[[^\]]+\]: .*$|`[^`]*`", "", text, flags=re.MULTILINE | re.DOTALL
    )
    badges = re.findall(r"\[!\[[^\]]+\]\[(\w+)\]\]\[(\w+)\]", body)
    plain = re.findall(r"(?<![\[!])\[([^\]!\[]+)\](?!\()(?:\[([^\]]+)\])?", body)
    named = {name for badge in badges for name in badge} | {name or words for words, name in plain}
    assert {name.lower() for name in named} == set(defined)


def test_every_address_of_ours_is_that_of_the_repository_and_leads_to_a_file():
    """`[project.urls]` says where the repository is; nothing says it differently."""
    workflows = f"{HOME}/actions/workflows/"
    others = (HOME, f"{HOME}/issues", f"https://pypi.org/project/{PROJECT['name']}/")
    kinds = (".md", ".mdx", ".py", ".toml", ".yml", ".yaml", ".ipynb", ".txt")
    pages = [page for kind in kinds for page in files(kind)]
    lost: list[str] = []
    for page in (*pages, *(ROOT / ".github").rglob("*.yml"), ROOT / "Makefile"):
        for found in URL.findall(content(page)):
            url = found.rstrip(".,;`'")
            ours = url.startswith(HOME) or PROJECT["name"] in url
            if not ours or url in others:
                continue
            path, _, anchor = url.removeprefix(f"{HOME}/blob/main/").partition("#")
            if url.startswith(workflows):
                path = ".github/workflows/" + url.removeprefix(workflows).partition("/")[0]
            target = ROOT / path
            if not target.is_file() or (anchor and anchor not in anchors(target)):
                lost.append(f"{page.relative_to(ROOT)}: {url}")
    assert not lost, "\n".join(["these lead nowhere:", *lost])


def test_every_command_that_a_page_names_is_a_make_target():
    makefile = content(ROOT / "Makefile")
    targets = set(re.findall(r"^([\w-]+):", makefile, re.MULTILINE))
    for page in (*READMES, ROOT / "CONTRIBUTING.md", ROOT / "docs" / "windows.md"):
        named = set(re.findall(r"(?:`|^)make ([\w-]+)", content(page), re.MULTILINE))
        assert named
        assert named <= targets


def test_the_table_of_faults_holds_all_words_and_no_other():
    page = content(ROOT / "docs" / "guides" / "offline-tests.md")
    table = page.partition("| `x-simulate` |")[2].partition("\n\n")[0]
    rows = [line.split("|")[1] for line in table.splitlines()[2:]]
    written = [word for row in rows for word in re.findall(r"`([^`]+)`", row)]
    assert all(parse_faults(word) for word in written)
    assert {word.partition("=")[0] for word in written} == set(FAULT_WORDS)


def test_the_readme_sends_english_and_chinese_readers_to_each_other():
    english, chinese = (content(page) for page in READMES)
    assert f"{HOME}/blob/main/README.zh-CN.md" in english
    assert f"{HOME}/blob/main/README.md" in chinese
