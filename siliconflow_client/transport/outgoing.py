"""A checked request as httpx sends it."""

from __future__ import annotations

import functools
from pathlib import Path
from typing import TYPE_CHECKING, assert_never, cast

import httpx

from siliconflow_client.errors.tree import ConfigurationError
from siliconflow_client.protocol.requests import EVENT_STREAM, Content, Multipart

if TYPE_CHECKING:
    from contextlib import ExitStack
    from typing import BinaryIO

    from siliconflow_client.protocol.requests import FilePart, Request
    from siliconflow_client.transport.settings import CallSettings


@functools.lru_cache(maxsize=64)
def _url(text: str) -> httpx.URL:
    return httpx.URL(text)


def build_request(
    client: httpx.Client | httpx.AsyncClient,
    settings: CallSettings,
    request: Request,
    headers: dict[str, str],
    extensions: dict[str, object],
    files: ExitStack | None = None,
) -> httpx.Request:
    """Make the request of one attempt; a file on disk is opened, and closed by `files`.

    Args:
        client: An injected one merges in its own headers, query and cookies.
        settings: Where to.
        request: What.
        headers: All headers but those of the body.
        extensions: httpx's, such as the time limits.
        files: Closes what was opened; needed for a body that holds a file.

    Raises:
        ConfigurationError: A file to send cannot be read.
    """
    if request.url is not None:
        return _foreign(request.url, request, settings, extensions)
    if request.accept != "application/json":
        headers["accept"] = request.accept
    if request.accept == EVENT_STREAM:
        headers["accept-encoding"] = "identity"  # compressing proxies hold back small pieces
    body = request.body
    url = _url(settings.base_url + request.path)
    if not settings.is_injected:  # httpx.Request adds none
        headers.setdefault("accept-encoding", "gzip, deflate")
    # A client of ours has nothing to merge in.
    make = client.build_request if settings.is_injected else httpx.Request
    match body:
        case None:
            return make(
                request.method, url, params=request.query, headers=headers, extensions=extensions
            )
        case Content():
            headers["content-type"] = body.content_type
            return make(
                request.method,
                url,
                params=request.query,
                content=body.data,
                headers=headers,
                extensions=extensions,
            )
        case Multipart():
            file = body.file
            assert files is not None
            part = (file.filename, _opened(file, files), file.content_type)
            return make(
                request.method,
                url,
                params=request.query,
                data=dict(body.fields),
                files={file.name: part},
                headers=headers,
                extensions=extensions,
            )
        case _:
            assert_never(body)


def _foreign(
    url: str, request: Request, settings: CallSettings, extensions: dict[str, object]
) -> httpx.Request:
    """A request to a host that is not the API's: it is told nothing but what is wanted."""
    headers = {
        "accept": request.accept,
        "accept-encoding": "identity",
        "user-agent": settings.headers.get("user-agent", "siliconflow-integrations"),
    }
    return httpx.Request(request.method, url, headers=headers, extensions=extensions)


def _opened(file: FilePart, files: ExitStack) -> bytes | BinaryIO:
    source = file.source
    if isinstance(source, bytes):
        return source
    if isinstance(source, Path):
        try:
            source = files.enter_context(source.open("rb"))
        except OSError as error:
            raise ConfigurationError(
                f"The file to send cannot be read ({error.strerror}).", argument=file.name
            ) from error
    return cast("BinaryIO", _Source(source, file.name))


class _Source:
    """What httpx asks of a file; one that fails while it is sent is no broken connection."""

    def __init__(self, file: BinaryIO, argument: str) -> None:
        self._file = file
        self._argument = argument

    def __getattr__(self, name: str) -> object:
        found: object = getattr(self._file, name)
        return found

    def read(self, size: int = -1) -> bytes:
        try:
            return self._file.read(size)
        except (OSError, ValueError) as error:  # ValueError: it was closed meanwhile
            why = getattr(error, "strerror", None) or type(error).__name__
        raise ConfigurationError(
            f"The file to send cannot be read to its end ({why}).", argument=self._argument
        )
