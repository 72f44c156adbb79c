"""The fault table: what servers do, and what has to come of it, by group."""

from __future__ import annotations

from dataclasses import dataclass, replace

from tests.faults.table.answers import ANSWERS
from tests.faults.table.fields import CHAT_FIELDS, CHUNK_FIELDS, RANK_FIELDS, VECTOR_FIELDS
from tests.faults.table.framing import FRAMING
from tests.faults.table.life import LIFE
from tests.faults.table.retry_after import RETRY_AFTER
from tests.faults.table.row import Ask, Row
from tests.faults.table.sizes import SIZES, STREAM_SIZES
from tests.faults.table.statuses import AGAIN, CODE_ROWS, SHAPE_ROWS, STATUS_ROWS
from tests.faults.table.streams import AFTER, BEFORE, NO_STREAM, STREAM_FRAMING
from tests.faults.table.ways import CERTIFICATES, PROXIES, REDIRECTS


@dataclass(frozen=True)
class Group:
    """Rows of one kind, under a heading."""

    title: str
    rows: tuple[Row, ...]


def _group(title: str, rows: list[Row], ask: Ask = "chat") -> Group:
    asked = tuple(row if row.ask != "chat" else replace(row, ask=ask) for row in rows)
    names = [row.name for row in asked]
    assert len(set(names)) == len(names), f"{title}: two rows have one name"
    return Group(title, asked)


TABLE = (
    _group("Tried again", AGAIN),
    _group("Statuses, with every shape of body", STATUS_ROWS),
    _group("Other shapes of an error's body", SHAPE_ROWS),
    _group("Codes and words of errors", CODE_ROWS),
    _group("Retry-After", RETRY_AFTER),
    _group("Connections and HTTP", FRAMING),
    _group("Certificates", CERTIFICATES),
    _group("Proxies", PROXIES),
    _group("Redirects", REDIRECTS),
    _group("Sizes", SIZES),
    _group("Answers under 200", ANSWERS),
    _group("Fields of a chat answer", CHAT_FIELDS),
    _group("Fields of an answer with vectors", VECTOR_FIELDS, "embed"),
    _group("Fields of a reranking", RANK_FIELDS, "rerank"),
    _group("Streams: framing", STREAM_FRAMING, "stream"),
    _group("Streams: sizes", STREAM_SIZES, "stream"),
    _group("Streams: before the first delta, tried again", BEFORE, "stream"),
    _group("Streams: after the first delta, never tried again", AFTER, "stream"),
    _group("Streams: fields of a chunk", CHUNK_FIELDS, "stream"),
    _group("Streams: what is none", NO_STREAM, "stream"),
    _group("Life of a client", LIFE),
)
