"""No I/O: the pieces of a body, up to what is wanted of it."""

from __future__ import annotations


class Gathered:
    """Pieces, until there is more than `most` bytes of them; `None` for no limit."""

    __slots__ = ("_most", "_pieces", "_size", "is_whole")

    def __init__(self, most: int | None) -> None:
        self._most = most
        self._pieces: list[bytes] = []
        self._size = 0
        self.is_whole = True

    def add(self, piece: bytes) -> None:
        """Take a piece; beyond what is wanted the body is not whole, and needs no other."""
        self._pieces.append(piece)
        self._size += len(piece)
        self.is_whole = self._most is None or self._size <= self._most

    def content(self) -> bytes:
        """What has come, up to what is wanted."""
        content = b"".join(self._pieces)
        return content if self.is_whole else content[: self._most]
