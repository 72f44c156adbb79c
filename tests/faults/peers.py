"""Whom a row asks: certificates made for the occasion, and variables that name proxies."""

from __future__ import annotations

import contextlib
import functools
import os
import socket
import ssl
import tempfile
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from siliconflow_client.transport import pools
from tests.faults.table.row import Peer

_PROXIES = ("HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY", "NO_PROXY")


@functools.cache
def _authority() -> Any:
    import trustme

    return trustme.CA()


@functools.cache
def authority_file() -> Path:
    """The certificate of the authority that signed all of ours."""
    folder = Path(tempfile.mkdtemp(prefix="faults-"))
    _authority().cert_pem.write_to_path(folder / "authority.pem")
    return folder / "authority.pem"


@functools.cache
def server_context(certificate: str | None) -> ssl.SSLContext | None:
    """What a server shakes hands with; `None` for plain HTTP."""
    if certificate is None:
        return None
    now = datetime.now(UTC)
    name = "example.org" if certificate == "another host" else "localhost"
    issued = _authority().issue_cert(
        name,
        not_before=now - timedelta(days=2),
        not_after=now + timedelta(days=-1 if certificate == "expired" else 2),
    )
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    issued.configure_cert(context)
    return context


def unused_port() -> int:
    """A port at which nobody listens."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        return listener.getsockname()[1]


@contextlib.contextmanager
def surroundings(peer: Peer, port: int) -> Iterator[str]:
    """Set the variables of a row; gives the base URL to ask."""
    if not peer.listens:
        port = unused_port()
    url = peer.url.format(port=port)
    if not (peer.environment or peer.certificate):
        yield url
        return
    proxies = {name for name in _PROXIES for name in (name, name.lower())}
    before = {name: os.environ.pop(name) for name in proxies if name in os.environ}
    named = {
        name: value.format(port=port, authority=authority_file())
        for name, value in peer.environment.items()
    }
    os.environ.update(named)
    _begin_anew()
    try:
        yield url
    finally:
        for name in named:
            del os.environ[name]
        os.environ.update(before)
        _begin_anew()


def _begin_anew() -> None:
    """Forget what was read from the environment, as in a process that was started with it."""
    pools._ssl_context.cache_clear()
    pools._names_socks.cache_clear()
