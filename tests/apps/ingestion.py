"""Ingests passages into Chroma, and goes on where it was: run as a program, which may be killed.

python -m tests.apps.ingestion llama_index URL FOLDER COUNT
python -m tests.apps.ingestion langchain URL FOLDER COUNT
"""

from __future__ import annotations

import json
import os
import sqlite3
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import chromadb
from llama_index.core.storage.kvstore.types import BaseKVStore

SLICE = 640
MODEL = "BAAI/bge-m3"


def passages(count: int) -> Iterator[tuple[str, str]]:
    for number in range(count):
        yield f"p{number}", f"Passage {number}: bread, salt and the library."


def settings(url: str) -> dict[str, Any]:
    return {
        "model": MODEL,
        "api_key": "sk-ingestion",
        "base_url": url,
        "default_headers": {"x-pid": str(os.getpid())},
    }


class SQLiteVectors(BaseKVStore):
    """A cache of vectors that a killed process leaves as it was."""

    def __init__(self, path: Path) -> None:
        self._database = sqlite3.connect(path, isolation_level=None)
        self._database.execute("PRAGMA journal_mode=WAL")
        self._database.execute("CREATE TABLE IF NOT EXISTS vectors (text PRIMARY KEY, entry TEXT)")

    def get(self, key: str, collection: str = "") -> dict[str, Any] | None:
        asked = "SELECT entry FROM vectors WHERE text = ?"
        found = self._database.execute(asked, (key,)).fetchone()
        return None if found is None else json.loads(found[0])

    def put(self, key: str, val: dict[str, Any], collection: str = "") -> None:
        self._database.execute("REPLACE INTO vectors VALUES (?, ?)", (key, json.dumps(val)))

    async def aget(self, key: str, collection: str = "") -> dict[str, Any] | None:
        return self.get(key)

    async def aput(self, key: str, val: dict[str, Any], collection: str = "") -> None:
        self.put(key, val)

    def get_all(self, collection: str = "") -> dict[str, dict[str, Any]]:
        raise NotImplementedError("nobody asks")

    async def aget_all(self, collection: str = "") -> dict[str, dict[str, Any]]:
        raise NotImplementedError("nobody asks")

    def delete(self, key: str, collection: str = "") -> bool:
        raise NotImplementedError("nobody asks")

    async def adelete(self, key: str, collection: str = "") -> bool:
        raise NotImplementedError("nobody asks")


def llama_index(url: str, folder: Path, count: int) -> None:
    """Vectors go into the cache as they come; what the store has already is written once more."""
    from llama_index.core.ingestion import IngestionPipeline
    from llama_index.core.schema import TextNode
    from llama_index.vector_stores.chroma import ChromaVectorStore

    from llama_index_siliconflow import SiliconFlowEmbedding

    embedding = SiliconFlowEmbedding(
        embeddings_cache=SQLiteVectors(folder / "vectors.sqlite"), **settings(url)
    )
    collection = chromadb.PersistentClient(str(folder / "chroma")).get_or_create_collection("all")
    store = ChromaVectorStore(chroma_collection=collection)
    pipeline = IngestionPipeline(
        transformations=[embedding], vector_store=store, disable_cache=True
    )
    given = [TextNode(id_=name, text=text) for name, text in passages(count)]
    for start in range(0, count, SLICE):
        pipeline.run(nodes=given[start : start + SLICE], show_progress=True)
    sys.stdout.write(f"{collection.count()}\n")


def langchain(url: str, folder: Path, count: int) -> None:
    """The record manager knows what is in the store."""
    from langchain_chroma import Chroma
    from langchain_classic.indexes import SQLRecordManager, index
    from langchain_core.documents import Document

    from langchain_siliconflow import SiliconFlowEmbeddings

    store = Chroma(
        "all",
        embedding_function=SiliconFlowEmbeddings(**settings(url)),
        persist_directory=str(folder / "chroma"),
    )
    records = SQLRecordManager("all", db_url=f"sqlite:///{folder / 'records.sqlite'}")
    records.create_schema()
    given = (Document(text, id=name, metadata={"source": name}) for name, text in passages(count))
    index(given, records, store, batch_size=SLICE, cleanup=None, key_encoder="sha256")
    sys.stdout.write(f"{len(store.get(include=[])['ids'])}\n")


if __name__ == "__main__":
    framework, url, folder, count = sys.argv[1:]
    {"llama_index": llama_index, "langchain": langchain}[framework](url, Path(folder), int(count))
