"""Images, videos, sounds and PDF files as content parts, by URL or as data URI."""

from __future__ import annotations

import re
from base64 import b64decode, b64encode
from pathlib import Path
from typing import TYPE_CHECKING, Final

from llama_index.core.base.llms.types import (
    AudioBlock,
    DocumentBlock,
    ImageBlock,
    VideoBlock,
)
from llama_index.core.schema import ImageNode, Node

from siliconflow_client import ConfigurationError

if TYPE_CHECKING:
    from collections.abc import Callable
    from io import IOBase

    from llama_index.core.schema import BaseNode

    from siliconflow_client import AudioPart, ImagePart, ImageSource, VideoPart
    from siliconflow_client import ImageUrl as WireImage
    from siliconflow_client import VideoUrl as WireVideo

_TEXT_TYPES: Final = frozenset(
    {"application/json", "application/xml", "application/yaml", "application/x-yaml"}
)
_TEXT_ENDINGS: Final = frozenset(
    "txt md markdown rst csv tsv json jsonl xml yaml yml toml ini html htm log".split()
)
_CONTROLS: Final = re.compile(r"[\x00-\x08\x0e-\x1f\x7f]")
"""Characters that no text holds, and nearly every binary file does."""
# Endings whose MIME type is not "audio/<ending>".
_AUDIO_TYPES: Final = {"mp3": "mpeg", "m4a": "mp4", "wave": "wav", "x-wav": "wav", "oga": "ogg"}


def image_part(block: ImageBlock) -> ImagePart:
    """Make an `image_url` part.

    Raises:
        ConfigurationError: The block holds no image, or its kind cannot be told.
    """
    image: WireImage = {"url": _image_url(block)}
    if block.detail is not None:
        image["detail"] = block.detail
    return {"type": "image_url", "image_url": image}


def video_part(block: VideoBlock, *, max_frames: int | None = None) -> VideoPart:
    """Make a `video_url` part; frames used are min(fps x seconds, max_frames).

    Raises:
        ConfigurationError: The block holds no video, or its kind cannot be told.
    """
    video: WireVideo = {"url": _video_url(block)}
    if block.detail is not None:
        video["detail"] = block.detail
    if max_frames is not None:
        video["max_frames"] = max_frames
    if block.fps is not None:
        video["fps"] = block.fps
    return {"type": "video_url", "video_url": video}


def audio_part(block: AudioBlock) -> AudioPart:
    """Make an `audio_url` part; a URL is sent as it is, nothing is downloaded.

    Raises:
        ConfigurationError: The block holds no sound, or its kind cannot be told.
    """
    return {"type": "audio_url", "audio_url": {"url": _audio_url(block)}}


def pdf_part(block: DocumentBlock) -> ImagePart:
    """Make the `image_url` part in which DeepSeek-OCR takes PDF files.

    Source: the chat reference's note on `image_url.url`.

    Raises:
        ConfigurationError: The document is not a PDF file.
    """
    if block.url is not None:
        return {"type": "image_url", "image_url": {"url": block.url}}
    data = _read("DocumentBlock", block.resolve_document)
    if not data.startswith(b"%PDF"):
        raise _unsendable(
            f"DocumentBlock {block.title!r} is not a PDF file; the model reads images and PDF only"
        )
    return {"type": "image_url", "image_url": {"url": _data_uri("application/pdf", data)}}


def node_image(node: BaseNode) -> ImageSource | None:
    """The image of a node, wherever it holds it; `None` for a node without one.

    Raises:
        ConfigurationError: Its base64 data is none.
    """
    data: str | bytes | None
    path: str | Path | None
    if isinstance(node, ImageNode):
        data, path, url = node.image, node.image_path, node.image_url
    elif isinstance(node, Node) and node.image_resource is not None:
        held = node.image_resource
        data, path, url = held.data, held.path, str(held.url) if held.url else None
    else:
        return None
    if data:
        try:
            return b64decode(data)
        except ValueError as error:
            raise ConfigurationError(
                f"The image of node {node.node_id} is not base64.", argument="nodes"
            ) from error
    return Path(path) if path else url or None


def document_text(block: DocumentBlock, *, guess: bool = False) -> str | None:
    """Read a document that is plain text; `None` for another, one behind a URL, or a lost file.

    Args:
        block: The document.
        guess: Take bytes of no known kind for text if they are valid UTF-8.
    """
    kind = (block.document_mimetype or "").partition(";")[0].strip().lower()
    ending = (block.guess_format() or "").lower()
    is_text = kind.startswith("text/") or kind in _TEXT_TYPES or ending in _TEXT_ENDINGS
    if block.url is not None or not (is_text or (guess and not kind)):
        return None
    try:
        data = _read("DocumentBlock", block.resolve_document)
        text = data.decode("utf-8", "replace" if is_text else "strict")
    except (ConfigurationError, UnicodeDecodeError):
        return None
    return text if is_text or text.isprintable() or not _CONTROLS.search(text) else None


def _image_url(block: ImageBlock) -> str:
    if block.url is not None:
        return str(block.url)
    data = _read("ImageBlock", block.resolve_image)
    # The block tells the kind of bytes and paths, not of open files: ask again with the bytes.
    mime = block.image_mimetype or ImageBlock(image=data).image_mimetype
    if mime is None:
        raise _unsendable("ImageBlock: cannot tell what kind of image this is; set image_mimetype")
    return _data_uri(mime, data)


def _video_url(block: VideoBlock) -> str:
    if block.url is not None:
        return str(block.url)
    data = _read("VideoBlock", block.resolve_video)
    mime = block.video_mimetype or VideoBlock(video=data).video_mimetype
    if mime is None:
        raise _unsendable("VideoBlock: cannot tell what kind of video this is; set video_mimetype")
    return _data_uri(mime, data)


def _audio_url(block: AudioBlock) -> str:
    if block.url is not None:
        return str(block.url)
    data = _read("AudioBlock", block.resolve_audio)
    ending = block.format or AudioBlock(audio=data).format
    if ending is None:
        raise _unsendable("AudioBlock: cannot tell what kind of sound this is; set format")
    ending = ending.removeprefix("audio/").lower()
    return _data_uri(f"audio/{_AUDIO_TYPES.get(ending, ending)}", data)


def _read(name: str, resolve: Callable[[], IOBase]) -> bytes:
    try:
        data: object = resolve().read()
    except OSError as error:
        raise _unsendable(f"{name}: its file cannot be read ({error.strerror})") from error
    except ValueError as error:
        raise _unsendable(f"{name} holds no data") from error
    if not isinstance(data, bytes):
        raise _unsendable(f"{name} must be read as bytes; the file was opened as text")
    return data


def _unsendable(message: str) -> ConfigurationError:
    return ConfigurationError(message, argument="messages")


def _data_uri(mime: str, data: bytes) -> str:
    return f"data:{mime};base64,{b64encode(data).decode('ascii')}"
