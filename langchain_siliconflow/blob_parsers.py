"""Recordings, images and PDF files as documents, for LangChain's loaders."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator
from typing import Unpack

from langchain_core.document_loaders import BaseBlobParser
from langchain_core.documents import Document
from langchain_core.documents.base import Blob

from langchain_siliconflow._errors import langchain_errors
from langchain_siliconflow._keywords import AudioParserKeywords, OCRParserKeywords
from langchain_siliconflow._settings import ConnectionSettings
from siliconflow_client import (
    DEFAULT_TRANSCRIPTION_MODEL,
    ConfigurationError,
    OCRSettings,
    about_file,
)


class SiliconFlowAudioParser(ConnectionSettings, BaseBlobParser):
    """Write recordings down: one document for each, with the words that are said.

    A file is sent from disk piece by piece; up to 50 MB and one hour. A failure names the file.

    ```python
    from langchain_core.documents.base import Blob

    from langchain_siliconflow import SiliconFlowAudioParser

    tone = bytes.fromhex("fffb10c4") + bytes(100)
    print(SiliconFlowAudioParser().parse(Blob.from_data(tone))[0].page_content)
    ```
    """

    model: str = DEFAULT_TRANSCRIPTION_MODEL
    """Id of the model."""

    def __init__(self, **data: Unpack[AudioParserKeywords]) -> None:
        """See the fields; other packages' names for those of the connection work too."""
        super().__init__(**data)

    def lazy_parse(self, blob: Blob) -> Iterator[Document]:
        """Yield the blob's one document.

        Raises:
            ConfigurationError: The file cannot be read or is too large; nothing was sent.
            SiliconFlowError: Every other failure; its text names the file.
        """
        with langchain_errors(), about_file(_name(blob)):
            heard = self._client.audio.transcriptions.create(model=self.model, file=_source(blob))
        yield _document(blob, heard.text)

    async def alazy_parse(self, blob: Blob) -> AsyncIterator[Document]:
        """Do as `lazy_parse`, without a thread."""
        with langchain_errors(), about_file(_name(blob)):
            heard = await self._async_client.audio.transcriptions.create(
                model=self.model, file=_source(blob)
            )
        yield _document(blob, heard.text)

    async def aparse(self, blob: Blob) -> list[Document]:
        """Do as `parse`, without a thread."""
        return [document async for document in self.alazy_parse(blob)]


class SiliconFlowOCRParser(ConnectionSettings, OCRSettings, BaseBlobParser):
    r"""Read images and PDF files with DeepSeek-OCR: one document for each file.

    The file is sent inside the request (an image up to 20 MiB, a PDF file up to 50 MiB), and what
    it is, is told by its content. The text is Markdown, without the marks that say where each part
    stands; `boxes=True` keeps those, and another `prompt` asks for another form. A failure names
    the file, and a text that was cut off is warned of.

    ```python
    from langchain_core.documents.base import Blob

    from langchain_siliconflow import SiliconFlowOCRParser

    page = Blob.from_data(b"%PDF-1.4\n", path="page.pdf")
    print(SiliconFlowOCRParser(prompt="<image>\nFree OCR.").parse(page)[0].metadata)
    ```
    """

    def __init__(self, **data: Unpack[OCRParserKeywords]) -> None:
        """See the fields; other packages' names for those of the connection work too."""
        super().__init__(**data)

    def lazy_parse(self, blob: Blob) -> Iterator[Document]:
        """Yield the blob's one document.

        Raises:
            ConfigurationError: The file is none that can be read; nothing was sent.
            SiliconFlowError: Every other failure; its text names the file.
        """
        with langchain_errors(), about_file(_name(blob)):
            answer = self._client.chat(**self._request(_source(blob)))
        yield _document(blob, self._text(answer, _name(blob)))

    async def alazy_parse(self, blob: Blob) -> AsyncIterator[Document]:
        """Do as `lazy_parse`, without a thread."""
        with langchain_errors(), about_file(_name(blob)):
            answer = await self._async_client.chat(**self._request(_source(blob)))
        yield _document(blob, self._text(answer, _name(blob)))

    async def aparse(self, blob: Blob) -> list[Document]:
        """Do as `parse`, without a thread."""
        return [document async for document in self.alazy_parse(blob)]


def _name(blob: Blob) -> str:
    return str(blob.source or "a blob without a name")


def _source(blob: Blob) -> str | bytes:
    if isinstance(blob.data, str):
        raise ConfigurationError("The blob holds text, not a file's bytes.", argument="file")
    if blob.data is not None:
        return blob.data
    return str(blob.path)


def _document(blob: Blob, text: str) -> Document:
    metadata = {"source": blob.source, **blob.metadata} if blob.source else dict(blob.metadata)
    return Document(page_content=text, metadata=metadata)
