"""No network here: how a file that an answer named is fetched, as a flow.

Nothing is fetched that an answer did not name: each URL's host has to be among those of the
answer, redirects included, and it is asked without our key. The file appears whole or not at all.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from dataclasses import dataclass
from ipaddress import ip_address
from pathlib import Path
from typing import Final
from urllib.parse import SplitResult, urljoin, urlsplit

from siliconflow_client.errors.mapping import error_from_response, unexpected_answer
from siliconflow_client.errors.response import Head, Target
from siliconflow_client.errors.tree import (
    APIResponseError,
    ConfigurationError,
    StreamInterruptedError,
)
from siliconflow_client.protocol.actions import Drop, Finish, Flow, Read, Send
from siliconflow_client.protocol.context import RequestContext
from siliconflow_client.protocol.files import FileSink, suffix_for
from siliconflow_client.protocol.flow import read_body, with_retries
from siliconflow_client.protocol.requests import Request

MOST_BYTES: Final = 1_000_000_000
"""Default limit of one file, in bytes; a vendor page names 500 MB as most for media."""
_REDIRECTS: Final = 3
_MEDIA: Final = ("image/", "video/", "audio/", "octet-stream")
_ERROR_BYTES: Final = 65_536
_EXPIRED: Final = "the URL of a result lives one hour; after that it has to be made anew."


def hosts_of(urls: Iterable[str | None]) -> frozenset[str]:
    """The hosts that an answer names, with their ports."""
    hosts: set[str] = set()
    for url in urls:
        parts = _split(url or "")
        if parts is not None:
            hosts.add(parts.netloc.lower())
    return frozenset(hosts)


@dataclass(frozen=True, slots=True)
class Download:
    """A file to fetch.

    Attributes:
        url: Where it is.
        hosts: The hosts that the answer named.
        folder: Where it goes.
        kind: The first word of its name; the rest is made from the URL, never from a model's text.
        most: Most bytes that are taken.
    """

    url: str
    hosts: frozenset[str]
    folder: Path
    kind: str
    most: int = MOST_BYTES

    def flow(self, context: RequestContext) -> Flow[Path]:
        """Fetch it, from its beginning for every attempt; the result is its path.

        Raises:
            ConfigurationError: The answer did not name this host, or the folder is not writable.
            APIResponseError: A redirect to another host, something that is no media file, or more
                than `most` bytes.
            SiliconFlowError: As for any request.
        """
        self._check(self.url, context, is_redirect=False)
        request = Request("GET", "", url=self.url, accept="*/*")
        return (yield from with_retries(lambda: self._attempt(context), context, request))

    def _attempt(self, context: RequestContext) -> Flow[Path]:
        url = self.url
        for _ in range(_REDIRECTS + 1):
            request = Request("GET", "", url=url, accept="*/*")
            target = request.target(context.host)
            head = yield Send(request)
            assert isinstance(head, Head)
            location = head.headers.get("location")
            if not 300 <= head.status < 400 or location is None:
                return (yield from self._body(head, target))
            yield Drop()
            try:
                url = urljoin(url, location)
            except ValueError:  # half an IPv6 address
                url = ""
            self._check(url, context, is_redirect=True)
        raise APIResponseError("The file was not fetched: too many redirects.", host=context.host)

    def _body(self, head: Head, target: Target) -> Flow[Path]:
        is_media = not head.content_type or any(kind in head.content_type for kind in _MEDIA)
        if not (head.is_success and is_media):
            content, _ = yield from read_body(_ERROR_BYTES)
            if head.is_success:
                raise unexpected_answer(content, head, target, "no image, sound or film")
            error = error_from_response(head, content, target)
            if error.status_code < 500:
                error.hint = _EXPIRED
            raise error
        length = _length(head)
        if length is not None and length > self.most:
            raise self._too_large(target)
        came = 0
        piece = yield Read()
        if not isinstance(piece, bytes):
            raise _cut(target, came, length)
        stem = f"{self.kind}-{hashlib.sha256(self.url.encode()).hexdigest()[:16]}"
        with FileSink(self.folder / (stem + suffix_for(head.content_type, piece))) as sink:
            while piece is not None:
                assert isinstance(piece, bytes)
                came += len(piece)
                if came > self.most:
                    raise self._too_large(target)
                sink.write(piece)
                piece = yield Read()
            yield Finish()
            if length is not None and came != length:
                raise _cut(target, came, length)
            return sink.commit()

    def _too_large(self, target: Target) -> APIResponseError:
        return APIResponseError(
            f"The file was not fetched: it has more than {self.most:,} bytes.",
            host=target.host,
            hint="raise max_bytes if it is meant to be that large.",
        )

    def _check(self, url: str, context: RequestContext, *, is_redirect: bool) -> None:
        parts = _split(url)
        host = "another host" if parts is None else parts.netloc.lower()
        if parts is None or host not in self.hosts:
            if is_redirect:
                raise APIResponseError(
                    "The file was not fetched: its host sends on to one that the answer did not "
                    "name.",
                    host=context.host,
                )
            raise ConfigurationError(
                "The file was not fetched: its host is not one that the answer named.",
                argument="result",
                hint="pass a result as it came from the API.",
            )
        api = _hostname(context.host)
        if parts.hostname == api or _is_local(api):
            return
        if parts.scheme != "https" or _is_local(parts.hostname or ""):
            raise APIResponseError(
                "The file was not fetched: its URL is not https, or leads into the local network.",
                host=context.host,
            )


def _split(url: str) -> SplitResult | None:
    """The parts of a URL that can be fetched; `None` for any other."""
    try:
        parts = urlsplit(url)
        port = parts.port
    except ValueError:
        return None
    if parts.scheme not in ("http", "https") or not parts.hostname or port == 0:
        return None
    return None if parts.username or parts.password else parts


def _hostname(netloc: str) -> str:
    return urlsplit(f"//{netloc}").hostname or ""


def _is_local(host: str) -> bool:
    try:
        return not ip_address(host).is_global
    except ValueError:
        return host == "localhost" or host.endswith((".localhost", ".local", ".internal"))


def _length(head: Head) -> int | None:
    told = head.headers.get("content-length", "")
    if "content-encoding" in head.headers or not (told.isascii() and told.isdigit()):
        return None
    return int(told) if len(told) < 20 else None


def _cut(target: Target, came: int, length: int | None) -> StreamInterruptedError:
    of = "" if length is None else f" of {length:,}"
    return StreamInterruptedError(f"The file broke off after {came:,}{of} bytes.", host=target.host)
