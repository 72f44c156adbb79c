"""Which library carries asynchronous requests: httpx's own pools, or aiohttp below httpx.

aiohttp takes half the CPU of a call, but libraries that mock, record or trace httpx patch its
transports, which httpx-aiohttp passes by: a test would reach the network with the user's key.
"""

from __future__ import annotations

import functools
import importlib.util
import sys
from typing import TYPE_CHECKING

import httpx

from siliconflow_client.errors.tree import ConfigurationError

if TYPE_CHECKING:
    from siliconflow_client.protocol.options import AsyncTransport


def takes_aiohttp(setting: AsyncTransport) -> bool:
    """Whether requests go through aiohttp: as set, else where it is installed and no one patches.

    Raises:
        ConfigurationError: aiohttp is asked for and not installed.
    """
    if setting == "httpx":
        return False
    if not _is_installed():
        if setting == "auto":
            return False
        raise ConfigurationError(
            "async_transport is aiohttp, but httpx-aiohttp is not installed.",
            argument="async_transport",
            hint='pip install "siliconflow-integrations[aiohttp]"',
        )
    return setting == "aiohttp" or not is_patched()


def is_patched() -> bool:
    """Whether someone has put another function in the place of httpx's sending ones.

    True inside pytest-httpx, respx and vcrpy, and where OpenTelemetry traces httpx.
    """
    pool = getattr(sys.modules.get("httpcore"), "AsyncConnectionPool", None)
    name = "handle_async_request"
    return is_foreign(httpx.AsyncHTTPTransport, name) or (
        pool is not None and is_foreign(pool, name)
    )


def is_foreign(cls: type, name: str) -> bool:
    """Whether a class has another package's function in the place of its own."""
    send = getattr(cls, name, None)
    home = str(getattr(send, "__module__", "")).partition(".")[0]
    return home != cls.__module__.partition(".")[0] or hasattr(send, "__wrapped__")


@functools.cache
def _is_installed() -> bool:
    return all(
        name in sys.modules or importlib.util.find_spec(name) is not None
        for name in ("httpx_aiohttp", "aiohttp")
    )
