"""The `openai` SDK on the chat rows of the fault table: what its users meet in the same place."""

from __future__ import annotations

import functools
import ssl
import threading
from collections.abc import Iterable
from concurrent.futures import ThreadPoolExecutor
from typing import Any, Final

from tests.client.callers import HI, KEY
from tests.faults.peers import server_context, surroundings
from tests.faults.server import FaultServer
from tests.faults.table.row import Row

RIGHT: Final = "✓"
GIVES_UP: Final = "error"
"""One of its own, where there was an answer to be had."""
RAW: Final = "raw error"
"""Another library's, or what touching the answer raises."""
SILENT: Final = "wrong, silently"
HANGS: Final = "hangs"
PATIENCE: Final = 8.0
"""Seconds after which a call counts as one that hangs; the rows' own limits are below one."""


def asks(row: Row) -> bool:
    """Whether the row is one of those that the SDK is asked."""
    return row.ask in ("chat", "stream")


@functools.cache
def _ssl_context() -> ssl.SSLContext:
    """Shared, since making one takes longer than most rows."""
    return ssl.create_default_context()


def compare(rows: Iterable[Row]) -> dict[int, str]:
    """What the SDK makes of rows, by their identity."""
    asked = [row for row in rows if asks(row)]
    # Rows that set variables cannot share the process with others.
    alone = [row for row in asked if row.peer.environment or row.peer.certificate]
    together = [row for row in asked if row not in alone]
    with ThreadPoolExecutor(8) as pool:
        found = dict(zip(map(id, together), pool.map(_outcome, together), strict=True))
    return {**found, **{id(row): _outcome(row) for row in alone}}


def _outcome(row: Row) -> str:
    """Run one row in a thread that may be left behind."""
    said: list[str] = []
    with FaultServer(*row.script, tls=server_context(row.peer.certificate)) as server:
        with surroundings(row.peer, server.port) as url:
            thread = threading.Thread(target=lambda: said.append(_told(row, url)), daemon=True)
            thread.start()
            thread.join(PATIENCE)
            # Here, since the server's end ends the call as well.
            return said[0] if said else HANGS


def _told(row: Row, url: str) -> str:
    import openai

    try:
        result = _asked(row, url)
    except openai.OpenAIError:
        return RIGHT if isinstance(row.outcome, type) else GIVES_UP
    except Exception:  # noqa: BLE001  # whatever else comes is what is counted here
        return RAW
    return RIGHT if result == row.outcome else SILENT


def _asked(row: Row, url: str) -> str | None:
    import openai

    class Hasty(openai.OpenAI):
        """Waits nowhere between its attempts."""

        def _calculate_retry_timeout(self, *args: Any, **kwargs: Any) -> float:
            return 0.0

    fresh = bool(row.peer.environment or row.peer.certificate)
    client = Hasty(
        http_client=openai.DefaultHttpxClient(verify=True if fresh else _ssl_context()),
        api_key=KEY,
        base_url=url,
        timeout=row.settings.get("timeout", 30.0),
        max_retries=row.settings.get("max_retries", 3),
    )
    with client:
        if row.ask == "chat":
            return client.chat.completions.create(**HI).choices[0].message.content
        pieces: list[str] = []
        for chunk in client.chat.completions.create(**HI, stream=True):
            pieces += [choice.delta.content or "" for choice in chunk.choices]
        return "".join(pieces)
