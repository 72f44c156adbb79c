"""Which proxy the environment sets for a URL: the one to blame when it cannot be reached."""

from __future__ import annotations

import contextlib
import importlib.util
import os
from collections.abc import Generator
from urllib.parse import urlsplit
from urllib.request import getproxies, proxy_bypass

import httpx

from siliconflow_client.errors.tree import ConfigurationError

_VARIABLES = ("HTTPS_PROXY", "HTTP_PROXY", "ALL_PROXY")
_SOCKS = "it speaks SOCKS, for which a package is missing"
_NO_URL = "it is no URL"
_SOCKS_HINT = 'pip install "httpx[socks]".'


def proxy_for(url: str) -> str | None:
    """Host and port of the proxy that httpx takes from the environment; `None` for none.

    A user and a password in its URL are left out.
    """
    parts = urlsplit(url)
    if not parts.hostname or proxy_bypass(parts.hostname):
        return None
    proxies = getproxies()
    proxy = proxies.get(parts.scheme) or proxies.get("all")
    if not proxy:
        return None
    try:
        return urlsplit(proxy if "://" in proxy else f"http://{proxy}").netloc.rpartition("@")[2]
    except ValueError:  # no client of ours came by it
        return None


@contextlib.contextmanager
def usable_proxies() -> Generator[None]:
    """Making an httpx client reads the environment's proxies; say which one it cannot use.

    Raises:
        ConfigurationError: One has no URL of a proxy; `.argument` is the variable.
    """
    failure: ConfigurationError | None = None
    try:
        yield
    except ConfigurationError:
        raise
    except ImportError:
        failure = unusable_proxy()
        if failure is None:
            raise
    except (ValueError, httpx.InvalidURL):
        failure = unusable_proxy() or _unreadable_exceptions()
        if failure is None:
            raise
    # Here, since the words of httpx's own error hold the URL, in which there may be a password.
    if failure is not None:
        raise failure


def unusable_proxy() -> ConfigurationError | None:
    """The error for the variable whose proxy httpx cannot use; `None` if all of them are well."""
    for variable in _VARIABLES:
        proxy = os.environ.get(variable.lower()) or os.environ.get(variable)
        wrong = _wrong_with(proxy) if proxy else None
        if wrong is not None:
            return ConfigurationError(
                f"The proxy that {variable} names cannot be used: {wrong}.",
                argument=variable,
                hint=_SOCKS_HINT if wrong == _SOCKS else f"correct {variable}, or unset it.",
            )
    return None


def _unreadable_exceptions() -> ConfigurationError | None:
    """What is left to blame where all proxies are well."""
    if not (os.environ.get("no_proxy") or os.environ.get("NO_PROXY")):
        return None
    return ConfigurationError(
        "NO_PROXY has an entry that httpx cannot read.",
        argument="NO_PROXY",
        hint="it takes names and addresses, ::1 without brackets; of ranges (fd00::/8) only those "
        "of IPv4. Correct NO_PROXY.",
    )


def socks_on_aiohttp() -> ConfigurationError:
    """The error for a proxy that aiohttp, which was asked for, cannot use."""
    return ConfigurationError(
        "The environment's proxy speaks SOCKS, and aiohttp does not.",
        argument="async_transport",
        hint='leave async_transport out, or set it to "httpx" (with httpx[socks]).',
    )


def names_socks() -> bool:
    """Whether the proxy for the API speaks SOCKS, which aiohttp does not."""
    proxies = getproxies()
    return (proxies.get("https") or proxies.get("all") or "").startswith("socks")


def _wrong_with(proxy: str) -> str | None:
    url = proxy if "://" in proxy else f"http://{proxy}"
    try:
        parts = urlsplit(url)
    except ValueError:
        return _NO_URL
    if parts.scheme.startswith("socks"):
        return None if importlib.util.find_spec("socksio") else _SOCKS
    if parts.scheme not in ("http", "https"):
        return "its scheme is neither http nor https"
    try:
        has_place = bool(parts.hostname) and parts.port != 0
    except ValueError:
        has_place = False
    if not has_place:
        return "it has no host, or no number as its port"
    try:
        httpx.URL(url)
    except httpx.InvalidURL:
        return _NO_URL
    return None
