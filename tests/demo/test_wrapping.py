"""Lines end between words, however a text is cut into pieces."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st
from rich.cells import cell_len

from demo.wrapping import Wrapping, shortened, wrapped

TEXTS = st.text(alphabet="ab c\n,压缩。", max_size=120)


@given(TEXTS, st.integers(min_value=4, max_value=30), st.integers(min_value=1, max_value=7))
def test_the_pieces_make_no_difference(text: str, width: int, size: int):
    wrapping = Wrapping(width)
    pieces = [wrapping.feed(text[at : at + size]) for at in range(0, len(text), size)]
    assert "".join(pieces) + wrapping.finish() == wrapped(text, width)


@given(TEXTS, st.integers(min_value=4, max_value=30))
def test_nothing_is_lost_and_only_long_words_stand_out(text: str, width: int):
    shown = wrapped(text, width)
    assert "".join(shown.split()) == "".join(text.split())
    for line in shown.split("\n"):
        assert cell_len(line.rstrip()) <= width or len(line.split()) == 1


@given(st.lists(st.text(alphabet="abc", min_size=1, max_size=6), max_size=20))
def test_words_stay_whole(words: list[str]):
    assert wrapped(" ".join(words), 10).split() == words


def test_chinese_breaks_between_characters_and_not_before_a_full_stop():
    assert wrapped("压缩一个文件。", 6) == "压缩一\n个文\n件。"


def test_a_preview_ends_with_a_whole_word():
    assert shortened("one two three", 13) == "one two three"
    assert shortened("one two\nthree four", 12) == "one two …"
    assert shortened("incomprehensibilities", 8) == ""
