"""The page of a run: whole, escaped, in need of nothing else."""

from __future__ import annotations

import re
from html.parser import HTMLParser

import pytest

from demo.corpus import Passage
from demo.moves import picture
from demo.page import page
from demo.pipeline import Hit, Outcome, Tokens, ToolUse

EVIL = '<script>alert("x")</script> & \'"'


def hits(*names: str) -> list[Hit]:
    return [Hit(Passage(name, "Text."), 0.9 - 0.1 * n) for n, name in enumerate(names)]


def outcome(framework: str, text: str = "An answer.", ranked: str = "c a b d e f") -> Outcome:
    return Outcome(
        framework=framework,
        found=hits(*"a b c d e f".split()),
        ranked=hits(*ranked.split()),
        answer=text,
        tool=ToolUse("open_passage", {"title": text}, text, text),
        tokens=Tokens(1234, 56),
        seconds={"search": 0.25, "everything": 3.5},
    )


class Outline(HTMLParser):
    def __init__(self, html: str) -> None:
        super().__init__()
        self.open: list[str] = []
        self.seen: list[str] = []
        self.addresses: list[str] = []
        self.feed(html)

    def handle_starttag(self, tag, attrs):
        self.seen.append(tag)
        self.addresses += [value for name, value in attrs if name in ("src", "href")]
        if tag != "meta":
            self.open.append(tag)

    def handle_startendtag(self, tag, attrs):
        self.seen.append(tag)

    def handle_endtag(self, tag):
        assert self.open.pop() == tag


def test_the_page_is_well_formed_and_needs_nothing_else():
    html = page("Why?", [outcome("LangChain"), outcome("LlamaIndex")], quoted="quoted by it")
    outline = Outline(html)
    assert outline.open == []
    assert outline.addresses == []
    assert {"script", "link", "img", "iframe"} & set(outline.seen) == set()
    assert "url(" not in html
    assert "http" not in html


def test_everything_stands_side_by_side():
    html = page("Why?", [outcome("LangChain"), outcome("LlamaIndex")], quoted="quoted by it")
    assert html.count('class="card"') == 2
    assert html.count("quoted by it") == 4
    assert "<td>1234</td><td>1234</td>" in html
    assert "<td>0.25 s</td><td>0.25 s</td>" in html
    assert html.count("open_passage(title=&#x27;An answer.&#x27;)") == 2


@pytest.mark.parametrize("place", ["question", "answer", "title", "framework"])
def test_text_from_outside_is_escaped(place: str):
    question = EVIL if place == "question" else "Why?"
    named = outcome(
        EVIL if place == "framework" else "LangChain", EVIL if place == "answer" else "Yes."
    )
    if place == "title":
        named = Outcome(**{**vars(named), "ranked": hits(EVIL), "found": hits(EVIL)})
    html = page(question, [named])
    assert "<script" not in html
    assert "&lt;script&gt;" in html
    assert Outline(html).open == []


def test_lines_show_who_moved_up_and_who_down():
    html = page("Why?", [outcome("LangChain")])
    ways = re.findall(r'<path class="([^"]+)"', html)
    assert ways == ["down", "down", "up", "same", "same out", "same out"]


def test_what_the_reranker_left_out_has_its_name_and_no_line():
    whole = picture(hits(*"abc"), hits(*"cab"), kept=2)
    less = picture(hits(*"abc"), hits(*"ca"), kept=2)
    assert (whole.count("<path"), less.count("<path")) == (3, 2)
    assert (whole.count(">b<"), less.count(">b<")) == (2, 1)


def test_frameworks_that_agree_share_a_picture():
    agreed = page("Why?", [outcome("LangChain"), outcome("LlamaIndex")])
    differing = page("Why?", [outcome("LangChain"), outcome("LlamaIndex", ranked="a b c d e f")])
    assert (agreed.count("<svg"), differing.count("<svg")) == (1, 2)


def test_a_long_title_keeps_its_ends_and_its_tooltip():
    long = "package.subpackage.module.ClassWithALongName.method_with_a_longer_name"
    named = Outcome(**{**vars(outcome("LangChain")), "found": hits(long), "ranked": hits(long)})
    html = page("Why?", [named])
    assert f"<title>{long}</title>package.subpackage.mo…" in html
    assert "with_a_longer_name  0.900" in html
