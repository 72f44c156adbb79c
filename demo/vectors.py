"""Vectors that were made once, kept in a file, so that the next run need not ask for them."""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Sequence
from pathlib import Path
from zipfile import BadZipFile

import numpy as np


class KeptVectors:
    """Vectors by the text that they stand for.

    Args:
        folder: Where they are kept; `None` keeps them for this run only.
        scope: What they were made by; another scope has a file of its own.
    """

    def __init__(self, folder: Path | None = None, scope: str = "") -> None:
        self._vectors: dict[str, list[float]] = {}
        name = hashlib.sha256(scope.encode()).hexdigest()[:16]
        self._file = None if folder is None else folder / f"vectors-{name}.npz"
        self._changed = False
        if self._file is not None and self._file.is_file():
            self._read(self._file)

    def __len__(self) -> int:
        return len(self._vectors)

    def check(self, text: str, vector: Sequence[float]) -> None:
        """Forget everything if a text's vector is another one now: the model has changed."""
        kept = self.get(text)
        if kept is not None and not np.allclose(kept, vector, atol=1e-3):
            self._vectors.clear()
            self._changed = True

    def get(self, text: str) -> list[float] | None:
        """Return the vector of a text, or `None`."""
        return self._vectors.get(_key(text))

    def put(self, texts: Sequence[str], vectors: Sequence[Sequence[float]]) -> None:
        """Keep the vectors of texts."""
        for text, vector in zip(texts, vectors, strict=True):
            self._vectors[_key(text)] = list(vector)
        self._changed = self._changed or bool(texts)

    def save(self) -> None:
        """Write the file, if there is anything new.

        Raises:
            OSError: It cannot be written.
        """
        if self._file is None or not self._changed:
            return
        self._file.parent.mkdir(parents=True, exist_ok=True)
        unfinished = self._file.with_suffix(f".{os.getpid()}.npz")
        matrix = np.array(list(self._vectors.values()), dtype=np.float32)
        np.savez(unfinished, keys=np.array(json.dumps(list(self._vectors))), vectors=matrix)
        unfinished.replace(self._file)
        self._changed = False

    def _read(self, file: Path) -> None:
        try:
            with file.open("rb") as opened, np.load(opened, allow_pickle=False) as stored:
                keys: list[str] = json.loads(str(stored["keys"]))
                vectors: list[list[float]] = stored["vectors"].tolist()
        except (OSError, ValueError, KeyError, EOFError, BadZipFile):
            return  # whatever it is, it is made again
        if len(keys) == len(vectors):
            self._vectors = dict(zip(keys, vectors, strict=True))


def _key(text: str) -> str:
    return hashlib.sha256(text.encode("utf-8", errors="surrogatepass")).hexdigest()
