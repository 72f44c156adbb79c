"""What models that see take beside texts: `{"text": …}`, `{"image": …}`, `{"video": …}`.

An image travels as a URL, which the server fetches, or as a data URI. Source: the embedding and
rerank pages of the API reference.
"""

from __future__ import annotations

import os
from base64 import b64encode
from collections.abc import Iterable, Iterator, Mapping
from io import BufferedIOBase
from pathlib import Path
from typing import Final, TypeAlias, cast
from urllib.parse import urlsplit

from siliconflow_client._json import JsonValue
from siliconflow_client.catalogue.facts import lookup_model
from siliconflow_client.endpoints.checks import seeing_models, takes_objects, wrong
from siliconflow_client.errors.tree import ConfigurationError

TextOrMedia: TypeAlias = str | Mapping[str, JsonValue]
"""A text; or, for a model that sees, an object such as `{"image": "https://…"}`."""
ImageSource: TypeAlias = str | bytes | os.PathLike[str] | BufferedIOBase
"""A URL, a data URI or a path as text; the bytes of a file; a `Path`; an open binary file."""

MAX_IMAGE_BYTES: Final = 20 * 1024 * 1024
"""Of an image that is sent along. No source tells the server's limit."""
DEFAULT_IMAGE_BATCH: Final = 8
"""Images in a request. Qwen3-VL-Embedding-8B works on eight inputs at a time (its `index` restarts
there), and a body of 32 files would be large."""
_OLDER_KINDS: Final = ((b"BM", "image/bmp"), (b"II*\x00", "image/tiff"), (b"MM\x00*", "image/tiff"))
"""Beginnings that are too short to know any file by, but enough for one that has to be an image."""


def image_input(source: ImageSource, argument: str = "image") -> dict[str, JsonValue]:
    """Make the input that stands for an image: `{"image": …}`.

    A URL is passed on and never fetched here. Files and bytes become a data URI, whose type is
    told by their content: a file that is no image is not sent.

    Args:
        source: The image.
        argument: What an error calls it.

    Returns:
        One item of `input` or `documents`, for the vision models.

    Raises:
        ConfigurationError: It cannot be read, is larger than 20 MiB, or is no PNG, JPEG, GIF,
            WebP, BMP or TIFF image.
    """
    value = cast("object", source)
    if isinstance(value, str):
        url = value.strip()
        scheme = url.partition(":")[0].lower()
        if scheme in ("http", "https"):
            return {"image": url}
        if scheme == "data":
            return {"image": _checked_uri(url, argument)}
        value = _local(url, argument)
    if isinstance(value, os.PathLike):
        from siliconflow_client.protocol.files import read_at_most  # only images need it

        path = Path(cast("os.PathLike[str]", value))
        content = read_at_most(path, MAX_IMAGE_BYTES, argument)
    elif isinstance(value, BufferedIOBase):
        # From the start: who looked at the image before may have left it at the end.
        if value.seekable():
            value.seek(0)
        content = value.read(MAX_IMAGE_BYTES + 1)
    elif isinstance(value, bytes | bytearray):
        content = bytes(value)
    else:
        raise wrong(argument, "a URL, a data URI, a path, bytes or an open binary file", value)
    return {"image": _data_uri(content, argument)}


def image_inputs(
    sources: Iterable[ImageSource], model: str, name: str = "images"
) -> Iterator[dict[str, JsonValue]]:
    """Make the inputs that stand for many images, each when it is asked for.

    So a thousand files are not in memory at once. That the model sees is checked at once.

    Args:
        sources: The images; see `image_input`.
        model: Whom they are for.
        name: What errors call all of them.

    Raises:
        ConfigurationError: The model takes no images, or `sources` is one image and no list;
            while iterating, an image cannot be sent.
    """
    if isinstance(sources, str | bytes | bytearray | os.PathLike | BufferedIOBase):
        raise wrong(name, "a list of images", cast("object", sources))
    if not takes_objects(model):
        seeing = seeing_models(lookup_model(model).kind)
        raise ConfigurationError(
            f"{model} takes no images.",
            argument=name,
            hint=f"Models that do: {', '.join(seeing)}." if seeing else None,
        )
    return (image_input(one, f"{name}[{position}]") for position, one in enumerate(sources))


def text_of(item: TextOrMedia) -> str:
    """The text of an input; that of an image is empty."""
    if isinstance(item, str):
        return item
    told = item.get("text")
    return told if isinstance(told, str) else ""


def _local(text: str, argument: str) -> Path:
    """The file that a text names."""
    if not text:
        raise ConfigurationError(f"{argument} is empty.", argument=argument)
    if text[:7].lower() == "file://":
        from urllib.request import url2pathname  # loads http and ssl

        return Path(url2pathname(urlsplit(text).path))
    if "://" in text:
        raise ConfigurationError(
            f"{argument} must be a URL with http or https, or a file.", argument=argument
        )
    return Path(text)


def _data_uri(content: bytes, argument: str) -> str:
    if not content:
        raise ConfigurationError(f"{argument} is empty.", argument=argument)
    _check_size(len(content), argument)
    from siliconflow_client.protocol.files import kind_of  # as above

    known = kind_of(content[:16])
    older = (kind for beginning, kind in _OLDER_KINDS if content.startswith(beginning))
    kind = known if known.startswith("image/") else next(older, None)
    if kind is not None:
        return f"data:{kind};base64,{b64encode(content).decode('ascii')}"
    raise ConfigurationError(
        f"{argument} is no PNG, JPEG, GIF, WebP, BMP or TIFF image, by its content.",
        argument=argument,
    )


def _checked_uri(uri: str, argument: str) -> str:
    head, comma, data = uri.partition(",")
    if not comma or head[:11].lower() != "data:image/":
        raise ConfigurationError(f"{argument} is a data URI of no image.", argument=argument)
    _check_size(len(data) * 3 // 4, argument)
    return uri


def _check_size(size: int, argument: str) -> None:
    if size > MAX_IMAGE_BYTES:
        raise ConfigurationError(
            f"{argument} is larger than {MAX_IMAGE_BYTES // 1024**2} MiB.",
            argument=argument,
            hint="Scale it down: the models look at far fewer pixels than such a file holds.",
        )
