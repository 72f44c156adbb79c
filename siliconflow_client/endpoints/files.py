"""`/files`: what is uploaded for batches, and what they leave behind (docs/wire.md#files)."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import cast

from siliconflow_client._json import JsonObject
from siliconflow_client.endpoints.checks import check_string
from siliconflow_client.endpoints.pages import Listing, Page
from siliconflow_client.endpoints.shapes import as_object, count, read_json, text, unwrapped
from siliconflow_client.errors.response import Head, Target
from siliconflow_client.errors.tree import ConfigurationError
from siliconflow_client.protocol.decoders import Partial
from siliconflow_client.protocol.files import FileSource, file_part
from siliconflow_client.protocol.flow import Call, StreamCall
from siliconflow_client.protocol.groups import AsyncItems, AsyncOpen, AsyncRun, Items, Open, Run
from siliconflow_client.protocol.options import CallOptions
from siliconflow_client.protocol.requests import Multipart, Request


@dataclass(slots=True)
class FileObject:
    """An uploaded file, or one that a batch has written.

    Attributes:
        id: What batches name it by.
        filename: As it was uploaded.
        bytes: Its size.
        purpose: `batch`.
        created_at: Unix time, in seconds; 0 where the server does not tell.
        trace_id: The `x-siliconcloud-trace-id` header.
        raw: The object as it came, without its envelope.
    """

    id: str
    filename: str
    bytes: int
    purpose: str
    created_at: int
    trace_id: str | None
    raw: JsonObject = field(repr=False)


def file_from_wire(wire: JsonObject, head: Head) -> FileObject:
    """Read a file object; the vendor writes `createdAt`, OpenAI's SDK expects `created_at`."""
    return FileObject(
        id=text(wire, "id"),
        filename=text(wire, "filename"),
        bytes=count(wire.get("bytes")),
        purpose=text(wire, "purpose"),
        created_at=count(wire.get("createdAt")) or count(wire.get("created_at")),
        trace_id=head.trace_id,
        raw=wire,
    )


def read_file(content: bytes, head: Head) -> FileObject:
    """Read the answer of `POST /files`, in its envelope or bare."""
    body = read_json(content)
    return file_from_wire(as_object(unwrapped(body), "`data`"), head)


def upload_call(file: FileSource, purpose: str, filename: str | None) -> Call[FileObject]:
    """Upload a file, streamed from disk; sent again only where it was never sent.

    Raises:
        ConfigurationError: It is no file; `.argument` names it.
    """
    check_string(purpose, "purpose")
    part = file_part(file, "file", name="batch.jsonl", kind="application/jsonl")
    part = replace(part, filename=filename or part.filename)
    request = Request("POST", "/files", Multipart(part, {"purpose": purpose}), resend="if_not_sent")
    return Call(request, read_file)


def content_request(file_id: object, *, output_urls: bool = True) -> Request:
    """Ask for what a file holds; the only place that knows that its name may be a URL.

    Raises:
        ConfigurationError: It is no name, or a URL where URLs are not wanted.
    """
    check_string(file_id, "file_id")
    name = cast("str", file_id)
    if name.startswith(("https://", "http://")):
        if not output_urls:
            raise ConfigurationError(
                "The file is named by a URL, and output_urls=False refuses those.",
                argument="output_urls",
            )
        return Request("GET", "/files", url=name, accept="*/*", is_bounded=False)
    if not all(character.isalnum() or character in "-_." for character in name) or name in "..":
        raise ConfigurationError("file_id is neither a file's id nor a URL.", argument="file_id")
    return Request("GET", f"/files/{name}/content", accept="*/*", is_bounded=False)


class ContentDecoder:
    """The bytes of a file as they come; they end with the body."""

    is_complete = False
    partial = Partial()

    def __init__(self, target: Target, head: Head) -> None:
        del target, head  # a file of any kind is taken as it is

    def feed(self, piece: bytes, out: list[bytes]) -> None:
        """Append the piece."""
        out.append(piece)

    def finish(self, out: list[bytes]) -> None:
        """Nothing is left: the transport has checked the length."""


