from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from demo.corpus import (
    CorpusError,
    Passage,
    docstrings,
    folder,
    split,
    standard_library,
    unwrap,
)

SOURCE = '''
"""A module that is described in a sentence of fair length."""

class Store:
    """Keeps things under names, and gives them back when asked for."""

    async def get(self, name, default=None):
        """Return the thing that is kept under `name`, or the default."""

    def _hidden(self):
        """Nobody outside this class has any use for what is done here."""

def short():
    """Too short."""
'''


def test_docstrings_are_titled_by_their_qualified_names():
    found = {passage.title: passage.text for passage in docstrings(SOURCE, "shop")}
    assert list(found) == ["shop", "shop.Store", "shop.Store.get"]
    assert found["shop.Store.get"].startswith("get(self, name, default=None)\n\nReturn the thing")


def test_a_file_that_is_not_python_has_no_docstrings():
    assert list(docstrings("def broken(:", "shop")) == []


@given(st.text(alphabet="ab \n", max_size=400), st.integers(min_value=1, max_value=50))
def test_pieces_hold_all_words_and_stay_within_the_limit(text: str, limit: int):
    pieces = split(text, limit)
    assert all(0 < len(piece) <= limit for piece in pieces)
    assert "".join("".join(pieces).split()) == "".join(text.split())


def test_paragraphs_stay_together_while_they_fit():
    assert split("one\n\ntwo\n\nthree", limit=8) == ["one\n\ntwo", "three"]


def test_the_standard_library_gives_a_few_thousand_passages():
    passages = standard_library()
    titles = [passage.title for passage in passages]
    assert 2000 < len(passages) < 6000
    assert "gzip.open" in titles
    assert len(set(titles)) == len(titles)


def test_a_folder_of_the_readers_own_files(tmp_path: Path):
    (tmp_path / "notes.md").write_text("# Bread\n\nFlour, water, salt.")
    (tmp_path / "inner").mkdir()
    (tmp_path / "inner" / "shop.py").write_text(SOURCE)
    (tmp_path / "plain.py").write_text("x = 1  # no docstring: the text itself is the passage")
    (tmp_path / "picture.png").write_bytes(b"\x89PNG")
    (tmp_path / ".venv").mkdir()
    (tmp_path / ".venv" / "other.md").write_text("Somebody else's text.")
    (tmp_path / "folder.md").mkdir()
    titles = [passage.title for passage in folder(tmp_path)]
    assert titles == [
        "inner.shop",
        "inner.shop.Store",
        "inner.shop.Store.get",
        "notes.md",
        "plain.py",
    ]


@pytest.mark.parametrize(
    ("files", "message"),
    [
        ({}, r"holds no .md, .py, .rst, .txt files"),
        ({"a.pdf": "x"}, r"holds no .md, .py, .rst, .txt files"),
        ({"a.md": " \n", "b.txt": ""}, r"The 2 files in .* hold no text"),
    ],
)
def test_a_folder_without_text_is_refused_in_plain_words(
    tmp_path: Path, files: dict[str, str], message: str
):
    for name, text in files.items():
        (tmp_path / name).write_text(text)
    with pytest.raises(CorpusError, match=message):
        folder(tmp_path)


def test_a_file_that_cannot_be_read_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    (tmp_path / "secret.md").write_text("x")

    def refuse(*_: object, **__: object) -> str:
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr(Path, "read_text", refuse)
    with pytest.raises(CorpusError, match=r"secret\.md cannot be read: Permission denied\."):
        folder(tmp_path)


def test_a_missing_folder_is_named(tmp_path: Path):
    with pytest.raises(CorpusError, match="nowhere is not a folder"):
        folder(tmp_path / "nowhere")


def test_a_long_docstring_is_numbered():
    long = "\n\n".join("word " * 100 for _ in range(5))
    titles = [passage.title for passage in docstrings(f'"""{long}"""', "shop")]
    assert titles == ["shop (1/3)", "shop (2/3)", "shop (3/3)"]


def test_the_title_is_part_of_what_is_searched():
    assert Passage("gzip.open", "Open a file.").content == "gzip.open\n\nOpen a file."


def test_running_text_is_joined_and_lists_and_examples_are_not():
    text = "Open a file\nin text mode.\n\n- one\n- two\n\n    code()\n    more()\n\n>>> 1 + 1\n2"
    assert unwrap(text) == text.replace("file\nin", "file in")
