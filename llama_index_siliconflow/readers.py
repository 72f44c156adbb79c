"""Recordings, images and PDF files as documents, for LlamaIndex's loaders."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from contextlib import AbstractContextManager
from pathlib import Path, PurePath
from typing import IO, TYPE_CHECKING, Any, Protocol, Unpack

from llama_index.core.bridge.pydantic import Field
from llama_index.core.readers.base import BasePydanticReader
from llama_index.core.schema import Document

from llama_index_siliconflow._connection import Connection
from llama_index_siliconflow._keywords import AudioReaderKeywords, OCRReaderKeywords
from siliconflow_client import (
    DEFAULT_TRANSCRIPTION_MODEL,
    ConfigurationError,
    OCRSettings,
    about_file,
)

if TYPE_CHECKING:
    import httpx
else:
    from llama_index_siliconflow._connection import httpx


class FileSystem(Protocol):
    """What readers use of an `fsspec` file system."""

    def open(self, path: str, mode: str) -> AbstractContextManager[IO[bytes]]:
        """Open a file."""
        ...


class SiliconFlowAudioReader(Connection, BasePydanticReader):
    """Write recordings down: one document for each file, with the words that are said.

    A file is sent from disk piece by piece; up to 50 MB and one hour. A failure is a
    `SiliconFlowError` whose text names the file.

    Examples:
        ```python
        from pathlib import Path

        from llama_index_siliconflow import SiliconFlowAudioReader

        Path("call.mp3").write_bytes(bytes.fromhex("fffb10c4") + bytes(100))
        print(SiliconFlowAudioReader().load_data("call.mp3")[0].text)
        ```
    """

    model: str = Field(default=DEFAULT_TRANSCRIPTION_MODEL, description="The model's id.")

    def __init__(
        self,
        *,
        http_client: httpx.Client | None = None,
        async_http_client: httpx.AsyncClient | None = None,
        **fields: Unpack[AudioReaderKeywords],
    ) -> None:
        # Beside the fields: other packages' names for them.
        super().__init__(http_client=http_client, async_http_client=async_http_client, **fields)

    @classmethod
    def class_name(cls) -> str:
        """Name the class in serialised form."""
        return "SiliconFlowAudioReader"

    def lazy_load_data(
        self,
        file: str | PurePath,
        extra_info: Mapping[str, Any] | None = None,
        fs: FileSystem | None = None,
    ) -> Iterable[Document]:
        """Yield the file's one document.

        Args:
            file: The recording.
            extra_info: Metadata of the document.
            fs: Where the file is, if not on this machine; it is read into memory then.

        Raises:
            ConfigurationError: The file cannot be read or is too large; nothing was sent.
            SiliconFlowError: Every other failure; its text names the file.
        """
        with about_file(str(file)):
            heard = self._sync_client().audio.transcriptions.create(
                model=self.model, file=_source(file, fs), options=self._options()
            )
        yield _document(file, heard.text, extra_info)

    async def aload_data(
        self,
        file: str | PurePath,
        extra_info: Mapping[str, Any] | None = None,
        fs: FileSystem | None = None,
    ) -> list[Document]:
        """Load the file's one document without a thread, as `lazy_load_data` does."""
        with about_file(str(file)):
            heard = await self._async_client().audio.transcriptions.create(
                model=self.model, file=_source(file, fs), options=self._options()
            )
        return [_document(file, heard.text, extra_info)]

    async def alazy_load_data(self, *args: Any, **load_kwargs: Any) -> Iterable[Document]:
        """Do as `aload_data`."""
        return await self.aload_data(*args, **load_kwargs)


class SiliconFlowOCRReader(Connection, OCRSettings, BasePydanticReader):
    """Read images and PDF files with DeepSeek-OCR: one document for each file.

    The file is sent inside the request (an image up to 20 MiB, a PDF file up to 50 MiB), and what
    it is, is told by its content. The text is Markdown, without the marks that say where each part
    stands; `boxes=True` keeps those, and another `prompt` asks for another form. A failure is a
    `SiliconFlowError` whose text names the file; a text that was cut off is warned of.

    Examples:
        ```python
        from pathlib import Path

        from llama_index_siliconflow import SiliconFlowOCRReader

        Path("scan.pdf").write_bytes(b"%PDF-1.4")
        print(SiliconFlowOCRReader().load_data("scan.pdf")[0].metadata)
        ```
    """

    def __init__(
        self,
        *,
        http_client: httpx.Client | None = None,
        async_http_client: httpx.AsyncClient | None = None,
        **fields: Unpack[OCRReaderKeywords],
    ) -> None:
        # Beside the fields: other packages' names for them.
        super().__init__(http_client=http_client, async_http_client=async_http_client, **fields)

    @classmethod
    def class_name(cls) -> str:
        """Name the class in serialised form."""
        return "SiliconFlowOCRReader"

    def lazy_load_data(
        self,
        file: str | PurePath,
        extra_info: Mapping[str, Any] | None = None,
        fs: FileSystem | None = None,
    ) -> Iterable[Document]:
        """Yield the file's one document.

        Args:
            file: The image or PDF file.
            extra_info: Metadata of the document.
            fs: Where the file is, if not on this machine.

        Raises:
            ConfigurationError: The file is none that can be read; nothing was sent.
            SiliconFlowError: Every other failure; its text names the file.
        """
        with about_file(str(file)):
            request = self._request(_source(file, fs))
            answer = self._sync_client().chat(**request, options=self._options())
        yield _document(file, self._text(answer, str(file)), extra_info)

    async def aload_data(
        self,
        file: str | PurePath,
        extra_info: Mapping[str, Any] | None = None,
        fs: FileSystem | None = None,
    ) -> list[Document]:
        """Load the file's one document without a thread, as `lazy_load_data` does."""
        with about_file(str(file)):
            request = self._request(_source(file, fs))
            answer = await self._async_client().chat(**request, options=self._options())
        return [_document(file, self._text(answer, str(file)), extra_info)]

    async def alazy_load_data(self, *args: Any, **load_kwargs: Any) -> Iterable[Document]:
        """Do as `aload_data`."""
        return await self.aload_data(*args, **load_kwargs)


def _source(file: str | PurePath, fs: FileSystem | None) -> str | bytes:
    if fs is None:
        return str(file)
    try:
        with fs.open(str(file), "rb") as opened:
            return opened.read()
    except OSError as error:
        raise ConfigurationError(
            f"file cannot be read: {error.strerror or type(error).__name__}.", argument="file"
        ) from error


def _document(file: str | PurePath, text: str, extra_info: Mapping[str, Any] | None) -> Document:
    return Document(text=text, metadata={"file_name": Path(file).name, **(extra_info or {})})