def content_stream(request: Request) -> StreamCall[bytes]:
    """The bytes piece by piece, of whatever content type."""
    return StreamCall(request, ContentDecoder, content_types=("",))


def _content(content: bytes, _head: Head) -> bytes:
    return content


def files_listing(after: str | None = None, limit: int | None = None) -> Listing[FileObject]:
    """The account's files."""
    return Listing("/files", file_from_wire, limit, after)


class Files:
    """The files of batches (`client.files`)."""

    def __init__(self, run: Run, open: Open) -> None:  # noqa: A002  # it opens
        self._run = run
        self._open = open

    def create(
        self,
        *,
        file: FileSource,
        purpose: str = "batch",
        filename: str | None = None,
        options: CallOptions | None = None,
    ) -> FileObject:
        """Upload a file (`POST /files`), streamed from disk where it is a path.

        Args:
            file: A path, the bytes, or an open binary file.
            purpose: `batch`.
            filename: As the server is told; the path's own by default.
            options: Time limits, retries and headers of this call.

        Raises:
            ConfigurationError: It is no file, or cannot be read.
            SiliconFlowError: It may have been stored nonetheless: `list` tells.
        """
        return self._run(upload_call(file, purpose, filename), options)

    def list(
        self,
        *,
        after: str | None = None,
        limit: int | None = None,
        options: CallOptions | None = None,
    ) -> Items[FileObject]:
        """Go through the account's files (`GET /files`), turning pages of `limit` entries."""
        return self._open(files_listing(after, limit), options)

    def page(
        self,
        *,
        after: str | None = None,
        limit: int | None = None,
        options: CallOptions | None = None,
    ) -> Page[FileObject]:
        """One page of `list`."""
        return self._run(files_listing(after, limit).page(), options)

    def content(
        self, file_id: str, *, output_urls: bool = True, options: CallOptions | None = None
    ) -> bytes:
        """Download a file whole.

        Args:
            file_id: An id; or the URL that a batch names its output by (docs/wire.md#batches),
                which is asked without the key.
            output_urls: Whether a URL is followed; `False` takes ids only.
            options: Time limits, retries and headers of this call.
        """
        return self._run(Call(content_request(file_id, output_urls=output_urls), _content), options)

    def stream(
        self, file_id: str, *, output_urls: bool = True, options: CallOptions | None = None
    ) -> Items[bytes]:
        """Download a file piece by piece; as `content`."""
        return self._open(
            content_stream(content_request(file_id, output_urls=output_urls)), options
        )


class AsyncFiles:
    """The asynchronous twin of `Files`."""

    def __init__(self, run: AsyncRun, open: AsyncOpen) -> None:  # noqa: A002  # it opens
        self._run = run
        self._open = open

    async def create(
        self,
        *,
        file: FileSource,
        purpose: str = "batch",
        filename: str | None = None,
        options: CallOptions | None = None,
    ) -> FileObject:
        """As `Files.create`."""
        return await self._run(upload_call(file, purpose, filename), options)

    def list(
        self,
        *,
        after: str | None = None,
        limit: int | None = None,
        options: CallOptions | None = None,
    ) -> AsyncItems[FileObject]:
        """As `Files.list`; called without `await`."""
        return self._open(files_listing(after, limit), options)

    async def page(
        self,
        *,
        after: str | None = None,
        limit: int | None = None,
        options: CallOptions | None = None,
    ) -> Page[FileObject]:
        """As `Files.page`."""
        return await self._run(files_listing(after, limit).page(), options)

    async def content(
        self, file_id: str, *, output_urls: bool = True, options: CallOptions | None = None
    ) -> bytes:
        """As `Files.content`."""
        request = content_request(file_id, output_urls=output_urls)
        return await self._run(Call(request, _content), options)

    def stream(
        self, file_id: str, *, output_urls: bool = True, options: CallOptions | None = None
    ) -> AsyncItems[bytes]:
        """As `Files.stream`; called without `await`."""
        return self._open(
            content_stream(content_request(file_id, output_urls=output_urls)), options
        )
