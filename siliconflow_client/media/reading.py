"""Images and PDF files read by a model that sees: the request, and the text of its answer.

The file travels inside the request as a data URI, a PDF too (docs/wire.md#reading-documents), so
nothing has to be split into pages here and nothing is fetched.
"""

from __future__ import annotations

import os
import re
from base64 import b64encode
from collections.abc import Generator
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO, Final, TypeAlias

from siliconflow_client.catalogue.defaults import DEFAULT_OCR_MODEL
from siliconflow_client.catalogue.facts import known_models, lookup_model
from siliconflow_client.endpoints.chat import ChatRequest
from siliconflow_client.endpoints.media_inputs import image_input
from siliconflow_client.errors.redaction import printable
from siliconflow_client.errors.tree import ConfigurationError, SiliconFlowError
from siliconflow_client.protocol.files import read_at_most

DocumentSource: TypeAlias = str | os.PathLike[str] | bytes | BinaryIO
"""A path, the bytes of a file, or an open binary file."""

OCR_PROMPT: Final = "<image>\n<|grounding|>Convert the document to markdown."
"""The first of the prompts that are documented for DeepSeek-OCR."""
MAX_DOCUMENT_BYTES: Final = 50 * 1024 * 1024
"""Largest PDF file that is sent. No source tells the server's limit."""
_PDF: Final = b"%PDF-"
_PDF_WITHIN: Final = 1024
"""Where readers look for the beginning of a PDF file."""
# `<|ref|>title<|/ref|><|det|>[[14, 6, 370, 12]]<|/det|>`: no piece holds another mark, and each is
# bounded, so that looking for them takes no longer than the text is long.
_BOX: Final = re.compile(
    r"<\|ref\|>([^<]{0,2000})<\|/ref\|>(?:<\|det\|>[^<]{0,2000}<\|/det\|>)?[ \t]{0,8}\n?"
)
_LABEL: Final = re.compile(r"[a-z_]{1,20}")
_LONGEST_NAME: Final = 200


def ocr_request(
    source: DocumentSource,
    *,
    model: str = DEFAULT_OCR_MODEL,
    prompt: str = OCR_PROMPT,
    max_tokens: int | None = None,
) -> ChatRequest:
    """Make the chat request that has a file read.

    Args:
        source: An image (PNG, JPEG, GIF, WebP, BMP, TIFF; up to 20 MiB) or a PDF file (up to
            50 MiB); what it is, is told by its content.
        model: One that sees; only those that read PDF files are given any.
        prompt: What is to be done with it, in the form that the model asks for.
        max_tokens: Longest answer; not sent when `None`.

    Raises:
        ConfigurationError: The file cannot be read or sent; `.argument` is `file`.
    """
    content = _content(source)
    if _PDF in content[: _PDF_WITHIN + len(_PDF)]:
        _check_pdf(content, model)
        url = f"data:application/pdf;base64,{b64encode(content).decode('ascii')}"
    else:
        url = _image(content)
    request: ChatRequest = {
        "model": model,
        "messages": [
            {
                "role": "user",
                "content": [
                    {"type": "image_url", "image_url": {"url": url}},
                    {"type": "text", "text": prompt},
                ],
            }
        ],
    }
    if max_tokens is not None:
        request["max_tokens"] = max_tokens
    return request


def ocr_text(answer: str, prompt: str = OCR_PROMPT) -> str:
    """Take the marks of places out of what DeepSeek-OCR has read, and keep the words.

    With `<|grounding|>` in the prompt each part is preceded by a mark that tells its kind or its
    text, and its box. A kind (`title`, `table`) is a word that does not stand in the document.

    Args:
        answer: The answer's text.
        prompt: What was asked: only "markdown" is answered with kinds.
    """
    with_kinds = "markdown" in prompt.lower()

    def kept(box: re.Match[str]) -> str:
        told = box[1].strip()
        if not told or (with_kinds and _LABEL.fullmatch(told)):
            return ""
        return told + box[0][len(box[0].rstrip("\n")) :]

    return _BOX.sub(kept, answer).strip()


@contextmanager
def about_file(name: str) -> Generator[None]:
    """Let errors of a block say which file they are about; for sync and async code alike."""
    try:
        yield
    except SiliconFlowError as error:
        error.message = f"{file_name(name)}: {error.message}"
        error.args = (error.message,)
        raise


def file_name(path: str) -> str:
    """The last part of a path, fit to be shown."""
    return printable(path.rpartition("/")[2].rpartition("\\")[2])[-_LONGEST_NAME:]


def _content(source: DocumentSource) -> bytes:
    if isinstance(source, bytes | bytearray):
        return bytes(source)
    file = Path(source) if isinstance(source, str | os.PathLike) else source
    return read_at_most(file, MAX_DOCUMENT_BYTES, "file")


def _check_pdf(content: bytes, model: str) -> None:
    if len(content) > MAX_DOCUMENT_BYTES:
        raise ConfigurationError(
            f"file is larger than {MAX_DOCUMENT_BYTES // 1024**2} MiB.",
            argument="file",
            hint="split it.",
        )
    facts = lookup_model(model)
    if not facts.known or "pdf" in facts.inputs:
        return
    readers = ", ".join(one.id for one in known_models("chat") if "pdf" in one.inputs)
    raise ConfigurationError(
        f"{model} reads no PDF files.",
        argument="file",
        hint=f"models that do: {readers}; or hand its pages over as images.",
    )


def _image(content: bytes) -> str:
    try:
        uri = image_input(content, "file")["image"]
    except ConfigurationError as error:
        error.hint = error.hint or "PDF files are read too; convert others into one, or an image."
        raise
    assert isinstance(uri, str)
    return uri
