"""Ingests passages into Chroma, and goes on where it was: run as a program, which may be killed.

python -m tests.apps.ingestion llama_index URL FOLDER COUNT
python -m tests.apps.ingestion langchain URL FOLDER COUNT

Prints as its last line the passages in the store, the most memory in MB, and the seconds it took.
"""

from __future__ import annotations

import itertools
import json
import os
import resource
import sqlite3
import sys
import time
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


def llama_index(url: str, folder: Path, count: int) -> int:
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
    given = (TextNode(id_=name, text=text) for name, text in passages(count))
    while nodes := list(itertools.islice(given, SLICE)):
        pipeline.run(nodes=nodes, show_progress=True)
    return collection.count()


def langchain(url: str, folder: Path, count: int) -> int:
    """The record manager knows what is in the store."""
    from langchain_chroma import Chroma
    from langchain_classic.indexes import SQLRecordManager, index
    from langchain_core.documents import Document
    from tqdm.auto import tqdm

    from langchain_siliconflow import SiliconFlowEmbeddings

    store = Chroma(
        "all",
        embedding_function=SiliconFlowEmbeddings(**settings(url)),
        persist_directory=str(folder / "chroma"),
    )
    records = SQLRecordManager("all", db_url=f"sqlite:///{folder / 'records.sqlite'}")
    records.create_schema()
    given = (Document(text, id=name, metadata={"source": name}) for name, text in passages(count))
    given = tqdm(given, total=count, desc="Passages")  # of which index() tells nothing
    index(given, records, store, batch_size=SLICE, cleanup=None, key_encoder="sha256")
    return len(store.get(include=[])["ids"])


def main(framework: str, url: str, folder: str, count: str) -> None:
    ingest = {"llama_index": llama_index, "langchain": langchain}[framework]
    began = time.monotonic()
    kept = ingest(url, Path(folder), int(count))
    most = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024  # Linux counts in kilobytes
    sys.stdout.write(f"{kept} {most:.0f} {time.monotonic() - began:.0f}\n")


if __name__ == "__main__":
    main(*sys.argv[1:])
