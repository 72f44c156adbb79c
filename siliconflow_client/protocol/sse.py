"""No I/O: bytes in, the data of whole server-sent events out.

Lines end with LF, CR or CRLF, and with nothing else: U+2028 in an answer is text (which is why
`str.splitlines` and `httpx.Response.iter_lines` cannot be used here).
Format: https://html.spec.whatwg.org/multipage/server-sent-events.html#event-stream-interpretation
"""

from __future__ import annotations

from siliconflow_client.errors.bodies import BOM

DONE = b"[DONE]"
_STRAY_LIMIT = 65_536
LONGEST_EVENT = 64 * 2**20
"""Bytes of one event; the API's are a few hundred."""
_OTHER_FIELDS = (b":", b"event:", b"id:", b"retry:")


class EventTooLongError(ValueError):
    """An event did not end within `LONGEST_EVENT` bytes."""


class SSEDecoder:
    """Turn the pieces of a stream, however they were cut, into event data.

    Attributes:
        stray: What came that is no field of an event (at most 64 KiB of it): a JSON error or
            an HTML page that was sent where a stream was asked for.
    """

    __slots__ = ("_data", "_head", "_held", "_line", "_started", "stray")

    def __init__(self) -> None:
        self.stray = b""
        self._data: list[bytes] = []
        self._line: list[bytes] = []
        self._head = b""
        self._held = 0
        self._started = False

    def feed(self, piece: bytes) -> list[bytes]:
        """Take the next bytes; return the data of the events that they complete.

        Raises:
            EventTooLongError: An event does not end.
        """
        if self._head:
            piece, self._head = self._head + piece, b""
        if not self._started:
            if len(piece) < 3 and BOM.startswith(piece):
                self._head = piece
                return []
            self._started = True
            piece = piece.removeprefix(BOM)
        if b"\r" in piece:
            if piece.endswith(b"\r"):  # its LF may be in the next piece
                piece, self._head = piece[:-1], b"\r"
            piece = piece.replace(b"\r\n", b"\n").replace(b"\r", b"\n")
        return self._take(piece)

    def flush(self) -> list[bytes]:
        """Say that no more bytes come; return the data of an event that lacks its blank line."""
        head, self._head, self._started = self._head, b"", True
        return self._take(head.replace(b"\r", b"\n") + b"\n\n")

    def _take(self, piece: bytes) -> list[bytes]:
        lines = piece.split(b"\n")
        events: list[bytes] = []
        if len(lines) > 1 and self._line:
            self._line.append(lines[0])
            lines[0] = b"".join(self._line)
            self._line.clear()
        is_whole = len(lines) > 1
        last = lines.pop()
        data = self._data
        was_handed_out = False
        for line in lines:
            if not line:
                event = data[0] if len(data) == 1 else b"\n".join(data)
                if event:
                    events.append(event)
                data.clear()
                was_handed_out = True
            elif line.startswith(b"data:"):
                data.append(line[6:] if line.startswith(b" ", 5) else line[5:])
            elif not line.startswith(_OTHER_FIELDS) and len(self.stray) < _STRAY_LIMIT:
                self.stray += line[:_STRAY_LIMIT] + b"\n"
        if last:
            self._line.append(last)
        if was_handed_out or (is_whole and not data):
            self._held = 0
        else:
            self._held += len(piece)
            if self._held > LONGEST_EVENT:
                raise EventTooLongError(f"an event is longer than {LONGEST_EVENT:,} bytes")
        return events
