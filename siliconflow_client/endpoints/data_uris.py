"""Files inside a JSON body: a URL stays as it is, bytes and files become data URIs."""

from __future__ import annotations

import base64
import os
from pathlib import Path
from typing import TypeAlias, cast

from siliconflow_client.errors.tree import ConfigurationError
from siliconflow_client.protocol.files import kind_of

UriSource: TypeAlias = str | bytes | os.PathLike[str]
"""A URL or a data URI as text; or the bytes of a file; or its `Path`."""


def as_uri(source: object, argument: str) -> str:
    """Return what the API takes for a file inside a body.

    Raises:
        ConfigurationError: It is neither text, bytes nor a path, or it cannot be read.
    """
    if isinstance(source, str):
        if not source.strip():
            raise ConfigurationError(f"{argument} is empty.", argument=argument)
        return source
    if isinstance(source, os.PathLike):
        try:
            source = Path(cast("os.PathLike[str]", source)).read_bytes()
        except (OSError, ValueError) as error:  # ValueError: a NUL in the path
            what = error.strerror if isinstance(error, OSError) else "not a path"
            raise ConfigurationError(
                f"{argument} cannot be read ({what}).", argument=argument
            ) from error
    if not isinstance(source, bytes | bytearray):
        raise ConfigurationError(
            f"{argument} must be a URL, a data URI, bytes or a Path, not {type(source).__name__}.",
            argument=argument,
        )
    content = bytes(source)
    if not content:
        raise ConfigurationError(f"{argument} is empty.", argument=argument)
    return f"data:{kind_of(content[:16])};base64,{base64.b64encode(content).decode()}"
