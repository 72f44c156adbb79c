"""The files that the simulator keeps, in memory: the oldest go when there are too many bytes."""

from __future__ import annotations

import hashlib
import threading
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final

from siliconflow_simulator._refusals import invalid, refusal
from siliconflow_simulator._wire import CREATED

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from siliconflow_client import JsonObject, JsonValue

_MOST_BYTES: Final = 512 * 1024 * 1024
_PAGE: Final = 20


@dataclass(frozen=True, slots=True)
class StoredFile:
    """A file.

    Attributes:
        id: What batches name it by.
        name: As it was uploaded.
        content: What it holds.
        purpose: As it was uploaded.
    """

    id: str
    name: str
    content: bytes = field(repr=False)
    purpose: str

    def payload(self) -> JsonObject:
        """The object that stands for it; `createdAt` as the vendor writes it."""
        return {
            "id": self.id,
            "object": "file",
            "bytes": len(self.content),
            "createdAt": CREATED,
            "filename": self.name,
            "purpose": self.purpose,
        }


class FileStore:
    """The files; safe for threads."""

    def __init__(self) -> None:
        self._files: dict[str, StoredFile] = {}
        self._made = 0
        self._bytes = 0
        self._lock = threading.Lock()

    def add(self, name: str, content: bytes, purpose: str) -> StoredFile:
        """Keep a file; the same sequence of files gets the same ids."""
        with self._lock:
            self._made += 1
            made = hashlib.sha256(f"file/{self._made}".encode()).hexdigest()[:10]
            stored = StoredFile(f"file-{made}", name, content, purpose)
            self._files[stored.id] = stored
            self._bytes += len(content)
            while self._bytes > _MOST_BYTES and len(self._files) > 1:
                oldest = self._files.pop(next(iter(self._files)))
                self._bytes -= len(oldest.content)
            return stored

    def get(self, id: str) -> StoredFile:
        """Return a file.

        Raises:
            Refusal: There is none of this id.
        """
        with self._lock:
            stored = self._files.get(id)
        if stored is None:
            # The code is the vendor's; no source prints the wording.
            raise refusal(404, 20022, "File not found.")
        return stored

    def newest_first(self) -> list[StoredFile]:
        """Return all files."""
        with self._lock:
            return list(reversed(self._files.values()))


def page_of(entries: Sequence[JsonObject], query: Mapping[str, str]) -> JsonObject:
    """Return a page of a listing, by `limit` and `after`, as OpenAI's API writes it."""
    try:
        limit = int(query.get("limit", _PAGE))
    except ValueError:
        limit = 0
    if not 1 <= limit <= 100:
        raise invalid("limit: Input should be between 1 and 100")
    after = query.get("after")
    start = 0
    if after:
        places = [place for place, entry in enumerate(entries) if entry["id"] == after]
        start = places[0] + 1 if places else len(entries)
    shown: list[JsonValue] = [*entries[start : start + limit]]
    ids = [entry["id"] for entry in entries[start : start + limit]]
    return {
        "object": "list",
        "data": shown,
        "first_id": ids[0] if ids else None,
        "last_id": ids[-1] if ids else None,
        "has_more": start + limit < len(entries),
    }
