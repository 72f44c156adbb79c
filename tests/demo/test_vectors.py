"""Vectors are made once; a model that has changed makes them anew."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from demo.vectors import KeptVectors


def kept(folder: Path, scope: str = "a") -> KeptVectors:
    return KeptVectors(folder, scope)


def test_what_was_saved_is_there_in_the_next_run(tmp_path: Path):
    vectors = kept(tmp_path / "new")
    vectors.put(["one", "zwei 二"], [[1.0, 0.0], [0.0, 0.5]])
    vectors.save()
    again = kept(tmp_path / "new")
    assert again.get("zwei 二") == [0.0, 0.5]
    assert again.get("three") is None
    assert kept(tmp_path / "new", "b").get("one") is None, "another model"


def test_a_model_that_has_changed_is_noticed(tmp_path: Path):
    vectors = kept(tmp_path)
    vectors.put(["one", "two"], [[1.0, 0.0], [0.0, 1.0]])
    vectors.check("one", [1.0, 0.0])
    assert len(vectors) == 2
    vectors.check("one", [0.0, 1.0])
    assert len(vectors) == 0


@pytest.mark.parametrize("content", [b"", b"no archive", b"PK\x03\x04"])
def test_a_broken_file_is_made_again(tmp_path: Path, content: bytes):
    vectors = kept(tmp_path)
    vectors.put(["one"], [[1.0]])
    vectors.save()
    [file] = tmp_path.iterdir()
    file.write_bytes(content)
    assert len(kept(tmp_path)) == 0


def test_a_file_that_holds_fewer_vectors_than_texts_is_made_again(tmp_path: Path):
    vectors = kept(tmp_path)
    vectors.put(["one", "two"], [[1.0], [0.5]])
    vectors.save()
    [file] = tmp_path.iterdir()
    with np.load(file, allow_pickle=False) as stored:
        parts = dict(stored)
    with file.open("wb") as opened:
        np.savez(opened, **{**parts, "vectors": parts["vectors"][:1]})
    assert len(kept(tmp_path)) == 0
